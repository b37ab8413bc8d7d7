#include "quant/lowering.h"

#include <float.h>
#include <string.h>

typedef struct Walk {
    const Graph *graph;
    Arena *arena;
    Blockers *blockers;
    Lowering *lowering;
} Walk;

static const char *shape_text(const Walk *walk, Shape shape)
{
    char text[SHAPE_TEXT_BYTES];
    return arena_strdup(walk->arena, shape_format(shape, text));
}

/* ---- the stream: what the latest operation hands on ------------------------------------------ */

static bool has_op(const Layer *layer)
{
    switch (layer->kind) {
    case LAYER_CONV2D:
    case LAYER_DENSE:
    case LAYER_BATCH_NORM:
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
        return true;
    default:
        return false;
    }
}

/* A dense layer on an image works on each pixel by itself: it is a 1x1 convolution. */
static bool is_pixelwise_dense(const Layer *layer)
{
    return layer->kind == LAYER_DENSE && layer->input_shape.rank == 3;
}

static bool reads_flat(const Layer *layer)
{
    return layer->kind == LAYER_DENSE && !is_pixelwise_dense(layer);
}

/* A stream is a vector or an image. A plane (h, w) streams as an image of one channel. */
static Shape stream_shape(Shape shape)
{
    if (shape.rank == 1 || shape.rank == 3)
        return shape;
    if (shape.rank == 2)
        return (Shape){3, {shape.dim[0], shape.dim[1], 1}};
    return (Shape){1, {shape_elements(shape)}};
}

/* A reshape right behind the input is free: the input may as well have that shape. So the first
 * layer that minds its shape decides. */
static Shape input_stream_shape(const Graph *graph)
{
    for (int i = 1; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        if (has_op(layer))
            return stream_shape(reads_flat(layer) ? graph_input_shape(graph) : layer->input_shape);
    }
    return stream_shape(graph_input_shape(graph));
}

static Shape latest_shape(const Walk *walk)
{
    return walk->lowering->ops[walk->lowering->count - 1].op.output_shape;
}

static LoweredOp *add_op(Walk *walk, int layer, OpKind kind, const char *name)
{
    Lowering *lowering = walk->lowering;
    LoweredOp *lowered = &lowering->ops[lowering->count];
    *lowered = (LoweredOp){.op = {.kind = kind, .name = name}, .layer = layer};
    if (lowering->count > 0) {
        lowered->op.input_count = 1;
        lowered->op.inputs[0] = lowering->count - 1;
        lowered->op.input_shape = latest_shape(walk);
    }
    lowered->op.output_shape = lowered->op.input_shape;
    lowering->count++;
    return lowered;
}

/* ---- what a layer asks of the stream --------------------------------------------------------- */

static void check_channels(Walk *walk, const Layer *layer)
{
    int64_t wanted = shape_channels(layer->input_shape);
    int64_t found = shape_channels(latest_shape(walk));
    if (wanted != found)
        blockers_add(walk->blockers,
                     "layer %s: reads %s, but pixels come with %lld channels: a reshape in "
                     "mid-network must keep the number of channels",
                     layer->name, shape_text(walk, layer->input_shape), (long long)found);
}

static void check_rank(Walk *walk, const Layer *layer)
{
    int rank = layer->input_shape.rank;
    if (rank != 1 && rank != 3)
        blockers_add(walk->blockers,
                     "layer %s: its input of %s is neither a vector nor an image; put a Flatten "
                     "or a Reshape before it",
                     layer->name, shape_text(walk, layer->input_shape));
}

static void check_average_pool(Walk *walk, const Layer *layer)
{
    const Window *w = &layer->window;
    if (w->pad_top || w->pad_bottom || w->pad_left || w->pad_right)
        blockers_add(walk->blockers,
                     "layer %s: an average pool over partial windows (padding 'same') is not "
                     "built; use padding 'valid' or a size that the window divides",
                     layer->name);
}

/* Importers refuse such values; folding a batch norm of tiny variance can still make them. */
static void check_finite(Walk *walk, const Layer *layer, const char *what, Tensor tensor)
{
    for (int64_t i = 0; tensor.data && i < shape_elements(tensor.shape); i++)
        if (!isfinite(tensor.data[i])) {
            blockers_add(walk->blockers, "layer %s: %s %lld is not finite", layer->name, what,
                         (long long)i);
            return;
        }
}

static void check_batch_norm(Walk *walk, const Layer *layer)
{
    for (int64_t c = 0; c < shape_elements(layer->variance.shape); c++) {
        double gamma = layer->gamma.data ? (double)layer->gamma.data[c] : 1.0;
        double beta = layer->beta.data ? (double)layer->beta.data[c] : 0.0;
        double factor = gamma / sqrt((double)layer->variance.data[c] + layer->epsilon);
        if (fabs(factor) > (double)FLT_MAX || !isfinite(factor) ||
            !isfinite(beta - (double)layer->mean.data[c] * factor)) {
            blockers_add(walk->blockers, "layer %s: the factor of channel %lld is not finite",
                         layer->name, (long long)c);
            return;
        }
    }
}

static void check_constants(Walk *walk, const Layer *layer)
{
    check_finite(walk, layer, "kernel value", layer->kernel);
    check_finite(walk, layer, "bias", layer->bias);
    if (layer->kind == LAYER_BATCH_NORM)
        check_batch_norm(walk, layer);
}

static void check_sizes(Walk *walk, const Layer *layer)
{
    int64_t elements = shape_elements(layer->output_shape);
    if (elements < 1 || elements > OP_MAX_ELEMENTS)
        blockers_add(walk->blockers, "layer %s: its output of %s has more than %d values",
                     layer->name, shape_text(walk, layer->output_shape), OP_MAX_ELEMENTS);
}

/* What the integer model has no operation for. */
static void check_supported(Walk *walk, const Layer *layer)
{
    char text[ACTIVATION_TEXT_BYTES];
    ActivationFunction function = layer_function(layer);
    if (layer->kind > LAYER_ACTIVATION || layer->sequence)
        blockers_add(walk->blockers, "layer %s: %s%s is not built on integers", layer->name,
                     layer->sequence ? "1D " : "", layer_info(layer->kind)->word);
    if (function.kind > ACTIVATION_SOFTMAX || function.limit > 0)
        blockers_add(walk->blockers, "layer %s: activation %s is not built on integers",
                     layer->name, activation_format(function, text));
}

/* ---- one layer ------------------------------------------------------------------------------- */

static const OpKind OP_OF_LAYER[LAYER_KINDS] = {
    [LAYER_CONV2D] = OP_CONV2D,
    [LAYER_DENSE] = OP_DENSE,
    [LAYER_BATCH_NORM] = OP_AFFINE,
    [LAYER_MAX_POOL2D] = OP_MAX_POOL2D,
    [LAYER_AVERAGE_POOL2D] = OP_AVERAGE_POOL2D,
};

static LoweredOp *lower_compute(Walk *walk, int index)
{
    const Layer *layer = &walk->graph->layers[index];
    check_rank(walk, layer);
    if (!reads_flat(layer))
        check_channels(walk, layer);
    if (layer->kind == LAYER_AVERAGE_POOL2D)
        check_average_pool(walk, layer);
    check_constants(walk, layer);
    LoweredOp *lowered = add_op(walk, index, OP_OF_LAYER[layer->kind], layer->name);
    lowered->op.window = layer->window;
    lowered->op.output_shape = layer->output_shape;
    if (!reads_flat(layer))
        lowered->op.input_shape = layer->input_shape;
    if (is_pixelwise_dense(layer)) {
        lowered->op.kind = OP_CONV2D;
        lowered->op.window = (Window){1, 1, 1, 1, .same = false};
    }
    return lowered;
}

/* True when nothing after layer `index` changes its values. */
static bool is_end(const Graph *graph, int index)
{
    for (int i = index + 1; i < graph->count; i++)
        if (has_op(&graph->layers[i]) || graph->layers[i].activation != ACTIVATION_LINEAR)
            return false;
    return true;
}

static void lower_softmax(Walk *walk, int index)
{
    const Layer *layer = &walk->graph->layers[index];
    if (!is_end(walk->graph, index))
        blockers_add(walk->blockers,
                     "layer %s: softmax is built nowhere but at the end, where it is dropped",
                     layer->name);
    else if (layer->output_shape.rank != 1)
        blockers_add(walk->blockers,
                     "layer %s: softmax over each pixel of %s is not built, only over a vector",
                     layer->name, shape_text(walk, layer->output_shape));
}

static void lower_activation(Walk *walk, int index, LoweredOp *compute)
{
    const Layer *layer = &walk->graph->layers[index];
    if (layer->activation == ACTIVATION_LINEAR)
        return;
    if (compute && layer->activation == ACTIVATION_RELU) {
        compute->fused_relu = true;
        return;
    }
    if (compute)
        compute->before_activation = true;
    if (layer->activation == ACTIVATION_SOFTMAX) {
        lower_softmax(walk, index);
        return;
    }
    const char *name =
        layer->kind == LAYER_ACTIVATION
            ? layer->name
            : arena_printf(walk->arena, "%s.%s", layer->name, activation_word(layer->activation));
    if (compute)
        compute->feeds_table = compute->op.kind != OP_MAX_POOL2D;
    add_op(walk, index, OP_TABLE, name)->function = layer->activation;
}

static void lower_layer(Walk *walk, int index)
{
    const Layer *layer = &walk->graph->layers[index];
    check_sizes(walk, layer);
    lower_activation(walk, index, has_op(layer) ? lower_compute(walk, index) : NULL);
}

/* ---- the graph ------------------------------------------------------------------------------- */

/* A stream has one source and one reader everywhere, and known operations. */
static void check_chain(Walk *walk)
{
    const Graph *graph = walk->graph;
    for (int i = 1; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        check_supported(walk, layer);
        if (layer->kind == LAYER_INPUT || layer->input_count != 1 || layer->inputs[0] != i - 1)
            blockers_add(walk->blockers,
                         "layer %s: does not read exactly the layer before it; only chains of "
                         "layers are built",
                         layer->name);
    }
}

static bool is_printable(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return true;
}

static void check_names(Walk *walk)
{
    const Lowering *lowering = walk->lowering;
    for (int i = 0; i < lowering->count; i++) {
        const char *name = lowering->ops[i].op.name;
        size_t length = strlen(name);
        if (length == 0 || length > OP_NAME_MAX_BYTES || !is_printable(name))
            blockers_add(walk->blockers,
                         "layer %d: its name must have 1 to %d bytes and no control characters",
                         lowering->ops[i].layer, OP_NAME_MAX_BYTES);
        for (int k = 0; k < i; k++)
            if (strcmp(lowering->ops[k].op.name, name) == 0)
                blockers_add(walk->blockers, "two operations would be named %s", name);
    }
}

void lower_graph(const Graph *graph, Arena *arena, Blockers *blockers, Lowering *lowering)
{
    /* At most one operation and one table for each layer. */
    *lowering = (Lowering){ARENA_ARRAY(arena, LoweredOp, 2 * (int64_t)graph->count), 0};
    Walk walk = {graph, arena, blockers, lowering};
    int before = blockers->count;
    check_chain(&walk);
    if (blockers->count > before)
        return; /* without a chain there is no stream to check the rest against */
    add_op(&walk, 0, OP_INPUT, graph->layers[0].name);
    lowering->ops[0].op.input_shape = lowering->ops[0].op.output_shape = input_stream_shape(graph);
    check_sizes(&walk, &graph->layers[0]);
    for (int i = 1; i < graph->count; i++)
        lower_layer(&walk, i);
    if (lowering->count == 1)
        blockers_add(blockers, "the network computes nothing: it has no layer with an operation");
    if (lowering->count > MODEL_MAX_OPS)
        blockers_add(blockers, "the network has %d operations, at most %d are built",
                     lowering->count, MODEL_MAX_OPS);
    check_names(&walk);
}
