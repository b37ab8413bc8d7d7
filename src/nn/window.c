#include "nn/kernels.h"

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
