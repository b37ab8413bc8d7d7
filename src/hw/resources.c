#include "hw/resources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hw/emit_parts.h"
#include "hw/resources_coefficients.h"
#include "hw/resources_parts.h"

/* ---- targets --------------------------------------------------------------------------------- */

const char *resources_target_word(ResourceTarget target)
{
    static const char *const words[RESOURCE_TARGETS] = {"ice40", "ice40-dsp", "ecp5", "xilinx7"};
    return words[target];
}

ResourceTarget resources_target(const Device *device)
{
    static const ResourceTarget targets[FAMILIES] = {[FAMILY_ICE40] = RESOURCES_ICE40,
                                                     [FAMILY_ECP5] = RESOURCES_ECP5,
                                                     [FAMILY_XILINX7] = RESOURCES_XILINX7};
    bool ultra_plus = device->family == FAMILY_ICE40 && device->dsp > 0;
    return ultra_plus ? RESOURCES_ICE40_DSP : targets[device->family];
}

/* ---- what stages share ----------------------------------------------------------------------- */

static void add_counter(Part *part, int64_t values)
{
    part_add(part, FEATURE_COUNTER_BITS, plan_bits_for(values));
}

static void add_results(Part *part)
{
    part_add(part, FEATURE_RESULT_BITS,
             (double)part->stage->output.lanes * part_output_width(part->stage->op));
}

/* ---- kinds of stages ------------------------------------------------------------------------- */

/* The window that slides over the image, and the lines above it. */
static void add_window(Part *part)
{
    const Op *op = part->stage->op;
    const Window *window = &op->window;
    int64_t pixel = shape_channels(op->input_shape) * part_input_width(op);
    int64_t width = op->input_shape.dim[1] + window->pad_left + window->pad_right;
    int64_t height = op->input_shape.dim[0] + window->pad_top + window->pad_bottom;
    part_add(part, FEATURE_WINDOW_BITS,
             (double)(window->kernel_height * window->kernel_width * pixel));
    if (window->kernel_height > 1)
        part_add_memory(part, (Memory){width, (window->kernel_height - 1) * pixel, false, 0});
    add_counter(part, width);
    add_counter(part, height);
}

/* What feeds the multipliers: each operand is one of as many as there are groups. */
static void add_operands(Part *part, int64_t k_groups)
{
    const Stage *stage = part->stage;
    int width = part_input_width(stage->op);
    bool own = stage->op->kind == OP_DEPTHWISE_CONV2D; /* each sum has operands of its own */
    double operands = (double)stage->simd * (own ? stage->pe : 1);
    double choices = (double)((own ? stage->fold_steps : k_groups) - 1);
    if (stage->op->kind == OP_DENSE) {
        part_add(part, FEATURE_INDEX_CHOICE, operands * choices * width);
    } else {
        part_add(part, FEATURE_OPERAND_CHOICE, operands * choices * width);
        part_add(part, FEATURE_OPERAND_SELECT,
                 operands * choices * width * plan_bits_for((int64_t)choices + 1));
    }
    part_add(part, FEATURE_OPERAND_BITS, operands * width);
    if (stage->rows > 1)
        part_add(part, FEATURE_OPERAND_BITS,
                 (double)stage->pe * stage->simd * stage->op->weight_bits);
}

static void add_folded_mac(Part *part)
{
    const Stage *stage = part->stage;
    const Op *op = stage->op;
    int64_t groups = stage->output.lanes / stage->pe, k_groups = plan_values(stage) / stage->simd;
    int64_t products = (int64_t)stage->pe * stage->simd;
    add_operands(part, k_groups);
    if (stage->rows > 1) {
        part_add_products(part, (double)products);
        part_add_memory(part, (Memory){stage->rows, products * op->weight_bits, true, 0});
    } else {
        int sharing = stage->output.lanes;
        if (op->kind == OP_DEPTHWISE_CONV2D)
            sharing /= stage->input.lanes;
        part_add_fixed_products(part, op->weights, op_weight_count(op), sharing);
    }
    part_add_trees(part, stage->rows <= 1 && op->kind != OP_DEPTHWISE_CONV2D);
    if (groups > 1)
        part_add_memory(part, (Memory){groups, (int64_t)stage->pe * op->accumulator_bits, true, 0});
    double sum_bits = (double)stage->pe * op->accumulator_bits;
    bool adds_on = op_weight_count(op) / op_channels(op) > stage->simd;
    bool waits = op->kind == OP_DENSE && groups > 1 && k_groups > 1;
    part_add(part, FEATURE_SUM_BITS, sum_bits);
    part_add(part, FEATURE_SUM_CHOICE, sum_bits * (adds_on + waits));
    part_add_requantizers(part, stage->pe, groups);
    add_results(part);
    add_counter(part, stage->rows);
    add_counter(part, groups);
    add_counter(part, k_groups);
}

static void add_convolution(Part *part)
{
    add_window(part);
    add_folded_mac(part);
}

static void add_dense(Part *part)
{
    const Stage *stage = part->stage;
    int64_t groups = stage->output.lanes / stage->pe;
    part_add(part, FEATURE_BEAT_BITS, (double)stage->input.lanes * part_input_width(stage->op));
    add_folded_mac(part);
    if (groups > 1)
        part_add(part, FEATURE_HELD_SUM_BITS,
                 (double)stage->output.lanes * stage->op->accumulator_bits);
    add_counter(part, stage->input.beats);
}

static void add_affine(Part *part)
{
    const Stage *stage = part->stage;
    part_add_fixed_products(part, stage->op->weights, stage->input.lanes, 1);
    part_add(part, FEATURE_SUM_BITS, (double)stage->input.lanes * stage->op->accumulator_bits);
    part_add_requantizers(part, stage->input.lanes, 1);
    add_results(part);
}

static void add_pool(Part *part)
{
    const Stage *stage = part->stage;
    const Op *op = stage->op;
    bool means = op->kind == OP_AVERAGE_POOL2D;
    double lanes = stage->input.lanes;
    double values = op->window.kernel_height * op->window.kernel_width - 1;
    if (plan_is_global_pool(op)) {
        part_add(part, FEATURE_HELD_SUM_BITS,
                 lanes * (means ? op->accumulator_bits : part_input_width(op)));
        part_add(part, FEATURE_POOL_BITS,
                 lanes * (means ? op->accumulator_bits : part_input_width(op)));
        add_counter(part, stage->input.beats);
    } else {
        add_window(part);
        part_add(part, FEATURE_POOL_BITS, lanes * values * part_input_width(op));
    }
    if (means)
        part_add_requantizers(part, plan_is_global_pool(op) ? stage->pe : stage->input.lanes, 1);
    add_results(part);
}

static void add_sum(Part *part)
{
    const Stage *stage = part->stage;
    const Op *op = stage->op;
    for (int p = 0; p < stage->pe; p++)
        part_add_fixed_products(part, op->weights, stage->input_count, 1);
    part_add(part, FEATURE_WINDOW_BITS,
             (double)stage->input_count * stage->input.lanes * part_input_width(op));
    part_add(part, FEATURE_SUM_BITS, (double)stage->pe * op->accumulator_bits);
    part_add_requantizers(part, stage->pe, 1);
    add_results(part);
    add_counter(part, stage->input.beats);
    add_counter(part, stage->fold_steps);
}

static void add_concatenation(Part *part)
{
    const Stage *stage = part->stage;
    part_add(part, FEATURE_WINDOW_BITS, (double)stage->output.lanes * part_output_width(stage->op));
    part_add_requantizers(part, stage->pe, stage->fold_steps);
    add_results(part);
    add_counter(part, stage->input.beats);
    add_counter(part, stage->fold_steps);
}

static void add_table(Part *part)
{
    const Stage *stage = part->stage;
    Memory table = {op_table_count(stage->op), part_output_width(stage->op), true, 0};
    for (int lane = 0; lane < stage->input.lanes; lane++)
        part_add_memory(part, table);
    part_add(part, FEATURE_OPERAND_BITS, (double)stage->input.lanes * part_input_width(stage->op));
    add_results(part);
}

static void add_padding(Part *part)
{
    add_results(part);
    add_counter(part, part->stage->op->output_shape.dim[0]);
    add_counter(part, part->stage->op->output_shape.dim[1]);
}

static void add_upsampling(Part *part)
{
    const Op *op = part->stage->op;
    int64_t pixel = shape_channels(op->input_shape) * part_input_width(op);
    part_add_memory(part, (Memory){op->input_shape.dim[1], pixel, false, 0});
    add_padding(part);
}

typedef void AddStage(Part *part);

static AddStage *const STAGE_PARTS[OP_KINDS] = {
    [OP_CONV2D] = add_convolution,    [OP_DEPTHWISE_CONV2D] = add_convolution,
    [OP_DENSE] = add_dense,           [OP_AFFINE] = add_affine,
    [OP_MAX_POOL2D] = add_pool,       [OP_AVERAGE_POOL2D] = add_pool,
    [OP_TABLE] = add_table,           [OP_ADD] = add_sum,
    [OP_CONCAT] = add_concatenation,  [OP_ZERO_PAD2D] = add_padding,
    [OP_UPSAMPLE2D] = add_upsampling,
};

/* ---- around the stages ----------------------------------------------------------------------- */

/* Layers that count their beats drop the mark of the last one, and its wires with it; these hand it
 * on, from their first input. At the design's end it is a port. */
static bool uses_last(const Plan *plan, const StreamBuffer *buffer)
{
    static const bool hands_on[OP_KINDS] = {
        [OP_AFFINE] = true, [OP_TABLE] = true, [OP_ADD] = true, [OP_CONCAT] = true};
    const Stage *reader = &plan->stages[buffer->to];
    if (!hands_on[reader->op->kind] || buffer->port > 0)
        return false;
    bool used = reader->reader_count == 0;
    for (int i = 0; i < reader->reader_count && !used; i++)
        used = uses_last(plan, &plan->buffers[reader->first_reader + i]);
    return used;
}

static void add_buffer(Part *part, const StreamBuffer *buffer)
{
    const Op *op = &part->plan->model->ops[buffer->from + 1];
    int64_t data = (int64_t)buffer->layout.lanes * part_output_width(op);
    int unread = uses_last(part->plan, buffer) ? 0 : 1;
    if (buffer->depth <= BUFFER_REGISTER_DEPTH) {
        part_add(part, FEATURE_BUFFER_BITS, (double)(data + 1 - unread));
        return;
    }
    part_add(part, FEATURE_FIFO_BITS, (double)(data + 1 - unread));
    part_add_memory(part, (Memory){buffer->depth - 1, data + 1, false, unread});
    add_counter(part, buffer->depth);
}

/* Streams of bytes, one or two for each sample (emit_pins.h). */
static double beat_bits(StreamLayout layout, const Op *op)
{
    return 8.0 * layout.lanes * emit_axis_fields(op->low, op->high).bytes;
}

static void add_surroundings(Part *part)
{
    const Plan *plan = part->plan;
    const Op *last = &plan->model->ops[plan->model->count - 1];
    part_add(part, FEATURE_DESIGN, 1);
    part_add(part, FEATURE_PIN_BITS,
             beat_bits(plan->input, &plan->model->ops[0]) + beat_bits(plan->output, last));
    if (plan->has_class)
        part_add(part, FEATURE_CLASS_BITS,
                 (double)plan->output.lanes *
                     (part_output_width(last) + plan_bits_for(plan->output.lanes)));
    for (int i = 0; i < plan->input_readers; i++)
        add_buffer(part, &plan->buffers[i]);
}

static Part part_of(const Plan *plan, const Stage *stage, ResourceTarget target)
{
    Part part = {.plan = plan, .stage = stage, .target = target};
    if (!stage) {
        add_surroundings(&part);
        return part;
    }
    part_add(&part, FEATURE_LAYERS, 1);
    if (STAGE_PARTS[stage->op->kind])
        STAGE_PARTS[stage->op->kind](&part);
    for (int i = 0; i < stage->reader_count; i++)
        add_buffer(&part, &plan->buffers[stage->first_reader + i]);
    return part;
}

/* ---- figures --------------------------------------------------------------------------------- */

void resources_add_features(const Plan *plan, const Stage *stage, ResourceTarget target,
                            double features[FEATURES])
{
    Part part = part_of(plan, stage, target);
    for (int i = 0; i < FEATURES; i++)
        features[i] += part.features[i];
}

static int64_t weighted(const Part *part, const double coefficients[FEATURES])
{
    double sum = 0;
    for (int i = 0; i < FEATURES; i++)
        sum += coefficients[i] * part->features[i];
    return llround(sum);
}

static FitCells cells_of(const Part *part)
{
    const ResourceCoefficients *row = &RESOURCE_COEFFICIENTS[part->target];
    return (FitCells){.lut = weighted(part, row->lut) + llround(part->more_luts),
                      .ff = weighted(part, row->ff),
                      .dsp = llround(part->dsp),
                      .bram = (int64_t)ceil(part->blocks)};
}

FitCells resources_of_stage(const Plan *plan, const Stage *stage, ResourceTarget target)
{
    Part part = part_of(plan, stage, target);
    return cells_of(&part);
}

FitCells resources_of_rest(const Plan *plan, ResourceTarget target)
{
    Part part = part_of(plan, NULL, target);
    return cells_of(&part);
}

bool resources_known(const Plan *plan, ResourceTarget target)
{
    if (RESOURCE_COEFFICIENTS[target].lut_error <= 0 || plan->loads_weights)
        return false;
    for (int i = 0; i < plan->count; i++)
        if (!STAGE_PARTS[plan->stages[i].op->kind])
            return false;
    return true;
}

void resources_estimate(const Plan *plan, const Device *device, Arena *arena,
                        ResourceEstimate *estimate)
{
    ResourceTarget target = resources_target(device);
    double blocks = 0;
    *estimate = (ResourceEstimate){.stages = ARENA_ARRAY(arena, FitCells, plan->count),
                                   .lut_error = RESOURCE_COEFFICIENTS[target].lut_error,
                                   .ff_error = RESOURCE_COEFFICIENTS[target].ff_error};
    for (int i = 0; i <= plan->count; i++) {
        Part part = part_of(plan, i < plan->count ? &plan->stages[i] : NULL, target);
        FitCells cells = cells_of(&part);
        *(i < plan->count ? &estimate->stages[i] : &estimate->rest) = cells;
        estimate->total.lut += cells.lut;
        estimate->total.ff += cells.ff;
        estimate->total.dsp += cells.dsp;
        blocks += part.blocks;
    }
    estimate->total.bram = (int64_t)ceil(blocks);
}
