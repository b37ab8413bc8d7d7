/* networks.h: a small network and images that it can learn, made in memory. */
#ifndef TESTS_UNIT_OPTIMIZE_NETWORKS_H
#define TESTS_UNIT_OPTIMIZE_NETWORKS_H

#include "../nn/graphs.h"
#include "graph/passes.h"
#include "quant/quantizer.h"

enum { SIDE = 8, CLASSES = 4 };

/* A bright patch in one of four corners, and noise: the corner is the label. */
static inline Dataset *corner_images(uint64_t seed, int64_t count)
{
    Rng rng = rng_seed(seed);
    Dataset *dataset = random_dataset(&rng, count, shape_of(3, SIDE, SIDE, 1), CLASSES);
    float *pixels = ARENA_ARRAY(dataset->arena, float, count *SIDE *SIDE);
    for (int64_t i = 0; i < count; i++) {
        int top = dataset->labels[i] / 2 * 4, left = dataset->labels[i] % 2 * 4;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                bool bright = y >= top && y < top + 4 && x >= left && x < left + 4;
                pixels[(i * SIDE + y) * SIDE + x] =
                    (float)((bright ? 0.35 : 0) + 0.65 * rng_uniform(&rng));
            }
    }
    dataset->values = pixels;
    return dataset;
}

/* conv-relu, batch norm, max pool, dense: the norm folds nowhere. */
static inline Graph *norm_network(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    Graph *graph = graph_of_input(shape_of(3, SIDE, SIDE, 1));
    Layer first = conv_layer(graph, &rng, "conv", window_of(3, 3, 1, true), (Shape){2, {1, 4}});
    first.activation = ACTIVATION_RELU;
    chain(graph, first);
    chain(graph, norm_layer(graph, &rng, "norm", 4));
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window_of(2, 2, 2, false)});
    Layer last = dense_layer(graph, &rng, "digit", 64, CLASSES);
    last.activation = ACTIVATION_SOFTMAX;
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, last);
    Status status = graph_infer_shapes(graph);
    assert(status == OK);
    (void)status;
    return graph;
}

/* conv-relu, max pool, conv-`activation`, flatten, dense-softmax; simple already. */
static inline Graph *corner_network(uint64_t seed, Activation activation)
{
    Rng rng = rng_seed(seed);
    Graph *graph = graph_of_input(shape_of(3, SIDE, SIDE, 1));
    Layer first = conv_layer(graph, &rng, "conv_1", window_of(3, 3, 1, true), (Shape){2, {1, 4}});
    first.activation = ACTIVATION_RELU;
    chain(graph, first);
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window_of(2, 2, 2, false)});
    Layer second = conv_layer(graph, &rng, "conv_2", window_of(3, 3, 1, false), (Shape){2, {4, 5}});
    second.activation = activation;
    chain(graph, second);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    Layer last = dense_layer(graph, &rng, "digit", 20, CLASSES);
    last.activation = ACTIVATION_SOFTMAX;
    chain(graph, last);
    Status status = graph_infer_shapes(graph);
    assert(status == OK);
    (void)status;
    return graph;
}

static inline Scheme corner_scheme(const Graph *graph, int bits, Granularity granularity)
{
    const LayerScheme choice = {.weight_bits = bits,
                                .activation_bits = bits,
                                .calibrator = calibrator_find("minmax"),
                                .granularity = granularity};
    Scheme scheme = scheme_uniform(graph->arena, graph, choice);
    scheme.layers[graph->count - 1].activation_bits = 11; /* few inputs: 16 bits are out of reach */
    return scheme;
}

#endif
