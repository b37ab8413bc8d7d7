/* Every model fixture is imported: shapes, parameters, and the kinds of its layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "import/importer.h"

#define MODELS "tests/fixtures/models/"

typedef struct Expectation {
    const char *file;
    const char *input, *output;
    int64_t parameters;
    const char *kinds; /* one letter a layer, see KIND_LETTERS */
} Expectation;

static const char KIND_LETTERS[LAYER_KINDS] = {
    [LAYER_INPUT] = 'i',      [LAYER_CONV2D] = 'c',     [LAYER_DENSE] = 'd',
    [LAYER_BATCH_NORM] = 'n', [LAYER_MAX_POOL2D] = 'm', [LAYER_AVERAGE_POOL2D] = 'a',
    [LAYER_FLATTEN] = 'f',    [LAYER_RESHAPE] = 'r',    [LAYER_DROPOUT] = 'o',
    [LAYER_ACTIVATION] = 't',
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

static void every_model_is_imported(void **state)
{
    (void)state;
    for (int m = 0; m < MODEL_COUNT; m++) {
        const Expectation *e = &EXPECTED[m];
        Graph *graph = import_fixture(e->file);
        char text[SHAPE_TEXT_BYTES], kinds[32] = "";
        assert_string_equal(shape_format(graph_input_shape(graph), text), e->input);
        assert_string_equal(shape_format(graph_output(graph)->output_shape, text), e->output);
        assert_int_equal(graph_parameters(graph), e->parameters);
        for (int i = 0; i < graph->count; i++)
            kinds[i] = KIND_LETTERS[graph->layers[i].kind];
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
        cmocka_unit_test(a_known_weight_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
