#include "quant/scheme.h"

bool layer_sets_format(const Layer *layer)
{
    switch (layer->kind) {
    case LAYER_INPUT:
    case LAYER_CONV2D:
    case LAYER_DENSE:
    case LAYER_BATCH_NORM:
    case LAYER_AVERAGE_POOL2D:
        return true;
    case LAYER_MAX_POOL2D:
        return layer->activation == ACTIVATION_TANH || layer->activation == ACTIVATION_SIGMOID;
    default:
        return layer->activation != ACTIVATION_LINEAR && layer->activation != ACTIVATION_SOFTMAX;
    }
}

static bool changes_values(const Layer *layer)
{
    return layer_sets_format(layer) || layer->kind == LAYER_MAX_POOL2D;
}

void scheme_set_float(Scheme *scheme, const Graph *graph, int index)
{
    scheme->layers[index].is_float = true;
    int first = 1;
    while (first < index && !changes_values(&graph->layers[first]))
        first++;
    if (first < index)
        return;
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
