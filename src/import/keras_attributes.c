/* keras_attributes.c: the accepted layers, their attributes and the accepted values.
 *
 * An attribute that is not in the table is refused: it may change what the layer computes. To
 * accept one more, add a row; a row's reader says which values are accepted, and stores them. */
#include "import/keras.h"

#include <math.h>
#include <string.h>

/* Takes the value over into `layer`; false when it is not accepted. */
typedef bool ReadValue(const json_t *value, KerasLayer *layer);

typedef struct Attribute {
    const char *name;
    ReadValue *read;
    const char *accepted; /* for the message */
    bool required;
} Attribute;

typedef struct KerasClass {
    const char *name;
    LayerKind kind;
    Activation activation; /* unless an attribute says otherwise */
    const Attribute *attributes;
} KerasClass;

enum { MAX_WINDOW = 32768, MAX_OUTPUTS = 1 << 24 };

/* ---- readers of values -------------------------------------------------------------------------
 */

static bool read_any(const json_t *value, KerasLayer *layer)
{
    (void)value;
    (void)layer;
    return true;
}

static bool read_null(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_null(value);
}

static bool read_false(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_false(value) || json_is_null(value);
}

static bool read_zero(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return json_is_number(value) && json_number_value(value) == 0.0;
}

static bool is_integer(const json_t *value, json_int_t expected)
{
    return json_is_integer(value) && json_integer_value(value) == expected;
}

static bool read_one(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_integer(value, 1);
}

static bool read_last_axis(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_integer(value, -1);
}

static bool is_word(const json_t *value, const char *expected)
{
    return json_is_string(value) && strcmp(json_string_value(value), expected) == 0;
}

static bool read_channels_last(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    return is_word(value, "channels_last");
}

/* "float32", or the policy object that Keras 3 writes around it. */
static bool read_dtype(const json_t *value, KerasLayer *layer)
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

static bool read_window(const json_t *value, KerasLayer *layer)
{
    return to_pair(value, &layer->layer.window.kernel_height, &layer->layer.window.kernel_width);
}

static bool read_strides(const json_t *value, KerasLayer *layer)
{
    return to_pair(value, &layer->layer.window.stride_height, &layer->layer.window.stride_width);
}

/* Pooling: null means "as the window". */
static bool read_pool_strides(const json_t *value, KerasLayer *layer)
{
    return json_is_null(value) || read_strides(value, layer);
}

static bool read_dilation(const json_t *value, KerasLayer *layer)
{
    (void)layer;
    int vertical, horizontal;
    return to_pair(value, &vertical, &horizontal) && vertical == 1 && horizontal == 1;
}

static bool read_padding(const json_t *value, KerasLayer *layer)
{
    layer->layer.window.same = is_word(value, "same");
    return layer->layer.window.same || is_word(value, "valid");
}

static bool read_outputs(const json_t *value, KerasLayer *layer)
{
    int outputs;
    if (!to_int(value, MAX_OUTPUTS, &outputs))
        return false;
    layer->outputs = outputs;
    return true;
}

static bool read_activation(const json_t *value, KerasLayer *layer)
{
    return json_is_string(value) &&
           activation_parse(json_string_value(value), &layer->layer.activation);
}

/* The activation of a layer that computes something else first may also be left out. */
static bool read_fused_activation(const json_t *value, KerasLayer *layer)
{
    return json_is_null(value) || read_activation(value, layer);
}

static bool read_use_bias(const json_t *value, KerasLayer *layer)
{
    layer->no_bias = json_is_false(value);
    return json_is_boolean(value);
}

static bool read_scale(const json_t *value, KerasLayer *layer)
{
    layer->no_gamma = json_is_false(value);
    return json_is_boolean(value);
}

static bool read_center(const json_t *value, KerasLayer *layer)
{
    layer->no_beta = json_is_false(value);
    return json_is_boolean(value);
}

/* A number, or a list of one; that it is the last axis is checked when the shape is known. */
static bool read_axis(const json_t *value, KerasLayer *layer)
{
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    json_int_t axis = json_is_integer(value) ? json_integer_value(value) : 0;
    if (axis != -1 && (axis < 1 || axis > SHAPE_MAX_RANK))
        return false;
    layer->axis = axis == -1 ? 0 : (int)axis;
    return true;
}

static bool read_epsilon(const json_t *value, KerasLayer *layer)
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

static bool read_given_shape(const json_t *value, KerasLayer *layer)
{
    return to_shape(value, 1, 0, &layer->given);
}

static bool read_target_shape(const json_t *value, KerasLayer *layer)
{
    if (!to_shape(value, 0, -1, &layer->target))
        return false;
    int open = 0;
    for (int i = 0; i < layer->target.rank; i++)
        open += layer->target.dim[i] == -1;
    return open <= 1;
}

/* ---- the tables --------------------------------------------------------------------------------
 */

#define ACCEPTS_PAIR       "a number or a pair of numbers, each 1 to 32768"
#define ACCEPTS_ACTIVATION "linear, relu, tanh, sigmoid or softmax"
#define ACCEPTS_SHAPE                                                                              \
    "a list such as [null, 28, 28, 1], of up to 4 sizes after the first, none open"
#define ANYTHING "anything" /* does nothing at inference */

/* Every layer may have these. */
static const Attribute COMMON[] = {
    {"name", read_any, ANYTHING, false}, /* checked in keras_config.c */
    {"trainable", read_any, ANYTHING, false},
    {"dtype", read_dtype, "float32", false},
    {"batch_input_shape", read_given_shape, ACCEPTS_SHAPE, false},
    {0},
};

static const Attribute INPUT[] = {
    {"batch_shape", read_given_shape, ACCEPTS_SHAPE, false},
    {"sparse", read_false, "false", false},
    {"ragged", read_false, "false", false},
    {"optional", read_false, "false", false},
    {0},
};

static const Attribute CONV2D[] = {
    {"filters", read_outputs, "a number above 0", true},
    {"kernel_size", read_window, ACCEPTS_PAIR, true},
    {"strides", read_strides, ACCEPTS_PAIR, false},
    {"padding", read_padding, "valid or same", false},
    {"data_format", read_channels_last, "channels_last", false},
    {"dilation_rate", read_dilation, "1 or (1, 1)", false},
    {"groups", read_one, "1", false},
    {"activation", read_fused_activation, ACCEPTS_ACTIVATION, false},
    {"use_bias", read_use_bias, "true or false", false},
    {"kernel_initializer", read_any, ANYTHING, false},
    {"bias_initializer", read_any, ANYTHING, false},
    {"kernel_regularizer", read_any, ANYTHING, false},
    {"bias_regularizer", read_any, ANYTHING, false},
    {"activity_regularizer", read_any, ANYTHING, false},
    {"kernel_constraint", read_any, ANYTHING, false},
    {"bias_constraint", read_any, ANYTHING, false},
    {"lora_rank", read_null, "null", false},
    {"lora_alpha", read_null, "null", false},
    {0},
};

static const Attribute DENSE[] = {
    {"units", read_outputs, "a number above 0", true},
    {"activation", read_fused_activation, ACCEPTS_ACTIVATION, false},
    {"use_bias", read_use_bias, "true or false", false},
    {"kernel_initializer", read_any, ANYTHING, false},
    {"bias_initializer", read_any, ANYTHING, false},
    {"kernel_regularizer", read_any, ANYTHING, false},
    {"bias_regularizer", read_any, ANYTHING, false},
    {"activity_regularizer", read_any, ANYTHING, false},
    {"kernel_constraint", read_any, ANYTHING, false},
    {"bias_constraint", read_any, ANYTHING, false},
    {"lora_rank", read_null, "null", false},
    {"lora_alpha", read_null, "null", false},
    {"quantization_mode", read_null, "null", false},
    {"quantization_config", read_null, "null", false},
    {0},
};

static const Attribute BATCH_NORM[] = {
    {"axis", read_axis, "the last axis", false},
    {"momentum", read_any, ANYTHING, false},
    {"epsilon", read_epsilon, "a number, 0 or above", true},
    {"center", read_center, "true or false", false},
    {"scale", read_scale, "true or false", false},
    {"beta_initializer", read_any, ANYTHING, false},
    {"gamma_initializer", read_any, ANYTHING, false},
    {"moving_mean_initializer", read_any, ANYTHING, false},
    {"moving_variance_initializer", read_any, ANYTHING, false},
    {"beta_regularizer", read_any, ANYTHING, false},
    {"gamma_regularizer", read_any, ANYTHING, false},
    {"beta_constraint", read_any, ANYTHING, false},
    {"gamma_constraint", read_any, ANYTHING, false},
    {"synchronized", read_any, ANYTHING, false},
    {"fused", read_any, ANYTHING, false},
    {"renorm", read_false, "false", false},
    {"renorm_clipping", read_any, ANYTHING, false}, /* mean nothing without renorm */
    {"renorm_momentum", read_any, ANYTHING, false},
    {"virtual_batch_size", read_null, "null", false},
    {"adjustment", read_null, "null", false},
    {0},
};

static const Attribute POOL2D[] = {
    {"pool_size", read_window, ACCEPTS_PAIR, true},
    {"strides", read_pool_strides, ACCEPTS_PAIR, false},
    {"padding", read_padding, "valid or same", false},
    {"data_format", read_channels_last, "channels_last", false},
    {0},
};

static const Attribute FLATTEN[] = {
    {"data_format", read_channels_last, "channels_last", false},
    {0},
};

static const Attribute RESHAPE[] = {
    {"target_shape", read_target_shape, "a list of up to 4 sizes, one of them may be -1", true},
    {0},
};

static const Attribute DROPOUT[] = {
    {"rate", read_any, ANYTHING, false},
    {"noise_shape", read_any, ANYTHING, false},
    {"seed", read_any, ANYTHING, false},
    {0},
};

static const Attribute ACTIVATION[] = {
    {"activation", read_activation, ACCEPTS_ACTIVATION, true},
    {0},
};

static const Attribute RELU[] = {
    {"max_value", read_null, "null", false},
    {"negative_slope", read_zero, "0", false},
    {"threshold", read_zero, "0", false},
    {0},
};

static const Attribute SOFTMAX[] = {
    {"axis", read_last_axis, "-1", false},
    {0},
};

static const KerasClass CLASSES[] = {
    {"InputLayer", LAYER_INPUT, ACTIVATION_LINEAR, INPUT},
    {"Conv2D", LAYER_CONV2D, ACTIVATION_LINEAR, CONV2D},
    {"Dense", LAYER_DENSE, ACTIVATION_LINEAR, DENSE},
    {"BatchNormalization", LAYER_BATCH_NORM, ACTIVATION_LINEAR, BATCH_NORM},
    {"MaxPooling2D", LAYER_MAX_POOL2D, ACTIVATION_LINEAR, POOL2D},
    {"AveragePooling2D", LAYER_AVERAGE_POOL2D, ACTIVATION_LINEAR, POOL2D},
    {"Flatten", LAYER_FLATTEN, ACTIVATION_LINEAR, FLATTEN},
    {"Reshape", LAYER_RESHAPE, ACTIVATION_LINEAR, RESHAPE},
    {"Dropout", LAYER_DROPOUT, ACTIVATION_LINEAR, DROPOUT},
    {"Activation", LAYER_ACTIVATION, ACTIVATION_LINEAR, ACTIVATION},
    {"ReLU", LAYER_ACTIVATION, ACTIVATION_RELU, RELU},
    {"Softmax", LAYER_ACTIVATION, ACTIVATION_SOFTMAX, SOFTMAX},
};
enum { CLASS_COUNT = sizeof CLASSES / sizeof CLASSES[0] };

/* ---- reading by the table ----------------------------------------------------------------------
 */

static const KerasClass *find_class(const char *name)
{
    for (int i = 0; i < CLASS_COUNT; i++)
        if (strcmp(CLASSES[i].name, name) == 0)
            return &CLASSES[i];
    return NULL;
}

/* The supported kinds are listed once, with the first layer that is none of them. */
static void refuse_class(const KerasLayer *layer, KerasModel *model)
{
    for (const KerasLayer *earlier = model->layers; earlier < layer; earlier++)
        if (!earlier->supported) {
            blockers_add(model->blockers, "layer %s: the kind %s is not supported", layer->name,
                         layer->class_name);
            return;
        }
    const char *names = "";
    for (int i = 0; i < CLASS_COUNT; i++)
        names = arena_printf(model->arena, "%s%s%s", names, i ? ", " : "", CLASSES[i].name);
    blockers_add(model->blockers, "layer %s: the kind %s is not supported; supported are %s",
                 layer->name, layer->class_name, names);
}

static const Attribute *find_attribute(const Attribute *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

static void read_attribute(const char *name, const json_t *value, const Attribute *row,
                           KerasLayer *layer, Blockers *blockers)
{
    char text[KERAS_VALUE_BYTES];
    if (!row) {
        json_t *quoted = json_string(name);
        char name_text[KERAS_VALUE_BYTES];
        blockers_add(blockers,
                     "layer %s (%s): the attribute %s with value %s is not known, so it may "
                     "change what the layer computes; remove it",
                     layer->name, layer->class_name, keras_value_text(quoted, name_text),
                     keras_value_text(value, text));
        json_decref(quoted);
        return;
    }
    if (!row->read(value, layer))
        blockers_add(blockers, "layer %s (%s): attribute %s is %s; accepted is %s", layer->name,
                     layer->class_name, name, keras_value_text(value, text), row->accepted);
}

static void require_attributes(const json_t *config, const KerasClass *class, KerasLayer *layer,
                               Blockers *blockers)
{
    for (const Attribute *row = class->attributes; row->name; row++)
        if (row->required && !json_object_get(config, row->name))
            blockers_add(blockers, "layer %s (%s): the attribute %s is missing; expected %s",
                         layer->name, layer->class_name, row->name, row->accepted);
}

/* Keras' defaults for what an old file leaves out. */
static void apply_defaults(Layer *layer)
{
    Window *window = &layer->window;
    bool pool = layer->kind == LAYER_MAX_POOL2D || layer->kind == LAYER_AVERAGE_POOL2D;
    if (window->stride_height == 0) {
        window->stride_height = pool ? window->kernel_height : 1;
        window->stride_width = pool ? window->kernel_width : 1;
    }
}

void keras_read_attributes(json_t *config, KerasLayer *layer, KerasModel *model)
{
    const KerasClass *class = find_class(layer->class_name);
    if (!class) {
        refuse_class(layer, model);
        return;
    }
    layer->supported = true;
    layer->layer =
        (Layer){.kind = class->kind, .name = layer->name, .activation = class->activation};
    const char *name;
    json_t *value;
    json_object_foreach (config, name, value) {
        const Attribute *row = find_attribute(class->attributes, name);
        read_attribute(name, value, row ? row : find_attribute(COMMON, name), layer,
                       model->blockers);
    }
    require_attributes(config, class, layer, model->blockers);
    apply_defaults(&layer->layer);
}
