#include "quant/build_op.h"

#include <string.h>

#include "quant/float32.h"
#include "quant/table.h"

static const LayerScheme *scheme_of(const Builder *builder, int index)
{
    return &builder->scheme->layers[builder->lowering->ops[index].layer];
}

/* ---- formats
 * --------------------------------------------------------------------------------------- */

static QuantParam calibrated(const Builder *builder, int index, int bits, double reach)
{
    const LayerScheme *scheme = scheme_of(builder, index);
    double clip =
        scheme->calibrator->clip(&builder->observations[index], bits, scheme->calibrator_parameter);
    return fixed_symmetric(fmin(clip, reach), bits);
}

static QuantParam output_format(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    int bits = scheme_of(builder, index)->activation_bits;
    if (op_traits(lowered->op.kind)->writes_float)
        return QUANT_FLOAT;
    if (lowered->op.kind == OP_MAX_POOL2D)
        return builder->model->ops[index - 1].output;
    if (!lowered->feeds_table)
        return calibrated(builder, index, bits, INFINITY);
    QuantParam table = calibrated(builder, index + 1, bits, INFINITY);
    double reach = table_saturation(builder->lowering->ops[index + 1].function, table);
    return calibrated(builder, index, bits < TABLE_INPUT_BITS ? bits : TABLE_INPUT_BITS, reach);
}

static void set_formats(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    const Op *before = index > 0 ? op - 1 : op;
    op->output = output_format(builder, index);
    op->input = index > 0 ? before->output : op->output;
    op->low = builder->lowering->ops[index].fused_relu ? op->output.zero_point : op->output.low;
    op->high = op->output.high;
    op->clip = op->output.scale * op->output.high;
    if (op_traits(op->kind)->writes_float) {
        op->clip = (double)FLT_MAX; /* where float32.h saturates */
        op->calibration = CALIBRATION_FLOAT;
    } else if (op->kind == OP_MAX_POOL2D) {
        op->clip = before->clip;
    } else {
        op->calibration = scheme_of(builder, index)->calibrator->name;
    }
}

/* ---- weights
 * --------------------------------------------------------------------------------------- */

/* Real weights, (rows, channels): each channel adds up its column. */
typedef struct RealWeights {
    const float *values;
    int64_t rows, channels;
    const double *bias; /* (channels), or NULL */
} RealWeights;

/* y = factor * x + shift, per channel. */
static RealWeights batch_norm_weights(Arena *arena, const Layer *layer)
{
    int64_t channels = shape_channels(layer->output_shape);
    float *factor = ARENA_ARRAY(arena, float, channels);
    double *shift = ARENA_ARRAY(arena, double, channels);
    for (int64_t c = 0; c < channels; c++) {
        double gamma = layer->gamma.data ? (double)layer->gamma.data[c] : 1.0;
        double beta = layer->beta.data ? (double)layer->beta.data[c] : 0.0;
        double scale = gamma / sqrt((double)layer->variance.data[c] + layer->epsilon);
        factor[c] = (float)scale;
        shift[c] = beta - (double)layer->mean.data[c] * scale;
    }
    return (RealWeights){factor, 1, channels, shift};
}

static RealWeights real_weights(Arena *arena, const Layer *layer)
{
    if (layer->kind == LAYER_BATCH_NORM)
        return batch_norm_weights(arena, layer);
    int64_t channels = shape_channels(layer->output_shape);
    double *bias = NULL;
    if (layer->bias.data) {
        bias = ARENA_ARRAY(arena, double, channels);
        for (int64_t c = 0; c < channels; c++)
            bias[c] = (double)layer->bias.data[c];
    }
    return (RealWeights){layer->kernel.data, shape_elements(layer->kernel.shape) / channels,
                         channels, bias};
}

/* Channels first .. first+count-1 share a scale. */
typedef struct Group {
    int64_t first, count;
} Group;

static Observation observe_weights(RealWeights real, Group group)
{
    Observation observation = {0};
    for (int64_t r = 0; r < real.rows; r++)
        observation_add(&observation, real.values + r * real.channels + group.first, group.count);
    return observation;
}

static double largest_bias(RealWeights real, Group group)
{
    double largest = 0;
    for (int64_t c = group.first; real.bias && c < group.first + group.count; c++)
        largest = fmax(largest, fabs(real.bias[c]));
    return largest;
}

/* The scale from the calibrated clip, but never so small that a bias takes more than half of the
 * accumulator: weights that far below the bias do not matter. Weights that are all 0 have no scale
 * of their own: theirs puts 256 steps of the accumulator in one of the output, for the bias. */
static double weight_scale(const Builder *builder, int index, RealWeights real, Group group)
{
    const Op *op = &builder->model->ops[index];
    const LayerScheme *scheme = scheme_of(builder, index);
    Observation observation = observe_weights(real, group);
    double clip =
        scheme->calibrator->clip(&observation, scheme->weight_bits, scheme->calibrator_parameter);
    double scale = clip > 0 ? fixed_symmetric(clip, scheme->weight_bits).scale
                            : op->output.scale / (256 * op->input.scale);
    const double half_accumulator = 1 << (FIXED_ACCUMULATOR_BITS - 2);
    return fmax(scale, largest_bias(real, group) / (op->input.scale * half_accumulator));
}

/* What a layer's weights become; the Op sees it as const. */
typedef struct IntegerWeights {
    int32_t *weights;
    int32_t *bias; /* NULL: none */
    Requantizer *requantizers;
    double *scales;
} IntegerWeights;

static void quantize_group(const Op *op, RealWeights real, Group group, double scale,
                           IntegerWeights *into)
{
    QuantParam format = fixed_symmetric(1.0, op->weight_bits);
    format.scale = scale;
    for (int64_t r = 0; r < real.rows; r++)
        for (int64_t c = group.first; c < group.first + group.count; c++) {
            int64_t at = r * real.channels + c;
            into->weights[at] = fixed_quantize((double)real.values[at], format);
        }
    for (int64_t c = group.first; into->bias && c < group.first + group.count; c++)
        into->bias[c] = (int32_t)rint(real.bias[c] / (op->input.scale * scale));
}

/* M and s, or a blocker and a harmless pair. */
static Requantizer requantizer_for(const Builder *builder, const Op *op, double ratio)
{
    Requantizer requantizer = {1, FIXED_SHIFT_MIN};
    if (!fixed_requantizer(ratio, &requantizer))
        blockers_add(builder->blockers,
                     "layer %s: its output's scale %g is out of reach from its input's (ratio %g, "
                     "possible are 2^-31 to 2^14); calibrate on images that make it answer",
                     op->name, op->output.scale, ratio);
    return requantizer;
}

static IntegerWeights integer_weights(Arena *arena, RealWeights real, int64_t groups)
{
    return (IntegerWeights){
        .weights = ARENA_ARRAY(arena, int32_t, real.rows * real.channels),
        .bias = real.bias ? ARENA_ARRAY(arena, int32_t, real.channels) : NULL,
        .requantizers = ARENA_ARRAY(arena, Requantizer, groups),
        .scales = ARENA_ARRAY(arena, double, groups),
    };
}

static void build_weights(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    const LayerScheme *scheme = scheme_of(builder, index);
    RealWeights real =
        real_weights(arena, &builder->graph->layers[builder->lowering->ops[index].layer]);
    int64_t groups = scheme->granularity == PER_CHANNEL ? real.channels : 1;
    IntegerWeights integer = integer_weights(arena, real, groups);
    op->weight_bits = scheme->weight_bits;
    int32_t highest = fixed_symmetric(1.0, op->weight_bits).high;
    for (int64_t g = 0; g < groups; g++) {
        int64_t count = real.channels / groups;
        Group group = {g * count, count};
        double scale = weight_scale(builder, index, real, group);
        quantize_group(op, real, group, scale, &integer);
        integer.scales[g] = scale;
        integer.requantizers[g] =
            requantizer_for(builder, op, op->input.scale * scale / op->output.scale);
        op->weight_clip = fmax(op->weight_clip, scale * highest);
    }
    op->weights = integer.weights;
    op->bias = integer.bias;
    op->requantizers = integer.requantizers;
    op->requantizer_count = (int)groups;
    op->weight_scales = integer.scales;
}

/* Bit patterns; what is subnormal becomes zero. */
static int32_t *words_of(Arena *arena, const float *values, int64_t count)
{
    int32_t *words = values ? ARENA_ARRAY(arena, int32_t, count) : NULL;
    for (int64_t i = 0; values && i < count; i++)
        words[i] = float32_word(float32_flush(values[i]));
    return words;
}

static void build_float_weights(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    const Layer *layer = &builder->graph->layers[builder->lowering->ops[index].layer];
    op->weight_bits = FLOAT_BITS;
    op->weights = words_of(arena, layer->kernel.data, op_weight_count(op));
    op->bias = words_of(arena, layer->bias.data, op_channels(op));
}

static void build_average_pool(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    double count = (double)op->window.kernel_height * op->window.kernel_width;
    Requantizer *requantizer = ARENA_NEW(builder->model->arena, Requantizer);
    *requantizer = requantizer_for(builder, op, op->input.scale / (count * op->output.scale));
    op->requantizers = requantizer;
    op->requantizer_count = 1;
}

void build_op(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    *op = lowered->op;
    op->name = arena_strdup(arena, lowered->op.name);
    set_formats(builder, index);
    const OpTraits *traits = op_traits(op->kind);
    if (traits->has_weights && traits->reads_float)
        build_float_weights(builder, index);
    else if (traits->has_weights)
        build_weights(builder, index);
    else if (traits->requantizes)
        build_average_pool(builder, index);
    if (traits->has_table)
        op->table = table_make(arena, lowered->function, op->input, op->output);
}
