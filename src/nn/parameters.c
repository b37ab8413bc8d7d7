#include "nn/parameters.h"

#include <string.h>

static void append(Parameters *parameters, int layer, ParameterRole role, Tensor tensor)
{
    if (!tensor.data)
        return;
    int64_t count = shape_elements(tensor.shape);
    parameters->items[parameters->count++] = (Parameter){.layer = layer,
                                                         .role = role,
                                                         .values = tensor.data,
                                                         .count = count,
                                                         .offset = parameters->total};
    parameters->total += count;
}

Parameters parameters_of(Arena *arena, const Graph *graph, float *extra, int64_t extra_count)
{
    int most = graph->count * PARAMETER_ROLES + 1;
    Parameters parameters = {.items = ARENA_ARRAY(arena, Parameter, most)};
    for (int i = 0; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        append(&parameters, i, PARAMETER_KERNEL, layer->kernel);
        append(&parameters, i, PARAMETER_BIAS, layer->bias);
        append(&parameters, i, PARAMETER_GAMMA, layer->gamma);
        append(&parameters, i, PARAMETER_BETA, layer->beta);
        append(&parameters, i, PARAMETER_MEAN, layer->mean);
        append(&parameters, i, PARAMETER_VARIANCE, layer->variance);
    }
    if (extra && extra_count > 0)
        append(&parameters, -1, PARAMETER_EXTRA, (Tensor){{1, {extra_count}}, extra});
    return parameters;
}

const Parameter *parameters_find(const Parameters *parameters, int layer, ParameterRole role)
{
    for (int i = 0; i < parameters->count; i++)
        if (parameters->items[i].layer == layer && parameters->items[i].role == role)
            return &parameters->items[i];
    return NULL;
}

bool parameter_is_trained(const Parameter *parameter)
{
    return parameter->role != PARAMETER_MEAN && parameter->role != PARAMETER_VARIANCE;
}

void parameters_save(const Parameters *parameters, float *vector)
{
    for (int i = 0; i < parameters->count; i++) {
        const Parameter *p = &parameters->items[i];
        memcpy(vector + p->offset, p->values, (size_t)p->count * sizeof *vector);
    }
}

void parameters_restore(const Parameters *parameters, const float *vector)
{
    for (int i = 0; i < parameters->count; i++) {
        const Parameter *p = &parameters->items[i];
        memcpy(p->values, vector + p->offset, (size_t)p->count * sizeof *vector);
    }
}

void parameters_hash(const Parameters *parameters, char hex[HASH_HEX_BYTES])
{
    Hash *hash = hash_new();
    for (int i = 0; i < parameters->count; i++)
        hash_update(hash, parameters->items[i].values,
                    (size_t)parameters->items[i].count * sizeof(float));
    hash_finish(hash, hex);
}
