/* tiny_model.h: small integer models with random weights, for tests. Header only.
 *
 *     Tiny tiny = tiny_new("net", shape_of(3, 6, 6, 2), 1);
 *     tiny_conv2d(&tiny, "conv", 4, (Window){3, 3, 1, 1, ...});
 *     tiny_dense(&tiny, "dense", 3);
 *     IntegerModel *model = tiny_finish(&tiny);
 */
#ifndef TESTS_TINY_MODEL_H
#define TESTS_TINY_MODEL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/dataset.h"
#include "quant/float32.h"
#include "quant/integer_model.h"

enum { TINY_MAX_OPS = 48 };

typedef struct Tiny {
    IntegerModel *model;
    Rng rng;
    int from; /* op that the next one reads */
} Tiny;

static inline int32_t tiny_between(Tiny *tiny, int32_t low, int32_t high)
{
    return low + (int32_t)rng_below(&tiny->rng, (uint64_t)(high - low + 1));
}

static inline Tiny tiny_new(const char *name, Shape shape, uint64_t seed)
{
    Arena *arena = arena_new();
    Tiny tiny = {.model = ARENA_NEW(arena, IntegerModel), .rng = rng_seed(seed)};
    tiny.model->arena = arena;
    tiny.model->name = arena_strdup(arena, name);
    memset(tiny.model->source_sha256, 'a', HASH_HEX_BYTES - 1);
    tiny.model->ops = ARENA_ARRAY(arena, Op, TINY_MAX_OPS);
    tiny.model->input_scale = 1;
    QuantParam format = fixed_symmetric(1.0, 8);
    tiny.model->ops[tiny.model->count++] = (Op){.kind = OP_INPUT,
                                                .name = "image",
                                                .input_shape = shape,
                                                .output_shape = shape,
                                                .input = format,
                                                .output = format,
                                                .low = format.low,
                                                .high = format.high,
                                                .calibration = "minmax",
                                                .clip = 1.0};
    return tiny;
}

/* The op added last: where a branch may start, or what a join may read. */
static inline int tiny_here(const Tiny *tiny)
{
    return tiny->model->count - 1;
}

/* The next op reads op `index` instead of the one before it. */
static inline void tiny_branch(Tiny *tiny, int index)
{
    tiny->from = index;
}

/* The next op, reading the one before, or the start of a branch; formats of 8 bits. */
static inline Op *tiny_add(Tiny *tiny, OpKind kind, const char *name, Shape output)
{
    IntegerModel *model = tiny->model;
    const Op *before = &model->ops[tiny->from];
    Op *op = &model->ops[model->count];
    QuantParam format = fixed_symmetric(2.0, 8);
    *op = (Op){.kind = kind,
               .name = arena_strdup(model->arena, name),
               .inputs = {tiny->from},
               .input_count = 1,
               .input_shape = before->output_shape,
               .output_shape = output,
               .input = before->output,
               .output = format,
               .low = format.low,
               .high = format.high,
               .calibration = "minmax",
               .clip = 2.0};
    tiny->from = model->count++;
    return op;
}

/* Random weights in (terms, channels), biases, and requantizers that use most of the range. */
static inline void tiny_weights(Tiny *tiny, Op *op, int64_t terms, int64_t channels)
{
    Arena *arena = tiny->model->arena;
    int32_t *weights = ARENA_ARRAY(arena, int32_t, terms * channels);
    int32_t *bias = ARENA_ARRAY(arena, int32_t, channels);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, channels);
    double *scales = ARENA_ARRAY(arena, double, channels);
    for (int64_t i = 0; i < terms * channels; i++)
        weights[i] = tiny_between(tiny, -127, 127);
    for (int64_t c = 0; c < channels; c++) {
        bias[c] = tiny_between(tiny, -4000, 4000);
        double ratio = (0.8 + 0.4 * rng_uniform(&tiny->rng)) / (90 * sqrt((double)terms));
        if (!fixed_requantizer(ratio, &requantizers[c]))
            abort();
        scales[c] = 0.01;
    }
    op->weights = weights;
    op->bias = bias;
    op->requantizers = requantizers;
    op->requantizer_count = (int)channels;
    op->weight_scales = scales;
    op->weight_bits = 8;
    op->weight_clip = 1.27;
}

static inline Shape tiny_window_output(Tiny *tiny, Window window, int64_t channels)
{
    Shape in = tiny->model->ops[tiny->from].output_shape;
    int64_t height = in.dim[0] + window.pad_top + window.pad_bottom - window.kernel_height;
    int64_t width = in.dim[1] + window.pad_left + window.pad_right - window.kernel_width;
    return shape_of(3, height / window.stride_height + 1, width / window.stride_width + 1,
                    channels);
}

static inline Window tiny_window(int kernel_height, int kernel_width, int stride_height,
                                 int stride_width)
{
    return (Window){.kernel_height = kernel_height,
                    .kernel_width = kernel_width,
                    .stride_height = stride_height,
                    .stride_width = stride_width};
}

/* Pads of top, bottom, left, right. */
static inline Window tiny_padded(Window window, int top, int bottom, int left, int right)
{
    window.same = true;
    window.pad_top = top;
    window.pad_bottom = bottom;
    window.pad_left = left;
    window.pad_right = right;
    return window;
}

static inline Op *tiny_conv2d(Tiny *tiny, const char *name, int filters, Window window)
{
    Op *op = tiny_add(tiny, OP_CONV2D, name, tiny_window_output(tiny, window, filters));
    op->window = window;
    tiny_weights(tiny, op,
                 window.kernel_height * window.kernel_width * shape_channels(op->input_shape),
                 filters);
    return op;
}

static inline Op *tiny_relu(Op *op)
{
    op->low = op->output.zero_point;
    return op;
}

static inline Op *tiny_fold(Op *op, int pe, int simd)
{
    op->pe = pe;
    op->simd = simd;
    return op;
}

static inline Op *tiny_dense(Tiny *tiny, const char *name, int units)
{
    Op *op = tiny_add(tiny, OP_DENSE, name, shape_of(1, units));
    tiny_weights(tiny, op, shape_elements(op->input_shape), units);
    return op;
}

static inline Op *tiny_affine(Tiny *tiny, const char *name)
{
    Shape shape = tiny->model->ops[tiny->from].output_shape;
    Op *op = tiny_add(tiny, OP_AFFINE, name, shape);
    tiny_weights(tiny, op, 1, shape_channels(shape));
    return op;
}

/* The op keeps the format of what it reads. */
static inline Op *tiny_keep(Op *op)
{
    op->output = op->input;
    op->low = op->input.low;
    op->high = op->input.high;
    return op;
}

static inline Op *tiny_pool(Tiny *tiny, OpKind kind, const char *name, Window window)
{
    int64_t channels = shape_channels(tiny->model->ops[tiny->from].output_shape);
    Op *op = tiny_add(tiny, kind, name, tiny_window_output(tiny, window, channels));
    op->window = window;
    tiny_keep(op);
    if (kind == OP_AVERAGE_POOL2D) {
        Requantizer *requantizer = ARENA_NEW(tiny->model->arena, Requantizer);
        if (!fixed_requantizer(1.0 / (window.kernel_height * window.kernel_width), requantizer))
            abort();
        op->requantizers = requantizer;
        op->requantizer_count = 1;
    }
    return op;
}

static inline Op *tiny_table(Tiny *tiny, const char *name)
{
    Shape shape = tiny->model->ops[tiny->from].output_shape;
    Op *op = tiny_add(tiny, OP_TABLE, name, shape);
    int32_t count = op->input.high - op->input.low + 1;
    int32_t *table = ARENA_ARRAY(tiny->model->arena, int32_t, count);
    for (int32_t i = 0; i < count; i++)
        table[i] = tiny_between(tiny, op->low, op->high);
    op->table = table;
    return op;
}

/* A join of `count` ops; the shape is that of the first. */
static inline Op *tiny_join(Tiny *tiny, OpKind kind, const char *name, const int *inputs, int count)
{
    tiny_branch(tiny, inputs[0]);
    Op *op = tiny_add(tiny, kind, name, tiny->model->ops[inputs[0]].output_shape);
    for (int k = 0; k < count; k++)
        op->inputs[k] = inputs[k];
    op->input_count = count;
    return op;
}

static inline Op *tiny_sum(Tiny *tiny, const char *name, const int *inputs, int count)
{
    Op *op = tiny_join(tiny, OP_ADD, name, inputs, count);
    Arena *arena = tiny->model->arena;
    int32_t *weights = ARENA_ARRAY(arena, int32_t, count);
    int32_t *bias = ARENA_NEW(arena, int32_t);
    Requantizer *requantizer = ARENA_NEW(arena, Requantizer);
    double *scale = ARENA_NEW(arena, double);
    for (int k = 0; k < count; k++) {
        weights[k] = tiny_between(tiny, 2000, 8000);
        *bias -= weights[k] * tiny->model->ops[inputs[k]].output.zero_point;
    }
    if (!fixed_requantizer(1.0 / (5000.0 * count), requantizer))
        abort();
    *scale = 0.001;
    op->weights = weights;
    op->bias = bias;
    op->requantizers = requantizer;
    op->requantizer_count = 1;
    op->weight_scales = scale;
    op->weight_bits = 15;
    op->weight_clip = 16;
    return op;
}

static inline Op *tiny_concat(Tiny *tiny, const char *name, const int *inputs, int count)
{
    Op *op = tiny_join(tiny, OP_CONCAT, name, inputs, count);
    Requantizer *requantizers = ARENA_ARRAY(tiny->model->arena, Requantizer, count);
    int64_t channels = 0;
    for (int k = 0; k < count; k++) {
        channels += op_channels(&tiny->model->ops[inputs[k]]);
        if (!fixed_requantizer(k == 0 ? 1.0 : 0.5 + 0.3 * k, &requantizers[k]))
            abort();
    }
    op->output_shape.dim[op->output_shape.rank - 1] = channels;
    op->requantizers = requantizers;
    op->requantizer_count = count;
    return op;
}

static inline Op *tiny_depthwise(Tiny *tiny, const char *name, int multiplier, Window window)
{
    int64_t channels = shape_channels(tiny->model->ops[tiny->from].output_shape) * multiplier;
    Op *op = tiny_add(tiny, OP_DEPTHWISE_CONV2D, name, tiny_window_output(tiny, window, channels));
    op->window = window;
    tiny_weights(tiny, op, window.kernel_height * window.kernel_width, channels);
    return op;
}

static inline Op *tiny_zero_pad(Tiny *tiny, const char *name, int top, int bottom, int left,
                                int right)
{
    Window window = tiny_padded(tiny_window(1, 1, 1, 1), top, bottom, left, right);
    int64_t channels = shape_channels(tiny->model->ops[tiny->from].output_shape);
    window.same = false;
    Op *op = tiny_add(tiny, OP_ZERO_PAD2D, name, tiny_window_output(tiny, window, channels));
    op->window = window;
    return tiny_keep(op);
}

static inline Op *tiny_upsample(Tiny *tiny, const char *name, int factor_height, int factor_width)
{
    Shape shape = tiny->model->ops[tiny->from].output_shape;
    shape.dim[0] *= factor_height;
    shape.dim[1] *= factor_width;
    Op *op = tiny_add(tiny, OP_UPSAMPLE2D, name, shape);
    op->factor_height = factor_height;
    op->factor_width = factor_width;
    return tiny_keep(op);
}

/* ---- floating point: between tiny_to_float() and tiny_to_integer() ------------------------------
 */

static inline Op *tiny_float_add(Tiny *tiny, OpKind kind, const char *name, Shape output)
{
    Op *op = tiny_add(tiny, kind, name, output);
    op->output = QUANT_FLOAT;
    op->low = op->output.low;
    op->high = op->output.high;
    op->calibration = CALIBRATION_FLOAT;
    op->clip = (double)FLT_MAX;
    return op;
}

static inline Op *tiny_to_float(Tiny *tiny, const char *name)
{
    Shape shape = tiny->model->ops[tiny->from].output_shape;
    return tiny_float_add(tiny, OP_TO_FLOAT, name, shape);
}

static inline Op *tiny_to_integer(Tiny *tiny, const char *name)
{
    Shape shape = tiny->model->ops[tiny->from].output_shape;
    return tiny_add(tiny, OP_TO_INTEGER, name, shape);
}

/* 16 bits: what is wrong far behind the point shows. */
static inline Op *tiny_wide(Op *op)
{
    op->output = fixed_symmetric(4.0, 16);
    op->low = op->output.low;
    op->high = op->output.high;
    return op;
}

/* Some are zeros, of both signs. */
static inline int32_t *tiny_words(Tiny *tiny, int64_t count, double reach)
{
    int32_t *words = ARENA_ARRAY(tiny->model->arena, int32_t, count);
    for (int64_t i = 0; i < count; i++) {
        double value = reach * (2 * rng_uniform(&tiny->rng) - 1);
        words[i] = float32_word((float)(rng_below(&tiny->rng, 8) ? value : copysign(0, value)));
    }
    return words;
}

static inline Op *tiny_float_weights(Tiny *tiny, Op *op, int64_t terms, int64_t channels)
{
    op->weight_bits = FLOAT_BITS;
    op->weights = tiny_words(tiny, terms * channels, 2.5 / sqrt((double)terms));
    op->bias = tiny_words(tiny, channels, 0.5);
    return op;
}

static inline Op *tiny_float_conv2d(Tiny *tiny, const char *name, int filters, Window window)
{
    Op *op = tiny_float_add(tiny, OP_FLOAT_CONV2D, name, tiny_window_output(tiny, window, filters));
    op->window = window;
    return tiny_float_weights(
        tiny, op, window.kernel_height * window.kernel_width * shape_channels(op->input_shape),
        filters);
}

static inline Op *tiny_float_dense(Tiny *tiny, const char *name, int units)
{
    Op *op = tiny_float_add(tiny, OP_FLOAT_DENSE, name, shape_of(1, units));
    return tiny_float_weights(tiny, op, shape_elements(op->input_shape), units);
}

static inline Op *tiny_float_pool(Tiny *tiny, OpKind kind, const char *name, Window window)
{
    int64_t channels = shape_channels(tiny->model->ops[tiny->from].output_shape);
    Op *op = tiny_float_add(tiny, kind, name, tiny_window_output(tiny, window, channels));
    op->window = window;
    return op;
}

static inline IntegerModel *tiny_finish(Tiny *tiny)
{
    IntegerModel *model = tiny->model;
    model->classes = (int)shape_elements(model->ops[model->count - 1].output_shape);
    if (integer_model_prove(model) != OK || integer_model_check_values(model) != OK) {
        fprintf(stderr, "%s\n", error_message());
        abort();
    }
    return model;
}

/* Random images in -1..1. */
static inline Dataset *tiny_images(Shape shape, int64_t count, uint64_t seed)
{
    Arena *arena = arena_new();
    Dataset *dataset = ARENA_NEW(arena, Dataset);
    int64_t elements = shape_elements(shape);
    float *values = ARENA_ARRAY(arena, float, count *elements);
    int32_t *labels = ARENA_ARRAY(arena, int32_t, count);
    Rng rng = rng_seed(seed);
    for (int64_t i = 0; i < count * elements; i++)
        values[i] = (float)(2 * rng_uniform(&rng) - 1);
    *dataset = (Dataset){.arena = arena,
                         .path = "random",
                         .count = count,
                         .shape = shape,
                         .values = values,
                         .labels = labels,
                         .classes = 1,
                         .scale = 1};
    return dataset;
}

#endif
