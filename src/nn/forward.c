#include "nn/forward.h"

#include <assert.h>
#include <string.h>

#include "nn/activation.h"
#include "nn/kernels.h"

/* NULL: the layer only hands its input on, perhaps through an activation. */
static LayerForward *const KERNELS[LAYER_KINDS] = {
    [LAYER_CONV2D] = conv2d_forward,
    [LAYER_DENSE] = dense_forward,
    [LAYER_BATCH_NORM] = batch_norm_forward,
    [LAYER_MAX_POOL2D] = max_pool2d_forward,
    [LAYER_AVERAGE_POOL2D] = average_pool2d_forward,
    [LAYER_DEPTHWISE_CONV2D] = depthwise_conv2d_forward,
    [LAYER_ZERO_PAD2D] = zero_pad2d_forward,
    [LAYER_GLOBAL_AVERAGE_POOL2D] = average_pool2d_forward,
    [LAYER_GLOBAL_MAX_POOL2D] = max_pool2d_forward,
    [LAYER_UPSAMPLE2D] = upsample2d_forward,
};

/* Layers that read several. */
static JoinForward *const JOINS[LAYER_KINDS] = {
    [LAYER_ADD] = add_forward,
    [LAYER_CONCATENATE] = concatenate_forward,
};

/* A layer's buffers, (max batch, elements) each. */
typedef struct Stage {
    PackedLayer packed;
    int64_t elements;
    const float *before;           /* the activation; may be the buffer of an earlier layer */
    const float *after;            /* the same buffer when the layer is linear */
    float *own_before, *own_after; /* what this layer writes; NULL: nothing */
} Stage;

struct Forward {
    Arena *arena;
    const Graph *graph;
    Stage *stages;
    int max_batch;
};

static void stage_open(Forward *forward, int index)
{
    const Layer *layer = &forward->graph->layers[index];
    Stage *stage = &forward->stages[index];
    stage->packed = kernel_pack(forward->arena, layer);
    stage->elements = shape_elements(layer->output_shape);
    if (layer->kind == LAYER_INPUT)
        return;
    int64_t count = forward->max_batch * stage->elements;
    const float *input = forward->stages[layer->inputs[0]].after;
    if (KERNELS[layer->kind] || JOINS[layer->kind])
        stage->own_before = ARENA_ARRAY(forward->arena, float, count);
    stage->before = stage->own_before ? stage->own_before : input;
    if (layer->activation != ACTIVATION_LINEAR)
        stage->own_after = ARENA_ARRAY(forward->arena, float, count);
    stage->after = stage->own_after ? stage->own_after : stage->before;
}

Forward *forward_new(const Graph *graph, int max_batch)
{
    assert(max_batch > 0);
    Arena *arena = arena_new();
    Forward *forward = ARENA_NEW(arena, Forward);
    *forward = (Forward){.arena = arena,
                         .graph = graph,
                         .stages = ARENA_ARRAY(arena, Stage, graph->count),
                         .max_batch = max_batch};
    int64_t pixels = max_batch * shape_elements(graph_input_shape(graph));
    forward->stages[0].own_after = ARENA_ARRAY(arena, float, pixels);
    forward->stages[0].before = forward->stages[0].after = forward->stages[0].own_after;
    for (int i = 0; i < graph->count; i++)
        stage_open(forward, i);
    return forward;
}

void forward_free(Forward *forward)
{
    if (forward)
        arena_free(forward->arena);
}

static void run_join(const Forward *forward, const Stage *stage, int image, int images)
{
    const Layer *layer = stage->packed.layer;
    Join join = {.layer = layer, .kernels = stage->packed.kernels, .images = images};
    for (int k = 0; k < layer->input_count; k++) {
        const Stage *source = &forward->stages[layer->inputs[k]];
        join.inputs[k] = source->after + image * source->elements;
        join.channels[k] = shape_channels(source->packed.layer->output_shape);
    }
    JOINS[layer->kind](&join, stage->own_before + image * stage->elements);
}

static void run_stage(const Forward *forward, int index, int image, int images)
{
    const Stage *stage = &forward->stages[index];
    const Layer *layer = stage->packed.layer;
    int64_t at = image * stage->elements, count = images * stage->elements;
    if (JOINS[layer->kind]) {
        run_join(forward, stage, image, images);
    } else if (stage->own_before) {
        const Stage *source = &forward->stages[layer->inputs[0]];
        KERNELS[layer->kind](&stage->packed, source->after + image * source->elements, images,
                             stage->own_before + at);
    }
    ActivationFunction function = layer_function(layer);
    if (stage->own_after && function.kind == ACTIVATION_RELU) {
        stage->packed.kernels->relu(stage->before + at, count, activation_relu_limit(function),
                                    stage->own_after + at);
    } else if (stage->own_after) {
        int64_t channels = shape_channels(layer->output_shape);
        memcpy(stage->own_after + at, stage->before + at, (size_t)count * sizeof(float));
        activation_apply(function, stage->own_after + at, count / channels, channels);
    }
}

/* Image by image: what a layer leaves is still in the cache when the next one reads it. But a dense
 * layer takes all images at once: each needs all its weights for one sum. */
static int run_group(const Forward *forward, int first, int batch)
{
    const Layer *layers = forward->graph->layers;
    if (layers[first].kind == LAYER_DENSE) {
        run_stage(forward, first, 0, batch);
        return first + 1;
    }
    int last = first;
    while (last < forward->graph->count && layers[last].kind != LAYER_DENSE)
        last++;
    for (int b = 0; b < batch; b++)
        for (int i = first; i < last; i++)
            run_stage(forward, i, b, 1);
    return last;
}

const float *forward_run(Forward *forward, const float *images, int batch)
{
    assert(batch > 0 && batch <= forward->max_batch);
    memcpy(forward->stages[0].own_after, images,
           (size_t)(batch * forward->stages[0].elements) * sizeof *images);
    for (int next = 1; next < forward->graph->count;)
        next = run_group(forward, next, batch);
    return forward->stages[forward->graph->count - 1].after;
}

const float *forward_layer(const Forward *forward, int index)
{
    assert(index >= 0 && index < forward->graph->count);
    return forward->stages[index].after;
}

const float *forward_preactivation(const Forward *forward, int index)
{
    assert(index >= 0 && index < forward->graph->count);
    return forward->stages[index].before;
}
