#include <string.h>

#include "nn/kernels.h"

/* One block of output channels of one pixel. A kernel row of all its columns and channels is
 * contiguous in the image and in the taps; padding takes part with nothing. */
static void convolve_block(const PackedLayer *packed, const float *input, WindowSpan rows,
                           WindowSpan columns, float sums[KERNEL_BLOCK], int64_t channel, int lanes)
{
    const Layer *layer = packed->layer;
    int64_t channels = shape_channels(layer->input_shape);
    int64_t width = layer->input_shape.dim[1];
    int64_t run = (columns.last - columns.first) * channels;
    memcpy(sums, packed->bias + channel, (size_t)lanes * sizeof *sums);
    for (int64_t ky = rows.first; ky < rows.last; ky++) {
        int64_t pixel = (rows.origin + ky) * width + columns.origin + columns.first;
        int64_t tap = (ky * layer->window.kernel_width + columns.first) * channels;
        kernel_accumulate(sums, input + pixel * channels, run,
                          packed->taps + tap * packed->lanes + channel, packed->lanes, lanes);
    }
}

void conv2d_forward(const PackedLayer *packed, const float *input, float *output)
{
    const Layer *layer = packed->layer;
    int64_t height = layer->output_shape.dim[0], width = layer->output_shape.dim[1];
    int64_t channels = shape_channels(layer->output_shape);
    float sums[KERNEL_BLOCK];
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++, output += channels)
            for (int64_t c = 0; c < channels; c += KERNEL_BLOCK) {
                int64_t left = packed->lanes - c, wanted = channels - c;
                int lanes = left < KERNEL_BLOCK ? (int)left : KERNEL_BLOCK;
                convolve_block(packed, input, window_rows(layer, y), window_columns(layer, x), sums,
                               c, lanes);
                memcpy(output + c, sums,
                       (size_t)(wanted < lanes ? wanted : lanes) * sizeof *output);
            }
}
