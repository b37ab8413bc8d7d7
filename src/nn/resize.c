/* resize.c: zero padding and nearest-neighbour upsampling. */
#include <string.h>

#include "nn/kernels.h"

/* The bytes of one row of a shape (height, width, channels). */
static size_t row_bytes(Shape shape)
{
    return (size_t)(shape.dim[1] * shape.dim[2]) * sizeof(float);
}

/* Where row `y` of the input lies in the padded output. */
static int64_t place_of_row(const Layer *layer, int64_t y)
{
    Shape to = layer->output_shape;
    return ((y + layer->window.pad_top) * to.dim[1] + layer->window.pad_left) * to.dim[2];
}

void zero_pad2d_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    const Layer *layer = packed->layer;
    Shape from = layer->input_shape;
    int64_t elements = shape_elements(layer->output_shape);
    memset(output, 0, (size_t)(images * elements) * sizeof *output);
    for (int i = 0; i < images; i++, output += elements)
        for (int64_t y = 0; y < from.dim[0]; y++, input += from.dim[1] * from.dim[2])
            memcpy(output + place_of_row(layer, y), input, row_bytes(from));
}

void zero_pad2d_backward(const Layer *layer, const float *gradient, int images,
                         float *input_gradient)
{
    Shape from = layer->input_shape;
    int64_t row = from.dim[1] * from.dim[2];
    for (int i = 0; i < images; i++, gradient += shape_elements(layer->output_shape))
        for (int64_t y = 0; y < from.dim[0]; y++, input_gradient += row)
            memcpy(input_gradient, gradient + place_of_row(layer, y), row_bytes(from));
}

void upsample2d_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    const Layer *layer = packed->layer;
    Shape from = layer->input_shape, to = layer->output_shape;
    int64_t channels = from.dim[2], row = to.dim[1] * channels;
    for (int64_t y = 0; y < images * from.dim[0]; y++) {
        float *pixel = output;
        for (int64_t x = 0; x < from.dim[1]; x++, input += channels)
            for (int copy = 0; copy < layer->factor_width; copy++, pixel += channels)
                memcpy(pixel, input, (size_t)channels * sizeof *pixel);
        for (int copy = 1; copy < layer->factor_height; copy++)
            memcpy(output + copy * row, output, row_bytes(to));
        output += layer->factor_height * row;
    }
}

/* Adds the pixels of one row to those that they are copies of. */
static void gather_row(const Layer *layer, const float *gradient, float *sums)
{
    int64_t channels = layer->input_shape.dim[2];
    for (int64_t x = 0; x < layer->input_shape.dim[1]; x++, sums += channels)
        for (int copy = 0; copy < layer->factor_width; copy++, gradient += channels)
            for (int64_t c = 0; c < channels; c++)
                sums[c] += gradient[c];
}

void upsample2d_backward(const Layer *layer, const float *gradient, int images,
                         float *input_gradient)
{
    Shape from = layer->input_shape;
    int64_t row = layer->output_shape.dim[1] * from.dim[2];
    memset(input_gradient, 0, (size_t)images * (size_t)from.dim[0] * row_bytes(from));
    for (int64_t y = 0; y < images * from.dim[0]; y++) {
        for (int copy = 0; copy < layer->factor_height; copy++, gradient += row)
            gather_row(layer, gradient, input_gradient);
        input_gradient += from.dim[1] * from.dim[2];
    }
}
