#include "optimize/diagonal.h"

#include <math.h>

static void replace(Graph *graph, Layer *layer)
{
    int64_t channels = shape_channels(layer->output_shape);
    bool is_image = layer->output_shape.rank > 1;
    Tensor kernel = tensor_new(graph->arena, is_image ? (Shape){4, {1, 1, channels, channels}}
                                                      : (Shape){2, {channels, channels}});
    Tensor bias = tensor_new(graph->arena, (Shape){1, {channels}});
    for (int64_t c = 0; c < channels; c++) {
        double gamma = layer->gamma.data ? (double)layer->gamma.data[c] : 1.0;
        double beta = layer->beta.data ? (double)layer->beta.data[c] : 0.0;
        double factor = gamma / sqrt((double)layer->variance.data[c] + layer->epsilon);
        kernel.data[c * channels + c] = (float)factor;
        bias.data[c] = (float)(beta - (double)layer->mean.data[c] * factor);
    }
    Layer fresh = {.kind = is_image ? LAYER_CONV2D : LAYER_DENSE,
                   .name = layer->name,
                   .inputs = {layer->inputs[0]},
                   .input_count = layer->input_count,
                   .sequence = layer->output_shape.rank == 2,
                   .kernel = kernel,
                   .bias = bias};
    if (is_image)
        fresh.window = (Window){1, 1, 1, 1, .same = false};
    layer_set_function(&fresh, layer_function(layer));
    *layer = fresh;
}

Status diagonal_replace_norms(Graph *graph)
{
    for (int i = 0; i < graph->count; i++) {
        Layer *layer = &graph->layers[i];
        if (layer->kind != LAYER_BATCH_NORM)
            continue;
        int rank = layer->output_shape.rank;
        int64_t channels = rank > 0 ? shape_channels(layer->output_shape) : 0;
        if (rank < 1 || rank > 3 || channels * channels > TENSOR_MAX_ELEMENTS)
            return error_set(ERR_REFUSED,
                             "layer %s: a batch norm of this shape is not trained on integers",
                             layer->name);
        replace(graph, layer);
    }
    return graph_infer_shapes(graph);
}
