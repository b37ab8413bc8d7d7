/* join.c: layers that read several others. */
#include <string.h>

#include "nn/kernels.h"

void add_forward(const Join *join, float *output)
{
    int64_t count = join->images * shape_elements(join->layer->output_shape);
    memcpy(output, join->inputs[0], (size_t)count * sizeof *output);
    for (int k = 1; k < join->layer->input_count; k++)
        join->kernels->add(join->inputs[k], count, output);
}

void add_backward(const Join *join, int from, const float *gradient, float *input_gradient)
{
    (void)from;
    int64_t count = join->images * shape_elements(join->layer->output_shape);
    memcpy(input_gradient, gradient, (size_t)count * sizeof *gradient);
}

static int64_t pixel_count(const Join *join)
{
    Shape shape = join->layer->output_shape;
    return join->images * shape_elements(shape) / shape_channels(shape);
}

void concatenate_forward(const Join *join, float *output)
{
    int64_t pixels = pixel_count(join);
    for (int64_t p = 0; p < pixels; p++)
        for (int k = 0; k < join->layer->input_count; k++) {
            int64_t channels = join->channels[k];
            memcpy(output, join->inputs[k] + p * channels, (size_t)channels * sizeof *output);
            output += channels;
        }
}

void concatenate_backward(const Join *join, int from, const float *gradient, float *input_gradient)
{
    int64_t pixels = pixel_count(join), all = shape_channels(join->layer->output_shape);
    int64_t channels = join->channels[from];
    for (int k = 0; k < from; k++)
        gradient += join->channels[k];
    for (int64_t p = 0; p < pixels; p++)
        memcpy(input_gradient + p * channels, gradient + p * all,
               (size_t)channels * sizeof *gradient);
}
