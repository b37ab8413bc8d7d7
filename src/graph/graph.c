#include "graph/graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const LayerInfo INFO[LAYER_KINDS] = {
    [LAYER_INPUT] = {"InputLayer", "input"},
    [LAYER_CONV2D] = {"Conv2D", "conv2d"},
    [LAYER_DENSE] = {"Dense", "dense"},
    [LAYER_BATCH_NORM] = {"BatchNormalization", "batch_norm"},
    [LAYER_MAX_POOL2D] = {"MaxPooling2D", "max_pool2d"},
    [LAYER_AVERAGE_POOL2D] = {"AveragePooling2D", "average_pool2d"},
    [LAYER_FLATTEN] = {"Flatten", "flatten"},
    [LAYER_RESHAPE] = {"Reshape", "reshape"},
    [LAYER_DROPOUT] = {"Dropout", "dropout"},
    [LAYER_ACTIVATION] = {"Activation", "activation"},
};

static const char *const ACTIVATION_WORDS[ACTIVATIONS] = {
    [ACTIVATION_LINEAR] = "linear",   [ACTIVATION_RELU] = "relu",       [ACTIVATION_TANH] = "tanh",
    [ACTIVATION_SIGMOID] = "sigmoid", [ACTIVATION_SOFTMAX] = "softmax",
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
    if (layer->kind == LAYER_DENSE)
        return elements_or_none(layer->kernel);
    if (layer->kind == LAYER_CONV2D)
        return elements_or_none(layer->kernel) * layer->output_shape.dim[0] *
               layer->output_shape.dim[1];
    return layer->kind == LAYER_BATCH_NORM ? shape_elements(layer->output_shape) : 0;
}

int64_t window_output_size(int64_t input, int kernel, int stride, bool same, int *pad_before,
                           int *pad_after)
{
    *pad_before = *pad_after = 0;
    if (!same)
        return input < kernel ? 0 : (input - kernel) / stride + 1;
    int64_t output = (input + stride - 1) / stride;
    int64_t pad = (output - 1) * stride + kernel - input;
    if (pad > 0) {
        *pad_before = (int)(pad / 2);
        *pad_after = (int)(pad - pad / 2);
    }
    return output;
}

/* ---- shapes, one function per kind -------------------------------------------------------------
 */

typedef void InferShape(Layer *layer, Blockers *blockers);

static const char *shape_text(Arena *arena, Shape shape)
{
    char text[SHAPE_TEXT_BYTES];
    return arena_strdup(arena, shape_format(shape, text));
}

/* A tensor that is there must have exactly this shape. */
static void expect_tensor(const Layer *layer, const char *what, Tensor tensor, Shape expected,
                          Blockers *blockers)
{
    if (!tensor.data || shape_equal(tensor.shape, expected))
        return;
    char found_text[SHAPE_TEXT_BYTES], expected_text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: %s has shape %s, expected %s", layer->name, what,
                 shape_format(tensor.shape, found_text), shape_format(expected, expected_text));
}

static bool expect_image(const Layer *layer, Blockers *blockers)
{
    if (layer->input_shape.rank == 3)
        return true;
    char text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: input has shape %s, expected (height, width, channels)",
                 layer->name, shape_format(layer->input_shape, text));
    return false;
}

/* Output height and width of a sliding window; false (and a blocker) when none fits. */
static bool slide_window(Layer *layer, int64_t *height, int64_t *width, Blockers *blockers)
{
    Window *w = &layer->window;
    if (w->kernel_height < 1 || w->kernel_width < 1 || w->stride_height < 1 ||
        w->stride_width < 1) {
        blockers_add(blockers, "layer %s: window %dx%d with stride %dx%d is not possible",
                     layer->name, w->kernel_height, w->kernel_width, w->stride_height,
                     w->stride_width);
        return false;
    }
    *height = window_output_size(layer->input_shape.dim[0], w->kernel_height, w->stride_height,
                                 w->same, &w->pad_top, &w->pad_bottom);
    *width = window_output_size(layer->input_shape.dim[1], w->kernel_width, w->stride_width,
                                w->same, &w->pad_left, &w->pad_right);
    if (*height >= 1 && *width >= 1)
        return true;
    char text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: a window of %dx%d does not fit its input of %s", layer->name,
                 w->kernel_height, w->kernel_width, shape_format(layer->input_shape, text));
    return false;
}

static void infer_same(Layer *layer, Blockers *blockers)
{
    (void)blockers;
    layer->output_shape = layer->input_shape;
}

static void infer_conv2d(Layer *layer, Blockers *blockers)
{
    int64_t height, width;
    if (!expect_image(layer, blockers) || !slide_window(layer, &height, &width, blockers))
        return;
    int64_t filters = shape_channels(layer->kernel.shape);
    Shape kernel = {4,
                    {layer->window.kernel_height, layer->window.kernel_width,
                     layer->input_shape.dim[2], filters}};
    expect_tensor(layer, "kernel", layer->kernel, kernel, blockers);
    expect_tensor(layer, "bias", layer->bias, (Shape){1, {filters}}, blockers);
    layer->output_shape = (Shape){3, {height, width, filters}};
}

static void infer_dense(Layer *layer, Blockers *blockers)
{
    int64_t units = shape_channels(layer->kernel.shape);
    Shape kernel = {2, {shape_channels(layer->input_shape), units}};
    expect_tensor(layer, "kernel", layer->kernel, kernel, blockers);
    expect_tensor(layer, "bias", layer->bias, (Shape){1, {units}}, blockers);
    layer->output_shape = layer->input_shape;
    layer->output_shape.dim[layer->output_shape.rank - 1] = units;
}

static void infer_batch_norm(Layer *layer, Blockers *blockers)
{
    Shape channels = {1, {shape_channels(layer->input_shape)}};
    expect_tensor(layer, "gamma", layer->gamma, channels, blockers);
    expect_tensor(layer, "beta", layer->beta, channels, blockers);
    expect_tensor(layer, "moving mean", layer->mean, channels, blockers);
    expect_tensor(layer, "moving variance", layer->variance, channels, blockers);
    layer->output_shape = layer->input_shape;
}

static void infer_pool(Layer *layer, Blockers *blockers)
{
    int64_t height, width;
    if (expect_image(layer, blockers) && slide_window(layer, &height, &width, blockers))
        layer->output_shape = (Shape){3, {height, width, layer->input_shape.dim[2]}};
}

static void infer_flatten(Layer *layer, Blockers *blockers)
{
    (void)blockers;
    layer->output_shape = (Shape){1, {shape_elements(layer->input_shape)}};
}

static void infer_reshape(Layer *layer, Blockers *blockers)
{
    if (shape_elements(layer->output_shape) == shape_elements(layer->input_shape))
        return;
    char from[SHAPE_TEXT_BYTES], to[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: cannot reshape %s to %s", layer->name,
                 shape_format(layer->input_shape, from), shape_format(layer->output_shape, to));
}

static InferShape *const INFER[LAYER_KINDS] = {
    [LAYER_CONV2D] = infer_conv2d,         [LAYER_DENSE] = infer_dense,
    [LAYER_BATCH_NORM] = infer_batch_norm, [LAYER_MAX_POOL2D] = infer_pool,
    [LAYER_AVERAGE_POOL2D] = infer_pool,   [LAYER_FLATTEN] = infer_flatten,
    [LAYER_RESHAPE] = infer_reshape,       [LAYER_DROPOUT] = infer_same,
    [LAYER_ACTIVATION] = infer_same,
};

Status graph_infer_shapes(Graph *graph)
{
    Blockers blockers = {0};
    for (int i = 0; i < graph->count && blockers.count == 0; i++) {
        Layer *layer = &graph->layers[i];
        if (layer->kind != LAYER_INPUT) {
            layer->input_shape = graph->layers[layer->inputs[0]].output_shape;
            INFER[layer->kind](layer, &blockers);
        }
        if (blockers.count == 0 && shape_elements(layer->output_shape) < 1)
            blockers_add(&blockers, "layer %s: its output of %s is too large", layer->name,
                         shape_text(graph->arena, layer->output_shape));
    }
    Status status = blockers_refuse(&blockers, graph->name);
    blockers_free(&blockers);
    return status;
}
