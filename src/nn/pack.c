/* pack.c: a layer's constants, padded to whole vectors. */
#include <math.h>
#include <string.h>

#include "nn/kernels.h"

static float *pad_rows(Arena *arena, const float *values, int64_t rows, int64_t columns,
                       int64_t lanes)
{
    float *padded = ARENA_ARRAY(arena, float, rows *lanes);
    for (int64_t r = 0; r < rows; r++)
        memcpy(padded + r * lanes, values + r * columns, (size_t)columns * sizeof *values);
    return padded;
}

static void pack_weights(Arena *arena, PackedLayer *packed)
{
    const Layer *layer = packed->layer;
    int64_t channels = shape_channels(layer->output_shape);
    int64_t rows = shape_elements(layer->kernel.shape) / channels;
    packed->taps = pad_rows(arena, layer->kernel.data, rows, channels, packed->lanes);
    packed->bias = layer->bias.data ? pad_rows(arena, layer->bias.data, 1, channels, packed->lanes)
                                    : ARENA_ARRAY(arena, float, packed->lanes);
}

/* y = (x - mean) * gamma / sqrt(variance + epsilon) + beta as factor * x + shift. */
static void pack_batch_norm(Arena *arena, PackedLayer *packed)
{
    const Layer *layer = packed->layer;
    float *factor = ARENA_ARRAY(arena, float, packed->lanes);
    float *shift = ARENA_ARRAY(arena, float, packed->lanes);
    for (int64_t c = 0; c < shape_channels(layer->output_shape); c++) {
        double gamma = layer->gamma.data ? (double)layer->gamma.data[c] : 1.0;
        double beta = layer->beta.data ? (double)layer->beta.data[c] : 0.0;
        double scale = gamma / sqrt((double)layer->variance.data[c] + layer->epsilon);
        factor[c] = (float)scale;
        shift[c] = (float)(beta - (double)layer->mean.data[c] * scale);
    }
    packed->taps = factor;
    packed->bias = shift;
}

PackedLayer kernel_pack(Arena *arena, const Layer *layer)
{
    int64_t channels = shape_channels(layer->output_shape);
    PackedLayer packed = {.layer = layer,
                          .lanes = (channels + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES};
    if (layer->kind == LAYER_CONV2D || layer->kind == LAYER_DENSE)
        pack_weights(arena, &packed);
    else if (layer->kind == LAYER_BATCH_NORM)
        pack_batch_norm(arena, &packed);
    return packed;
}
