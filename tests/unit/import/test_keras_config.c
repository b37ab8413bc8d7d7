/* model_config read from text: which attributes and spellings are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "import/keras.h"

/* A parsed model with what it needs to live. */
typedef struct Parsed {
    Blockers blockers;
    KerasModel model;
    Status status;
} Parsed;

static void parse(const char *text, Parsed *parsed)
{
    *parsed = (Parsed){0};
    parsed->model.arena = arena_new();
    parsed->model.blockers = &parsed->blockers;
    parsed->status = keras_parse(text, strlen(text), &parsed->model);
}

static void release(Parsed *parsed)
{
    blockers_free(&parsed->blockers);
    arena_free(parsed->model.arena);
}

#define INPUT                                                                                      \
    "{\"class_name\":\"InputLayer\",\"config\":{\"name\":\"in\",\"batch_shape\":[null,4,4,1]}}"
#define SEQUENTIAL(layers)                                                                         \
    "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"m\",\"layers\":[" layers "]}}"

/* Parses a model of an input and one layer of the class with these attributes. */
static void parse_layer(const char *class_name, const char *attributes, Parsed *parsed)
{
    char text[2048];
    snprintf(text, sizeof text,
             SEQUENTIAL(INPUT ",{\"class_name\":\"%s\",\"config\":{\"name\":\"x\"%s%s}}"),
             class_name, *attributes ? "," : "", attributes);
    parse(text, parsed);
    assert_int_equal(parsed->status, OK);
}

typedef struct Case {
    const char *class_name;
    const char *attributes;
    const char *fault; /* words of the one blocker; NULL: accepted */
} Case;

#define CONV "\"filters\":2,\"kernel_size\":[3,3],"
#define NORM "\"epsilon\":0.001,"

static const Case CASES[] = {
    {"Dense", "\"units\":3", NULL},
    {"Dense", "", "attribute units is missing"},
    {"Dense", "\"units\":0", "units is 0; accepted is a number above 0"},
    {"Dense", "\"units\":2.5", "units is 2.5"},
    {"Dense", "\"units\":99999999999999", "units is 99999999999999"},
    {"Dense", "\"units\":3,\"activation\":null", NULL},
    {"Dense", "\"units\":3,\"activation\":\"selu\"", "activation is \"selu\""},
    {"Dense", "\"units\":3,\"activation\":{\"class_name\":\"LeakyReLU\"}", "activation is {"},
    {"Dense", "\"units\":3,\"use_bias\":1", "use_bias is 1"},
    {"Dense", "\"units\":3,\"quantization_config\":null,\"lora_rank\":null", NULL},
    {"Dense", "\"units\":3,\"quantization_config\":{\"mode\":\"int8\"}", "quantization_config"},
    {"Dense", "\"units\":3,\"lora_rank\":4", "lora_rank is 4"},
    {"Dense", "\"units\":3,\"dtype\":\"float32\",\"trainable\":false", NULL},
    {"Dense", "\"units\":3,\"dtype\":\"float64\"", "dtype is \"float64\""},
    {"Dense",
     "\"units\":3,\"dtype\":{\"class_name\":\"DTypePolicy\",\"config\":{\"name\":\"float32\"}}",
     NULL},
    {"Dense",
     "\"units\":3,\"dtype\":{\"class_name\":\"DTypePolicy\",\"config\":{\"name\":\"bfloat16\"}}",
     "dtype is {"},
    {"Dense",
     "\"units\":3,\"dtype\":{\"class_name\":\"QuantizedDTypePolicy\",\"config\":{\"name\":"
     "\"float32\"}}",
     "dtype is {"},
    {"Conv2D", CONV "\"strides\":2,\"padding\":\"same\"", NULL},
    {"Conv2D", "\"filters\":2", "attribute kernel_size is missing"},
    {"Conv2D", "\"filters\":2,\"kernel_size\":[3]", "kernel_size is [3]"},
    {"Conv2D", "\"filters\":2,\"kernel_size\":[3,0]", "kernel_size is [3, 0]"},
    {"Conv2D", CONV "\"strides\":[1,-1]", "strides is [1, -1]"},
    {"Conv2D", CONV "\"padding\":\"full\"", "padding is \"full\""},
    {"Conv2D", CONV "\"dilation_rate\":[1,1],\"groups\":1", NULL},
    {"Conv2D", CONV "\"dilation_rate\":1", NULL},
    {"Conv2D", CONV "\"dilation_rate\":[1,2]", "dilation_rate is [1, 2]"},
    {"Conv2D", CONV "\"groups\":3", "groups is 3; accepted is 1"},
    {"Conv2D", CONV "\"data_format\":\"channels_first\"", "data_format"},
    {"Conv2D", CONV "\"kernel_initializer\":{\"a\":1},\"bias_constraint\":\"x\"", NULL},
    {"MaxPooling2D", "\"pool_size\":[2,2],\"strides\":null", NULL},
    {"MaxPooling2D", "\"pool_size\":2", NULL},
    {"AveragePooling2D", "\"pool_size\":[2,2],\"strides\":[2,0]", "strides is [2, 0]"},
    {"Flatten", "\"data_format\":\"channels_first\"", "data_format"},
    {"Reshape", "\"target_shape\":[2,-1]", NULL},
    {"Reshape", "\"target_shape\":[-1,-1]", "target_shape is [-1, -1]"},
    {"Reshape", "\"target_shape\":[2,-2]", "target_shape is [2, -2]"},
    {"Reshape", "\"target_shape\":[]", "target_shape is []"},
    {"Reshape", "\"target_shape\":[1,2,2,2,2]", "target_shape"},
    {"Dropout", "\"rate\":0.5,\"noise_shape\":[null,1],\"seed\":3", NULL},
    {"BatchNormalization", NORM "\"axis\":-1", NULL},
    {"BatchNormalization", NORM "\"axis\":[3],\"momentum\":0.9", NULL},
    {"BatchNormalization", NORM "\"axis\":[1,3]", "axis is [1, 3]"},
    {"BatchNormalization", NORM "\"axis\":0", "axis is 0"},
    {"BatchNormalization", "\"axis\":3", "attribute epsilon is missing"},
    {"BatchNormalization", "\"epsilon\":-1", "epsilon is -1"},
    {"BatchNormalization", NORM "\"renorm\":false,\"virtual_batch_size\":null", NULL},
    {"BatchNormalization", NORM "\"renorm\":true", "renorm is true"},
    {"BatchNormalization", NORM "\"virtual_batch_size\":8", "virtual_batch_size is 8"},
    {"Activation", "\"activation\":\"tanh\"", NULL},
    {"Activation", "\"activation\":\"softplus\"", "activation is \"softplus\""},
    {"Activation", "", "attribute activation is missing"},
    {"ReLU", "\"max_value\":null,\"negative_slope\":0.0,\"threshold\":0", NULL},
    {"ReLU", "\"max_value\":6.0,\"negative_slope\":0", NULL},
    {"ReLU", "\"negative_slope\":0.1,\"max_value\":null", NULL},
    {"ReLU", "\"max_value\":0", "max_value is 0; accepted is null or a number above 0"},
    {"ReLU", "\"max_value\":\"6\"", "max_value is \"6\""},
    {"ReLU", "\"negative_slope\":-0.1", "negative_slope is -0.1; accepted is a number, 0 or"},
    {"ReLU", "\"max_value\":6,\"negative_slope\":0.1", "max_value and negative_slope together"},
    {"ReLU", "\"threshold\":1", "threshold is 1; accepted is 0"},
    {"LeakyReLU", "\"negative_slope\":0.3", NULL},
    {"LeakyReLU", "\"alpha\":0.3", NULL},
    {"LeakyReLU", "\"alpha\":null", "alpha is null"},
    {"Activation", "\"activation\":\"relu6\"", NULL},
    {"Activation", "\"activation\":\"leaky_relu\"", NULL},
    {"Activation", "\"activation\":\"hard_sigmoid\"", "says its keras_version"},
    {"Conv1D", "\"filters\":2,\"kernel_size\":[3],\"strides\":2,\"padding\":\"same\"", NULL},
    {"Conv1D", "\"filters\":2,\"kernel_size\":[3,3]", "kernel_size is [3, 3]; accepted is"},
    {"Conv1D", "\"filters\":2,\"kernel_size\":3,\"padding\":\"causal\"", "padding is \"causal\""},
    {"Conv1D", "\"filters\":2,\"kernel_size\":3,\"dilation_rate\":[2]", "dilation_rate is [2]"},
    {"DepthwiseConv2D", "\"kernel_size\":3,\"depth_multiplier\":2", NULL},
    {"DepthwiseConv2D", "\"kernel_size\":3,\"depth_multiplier\":0", "depth_multiplier is 0"},
    {"DepthwiseConv2D", "\"kernel_size\":3,\"filters\":4", "attribute \"filters\""},
    {"SeparableConv2D", CONV "\"depth_multiplier\":2,\"pointwise_constraint\":null", NULL},
    {"SeparableConv2D", "\"kernel_size\":3", "attribute filters is missing"},
    {"MaxPooling1D", "\"pool_size\":[2],\"strides\":null", NULL},
    {"MaxPooling1D", "\"pool_size\":[2,2]", "pool_size is [2, 2]"},
    {"GlobalAveragePooling2D", "\"keepdims\":true", NULL},
    {"GlobalMaxPooling1D", "\"keepdims\":1", "keepdims is 1"},
    {"ZeroPadding2D", "\"padding\":[[1,0],[2,3]]", NULL},
    {"ZeroPadding2D", "\"padding\":[1,2]", NULL},
    {"ZeroPadding2D", "\"padding\":3", NULL},
    {"ZeroPadding2D", "\"padding\":[[1,0],[2,-3]]", "padding is [[1, 0], [2, -3]]"},
    {"ZeroPadding2D", "\"padding\":[[1,0]]", "padding is [[1, 0]]"},
    {"ZeroPadding2D", "\"padding\":[[1,0,1],2]", "padding is [[1, 0, 1], 2]"},
    {"ZeroPadding1D", "\"padding\":[1,2]", NULL},
    {"ZeroPadding1D", "\"padding\":2", NULL},
    {"ZeroPadding1D", "\"padding\":[[1,1]]", "padding is [[1, 1]]"},
    {"UpSampling2D", "\"size\":[2,3],\"interpolation\":\"nearest\"", NULL},
    {"UpSampling2D", "\"size\":2,\"interpolation\":\"bilinear\"", "accepted is nearest"},
    {"UpSampling2D", "\"size\":0", "size is 0"},
    {"UpSampling1D", "\"size\":2", NULL},
    {"Concatenate", "\"axis\":-1", NULL},
    {"Concatenate", "\"axis\":0", "axis is 0"},
    {"Add", "\"axis\":1", "attribute \"axis\""},
    {"Functional", "", "a model inside a model is not read"},
    {"TFOpLambda", "", "an operation on tensors"},
    {"Softmax", "\"axis\":-1", NULL},
    {"Softmax", "\"axis\":1", "axis is 1; accepted is -1"},
    {"Dense", "\"units\":3,\"col\\u000aor\":1", "\"col\\nor\""},
    {"GRU", "", "the kind GRU is not supported"},
};
enum { CASE_COUNT = sizeof CASES / sizeof CASES[0] };

static void each_attribute_is_accepted_or_named(void **state)
{
    (void)state;
    for (int i = 0; i < CASE_COUNT; i++) {
        Parsed parsed;
        parse_layer(CASES[i].class_name, CASES[i].attributes, &parsed);
        const char *found = parsed.blockers.count ? parsed.blockers.items[0] : "";
        bool good = CASES[i].fault ? parsed.blockers.count == 1 && strstr(found, CASES[i].fault)
                                   : parsed.blockers.count == 0;
        if (!good)
            fail_msg("%s {%s}: %d blockers: %s", CASES[i].class_name, CASES[i].attributes,
                     parsed.blockers.count, found);
        release(&parsed);
    }
}

static void pool_strides_default_to_the_window(void **state)
{
    (void)state;
    Parsed parsed;
    parse_layer("MaxPooling2D", "\"pool_size\":[2,3],\"strides\":null", &parsed);
    assert_int_equal(parsed.model.layers[1].layer.window.stride_height, 2);
    assert_int_equal(parsed.model.layers[1].layer.window.stride_width, 3);
    release(&parsed);
}

static void expect_failure(const char *text, const char *words)
{
    Parsed parsed;
    parse(text, &parsed);
    const char *found = parsed.status != OK         ? error_message()
                        : parsed.blockers.count > 0 ? parsed.blockers.items[0]
                                                    : "nothing";
    if (!strstr(found, words))
        fail_msg("expected \"%s\", found: %s", words, found);
    release(&parsed);
}

static void other_documents_are_refused(void **state)
{
    (void)state;
    expect_failure("", "not JSON");
    expect_failure("{} x", "not JSON");
    expect_failure("{\"class_name\":\"a\",\"class_name\":\"b\"}", "not JSON");
    expect_failure("[]", "class missing");
    expect_failure("{\"class_name\":\"MyModel\",\"config\":{}}", "class \"MyModel\"");
    expect_failure(SEQUENTIAL(""), "has no layers");
    expect_failure("{\"class_name\":\"Sequential\",\"config\":{\"layers\":3}}", "has no layers");
    expect_failure(SEQUENTIAL("3"), "layer 1 of the list: its name is missing");
    expect_failure(SEQUENTIAL("{\"class_name\":\"Dense\",\"config\":{\"name\":\"d\",\"units\":1}}"),
                   "does not say its input shape");
    expect_failure(SEQUENTIAL(INPUT "," INPUT), "same name");
    expect_failure("{\"class_name\":\"Sequential\",\"config\":{\"layers\":[" INPUT
                   "],\"compile\":1}}",
                   "\"compile\" with value 1 is not known");
}

static void names_are_checked(void **state)
{
    (void)state;
    assert_true(keras_is_name("conv2d_1"));
    assert_true(keras_is_name("a b"));
    assert_true(keras_is_name("\xe7\x95\xb3\xe3\x81\xbf")); /* Japanese */
    assert_false(keras_is_name(""));
    assert_false(keras_is_name("."));
    assert_false(keras_is_name(".."));
    assert_false(keras_is_name("a/b"));
    assert_false(keras_is_name("a\\b"));
    assert_false(keras_is_name("a\nb"));
    assert_false(keras_is_name("a\x7f"));
    assert_false(keras_is_name("a\xc2\x9b"
                               "2J")); /* the 8-bit CSI */
    assert_false(keras_is_name("a\xe2\x80\xae"
                               "b")); /* right-to-left override */
    assert_false(keras_is_name("\xff\xfe"));
    char longest[KERAS_MAX_NAME + 2];
    memset(longest, 'x', sizeof longest);
    longest[KERAS_MAX_NAME + 1] = '\0';
    assert_false(keras_is_name(longest));
    longest[KERAS_MAX_NAME] = '\0';
    assert_true(keras_is_name(longest));
}

#define NODE_LAYER(name, class_name, nodes)                                                        \
    "{\"class_name\":\"" class_name "\",\"name\":\"" name "\",\"config\":{\"name\":\"" name        \
    "\"},\"inbound_nodes\":" nodes "}"
#define FUNCTIONAL(layers, outputs)                                                                \
    "{\"class_name\":\"Model\",\"config\":{\"name\":\"m\",\"layers\":[" layers                     \
    "],\"output_layers\":" outputs "}}"
#define TENSOR(name)                                                                               \
    "{\"class_name\":\"__keras_tensor__\",\"config\":{\"keras_history\":[\"" name "\",0,0]}}"

/* The file may list layers in any order: the nodes say how they are joined. */
static void the_order_is_found_in_any_file(void **state)
{
    (void)state;
    Parsed parsed;
    parse(FUNCTIONAL(NODE_LAYER("b", "Flatten", "[[[\"a\",0,0,{}]]]") "," NODE_LAYER(
                         "in", "InputLayer",
                         "[]") "," NODE_LAYER("a", "Dropout",
                                              "[{\"args\":[" TENSOR(
                                                  "in") "],\"kwargs\":{\"training\":false,"
                                                        "\"mask\":null}}]"),
                     "[[\"b\",0,0]]"),
          &parsed);
    assert_int_equal(parsed.status, OK);
    assert_int_equal(parsed.blockers.count, 0);
    assert_int_equal(parsed.model.order_count, 3);
    assert_int_equal(parsed.model.order[0], 1);
    assert_int_equal(parsed.model.order[1], 2);
    assert_int_equal(parsed.model.order[2], 0);
    release(&parsed);
}

static void joins_are_read_in_both_spellings(void **state)
{
    (void)state;
    static const char *const NODES[] = {
        "[[[\"a\",0,0,{}],[\"in\",0,0,{\"training\":null}]]]",
        "[{\"args\":[[" TENSOR("a") "," TENSOR("in") "]],\"kwargs\":{}}]"};
    for (int i = 0; i < 2; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 FUNCTIONAL(NODE_LAYER("sum", "Add", "%s") "," NODE_LAYER(
                                "in", "InputLayer", "[]") "," NODE_LAYER("a", "Dropout",
                                                                         "[[[\"in\",0,0,{}]]]"),
                            "[\"sum\",0,0]"),
                 NODES[i]);
        Parsed parsed;
        parse(text, &parsed);
        assert_int_equal(parsed.status, OK);
        assert_int_equal(parsed.blockers.count, 0);
        const KerasLayer *sum = &parsed.model.layers[0];
        assert_int_equal(sum->source_count, 2);
        assert_string_equal(sum->sources[0], "a");
        assert_string_equal(sum->sources[1], "in");
        assert_int_equal(parsed.model.order[2], 0);
        release(&parsed);
    }
}

static void hard_sigmoid_goes_by_the_version(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        double slope; /* 0: refused */
    } ROWS[] = {{"2.13.1", 0.2}, {"3.15.1", 1.0 / 6}, {"1.2.2", 0.2}, {"4.0", 0}, {"30.1", 0}};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 "{\"keras_version\":\"%s\",\"class_name\":\"Sequential\",\"config\":{\"name\":"
                 "\"m\",\"layers\":[" INPUT
                 ",{\"class_name\":\"Activation\",\"config\":{\"name\":\"x\",\"activation\":"
                 "\"hard_sigmoid\"}}]}}",
                 ROWS[i].version);
        Parsed parsed;
        parse(text, &parsed);
        assert_int_equal(parsed.blockers.count, ROWS[i].slope > 0 ? 0 : 1);
        if (ROWS[i].slope > 0)
            assert_true(parsed.model.layers[1].layer.activation_slope == ROWS[i].slope);
        release(&parsed);
    }
}

static void other_joints_are_refused(void **state)
{
    (void)state;
#define IN NODE_LAYER("in", "InputLayer", "[]")
    expect_failure(
        FUNCTIONAL(IN "," NODE_LAYER("a", "Flatten", "[[[\"in\",0,0,{}]]]"), "[[\"in\",0,0]]"),
        "layer in: is the model's output, and other layers read it");
    expect_failure(FUNCTIONAL(IN
                              "," NODE_LAYER("a", "Flatten", "[[[\"b\",0,0,{}]]]") "," NODE_LAYER(
                                  "b", "Flatten", "[[[\"a\",0,0,{}]]]"),
                              "[[\"b\",0,0]]"),
                   "layer b: is the model's output, and other layers read it");
    expect_failure(
        FUNCTIONAL(IN
                   "," NODE_LAYER("a", "Add", "[[[\"in\",0,0,{}],[\"b\",0,0,{}]]]") "," NODE_LAYER(
                       "b", "Flatten", "[[[\"a\",0,0,{}]]]") "," NODE_LAYER("c", "Flatten",
                                                                            "[[[\"b\",0,0,{}]]]"),
                   "[[\"c\",0,0]]"),
        "layer a: reads its own output, perhaps through others");
    expect_failure(
        FUNCTIONAL(IN "," NODE_LAYER("a", "Flatten", "[[[\"x\",0,0,{}]]]"), "[[\"a\",0,0]]"),
        "layer a: reads x, which is no layer of the model");
    expect_failure(FUNCTIONAL(IN
                              "," NODE_LAYER("a", "Flatten", "[[[\"in\",0,0,{}]]]") "," NODE_LAYER(
                                  "b", "Flatten", "[[[\"in\",0,0,{}]]]"),
                              "[[\"a\",0,0],[\"b\",0,0]]"),
                   "the model has 2 outputs (a, b), expected 1");
    expect_failure(FUNCTIONAL(IN
                              "," NODE_LAYER("a", "Flatten", "[[[\"in\",0,0,{}]]]") "," NODE_LAYER(
                                  "b", "Flatten", "[[[\"in\",0,0,{}]]]"),
                              "[[\"a\",0,0]]"),
                   "layer b: nothing reads it, and the output is a");
    expect_failure(FUNCTIONAL(IN "," NODE_LAYER("a", "Flatten", "[[[\"in\",0,0,{}]]]"), "{}"),
                   "the output is {}");
#define SAME "[\"in\",0,0,{}],"
    expect_failure(FUNCTIONAL(IN "," NODE_LAYER("a", "Add",
                                                "[[" SAME SAME SAME SAME SAME SAME SAME SAME
                                                "[\"in\",0,0,{}]]]"),
                              "[[\"a\",0,0]]"),
                   "layer a: reads 9 layers; at most 8 are read together");
    expect_failure(
        FUNCTIONAL(IN "," NODE_LAYER("a", "Dropout", "[[[\"in\",0,0,{\"training\":true}]]]"),
                   "[[\"a\",0,0]]"),
        "is called with {\"training\": true}");
    expect_failure(
        FUNCTIONAL(IN "," NODE_LAYER("a", "Flatten", "[[[\"in\",1,0,{}]]]"), "[[\"a\",0,0]]"),
        "layer a: what it reads is");
    expect_failure(FUNCTIONAL(IN "," NODE_LAYER(
                                  "a", "Flatten",
                                  "[{\"args\":[" TENSOR("in") "," TENSOR("in") "],\"kwargs\":{}}]"),
                              "[[\"a\",0,0]]"),
                   "layer a: what it reads is");
    expect_failure(FUNCTIONAL(NODE_LAYER("in", "InputLayer", "[[[\"in\",0,0,{}]]]"), "[]"),
                   "layer in: is called 1 times");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attribute_is_accepted_or_named),
        cmocka_unit_test(pool_strides_default_to_the_window),
        cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(the_order_is_found_in_any_file),
        cmocka_unit_test(joins_are_read_in_both_spellings),
        cmocka_unit_test(hard_sigmoid_goes_by_the_version),
        cmocka_unit_test(other_joints_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
