/* conv2d.c: convolution and its gradients as products of image rows with taps.
 *
 * A kernel row of all its columns and channels is contiguous in a channels-last image, so a pixel's
 * sum is a few runs of values. Padding is written out as zeros round a copy of the image.
 */
#include <string.h>

#include "nn/kernels.h"
#include "nn/pack.h"

/* Copies (height, width, channels) into a larger image of zeros, apart by the strides. */
static void spread(const float *values, Shape shape, const Spread *place, float *padded)
{
    int64_t channels = shape.dim[2];
    for (int64_t y = 0; y < shape.dim[0]; y++) {
        int64_t row = place->top + y * place->stride_height;
        float *line = padded + (row * place->width + place->left) * channels;
        const float *from = values + y * shape.dim[1] * channels;
        if (place->stride_width == 1) {
            memcpy(line, from, (size_t)(shape.dim[1] * channels) * sizeof *line);
            continue;
        }
        for (int64_t x = 0; x < shape.dim[1]; x++)
            memcpy(line + x * place->stride_width * channels, from + x * channels,
                   (size_t)channels * sizeof *line);
    }
}

static const float *padded_image(const PackedLayer *packed, const float *image)
{
    if (!packed->scratch)
        return image;
    Spread around = spread_of_input(packed->layer);
    spread(image, packed->layer->input_shape, &around, packed->scratch);
    return packed->scratch;
}

void conv2d_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    const Layer *layer = packed->layer;
    const Window *w = &layer->window;
    int64_t channels = layer->input_shape.dim[2];
    int64_t line = spread_of_input(layer).width * channels;
    Product product = {.step = w->stride_width * channels,
                       .segments = w->kernel_height,
                       .segment_stride = line,
                       .run = w->kernel_width * channels,
                       .taps = packed->taps,
                       .lanes = packed->lanes,
                       .bias = packed->bias,
                       .rows = layer->output_shape.dim[1],
                       .columns = layer->output_shape.dim[2],
                       .output = output};
    for (int i = 0; i < images; i++, input += shape_elements(layer->input_shape)) {
        product.input = padded_image(packed, input);
        for (int64_t y = 0; y < layer->output_shape.dim[0]; y++) {
            packed->kernels->multiply(&product);
            product.input += w->stride_height * line;
            product.output += product.rows * product.columns;
        }
    }
}

/* A pixel's gradient is the sum over the outputs that saw it: a convolution of stride 1 of the
 * output gradient, spread by the strides, with the kernel turned by half a turn. */
void conv2d_backward_input(const PackedLayer *packed, const float *gradient, int images,
                           float *input_gradient)
{
    const Layer *layer = packed->layer;
    const Window *w = &layer->window;
    int64_t channels = layer->output_shape.dim[2];
    Spread around = spread_of_gradient(layer);
    Product product = {.step = channels,
                       .segments = w->kernel_height,
                       .segment_stride = around.width * channels,
                       .run = w->kernel_width * channels,
                       .taps = packed->taps,
                       .lanes = packed->lanes,
                       .bias = packed->bias,
                       .rows = layer->input_shape.dim[1],
                       .columns = layer->input_shape.dim[2],
                       .output = input_gradient};
    for (int i = 0; i < images; i++, gradient += shape_elements(layer->output_shape)) {
        spread(gradient, layer->output_shape, &around, packed->scratch);
        product.input = packed->scratch;
        for (int64_t y = 0; y < layer->input_shape.dim[0]; y++) {
            packed->kernels->multiply(&product);
            product.input += around.width * channels;
            product.output += product.rows * product.columns;
        }
    }
}

void conv2d_backward_weights(const PackedLayer *packed, const float *input, const float *gradient,
                             int images, WeightSums sums)
{
    const Layer *layer = packed->layer;
    Correlation taps = window_correlation(packed, layer->input_shape.dim[2], gradient, sums);
    Correlation bias = bias_correlation(&taps, sums);
    taps.run = layer->window.kernel_width * layer->input_shape.dim[2];
    for (int i = 0; i < images; i++) {
        taps.input = padded_image(packed, input + i * shape_elements(layer->input_shape));
        packed->kernels->correlate(&taps);
        packed->kernels->correlate(&bias);
        taps.gradient = bias.gradient += shape_elements(layer->output_shape);
    }
}
