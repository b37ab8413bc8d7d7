/* keras_values.c: one reader for each set of accepted values. */
#include "import/keras_values.h"

#include <math.h>
#include <string.h>

enum { MAX_WINDOW = 32768, MAX_OUTPUTS = 1 << 24 };

bool keras_read_any(const json_t *value, KerasLayer *layer)
{
    (void)value;
    (void)layer;
    return true;
}

bool keras_read_null(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_null(value);
}

bool keras_read_false(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_false(value) || json_is_null(value);
}

bool keras_read_zero(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_number(value) && json_number_value(value) == 0.0;
}

static bool is_integer(const json_t *value, json_int_t expected)
{
    return json_is_integer(value) && json_integer_value(value) == expected;
}

bool keras_read_one(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_integer(value, 1);
}

bool keras_read_last_axis(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_integer(value, -1);
}

static bool is_word(const json_t *value, const char *expected)
{
    return json_is_string(value) && strcmp(json_string_value(value), expected) == 0;
}

bool keras_read_channels_last(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_word(value, "channels_last");
}

/* "float32", or the policy object that Keras 3 writes around it. */
bool keras_read_dtype(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    if (!json_is_object(value))
        return is_word(value, "float32");
    const json_t *class_name = json_object_get(value, "class_name");
    bool is_policy = is_word(class_name, "DTypePolicy") || is_word(class_name, "Policy");
    const json_t *config = json_object_get(value, "config");
    return is_policy && is_word(json_object_get(config, "name"), "float32");
}

static bool to_int(const json_t *value, int highest, int *number)
{
    json_int_t found = json_is_integer(value) ? json_integer_value(value) : 0;
    if (found < 1 || found > highest)
        return false;
    *number = (int)found;
    return true;
}

/* One number for both directions, or [vertical, horizontal]. */
static bool to_pair(const json_t *value, int *vertical, int *horizontal)
{
    if (json_is_integer(value))
        return to_int(value, MAX_WINDOW, vertical) && to_int(value, MAX_WINDOW, horizontal);
    return json_is_array(value) && json_array_size(value) == 2 &&
           to_int(json_array_get(value, 0), MAX_WINDOW, vertical) &&
           to_int(json_array_get(value, 1), MAX_WINDOW, horizontal);
}

bool keras_read_window(const json_t *value, KerasLayer *layer)
{
    return to_pair(value, &layer->layer.window.kernel_height, &layer->layer.window.kernel_width);
}

bool keras_read_strides(const json_t *value, KerasLayer *layer)
{
    return to_pair(value, &layer->layer.window.stride_height, &layer->layer.window.stride_width);
}

/* Pooling: null means "as the window". */
bool keras_read_pool_strides(const json_t *value, KerasLayer *layer)
{
    return json_is_null(value) || keras_read_strides(value, layer);
}

bool keras_read_dilation(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    int vertical, horizontal;
    return to_pair(value, &vertical, &horizontal) && vertical == 1 && horizontal == 1;
}

/* ---- the same along one direction: a number, or a list of one ----------------------------------
 */

static bool to_single(const json_t *value, int *number)
{
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return to_int(value, MAX_WINDOW, number);
}

bool keras_read_window_1d(const json_t *value, KerasLayer *layer)
{
    layer->layer.window.kernel_height = 1;
    return to_single(value, &layer->layer.window.kernel_width);
}

bool keras_read_strides_1d(const json_t *value, KerasLayer *layer)
{
    layer->layer.window.stride_height = 1;
    return to_single(value, &layer->layer.window.stride_width);
}

bool keras_read_pool_strides_1d(const json_t *value, KerasLayer *layer)
{
    return json_is_null(value) || keras_read_strides_1d(value, layer);
}

bool keras_read_dilation_1d(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    int dilation;
    return to_single(value, &dilation) && dilation == 1;
}

/* ---- padding and upsampling --------------------------------------------------------------------
 */

/* The pixels on both sides: [before, after]. */
static bool to_sides(const json_t *value, int *before, int *after)
{
    int *const sides[] = {before, after};
    for (size_t i = 0; i < 2; i++) {
        const json_t *item = json_array_get(value, i);
        json_int_t found = json_is_integer(item) ? json_integer_value(item) : -1;
        if (found < 0 || found > MAX_WINDOW)
            return false;
        *sides[i] = (int)found;
    }
    return json_array_size(value) == 2;
}

/* One number for both sides counts as well. */
static bool to_both_sides(const json_t *value, int *before, int *after)
{
    json_t *pair = json_is_array(value) ? NULL : json_pack("[OO]", value, value);
    bool good = to_sides(pair ? pair : value, before, after);
    json_decref(pair);
    return good;
}

bool keras_read_zero_padding(const json_t *value, KerasLayer *layer)
{
    Window *w = &layer->layer.window;
    bool nested = json_is_array(value);
    if (nested && json_array_size(value) != 2)
        return false;
    const json_t *rows = nested ? json_array_get(value, 0) : value;
    const json_t *columns = nested ? json_array_get(value, 1) : value;
    return to_both_sides(rows, &w->pad_top, &w->pad_bottom) &&
           to_both_sides(columns, &w->pad_left, &w->pad_right);
}

bool keras_read_zero_padding_1d(const json_t *value, KerasLayer *layer)
{
    return to_both_sides(value, &layer->layer.window.pad_left, &layer->layer.window.pad_right);
}

bool keras_read_factor(const json_t *value, KerasLayer *layer)
{
    return to_pair(value, &layer->layer.factor_height, &layer->layer.factor_width);
}

bool keras_read_factor_1d(const json_t *value, KerasLayer *layer)
{
    layer->layer.factor_height = 1;
    return to_single(value, &layer->layer.factor_width);
}

bool keras_read_nearest(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_word(value, "nearest");
}

bool keras_read_keep_dims(const json_t *value, KerasLayer *layer)
{
    layer->layer.keep_dims = json_is_true(value);
    return json_is_boolean(value);
}

/* ---- convolution and dense ---------------------------------------------------------------------
 */

bool keras_read_padding(const json_t *value, KerasLayer *layer)
{
    layer->layer.window.same = is_word(value, "same");
    return layer->layer.window.same || is_word(value, "valid");
}

bool keras_read_outputs(const json_t *value, KerasLayer *layer)
{
    int outputs;
    if (!to_int(value, MAX_OUTPUTS, &outputs))
        return false;
    layer->outputs = outputs;
    return true;
}

/* Keras' words for functions with parameters; those of hard_sigmoid depend on the version. */
static bool to_function(const char *word, int version, ActivationFunction *function)
{
    *function = (ActivationFunction){0};
    if (strcmp(word, "relu6") == 0) {
        *function = (ActivationFunction){ACTIVATION_RELU, .limit = 6};
        return true;
    }
    if (!activation_parse(word, &function->kind))
        return false;
    if (function->kind == ACTIVATION_LEAKY_RELU)
        function->slope = 0.2;
    if (function->kind == ACTIVATION_HARD_SIGMOID)
        function->slope = version >= 3 ? 1.0 / 6 : 0.2;
    return function->kind != ACTIVATION_HARD_SIGMOID || version > 0;
}

bool keras_read_activation(const json_t *value, KerasLayer *layer)
{
    ActivationFunction function;
    if (!json_is_string(value) ||
        !to_function(json_string_value(value), layer->keras_version, &function))
        return false;
    layer_set_function(&layer->layer, function);
    return true;
}

/* The activation of a layer that computes something else first may also be left out. */
bool keras_read_fused_activation(const json_t *value, KerasLayer *layer)
{
    return json_is_null(value) || keras_read_activation(value, layer);
}

bool keras_read_multiplier(const json_t *value, KerasLayer *layer)
{
    int multiplier;
    if (!to_int(value, MAX_WINDOW, &multiplier))
        return false;
    layer->multiplier = multiplier;
    return true;
}

bool keras_read_limit(const json_t *value, KerasLayer *layer)
{
    double limit = json_number_value(value);
    if (json_is_null(value))
        return true;
    layer->layer.activation_limit = limit;
    return json_is_number(value) && isfinite(limit) && limit > 0;
}

bool keras_read_slope(const json_t *value, KerasLayer *layer)
{
    double slope = json_number_value(value);
    layer->layer.activation = slope > 0 ? ACTIVATION_LEAKY_RELU : ACTIVATION_RELU;
    layer->layer.activation_slope = slope;
    return json_is_number(value) && isfinite(slope) && slope >= 0;
}

bool keras_read_use_bias(const json_t *value, KerasLayer *layer)
{
    layer->no_bias = json_is_false(value);
    return json_is_boolean(value);
}

bool keras_read_scale(const json_t *value, KerasLayer *layer)
{
    layer->no_gamma = json_is_false(value);
    return json_is_boolean(value);
}

bool keras_read_center(const json_t *value, KerasLayer *layer)
{
    layer->no_beta = json_is_false(value);
    return json_is_boolean(value);
}

/* A number, or a list of one; that it is the last axis is checked when the shape is known. */
bool keras_read_axis(const json_t *value, KerasLayer *layer)
{
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    json_int_t axis = json_is_integer(value) ? json_integer_value(value) : 0;
    if (axis != -1 && (axis < 1 || axis > SHAPE_MAX_RANK))
        return false;
    layer->axis = axis == -1 ? 0 : (int)axis;
    return true;
}

bool keras_read_epsilon(const json_t *value, KerasLayer *layer)
{
    layer->layer.epsilon = json_number_value(value);
    return json_is_number(value) && isfinite(layer->layer.epsilon) && layer->layer.epsilon >= 0;
}

/* Dimensions from `start` on: positive, or `open` (0: none may be open). */
static bool to_shape(const json_t *value, size_t start, int open, Shape *shape)
{
    size_t size = json_is_array(value) ? json_array_size(value) : 0;
    *shape = (Shape){0};
    if (size <= start || size - start > SHAPE_MAX_RANK)
        return false;
    for (size_t i = start; i < size; i++) {
        const json_t *item = json_array_get(value, i);
        json_int_t found = json_is_integer(item) ? json_integer_value(item) : 0;
        if (found > TENSOR_MAX_ELEMENTS || found == 0 || (found < 0 && found != open))
            return false;
        shape->dim[shape->rank++] = found;
    }
    return true;
}

bool keras_read_given_shape(const json_t *value, KerasLayer *layer)
{
    return to_shape(value, 1, 0, &layer->given);
}

bool keras_read_target_shape(const json_t *value, KerasLayer *layer)
{
    if (!to_shape(value, 0, -1, &layer->target))
        return false;
    int open = 0;
    for (int i = 0; i < layer->target.rank; i++)
        open += layer->target.dim[i] == -1;
    return open <= 1;
}
