/* keras_attributes.c: the accepted layers, their attributes and the accepted values.
 *
 * An attribute that is not in the table is refused: it may change what the layer computes. To
 * accept one more, add a row; a row's reader (keras_values.h) says which values are accepted, and
 * stores them. */
#include "import/keras.h"

#include <string.h>

#include "import/keras_values.h"

typedef struct Attribute {
    const char *name;
    KerasReadValue *read;
    const char *accepted; /* for the message */
    bool required;
} Attribute;

enum { MAX_TABLES = 6 };

typedef struct KerasClass {
    const char *name;
    LayerKind kind;
    bool sequence;  /* a 1D layer */
    bool separable; /* a depthwise convolution, then one of 1x1 */
    const Attribute *tables[MAX_TABLES];
    ActivationFunction function; /* unless an attribute says otherwise */
} KerasClass;

/* ---- the tables --------------------------------------------------------------------------------
 */

#define ACCEPTS_PAIR "a number or a pair of numbers, each 1 to 32768"
#define ACCEPTS_ONE  "a number, 1 to 32768, or a list of one"
#define ACCEPTS_ACTIVATION                                                                         \
    "linear, relu, relu6, leaky_relu, tanh, sigmoid or softmax, and hard_sigmoid in a file that "  \
    "says its keras_version"
#define ACCEPTS_SLOPE "a number, 0 or above"
#define ACCEPTS_SHAPE                                                                              \
    "a list such as [null, 28, 28, 1], of up to 4 sizes after the first, none open"
#define ANYTHING "anything" /* does nothing at inference */

/* Every layer may have these. */
static const Attribute COMMON[] = {
    {"name", keras_read_any, ANYTHING, false}, /* checked in keras_config.c */
    {"trainable", keras_read_any, ANYTHING, false},
    {"dtype", keras_read_dtype, "float32", false},
    {"batch_input_shape", keras_read_given_shape, ACCEPTS_SHAPE, false},
    {0},
};

static const Attribute INPUT[] = {
    {"batch_shape", keras_read_given_shape, ACCEPTS_SHAPE, false},
    {"sparse", keras_read_false, "false", false},
    {"ragged", keras_read_false, "false", false},
    {"optional", keras_read_false, "false", false},
    {0},
};

static const Attribute FILTERS[] = {
    {"filters", keras_read_outputs, "a number above 0", true},
    {0},
};

static const Attribute WINDOW_2D[] = {
    {"kernel_size", keras_read_window, ACCEPTS_PAIR, true},
    {"strides", keras_read_strides, ACCEPTS_PAIR, false},
    {"dilation_rate", keras_read_dilation, "1 or (1, 1)", false},
    {0},
};

static const Attribute WINDOW_1D[] = {
    {"kernel_size", keras_read_window_1d, ACCEPTS_ONE, true},
    {"strides", keras_read_strides_1d, ACCEPTS_ONE, false},
    {"dilation_rate", keras_read_dilation_1d, "1", false},
    {0},
};

/* Convolutions and dense layers have these. */
static const Attribute KERNEL[] = {
    {"activation", keras_read_fused_activation, ACCEPTS_ACTIVATION, false},
    {"use_bias", keras_read_use_bias, "true or false", false},
    {"kernel_initializer", keras_read_any, ANYTHING, false},
    {"bias_initializer", keras_read_any, ANYTHING, false},
    {"kernel_regularizer", keras_read_any, ANYTHING, false},
    {"bias_regularizer", keras_read_any, ANYTHING, false},
    {"activity_regularizer", keras_read_any, ANYTHING, false},
    {"kernel_constraint", keras_read_any, ANYTHING, false},
    {"bias_constraint", keras_read_any, ANYTHING, false},
    {"lora_rank", keras_read_null, "null", false},
    {"lora_alpha", keras_read_null, "null", false},
    {0},
};

static const Attribute CONVOLUTION[] = {
    {"padding", keras_read_padding, "valid or same", false},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {"groups", keras_read_one, "1", false},
    {0},
};

static const Attribute DEPTHWISE[] = {
    {"depth_multiplier", keras_read_multiplier, "a number, 1 to 32768", false},
    {"depthwise_initializer", keras_read_any, ANYTHING, false},
    {"depthwise_regularizer", keras_read_any, ANYTHING, false},
    {"depthwise_constraint", keras_read_any, ANYTHING, false},
    {0},
};

static const Attribute POINTWISE[] = {
    {"pointwise_initializer", keras_read_any, ANYTHING, false},
    {"pointwise_regularizer", keras_read_any, ANYTHING, false},
    {"pointwise_constraint", keras_read_any, ANYTHING, false},
    {0},
};

static const Attribute DENSE[] = {
    {"units", keras_read_outputs, "a number above 0", true},
    {"quantization_mode", keras_read_null, "null", false},
    {"quantization_config", keras_read_null, "null", false},
    {0},
};

static const Attribute BATCH_NORM[] = {
    {"axis", keras_read_axis, "the last axis", false},
    {"momentum", keras_read_any, ANYTHING, false},
    {"epsilon", keras_read_epsilon, "a number, 0 or above", true},
    {"center", keras_read_center, "true or false", false},
    {"scale", keras_read_scale, "true or false", false},
    {"beta_initializer", keras_read_any, ANYTHING, false},
    {"gamma_initializer", keras_read_any, ANYTHING, false},
    {"moving_mean_initializer", keras_read_any, ANYTHING, false},
    {"moving_variance_initializer", keras_read_any, ANYTHING, false},
    {"beta_regularizer", keras_read_any, ANYTHING, false},
    {"gamma_regularizer", keras_read_any, ANYTHING, false},
    {"beta_constraint", keras_read_any, ANYTHING, false},
    {"gamma_constraint", keras_read_any, ANYTHING, false},
    {"synchronized", keras_read_any, ANYTHING, false},
    {"fused", keras_read_any, ANYTHING, false},
    {"renorm", keras_read_false, "false", false},
    {"renorm_clipping", keras_read_any, ANYTHING, false}, /* mean nothing without renorm */
    {"renorm_momentum", keras_read_any, ANYTHING, false},
    {"virtual_batch_size", keras_read_null, "null", false},
    {"adjustment", keras_read_null, "null", false},
    {0},
};

static const Attribute POOL2D[] = {
    {"pool_size", keras_read_window, ACCEPTS_PAIR, true},
    {"strides", keras_read_pool_strides, ACCEPTS_PAIR, false},
    {"padding", keras_read_padding, "valid or same", false},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute POOL1D[] = {
    {"pool_size", keras_read_window_1d, ACCEPTS_ONE, true},
    {"strides", keras_read_pool_strides_1d, ACCEPTS_ONE, false},
    {"padding", keras_read_padding, "valid or same", false},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute GLOBAL_POOL[] = {
    {"data_format", keras_read_channels_last, "channels_last", false},
    {"keepdims", keras_read_keep_dims, "true or false", false},
    {0},
};

static const Attribute ZERO_PADDING2D[] = {
    {"padding", keras_read_zero_padding, "[[top, bottom], [left, right]], each 0 to 32768", true},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute ZERO_PADDING1D[] = {
    {"padding", keras_read_zero_padding_1d, "[before, after], each 0 to 32768", true},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute UPSAMPLING2D[] = {
    {"size", keras_read_factor, ACCEPTS_PAIR, true},
    {"interpolation", keras_read_nearest, "nearest", false},
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute UPSAMPLING1D[] = {
    {"size", keras_read_factor_1d, ACCEPTS_ONE, true},
    {0},
};

static const Attribute CONCATENATE[] = {
    {"axis", keras_read_axis, "the last axis", false},
    {0},
};

static const Attribute FLATTEN[] = {
    {"data_format", keras_read_channels_last, "channels_last", false},
    {0},
};

static const Attribute RESHAPE[] = {
    {"target_shape", keras_read_target_shape, "a list of up to 4 sizes, one of them may be -1",
     true},
    {0},
};

static const Attribute DROPOUT[] = {
    {"rate", keras_read_any, ANYTHING, false},
    {"noise_shape", keras_read_any, ANYTHING, false},
    {"seed", keras_read_any, ANYTHING, false},
    {0},
};

static const Attribute ACTIVATION[] = {
    {"activation", keras_read_activation, ACCEPTS_ACTIVATION, true},
    {0},
};

static const Attribute RELU[] = {
    {"max_value", keras_read_limit, "null or a number above 0", false},
    {"negative_slope", keras_read_slope, ACCEPTS_SLOPE, false},
    {"threshold", keras_read_zero, "0", false},
    {0},
};

/* Keras 3 says negative_slope, Keras 2 alpha. */
static const Attribute LEAKY_RELU[] = {
    {"negative_slope", keras_read_slope, ACCEPTS_SLOPE, false},
    {"alpha", keras_read_slope, ACCEPTS_SLOPE, false},
    {0},
};

static const Attribute SOFTMAX[] = {
    {"axis", keras_read_last_axis, "-1", false},
    {0},
};

static const KerasClass CLASSES[] = {
    {"InputLayer", LAYER_INPUT, .tables = {INPUT}},
    {"Conv2D", LAYER_CONV2D, .tables = {FILTERS, WINDOW_2D, KERNEL, CONVOLUTION}},
    {"Conv1D", LAYER_CONV2D, .tables = {FILTERS, WINDOW_1D, KERNEL, CONVOLUTION}, .sequence = true},
    {"DepthwiseConv2D", LAYER_DEPTHWISE_CONV2D,
     .tables = {WINDOW_2D, KERNEL, CONVOLUTION, DEPTHWISE}},
    {"DepthwiseConv1D", LAYER_DEPTHWISE_CONV2D,
     .tables = {WINDOW_1D, KERNEL, CONVOLUTION, DEPTHWISE}, .sequence = true},
    {"SeparableConv2D", LAYER_CONV2D,
     .tables = {FILTERS, WINDOW_2D, KERNEL, CONVOLUTION, DEPTHWISE, POINTWISE}, .separable = true},
    {"SeparableConv1D", LAYER_CONV2D,
     .tables = {FILTERS, WINDOW_1D, KERNEL, CONVOLUTION, DEPTHWISE, POINTWISE}, .separable = true,
     .sequence = true},
    {"Dense", LAYER_DENSE, .tables = {KERNEL, DENSE}},
    {"BatchNormalization", LAYER_BATCH_NORM, .tables = {BATCH_NORM}},
    {"MaxPooling2D", LAYER_MAX_POOL2D, .tables = {POOL2D}},
    {"MaxPooling1D", LAYER_MAX_POOL2D, .tables = {POOL1D}, .sequence = true},
    {"AveragePooling2D", LAYER_AVERAGE_POOL2D, .tables = {POOL2D}},
    {"AveragePooling1D", LAYER_AVERAGE_POOL2D, .tables = {POOL1D}, .sequence = true},
    {"GlobalMaxPooling2D", LAYER_GLOBAL_MAX_POOL2D, .tables = {GLOBAL_POOL}},
    {"GlobalMaxPooling1D", LAYER_GLOBAL_MAX_POOL2D, .tables = {GLOBAL_POOL}, .sequence = true},
    {"GlobalAveragePooling2D", LAYER_GLOBAL_AVERAGE_POOL2D, .tables = {GLOBAL_POOL}},
    {"GlobalAveragePooling1D", LAYER_GLOBAL_AVERAGE_POOL2D, .tables = {GLOBAL_POOL},
     .sequence = true},
    {"ZeroPadding2D", LAYER_ZERO_PAD2D, .tables = {ZERO_PADDING2D}},
    {"ZeroPadding1D", LAYER_ZERO_PAD2D, .tables = {ZERO_PADDING1D}, .sequence = true},
    {"UpSampling2D", LAYER_UPSAMPLE2D, .tables = {UPSAMPLING2D}},
    {"UpSampling1D", LAYER_UPSAMPLE2D, .tables = {UPSAMPLING1D}, .sequence = true},
    {"Add", LAYER_ADD, .tables = {NULL}},
    {"Concatenate", LAYER_CONCATENATE, .tables = {CONCATENATE}},
    {"Flatten", LAYER_FLATTEN, .tables = {FLATTEN}},
    {"Reshape", LAYER_RESHAPE, .tables = {RESHAPE}},
    {"Dropout", LAYER_DROPOUT, .tables = {DROPOUT}},
    {"Activation", LAYER_ACTIVATION, .tables = {ACTIVATION}},
    {"ReLU", LAYER_ACTIVATION, .tables = {RELU}, .function = {.kind = ACTIVATION_RELU}},
    {"LeakyReLU", LAYER_ACTIVATION, .tables = {LEAKY_RELU},
     .function = {ACTIVATION_LEAKY_RELU, .slope = 0.3}},
    {"Softmax", LAYER_ACTIVATION, .tables = {SOFTMAX}, .function = {.kind = ACTIVATION_SOFTMAX}},
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

/* What else a file may have as a layer, and what to do then. */
static const struct {
    const char *name, *advice;
} ADVICE[] = {
    {"Functional", "a model inside a model is not read; build one model of its layers"},
    {"Sequential", "a model inside a model is not read; build one model of its layers"},
    {"Model", "a model inside a model is not read; build one model of its layers"},
    {"TFOpLambda", "an operation on tensors, as x + y makes it, is not read; use a layer (Add)"},
};

/* True when there is something better to say than which kinds are supported. */
static bool give_advice(const KerasLayer *layer, Blockers *blockers)
{
    for (size_t i = 0; i < sizeof ADVICE / sizeof ADVICE[0]; i++)
        if (strcmp(ADVICE[i].name, layer->class_name) == 0) {
            blockers_add(blockers, "layer %s (%s): %s", layer->name, layer->class_name,
                         ADVICE[i].advice);
            return true;
        }
    return false;
}

/* The supported kinds are listed once, with the first layer that is none of them. */
static void refuse_class(const KerasLayer *layer, KerasModel *model)
{
    if (give_advice(layer, model->blockers))
        return;
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

/* The row of the class, or one that every layer may have. */
static const Attribute *find_row(const KerasClass *class, const char *name)
{
    for (int i = 0; i < MAX_TABLES && class->tables[i]; i++) {
        const Attribute *row = find_attribute(class->tables[i], name);
        if (row)
            return row;
    }
    return find_attribute(COMMON, name);
}

static void require_attributes(const json_t *config, const Attribute *rows, const KerasLayer *layer,
                               Blockers *blockers)
{
    for (const Attribute *row = rows; row->name; row++)
        if (row->required && !json_object_get(config, row->name))
            blockers_add(blockers, "layer %s (%s): the attribute %s is missing; expected %s",
                         layer->name, layer->class_name, row->name, row->accepted);
}

/* Keras' defaults for what an old file leaves out; a zero padding sees each pixel by itself. */
static void apply_defaults(KerasLayer *layer)
{
    Window *window = &layer->layer.window;
    LayerKind kind = layer->layer.kind;
    bool pool = kind == LAYER_MAX_POOL2D || kind == LAYER_AVERAGE_POOL2D;
    if (kind == LAYER_ZERO_PAD2D)
        window->kernel_height = window->kernel_width = 1;
    if (window->stride_height == 0) {
        window->stride_height = pool ? window->kernel_height : 1;
        window->stride_width = pool ? window->kernel_width : 1;
    }
    if (layer->multiplier == 0)
        layer->multiplier = 1;
}

/* A ReLU with a slope has no limit. */
static void check_function(const KerasLayer *layer, Blockers *blockers)
{
    if (layer->layer.activation == ACTIVATION_LEAKY_RELU && layer->layer.activation_limit > 0)
        blockers_add(blockers,
                     "layer %s (%s): max_value and negative_slope together are not supported; "
                     "accepted is one of them",
                     layer->name, layer->class_name);
}

void keras_read_attributes(json_t *config, KerasLayer *layer, KerasModel *model)
{
    const KerasClass *class = find_class(layer->class_name);
    if (!class) {
        refuse_class(layer, model);
        return;
    }
    layer->supported = true;
    layer->separable = class->separable;
    layer->keras_version = model->keras_version;
    layer->layer = (Layer){.kind = class->kind, .name = layer->name, .sequence = class->sequence};
    layer_set_function(&layer->layer, class->function);
    const char *name;
    json_t *value;
    json_object_foreach (config, name, value) {
        read_attribute(name, value, find_row(class, name), layer, model->blockers);
    }
    for (int i = 0; i < MAX_TABLES && class->tables[i]; i++)
        require_attributes(config, class->tables[i], layer, model->blockers);
    check_function(layer, model->blockers);
    apply_defaults(layer);
}
