/* depthwise.c: depthwise convolution and its gradients, value by value of whole vectors of
 * channels.
 *
 * The image is copied into one with its padding, where each channel stands as often as it has
 * kernels, and a pixel takes whole blocks: so output channel c reads lane c only.
 */
#include <string.h>

#include "nn/kernels.h"
#include "nn/pack.h"

static int64_t multiplier_of(const Layer *layer)
{
    return layer->output_shape.dim[2] / layer->input_shape.dim[2];
}

/* One pixel, each channel `multiplier` times. */
static void repeat_channels(const float *from, int64_t channels, int64_t multiplier, float *pixel)
{
    for (int64_t c = 0; c < channels; c++)
        for (int64_t m = 0; m < multiplier; m++)
            *pixel++ = from[c];
}

/* Copies (height, width, channels) into a larger image of zeros, apart by the strides. */
static void spread(const float *values, Shape shape, const Spread *place, int64_t multiplier,
                   const PackedLayer *packed)
{
    int64_t channels = shape.dim[2];
    for (int64_t y = 0; y < shape.dim[0]; y++) {
        int64_t row = place->top + y * place->stride_height;
        float *pixel = packed->scratch + (row * place->width + place->left) * packed->lanes;
        for (int64_t x = 0; x < shape.dim[1]; x++, values += channels) {
            if (multiplier == 1)
                memcpy(pixel, values, (size_t)channels * sizeof *pixel);
            else
                repeat_channels(values, channels, multiplier, pixel);
            pixel += place->stride_width * packed->lanes;
        }
    }
}

static Product product_of(const PackedLayer *packed, int64_t width)
{
    const Window *w = &packed->layer->window;
    return (Product){.input = packed->scratch,
                     .segments = w->kernel_height,
                     .segment_stride = width * packed->lanes,
                     .run = w->kernel_width,
                     .taps = packed->taps,
                     .lanes = packed->lanes,
                     .bias = packed->bias,
                     .columns = packed->layer->output_shape.dim[2]};
}

void depthwise_conv2d_forward(const PackedLayer *packed, const float *input, int images,
                              float *output)
{
    const Layer *layer = packed->layer;
    const Window *w = &layer->window;
    Spread around = spread_of_input(layer);
    Product product = product_of(packed, around.width);
    product.step = w->stride_width * packed->lanes;
    product.rows = layer->output_shape.dim[1];
    product.output = output;
    for (int i = 0; i < images; i++, input += shape_elements(layer->input_shape)) {
        spread(input, layer->input_shape, &around, multiplier_of(layer), packed);
        product.input = packed->scratch;
        for (int64_t y = 0; y < layer->output_shape.dim[0]; y++) {
            packed->kernels->multiply_each(&product);
            product.input += w->stride_height * product.segment_stride;
            product.output += product.rows * product.columns;
        }
    }
}

/* A channel's gradient is the sum of those of its kernels. */
static void sum_kernels(const float *row, int64_t count, int64_t multiplier, float *sums)
{
    for (int64_t i = 0; i < count; i++) {
        sums[i] = *row++;
        for (int64_t m = 1; m < multiplier; m++)
            sums[i] += *row++;
    }
}

/* As in conv2d.c: a depthwise convolution of stride 1 of the spread gradient, with the kernels
 * turned by half a turn. With several kernels a row of their gradients lies behind the image. */
void depthwise_conv2d_backward_input(const PackedLayer *packed, const float *gradient, int images,
                                     float *input_gradient)
{
    const Layer *layer = packed->layer;
    int64_t multiplier = multiplier_of(layer);
    int64_t row = layer->input_shape.dim[1] * layer->input_shape.dim[2];
    Spread around = spread_of_gradient(layer);
    float *behind = packed->scratch + around.height * around.width * packed->lanes;
    Product product = product_of(packed, around.width);
    product.step = packed->lanes;
    product.rows = layer->input_shape.dim[1];
    for (int i = 0; i < images; i++, gradient += shape_elements(layer->output_shape)) {
        spread(gradient, layer->output_shape, &around, 1, packed);
        product.input = packed->scratch;
        for (int64_t y = 0; y < layer->input_shape.dim[0]; y++) {
            product.output = multiplier == 1 ? input_gradient : behind;
            packed->kernels->multiply_each(&product);
            if (multiplier > 1)
                sum_kernels(behind, row, multiplier, input_gradient);
            product.input += product.segment_stride;
            input_gradient += row;
        }
    }
}

void depthwise_conv2d_backward_weights(const PackedLayer *packed, const float *input,
                                       const float *gradient, int images, WeightSums sums)
{
    const Layer *layer = packed->layer;
    Spread around = spread_of_input(layer);
    Correlation taps = window_correlation(packed, packed->lanes, gradient, sums);
    Correlation bias = bias_correlation(&taps, sums);
    taps.run = layer->window.kernel_width;
    taps.input = packed->scratch;
    for (int i = 0; i < images; i++, input += shape_elements(layer->input_shape)) {
        spread(input, layer->input_shape, &around, multiplier_of(layer), packed);
        packed->kernels->correlate_each(&taps);
        packed->kernels->correlate(&bias);
        taps.gradient = bias.gradient += shape_elements(layer->output_shape);
    }
}
