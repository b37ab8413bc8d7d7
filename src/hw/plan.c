#include "hw/plan.h"

#include <limits.h>
#include <stdio.h>

#include "hw/names.h"

/* What a kind of operation is in hardware; one row each. */
typedef struct StageKind {
    const char *entity;
    bool wants_pixels; /* height and width matter, so a beat must be a pixel */
    bool folds;
    bool multiplies;
} StageKind;

static const StageKind STAGE_KINDS[OP_KINDS] = {
    [OP_CONV2D] = {"conv2d_stream", true, true, true},
    [OP_DENSE] = {"dense_stream", false, true, true},
    [OP_AFFINE] = {"affine_stream", false, false, true},
    [OP_MAX_POOL2D] = {"max_pool_stream", true, false, false},
    [OP_AVERAGE_POOL2D] = {"average_pool_stream", true, false, false},
    [OP_TABLE] = {"table_stream", false, false, false},
    [OP_FLOAT_CONV2D] = {"conv2d_float_stream", true, true, true},
    [OP_FLOAT_DENSE] = {"dense_float_stream", false, true, true},
    [OP_FLOAT_MAX_POOL2D] = {"max_pool_float_stream", true, false, false},
    [OP_FLOAT_AVERAGE_POOL2D] = {"average_pool_float_stream", true, false, false},
    [OP_TO_FLOAT] = {"int_to_float_stream", false, false, true},
    [OP_TO_INTEGER] = {"float_to_int_stream", false, false, true},
};

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

int plan_values(const Stage *stage)
{
    const Window *window = &stage->op->window;
    int pixels =
        op_traits(stage->op->kind)->has_window ? window->kernel_height * window->kernel_width : 1;
    return pixels * stage->input.lanes;
}

FoldLimits plan_fold_limits(const Stage *stage)
{
    OpKind kind = stage->op->kind;
    if (!STAGE_KINDS[kind].folds)
        return (FoldLimits){.pe = 1, .simd = 1};
    return (FoldLimits){.pe = stage->output.lanes,
                        .simd = op_traits(kind)->reads_float ? 1 : plan_values(stage)};
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

/* What the first layers want: a beat a pixel; a vector for a dense layer comes value by value; one
 * for a layer with a parameter per channel comes whole. */
static StreamLayout input_layout(const IntegerModel *model)
{
    Shape shape = model->ops[0].output_shape;
    if (shape.rank >= 3)
        return pixels_of(shape);
    for (int i = 1; i < model->count; i++) {
        if (model->ops[i].kind == OP_AFFINE)
            return pixels_of(shape);
        if (!keeps_layout(model->ops[i].kind))
            break;
    }
    return (StreamLayout){.beats = shape_elements(shape), .lanes = 1};
}

static StreamLayout output_layout(const Op *op, StreamLayout input)
{
    const OpTraits *traits = op_traits(op->kind);
    if (traits->is_dense)
        return (StreamLayout){.beats = 1, .lanes = (int)shape_elements(op->output_shape)};
    return traits->has_window ? pixels_of(op->output_shape) : input;
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

static Status fold_stage(Stage *stage)
{
    const Op *op = stage->op;
    if (!STAGE_KINDS[op->kind].folds) {
        if (op->pe > 1 || op->simd > 1)
            return error_set(ERR_USAGE, "layer %s: a %s layer does not fold; leave pe and simd out",
                             op->name, op_word(op->kind));
        stage->pe = stage->simd = 1;
        bool sums_up = op->kind == OP_FLOAT_AVERAGE_POOL2D;
        stage->fold_steps = sums_up ? op->window.kernel_height * op->window.kernel_width : 1;
        stage->macs_per_cycle = STAGE_KINDS[op->kind].multiplies ? stage->input.lanes : 0;
        return OK;
    }
    FoldLimits limits = plan_fold_limits(stage);
    if (op_traits(op->kind)->reads_float && op->simd > 1)
        return error_set(ERR_USAGE,
                         "layer %s: simd=%d; a floating-point layer adds its products up one by "
                         "one, simd is 1",
                         op->name, op->simd);
    TRY(check_fold_value(op, "pe", op->pe, limits.pe, &stage->pe));
    TRY(check_fold_value(op, "simd", op->simd, limits.simd, &stage->simd));
    stage->fold_steps = (int64_t)(limits.pe / stage->pe) * (plan_values(stage) / stage->simd);
    stage->rows = stage->fold_steps * (op_traits(op->kind)->is_dense ? stage->input.beats : 1);
    stage->macs_per_cycle = (int64_t)stage->pe * stage->simd;
    return OK;
}

static Status check_op(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    if (op->kind == OP_INPUT || op->kind >= OP_KINDS)
        return error_set(ERR_REFUSED, "layer %s: only the first operation may be an input",
                         op->name);
    if (!STAGE_KINDS[op->kind].entity)
        return error_set(ERR_REFUSED, "layer %s: there is no hardware for a %s layer", op->name,
                         op_word(op->kind));
    if (op->input_count != 1 || op->inputs[0] != index - 1)
        return error_set(ERR_REFUSED,
                         "layer %s: hardware is a chain of layers, and this one does not read the "
                         "layer before it",
                         op->name);
    const Window *window = &op->window;
    bool padded = window->pad_top || window->pad_bottom || window->pad_left || window->pad_right;
    if ((op->kind == OP_AVERAGE_POOL2D || op->kind == OP_FLOAT_AVERAGE_POOL2D) && padded)
        return error_set(ERR_REFUSED, "layer %s: average pooling with padding is not supported",
                         op->name);
    return OK;
}

static Status check_layout(const Stage *stage)
{
    const Op *op = stage->op;
    int64_t got = stage->input.beats * stage->input.lanes;
    int64_t want = shape_elements(op->input_shape);
    bool lanes_fit = !STAGE_KINDS[op->kind].wants_pixels ||
                     stage->input.lanes == shape_channels(op->input_shape);
    bool channels_fit =
        op->kind != OP_AFFINE || stage->input.lanes == shape_channels(op->input_shape);
    if (got != want || !lanes_fit || !channels_fit)
        return error_set(ERR_REFUSED,
                         "layer %s: reads %lld values of %lld channels, but its input comes as "
                         "%lld beats of %d values",
                         op->name, (long long)want, (long long)shape_channels(op->input_shape),
                         (long long)stage->input.beats, stage->input.lanes);
    return OK;
}

static Status plan_stage(Plan *plan, int index, StreamLayout input, Names *names)
{
    const IntegerModel *model = plan->model;
    TRY(check_op(model, index));
    const Op *op = &model->ops[index];
    Stage *stage = &plan->stages[plan->count++];
    *stage = (Stage){.op_index = index,
                     .op = op,
                     .entity = STAGE_KINDS[op->kind].entity,
                     .label = names_add(names, op->name),
                     .input = input,
                     .output = output_layout(op, input)};
    TRY(check_layout(stage));
    return fold_stage(stage);
}

static Status plan_stages(Plan *plan)
{
    const IntegerModel *model = plan->model;
    if (model->count < 2 || model->ops[0].kind != OP_INPUT)
        return error_set(ERR_REFUSED, "%s: a model needs an input and at least one layer",
                         model->name);
    Names *names = names_new(plan->arena);
    plan->stages = ARENA_ARRAY(plan->arena, Stage, model->count - 1);
    plan->input = plan->output = input_layout(model);
    for (int i = 1; i < model->count; i++) {
        TRY_IN(plan_stage(plan, i, plan->output, names), "%s", model->name);
        plan->output = plan->stages[i - 1].output;
    }
    plan->has_class = plan->output.beats == 1 && plan->output.lanes > 1;
    return OK;
}

Status plan_new(const IntegerModel *model, Plan **plan)
{
    Arena *arena = arena_new();
    *plan = ARENA_NEW(arena, Plan);
    **plan = (Plan){.arena = arena, .model = model, .name = name_sanitize(arena, model->name)};
    Status status = plan_stages(*plan);
    if (status != OK) {
        plan_free(*plan);
        *plan = NULL;
    }
    return status;
}

void plan_free(Plan *plan)
{
    if (plan)
        arena_free(plan->arena);
}
