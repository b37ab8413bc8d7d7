/* models.h: integer models made in memory, with random weights. */
#ifndef TESTS_UNIT_QUANT_MODELS_H
#define TESTS_UNIT_QUANT_MODELS_H

#include <string.h>

#include "base/rng.h"
#include "quant/integer_model.h"

static inline IntegerModel *model_of_input(Shape shape, int bits)
{
    Arena *arena = arena_new();
    IntegerModel *model = ARENA_NEW(arena, IntegerModel);
    *model = (IntegerModel){.arena = arena,
                            .name = "test",
                            .ops = ARENA_ARRAY(arena, Op, 16),
                            .count = 1,
                            .input_scale = 1.0 / 255};
    QuantParam format = fixed_symmetric(1, bits);
    model->ops[0] = (Op){.kind = OP_INPUT,
                         .name = "image",
                         .input_shape = shape,
                         .output_shape = shape,
                         .input = format,
                         .output = format,
                         .low = format.low,
                         .high = format.high,
                         .calibration = "minmax",
                         .clip = 1};
    return model;
}

static inline int32_t random_integer(Rng *rng, int32_t low, int32_t high)
{
    return low + (int32_t)rng_below(rng, (uint64_t)((int64_t)high - low + 1));
}

static inline int32_t *random_integers(Arena *arena, Rng *rng, int64_t count, int32_t reach)
{
    int32_t *values = ARENA_ARRAY(arena, int32_t, count);
    for (int64_t i = 0; i < count; i++)
        values[i] = random_integer(rng, -reach, reach);
    return values;
}

/* What all operations share: reads the one before, output of `bits` bits, nothing fused. */
static inline Op *add_op(IntegerModel *model, OpKind kind, const char *name, int bits)
{
    const Op *before = &model->ops[model->count - 1];
    Op *op = &model->ops[model->count++];
    QuantParam format = kind == OP_MAX_POOL2D ? before->output : fixed_symmetric(2.5, bits);
    *op = (Op){.kind = kind,
               .name = name,
               .inputs = {model->count - 2},
               .input_count = 1,
               .input_shape = before->output_shape,
               .output_shape = before->output_shape,
               .input = before->output,
               .output = format,
               .low = format.low,
               .high = format.high,
               .calibration = kind == OP_MAX_POOL2D ? NULL : "minmax",
               .clip = 2.5};
    return op;
}

static inline void set_window(Op *op, Window window, int64_t channels)
{
    int64_t height, width;
    window_slide(&window, op->input_shape, &height, &width);
    op->window = window;
    op->output_shape = (Shape){3, {height, width, channels}};
}

/* Requantizers that bring the accumulator's bound to about twice the output's range. */
static inline void set_requantizers(IntegerModel *model, Rng *rng, Op *op, int count)
{
    Requantizer *requantizers = ARENA_ARRAY(model->arena, Requantizer, count);
    double *scales = ARENA_ARRAY(model->arena, double, count);
    int64_t bound = op_accumulator_bound(model, (int)(op - model->ops));
    for (int i = 0; i < count; i++) {
        double ratio = (1 + 3 * rng_uniform(rng)) * op->output.high / (double)(bound + 1);
        bool reached = fixed_requantizer(ratio, &requantizers[i]);
        assert(reached);
        (void)reached;
        scales[i] = 0.01 * (i + 1);
    }
    op->requantizers = requantizers;
    op->requantizer_count = count;
    if (op_traits(op->kind)->has_weights)
        op->weight_scales = scales;
}

/* After the shapes are set. `groups`: 1, or one requantizer per channel. */
static inline void set_weights(IntegerModel *model, Rng *rng, Op *op, int bits, int groups)
{
    int32_t reach = ((int32_t)1 << (bits - 1)) - 1;
    op->weight_bits = bits;
    op->weight_clip = 0.5;
    op->weights = random_integers(model->arena, rng, op_weight_count(op), reach);
    op->bias = random_integers(model->arena, rng, op_channels(op), 4 * reach);
    set_requantizers(model, rng, op, groups);
}

static inline Op *add_conv2d(IntegerModel *model, Rng *rng, const char *name, Window window,
                             int64_t filters)
{
    Op *op = add_op(model, OP_CONV2D, name, 8);
    set_window(op, window, filters);
    set_weights(model, rng, op, 8, 1);
    return op;
}

static inline Op *add_dense(IntegerModel *model, Rng *rng, const char *name, int64_t units)
{
    Op *op = add_op(model, OP_DENSE, name, 16);
    op->output_shape = (Shape){1, {units}};
    set_weights(model, rng, op, 8, 1);
    return op;
}

static inline Op *add_table(IntegerModel *model, Rng *rng, const char *name)
{
    Op *op = add_op(model, OP_TABLE, name, 8);
    op->table = random_integers(model->arena, rng, op_table_count(op), op->output.high);
    return op;
}

static inline void finish_model(IntegerModel *model)
{
    model->classes = (int)shape_elements(model->ops[model->count - 1].output_shape);
}

/* One operation of every kind: 6x6x2 image to 3 classes. */
static inline IntegerModel *model_of_all_kinds(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    IntegerModel *model = model_of_input(shape_of(3, 6, 6, 2), 8);
    Window three = {.kernel_height = 3, .kernel_width = 3, .stride_height = 1, .stride_width = 1};
    Window two = {.kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2};
    three.same = true;
    add_conv2d(model, &rng, "conv", three, 3)->low = 0;
    add_table(model, &rng, "conv.tanh");
    Op *pool = add_op(model, OP_MAX_POOL2D, "pool", 8);
    set_window(pool, two, 3);
    Op *norm = add_op(model, OP_AFFINE, "norm", 8);
    set_weights(model, &rng, norm, 8, 3);
    norm->bias = NULL;
    two.stride_height = two.stride_width = 1;
    Op *mean = add_op(model, OP_AVERAGE_POOL2D, "mean", 8);
    set_window(mean, two, 3);
    set_requantizers(model, &rng, mean, 1);
    add_dense(model, &rng, "digit", 3);
    finish_model(model);
    return model;
}

#endif
