#include "optimize/dequantize.h"

#include <string.h>

#include "quant/float32.h"

/* What an operation computes per channel, in real numbers. */
typedef struct RealOp {
    const Op *op;
    bool is_float;
} RealOp;

/* The scale of output channel `channel`'s weights. */
static double scale_of(const Op *op, int64_t channel)
{
    return op->weight_scales[op->requantizer_count == 1 ? 0 : channel];
}

static double real_weight(RealOp real, int64_t at)
{
    const Op *op = real.op;
    if (real.is_float)
        return (double)float32_of_word(op->weights[at]);
    return scale_of(op, at % op_channels(op)) * op->weights[at];
}

/* The bias without what it holds for the input's zero point. */
static double real_bias(RealOp real, int64_t channel)
{
    const Op *op = real.op;
    if (!op->bias)
        return 0;
    if (real.is_float)
        return (double)float32_of_word(op->bias[channel]);
    int64_t channels = op_channels(op), sum = 0;
    for (int64_t at = channel; at < op_weight_count(op); at += channels)
        sum += op->weights[at];
    return op->input.scale * scale_of(op, channel) *
           (double)(op->bias[channel] + sum * op->input.zero_point);
}

static bool has_bias(RealOp real)
{
    for (int64_t c = 0; real.op->bias && c < op_channels(real.op); c++)
        if (real_bias(real, c) != 0)
            return true;
    return false;
}

/* The operation of that name that has weights; op NULL: none. */
static RealOp find_op(const IntegerModel *model, const char *name)
{
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        if (op->weights && strcmp(op->name, name) == 0)
            return (RealOp){op, op_traits(op->kind)->reads_float};
    }
    return (RealOp){0};
}

/* ---- where a batch norm went -------------------------------------------------------------------
 */

static bool has_kernel(const Layer *layer)
{
    return layer_info(layer->kind)->has_kernel;
}

/* The layer with a kernel whose output norm `index` gets as it is, as in graph/passes.h: nothing
 * but dropouts, linear activations and other norms lies between, and nobody else reads it. -1:
 * none. */
static int kernel_before(const Graph *graph, int index)
{
    const Layer *layer = &graph->layers[index];
    while (layer->input_count == 1) {
        index = layer->inputs[0];
        layer = &graph->layers[index];
        if (graph_reader_count(graph, index) != 1)
            return -1;
        if (has_kernel(layer))
            return layer->activation == ACTIVATION_LINEAR ? index : -1;
        bool passes = layer->kind == LAYER_DROPOUT || layer->kind == LAYER_BATCH_NORM ||
                      (layer->kind == LAYER_ACTIVATION && layer->activation == ACTIVATION_LINEAR);
        if (!passes)
            return -1;
    }
    return -1;
}

/* The first norm that was folded into layer `index` from behind; -1: none. */
static int norm_behind(const Graph *graph, int index)
{
    for (int i = index + 1; i < graph->count; i++)
        if (graph->layers[i].kind == LAYER_BATCH_NORM && kernel_before(graph, i) == index)
            return i;
    return -1;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

/* One channel of a norm becomes y = factor * x + shift. Without gamma the variance scales, without
 * beta the mean shifts. False when the norm has no values for that. */
static bool set_channel(Layer *norm, int64_t channel, double factor, double shift)
{
    double root = 1; /* of variance + epsilon; so it is 1 in float32, too */
    double beta = norm->beta.data ? shift : 0;
    if (norm->gamma.data)
        norm->gamma.data[channel] = (float)factor;
    else if (factor > 0)
        root = 1 / factor;
    else
        return false;
    if (beta != shift && factor == 0)
        return false;
    if (norm->beta.data)
        norm->beta.data[channel] = (float)beta;
    norm->mean.data[channel] = beta == shift ? 0 : (float)(-shift / factor);
    norm->variance.data[channel] = (float)(root * root - norm->epsilon);
    return true;
}

static Status set_norm(Layer *norm, const IntegerModel *model)
{
    const RealOp real = find_op(model, norm->name);
    for (int64_t c = 0; c < shape_elements(norm->mean.shape); c++) {
        double factor = real.op ? real_weight(real, c) : 1;
        double shift = real.op ? real_bias(real, c) : 0;
        if (!set_channel(norm, c, factor, shift))
            return error_set(ERR_REFUSED,
                             "layer %s: the factor of channel %lld became %g on integers, which a "
                             "batch norm without %s cannot have; take more bits for it",
                             norm->name, (long long)c, factor,
                             norm->gamma.data ? "center" : "scale");
    }
    return OK;
}

static Status no_place(const char *layer)
{
    return error_set(ERR_REFUSED,
                     "layer %s: its integers have a bias (of a batch norm before it, or of bias "
                     "correction), and the file has no place for one: use_bias is false, and no "
                     "batch norm follows",
                     layer);
}

/* The kernel and bias of layer `index`; a bias without a place goes to the norm behind. */
static Status set_kernel(Graph *graph, int index, RealOp real)
{
    Layer *layer = &graph->layers[index];
    int64_t channels = op_channels(real.op);
    for (int64_t i = 0; i < op_weight_count(real.op); i++)
        layer->kernel.data[i] = (float)real_weight(real, i);
    for (int64_t c = 0; layer->bias.data && c < channels; c++)
        layer->bias.data[c] = (float)real_bias(real, c);
    if (layer->bias.data || !has_bias(real))
        return OK;
    int norm = norm_behind(graph, index);
    if (norm < 0)
        return no_place(layer->name);
    for (int64_t c = 0; c < channels; c++)
        (void)set_channel(&graph->layers[norm], c, 1, real_bias(real, c)); /* 1 always can be */
    return OK;
}

Status dequantize_weights(const IntegerModel *model, Graph *graph)
{
    for (int i = 0; i < graph->count; i++)
        if (graph->layers[i].kind == LAYER_BATCH_NORM)
            TRY(set_norm(&graph->layers[i], model));
    for (int i = 0; i < graph->count; i++) {
        RealOp real = find_op(model, graph->layers[i].name);
        if (has_kernel(&graph->layers[i]) && real.op)
            TRY(set_kernel(graph, i, real));
    }
    return OK;
}

Status dequantize_check(const Graph *graph, const Graph *simplified)
{
    for (int i = 0; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        if (!has_kernel(layer) || layer->bias.data || norm_behind(graph, i) >= 0)
            continue;
        int after = graph_find(simplified, layer->name);
        if (after >= 0 && simplified->layers[after].bias.data)
            return no_place(layer->name);
    }
    return OK;
}
