#include "optimize/dequantize.h"

#include "optimize/rebuild.h"
#include "quant/float32.h"

/* The scale of output channel `channel`'s weights. */
static double scale_of(const Op *op, int64_t channel)
{
    return op->weight_scales[op->requantizer_count == 1 ? 0 : channel];
}

/* The bias without what it holds for the input's zero point. */
static double real_bias(const Op *op, int64_t channel)
{
    int64_t channels = op_channels(op), sum = 0;
    for (int64_t at = channel; at < op_weight_count(op); at += channels)
        sum += op->weights[at];
    int64_t steps = op->bias ? op->bias[channel] : 0;
    return op->input.scale * scale_of(op, channel) * (double)(steps + sum * op->input.zero_point);
}

static void dequantize_layer(const Op *op, Layer *layer)
{
    int64_t channels = op_channels(op);
    bool is_float = op_traits(op->kind)->reads_float;
    for (int64_t i = 0; i < op_weight_count(op); i++)
        layer->kernel.data[i] = is_float ? float32_of_word(op->weights[i])
                                         : (float)(scale_of(op, i % channels) * op->weights[i]);
    for (int64_t c = 0; layer->bias.data && c < channels; c++)
        layer->bias.data[c] = is_float ? float32_of_word(op->bias[c]) : (float)real_bias(op, c);
}

void dequantize_weights(const IntegerModel *model, Graph *graph)
{
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        int layer = graph_find(graph, op->name);
        if (op->weights && layer >= 0 && graph->layers[layer].kernel.data)
            dequantize_layer(op, &graph->layers[layer]);
    }
}
