/* graphs.h: small graphs and datasets made in memory, for the tests of this room and of quant. */
#ifndef TESTS_UNIT_NN_GRAPHS_H
#define TESTS_UNIT_NN_GRAPHS_H

#include <string.h>

#include "base/rng.h"
#include "data/dataset.h"
#include "graph/graph.h"

/* Uniform in -reach..reach. */
static inline float random_value(Rng *rng, double reach)
{
    return (float)((2 * rng_uniform(rng) - 1) * reach);
}

static inline Tensor random_tensor(Arena *arena, Rng *rng, Shape shape, double reach)
{
    Tensor tensor = tensor_new(arena, shape);
    for (int64_t i = 0; i < shape_elements(shape); i++)
        tensor.data[i] = random_value(rng, reach);
    return tensor;
}

static inline Graph *graph_of_input(Shape shape)
{
    Graph *graph = graph_new("test");
    graph_add(graph, (Layer){.kind = LAYER_INPUT, .name = "image", .output_shape = shape});
    return graph;
}

/* Appends a layer that reads the one before. */
static inline int chain(Graph *graph, Layer layer)
{
    layer.inputs[0] = graph->count - 1;
    layer.input_count = 1;
    return graph_add(graph, layer);
}

static inline Window window_of(int kernel_height, int kernel_width, int stride, bool same)
{
    return (Window){.kernel_height = kernel_height,
                    .kernel_width = kernel_width,
                    .stride_height = stride,
                    .stride_width = stride,
                    .same = same};
}

static inline Layer conv_layer(Graph *graph, Rng *rng, const char *name, Window window,
                               Shape in_out)
{
    Shape kernel = {4, {window.kernel_height, window.kernel_width, in_out.dim[0], in_out.dim[1]}};
    return (Layer){.kind = LAYER_CONV2D,
                   .name = name,
                   .window = window,
                   .kernel = random_tensor(graph->arena, rng, kernel, 0.5),
                   .bias = random_tensor(graph->arena, rng, shape_of(1, (int)in_out.dim[1]), 0.3)};
}

/* `channels` channels, `multiplier` kernels each. */
static inline Layer depthwise_layer(Graph *graph, Rng *rng, Window window, int channels,
                                    int multiplier)
{
    Shape kernel = {4, {window.kernel_height, window.kernel_width, channels, multiplier}};
    return (Layer){.kind = LAYER_DEPTHWISE_CONV2D,
                   .name = "depthwise",
                   .window = window,
                   .kernel = random_tensor(graph->arena, rng, kernel, 0.5),
                   .bias =
                       random_tensor(graph->arena, rng, shape_of(1, channels * multiplier), 0.3)};
}

/* Appends a layer that reads two others. */
static inline int join(Graph *graph, LayerKind kind, int first, int second)
{
    return graph_add(
        graph, (Layer){.kind = kind, .name = "join", .inputs = {first, second}, .input_count = 2});
}

static inline Layer dense_layer(Graph *graph, Rng *rng, const char *name, int inputs, int units)
{
    return (Layer){.kind = LAYER_DENSE,
                   .name = name,
                   .kernel = random_tensor(graph->arena, rng, shape_of(2, inputs, units), 0.5),
                   .bias = random_tensor(graph->arena, rng, shape_of(1, units), 0.3)};
}

static inline Layer norm_layer(Graph *graph, Rng *rng, const char *name, int channels)
{
    Shape shape = shape_of(1, channels);
    Layer layer = {.kind = LAYER_BATCH_NORM,
                   .name = name,
                   .gamma = random_tensor(graph->arena, rng, shape, 1),
                   .beta = random_tensor(graph->arena, rng, shape, 0.5),
                   .mean = random_tensor(graph->arena, rng, shape, 0.5),
                   .variance = random_tensor(graph->arena, rng, shape, 0.4),
                   .epsilon = 0.001};
    for (int c = 0; c < channels; c++)
        layer.variance.data[c] += 1;
    return layer;
}

/* Uniform images in 0..1, labels counted round 0..classes-1. In an arena of its own. */
static inline Dataset *random_dataset(Rng *rng, int64_t count, Shape shape, int classes)
{
    Arena *arena = arena_new();
    Dataset *dataset = ARENA_NEW(arena, Dataset);
    int64_t values = count * shape_elements(shape);
    float *pixels = ARENA_ARRAY(arena, float, values);
    int32_t *labels = ARENA_ARRAY(arena, int32_t, count);
    for (int64_t i = 0; i < values; i++)
        pixels[i] = (float)rng_uniform(rng);
    for (int64_t i = 0; i < count; i++)
        labels[i] = (int32_t)(i % classes);
    *dataset = (Dataset){.arena = arena,
                         .path = "memory",
                         .count = count,
                         .shape = shape,
                         .values = pixels,
                         .labels = labels,
                         .classes = classes,
                         .scale = 1};
    return dataset;
}

#endif
