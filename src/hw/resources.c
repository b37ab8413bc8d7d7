#include "hw/resources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hw/emit_parts.h"
#include "hw/packing.h"
#include "hw/resources_coefficients.h"
#include "hw/resources_memory.h"

/* ---- targets --------------------------------------------------------------------------------- */

/* Products that mul2dsp gives a DSP block; all operands here fit one block of each family. */
typedef struct TargetRow {
    const char *word;
    bool has_dsp;
    int least_operand, least_product; /* bits */
    int high_blocks; /* of the product of an addition's high half, which Yosys may not find narrow */
} TargetRow;

static const TargetRow TARGETS[RESOURCE_TARGETS] = {
    [RESOURCES_ICE40] = {"ice40", false, 0, 0, 0},
    [RESOURCES_ICE40_DSP] = {"ice40-dsp", true, 2, 11, 1},
    [RESOURCES_ECP5] = {"ecp5", true, 2, 0, 1},
    [RESOURCES_XILINX7] = {"xilinx7", true, 2, 9, 2},
};

const char *resources_target_word(ResourceTarget target)
{
    return TARGETS[target].word;
}

ResourceTarget resources_target(const Device *device)
{
    static const ResourceTarget targets[FAMILIES] = {[FAMILY_ICE40] = RESOURCES_ICE40,
                                                     [FAMILY_ECP5] = RESOURCES_ECP5,
                                                     [FAMILY_XILINX7] = RESOURCES_XILINX7};
    bool ultra_plus = device->family == FAMILY_ICE40 && device->dsp > 0;
    return ultra_plus ? RESOURCES_ICE40_DSP : targets[device->family];
}

/* ---- what a part has ------------------------------------------------------------------------- */

/* A part of a design under way. */
typedef struct Part {
    const Plan *plan;
    const Stage *stage; /* NULL: what is no stage */
    ResourceTarget target;
    double features[FEATURES];
    double dsp, blocks;
    double more_luts; /* than the features say, of what no recorded run has */
} Part;

static void add(Part *part, ResourceFeature feature, double amount)
{
    part->features[feature] += amount;
}

/* Bits of low..high, with the sign if there is one. */
static int width_of(int64_t low, int64_t high)
{
    if (low >= 0)
        return plan_bits_for(high + 1);
    int64_t far = -low > high + 1 ? -low : high + 1;
    return plan_bits_for(far) + 1;
}

static int input_width(const Op *op)
{
    return width_of(op->input.low, op->input.high);
}

static int output_width(const Op *op)
{
    return width_of(op->low, op->high);
}

static void add_memory(Part *part, Memory memory)
{
    if (memory.depth < 2 || memory.width == 0)
        return;
    MemoryUse use = memory_place(memory, part->target);
    part->blocks += use.blocks;
    add(part, FEATURE_RAM_CELLS, (double)use.cells);
    add(part, memory.is_rom ? FEATURE_ROM_BITS : FEATURE_RAM_BITS, (double)use.logic_bits);
}

static void add_counter(Part *part, int64_t values)
{
    add(part, FEATURE_COUNTER_BITS, plan_bits_for(values));
}

/* `count` products of two operands of these widths. False when they are built of logic. */
static bool add_blocks(Part *part, double count, int one, int other)
{
    const TargetRow *row = &TARGETS[part->target];
    int narrow = one < other ? one : other;
    if (!row->has_dsp || narrow < row->least_operand || one + other < row->least_product)
        return false;
    part->dsp += count;
    return true;
}

/* ---- products -------------------------------------------------------------------------------- */

static int digits_of(int32_t weight)
{
    return __builtin_popcount((uint32_t)abs(weight));
}

/* Products with weights that change from step to step. */
static void add_products(Part *part, double count)
{
    int one = part->stage->op->weight_bits, other = input_width(part->stage->op);
    PackedWidths pair = packing_widths(part->stage->op);
    bool packed = part->stage->packed;
    bool in_blocks = packed ? add_blocks(part, count / 2, pair.weights, pair.sample)
                            : add_blocks(part, count, one, other);
    if (in_blocks)
        add(part, FEATURE_PRODUCT_BITS, count * (one + other));
    else
        add(part, FEATURE_SOFT_PRODUCT, count * one * other);
    add(part, FEATURE_ADDER_BITS, count * (one + other + 1));
    if (packed)
        part->more_luts += count * pair.adders;
}

static void add_fixed_product(Part *part, int32_t weight)
{
    int other = input_width(part->stage->op);
    int one = width_of(weight < 0 ? weight : -1, weight < 0 ? 0 : weight);
    add(part, FEATURE_ADDER_BITS, one + other + 1);
    if (digits_of(weight) > 1 && add_blocks(part, 1, one, other))
        add(part, FEATURE_PRODUCT_BITS, one + other);
    else
        add(part, FEATURE_FIXED_PRODUCT, (double)digits_of(weight) * other);
}

static bool came_before(const int32_t *weights, int at)
{
    for (int i = 0; i < at; i++)
        if (weights[i] == weights[at])
            return true;
    return false;
}

/* Products with constants, `sharing` weights after each other with one operand: those with 0 and
 * with powers of two need nothing, equal ones are built once. */
static void add_fixed_products(Part *part, const int32_t *weights, int64_t count, int sharing)
{
    for (int64_t row = 0; row < count; row += sharing)
        for (int i = 0; i < sharing; i++)
            if (weights[row + i] != 0 && !came_before(weights + row, i))
                add_fixed_product(part, weights[row + i]);
}

/* ---- requantization -------------------------------------------------------------------------- */

enum { LOW_HALF_BITS = 16, MULTIPLIER_BITS = 15 };

/* Layers built around folded_mac.vhd. */
static bool folds_macs(const Op *op)
{
    return op->kind == OP_CONV2D || op->kind == OP_DEPTHWISE_CONV2D || op->kind == OP_DENSE;
}

static bool has_one_scale(const Op *op)
{
    for (int i = 1; i < op->requantizer_count; i++)
        if (op->requantizers[i].multiplier != op->requantizers[0].multiplier ||
            op->requantizers[i].shift != op->requantizers[0].shift)
            return false;
    return true;
}

/* The smallest shift, once multipliers are as large as they can be (folded_mac.vhd). */
static int least_shift(const Op *op)
{
    int least = FIXED_SHIFT_MAX;
    for (int i = 0; i < op->requantizer_count; i++) {
        int multiplier = op->requantizers[i].multiplier, shift = op->requantizers[i].shift;
        for (; shift < 17 && multiplier < 1 << (MULTIPLIER_BITS - 1); shift++)
            multiplier *= 2;
        least = shift < least ? shift : least;
    }
    return least;
}

/* Bits of the high half of a sum that is multiplied; the low one has 16. */
static int high_bits(const Part *part)
{
    const Stage *stage = part->stage;
    int64_t bound = op_accumulator_bound(part->plan->model, stage->op_index);
    int64_t raised = (int64_t)1 << 19; /* sums with short shifts are brought up to this */
    if (!folds_macs(stage->op) || least_shift(stage->op) >= 17)
        raised = bound;
    int64_t top = raised / 65536 + 1;
    return width_of(-top, top - 1);
}

/* Of the multipliers of so many channels that are constant: a product in logic adds as often. */
static double digits_of_multipliers(const Op *op, int units)
{
    double digits = 0;
    for (int i = 0; i < units; i++)
        digits += digits_of(op->requantizers[i % op->requantizer_count].multiplier);
    return digits;
}

/* `units` requantizers that take turns at `groups` of channels: two products each. */
static void add_requantizers(Part *part, int units, int64_t groups)
{
    const Op *op = part->stage->op;
    int sum = op->accumulator_bits, high = high_bits(part);
    bool fixed = has_one_scale(op) || groups == 1;
    add(part, FEATURE_SCALE_BITS, (double)units * (sum + MULTIPLIER_BITS));
    if (fixed && digits_of(op->requantizers[0].multiplier) == 1)
        return; /* a shift */
    double digits = fixed ? digits_of_multipliers(op, units) : (double)units * MULTIPLIER_BITS;
    if (!add_blocks(part, units, LOW_HALF_BITS, MULTIPLIER_BITS))
        add(part, FEATURE_SOFT_SCALE, digits * LOW_HALF_BITS);
    int blocks = op->kind == OP_ADD ? TARGETS[part->target].high_blocks : 1;
    if (!add_blocks(part, units * blocks, high, MULTIPLIER_BITS))
        add(part, FEATURE_SOFT_SCALE, digits * high);
    if (fixed)
        return;
    add(part, FEATURE_CHOSEN_SCALE, (double)units * (sum + MULTIPLIER_BITS));
    add_memory(part, (Memory){groups, units * (int64_t)(2 * MULTIPLIER_BITS), true, 0});
}

static void add_results(Part *part)
{
    add(part, FEATURE_RESULT_BITS,
        (double)part->stage->output.lanes * output_width(part->stage->op));
}

/* ---- kinds of stages ------------------------------------------------------------------------- */

/* The window that slides over the image, and the lines above it. */
static void add_window(Part *part)
{
    const Op *op = part->stage->op;
    const Window *window = &op->window;
    int64_t pixel = shape_channels(op->input_shape) * input_width(op);
    int64_t width = op->input_shape.dim[1] + window->pad_left + window->pad_right;
    int64_t height = op->input_shape.dim[0] + window->pad_top + window->pad_bottom;
    add(part, FEATURE_WINDOW_BITS, (double)(window->kernel_height * window->kernel_width * pixel));
    if (window->kernel_height > 1)
        add_memory(part, (Memory){width, (window->kernel_height - 1) * pixel, false, 0});
    add_counter(part, width);
    add_counter(part, height);
}

/* What feeds the multipliers: each operand is one of as many as there are groups. */
static void add_operands(Part *part, int64_t k_groups)
{
    const Stage *stage = part->stage;
    int width = input_width(stage->op);
    bool own = stage->op->kind == OP_DEPTHWISE_CONV2D; /* each sum has operands of its own */
    double operands = (double)stage->simd * (own ? stage->pe : 1);
    double choices = (double)((own ? stage->fold_steps : k_groups) - 1);
    add(part, FEATURE_OPERAND_CHOICE, operands * choices * width);
    add(part, FEATURE_OPERAND_SELECT,
        operands * choices * width * plan_bits_for((int64_t)choices + 1));
    add(part, FEATURE_OPERAND_BITS, operands * width);
    if (stage->rows > 1)
        add(part, FEATURE_OPERAND_BITS, (double)stage->pe * stage->simd * stage->op->weight_bits);
}

/* Registers of the trees that add products up (folded_mac.vhd): sums of four, where products have no
 * registers of their own, then those of each level. */
static void add_trees(Part *part, bool sums_fours)
{
    const Stage *stage = part->stage;
    int most = stage->op->accumulator_bits, level = 0;
    int width = stage->op->weight_bits + input_width(stage->op);
    double bits = sums_fours ? ((stage->simd + 3) / 4) * (width + 2) : 0;
    for (int left = stage->simd; left > 1; level++) {
        left = (left + PLAN_TREE_ARITY - 1) / PLAN_TREE_ARITY;
        int wider = width + 4 * (level + 1);
        bits += (double)left * (wider < most ? wider : most);
    }
    add(part, FEATURE_TREE_BITS, stage->pe * bits);
}

static void add_folded_mac(Part *part)
{
    const Stage *stage = part->stage;
    const Op *op = stage->op;
    int64_t groups = stage->output.lanes / stage->pe, k_groups = plan_values(stage) / stage->simd;
    int64_t products = (int64_t)stage->pe * stage->simd;
    add_operands(part, k_groups);
    if (stage->rows > 1) {
        add_products(part, (double)products);
        add_memory(part, (Memory){stage->rows, products * op->weight_bits, true, 0});
    } else {
        int sharing = stage->output.lanes;
        if (op->kind == OP_DEPTHWISE_CONV2D)
            sharing /= stage->input.lanes;
        add_fixed_products(part, op->weights, op_weight_count(op), sharing);
    }
    add_trees(part, stage->rows <= 1 && op->kind != OP_DEPTHWISE_CONV2D);
    if (groups > 1)
        add_memory(part, (Memory){groups, (int64_t)stage->pe * op->accumulator_bits, true, 0});
    add(part, FEATURE_SUM_BITS, (double)stage->pe * op->accumulator_bits);
    add_requantizers(part, stage->pe, groups);
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
    add(part, FEATURE_WINDOW_BITS, (double)stage->input.lanes * input_width(stage->op));
    add_folded_mac(part);
    if (groups > 1)
        add(part, FEATURE_HELD_SUM_BITS, (double)stage->output.lanes * stage->op->accumulator_bits);
    add_counter(part, stage->input.beats);
}

static void add_affine(Part *part)
{
    const Stage *stage = part->stage;
    add_fixed_products(part, stage->op->weights, stage->input.lanes, 1);
    add(part, FEATURE_SUM_BITS, (double)stage->input.lanes * stage->op->accumulator_bits);
    add_requantizers(part, stage->input.lanes, 1);
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
        add(part, FEATURE_HELD_SUM_BITS, lanes * (means ? op->accumulator_bits : input_width(op)));
        add(part, FEATURE_POOL_BITS, lanes * (means ? op->accumulator_bits : input_width(op)));
        add_counter(part, stage->input.beats);
    } else {
        add_window(part);
        add(part, FEATURE_POOL_BITS, lanes * values * input_width(op));
    }
    if (means)
        add_requantizers(part, plan_is_global_pool(op) ? stage->pe : stage->input.lanes, 1);
    add_results(part);
}

static void add_sum(Part *part)
{
    const Stage *stage = part->stage;
    const Op *op = stage->op;
    for (int p = 0; p < stage->pe; p++)
        add_fixed_products(part, op->weights, stage->input_count, 1);
    add(part, FEATURE_WINDOW_BITS,
        (double)stage->input_count * stage->input.lanes * input_width(op));
    add(part, FEATURE_SUM_BITS, (double)stage->pe * op->accumulator_bits);
    add_requantizers(part, stage->pe, 1);
    add_results(part);
    add_counter(part, stage->input.beats);
    add_counter(part, stage->fold_steps);
}

static void add_concatenation(Part *part)
{
    const Stage *stage = part->stage;
    add(part, FEATURE_WINDOW_BITS, (double)stage->output.lanes * output_width(stage->op));
    add_requantizers(part, stage->pe, stage->fold_steps);
    add_results(part);
    add_counter(part, stage->input.beats);
    add_counter(part, stage->fold_steps);
}

static void add_table(Part *part)
{
    const Stage *stage = part->stage;
    Memory table = {op_table_count(stage->op), output_width(stage->op), true, 0};
    for (int lane = 0; lane < stage->input.lanes; lane++)
        add_memory(part, table);
    add(part, FEATURE_OPERAND_BITS, (double)stage->input.lanes * input_width(stage->op));
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
    int64_t pixel = shape_channels(op->input_shape) * input_width(op);
    add_memory(part, (Memory){op->input_shape.dim[1], pixel, false, 0});
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
    int64_t data = (int64_t)buffer->layout.lanes * output_width(op);
    int unread = uses_last(part->plan, buffer) ? 0 : 1;
    if (buffer->depth <= BUFFER_REGISTER_DEPTH) {
        add(part, FEATURE_BUFFER_BITS, (double)(data + 1 - unread));
        return;
    }
    add(part, FEATURE_FIFO_BITS, (double)(data + 1 - unread));
    add_memory(part, (Memory){buffer->depth - 1, data + 1, false, unread});
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
    add(part, FEATURE_DESIGN, 1);
    add(part, FEATURE_PIN_BITS,
        beat_bits(plan->input, &plan->model->ops[0]) + beat_bits(plan->output, last));
    if (plan->has_class)
        add(part, FEATURE_CLASS_BITS,
            (double)plan->output.lanes * (output_width(last) + plan_bits_for(plan->output.lanes)));
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
    add(&part, FEATURE_LAYERS, 1);
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
