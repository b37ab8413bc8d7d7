/* synth_nets.h: small networks written as a line of text, for the runs of Yosys that the estimates
 * of resources rest on: whoever reads a recorded run builds the same network again. Header only.
 *
 *     "in 8x8x4 bits 8,8 conv 6,3,1,same fold 2,9 max 2,2 dense 10 fold 1,4"
 *
 *     in HxWxC | in N           the image, or a vector; comes first
 *     bits WEIGHTS,OUTPUTS      of what follows (8,8 without it)
 *     scales layer|channel      requantizers of what follows: one, or one for each channel (layer)
 *     conv FILTERS,KERNEL,STRIDE,same|valid      depthwise MULTIPLIER,KERNEL,STRIDE,same|valid
 *     dense UNITS    max KERNEL,STRIDE    average KERNEL,STRIDE
 *     relu                      of the operation before
 *     fold PE,SIMD              of the operation before
 *     mark                      remembers the operation before ...
 *     add                       ... and adds what is remembered to the operation before
 *     ram                       weights are loaded: --weights ram
 */
#ifndef TESTS_SYNTH_NETS_H
#define TESTS_SYNTH_NETS_H

#include "hw/plan.h"
#include "tests/unit/hw/tiny_model.h"

enum { SYNTH_NET_BYTES = 512 };

typedef struct SynthNet {
    Tiny tiny;
    int weight_bits, bits;
    bool per_channel;
    int marked;
} SynthNet;

/* Weights and formats of the net's widths; a sum of average size comes out in the middle. */
static inline void synth_net_quantize(SynthNet *net, Op *op, int64_t terms, int64_t channels)
{
    Requantizer *requantizers = ARENA_ARRAY(net->tiny.model->arena, Requantizer, channels);
    int32_t *weights = (int32_t *)(uintptr_t)op->weights;
    double high = (double)op->input.high, weight_high = (double)(1 << (net->weight_bits - 1)) - 1;
    op->output = fixed_symmetric(2.0, net->bits);
    op->low = op->output.low;
    op->high = op->output.high;
    for (int64_t i = 0; i < terms * channels; i++)
        weights[i] = (int32_t)lrint(weights[i] * weight_high / 127);
    double ratio = op->output.high / (0.7 * high * weight_high * sqrt((double)terms));
    for (int64_t c = 0; c < channels; c++)
        if (!fixed_requantizer(ratio * (net->per_channel ? 1 + 0.05 * (double)(c % 8) : 1),
                               &requantizers[c]))
            abort();
    op->requantizers = requantizers;
    op->requantizer_count = net->per_channel ? (int)channels : 1;
    op->weight_bits = net->weight_bits;
}

static inline Window synth_net_window(const SynthNet *net, int kernel, int stride, bool same)
{
    Window window = tiny_window(kernel, kernel, stride, stride);
    if (!same)
        return window;
    Shape in = net->tiny.model->ops[net->tiny.from].output_shape;
    int pads[2];
    for (int k = 0; k < 2; k++) {
        int size = (int)in.dim[k], over = ((size + stride - 1) / stride - 1) * stride + kernel;
        pads[k] = over > size ? over - size : 0;
    }
    return tiny_padded(window, pads[0] / 2, pads[0] - pads[0] / 2, pads[1] / 2,
                       pads[1] - pads[1] / 2);
}

static inline void synth_net_window_layer(SynthNet *net, const char *kind, const char *name,
                                          const char *value)
{
    int number = 0, kernel = 0, stride = 0;
    char border[8] = "";
    Tiny *tiny = &net->tiny;
    if (kind[0] == 'm' || kind[0] == 'a') {
        if (sscanf(value, "%d,%d", &kernel, &stride) != 2)
            abort();
        tiny_pool(tiny, kind[0] == 'm' ? OP_MAX_POOL2D : OP_AVERAGE_POOL2D, name,
                  tiny_window(kernel, kernel, stride, stride));
        return;
    }
    if (sscanf(value, "%d,%d,%d,%7s", &number, &kernel, &stride, border) != 4)
        abort();
    Window window = synth_net_window(net, kernel, stride, strcmp(border, "same") == 0);
    bool deep = kind[0] == 'c';
    Op *op =
        deep ? tiny_conv2d(tiny, name, number, window) : tiny_depthwise(tiny, name, number, window);
    int64_t in = shape_channels(op->input_shape);
    synth_net_quantize(net, op, kernel * kernel * (deep ? in : 1), op_channels(op));
}

/* One word and, where it takes one, its value. */
static inline void synth_net_word(SynthNet *net, const char *word, const char *value)
{
    Tiny *tiny = &net->tiny;
    Op *before = &tiny->model->ops[tiny->from];
    char name[32];
    snprintf(name, sizeof name, "%s_%d", word, tiny->model->count);
    if (strcmp(word, "bits") == 0) {
        if (sscanf(value, "%d,%d", &net->weight_bits, &net->bits) != 2)
            abort();
    } else if (strcmp(word, "fold") == 0) {
        if (sscanf(value, "%d,%d", &before->pe, &before->simd) != 2)
            abort();
    } else if (strcmp(word, "scales") == 0) {
        net->per_channel = strcmp(value, "channel") == 0;
    } else if (strcmp(word, "dense") == 0) {
        Op *op = tiny_dense(tiny, name, atoi(value));
        synth_net_quantize(net, op, shape_elements(op->input_shape), op_channels(op));
    } else if (strcmp(word, "relu") == 0) {
        tiny_relu(before);
    } else if (strcmp(word, "mark") == 0) {
        net->marked = tiny->from;
    } else if (strcmp(word, "add") == 0) {
        tiny_sum(tiny, name, (int[]){tiny->from, net->marked}, 2);
    } else if (strcmp(word, "ram") != 0) { /* of the plan */
        synth_net_window_layer(net, word, name, value);
    }
}

static inline bool synth_net_takes_value(const char *word)
{
    static const char *const alone[] = {"relu", "mark", "add", "ram"};
    bool takes = true;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        takes = takes && strcmp(word, alone[i]) != 0;
    return takes;
}

/* The network of a line; the test that calls it fails when the line is none. */
static inline IntegerModel *synth_net(const char *line)
{
    char text[SYNTH_NET_BYTES], *rest = NULL;
    int height = 0, width = 0, channels = 0;
    if (snprintf(text, sizeof text, "%s", line) >= (int)sizeof text)
        abort();
    const char *first = strtok_r(text, " ", &rest), *shape = strtok_r(NULL, " ", &rest);
    if (!first || !shape || strcmp(first, "in") != 0)
        abort();
    int sizes = sscanf(shape, "%dx%dx%d", &height, &width, &channels);
    if (sizes != 1 && sizes != 3)
        abort();
    SynthNet net = {
        .tiny = tiny_new(
            "net", sizes == 3 ? shape_of(3, height, width, channels) : shape_of(1, height), 7),
        .weight_bits = 8,
        .bits = 8};
    for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        const char *value = synth_net_takes_value(word) ? strtok_r(NULL, " ", &rest) : "";
        if (!value)
            abort();
        synth_net_word(&net, word, value);
    }
    return tiny_finish(&net.tiny);
}

/* Whether a list such as "ecp5,ice40", or a line that begins with it, has a target among its words;
 * "all" has each. */
static inline bool synth_net_is_for(const char *list, const char *target)
{
    size_t length = strlen(target), end = strcspn(list, " "), word;
    bool found = false;
    for (size_t at = 0; at < end && !found; at += word + 1) {
        word = strcspn(list + at, ", ");
        found = (word == length && strncmp(list + at, target, length) == 0) ||
                (word == 3 && strncmp(list + at, "all", 3) == 0);
    }
    return found;
}

/* The plan of that network, which is the line's. */
static inline Status synth_net_plan(const IntegerModel *model, const char *line, Plan **plan)
{
    TRY(plan_new(model, plan));
    return strstr(line, " ram") ? plan_load_weights(*plan) : OK;
}

#endif
