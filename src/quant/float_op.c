#include "quant/float_op.h"

#include <string.h>

#include "quant/float_kernels.h"

struct FloatOp {
    const Op *op;
    FloatLayer layer;
    FloatBridge bridge;
    int64_t input_elements, output_elements;
    float *input, *output; /* of one image */
};

static FloatKernel *const KERNELS[OP_KINDS] = {
    [OP_FLOAT_CONV2D] = float_conv2d,
    [OP_FLOAT_DENSE] = float_dense,
    [OP_FLOAT_MAX_POOL2D] = float_max_pool2d,
    [OP_FLOAT_AVERAGE_POOL2D] = float_average_pool2d,
};

/* The numbers of bit patterns; NULL for NULL. */
static float *floats_of(Arena *arena, const int32_t *words, int64_t count)
{
    float *values = words ? ARENA_ARRAY(arena, float, count) : NULL;
    for (int64_t i = 0; words && i < count; i++)
        values[i] = float32_of_word(words[i]);
    return values;
}

static Status prepare(FloatOp *prepared, Arena *arena)
{
    const Op *op = prepared->op;
    if (op->kind == OP_TO_FLOAT)
        return float_bridge_make(op->input, &prepared->bridge);
    if (op->kind == OP_TO_INTEGER) {
        TRY(float_bridge_make(op->output, &prepared->bridge));
        prepared->bridge.low = op->low;
        prepared->bridge.high = op->high;
        return OK;
    }
    Arena *scratch = arena_new();
    Status status = float_layer_pack(arena, &prepared->layer,
                                     floats_of(scratch, op->weights, op_weight_count(op)),
                                     floats_of(scratch, op->bias, op_channels(op)));
    arena_free(scratch);
    return status;
}

FloatOp *float_op_new(Arena *arena, const Op *op)
{
    FloatOp *prepared = ARENA_NEW(arena, FloatOp);
    *prepared = (FloatOp){.op = op,
                          .layer = {.input_shape = op->input_shape,
                                    .output_shape = op->output_shape,
                                    .window = op->window,
                                    .relu = op_float_relu(op)},
                          .input_elements = shape_elements(op->input_shape),
                          .output_elements = shape_elements(op->output_shape)};
    prepared->input = ARENA_ARRAY(arena, float, prepared->input_elements);
    prepared->output = ARENA_ARRAY(arena, float, prepared->output_elements);
    Status status = prepare(prepared, arena);
    assert(status == OK); /* scales and weights were checked with the model */
    (void)status;
    return prepared;
}

void float_op_run(const FloatOp *prepared, const int32_t *input, int32_t *output)
{
    const Op *op = prepared->op;
    const size_t in = (size_t)prepared->input_elements * sizeof *prepared->input;
    const size_t out = (size_t)prepared->output_elements * sizeof *prepared->output;
    if (op->kind == OP_TO_FLOAT) {
        float_from_integers(&prepared->bridge, input, prepared->output_elements, prepared->output);
        memcpy(output, prepared->output, out);
        return;
    }
    memcpy(prepared->input, input, in);
    if (op->kind == OP_TO_INTEGER) {
        float_to_integers(&prepared->bridge, prepared->input, prepared->output_elements, output);
        return;
    }
    KERNELS[op->kind](&prepared->layer, prepared->input, 1, prepared->output);
    memcpy(output, prepared->output, out);
}
