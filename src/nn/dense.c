/* dense.c: as in Keras, a dense layer works on the last axis: each pixel of an image by itself.
 * The rows of a product are the pixels of all images. */
#include "nn/kernels.h"

static int64_t row_count(const Layer *layer, int images)
{
    return images * (shape_elements(layer->input_shape) / shape_channels(layer->input_shape));
}

static Product product_of(const PackedLayer *packed, const float *input, int64_t rows, Shape from,
                          Shape to)
{
    return (Product){.input = input,
                     .step = shape_channels(from),
                     .segments = 1,
                     .run = shape_channels(from),
                     .taps = packed->taps,
                     .lanes = packed->lanes,
                     .bias = packed->bias,
                     .rows = rows,
                     .columns = shape_channels(to)};
}

void dense_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    const Layer *layer = packed->layer;
    Product product = product_of(packed, input, row_count(layer, images), layer->input_shape,
                                 layer->output_shape);
    product.output = output;
    packed->kernels->multiply(&product);
}

void dense_backward_input(const PackedLayer *packed, const float *gradient, int images,
                          float *input_gradient)
{
    const Layer *layer = packed->layer;
    Product product = product_of(packed, gradient, row_count(layer, images), layer->output_shape,
                                 layer->input_shape);
    product.output = input_gradient;
    packed->kernels->multiply(&product);
}

void dense_backward_weights(const PackedLayer *packed, const float *input, const float *gradient,
                            int images, WeightSums sums)
{
    const Layer *layer = packed->layer;
    Correlation taps = {.input = input,
                        .row_stride = shape_channels(layer->input_shape),
                        .segments = 1,
                        .run = shape_channels(layer->input_shape),
                        .rows = row_count(layer, images),
                        .columns = 1,
                        .gradient = gradient,
                        .channels = shape_channels(layer->output_shape),
                        .sums = sums.taps,
                        .lanes = packed->lanes};
    packed->kernels->correlate(&taps);
    Correlation bias = bias_correlation(&taps, sums);
    packed->kernels->correlate(&bias);
}
