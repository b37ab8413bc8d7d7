#include "nn/kernels.h"

void batch_norm_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    int64_t channels = shape_channels(packed->layer->output_shape);
    int64_t pixels = images * (shape_elements(packed->layer->output_shape) / channels);
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < channels; c++)
            output[p * channels + c] = input[p * channels + c] * packed->taps[c] + packed->bias[c];
}
