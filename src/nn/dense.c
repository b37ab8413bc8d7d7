#include <string.h>

#include "nn/kernels.h"

static void dense_row(const PackedLayer *packed, const float *input, float *output)
{
    int64_t inputs = shape_channels(packed->layer->input_shape);
    int64_t units = shape_channels(packed->layer->output_shape);
    float sums[KERNEL_BLOCK];
    for (int64_t c = 0; c < units; c += KERNEL_BLOCK) {
        int64_t left = packed->lanes - c, wanted = units - c;
        int lanes = left < KERNEL_BLOCK ? (int)left : KERNEL_BLOCK;
        memcpy(sums, packed->bias + c, (size_t)lanes * sizeof *sums);
        kernel_accumulate(sums, input, inputs, packed->taps + c, packed->lanes, lanes);
        memcpy(output + c, sums, (size_t)(wanted < lanes ? wanted : lanes) * sizeof *output);
    }
}

/* As in Keras, a dense layer works on the last axis: each pixel of an image by itself. */
void dense_forward(const PackedLayer *packed, const float *input, float *output)
{
    int64_t inputs = shape_channels(packed->layer->input_shape);
    int64_t units = shape_channels(packed->layer->output_shape);
    int64_t rows = shape_elements(packed->layer->input_shape) / inputs;
    for (int64_t r = 0; r < rows; r++)
        dense_row(packed, input + r * inputs, output + r * units);
}
