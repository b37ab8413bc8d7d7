/* model_check.c: integer_model_check_structure() and integer_model_check_values(). */
#include <string.h>

#include "quant/float_kernels.h"
#include "quant/integer_model.h"

enum { WINDOW_MAX = 32767, FOLD_MAX = 1 << 20 };

/* ---- single values -----------------------------------------------------------------------------
 */

static Status check_name(const char *what, const char *name)
{
    if (!name || name[0] == '\0' || strlen(name) > OP_NAME_MAX_BYTES)
        return error_set(ERR_REFUSED, "%s must have 1 to %d bytes", what, OP_NAME_MAX_BYTES);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return error_set(ERR_REFUSED, "%s holds a control character", what);
    return OK;
}

static Status check_range(const char *what, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        return error_set(ERR_REFUSED, "%s is %lld, expected %lld to %lld", what, (long long)value,
                         (long long)low, (long long)high);
    return OK;
}

static Status check_positive(const char *what, double value)
{
    if (!isnormal(value) || value < 0)
        return error_set(ERR_REFUSED, "%s is %g, expected a positive number", what, value);
    return OK;
}

static Status check_clip(const char *what, double value)
{
    if (!isfinite(value) || value < 0)
        return error_set(ERR_REFUSED, "%s is %g, expected 0 or more", what, value);
    return OK;
}

static bool format_equal(QuantParam a, QuantParam b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point && a.low == b.low &&
           a.high == b.high && a.bits == b.bits && a.is_signed == b.is_signed;
}

static Status check_format(const char *what, QuantParam format)
{
    int most = format.is_signed ? FIXED_MAX_BITS : FIXED_MAX_UNSIGNED_BITS;
    TRY_IN(check_range("bits", format.bits, FIXED_MIN_BITS, most), "%s", what);
    int32_t count = (int32_t)1 << format.bits;
    int32_t lowest = format.is_signed ? -count / 2 : 0;
    TRY_IN(check_range("low", format.low, lowest, lowest + count - 2), "%s", what);
    TRY_IN(check_range("high", format.high, format.low + 1, lowest + count - 1), "%s", what);
    TRY_IN(check_range("zero point", format.zero_point, format.low, format.high), "%s", what);
    TRY_IN(check_positive("scale", format.scale), "%s", what);
    return OK;
}

static Status check_stream(const char *what, QuantParam format, bool is_float)
{
    if (is_float != format_equal(format, QUANT_FLOAT))
        return error_set(ERR_REFUSED, "%s must%s be that of floating-point streams", what,
                         is_float ? "" : " not");
    return is_float ? OK : check_format(what, format);
}

static Status check_shape(const char *what, Shape shape)
{
    int64_t elements = shape.rank == 1 || shape.rank == 3 ? shape_elements(shape) : -1;
    if (elements >= 1 && elements <= OP_MAX_ELEMENTS)
        return OK;
    char text[SHAPE_TEXT_BYTES];
    return error_set(ERR_REFUSED,
                     "%s is %s, expected (n) or (height, width, channels) of at most %d elements",
                     what, shape_format(shape, text), OP_MAX_ELEMENTS);
}

/* ---- geometry, one function per kind ------------------------------------------------------------
 */

static Status expect_output(const Op *op, Shape expected)
{
    if (shape_equal(op->output_shape, expected))
        return OK;
    char found[SHAPE_TEXT_BYTES], wanted[SHAPE_TEXT_BYTES];
    return error_set(ERR_REFUSED, "output shape is %s, expected %s",
                     shape_format(op->output_shape, found), shape_format(expected, wanted));
}

static Status check_image(const Op *op)
{
    if (op->input_shape.rank != 3)
        return error_set(ERR_REFUSED, "input must be (height, width, channels)");
    return OK;
}

static Status check_window_sizes(const Op *op)
{
    const Window *w = &op->window;
    TRY(check_image(op));
    TRY(check_range("kernel height", w->kernel_height, 1, WINDOW_MAX));
    TRY(check_range("kernel width", w->kernel_width, 1, WINDOW_MAX));
    TRY(check_range("stride height", w->stride_height, 1, WINDOW_MAX));
    return check_range("stride width", w->stride_width, 1, WINDOW_MAX);
}

/* The output of a window with `channels`, and the pads that 'same' gives. */
static Status check_window(const Op *op, int64_t channels)
{
    const Window *w = &op->window;
    TRY(check_window_sizes(op));
    Window right = *w;
    int64_t height, width;
    window_slide(&right, op->input_shape, &height, &width);
    if (w->pad_top != right.pad_top || w->pad_bottom != right.pad_bottom ||
        w->pad_left != right.pad_left || w->pad_right != right.pad_right)
        return error_set(ERR_REFUSED, "pads are %d %d %d %d, expected %d %d %d %d", w->pad_top,
                         w->pad_bottom, w->pad_left, w->pad_right, right.pad_top, right.pad_bottom,
                         right.pad_left, right.pad_right);
    return expect_output(op, (Shape){3, {height, width, channels}});
}

/* The output of a window whose pads may be any of at most `most_height` and `most_width`. */
static Status check_padded_window(const Op *op, int most_height, int most_width)
{
    const Window *w = &op->window;
    TRY(check_range("pad at the top", w->pad_top, 0, most_height));
    TRY(check_range("pad at the bottom", w->pad_bottom, 0, most_height));
    TRY(check_range("pad at the left", w->pad_left, 0, most_width));
    TRY(check_range("pad at the right", w->pad_right, 0, most_width));
    int64_t height = op->input_shape.dim[0] + w->pad_top + w->pad_bottom;
    int64_t width = op->input_shape.dim[1] + w->pad_left + w->pad_right;
    if (height < w->kernel_height || width < w->kernel_width)
        return error_set(ERR_REFUSED, "a window of %dx%d does not fit in %lldx%lld pixels",
                         w->kernel_height, w->kernel_width, (long long)height, (long long)width);
    return expect_output(
        op, (Shape){3,
                    {(height - w->kernel_height) / w->stride_height + 1,
                     (width - w->kernel_width) / w->stride_width + 1, op_channels(op)}});
}

static Status check_conv2d(const Op *op)
{
    if (op->window.same)
        return check_window(op, op_channels(op));
    TRY(check_window_sizes(op));
    return check_padded_window(op, op->window.kernel_height - 1, op->window.kernel_width - 1);
}

static Status check_depthwise_conv2d(const Op *op)
{
    int64_t channels = shape_channels(op->input_shape);
    if (op_channels(op) % channels != 0)
        return error_set(ERR_REFUSED, "%lld output channels are no multiple of %lld",
                         (long long)op_channels(op), (long long)channels);
    return check_conv2d(op);
}

static Status check_zero_pad2d(const Op *op)
{
    const Window *w = &op->window;
    TRY(check_image(op));
    if (w->kernel_height != 1 || w->kernel_width != 1 || w->stride_height != 1 ||
        w->stride_width != 1 || w->same)
        return error_set(ERR_REFUSED, "zero padding must have a window of 1x1 and stride 1");
    if (op_channels(op) != shape_channels(op->input_shape))
        return error_set(ERR_REFUSED, "zero padding must keep the number of channels");
    return check_padded_window(op, WINDOW_MAX, WINDOW_MAX);
}

static Status check_upsample2d(const Op *op)
{
    const int64_t *in = op->input_shape.dim;
    TRY(check_image(op));
    return expect_output(op,
                         (Shape){3, {in[0] * op->factor_height, in[1] * op->factor_width, in[2]}});
}

static Status check_dense(const Op *op)
{
    return expect_output(op, (Shape){1, {op_channels(op)}});
}

static Status check_same_shape(const Op *op)
{
    return expect_output(op, op->input_shape);
}

static Status check_max_pool2d(const Op *op)
{
    return check_window(op, shape_channels(op->input_shape));
}

static Status check_average_pool2d(const Op *op)
{
    TRY(check_window(op, shape_channels(op->input_shape)));
    const Window *w = &op->window;
    if (w->pad_top || w->pad_bottom || w->pad_left || w->pad_right)
        return error_set(ERR_REFUSED, "an average pool cannot have padding");
    return OK;
}

/* Operands are checked by check_join(). */
static Status check_concat(const Op *op)
{
    Shape expected = op->input_shape;
    expected.dim[expected.rank - 1] = op_channels(op);
    return expect_output(op, expected);
}

typedef Status CheckGeometry(const Op *op);

static CheckGeometry *const GEOMETRY[OP_KINDS] = {
    [OP_INPUT] = check_same_shape,
    [OP_CONV2D] = check_conv2d,
    [OP_DENSE] = check_dense,
    [OP_AFFINE] = check_same_shape,
    [OP_MAX_POOL2D] = check_max_pool2d,
    [OP_AVERAGE_POOL2D] = check_average_pool2d,
    [OP_TABLE] = check_same_shape,
    [OP_DEPTHWISE_CONV2D] = check_depthwise_conv2d,
    [OP_ZERO_PAD2D] = check_zero_pad2d,
    [OP_ADD] = check_same_shape,
    [OP_CONCAT] = check_concat,
    [OP_UPSAMPLE2D] = check_upsample2d,
    [OP_FLOAT_CONV2D] = check_conv2d,
    [OP_FLOAT_DENSE] = check_dense,
    [OP_FLOAT_MAX_POOL2D] = check_max_pool2d,
    [OP_FLOAT_AVERAGE_POOL2D] = check_average_pool2d,
    [OP_TO_FLOAT] = check_same_shape,
    [OP_TO_INTEGER] = check_same_shape,
};

/* ---- structure ----------------------------------------------------------------------------------
 */

static int64_t pixels_of(Shape shape)
{
    return shape_elements(shape) / shape_channels(shape);
}

static Status expect_operand(const Op *op, const Op *before, bool fits)
{
    if (fits)
        return OK;
    char found[SHAPE_TEXT_BYTES], wanted[SHAPE_TEXT_BYTES];
    return error_set(ERR_REFUSED, "input shape is %s, but %s gives %s",
                     shape_format(op->input_shape, found), before->name,
                     shape_format(before->output_shape, wanted));
}

/* One input of an operation; `index` of the operation. The first gives format and shape. */
static Status check_link(const IntegerModel *model, int index, int k)
{
    const Op *op = &model->ops[index];
    const OpTraits *traits = op_traits(op->kind);
    TRY(check_range("input", op->inputs[k], 0, index - 1));
    const Op *before = op_input(model, index, k);
    if (op_traits(before->kind)->writes_float != traits->reads_float)
        return error_set(ERR_REFUSED, "%s gives %s, which it does not read", before->name,
                         traits->reads_float ? "integers" : "floating-point numbers");
    if (k == 0 && !format_equal(op->input, before->output))
        return error_set(ERR_REFUSED, "input format differs from the output of %s", before->name);
    bool same_pixels = pixels_of(op->input_shape) == pixels_of(before->output_shape);
    bool same_channels = shape_channels(op->input_shape) == shape_channels(before->output_shape);
    bool adds_channels = op->kind == OP_CONCAT && k > 0;
    return expect_operand(op, before, same_pixels && (same_channels || adds_channels));
}

static Status check_links(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    if ((op->kind == OP_INPUT) != (index == 0))
        return error_set(ERR_REFUSED, "the input must be the first operation, and the only input");
    if (index == 0)
        return check_range("input count", op->input_count, 0, 0);
    bool joins = op_traits(op->kind)->joins;
    TRY(check_range("input count", op->input_count, joins ? 2 : 1, joins ? OP_MAX_INPUTS : 1));
    int64_t channels = 0;
    for (int k = 0; k < op->input_count; k++) {
        TRY(check_link(model, index, k));
        channels += op_channels(op_input(model, index, k));
    }
    return op->kind == OP_CONCAT
               ? check_range("number of channels", op_channels(op), channels, channels)
               : OK;
}

static Status check_kept_format(const Op *op, const OpTraits *traits)
{
    if (traits->keeps_format && !format_equal(op->input, op->output))
        return error_set(ERR_REFUSED, "a %s must keep the format of its input", traits->word);
    return OK;
}

static Status check_factors(const Op *op)
{
    int least = op->kind == OP_UPSAMPLE2D, most = least ? WINDOW_MAX : 0;
    TRY(check_range("factor height", op->factor_height, least, most));
    return check_range("factor width", op->factor_width, least, most);
}

/* A clamp of floating-point values is a ReLU or nothing; a bridge has a scale that binary32 holds.
 */
static Status check_float(const Op *op, const OpTraits *traits)
{
    FloatBridge bridge;
    if (traits->writes_float &&
        (op->high != op->output.high || (op->low != op->output.low && !op_float_relu(op))))
        return error_set(ERR_REFUSED, "low and high are %d and %d, expected %d or 0, and %d",
                         op->low, op->high, op->output.low, op->output.high);
    if (op->kind == OP_TO_FLOAT)
        return float_bridge_make(op->input, &bridge);
    return op->kind == OP_TO_INTEGER ? float_bridge_make(op->output, &bridge) : OK;
}

static Status check_weights_structure(const Op *op)
{
    TRY(check_range("number of weights", op_weight_count(op), 1, TENSOR_MAX_ELEMENTS));
    if (op_traits(op->kind)->reads_float)
        return check_range("weight bits", op->weight_bits, FLOAT_BITS, FLOAT_BITS);
    TRY(check_range("weight bits", op->weight_bits, FIXED_MIN_BITS, FIXED_MAX_BITS));
    TRY(check_clip("weight clip", op->weight_clip));
    for (int i = 0; i < op->requantizer_count; i++)
        TRY(check_positive("weight scale", op->weight_scales[i]));
    return OK;
}

static Status check_requantizers(const Op *op)
{
    int64_t most = op->kind == OP_ADD      ? 1
                   : op->kind == OP_CONCAT ? op->input_count
                                           : op_channels(op);
    int64_t least = op->kind == OP_CONCAT ? most : 1;
    if (op->requantizer_count != least && op->requantizer_count != most)
        return error_set(ERR_REFUSED, "%d requantizers, expected %lld or %lld",
                         op->requantizer_count, (long long)least, (long long)most);
    for (int i = 0; i < op->requantizer_count; i++) {
        TRY(check_range("multiplier", op->requantizers[i].multiplier, 1, FIXED_MULTIPLIER_MAX));
        TRY(check_range("shift", op->requantizers[i].shift, FIXED_SHIFT_MIN, FIXED_SHIFT_MAX));
    }
    return OK;
}

static Status check_op(const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    const OpTraits *traits = op_traits(op->kind);
    TRY(check_shape("input shape", op->input_shape));
    TRY(check_shape("output shape", op->output_shape));
    TRY(check_stream("input format", op->input, traits->reads_float));
    TRY(check_stream("output format", op->output, traits->writes_float));
    TRY(check_range("low", op->low, op->output.low, op->output.high));
    TRY(check_range("high", op->high, op->low, op->output.high));
    TRY(check_links(model, index));
    TRY(check_kept_format(op, traits));
    TRY(check_factors(op));
    TRY(GEOMETRY[op->kind](op));
    TRY(check_float(op, traits));
    TRY(check_range("requantizers", op->requantizer_count, traits->requantizes,
                    traits->requantizes ? OP_MAX_ELEMENTS : 0));
    if (traits->requantizes)
        TRY(check_requantizers(op));
    if (traits->has_weights)
        TRY(check_weights_structure(op));
    TRY(check_clip("clip", op->clip));
    if (op->calibration)
        TRY(check_name("calibration", op->calibration));
    TRY(check_range("pe", op->pe, 0, FOLD_MAX));
    return check_range("simd", op->simd, 0, FOLD_MAX);
}

static Status check_unique_name(const IntegerModel *model, int index)
{
    TRY(check_name("name of an operation", model->ops[index].name));
    for (int i = 0; i < index; i++)
        if (strcmp(model->ops[i].name, model->ops[index].name) == 0)
            return error_set(ERR_REFUSED, "two operations are named %s", model->ops[i].name);
    return OK;
}

static Status check_sha256(const char *hex)
{
    size_t length = strlen(hex);
    if (length != 0 && (length != HASH_HEX_BYTES - 1 || strspn(hex, "0123456789abcdef") != length))
        return error_set(ERR_REFUSED, "SHA-256 of the source is not 64 hexadecimal digits");
    return OK;
}

Status integer_model_check_structure(const IntegerModel *model)
{
    TRY(check_name("name of the model", model->name));
    TRY(check_sha256(model->source_sha256));
    TRY(check_positive("input scale", model->input_scale));
    TRY(check_range("number of operations", model->count, 2, MODEL_MAX_OPS));
    for (int i = 0; i < model->count; i++) {
        TRY(check_unique_name(model, i));
        TRY_IN(check_op(model, i), "layer %s", model->ops[i].name);
    }
    for (int i = 0; i + 1 < model->count; i++)
        if (op_reader_count(model, i) == 0)
            return error_set(ERR_REFUSED, "layer %s: no operation reads it, and it is not the last",
                             model->ops[i].name);
    const Op *last = &model->ops[model->count - 1];
    int64_t classes = shape_elements(last->output_shape);
    if (op_traits(last->kind)->writes_float)
        return error_set(ERR_REFUSED, "layer %s: the output of a model must be integers",
                         last->name);
    return check_range("number of classes", model->classes, classes, classes);
}

/* ---- arrays -------------------------------------------------------------------------------------
 */

static Status check_array(const char *what, const int32_t *values, int64_t count, int32_t low,
                          int32_t high)
{
    for (int64_t i = 0; i < count; i++)
        if (values[i] < low || values[i] > high)
            return error_set(ERR_REFUSED, "%s %lld is %d, expected %d to %d", what, (long long)i,
                             values[i], low, high);
    return OK;
}

static Status check_words(const char *what, const int32_t *words, int64_t count)
{
    for (int64_t i = 0; words && i < count; i++)
        if (!float32_is_legal(float32_of_word(words[i])))
            return error_set(ERR_REFUSED,
                             "%s %lld has the bits %08x, expected those of zero or of a normal "
                             "number",
                             what, (long long)i, (uint32_t)words[i]);
    return OK;
}

static Status check_weights(const Op *op)
{
    if (op_traits(op->kind)->reads_float) {
        TRY(check_words("weight", op->weights, op_weight_count(op)));
        return check_words("bias", op->bias, op_channels(op));
    }
    int32_t reach = (int32_t)1 << (op->weight_bits - 1);
    return check_array("weight", op->weights, op_weight_count(op), -reach, reach - 1);
}

Status integer_model_check_values(const IntegerModel *model)
{
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        if (op_traits(op->kind)->has_weights)
            TRY_IN(check_weights(op), "layer %s", op->name);
        TRY_IN(check_array("table entry", op->table, op_table_count(op), op->low, op->high),
               "layer %s", op->name);
    }
    return OK;
}
