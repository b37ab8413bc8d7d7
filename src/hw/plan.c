#include "hw/plan.h"

#include <limits.h>
#include <stdio.h>

#include "hw/buffers.h"
#include "hw/names.h"

/* What a kind of operation is in hardware; one row each. */
typedef struct StageKind {
    const char *entity;
    bool wants_pixels; /* height, width or channels matter, so a beat must be a pixel */
    bool folds;
    bool multiplies;
    int pipeline; /* Stage.pipeline, without the clocks of a tree of adders */
} StageKind;

/* Stages of folded_mac.vhd between fetch and finish: multiply, accumulate, scale; and those of the
 * tree between the first two, which the folding says. */
enum { MAC_PIPELINE = 3 };

static const StageKind STAGE_KINDS[OP_KINDS] = {
    [OP_CONV2D] = {"conv2d_stream", true, true, true, MAC_PIPELINE},
    [OP_DEPTHWISE_CONV2D] = {"depthwise_conv2d_stream", true, true, true, MAC_PIPELINE},
    [OP_DENSE] = {"dense_stream", false, true, true, MAC_PIPELINE},
    [OP_AFFINE] = {"affine_stream", true, false, true, 0},
    [OP_MAX_POOL2D] = {"max_pool_stream", true, false, false, 0},
    [OP_AVERAGE_POOL2D] = {"average_pool_stream", true, false, false, 0},
    [OP_TABLE] = {"table_stream", false, false, false, 0},
    [OP_ZERO_PAD2D] = {"zero_pad_stream", true, false, false, 0},
    [OP_ADD] = {"add_stream", false, true, true, 0},
    [OP_CONCAT] = {"concat_stream", true, true, false, 0},
    [OP_UPSAMPLE2D] = {"upsample_stream", true, false, false, 0},
    [OP_FLOAT_CONV2D] = {"conv2d_float_stream", true, true, true, 0},
    [OP_FLOAT_DENSE] = {"dense_float_stream", false, true, true, 0},
    [OP_FLOAT_MAX_POOL2D] = {"max_pool_float_stream", true, false, false, 0},
    [OP_FLOAT_AVERAGE_POOL2D] = {"average_pool_float_stream", true, false, false, 0},
    [OP_TO_FLOAT] = {"int_to_float_stream", false, false, true, 0},
    [OP_TO_INTEGER] = {"float_to_int_stream", false, false, true, 0},
};

/* A pool over the whole image needs no memory of lines. */
static const StageKind GLOBAL_MAX = {"global_max_pool_stream", true, false, false, 0};
static const StageKind GLOBAL_AVERAGE = {"global_average_pool_stream", true, true, false, 0};

bool plan_is_global_pool(const Op *op)
{
    const Window *window = &op->window;
    return (op->kind == OP_MAX_POOL2D || op->kind == OP_AVERAGE_POOL2D) &&
           window->kernel_height == op->input_shape.dim[0] &&
           window->kernel_width == op->input_shape.dim[1];
}

static const StageKind *kind_of(const Op *op)
{
    if (!plan_is_global_pool(op))
        return &STAGE_KINDS[op->kind];
    return op->kind == OP_MAX_POOL2D ? &GLOBAL_MAX : &GLOBAL_AVERAGE;
}

int plan_divisors(int value, int divisors[PLAN_MAX_DIVISORS])
{
    int count = 0;
    for (int d = 1; d <= value / d; d++)
        if (value % d == 0)
            divisors[count++] = d;
    for (int i = count - 1; i >= 0; i--)
        if (divisors[i] != value / divisors[i])
            divisors[count++] = value / divisors[i];
    return count;
}

/* Its fold steps are groups of channels, each of which is finished in one. */
static bool folds_channels(const Op *op)
{
    return op->kind == OP_ADD || op->kind == OP_CONCAT || plan_is_global_pool(op);
}

int plan_values(const Stage *stage)
{
    const Window *window = &stage->op->window;
    if (folds_channels(stage->op))
        return 1;
    int pixels =
        op_traits(stage->op->kind)->has_window ? window->kernel_height * window->kernel_width : 1;
    return stage->op->kind == OP_DEPTHWISE_CONV2D ? pixels : pixels * stage->input.lanes;
}

const char *plan_stage_name(const Plan *plan, int stage)
{
    return plan->model->ops[stage + 1].name;
}

FoldLimits plan_fold_limits(const Stage *stage)
{
    if (!kind_of(stage->op)->folds)
        return (FoldLimits){.pe = 1, .simd = 1};
    bool one_by_one = op_traits(stage->op->kind)->reads_float;
    return (FoldLimits){.pe = stage->output.lanes, .simd = one_by_one ? 1 : plan_values(stage)};
}

bool plan_has_floats(const Plan *plan)
{
    for (int i = 0; i < plan->count; i++)
        if (op_traits(plan->stages[i].op->kind)->writes_float)
            return true;
    return false;
}

/* ---- layouts --------------------------------------------------------------------------------- */

static StreamLayout pixels_of(Shape shape)
{
    int64_t lanes = shape_channels(shape);
    return (StreamLayout){.beats = shape_elements(shape) / lanes, .lanes = (int)lanes};
}

/* Beats go out as they come in, whatever their size. */
static bool keeps_layout(OpKind kind)
{
    return kind == OP_TABLE || kind == OP_TO_FLOAT || kind == OP_TO_INTEGER;
}

/* Whether a vector must come whole: a layer that has a parameter for each channel, or that joins it
 * with another vector, reads it as the source gives it. */
static bool wants_whole_vector(const IntegerModel *model)
{
    bool as_given[MODEL_MAX_OPS] = {true};
    for (int i = 1; i < model->count; i++) {
        const Op *op = &model->ops[i];
        for (int k = 0; k < op->input_count; k++) {
            if (!as_given[op->inputs[k]])
                continue;
            if (op->kind == OP_AFFINE || op_traits(op->kind)->joins)
                return true;
            as_given[i] = keeps_layout(op->kind);
        }
    }
    return false;
}

/* What the first layers want: a beat a pixel; a vector whole, or value by value for dense layers. */
static StreamLayout input_layout(const IntegerModel *model)
{
    Shape shape = model->ops[0].output_shape;
    if (shape.rank >= 3 || wants_whole_vector(model))
        return pixels_of(shape);
    return (StreamLayout){.beats = shape_elements(shape), .lanes = 1};
}

static StreamLayout output_layout(const Op *op, StreamLayout input)
{
    const OpTraits *traits = op_traits(op->kind);
    if (traits->is_dense)
        return (StreamLayout){.beats = 1, .lanes = (int)shape_elements(op->output_shape)};
    bool makes_pixels = traits->has_window || op->kind == OP_CONCAT || op->kind == OP_UPSAMPLE2D;
    return makes_pixels ? pixels_of(op->output_shape) : input;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static Status check_fold_value(const Op *op, const char *key, int asked, int limit, int *chosen)
{
    *chosen = asked ? asked : limit;
    if (asked == 0 || (asked > 0 && limit % asked == 0))
        return OK;
    int divisors[PLAN_MAX_DIVISORS];
    int count = plan_divisors(limit, divisors);
    char text[512];
    int used = 0;
    for (int i = 0; i < count && used < (int)sizeof text - 16; i++)
        used +=
            snprintf(text + used, sizeof text - (size_t)used, "%s%d", i ? ", " : "", divisors[i]);
    return error_set(ERR_USAGE, "layer %s: %s=%d is not a divisor of %d; possible: %s", op->name,
                     key, asked, limit, text);
}

int plan_tree_clocks(int products)
{
    int clocks = 0;
    for (int left = products; left > 1; left = (left + PLAN_TREE_ARITY - 1) / PLAN_TREE_ARITY)
        clocks++;
    return clocks;
}

int plan_bits_for(int64_t values)
{
    int bits = 0;
    while (((int64_t)1 << bits) < values)
        bits++;
    return bits;
}

void plan_set_folding(Stage *stage, int pe, int simd)
{
    const Op *op = stage->op;
    stage->pe = pe;
    stage->simd = simd;
    if (kind_of(op)->pipeline)
        stage->pipeline = kind_of(op)->pipeline + plan_tree_clocks(simd);
    stage->fold_steps = (int64_t)(plan_fold_limits(stage).pe / pe) * (plan_values(stage) / simd);
    if (kind_of(op)->multiplies)
        stage->macs_per_cycle = (int64_t)stage->input_count * pe * simd;
    if (op->weights && !folds_channels(op)) /* the few weights of an addition are no memory */
        stage->rows = stage->fold_steps * (op_traits(op->kind)->is_dense ? stage->input.beats : 1);
}

static Status fold_stage(Stage *stage)
{
    const Op *op = stage->op;
    const StageKind *kind = kind_of(op);
    if (!kind->folds) {
        if (op->pe > 1 || op->simd > 1)
            return error_set(ERR_USAGE, "layer %s: a %s layer does not fold; leave pe and simd out",
                             op->name, op_word(op->kind));
        stage->pe = stage->simd = 1;
        bool sums_up = op->kind == OP_FLOAT_AVERAGE_POOL2D;
        stage->fold_steps = sums_up ? op->window.kernel_height * op->window.kernel_width : 1;
        int products = kind->multiplies ? stage->input_count : 0;
        stage->macs_per_cycle = (int64_t)products * stage->input.lanes;
        return OK;
    }
    FoldLimits limits = plan_fold_limits(stage);
    if (op_traits(op->kind)->reads_float && op->simd > 1)
        return error_set(ERR_USAGE,
                         "layer %s: simd=%d; a floating-point layer adds its products up one by "
                         "one, simd is 1",
                         op->name, op->simd);
    int pe, simd;
    TRY(check_fold_value(op, "pe", op->pe, limits.pe, &pe));
    TRY(check_fold_value(op, "simd", op->simd, limits.simd, &simd));
    plan_set_folding(stage, pe, simd);
    return OK;
}

static Status check_op(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    if (op->kind == OP_INPUT || op->kind >= OP_KINDS)
        return error_set(ERR_REFUSED, "layer %s: only the first operation may be an input",
                         op->name);
    if (index + 1 < model->count && op_reader_count(model, index) == 0)
        return error_set(ERR_REFUSED, "layer %s: no layer reads it, and it is not the last",
                         op->name);
    const Window *window = &op->window;
    bool padded = window->pad_top || window->pad_bottom || window->pad_left || window->pad_right;
    if ((op->kind == OP_AVERAGE_POOL2D || op->kind == OP_FLOAT_AVERAGE_POOL2D) && padded)
        return error_set(ERR_REFUSED, "layer %s: average pooling with padding is not supported",
                         op->name);
    return OK;
}

/* Input `k` of a stage comes as `input`; `stage->input` is that of the first. */
static Status check_layout(const Plan *plan, const Stage *stage, int k, StreamLayout input)
{
    const Op *op = stage->op, *before = op_input(plan->model, stage->op_index, k);
    Shape shape = k == 0 ? op->input_shape : before->output_shape;
    bool lanes_fit = !kind_of(op)->wants_pixels || input.lanes == shape_channels(shape);
    bool beats_fit =
        input.beats * input.lanes == shape_elements(shape) && input.beats == stage->input.beats;
    if (op->kind == OP_ADD)
        lanes_fit = input.lanes == stage->input.lanes;
    if (!lanes_fit || !beats_fit)
        return error_set(ERR_REFUSED,
                         "layer %s: reads %lld values of %lld channels, but what %s gives comes as "
                         "%lld beats of %d values",
                         op->name, (long long)shape_elements(shape),
                         (long long)shape_channels(shape), before->name, (long long)input.beats,
                         input.lanes);
    return OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static StreamLayout layout_behind(const Plan *plan, int stage)
{
    return stage == PLAN_INPUT ? plan->input : plan->stages[stage].output;
}

static Status plan_stage(Plan *plan, int index, Names *names)
{
    const IntegerModel *model = plan->model;
    TRY(check_op(model, index));
    const Op *op = &model->ops[index];
    Stage *stage = &plan->stages[plan->count++];
    *stage = (Stage){.op_index = index,
                     .op = op,
                     .entity = kind_of(op)->entity,
                     .pipeline = kind_of(op)->pipeline,
                     .label = names_add(names, op->name),
                     .input = layout_behind(plan, op->inputs[0] - 1),
                     .input_count = op->input_count};
    for (int k = 0; k < op->input_count; k++) {
        stage->inputs[k] = op->inputs[k] - 1;
        stage->in_buffers[k] = PLAN_NO_BUFFER;
        TRY(check_layout(plan, stage, k, layout_behind(plan, stage->inputs[k])));
    }
    stage->output = output_layout(op, stage->input);
    return fold_stage(stage);
}

/* A buffer for each reader of a stage, or of the input; returns how many. */
static int add_buffers(Plan *plan, int from)
{
    int first = plan->buffer_count;
    for (int to = from + 1; to < plan->count; to++)
        for (int port = 0; port < plan->stages[to].input_count; port++) {
            if (plan->stages[to].inputs[port] != from)
                continue;
            plan->stages[to].in_buffers[port] = plan->buffer_count;
            plan->buffers[plan->buffer_count++] =
                (StreamBuffer){.from = from,
                               .to = to,
                               .port = port,
                               .is_float = op_traits(plan->model->ops[from + 1].kind)->writes_float,
                               .layout = layout_behind(plan, from),
                               .depth = BUFFER_REGISTER_DEPTH};
        }
    return plan->buffer_count - first;
}

static void connect_stages(Plan *plan)
{
    const IntegerModel *model = plan->model;
    plan->buffers = ARENA_ARRAY(plan->arena, StreamBuffer, plan->count * OP_MAX_INPUTS);
    if (op_reader_count(model, 0) > 1)
        plan->input_readers = add_buffers(plan, PLAN_INPUT);
    for (int i = 0; i < plan->count; i++) {
        plan->stages[i].first_reader = plan->buffer_count;
        plan->stages[i].reader_count = add_buffers(plan, i);
    }
}

static Status plan_stages(Plan *plan)
{
    const IntegerModel *model = plan->model;
    if (model->count < 2 || model->ops[0].kind != OP_INPUT)
        return error_set(ERR_REFUSED, "%s: a model needs an input and at least one layer",
                         model->name);
    Names *names = names_new(plan->arena);
    plan->stages = ARENA_ARRAY(plan->arena, Stage, model->count - 1);
    plan->input = input_layout(model);
    for (int i = 1; i < model->count; i++)
        TRY_IN(plan_stage(plan, i, names), "%s", model->name);
    plan->output = plan->stages[plan->count - 1].output;
    plan->has_class = plan->output.beats == 1 && plan->output.lanes > 1;
    connect_stages(plan);
    return OK;
}

static Status make_plan(const IntegerModel *model, bool sizes_buffers, Plan **plan)
{
    Arena *arena = arena_new();
    *plan = ARENA_NEW(arena, Plan);
    **plan = (Plan){.arena = arena, .model = model, .name = name_sanitize(arena, model->name)};
    Status status = plan_stages(*plan);
    if (status == OK && sizes_buffers)
        status = buffers_size(*plan);
    if (status != OK) {
        plan_free(*plan);
        *plan = NULL;
    }
    return status;
}

Status plan_new(const IntegerModel *model, Plan **plan)
{
    return make_plan(model, true, plan);
}

Status plan_sketch(const IntegerModel *model, Plan **plan)
{
    return make_plan(model, false, plan);
}

void plan_free(Plan *plan)
{
    if (plan)
        arena_free(plan->arena);
}

Status plan_load_weights(Plan *plan)
{
    bool any = false;
    for (int i = 0; i < plan->count; i++) {
        const Stage *stage = &plan->stages[i];
        if (stage->rows && op_traits(stage->op->kind)->reads_float)
            return error_set(ERR_REFUSED,
                             "layer %s: computes in floating point, and such weights are constants "
                             "only; leave out --weights ram, or --float %s",
                             stage->op->name, stage->op->name);
        any = any || stage->rows;
    }
    if (!any)
        return error_set(ERR_REFUSED,
                         "%s: no layer has weights that could be loaded; leave out "
                         "--weights ram",
                         plan->model->name);
    plan->loads_weights = true;
    return OK;
}
