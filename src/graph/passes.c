#include "graph/passes.h"

#include <math.h>
#include <string.h>

/* A batch norm as y = factor * x + shift, per channel; float64 because it is multiplied into
 * weights. */
typedef struct Affine {
    int64_t channels;
    double *factor, *shift;
} Affine;

static Affine affine_of(const Layer *norm, Arena *arena)
{
    int64_t channels = shape_elements(norm->mean.shape);
    Affine affine = {channels, ARENA_ARRAY(arena, double, channels),
                     ARENA_ARRAY(arena, double, channels)};
    for (int64_t c = 0; c < channels; c++) {
        double gamma = norm->gamma.data ? (double)norm->gamma.data[c] : 1.0;
        double beta = norm->beta.data ? (double)norm->beta.data[c] : 0.0;
        affine.factor[c] = gamma / sqrt((double)norm->variance.data[c] + norm->epsilon);
        affine.shift[c] = beta - (double)norm->mean.data[c] * affine.factor[c];
    }
    return affine;
}

static bool has_kernel(const Layer *layer)
{
    return layer_info(layer->kind)->has_kernel;
}

static void ensure_bias(Layer *layer, Arena *arena)
{
    if (!layer->bias.data)
        layer->bias = tensor_new(arena, (Shape){1, {shape_channels(layer->output_shape)}});
}

/* norm(conv(x)): the factor goes to the kernel's output channels. Those of a depthwise kernel are
 * its last two axes, so here, too, they are the fastest. */
static void fold_backward(Layer *layer, const Layer *norm, Arena *arena)
{
    Affine affine = affine_of(norm, arena);
    ensure_bias(layer, arena);
    int64_t rows = shape_elements(layer->kernel.shape) / affine.channels;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < affine.channels; c++) {
            float *w = &layer->kernel.data[r * affine.channels + c];
            *w = (float)((double)*w * affine.factor[c]);
        }
    for (int64_t c = 0; c < affine.channels; c++) {
        float *b = &layer->bias.data[c];
        *b = (float)((double)*b * affine.factor[c] + affine.shift[c]);
    }
}

/* conv(norm(x)): the factor goes to the kernel's input channels, the shift through the kernel into
 * the bias. A dense kernel may read several pixels: its inputs repeat the channels. */
static void fold_into_sums(Layer *layer, const Affine *norm, Arena *arena)
{
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t rows = shape_elements(layer->kernel.shape) / outputs;
    double *bias = ARENA_ARRAY(arena, double, outputs);
    for (int64_t r = 0; r < rows; r++) {
        int64_t c = r % norm->channels;
        for (int64_t o = 0; o < outputs; o++) {
            float *w = &layer->kernel.data[r * outputs + o];
            bias[o] += (double)*w * norm->shift[c];
            *w = (float)((double)*w * norm->factor[c]);
        }
    }
    for (int64_t o = 0; o < outputs; o++)
        layer->bias.data[o] = (float)((double)layer->bias.data[o] + bias[o]);
}

/* The same where an output channel reads one input channel only. */
static void fold_into_depthwise(Layer *layer, const Affine *norm, Arena *arena)
{
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t multiplier = outputs / norm->channels;
    double *bias = ARENA_ARRAY(arena, double, outputs);
    for (int64_t i = 0; i < shape_elements(layer->kernel.shape); i++) {
        int64_t o = i % outputs, c = o / multiplier;
        float *w = &layer->kernel.data[i];
        bias[o] += (double)*w * norm->shift[c];
        *w = (float)((double)*w * norm->factor[c]);
    }
    for (int64_t o = 0; o < outputs; o++)
        layer->bias.data[o] = (float)((double)layer->bias.data[o] + bias[o]);
}

static void fold_forward(Layer *layer, const Layer *norm, Arena *arena)
{
    Affine affine = affine_of(norm, arena);
    ensure_bias(layer, arena);
    if (layer->kind == LAYER_DEPTHWISE_CONV2D)
        fold_into_depthwise(layer, &affine, arena);
    else
        fold_into_sums(layer, &affine, arena);
}

/* Copies the layers for which `gone` is false, with inputs led round the others. */
static Graph *copy_without(const Graph *source, const bool *gone)
{
    Graph *copy = graph_new(source->name);
    int *place = ARENA_ARRAY(copy->arena, int, source->count);
    for (int i = 0; i < source->count; i++) {
        Layer layer = source->layers[i];
        if (gone[i]) {
            place[i] = place[layer.inputs[0]];
            continue;
        }
        for (int k = 0; k < layer.input_count; k++)
            layer.inputs[k] = place[layer.inputs[k]];
        layer.name = arena_strdup(copy->arena, layer.name);
        Tensor *tensors[] = {&layer.kernel, &layer.bias, &layer.gamma,
                             &layer.beta,   &layer.mean, &layer.variance};
        for (size_t t = 0; t < sizeof tensors / sizeof *tensors; t++)
            *tensors[t] = tensor_copy(copy->arena, *tensors[t]);
        place[i] = graph_add(copy, layer);
    }
    return copy;
}

/* A rewrite of layer `index`; true: the layer is now without effect and goes. It may change its
 * neighbours, but only where the layer between them has no other reader. */
typedef bool Rewrite(Graph *graph, int index);

static bool without_effect(Graph *graph, int index)
{
    const Layer *layer = &graph->layers[index];
    return layer->kind == LAYER_DROPOUT ||
           (layer->kind == LAYER_ACTIVATION && layer->activation == ACTIVATION_LINEAR);
}

static bool fold_batch_norm_backward(Graph *graph, int index)
{
    Layer *norm = &graph->layers[index];
    if (norm->kind != LAYER_BATCH_NORM)
        return false;
    Layer *before = &graph->layers[norm->inputs[0]];
    if (!has_kernel(before) || before->activation != ACTIVATION_LINEAR ||
        graph_reader_count(graph, norm->inputs[0]) != 1)
        return false;
    fold_backward(before, norm, graph->arena);
    layer_set_function(before, layer_function(norm));
    return true;
}

/* The only reader of `index`, past flattening; NULL when there is none or several. */
static Layer *only_reader(Graph *graph, int index)
{
    for (int i = index + 1; i < graph->count; i++) {
        Layer *layer = &graph->layers[i];
        if (layer->input_count != 1 || layer->inputs[0] != index)
            continue;
        if (graph_reader_count(graph, index) != 1)
            return NULL;
        if (layer->kind != LAYER_FLATTEN || layer->activation != ACTIVATION_LINEAR)
            return layer;
        index = i;
    }
    return NULL;
}

static bool pads_nothing(const Layer *layer)
{
    const Window *w = &layer->window;
    return w->pad_top + w->pad_bottom + w->pad_left + w->pad_right == 0;
}

static bool fold_batch_norm_forward(Graph *graph, int index)
{
    const Layer *norm = &graph->layers[index];
    if (norm->kind != LAYER_BATCH_NORM || norm->activation != ACTIVATION_LINEAR)
        return false;
    Layer *after = only_reader(graph, index);
    if (!after || !has_kernel(after) || !pads_nothing(after))
        return false;
    fold_forward(after, norm, graph->arena);
    return true;
}

static bool fuse_activation(Graph *graph, int index)
{
    const Layer *layer = &graph->layers[index];
    if (layer->kind != LAYER_ACTIVATION)
        return false;
    Layer *before = &graph->layers[layer->inputs[0]];
    if (before->kind == LAYER_INPUT || before->activation != ACTIVATION_LINEAR ||
        graph_reader_count(graph, layer->inputs[0]) != 1)
        return false;
    layer_set_function(before, layer_function(layer));
    return true;
}

/* Applies `rewrite` to one layer after the other; each removal makes a new graph, so that
 * neighbours are always seen as they are. */
static Graph *apply(Graph *graph, Rewrite *rewrite)
{
    for (int i = 1; i < graph->count; i++) {
        if (!rewrite(graph, i))
            continue;
        bool *gone = ARENA_ARRAY(graph->arena, bool, graph->count);
        gone[i] = true;
        Graph *shorter = copy_without(graph, gone);
        graph_free(graph);
        graph = shorter;
        i--;
    }
    return graph;
}

Graph *graph_copy(const Graph *source)
{
    bool *none = ARENA_ARRAY(source->arena, bool, source->count);
    return copy_without(source, none);
}

static Status simplify(const Graph *source, Rewrite *const *rewrites, Graph **simplified)
{
    Graph *graph = graph_copy(source);
    for (; *rewrites; rewrites++)
        graph = apply(graph, *rewrites);
    Status status = graph_infer_shapes(graph);
    if (status != OK) {
        graph_free(graph);
        return status;
    }
    *simplified = graph;
    return OK;
}

Status graph_simplify(const Graph *source, Graph **simplified)
{
    static Rewrite *const REWRITES[] = {without_effect, fold_batch_norm_backward, fuse_activation,
                                        fold_batch_norm_forward, NULL};
    return simplify(source, REWRITES, simplified);
}

Status graph_simplify_unfolded(const Graph *source, Graph **simplified)
{
    static Rewrite *const REWRITES[] = {without_effect, fuse_activation, NULL};
    return simplify(source, REWRITES, simplified);
}
