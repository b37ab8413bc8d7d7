#include "optimize/rebuild.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "quant/float32.h"
#include "quant/format.h"
#include "quant/join.h"

/* ---- which layer an operation belongs to -------------------------------------------------------
 */

int layer_of_op(const Graph *graph, const char *name)
{
    int found = -1;
    size_t longest = 0;
    for (int i = 0; i < graph->count; i++) {
        size_t length = strlen(graph->layers[i].name);
        bool same = strncmp(graph->layers[i].name, name, length) == 0 &&
                    (name[length] == '\0' || name[length] == '.');
        if (same && length >= longest) {
            found = i;
            longest = length;
        }
    }
    return found;
}

const RebuildOp *rebuild_weights_of(const Rebuild *rebuild, int layer)
{
    for (int i = 0; i < rebuild->model->count; i++)
        if (rebuild->ops[i].layer == layer && rebuild->ops[i].op->weights)
            return &rebuild->ops[i];
    return NULL;
}

/* ---- opening -----------------------------------------------------------------------------------
 */

static bool on_integers(const Op *op)
{
    return !op_traits(op->kind)->writes_float;
}

/* True when a table reads the values of operation `index`, as they are or moved. */
static bool feeds_table(const IntegerModel *model, int index)
{
    for (int i = index + 1; i < model->count; i++) {
        const Op *op = &model->ops[i];
        bool reads = op->input_count == 1 && op->inputs[0] == index;
        if (reads &&
            (op->kind == OP_TABLE || (op_traits(op->kind)->keeps_format && feeds_table(model, i))))
            return true;
    }
    return false;
}

/* A scale of its own, that no table was made for. */
static bool output_is_learned(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    return on_integers(op) && !op_traits(op->kind)->keeps_format && op->kind != OP_TABLE &&
           !feeds_table(model, index);
}

/* Of the ReLU that is the operation's clamp. */
static double limit_of(const Graph *graph, const RebuildOp *own)
{
    const Layer *layer = &graph->layers[own->layer];
    OpKind kind = own->op->kind;
    bool clamps = op_traits(kind)->requantizes || kind == OP_MAX_POOL2D || kind == OP_TO_INTEGER;
    return clamps && layer->activation == ACTIVATION_RELU ? layer->activation_limit : 0;
}

static void take_weights(RebuildOp *own, Arena *arena)
{
    Op *op = own->op;
    int64_t count = op_weight_count(op);
    own->weights = ARENA_ARRAY(arena, int32_t, count);
    memcpy(own->weights, op->weights, (size_t)count * sizeof *own->weights);
    op->weights = own->weights;
    own->weight_high = ((int32_t)1 << (op->weight_bits < FLOAT_BITS ? op->weight_bits - 1 : 1)) - 1;
    own->weight_low = -own->weight_high;
    for (int64_t i = 0; op->weight_bits < FLOAT_BITS && i < count; i++)
        if (own->weights[i] < own->weight_low) /* the full range, one more below */
            own->weight_low = -own->weight_high - 1;
    if (op->bias) {
        own->bias = ARENA_ARRAY(arena, int32_t, op_bias_count(op));
        memcpy(own->bias, op->bias, (size_t)op_bias_count(op) * sizeof *own->bias);
        op->bias = own->bias;
    }
    if (!op->weight_scales)
        return;
    own->weight_scales = op->weight_scales;
    own->scales = ARENA_ARRAY(arena, double, op->requantizer_count);
    memcpy(own->scales, op->weight_scales, (size_t)op->requantizer_count * sizeof *own->scales);
    op->weight_scales = own->scales;
}

static void open_op(Rebuild *rebuild, int index, bool learn_steps)
{
    Arena *arena = rebuild->model->arena;
    Op *op = &rebuild->model->ops[index];
    RebuildOp *own = &rebuild->ops[index];
    *own = (RebuildOp){.op = op,
                       .layer = index ? layer_of_op(rebuild->graph, op->name) : 0,
                       .output_step = -1,
                       .weight_step = -1,
                       .output_scale = op->output.scale,
                       .clip = op->clip};
    if (own->layer >= 0)
        own->limit = limit_of(rebuild->graph, own);
    if (op->weights)
        take_weights(own, arena);
    if (op->requantizers) {
        own->requantizers = ARENA_ARRAY(arena, Requantizer, op->requantizer_count);
        memcpy(own->requantizers, op->requantizers,
               (size_t)op->requantizer_count * sizeof *own->requantizers);
        op->requantizers = own->requantizers;
    }
    if (learn_steps && output_is_learned(rebuild->model, index))
        own->output_step = rebuild->step_count++;
    if (learn_steps && own->scales && op->kind != OP_ADD) {
        own->weight_step = rebuild->step_count;
        rebuild->step_count += op->requantizer_count;
    }
}

Status rebuild_open(Rebuild *rebuild, const Graph *graph, IntegerModel *model, bool learn_steps)
{
    *rebuild = (Rebuild){.graph = graph,
                         .model = model,
                         .ops = ARENA_ARRAY(model->arena, RebuildOp, model->count),
                         .last = ARENA_ARRAY(model->arena, int, graph->count)};
    for (int i = 0; i < graph->count; i++)
        rebuild->last[i] = -1;
    for (int i = 0; i < model->count; i++) {
        open_op(rebuild, i, learn_steps);
        if (rebuild->ops[i].layer < 0)
            return error_set(ERR_INTERNAL, "operation %s: comes from no layer", model->ops[i].name);
        rebuild->last[rebuild->ops[i].layer] = i;
    }
    rebuild->steps = ARENA_ARRAY(model->arena, float, rebuild->step_count + 1);
    return OK;
}

/* ---- integers ----------------------------------------------------------------------------------
 */

/* No scale moves further than that from where it was calibrated. */
#define MAX_STEP 20.0

static double factor_at(const Rebuild *rebuild, int step)
{
    return step >= 0 ? exp(fmax(-MAX_STEP, fmin(MAX_STEP, (double)rebuild->steps[step]))) : 1.0;
}

static void set_formats(const Rebuild *rebuild, int index)
{
    const RebuildOp *own = &rebuild->ops[index];
    Op *op = own->op;
    if (index > 0)
        op->input = op_input(rebuild->model, index, 0)->output;
    if (op_traits(op->kind)->keeps_format) {
        op->output.scale = op->input.scale;
        op->clip = op_input(rebuild->model, index, 0)->clip;
    } else if (own->output_step >= 0) {
        double factor = factor_at(rebuild, own->output_step);
        op->output.scale = own->output_scale * factor;
        op->clip = own->clip * factor;
    }
    if (own->limit > 0)
        op->high = format_high(op->output, own->limit);
    if (index == 0)
        op->input = op->output;
}

static Status set_requantizer(const RebuildOp *own, int64_t group, double ratio)
{
    if (fixed_requantizer(ratio, &own->requantizers[group]))
        return OK;
    return error_set(ERR_REFUSED, "layer %s: its scales have moved too far apart (ratio %g)",
                     own->op->name, ratio);
}

/* Place in the layer's kernel of weight `at`: a per-channel factor is on its diagonal. */
static int64_t kernel_at(const Op *op, int64_t at)
{
    return op->kind == OP_AFFINE ? at * op_channels(op) + at : at;
}

/* As the quantizer has it: no scale so small that a bias takes more than half an accumulator. */
static double floor_of_scale(const RebuildOp *own, const Layer *layer, int64_t first, int64_t count)
{
    const double half_accumulator = 1 << (FIXED_ACCUMULATOR_BITS - 2);
    double largest = 0;
    for (int64_t c = first; layer->bias.data && c < first + count; c++)
        largest = fmax(largest, fabs((double)layer->bias.data[c]));
    return largest / (own->op->input.scale * half_accumulator);
}

/* What the input's zero point adds to the sum of a channel; the integer bias takes it back. */
static int64_t zero_point_sum(const RebuildOp *own, int64_t channel)
{
    int64_t channels = op_channels(own->op), count = op_weight_count(own->op), sum = 0;
    for (int64_t at = channel; own->op->input.zero_point != 0 && at < count; at += channels)
        sum += own->weights[at];
    return sum * own->op->input.zero_point;
}

static int32_t integer_bias(const RebuildOp *own, const Layer *layer, int64_t channel, double scale)
{
    double real = layer->bias.data ? (double)layer->bias.data[channel] : 0;
    double most = (double)INT32_MAX;
    double steps = rint(real / (own->op->input.scale * scale));
    int64_t bias = (int64_t)fmax(-most, fmin(most, steps));
    return (int32_t)fixed_clamp(bias - zero_point_sum(own, channel), -INT32_MAX, INT32_MAX);
}

/* Integers have no place for what is not a number. */
static Status check_numbers(const RebuildOp *own, const Layer *layer)
{
    bool finite = isfinite(own->op->input.scale) && isfinite(own->op->output.scale);
    for (int64_t i = 0; i < shape_elements(layer->kernel.shape); i++)
        finite = finite && isfinite(layer->kernel.data[i]);
    for (int64_t c = 0; layer->bias.data && c < op_channels(own->op); c++)
        finite = finite && isfinite(layer->bias.data[c]);
    return finite ? OK
                  : error_set(ERR_REFUSED, "layer %s: weights or scales are no numbers any more",
                              own->op->name);
}

static Status set_group(const Rebuild *rebuild, const RebuildOp *own, int64_t group)
{
    Op *op = own->op;
    assert(own->weights && own->scales);
    const Layer *layer = &rebuild->graph->layers[own->layer];
    int64_t channels = op_channels(op), width = channels / op->requantizer_count;
    int64_t first = group * width, rows = op_weight_count(op) / channels;
    int step = own->weight_step < 0 ? -1 : own->weight_step + (int)group;
    double scale = fmax(own->weight_scales[group] * factor_at(rebuild, step),
                        floor_of_scale(own, layer, first, width));
    QuantParam format = {.scale = scale, .low = own->weight_low, .high = own->weight_high};
    own->scales[group] = scale;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t at = r * channels + first; at < r * channels + first + width; at++)
            own->weights[at] =
                fixed_quantize((double)layer->kernel.data[kernel_at(op, at)], format);
    for (int64_t c = first; own->bias && c < first + width; c++)
        own->bias[c] = integer_bias(own, layer, c, scale);
    op->weight_clip = fmax(op->weight_clip, scale * own->weight_high);
    return set_requantizer(own, group, op->input.scale * scale / op->output.scale);
}

static void set_words(const float *values, int64_t count, int32_t *words)
{
    for (int64_t i = 0; words && i < count; i++)
        words[i] = float32_word(float32_flush(values[i]));
}

static Status set_weights(const Rebuild *rebuild, const RebuildOp *own)
{
    const Layer *layer = &rebuild->graph->layers[own->layer];
    Op *op = own->op;
    TRY(check_numbers(own, layer));
    if (!own->scales) {
        set_words(layer->kernel.data, op_weight_count(op), own->weights);
        set_words(layer->bias.data, op_channels(op), own->bias);
        return OK;
    }
    op->weight_clip = 0;
    for (int64_t g = 0; g < op->requantizer_count; g++)
        TRY(set_group(rebuild, own, g));
    return OK;
}

static Status set_join(const Rebuild *rebuild, int index)
{
    const RebuildOp *own = &rebuild->ops[index];
    Op *op = own->op;
    JoinNumbers numbers = {0};
    if (op->kind == OP_ADD) {
        numbers = join_add_numbers(rebuild->model, index);
        memcpy(own->weights, numbers.weights, (size_t)op->input_count * sizeof *own->weights);
        own->bias[0] = numbers.bias;
        own->scales[0] = numbers.weight_scale;
        op->weight_bits = numbers.weight_bits;
        op->weight_clip = numbers.weight_scale * (((int32_t)1 << (op->weight_bits - 1)) - 1);
    }
    for (int k = 0; k < op->requantizer_count; k++)
        TRY(set_requantizer(own, k, join_ratio(rebuild->model, index, k, numbers.weight_scale)));
    return OK;
}

static Status set_op(const Rebuild *rebuild, int index)
{
    const RebuildOp *own = &rebuild->ops[index];
    const Op *op = own->op;
    set_formats(rebuild, index);
    if (op_traits(op->kind)->joins)
        return set_join(rebuild, index);
    if (own->weights)
        return set_weights(rebuild, own);
    if (op->kind != OP_AVERAGE_POOL2D)
        return OK;
    double count = (double)op->window.kernel_height * op->window.kernel_width;
    return set_requantizer(own, 0, op->input.scale / (count * op->output.scale));
}

Status rebuild_integers(Rebuild *rebuild)
{
    for (int i = 0; i < rebuild->model->count; i++)
        TRY(set_op(rebuild, i));
    return integer_model_prove(rebuild->model);
}

/* ---- back to real ------------------------------------------------------------------------------
 */

void rebuild_used_kernel(const Rebuild *rebuild, int layer, float *used)
{
    const RebuildOp *own = rebuild_weights_of(rebuild, layer);
    int64_t channels = op_channels(own->op), count = op_weight_count(own->op);
    int64_t width = own->scales ? channels / own->op->requantizer_count : channels;
    if (own->op->kind == OP_AFFINE)
        memset(used, 0, (size_t)(channels * channels) * sizeof *used);
    for (int64_t i = 0; i < count; i++)
        used[kernel_at(own->op, i)] =
            own->scales ? (float)(own->scales[i % channels / width] * own->weights[i])
                        : float32_of_word(own->weights[i]);
}

void rebuild_used_bias(const Rebuild *rebuild, int layer, float *used)
{
    const RebuildOp *own = rebuild_weights_of(rebuild, layer);
    int64_t channels = op_channels(own->op);
    int64_t width = own->scales ? channels / own->op->requantizer_count : channels;
    for (int64_t c = 0; c < channels; c++)
        used[c] = own->scales ? (float)(own->op->input.scale * own->scales[c / width] *
                                        (double)(own->bias[c] + zero_point_sum(own, c)))
                              : float32_of_word(own->bias[c]);
}
