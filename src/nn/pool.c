/* pool.c: the window slides over the part of the image that is there: padding never wins a maximum
 * and is not counted in a mean, as in Keras. */
#include <math.h>

#include "nn/kernels.h"

typedef void Reduce(const float *input, int64_t count, float *output);

static void take_maximum(const float *input, int64_t count, float *output)
{
    for (int64_t c = 0; c < count; c++)
        output[c] = input[c] > output[c] ? input[c] : output[c];
}

static void add(const float *input, int64_t count, float *output)
{
    for (int64_t c = 0; c < count; c++)
        output[c] += input[c];
}

/* All channels of one output pixel, starting from `neutral`. */
static void reduce_window(const Layer *layer, const float *input, WindowSpan rows,
                          WindowSpan columns, Reduce *reduce, float *output)
{
    int64_t channels = shape_channels(layer->input_shape);
    int64_t width = layer->input_shape.dim[1];
    for (int64_t ky = rows.first; ky < rows.last; ky++)
        for (int64_t kx = columns.first; kx < columns.last; kx++) {
            int64_t pixel = (rows.origin + ky) * width + columns.origin + kx;
            reduce(input + pixel * channels, channels, output);
        }
}

void max_pool2d_forward(const PackedLayer *packed, const float *input, float *output)
{
    const Layer *layer = packed->layer;
    int64_t channels = shape_channels(layer->output_shape);
    for (int64_t y = 0; y < layer->output_shape.dim[0]; y++)
        for (int64_t x = 0; x < layer->output_shape.dim[1]; x++, output += channels) {
            for (int64_t c = 0; c < channels; c++)
                output[c] = -INFINITY;
            reduce_window(layer, input, window_rows(layer, y), window_columns(layer, x),
                          take_maximum, output);
        }
}

void average_pool2d_forward(const PackedLayer *packed, const float *input, float *output)
{
    const Layer *layer = packed->layer;
    int64_t channels = shape_channels(layer->output_shape);
    for (int64_t y = 0; y < layer->output_shape.dim[0]; y++)
        for (int64_t x = 0; x < layer->output_shape.dim[1]; x++, output += channels) {
            WindowSpan rows = window_rows(layer, y), columns = window_columns(layer, x);
            for (int64_t c = 0; c < channels; c++)
                output[c] = 0;
            reduce_window(layer, input, rows, columns, add, output);
            float seen = (float)((rows.last - rows.first) * (columns.last - columns.first));
            for (int64_t c = 0; c < channels; c++)
                output[c] /= seen;
        }
}
