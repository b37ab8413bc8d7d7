#include "quant/build_op.h"

#include <string.h>

#include "quant/float32.h"
#include "quant/join.h"
#include "quant/table.h"

static const LayerScheme *scheme_of(const Builder *builder, int index)
{
    return &builder->scheme->layers[builder->lowering->ops[index].layer];
}

/* ---- formats --------------------------------------------------------------------------------- */

static bool is_non_negative(const Builder *builder, int index);

static bool inputs_are_non_negative(const Builder *builder, const Op *op)
{
    for (int k = 0; k < op->input_count; k++)
        if (!is_non_negative(builder, op->inputs[k]))
            return false;
    return true;
}

static bool function_is_non_negative(Activation function)
{
    return function == ACTIVATION_SIGMOID || function == ACTIVATION_RELU ||
           function == ACTIVATION_HARD_SIGMOID;
}

/* True when no output of the operation can be below 0; of images: when none was seen. */
static bool is_non_negative(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    const OpTraits *traits = op_traits(lowered->op.kind);
    if (lowered->op.kind == OP_INPUT)
        return observation_is_one_sided(&builder->observations[index]);
    if (lowered->op.kind == OP_TABLE)
        return function_is_non_negative(lowered->function.kind);
    bool averages =
        lowered->op.kind == OP_AVERAGE_POOL2D || lowered->op.kind == OP_FLOAT_AVERAGE_POOL2D;
    if (traits->keeps_format || traits->joins || averages || lowered->op.kind == OP_TO_INTEGER)
        return lowered->fused_relu || inputs_are_non_negative(builder, &lowered->op);
    return lowered->fused_relu;
}

static FormatRule rule_of(const Builder *builder, int index)
{
    const LayerScheme *scheme = scheme_of(builder, index);
    FormatRule rule = {scheme->activation_bits, scheme->range, scheme->full_range};
    if (rule.range == RANGE_UNSIGNED && !is_non_negative(builder, index))
        rule.range = RANGE_SYMMETRIC;
    if (builder->lowering->ops[index].feeds_table && rule.bits > TABLE_INPUT_BITS)
        rule.bits = TABLE_INPUT_BITS;
    return rule;
}

double build_op_clip(const Builder *builder, int index, const Observation *seen)
{
    const LayerScheme *scheme = scheme_of(builder, index);
    return calibrator_clip(scheme->calibrator, seen, rule_of(builder, index),
                           scheme->calibrator_parameter);
}

static QuantParam calibrated(const Builder *builder, int index, double reach)
{
    const Observation *seen = &builder->observations[index];
    const LayerScheme *scheme = scheme_of(builder, index);
    FormatRule rule = rule_of(builder, index);
    if (rule.range == RANGE_UNSIGNED && rule.bits > FIXED_MAX_UNSIGNED_BITS) {
        blockers_add(builder->blockers,
                     "layer %s: %d bits without a sign do not fit a sample of %d bits with one; "
                     "at most %d do",
                     builder->lowering->ops[index].op.name, rule.bits, FIXED_MAX_BITS,
                     FIXED_MAX_UNSIGNED_BITS);
        rule.bits = FIXED_MAX_UNSIGNED_BITS;
    }
    double clip = scheme->clip, limit = builder->lowering->ops[index].limit;
    if (limit > 0)
        reach = fmin(reach, limit);
    if (!(clip > 0))
        clip = scheme->mean_of_clips ? builder->clips[index] : build_op_clip(builder, index, seen);
    return format_make(rule, (double)seen->minimum, (double)seen->maximum, fmin(clip, reach));
}

static QuantParam output_format(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    if (op_traits(lowered->op.kind)->writes_float)
        return QUANT_FLOAT;
    if (op_traits(lowered->op.kind)->keeps_format)
        return op_input(builder->model, index, 0)->output;
    if (!lowered->feeds_table)
        return calibrated(builder, index, INFINITY);
    QuantParam table = calibrated(builder, index + 1, INFINITY);
    double reach = table_saturation(builder->lowering->ops[index + 1].function, table);
    return calibrated(builder, index, reach);
}

QuantParam build_op_format(const Builder *builder, int index)
{
    while (op_traits(builder->lowering->ops[index].op.kind)->keeps_format)
        index = builder->lowering->ops[index].op.inputs[0];
    return output_format(builder, index);
}

static void set_formats(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    const LoweredOp *lowered = &builder->lowering->ops[index];
    const Op *before = index > 0 ? op_input(builder->model, index, 0) : op;
    op->output = output_format(builder, index);
    op->input = index > 0 ? before->output : op->output;
    op->low = lowered->fused_relu ? op->output.zero_point : op->output.low;
    op->high = op_traits(op->kind)->writes_float ? op->output.high
                                                 : format_high(op->output, lowered->limit);
    op->clip = fmax(fabs(fixed_dequantize(op->output.low, op->output)),
                    fabs(fixed_dequantize(op->output.high, op->output)));
    if (op_traits(op->kind)->writes_float) {
        op->clip = (double)FLT_MAX; /* where float32.h saturates */
        op->calibration = CALIBRATION_FLOAT;
    } else if (op_traits(op->kind)->keeps_format) {
        op->clip = before->clip;
    } else {
        const LayerScheme *scheme = scheme_of(builder, index);
        op->calibration = scheme->clip > 0 ? CALIBRATION_GIVEN : scheme->calibrator->name;
    }
}

/* ---- weights --------------------------------------------------------------------------------- */

/* Real weights, (rows, channels): each channel adds up its column. */
typedef struct RealWeights {
    const float *values;
    int64_t rows, channels;
    const double *bias; /* (channels), or NULL */
    /* Mean of the input that a weight meets: (rows), or (channels) where a channel reads only one;
     * both NULL: not corrected. */
    const double *row_means, *channel_means;
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
    return (RealWeights){.values = factor, .rows = 1, .channels = channels, .bias = shift};
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
    return (RealWeights){.values = layer->kernel.data,
                         .rows = shape_elements(layer->kernel.shape) / channels,
                         .channels = channels,
                         .bias = bias};
}

/* Channels first .. first+count-1 share a scale. */
typedef struct Group {
    int64_t first, count;
} Group;

FormatRule build_op_weight_rule(const LayerScheme *scheme)
{
    return (FormatRule){scheme->weight_bits, RANGE_SYMMETRIC, scheme->full_range};
}

double build_op_weight_clip(const LayerScheme *scheme, const Observation *seen)
{
    FormatRule rule = build_op_weight_rule(scheme);
    bool by_hand = scheme->weight_clip > 0, own = scheme->weight_calibrator != NULL;
    if (by_hand && scheme->granularity == PER_TENSOR)
        return observation_largest(seen) > 0 ? scheme->weight_clip : 0;
    double clip = calibrator_clip(own ? scheme->weight_calibrator : scheme->calibrator, seen, rule,
                                  own ? scheme->weight_parameter : scheme->calibrator_parameter);
    return by_hand ? fmin(clip, scheme->weight_clip) : clip;
}

static double weight_clip(const LayerScheme *scheme, RealWeights real, Group group)
{
    Observation seen = {0};
    for (int64_t r = 0; r < real.rows; r++)
        observation_add(&seen, real.values + r * real.channels + group.first, group.count);
    return build_op_weight_clip(scheme, &seen);
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
    double clip = weight_clip(scheme, real, group);
    double scale = clip > 0 ? format_make(build_op_weight_rule(scheme), -clip, clip, clip).scale
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

static bool is_corrected(RealWeights real)
{
    return real.row_means || real.channel_means;
}

/* The real bias in steps of the accumulator, and what the input's zero point adds to each sum,
 * taken away. A sum that does not fit is refused by integer_model_prove(). */
static int32_t integer_bias(const Op *op, RealWeights real, const int32_t *weights, int64_t channel,
                            double scale)
{
    double bias = real.bias ? real.bias[channel] : 0;
    int64_t sum = 0;
    for (int64_t r = 0; r < real.rows; r++) {
        int64_t at = r * real.channels + channel;
        sum += weights[at];
        if (is_corrected(real))
            bias += ((double)real.values[at] - scale * weights[at]) *
                    (real.row_means ? real.row_means[r] : real.channel_means[channel]);
    }
    bias = rint(bias / (op->input.scale * scale));
    return (int32_t)fixed_clamp((int64_t)bias - sum * op->input.zero_point, -INT32_MAX, INT32_MAX);
}

static void quantize_group(const Op *op, RealWeights real, Group group, QuantParam format,
                           IntegerWeights *into)
{
    for (int64_t r = 0; r < real.rows; r++)
        for (int64_t c = group.first; c < group.first + group.count; c++) {
            int64_t at = r * real.channels + c;
            into->weights[at] = fixed_quantize((double)real.values[at], format);
        }
    for (int64_t c = group.first; into->bias && c < group.first + group.count; c++)
        into->bias[c] = integer_bias(op, real, into->weights, c, format.scale);
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

static IntegerWeights integer_weights(Arena *arena, const Op *op, RealWeights real, int64_t groups)
{
    bool has_bias = real.bias || is_corrected(real) || op->input.zero_point != 0;
    return (IntegerWeights){
        .weights = ARENA_ARRAY(arena, int32_t, real.rows * real.channels),
        .bias = has_bias ? ARENA_ARRAY(arena, int32_t, real.channels) : NULL,
        .requantizers = ARENA_ARRAY(arena, Requantizer, groups),
        .scales = ARENA_ARRAY(arena, double, groups),
    };
}

/* Bias correction (Nagel et al. 2019, section 4.2, with means that were measured): the error of a
 * weight times the mean of what it meets is a shift of the output, known before. The border of a
 * padded convolution counts as the rest. */
static void set_means(const Builder *builder, int index, RealWeights *real)
{
    const Op *op = &builder->model->ops[index];
    const double *means = builder->means[op->inputs[0]];
    int64_t elements = shape_elements(op->input_shape), channels = shape_channels(op->input_shape);
    if (op->kind == OP_DENSE) {
        real->row_means = means;
        return;
    }
    bool depthwise = op->kind == OP_DEPTHWISE_CONV2D;
    double *of_channels = ARENA_ARRAY(builder->model->arena, double, channels);
    for (int64_t i = 0; i < elements; i++)
        of_channels[i % channels] += means[i] * (double)channels / (double)elements;
    int64_t count = depthwise ? real->channels : real->rows;
    int64_t multiplier = depthwise ? real->channels / channels : 1;
    double *met = ARENA_ARRAY(builder->model->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        met[i] = of_channels[i / multiplier % channels];
    if (depthwise)
        real->channel_means = met;
    else
        real->row_means = met;
}

static void build_weights(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    const LayerScheme *scheme = scheme_of(builder, index);
    RealWeights real =
        real_weights(arena, &builder->graph->layers[builder->lowering->ops[index].layer]);
    if (scheme->correct_bias && op->kind != OP_AFFINE)
        set_means(builder, index, &real);
    int64_t groups = scheme->granularity == PER_CHANNEL ? real.channels : 1;
    IntegerWeights integer = integer_weights(arena, op, real, groups);
    op->weight_bits = scheme->weight_bits;
    QuantParam format = format_make(build_op_weight_rule(scheme), -1, 1, 1);
    for (int64_t g = 0; g < groups; g++) {
        int64_t count = real.channels / groups;
        Group group = {g * count, count};
        format.scale = weight_scale(builder, index, real, group);
        quantize_group(op, real, group, format, &integer);
        integer.scales[g] = format.scale;
        integer.requantizers[g] =
            requantizer_for(builder, op, op->input.scale * format.scale / op->output.scale);
        op->weight_clip = fmax(op->weight_clip, -format.scale * format.low);
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

static void build_join(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    int count = op->kind == OP_ADD ? 1 : op->input_count;
    JoinNumbers *numbers = ARENA_NEW(arena, JoinNumbers);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, count);
    if (op->kind == OP_ADD) {
        *numbers = join_add_numbers(builder->model, index);
        op->weights = numbers->weights;
        op->bias = &numbers->bias;
        op->weight_bits = numbers->weight_bits;
        op->weight_scales = &numbers->weight_scale;
        op->weight_clip = numbers->weight_scale * (((int32_t)1 << (op->weight_bits - 1)) - 1);
    }
    for (int k = 0; k < count; k++)
        requantizers[k] = requantizer_for(
            builder, op, join_ratio(builder->model, index, k, numbers->weight_scale));
    op->requantizers = requantizers;
    op->requantizer_count = count;
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
    if (traits->joins)
        build_join(builder, index);
    else if (traits->has_weights && traits->reads_float)
        build_float_weights(builder, index);
    else if (traits->has_weights)
        build_weights(builder, index);
    else if (traits->requantizes)
        build_average_pool(builder, index);
    if (traits->has_table)
        op->table = table_make(arena, lowered->function, op->input, op->output);
}
