#include "quant/equalize.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 20 };

/* Of one channel in one round: beyond, the channel is as good as dead. */
#define LARGEST_FACTOR 1e4

static bool has_kernel(const Layer *layer)
{
    return layer_info(layer->kind)->has_kernel;
}

/* f(s x) = s f(x) for s > 0. */
static bool is_homogeneous(const Layer *layer)
{
    return layer->activation == ACTIVATION_LINEAR || layer->activation == ACTIVATION_LEAKY_RELU ||
           (layer->activation == ACTIVATION_RELU && layer->activation_limit == 0);
}

static bool hands_on_channels(const Layer *layer)
{
    switch (layer->kind) {
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
    case LAYER_ZERO_PAD2D:
    case LAYER_UPSAMPLE2D:
    case LAYER_FLATTEN:
    case LAYER_DROPOUT:
    case LAYER_ACTIVATION:
        return is_homogeneous(layer);
    default:
        return false;
    }
}

/* The one layer that reads `index`, or -1. */
static int only_reader(const Graph *graph, int index)
{
    if (graph_reader_count(graph, index) != 1)
        return -1;
    int reader = index + 1;
    while (graph->layers[reader].input_count != 1 || graph->layers[reader].inputs[0] != index)
        if (++reader == graph->count)
            return -1;
    return reader;
}

/* The layer that reads `first` as a pair, or -1. What several layers read has none: its channels
 * cannot be scaled for one of them alone. */
static int pair_of(const Graph *graph, int first)
{
    if (!has_kernel(&graph->layers[first]) || !is_homogeneous(&graph->layers[first]))
        return -1;
    for (int i = only_reader(graph, first); i >= 0; i = only_reader(graph, i)) {
        if (has_kernel(&graph->layers[i]))
            return i;
        if (!hands_on_channels(&graph->layers[i]))
            return -1;
    }
    return -1;
}

/* The weights that read one channel: of every `row_step`-th row `outputs` in a row. */
typedef struct Readers {
    int64_t first_row, row_step, rows;
    int64_t first_output, outputs;
} Readers;

static Readers readers_of(const Layer *layer, int64_t channel, int64_t channels)
{
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t rows = shape_elements(layer->kernel.shape) / outputs;
    if (layer->kind != LAYER_DEPTHWISE_CONV2D)
        return (Readers){channel, channels, rows, 0, outputs};
    int64_t multiplier = outputs / channels;
    return (Readers){0, 1, rows, channel * multiplier, multiplier};
}

/* Largest |w| that makes channel `channel` (outputs), or reads it (inputs: flattened pixels keep
 * their channel as the last axis). */
static double range_out(const Layer *layer, int64_t channel)
{
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t count = shape_elements(layer->kernel.shape);
    double largest = 0;
    for (int64_t i = channel; i < count; i += outputs)
        largest = fmax(largest, fabs((double)layer->kernel.data[i]));
    return largest;
}

static double range_in(const Layer *layer, int64_t channel, int64_t channels)
{
    const Readers readers = readers_of(layer, channel, channels);
    double largest = 0;
    for (int64_t r = readers.first_row; r < readers.rows; r += readers.row_step) {
        const float *row = layer->kernel.data + r * shape_channels(layer->output_shape);
        for (int64_t o = 0; o < readers.outputs; o++)
            largest = fmax(largest, fabs((double)row[readers.first_output + o]));
    }
    return largest;
}

static void scale_out(Layer *layer, int64_t channel, double factor)
{
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t count = shape_elements(layer->kernel.shape);
    for (int64_t i = channel; i < count; i += outputs)
        layer->kernel.data[i] = (float)((double)layer->kernel.data[i] * factor);
    if (layer->bias.data)
        layer->bias.data[channel] = (float)((double)layer->bias.data[channel] * factor);
}

static void scale_in(Layer *layer, int64_t channel, int64_t channels, double factor)
{
    const Readers readers = readers_of(layer, channel, channels);
    for (int64_t r = readers.first_row; r < readers.rows; r += readers.row_step) {
        float *row = layer->kernel.data + r * shape_channels(layer->output_shape);
        for (int64_t o = 0; o < readers.outputs; o++) {
            float *weight = &row[readers.first_output + o];
            *weight = (float)((double)*weight * factor);
        }
    }
}

/* Factors are powers of two: nothing is rounded, the float network computes the same bits. */
static bool equalize_pair(Layer *first, Layer *second)
{
    int64_t channels = shape_channels(first->output_shape);
    bool changed = false;
    for (int64_t c = 0; c < channels; c++) {
        double out = range_out(first, c), in = range_in(second, c, channels);
        if (!(out > 0 && in > 0))
            continue;
        double factor = exp2(rint(log2(sqrt(out / in))));
        if (factor == 1 || factor > LARGEST_FACTOR || factor < 1 / LARGEST_FACTOR)
            continue;
        scale_out(first, c, 1 / factor);
        scale_in(second, c, channels, factor);
        changed = true;
    }
    return changed;
}

static double spread(const Layer *layer)
{
    double least = INFINITY, largest = 0;
    for (int64_t c = 0; c < shape_channels(layer->output_shape); c++) {
        double range = range_out(layer, c);
        if (range > 0) {
            least = fmin(least, range);
            largest = fmax(largest, range);
        }
    }
    return largest > 0 ? largest / least : 1;
}

static double widest_spread(const Graph *graph)
{
    double widest = 1;
    for (int i = 0; i < graph->count; i++)
        if (pair_of(graph, i) >= 0)
            widest = fmax(widest, spread(&graph->layers[i]));
    return widest;
}

static Tensor own_copy(Arena *arena, Tensor tensor)
{
    if (!tensor.data)
        return tensor;
    int64_t count = shape_elements(tensor.shape);
    float *values = ARENA_ARRAY(arena, float, count);
    memcpy(values, tensor.data, (size_t)count * sizeof *values);
    tensor.data = values;
    return tensor;
}

Equalization equalize_layers(Graph *simplified)
{
    Equalization result = {.before = widest_spread(simplified)};
    for (int i = 0; i < simplified->count; i++) {
        Layer *layer = &simplified->layers[i];
        layer->kernel = own_copy(simplified->arena, layer->kernel);
        layer->bias = own_copy(simplified->arena, layer->bias);
        result.pairs += pair_of(simplified, i) >= 0;
    }
    bool changed = true;
    for (int round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (int i = 0; i < simplified->count; i++) {
            int next = pair_of(simplified, i);
            if (next >= 0)
                changed |= equalize_pair(&simplified->layers[i], &simplified->layers[next]);
        }
    }
    result.after = widest_spread(simplified);
    return result;
}
