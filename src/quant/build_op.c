#include "quant/build_op.h"

#include <string.h>

#include "quant/float32.h"
#include "quant/table.h"

static const LayerScheme *scheme_of(const Builder *builder, int index)
{
    return &builder->scheme->layers[builder->lowering->ops[index].layer];
}

/* ---- formats --------------------------------------------------------------------------------- */

/* True when no output of the operation can be below 0; of images: when none was seen. */
static bool is_non_negative(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    switch (lowered->op.kind) {
    case OP_INPUT:
        return observation_is_one_sided(&builder->observations[index]);
    case OP_TO_INTEGER:
    case OP_MAX_POOL2D:
    case OP_AVERAGE_POOL2D:
    case OP_FLOAT_MAX_POOL2D:
    case OP_FLOAT_AVERAGE_POOL2D:
        return lowered->fused_relu || is_non_negative(builder, index - 1);
    case OP_TABLE:
        return lowered->function == ACTIVATION_SIGMOID || lowered->function == ACTIVATION_RELU;
    default:
        return lowered->fused_relu;
    }
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
    double clip = scheme->clip;
    if (!(clip > 0))
        clip = scheme->mean_of_clips ? builder->clips[index] : build_op_clip(builder, index, seen);
    return format_make(rule, (double)seen->minimum, (double)seen->maximum, fmin(clip, reach));
}

static QuantParam output_format(const Builder *builder, int index)
{
    const LoweredOp *lowered = &builder->lowering->ops[index];
    if (op_traits(lowered->op.kind)->writes_float)
        return QUANT_FLOAT;
    if (lowered->op.kind == OP_MAX_POOL2D)
        return builder->model->ops[index - 1].output;
    if (!lowered->feeds_table)
        return calibrated(builder, index, INFINITY);
    QuantParam table = calibrated(builder, index + 1, INFINITY);
    double reach = table_saturation(builder->lowering->ops[index + 1].function, table);
    return calibrated(builder, index, reach);
}

QuantParam build_op_format(const Builder *builder, int index)
{
    while (builder->lowering->ops[index].op.kind == OP_MAX_POOL2D)
        index--;
    return output_format(builder, index);
}

static void set_formats(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    const Op *before = index > 0 ? op - 1 : op;
    op->output = output_format(builder, index);
    op->input = index > 0 ? before->output : op->output;
    op->low = builder->lowering->ops[index].fused_relu ? op->output.zero_point : op->output.low;
    op->high = op->output.high;
    op->clip = fmax(fabs(fixed_dequantize(op->output.low, op->output)),
                    fabs(fixed_dequantize(op->output.high, op->output)));
    if (op_traits(op->kind)->writes_float) {
        op->clip = (double)FLT_MAX; /* where float32.h saturates */
        op->calibration = CALIBRATION_FLOAT;
    } else if (op->kind == OP_MAX_POOL2D) {
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
    const double *bias;      /* (channels), or NULL */
    const double *row_means; /* (rows) mean of the input that each row meets; NULL: not corrected */
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
    return (RealWeights){factor, 1, channels, shift, NULL};
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
                         channels, bias, NULL};
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
    if (scheme->weight_calibrator)
        return calibrator_clip(scheme->weight_calibrator, seen, rule, scheme->weight_parameter);
    return calibrator_clip(scheme->calibrator, seen, rule, scheme->calibrator_parameter);
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
        if (real.row_means)
            bias += ((double)real.values[at] - scale * weights[at]) * real.row_means[r];
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
    bool has_bias = real.bias || real.row_means || op->input.zero_point != 0;
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
static const double *row_means(const Builder *builder, int index, int64_t rows)
{
    const Op *op = &builder->model->ops[index];
    const double *means = builder->means[index - 1];
    int64_t elements = shape_elements(op->input_shape);
    if (op->kind == OP_DENSE)
        return means;
    int64_t channels = shape_channels(op->input_shape);
    double *of_rows = ARENA_ARRAY(builder->model->arena, double, rows);
    for (int64_t i = 0; i < elements; i++)
        of_rows[i % channels] += means[i] * (double)channels / (double)elements;
    for (int64_t r = channels; r < rows; r++)
        of_rows[r] = of_rows[r - channels];
    return of_rows;
}

static void build_weights(const Builder *builder, int index)
{
    Op *op = &builder->model->ops[index];
    Arena *arena = builder->model->arena;
    const LayerScheme *scheme = scheme_of(builder, index);
    RealWeights real =
        real_weights(arena, &builder->graph->layers[builder->lowering->ops[index].layer]);
    if (scheme->correct_bias && op->kind != OP_AFFINE)
        real.row_means = row_means(builder, index, real.rows);
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
