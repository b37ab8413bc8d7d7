/* shapes.c: the output shape of each kind of layer, one function each, and what it asks of its
 * inputs and tensors. */
#include "graph/graph.h"

/* `pads` before and after, of 'same' padding; NULL: there is none. */
static int64_t output_along(int64_t input, int kernel, int stride, int pads[2])
{
    if (!pads)
        return input < kernel ? 0 : (input - kernel) / stride + 1;
    int64_t output = (input + stride - 1) / stride;
    int64_t pad = (output - 1) * stride + kernel - input;
    pads[0] = pad > 0 ? (int)(pad / 2) : 0;
    pads[1] = pad > 0 ? (int)(pad - pad / 2) : 0;
    return output;
}

void window_slide(Window *window, Shape image, int64_t *height, int64_t *width)
{
    int rows[2] = {0, 0}, columns[2] = {0, 0};
    *height = output_along(image.dim[0], window->kernel_height, window->stride_height,
                           window->same ? rows : NULL);
    *width = output_along(image.dim[1], window->kernel_width, window->stride_width,
                          window->same ? columns : NULL);
    window->pad_top = rows[0];
    window->pad_bottom = rows[1];
    window->pad_left = columns[0];
    window->pad_right = columns[1];
}

typedef void InferShape(const Graph *graph, Layer *layer, Blockers *blockers);

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

/* An image, or a sequence for Keras' 1D layers. */
static bool expect_image(const Layer *layer, Blockers *blockers)
{
    if (layer->input_shape.rank == (layer->sequence ? 2 : 3))
        return true;
    char text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: input has shape %s, expected %s", layer->name,
                 shape_format(layer->input_shape, text),
                 layer->sequence ? "(steps, channels)" : "(height, width, channels)");
    return false;
}

/* The output shape of a layer on images. */
static void set_image(Layer *layer, int64_t height, int64_t width, int64_t channels)
{
    layer->output_shape =
        layer->sequence ? (Shape){2, {width, channels}} : (Shape){3, {height, width, channels}};
}

/* A window of a sequence has height 1. */
static bool is_window(const Layer *layer)
{
    const Window *w = &layer->window;
    return w->kernel_height >= 1 && w->kernel_width >= 1 && w->stride_height >= 1 &&
           w->stride_width >= 1 && (!layer->sequence || w->kernel_height == 1);
}

/* Output height and width of a sliding window; false (and a blocker) when none fits. */
static bool slide_window(Layer *layer, int64_t *height, int64_t *width, Blockers *blockers)
{
    Window *w = &layer->window;
    if (!is_window(layer)) {
        blockers_add(blockers, "layer %s: window %dx%d with stride %dx%d is not possible",
                     layer->name, w->kernel_height, w->kernel_width, w->stride_height,
                     w->stride_width);
        return false;
    }
    window_slide(w, shape_as_image(layer->input_shape), height, width);
    if (*height >= 1 && *width >= 1)
        return true;
    char text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: a window of %dx%d does not fit its input of %s", layer->name,
                 w->kernel_height, w->kernel_width, shape_format(layer->input_shape, text));
    return false;
}

static void infer_same(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    (void)blockers;
    layer->output_shape = layer->input_shape;
}

static void infer_conv2d(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    int64_t height, width;
    if (!expect_image(layer, blockers) || !slide_window(layer, &height, &width, blockers))
        return;
    int64_t filters = shape_channels(layer->kernel.shape);
    Shape kernel = {4,
                    {layer->window.kernel_height, layer->window.kernel_width,
                     shape_channels(layer->input_shape), filters}};
    expect_tensor(layer, "kernel", layer->kernel, kernel, blockers);
    expect_tensor(layer, "bias", layer->bias, (Shape){1, {filters}}, blockers);
    set_image(layer, height, width, filters);
}

static void infer_depthwise(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    int64_t height, width;
    if (!expect_image(layer, blockers) || !slide_window(layer, &height, &width, blockers))
        return;
    int64_t channels = shape_channels(layer->input_shape);
    int64_t multiplier = shape_channels(layer->kernel.shape);
    Shape kernel = {
        4, {layer->window.kernel_height, layer->window.kernel_width, channels, multiplier}};
    expect_tensor(layer, "depthwise kernel", layer->kernel, kernel, blockers);
    expect_tensor(layer, "bias", layer->bias, (Shape){1, {channels * multiplier}}, blockers);
    set_image(layer, height, width, channels * multiplier);
}

static void infer_dense(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    int64_t units = shape_channels(layer->kernel.shape);
    Shape kernel = {2, {shape_channels(layer->input_shape), units}};
    expect_tensor(layer, "kernel", layer->kernel, kernel, blockers);
    expect_tensor(layer, "bias", layer->bias, (Shape){1, {units}}, blockers);
    layer->output_shape = layer->input_shape;
    layer->output_shape.dim[layer->output_shape.rank - 1] = units;
}

static void infer_batch_norm(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    Shape channels = {1, {shape_channels(layer->input_shape)}};
    expect_tensor(layer, "gamma", layer->gamma, channels, blockers);
    expect_tensor(layer, "beta", layer->beta, channels, blockers);
    expect_tensor(layer, "moving mean", layer->mean, channels, blockers);
    expect_tensor(layer, "moving variance", layer->variance, channels, blockers);
    layer->output_shape = layer->input_shape;
}

static void infer_pool(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    int64_t height, width;
    if (expect_image(layer, blockers) && slide_window(layer, &height, &width, blockers))
        set_image(layer, height, width, shape_channels(layer->input_shape));
}

static void infer_global_pool(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    int64_t channels = shape_channels(layer->input_shape);
    if (!expect_image(layer, blockers))
        return;
    if (layer->keep_dims)
        set_image(layer, 1, 1, channels);
    else
        layer->output_shape = (Shape){1, {channels}};
}

static void infer_zero_pad(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    const Window *w = &layer->window;
    if (!expect_image(layer, blockers))
        return;
    bool vertical = w->pad_top != 0 || w->pad_bottom != 0;
    if (w->pad_top < 0 || w->pad_bottom < 0 || w->pad_left < 0 || w->pad_right < 0 ||
        (layer->sequence && vertical)) {
        blockers_add(blockers, "layer %s: padding of %d, %d, %d and %d is not possible",
                     layer->name, w->pad_top, w->pad_bottom, w->pad_left, w->pad_right);
        return;
    }
    Shape input = shape_as_image(layer->input_shape);
    set_image(layer, input.dim[0] + w->pad_top + w->pad_bottom,
              input.dim[1] + w->pad_left + w->pad_right, input.dim[2]);
}

static void infer_upsample(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    if (!expect_image(layer, blockers))
        return;
    if (layer->factor_height < 1 || layer->factor_width < 1 ||
        (layer->sequence && layer->factor_height != 1)) {
        blockers_add(blockers, "layer %s: %dx%d pixels for each pixel are not possible",
                     layer->name, layer->factor_height, layer->factor_width);
        return;
    }
    Shape input = shape_as_image(layer->input_shape);
    set_image(layer, input.dim[0] * layer->factor_height, input.dim[1] * layer->factor_width,
              input.dim[2]);
}

/* True when input `k` has the shape of the first, its channels left out of account or not. */
static bool expect_like_first(const Graph *graph, const Layer *layer, int k, bool channels,
                              Blockers *blockers)
{
    const Layer *first = &graph->layers[layer->inputs[0]];
    const Layer *other = &graph->layers[layer->inputs[k]];
    Shape a = first->output_shape, b = other->output_shape;
    if (!channels && a.rank == b.rank)
        b.dim[b.rank - 1] = a.dim[a.rank - 1];
    if (shape_equal(a, b))
        return true;
    char a_text[SHAPE_TEXT_BYTES], b_text[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: reads %s of layer %s and %s of layer %s, expected %s",
                 layer->name, shape_format(first->output_shape, a_text), first->name,
                 shape_format(other->output_shape, b_text), other->name,
                 channels ? "the same shape" : "shapes that differ in their channels only");
    return false;
}

static void infer_add(const Graph *graph, Layer *layer, Blockers *blockers)
{
    layer->output_shape = layer->input_shape;
    for (int k = 1; k < layer->input_count; k++)
        expect_like_first(graph, layer, k, true, blockers);
}

static void infer_concatenate(const Graph *graph, Layer *layer, Blockers *blockers)
{
    layer->output_shape = layer->input_shape;
    int64_t *channels = &layer->output_shape.dim[layer->output_shape.rank - 1];
    for (int k = 1; k < layer->input_count; k++)
        if (expect_like_first(graph, layer, k, false, blockers))
            *channels += shape_channels(graph->layers[layer->inputs[k]].output_shape);
}

static void infer_flatten(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    (void)blockers;
    layer->output_shape = (Shape){1, {shape_elements(layer->input_shape)}};
}

static void infer_reshape(const Graph *graph, Layer *layer, Blockers *blockers)
{
    (void)graph;
    if (shape_elements(layer->output_shape) == shape_elements(layer->input_shape))
        return;
    char from[SHAPE_TEXT_BYTES], to[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: cannot reshape %s to %s", layer->name,
                 shape_format(layer->input_shape, from), shape_format(layer->output_shape, to));
}

static InferShape *const INFER[LAYER_KINDS] = {
    [LAYER_CONV2D] = infer_conv2d,
    [LAYER_DENSE] = infer_dense,
    [LAYER_BATCH_NORM] = infer_batch_norm,
    [LAYER_MAX_POOL2D] = infer_pool,
    [LAYER_AVERAGE_POOL2D] = infer_pool,
    [LAYER_FLATTEN] = infer_flatten,
    [LAYER_RESHAPE] = infer_reshape,
    [LAYER_DROPOUT] = infer_same,
    [LAYER_ACTIVATION] = infer_same,
    [LAYER_DEPTHWISE_CONV2D] = infer_depthwise,
    [LAYER_ZERO_PAD2D] = infer_zero_pad,
    [LAYER_GLOBAL_AVERAGE_POOL2D] = infer_global_pool,
    [LAYER_GLOBAL_MAX_POOL2D] = infer_global_pool,
    [LAYER_ADD] = infer_add,
    [LAYER_CONCATENATE] = infer_concatenate,
    [LAYER_UPSAMPLE2D] = infer_upsample,
};

static bool expect_inputs(const Layer *layer, Blockers *blockers)
{
    bool joins = layer_info(layer->kind)->joins;
    if (joins ? layer->input_count >= 2 : layer->input_count == 1)
        return true;
    blockers_add(blockers, "layer %s: reads %d layers, expected %s", layer->name,
                 layer->input_count, joins ? "two or more" : "one");
    return false;
}

Status graph_infer_shapes(Graph *graph)
{
    Blockers blockers = {0};
    for (int i = 0; i < graph->count && blockers.count == 0; i++) {
        Layer *layer = &graph->layers[i];
        if (layer->kind != LAYER_INPUT && expect_inputs(layer, &blockers)) {
            layer->input_shape = graph->layers[layer->inputs[0]].output_shape;
            INFER[layer->kind](graph, layer, &blockers);
        }
        if (blockers.count == 0 && shape_elements(layer->output_shape) < 1)
            blockers_add(&blockers, "layer %s: its output of %s is too large", layer->name,
                         shape_text(graph->arena, layer->output_shape));
    }
    Status status = blockers_refuse(&blockers, graph->name);
    blockers_free(&blockers);
    return status;
}
