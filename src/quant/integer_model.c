#include "quant/integer_model.h"

#include <stdlib.h>
#include <string.h>

#include "quant/float32.h"

static const OpTraits TRAITS[OP_KINDS] = {
    [OP_INPUT] = {.word = "input"},
    [OP_CONV2D] = {"conv2d", .has_window = true, .has_weights = true, .requantizes = true},
    [OP_DENSE] = {"dense", .has_weights = true, .requantizes = true, .is_dense = true},
    [OP_AFFINE] = {"affine", .has_weights = true, .requantizes = true},
    [OP_MAX_POOL2D] = {"max_pool2d", .has_window = true, .keeps_format = true},
    [OP_AVERAGE_POOL2D] = {"average_pool2d", .has_window = true, .requantizes = true},
    [OP_TABLE] = {"table", .has_table = true},
    [OP_DEPTHWISE_CONV2D] = {"depthwise_conv2d", .has_window = true, .has_weights = true,
                             .requantizes = true},
    [OP_ZERO_PAD2D] = {"zero_pad2d", .has_window = true, .keeps_format = true},
    [OP_ADD] = {"add", .has_weights = true, .requantizes = true, .joins = true},
    [OP_CONCAT] = {"concat", .requantizes = true, .joins = true},
    [OP_UPSAMPLE2D] = {"upsample2d", .keeps_format = true},
    [OP_FLOAT_CONV2D] = {"float_conv2d", .has_window = true, .has_weights = true,
                         .reads_float = true, .writes_float = true},
    [OP_FLOAT_DENSE] = {"float_dense", .has_weights = true, .is_dense = true, .reads_float = true,
                        .writes_float = true},
    [OP_FLOAT_MAX_POOL2D] = {"float_max_pool2d", .has_window = true, .keeps_format = true,
                             .reads_float = true, .writes_float = true},
    [OP_FLOAT_AVERAGE_POOL2D] = {"float_average_pool2d", .has_window = true, .reads_float = true,
                                 .writes_float = true},
    [OP_TO_FLOAT] = {"to_float", .writes_float = true},
    [OP_TO_INTEGER] = {"to_integer", .reads_float = true},
};

const OpTraits *op_traits(OpKind kind)
{
    assert(kind < OP_KINDS);
    return &TRAITS[kind];
}

const char *op_word(OpKind kind)
{
    return op_traits(kind)->word;
}

bool op_kind_parse(const char *word, OpKind *kind)
{
    for (int i = 0; i < OP_KINDS; i++)
        if (strcmp(TRAITS[i].word, word) == 0) {
            *kind = (OpKind)i;
            return true;
        }
    return false;
}

const Op *op_input(const IntegerModel *model, int index, int k)
{
    assert(k >= 0 && k < model->ops[index].input_count);
    return &model->ops[model->ops[index].inputs[k]];
}

int op_reader_count(const IntegerModel *model, int index)
{
    int count = 0;
    for (int i = index + 1; i < model->count; i++)
        for (int k = 0; k < model->ops[i].input_count; k++)
            count += model->ops[i].inputs[k] == index;
    return count;
}

int64_t op_channels(const Op *op)
{
    return shape_channels(op->output_shape);
}

int64_t op_bias_count(const Op *op)
{
    return op->kind == OP_ADD ? 1 : op_channels(op);
}

int64_t op_weight_count(const Op *op)
{
    const Window *w = &op->window;
    int64_t inputs = shape_elements(op->input_shape);
    switch (op->kind) {
    case OP_CONV2D:
    case OP_FLOAT_CONV2D:
        return shape_elements((Shape){
            4,
            {w->kernel_height, w->kernel_width, shape_channels(op->input_shape), op_channels(op)}});
    case OP_DENSE:
    case OP_FLOAT_DENSE:
        return shape_elements((Shape){2, {inputs, op_channels(op)}});
    case OP_DEPTHWISE_CONV2D:
        return shape_elements((Shape){3, {w->kernel_height, w->kernel_width, op_channels(op)}});
    case OP_AFFINE:
        return op_channels(op);
    case OP_ADD:
        return op->input_count;
    default:
        return 0;
    }
}

int64_t op_table_count(const Op *op)
{
    return op->kind == OP_TABLE ? (int64_t)op->input.high - op->input.low + 1 : 0;
}

int32_t op_pool_bias(const Op *op)
{
    if (op->kind != OP_AVERAGE_POOL2D)
        return 0;
    int64_t count = (int64_t)op->window.kernel_height * op->window.kernel_width;
    return (int32_t)fixed_clamp(-count * op->input.zero_point, -INT32_MAX, INT32_MAX);
}

Requantizer op_requantizer(const Op *op, int64_t channel)
{
    return op->requantizers[op->requantizer_count == 1 ? 0 : channel];
}

double op_real(const Op *op, int32_t value)
{
    return op_traits(op->kind)->writes_float ? (double)float32_of_word(value)
                                             : fixed_dequantize(value, op->output);
}

bool op_float_relu(const Op *op)
{
    return op->low == 0;
}

static int64_t bytes_of_bits(int64_t bits)
{
    return (bits + 7) / 8;
}

int64_t op_bytes(const Op *op)
{
    enum { BIAS_BYTES = 4, REQUANTIZER_BYTES = 3 };
    int64_t biases = op->bias ? op_bias_count(op) : 0;
    return bytes_of_bits(op_weight_count(op) * op->weight_bits) +
           bytes_of_bits(op_table_count(op) * op->output.bits) + biases * BIAS_BYTES +
           (int64_t)op->requantizer_count * REQUANTIZER_BYTES;
}

int64_t integer_model_bytes(const IntegerModel *model)
{
    int64_t sum = 0;
    for (int i = 0; i < model->count; i++)
        sum += op_bytes(&model->ops[i]);
    return sum;
}

/* ---- the proof --------------------------------------------------------------------------------
 */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Of |q - offset| for q of the format. */
static int64_t farthest_from(int32_t offset, QuantParam format)
{
    return larger(llabs((int64_t)format.low - offset), llabs((int64_t)format.high - offset));
}

/* Rows of weights that add up in one accumulator, each row holding one weight per channel. */
static int64_t bound_of_rows(const Op *op)
{
    int64_t channels = op_channels(op);
    int64_t rows = op_weight_count(op) / channels;
    int64_t largest = farthest_from(0, op->input), bound = 0;
    for (int64_t c = 0; c < channels; c++) {
        int64_t sum = 0;
        for (int64_t r = 0; r < rows; r++)
            sum += llabs(op->weights[r * channels + c]);
        bound = larger(bound, sum * largest + (op->bias ? llabs(op->bias[c]) : 0));
    }
    return bound;
}

static int64_t bound_of_pool(const Op *op)
{
    return farthest_from(0, op->input) * op->window.kernel_height * op->window.kernel_width +
           llabs(op_pool_bias(op));
}

static int64_t bound_of_join(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    int64_t sum = op->kind == OP_ADD && op->bias ? llabs(op->bias[0]) : 0, largest = 0;
    for (int k = 0; k < op->input_count; k++) {
        QuantParam format = op_input(model, index, k)->output;
        largest = larger(largest, farthest_from(format.zero_point, format));
        if (op->kind == OP_ADD)
            sum += llabs(op->weights[k]) * farthest_from(0, format);
    }
    return op->kind == OP_ADD ? sum : largest;
}

int64_t op_accumulator_bound(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    const OpTraits *traits = op_traits(op->kind);
    if (!traits->requantizes)
        return 0;
    if (traits->joins)
        return bound_of_join(model, index);
    return traits->has_weights ? bound_of_rows(op) : bound_of_pool(op);
}

/* Bits of a two's complement integer, sign included, that holds -bound..bound. */
static int bits_for(int64_t bound)
{
    int bits = 1;
    while (bits < 63 && bound > ((int64_t)1 << (bits - 1)) - 1)
        bits++;
    return bits;
}

Status integer_model_prove(IntegerModel *model)
{
    Blockers blockers = {0};
    for (int i = 0; i < model->count; i++) {
        Op *op = &model->ops[i];
        op->accumulator_bits =
            op_traits(op->kind)->requantizes ? bits_for(op_accumulator_bound(model, i)) : 0;
        if (op->accumulator_bits > FIXED_ACCUMULATOR_BITS)
            blockers_add(&blockers,
                         "layer %s: its sums need %d bits, at most %d are possible; take fewer "
                         "bits for its weights or its input, or fewer inputs",
                         op->name, op->accumulator_bits, FIXED_ACCUMULATOR_BITS);
    }
    Status status = blockers_refuse(&blockers, model->name);
    blockers_free(&blockers);
    return status;
}

void integer_model_free(IntegerModel *model)
{
    if (model)
        arena_free(model->arena);
}
