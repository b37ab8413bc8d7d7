/* Every model fixture is imported: shapes, parameters, and the kinds of its layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "graph/passes.h"
#include "import/importer.h"

#define MODELS "tests/fixtures/models/"

typedef struct Expectation {
    const char *file;
    const char *input, *output;
    int64_t parameters;
    const char *kinds; /* one letter a layer, see KIND_LETTERS */
} Expectation;

static const char KIND_LETTERS[LAYER_KINDS] = {
    [LAYER_INPUT] = 'i',
    [LAYER_CONV2D] = 'c',
    [LAYER_DENSE] = 'd',
    [LAYER_BATCH_NORM] = 'n',
    [LAYER_MAX_POOL2D] = 'm',
    [LAYER_AVERAGE_POOL2D] = 'a',
    [LAYER_FLATTEN] = 'f',
    [LAYER_RESHAPE] = 'r',
    [LAYER_DROPOUT] = 'o',
    [LAYER_ACTIVATION] = 't',
    [LAYER_DEPTHWISE_CONV2D] = 'w',
    [LAYER_ZERO_PAD2D] = 'z',
    [LAYER_GLOBAL_AVERAGE_POOL2D] = 'A',
    [LAYER_GLOBAL_MAX_POOL2D] = 'M',
    [LAYER_ADD] = '+',
    [LAYER_CONCATENATE] = '|',
    [LAYER_UPSAMPLE2D] = 'u',
};

static const Expectation EXPECTED[] = {
    {"conv_valid.k2", "8x8x1", "5", 765, "icfd"},
    {"conv_valid.k3", "8x8x1", "5", 765, "icfd"},
    {"bare_list.variant", "8x8x1", "5", 765, "icfd"},
    {"split_names.variant", "8x8x1", "5", 765, "icfd"},
    {"conv_same.k3", "7x6x2", "7x6x4", 153, "icc"},
    {"conv_same_stride.k2", "9x8x1", "2x2x5", 528, "iccc"},
    {"conv_valid_stride.k3", "11x10x3", "3", 331, "icfd"},
    {"conv_pointwise.k3", "6x5x3", "3x3x2", 26, "icc"},
    {"pool_max.k3", "9x7x2", "3x1x4", 36, "icmmm"},
    {"pool_average.k3", "9x7x2", "2x3x3", 27, "iaca"},
    {"dense_only.k3", "12", "4", 418, "idddd"},
    {"reshape.k3", "48", "3", 83, "ircrd"},
    {"norm_after_conv.k2", "8x8x1", "4", 380, "icntcntfdnt"},
    {"norm_before_conv.k2", "7x7x2", "3", 452, "incncfnd"},
    {"norm_stays.k3", "8x8x1", "3x3x3", 195, "icnmncn"},
    {"activation_layers.k2", "6x6x1", "4", 332, "ictctttfdtdt"},
    {"functional_path.k2", "10x10x1", "4", 378, "icntmocafodt"},
    {"functional_path.k3", "10x10x1", "4", 378, "icntmocafodt"},
    {"paper_cnn_small.k3", "12x12x1", "10", 567, "iccmfd"},
    {"softmax_image.k3", "5x4x2", "4x3x3", 27, "ict"},
    {"depthwise.k2", "9x8x3", "4x3x6", 156, "iwww"},
    {"depthwise.k3", "9x8x3", "4x3x6", 156, "iwww"},
    {"separable.k2", "9x10x2", "4x4x4", 159, "iwcnwc"},
    {"separable.k3", "9x10x2", "4x4x4", 159, "iwcnwc"},
    {"functions.k2", "6x5x2", "5", 534, "icctctdtfddt"},
    {"functions.k3", "6x5x2", "5", 534, "icctctdtfddt"},
    {"residual.k2", "8x7x2", "4", 916, "icntcn+tccn++ofd"},
    {"residual.k3", "8x7x2", "4", 916, "icntcn+tccn++ofd"},
    {"branched.k2", "10x12x2", "3", 739, "izaczmzccum|ccMA|d"},
    {"branched.k3", "10x12x2", "3", 739, "izaczmzccum|ccMA|d"},
    {"global_pools.k3", "7x5x2", "3", 152, "icAcMd"},
    {"sequence.k2", "24x3", "4", 425, "icnmwwcu|azcAM|d"},
    {"sequence.k3", "24x3", "4", 425, "icnmwwcu|azcAM|d"},
    {"resnet8_shape.k3", "32x32x3", "10", 78666, "icntcntcn+tcntccn+tcntccn+tafd"},
    {"mobilenet_small.k3", "32x32x3", "10", 11514, "icntwntcntzwntcntwntcntzwntcntwntcntAd"},
};
enum { MODEL_COUNT = sizeof EXPECTED / sizeof EXPECTED[0] };

static Graph *import_fixture(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, MODELS "%s.h5", name);
    Graph *graph = NULL;
    if (import_model(path, &graph) != OK)
        fail_msg("%s", error_message());
    return graph;
}

/* The text of one array, without its first dimension: "28x28x1". */
static void describe_images(const char *file, const char *name, char text[SHAPE_TEXT_BYTES])
{
    char path[256];
    snprintf(path, sizeof path, MODELS "%s.io.h5", file);
    H5File *h5 = NULL;
    H5Array array;
    assert_int_equal(h5_open(path, &h5), OK);
    assert_int_equal(h5_describe(h5, name, &array), OK);
    assert_int_equal(array.kind, H5_FLOAT32);
    assert_int_equal(array.dim[0], 4);
    Shape shape = {.rank = array.rank - 1};
    memcpy(shape.dim, array.dim + 1, (size_t)shape.rank * sizeof shape.dim[0]);
    shape_format(shape, text);
    h5_close(h5);
}

static void describe_kinds(const Graph *graph, char kinds[64])
{
    assert_true(graph->count < 64);
    for (int i = 0; i < graph->count; i++)
        kinds[i] = KIND_LETTERS[graph->layers[i].kind];
    kinds[graph->count] = '\0';
}

static void every_model_is_imported(void **state)
{
    (void)state;
    for (int m = 0; m < MODEL_COUNT; m++) {
        const Expectation *e = &EXPECTED[m];
        Graph *graph = import_fixture(e->file);
        char text[SHAPE_TEXT_BYTES], kinds[64] = "";
        assert_string_equal(shape_format(graph_input_shape(graph), text), e->input);
        assert_string_equal(shape_format(graph_output(graph)->output_shape, text), e->output);
        assert_int_equal(graph_parameters(graph), e->parameters);
        describe_kinds(graph, kinds);
        assert_string_equal(kinds, e->kinds);
        graph_free(graph);
    }
}

static void answers_have_the_models_shapes(void **state)
{
    (void)state;
    char text[SHAPE_TEXT_BYTES];
    for (int m = 0; m < MODEL_COUNT; m++) {
        describe_images(EXPECTED[m].file, "input", text);
        assert_string_equal(text, EXPECTED[m].input);
        describe_images(EXPECTED[m].file, "output", text);
        assert_string_equal(text, EXPECTED[m].output);
    }
}

static void the_paper_cnn_has_its_parameters(void **state)
{
    (void)state;
    Graph *graph = NULL;
    assert_int_equal(import_model("samples/mnist_cnn.h5", &graph), OK);
    assert_int_equal(graph_parameters(graph), 18718);
    assert_string_equal(graph->name, "mnist_cnn");
    const Layer *digit = graph_output(graph);
    assert_string_equal(digit->name, "digit");
    assert_int_equal(digit->activation, ACTIVATION_SOFTMAX);
    assert_int_equal(graph->layers[graph_find(graph, "conv_2")].activation, ACTIVATION_RELU);
    graph_free(graph);
}

static void attributes_reach_the_layer(void **state)
{
    (void)state;
    Graph *graph = import_fixture("norm_before_conv.k2");
    assert_float_equal(graph->layers[1].epsilon, 0.001, 0);
    assert_float_equal(graph->layers[3].epsilon, 0.01, 0);
    assert_non_null(graph->layers[1].gamma.data);
    assert_null(graph->layers[6].gamma.data);
    assert_null(graph->layers[6].beta.data);
    graph_free(graph);

    graph = import_fixture("conv_same_stride.k2");
    const Window *window = &graph->layers[2].window;
    assert_int_equal(window->stride_height, 2);
    assert_int_equal(window->stride_width, 1);
    assert_true(window->same);
    assert_null(graph->layers[2].bias.data);
    graph_free(graph);
}

static const Layer *layer_of(const Graph *graph, const char *name)
{
    int found = graph_find(graph, name);
    if (found < 0)
        fail_msg("no layer %s", name);
    return &graph->layers[found];
}

/* What layer `name` reads, as "a b c". */
static void assert_reads(const Graph *graph, const char *name, const char *expected)
{
    const Layer *layer = layer_of(graph, name);
    char found[256] = "";
    for (int k = 0; k < layer->input_count; k++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", k ? " " : "",
                 graph->layers[layer->inputs[k]].name);
    assert_string_equal(found, expected);
}

static void branches_are_joined_as_written(void **state)
{
    (void)state;
    const char *const writers[] = {"residual.k2", "residual.k3"};
    for (int w = 0; w < 2; w++) {
        Graph *graph = import_fixture(writers[w]);
        assert_reads(graph, "sum_1", "relu_1 norm_2");
        assert_reads(graph, "sum_2", "conv_3 norm_3 conv_3");
        assert_reads(graph, "twice", "sum_2 sum_2");
        assert_reads(graph, "norm_3", "short");
        assert_reads(graph, "short", "relu_2");
        graph_free(graph);
    }
}

/* hard_sigmoid has another slope in Keras 3 than in Keras 2. */
static void activations_have_their_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *layer, *of_keras_2, *of_keras_3;
    } ROWS[] = {
        {"six", "relu6", "relu6"},
        {"limited", "relu(max 0.75)", "relu(max 0.75)"},
        {"leaky", "leaky_relu(0.2)", "leaky_relu(0.2)"},
        {"slope", "leaky_relu(0.1)", "leaky_relu(0.1)"},
        {"hard", "hard_sigmoid(0.2)", "hard_sigmoid(0.166667)"},
        {"end", "hard_sigmoid(0.2)", "hard_sigmoid(0.166667)"},
    };
    Graph *two = import_fixture("functions.k2"), *three = import_fixture("functions.k3");
    char text[ACTIVATION_TEXT_BYTES];
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const Layer *old = layer_of(two, ROWS[i].layer), *new = layer_of(three, ROWS[i].layer);
        assert_string_equal(activation_format(layer_function(old), text), ROWS[i].of_keras_2);
        assert_string_equal(activation_format(layer_function(new), text), ROWS[i].of_keras_3);
    }
    graph_free(two);
    graph_free(three);
}

static void a_separable_convolution_is_two_layers(void **state)
{
    (void)state;
    Graph *graph = import_fixture("sequence.k3");
    const Layer *depthwise = layer_of(graph, "separable.depthwise");
    const Layer *pointwise = layer_of(graph, "separable");
    assert_reads(graph, "separable", "separable.depthwise");
    assert_true(depthwise->sequence && pointwise->sequence);
    assert_null(depthwise->bias.data);
    assert_non_null(pointwise->bias.data);
    assert_true(shape_equal(depthwise->kernel.shape, shape_of(4, 1, 3, 6, 2)));
    assert_true(shape_equal(pointwise->kernel.shape, shape_of(4, 1, 1, 12, 4)));
    assert_int_equal(depthwise->window.kernel_width, 3);
    assert_int_equal(pointwise->window.kernel_width, 1);
    graph_free(graph);
}

/* What is left of networks when batch norms are folded and activations are fused. */
static void branches_are_simplified(void **state)
{
    (void)state;
    static const struct {
        const char *file, *kinds;
    } ROWS[] = {
        {"resnet8_shape.k3", "iccc+ccc+ccc+afd"},
        {"mobilenet_small.k3", "icwczwcwczwcwcAd"},
        {"residual.k3", "icc+cc++fd"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        Graph *graph = import_fixture(ROWS[i].file), *simple = NULL;
        char kinds[64];
        assert_int_equal(graph_simplify(graph, &simple), OK);
        describe_kinds(simple, kinds);
        assert_string_equal(kinds, ROWS[i].kinds);
        graph_free(simple);
        graph_free(graph);
    }
}

/* Both writers put the same numbers in other places of the file. */
static void a_known_weight_is_read(void **state)
{
    (void)state;
    Graph *whole = import_fixture("conv_valid.k2"), *split = import_fixture("split_names.variant");
    for (int i = 0; i < whole->count; i++) {
        Tensor a = whole->layers[i].kernel, b = split->layers[i].kernel;
        assert_true(shape_equal(a.shape, b.shape));
        if (a.data)
            assert_memory_equal(a.data, b.data, (size_t)shape_elements(a.shape) * sizeof(float));
    }
    graph_free(whole);
    graph_free(split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_is_imported),
        cmocka_unit_test(answers_have_the_models_shapes),
        cmocka_unit_test(the_paper_cnn_has_its_parameters),
        cmocka_unit_test(attributes_reach_the_layer),
        cmocka_unit_test(branches_are_joined_as_written),
        cmocka_unit_test(activations_have_their_parameters),
        cmocka_unit_test(a_separable_convolution_is_two_layers),
        cmocka_unit_test(branches_are_simplified),
        cmocka_unit_test(a_known_weight_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
