#include "nn/kernels.h"
#include "nn/pack.h"

static WindowSpan span_of(int64_t origin, int kernel, int64_t size)
{
    return (WindowSpan){.origin = origin,
                        .first = origin < 0 ? -origin : 0,
                        .last = origin + kernel > size ? size - origin : kernel};
}

WindowSpan window_rows(const Layer *layer, int64_t output_row)
{
    const Window *w = &layer->window;
    return span_of(output_row * w->stride_height - w->pad_top, w->kernel_height,
                   layer->input_shape.dim[0]);
}

WindowSpan window_columns(const Layer *layer, int64_t output_column)
{
    const Window *w = &layer->window;
    return span_of(output_column * w->stride_width - w->pad_left, w->kernel_width,
                   layer->input_shape.dim[1]);
}

Correlation window_correlation(const PackedLayer *packed, int64_t pixel, const float *gradient,
                               WeightSums sums)
{
    const Layer *layer = packed->layer;
    const Window *w = &layer->window;
    int64_t line = spread_of_input(layer).width * pixel;
    return (Correlation){.row_stride = w->stride_height * line,
                         .step = w->stride_width * pixel,
                         .segments = w->kernel_height,
                         .segment_stride = line,
                         .rows = layer->output_shape.dim[0],
                         .columns = layer->output_shape.dim[1],
                         .gradient = gradient,
                         .channels = layer->output_shape.dim[2],
                         .sums = sums.taps,
                         .lanes = packed->lanes};
}

Correlation bias_correlation(const Correlation *taps, WeightSums sums)
{
    static const float ONE = 1;
    Correlation bias = *taps;
    bias.input = &ONE;
    bias.row_stride = bias.step = bias.segment_stride = 0;
    bias.segments = bias.run = 1;
    bias.sums = sums.bias;
    return bias;
}
