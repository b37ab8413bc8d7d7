/* graph.h: a network as a list of layers in the order of computation.
 *
 * An importer builds it, passes (passes.h) rewrite it, `nn` evaluates it in float32, `quant` makes
 * an integer model of it. Layer 0 is the input, the last layer the output; a layer reads the
 * outputs of earlier layers only, and several layers may read the same one.
 *
 *     Graph *graph = graph_new("mnist_cnn");
 *     int image = graph_add(graph, (Layer){.kind = LAYER_INPUT, .name = "image",
 *                                          .output_shape = shape_of(3, 28, 28, 1)});
 *     int digit = graph_add(graph, (Layer){.kind = LAYER_DENSE, .name = "digit",
 *                                          .inputs = {image}, .input_count = 1,
 *                                          .kernel = kernel, .bias = bias});
 *     TRY(graph_infer_shapes(graph));
 *     graph_free(graph);
 *
 * The graph owns an arena; names and tensors handed to graph_add() must live in it
 * (graph->arena) or outlive the graph.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/blockers.h"
#include "base/error.h"
#include "graph/tensor.h"

typedef enum LayerKind {
    LAYER_INPUT,
    LAYER_CONV2D,
    LAYER_DENSE,
    LAYER_BATCH_NORM, /* inference: y = (x - mean) * gamma / sqrt(variance + epsilon) + beta */
    LAYER_MAX_POOL2D,
    LAYER_AVERAGE_POOL2D,
    LAYER_FLATTEN,
    LAYER_RESHAPE,
    LAYER_DROPOUT, /* does nothing at inference */
    LAYER_ACTIVATION,
    LAYER_DEPTHWISE_CONV2D,      /* each channel by itself, through `multiplier` kernels */
    LAYER_ZERO_PAD2D,            /* by Layer.window's pads */
    LAYER_GLOBAL_AVERAGE_POOL2D, /* over the whole image */
    LAYER_GLOBAL_MAX_POOL2D,
    LAYER_ADD,         /* of several inputs of one shape */
    LAYER_CONCATENATE, /* of several inputs along their channels */
    LAYER_UPSAMPLE2D,  /* each pixel repeated: nearest neighbour */
    LAYER_KINDS
} LayerKind;

typedef enum Activation {
    ACTIVATION_LINEAR,
    ACTIVATION_RELU, /* min(max(x, 0), limit); limit 0: none */
    ACTIVATION_TANH,
    ACTIVATION_SIGMOID,
    ACTIVATION_SOFTMAX,
    ACTIVATION_LEAKY_RELU,   /* x above 0, slope * x below */
    ACTIVATION_HARD_SIGMOID, /* slope * x + 0.5, clipped to 0..1 */
    ACTIVATIONS
} Activation;

/* An activation with its parameters. */
typedef struct ActivationFunction {
    Activation kind;
    double limit; /* relu */
    double slope; /* leaky_relu, hard_sigmoid */
} ActivationFunction;

/* The sliding window of a convolution or pooling layer, in pixels. */
typedef struct Window {
    int kernel_height, kernel_width;
    int stride_height, stride_width;
    bool same; /* Keras padding 'same' */
    /* Derived by graph_infer_shapes(); of a zero pad layer given, with kernel and stride 1. */
    int pad_top, pad_bottom, pad_left, pad_right;
} Window;

enum { LAYER_MAX_INPUTS = 8 };

/* A layer of any kind. Keras' 1D layers are `sequence` twins of the 2D kinds: their shapes are
 * (steps, channels), their window has height 1, their kernel is held as (1, k, ...), and they
 * compute on shape_as_image() of their shapes. */
typedef struct Layer {
    LayerKind kind;
    const char *name;             /* unique in the graph */
    int inputs[LAYER_MAX_INPUTS]; /* indexes of earlier layers; one may occur twice */
    int input_count;              /* input 0, add and concatenate 2 or more, others 1 */
    bool sequence;
    Shape input_shape;     /* of inputs[0]; set by graph_infer_shapes() */
    Shape output_shape;    /* given for input and reshape layers, else inferred */
    Activation activation; /* applied to the output; any kind but input may have one */
    double activation_limit, activation_slope; /* as in ActivationFunction */
    Window window;                             /* convolution, pooling and zero padding */
    bool keep_dims;                            /* global pools: (1, 1, channels), not (channels) */
    int factor_height, factor_width;           /* upsampling */
    /* conv2d: (kh, kw, in, out); dense: (in, out); depthwise: (kh, kw, channels, multiplier), whose
     * output channel is channel * multiplier + m */
    Tensor kernel;
    Tensor bias;           /* (out); data NULL: no bias */
    Tensor gamma, beta;    /* batch norm: (channels); data NULL: gamma 1, beta 0 */
    Tensor mean, variance; /* batch norm: (channels) */
    double epsilon;        /* batch norm */
} Layer;

typedef struct Graph {
    Arena *arena;
    const char *name;
    Layer *layers;
    int count;
    int capacity;
} Graph;

/* What is known of a kind; one row each, in graph.c. */
typedef struct LayerInfo {
    const char *keras_class; /* "Conv2D" */
    const char *word;        /* "conv2d": reports, descriptions, file names */
    bool has_kernel;         /* Layer.kernel is there, perhaps a bias */
    bool joins;              /* reads several layers */
} LayerInfo;

const LayerInfo *layer_info(LayerKind kind);
const char *activation_word(Activation activation); /* "relu" */

/* False when there is no activation of that name. */
bool activation_parse(const char *word, Activation *activation);

/* The layer's activation with its parameters. */
ActivationFunction layer_function(const Layer *layer);
void layer_set_function(Layer *layer, ActivationFunction function);

enum { ACTIVATION_TEXT_BYTES = 48 };

/* Writes the word with its parameters to `text` and returns it: "relu", "relu6", "relu(max 4.5)",
 * "leaky_relu(0.3)", "hard_sigmoid(0.2)". */
const char *activation_format(ActivationFunction function, char text[ACTIVATION_TEXT_BYTES]);

Graph *graph_new(const char *name);
void graph_free(Graph *graph);

/* Appends a copy of `layer`; returns its index. */
int graph_add(Graph *graph, Layer layer);

/* Index of the layer with that name, or -1. */
int graph_find(const Graph *graph, const char *name);

/* How often the output of layer `index` is read. */
int graph_reader_count(const Graph *graph, int index);

/* Fills in shapes and pads, and checks every tensor against them. All faults in one refusal. */
Status graph_infer_shapes(Graph *graph) MUST_CHECK;

/* The layer whose output is the network's. */
const Layer *graph_output(const Graph *graph);
Shape graph_input_shape(const Graph *graph);

/* Trained values of a layer, or of all layers (batch norm: gamma, beta, mean, variance). */
int64_t layer_parameters(const Layer *layer);
int64_t graph_parameters(const Graph *graph);

/* Multiply-accumulate operations of a layer for one image; additions alone do not count. */
int64_t layer_macs(const Layer *layer);

/* Output height and width of a window over an image, and the window's pads: Keras' split of 'same'
 * padding (the extra pixel goes to the bottom or right), along each axis
 * out = ceil(in / stride), pad = max((out-1)*stride + kernel - in, 0); without it no pads. */
void window_slide(Window *window, Shape image, int64_t *height, int64_t *width);

#endif
