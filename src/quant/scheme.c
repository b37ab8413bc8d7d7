#include "quant/scheme.h"

/* Unless it is fused, where there is an accumulator. */
static bool has_table(const Layer *layer)
{
    return layer->activation != ACTIVATION_LINEAR && layer->activation != ACTIVATION_SOFTMAX;
}

bool layer_sets_format(const Layer *layer)
{
    switch (layer->kind) {
    case LAYER_INPUT:
    case LAYER_CONV2D:
    case LAYER_DENSE:
    case LAYER_BATCH_NORM:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_DEPTHWISE_CONV2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
    case LAYER_ADD:
    case LAYER_CONCATENATE:
        return true;
    case LAYER_MAX_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D: /* a ReLU clamps, in the format that is there */
        return layer->activation != ACTIVATION_RELU && has_table(layer);
    default:
        return has_table(layer);
    }
}

/* False for what only lets the input's values through. */
static bool changes_values(const Layer *layer)
{
    bool passes = layer->kind == LAYER_FLATTEN || layer->kind == LAYER_RESHAPE ||
                  layer->kind == LAYER_DROPOUT || layer->kind == LAYER_ACTIVATION;
    return !passes || layer_sets_format(layer);
}

void scheme_set_float(Scheme *scheme, const Graph *graph, int index)
{
    scheme->layers[index].is_float = true;
    for (int at = index; at > 0;) {
        at = graph->layers[at].inputs[0];
        if (graph_reader_count(graph, at) > 1 || (at > 0 && changes_values(&graph->layers[at])))
            return;
    }
    scheme->layers[0].activation_bits = LOGIT_BITS;
    scheme->layers[0].range = RANGE_SYMMETRIC;
}

Scheme scheme_uniform(Arena *arena, const Graph *graph, LayerScheme choice)
{
    Scheme scheme = {ARENA_ARRAY(arena, LayerScheme, graph->count), graph->count};
    for (int i = 0; i < graph->count; i++)
        scheme.layers[i] = choice;
    for (int i = graph->count - 1; i > 0; i--) {
        scheme.layers[i].activation_bits = LOGIT_BITS;
        scheme.layers[i].range = RANGE_SYMMETRIC;
        if (layer_sets_format(&graph->layers[i]))
            break;
    }
    return scheme;
}
