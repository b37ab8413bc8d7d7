#include "graph/graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const LayerInfo INFO[LAYER_KINDS] = {
    [LAYER_INPUT] = {.keras_class = "InputLayer", .word = "input"},
    [LAYER_CONV2D] = {.keras_class = "Conv2D", .word = "conv2d", .has_kernel = true},
    [LAYER_DENSE] = {.keras_class = "Dense", .word = "dense", .has_kernel = true},
    [LAYER_BATCH_NORM] = {.keras_class = "BatchNormalization", .word = "batch_norm"},
    [LAYER_MAX_POOL2D] = {.keras_class = "MaxPooling2D", .word = "max_pool2d"},
    [LAYER_AVERAGE_POOL2D] = {.keras_class = "AveragePooling2D", .word = "average_pool2d"},
    [LAYER_FLATTEN] = {.keras_class = "Flatten", .word = "flatten"},
    [LAYER_RESHAPE] = {.keras_class = "Reshape", .word = "reshape"},
    [LAYER_DROPOUT] = {.keras_class = "Dropout", .word = "dropout"},
    [LAYER_ACTIVATION] = {.keras_class = "Activation", .word = "activation"},
    [LAYER_DEPTHWISE_CONV2D] = {.keras_class = "DepthwiseConv2D",
                                .word = "depthwise_conv2d",
                                .has_kernel = true},
    [LAYER_ZERO_PAD2D] = {.keras_class = "ZeroPadding2D", .word = "zero_pad2d"},
    [LAYER_GLOBAL_AVERAGE_POOL2D] = {.keras_class = "GlobalAveragePooling2D",
                                     .word = "global_average_pool2d"},
    [LAYER_GLOBAL_MAX_POOL2D] = {.keras_class = "GlobalMaxPooling2D", .word = "global_max_pool2d"},
    [LAYER_ADD] = {.keras_class = "Add", .word = "add", .joins = true},
    [LAYER_CONCATENATE] = {.keras_class = "Concatenate", .word = "concatenate", .joins = true},
    [LAYER_UPSAMPLE2D] = {.keras_class = "UpSampling2D", .word = "upsample2d"},
};

static const char *const ACTIVATION_WORDS[ACTIVATIONS] = {
    [ACTIVATION_LINEAR] = "linear",
    [ACTIVATION_RELU] = "relu",
    [ACTIVATION_TANH] = "tanh",
    [ACTIVATION_SIGMOID] = "sigmoid",
    [ACTIVATION_SOFTMAX] = "softmax",
    [ACTIVATION_LEAKY_RELU] = "leaky_relu",
    [ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
};

const LayerInfo *layer_info(LayerKind kind)
{
    assert(kind < LAYER_KINDS);
    return &INFO[kind];
}

const char *activation_word(Activation activation)
{
    assert(activation < ACTIVATIONS);
    return ACTIVATION_WORDS[activation];
}

bool activation_parse(const char *word, Activation *activation)
{
    for (int i = 0; i < ACTIVATIONS; i++)
        if (strcmp(ACTIVATION_WORDS[i], word) == 0) {
            *activation = (Activation)i;
            return true;
        }
    return false;
}

ActivationFunction layer_function(const Layer *layer)
{
    return (ActivationFunction){layer->activation, layer->activation_limit,
                                layer->activation_slope};
}

void layer_set_function(Layer *layer, ActivationFunction function)
{
    layer->activation = function.kind;
    layer->activation_limit = function.limit;
    layer->activation_slope = function.slope;
}

const char *activation_format(ActivationFunction function, char text[ACTIVATION_TEXT_BYTES])
{
    const char *word = activation_word(function.kind);
    if (function.kind == ACTIVATION_RELU && function.limit == 6)
        snprintf(text, ACTIVATION_TEXT_BYTES, "%s6", word);
    else if (function.kind == ACTIVATION_RELU && function.limit > 0)
        snprintf(text, ACTIVATION_TEXT_BYTES, "%s(max %.6g)", word, function.limit);
    else if (function.kind == ACTIVATION_LEAKY_RELU || function.kind == ACTIVATION_HARD_SIGMOID)
        snprintf(text, ACTIVATION_TEXT_BYTES, "%s(%.6g)", word, function.slope);
    else
        snprintf(text, ACTIVATION_TEXT_BYTES, "%s", word);
    return text;
}

Graph *graph_new(const char *name)
{
    Arena *arena = arena_new();
    Graph *graph = ARENA_NEW(arena, Graph);
    graph->arena = arena;
    graph->name = arena_strdup(arena, name);
    return graph;
}

void graph_free(Graph *graph)
{
    if (graph)
        arena_free(graph->arena);
}

int graph_add(Graph *graph, Layer layer)
{
    for (int i = 0; i < layer.input_count; i++)
        assert(layer.inputs[i] >= 0 && layer.inputs[i] < graph->count);
    if (graph->count == graph->capacity) {
        int capacity = graph->capacity ? graph->capacity * 2 : 16;
        Layer *layers = ARENA_ARRAY(graph->arena, Layer, capacity);
        if (graph->count)
            memcpy(layers, graph->layers, (size_t)graph->count * sizeof *layers);
        graph->layers = layers;
        graph->capacity = capacity;
    }
    graph->layers[graph->count] = layer;
    return graph->count++;
}

int graph_find(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->layers[i].name, name) == 0)
            return i;
    return -1;
}

int graph_reader_count(const Graph *graph, int index)
{
    int count = 0;
    for (int i = index + 1; i < graph->count; i++)
        for (int k = 0; k < graph->layers[i].input_count; k++)
            count += graph->layers[i].inputs[k] == index;
    return count;
}

const Layer *graph_output(const Graph *graph)
{
    assert(graph->count > 0);
    return &graph->layers[graph->count - 1];
}

Shape graph_input_shape(const Graph *graph)
{
    assert(graph->count > 0 && graph->layers[0].kind == LAYER_INPUT);
    return graph->layers[0].output_shape;
}

static int64_t elements_or_none(Tensor tensor)
{
    return tensor.data ? shape_elements(tensor.shape) : 0;
}

int64_t layer_parameters(const Layer *layer)
{
    return elements_or_none(layer->kernel) + elements_or_none(layer->bias) +
           elements_or_none(layer->gamma) + elements_or_none(layer->beta) +
           elements_or_none(layer->mean) + elements_or_none(layer->variance);
}

int64_t graph_parameters(const Graph *graph)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->count; i++)
        sum += layer_parameters(&graph->layers[i]);
    return sum;
}

int64_t layer_macs(const Layer *layer)
{
    Shape output = shape_as_image(layer->output_shape);
    if (layer->kind == LAYER_BATCH_NORM)
        return shape_elements(output);
    if (!layer_info(layer->kind)->has_kernel)
        return 0;
    bool slides = layer->kind != LAYER_DENSE;
    return elements_or_none(layer->kernel) * (slides ? output.dim[0] * output.dim[1] : 1);
}
