#include "quant/lowering.h"

#include <float.h>
#include <string.h>

typedef struct Walk {
    const Graph *graph;
    Arena *arena;
    Blockers *blockers;
    Lowering *lowering;
    int *place;    /* for each layer: the operation whose output is the layer's */
    Window *later; /* for each layer: zero padding that its readers take over */
} Walk;

static const char *shape_text(const Walk *walk, Shape shape)
{
    char text[SHAPE_TEXT_BYTES];
    return arena_strdup(walk->arena, shape_format(shape, text));
}

/* ---- streams --------------------------------------------------------------------------------- */

/* The operation of a layer; those that share one are told apart by window and activation. */
static const OpKind OP_OF_LAYER[LAYER_KINDS] = {
    [LAYER_CONV2D] = OP_CONV2D,
    [LAYER_DENSE] = OP_DENSE,
    [LAYER_BATCH_NORM] = OP_AFFINE,
    [LAYER_MAX_POOL2D] = OP_MAX_POOL2D,
    [LAYER_AVERAGE_POOL2D] = OP_AVERAGE_POOL2D,
    [LAYER_DEPTHWISE_CONV2D] = OP_DEPTHWISE_CONV2D,
    [LAYER_ZERO_PAD2D] = OP_ZERO_PAD2D,
    [LAYER_GLOBAL_AVERAGE_POOL2D] = OP_AVERAGE_POOL2D,
    [LAYER_GLOBAL_MAX_POOL2D] = OP_MAX_POOL2D,
    [LAYER_ADD] = OP_ADD,
    [LAYER_CONCATENATE] = OP_CONCAT,
    [LAYER_UPSAMPLE2D] = OP_UPSAMPLE2D,
};

static bool has_op(const Layer *layer)
{
    return OP_OF_LAYER[layer->kind] != OP_INPUT;
}

/* A dense layer on an image works on each pixel by itself: it is a 1x1 convolution. */
static bool is_pixelwise_dense(const Layer *layer)
{
    return layer->kind == LAYER_DENSE && layer->input_shape.rank > 1;
}

static bool reads_flat(const Layer *layer)
{
    return layer->kind == LAYER_DENSE && !is_pixelwise_dense(layer);
}

/* A stream is a vector or an image; a sequence is an image of one row. */
static Shape stream_shape(Shape shape)
{
    return shape.rank == 2 ? shape_as_image(shape) : shape;
}

/* What nothing but flattening reads: a plane (h, w) is an image of one channel. */
static Shape flat_stream_shape(Shape shape)
{
    if (shape.rank == 1 || shape.rank == 3)
        return shape;
    if (shape.rank == 2)
        return (Shape){3, {shape.dim[0], shape.dim[1], 1}};
    return (Shape){1, {shape_elements(shape)}};
}

/* True when no operation stands between the input and layer `index`. */
static bool reads_input(const Graph *graph, int index)
{
    do
        index = graph->layers[index].inputs[0];
    while (index > 0 && !has_op(&graph->layers[index]));
    return index == 0;
}

/* A reshape right behind the input is free: the input may as well have that shape. So the first
 * layer that minds its shape decides. */
static Shape input_stream_shape(const Graph *graph)
{
    for (int i = 1; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        if (has_op(layer) && !reads_flat(layer) && reads_input(graph, i))
            return stream_shape(layer->input_shape);
    }
    return flat_stream_shape(graph_input_shape(graph));
}

/* The operation that stands at input `k` of a layer. */
static int source_of(const Walk *walk, const Layer *layer, int k)
{
    return walk->place[layer->inputs[k]];
}

static Shape shape_from(const Walk *walk, int op)
{
    return walk->lowering->ops[op].op.output_shape;
}

/* Reads operation `from`; -1: none, it is the input. */
static LoweredOp *add_op(Walk *walk, const LoweredOp *fresh, int from)
{
    Lowering *lowering = walk->lowering;
    LoweredOp *lowered = &lowering->ops[lowering->count];
    *lowered = *fresh;
    if (from >= 0) {
        lowered->op.input_count = 1;
        lowered->op.inputs[0] = from;
        lowered->op.input_shape = lowered->op.output_shape = shape_from(walk, from);
    }
    walk->place[fresh->layer] = lowering->count++;
    return lowered;
}

/* ---- what a layer asks of its streams -------------------------------------------------------- */

static void check_channels(Walk *walk, const Layer *layer, int k)
{
    int64_t wanted = shape_channels(walk->graph->layers[layer->inputs[k]].output_shape);
    int64_t found = shape_channels(shape_from(walk, source_of(walk, layer, k)));
    if (wanted != found)
        blockers_add(walk->blockers,
                     "layer %s: reads %s, but pixels come with %lld channels: a reshape in "
                     "mid-network must keep the number of channels",
                     layer->name,
                     shape_text(walk, walk->graph->layers[layer->inputs[k]].output_shape),
                     (long long)found);
}

static void check_rank(Walk *walk, const Layer *layer)
{
    if (layer->input_shape.rank > 3)
        blockers_add(walk->blockers,
                     "layer %s: its input of %s is neither a vector nor an image; put a Flatten "
                     "or a Reshape before it",
                     layer->name, shape_text(walk, layer->input_shape));
}

static bool has_pads(const Window *w)
{
    return w->pad_top || w->pad_bottom || w->pad_left || w->pad_right;
}

static void check_average_pool(Walk *walk, const Layer *layer)
{
    if (has_pads(&layer->window))
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

/* ---- zero padding ---------------------------------------------------------------------------- */

static Window with_pads(Window window, const Window *more)
{
    window.pad_top += more->pad_top;
    window.pad_bottom += more->pad_bottom;
    window.pad_left += more->pad_left;
    window.pad_right += more->pad_right;
    window.same = window.same && !has_pads(more);
    return window;
}

static bool takes_padding(const Layer *reader, const Window *padding)
{
    Window w = with_pads(reader->window, padding);
    bool slides = reader->kind == LAYER_CONV2D || reader->kind == LAYER_DEPTHWISE_CONV2D;
    return slides && w.pad_top < w.kernel_height && w.pad_bottom < w.kernel_height &&
           w.pad_left < w.kernel_width && w.pad_right < w.kernel_width;
}

/* True when all readers of a zero padding have it in their windows, none of which is padding
 * alone. */
static bool is_taken_over(const Graph *graph, int index)
{
    const Layer *layer = &graph->layers[index];
    if (layer->kind != LAYER_ZERO_PAD2D || layer->activation != ACTIVATION_LINEAR)
        return false;
    for (int i = index + 1; i < graph->count; i++)
        for (int k = 0; k < graph->layers[i].input_count; k++)
            if (graph->layers[i].inputs[k] == index &&
                !takes_padding(&graph->layers[i], &layer->window))
                return false;
    return index + 1 < graph->count;
}

/* ---- one layer ------------------------------------------------------------------------------- */

/* Shape and window of an operation with one input. */
static void lower_geometry(Walk *walk, const Layer *layer, Op *op)
{
    op->output_shape = stream_shape(layer->output_shape);
    if (reads_flat(layer))
        return;
    const Layer *before = &walk->graph->layers[layer->inputs[0]];
    const Window *padding = &walk->later[layer->inputs[0]];
    op->input_shape = stream_shape(has_pads(padding) ? before->input_shape : layer->input_shape);
    op->window = with_pads(layer->window, padding);
    op->factor_height = layer->factor_height;
    op->factor_width = layer->factor_width;
    if (is_pixelwise_dense(layer)) {
        op->kind = OP_CONV2D;
        op->window = (Window){1, 1, 1, 1, .same = false};
    }
    if (layer->kind == LAYER_GLOBAL_AVERAGE_POOL2D || layer->kind == LAYER_GLOBAL_MAX_POOL2D) {
        int height = (int)op->input_shape.dim[0], width = (int)op->input_shape.dim[1];
        op->window = (Window){height, width, height, width, .same = false};
        op->output_shape = (Shape){3, {1, 1, shape_channels(op->input_shape)}};
    }
}

/* Channels stay what they were, however flat; only a concatenation needs to see them. */
static void lower_join(Walk *walk, const Layer *layer, Op *op)
{
    Shape first = op->input_shape;
    op->input_count = layer->input_count;
    for (int k = 0; k < layer->input_count; k++) {
        op->inputs[k] = source_of(walk, layer, k);
        Shape other = shape_from(walk, op->inputs[k]);
        if (op->kind == OP_CONCAT)
            check_channels(walk, layer, k);
        else if (shape_channels(other) != shape_channels(first))
            blockers_add(walk->blockers,
                         "layer %s: adds values that come in pixels of %lld and of %lld channels; "
                         "flatten behind it",
                         layer->name, (long long)shape_channels(first),
                         (long long)shape_channels(other));
    }
    if (op->kind == OP_CONCAT)
        op->output_shape.dim[op->output_shape.rank - 1] = shape_channels(layer->output_shape);
}

static LoweredOp *lower_compute(Walk *walk, int index)
{
    const Layer *layer = &walk->graph->layers[index];
    bool joins = layer_info(layer->kind)->joins;
    check_rank(walk, layer);
    if (!reads_flat(layer) && !joins)
        check_channels(walk, layer, 0);
    if (layer->kind == LAYER_AVERAGE_POOL2D)
        check_average_pool(walk, layer);
    check_constants(walk, layer);
    const LoweredOp fresh = {.op = {.kind = OP_OF_LAYER[layer->kind], .name = layer->name},
                             .layer = index};
    LoweredOp *lowered = add_op(walk, &fresh, source_of(walk, layer, 0));
    if (joins)
        lower_join(walk, layer, &lowered->op);
    else
        lower_geometry(walk, layer, &lowered->op);
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

static bool can_clamp(const LoweredOp *compute)
{
    return op_traits(compute->op.kind)->requantizes || compute->op.kind == OP_MAX_POOL2D;
}

static void lower_activation(Walk *walk, int index, LoweredOp *compute)
{
    const Layer *layer = &walk->graph->layers[index];
    if (layer->activation == ACTIVATION_LINEAR)
        return;
    if (compute && can_clamp(compute) && layer->activation == ACTIVATION_RELU) {
        compute->fused_relu = true;
        compute->limit = layer->activation_limit;
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
        compute->feeds_table = !op_traits(compute->op.kind)->keeps_format;
    const LoweredOp table = {
        .op = {.kind = OP_TABLE, .name = name}, .layer = index, .function = layer_function(layer)};
    add_op(walk, &table, walk->place[index]);
}

static void lower_layer(Walk *walk, int index)
{
    const Layer *layer = &walk->graph->layers[index];
    check_sizes(walk, layer);
    walk->place[index] = source_of(walk, layer, 0);
    if (is_taken_over(walk->graph, index))
        walk->later[index] = layer->window;
    else
        lower_activation(walk, index, has_op(layer) ? lower_compute(walk, index) : NULL);
}

/* ---- the graph ------------------------------------------------------------------------------- */

/* One input, and a stream from there to everywhere. */
static void check_inputs(Walk *walk)
{
    for (int i = 1; i < walk->graph->count; i++)
        if (walk->graph->layers[i].kind == LAYER_INPUT)
            blockers_add(walk->blockers, "layer %s: a second input is not built",
                         walk->graph->layers[i].name);
}

/* The last operation is the output; every other one is read. */
static void check_readers(Walk *walk)
{
    const Lowering *lowering = walk->lowering;
    bool *is_read = ARENA_ARRAY(walk->arena, bool, lowering->count);
    is_read[walk->place[walk->graph->count - 1]] = true;
    for (int i = 0; i < lowering->count; i++)
        for (int k = 0; k < lowering->ops[i].op.input_count; k++)
            is_read[lowering->ops[i].op.inputs[k]] = true;
    for (int i = 0; i < lowering->count; i++)
        if (!is_read[i])
            blockers_add(walk->blockers, "layer %s: no layer reads it, and it is not the output",
                         lowering->ops[i].op.name);
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
    Walk walk = {graph,
                 arena,
                 blockers,
                 lowering,
                 .place = ARENA_ARRAY(arena, int, graph->count),
                 .later = ARENA_ARRAY(arena, Window, graph->count)};
    int before = blockers->count;
    check_inputs(&walk);
    if (blockers->count > before)
        return; /* no stream to check the rest against */
    const LoweredOp image = {.op = {.kind = OP_INPUT, .name = graph->layers[0].name}};
    Op *input = &add_op(&walk, &image, -1)->op;
    input->input_shape = input->output_shape = input_stream_shape(graph);
    check_sizes(&walk, &graph->layers[0]);
    for (int i = 1; i < graph->count; i++)
        lower_layer(&walk, i);
    if (lowering->count == 1)
        blockers_add(blockers, "the network computes nothing: it has no layer with an operation");
    if (lowering->count > MODEL_MAX_OPS)
        blockers_add(blockers, "the network has %d operations, at most %d are built",
                     lowering->count, MODEL_MAX_OPS);
    check_readers(&walk);
    check_names(&walk);
}
