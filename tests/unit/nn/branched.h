/* branched.h: a network with branches, and with one layer of every kind, for the tests of several
 * rooms. */
#ifndef TESTS_UNIT_NN_BRANCHED_H
#define TESTS_UNIT_NN_BRANCHED_H

#include "tests/unit/nn/graphs.h"

enum { BRANCHED_SIDE = 8, BRANCHED_CLASSES = 4 };

static inline int reading(Graph *graph, int input, Layer layer)
{
    layer.inputs[0] = input;
    layer.input_count = 1;
    return graph_add(graph, layer);
}

static inline int joining(Graph *graph, LayerKind kind, const char *name, const int *inputs,
                          int count)
{
    Layer layer = {.kind = kind, .name = name, .input_count = count};
    memcpy(layer.inputs, inputs, (size_t)count * sizeof *inputs);
    return graph_add(graph, layer);
}

static inline Layer padding_of(const char *name, int top, int bottom, int left, int right)
{
    return (Layer){.kind = LAYER_ZERO_PAD2D,
                   .name = name,
                   .window = {1, 1, 1, 1, false, top, bottom, left, right}};
}

static inline Layer activated(Layer layer, Activation activation, double limit, double slope)
{
    layer.activation = activation;
    layer.activation_limit = limit;
    layer.activation_slope = slope;
    return layer;
}

/* 8x8x4 to the same: padding, a depthwise and a pointwise convolution, added to what came. */
static inline int residual_block(Graph *graph, Rng *rng, int input)
{
    int at = reading(graph, input, padding_of("pad", 1, 1, 1, 1));
    Layer depthwise = depthwise_layer(graph, rng, window_of(3, 3, 1, false), 4, 2);
    at = reading(graph, at, activated(depthwise, ACTIVATION_RELU, 0, 0));
    at =
        reading(graph, at,
                conv_layer(graph, rng, "pointwise", window_of(1, 1, 1, false), (Shape){2, {8, 4}}));
    at = joining(graph, LAYER_ADD, "sum", (const int[]){input, at}, 2);
    graph->layers[at].activation = ACTIVATION_RELU;
    return at;
}

/* 8x8x4 to 8x8x12: a smaller image enlarged again, a convolution, and what came. */
static inline int pyramid(Graph *graph, Rng *rng, int input)
{
    int small = reading(
        graph, input,
        (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window_of(2, 2, 2, false)});
    small = reading(graph, small, padding_of("border", 0, 1, 1, 0));
    small = reading(
        graph, small,
        (Layer){.kind = LAYER_MAX_POOL2D, .name = "slide", .window = window_of(2, 2, 1, false)});
    small = reading(
        graph, small,
        (Layer){
            .kind = LAYER_UPSAMPLE2D, .name = "enlarge", .factor_height = 2, .factor_width = 2});
    Layer side = conv_layer(graph, rng, "side", window_of(1, 1, 1, false), (Shape){2, {4, 4}});
    int beside = reading(graph, input, activated(side, ACTIVATION_LEAKY_RELU, 0, 0.2));
    return joining(graph, LAYER_CONCATENATE, "channels", (const int[]){small, beside, input}, 3);
}

/* Simple already: 8x8x1 images to 4 classes. */
static inline Graph *branched_network(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    Graph *graph = graph_of_input(shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1));
    Layer first = conv_layer(graph, &rng, "first", window_of(3, 3, 1, true), (Shape){2, {1, 4}});
    int at = reading(graph, 0, activated(first, ACTIVATION_RELU, 0.9, 0));
    at = residual_block(graph, &rng, at);
    at = pyramid(graph, &rng, at);
    int mean = reading(graph, at, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "mean"});
    int most = reading(graph, at, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "most"});
    at = joining(graph, LAYER_CONCATENATE, "both", (const int[]){mean, most}, 2);
    Layer hidden = dense_layer(graph, &rng, "hidden", 24, 6);
    at = reading(graph, at, activated(hidden, ACTIVATION_HARD_SIGMOID, 0, 0.2));
    Layer last = dense_layer(graph, &rng, "digit", 6, BRANCHED_CLASSES);
    reading(graph, at, activated(last, ACTIVATION_SOFTMAX, 0, 0));
    Status status = graph_infer_shapes(graph);
    assert(status == OK);
    (void)status;
    return graph;
}

#endif
