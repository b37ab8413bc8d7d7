/* Real networks: int8 keeps the accuracy of the samples, and every Keras fixture either becomes an
 * integer model that answers like the float network or is refused for a known reason. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "import/importer.h"
#include "nn/forward.h"
#include "quant/integer_forward.h"
#include "quant/quantizer.h"
#include "tests/unit/nn/graphs.h"

enum { CALIBRATION_IMAGES = 1000 };

static const LayerScheme INT8 = {.weight_bits = 8, .activation_bits = 8, .granularity = PER_TENSOR};

static Graph *import_simplified(const char *path)
{
    Graph *graph = NULL, *simplified = NULL;
    if (import_model(path, &graph) != OK || graph_simplify(graph, &simplified) != OK)
        fail_msg("%s: %s", path, error_message());
    graph_free(graph);
    return simplified;
}

static Status quantize_int8(const Graph *graph, const Dataset *images, Quantized *quantized)
{
    LayerScheme row = INT8;
    row.calibrator = calibrator_find("minmax");
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    return quantize_graph(graph, images, &scheme, NULL, quantized);
}

static Dataset *load(const Graph *graph, DatasetSplit split)
{
    Dataset *dataset = NULL;
    if (dataset_load("samples/mnist", split, NULL, &dataset) != OK ||
        dataset_fit(dataset, graph_input_shape(graph), 10) != OK)
        fail_msg("%s", error_message());
    return dataset;
}

static double accuracy(Classifier classifier, const Dataset *dataset)
{
    Pool *pool = pool_new(0);
    Arena *arena = arena_new();
    Evaluation evaluation;
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation), OK);
    arena_free(arena);
    pool_free(pool);
    return evaluation.accuracy;
}

static void expect_accuracy(const char *path, double least)
{
    Graph *graph = import_simplified(path);
    Dataset *test = load(graph, DATASET_TEST), *train = load(graph, DATASET_TRAIN);
    assert_int_equal(test->count, 10000);
    dataset_truncate(train, CALIBRATION_IMAGES);
    Quantized quantized;
    assert_int_equal(quantize_int8(graph, train, &quantized), OK);
    double before = accuracy(classifier_of_graph(graph), test);
    double after = accuracy(classifier_of_integer_model(quantized.model), test);
    if (!(before >= least && after >= before - 0.005))
        fail_msg("%s: %.4f in float32, %.4f on integers", path, before, after);
    for (int i = 0; i < quantized.model->count; i++)
        assert_true(quantized.losses[i].sqnr_db > 30);
    double ratio =
        4.0 * (double)graph_parameters(graph) / (double)integer_model_bytes(quantized.model);
    assert_true(ratio >= 3.9);
    integer_model_free(quantized.model);
    dataset_free(test);
    dataset_free(train);
    graph_free(graph);
}

static void test_mnist_cnn(void **state)
{
    (void)state;
    expect_accuracy("samples/mnist_cnn.h5", 0.980);
}

static void test_mnist_mlp(void **state)
{
    (void)state;
    expect_accuracy("samples/mnist_mlp.h5", 0.965);
}

/* ---- fixtures -------------------------------------------------------------------------------- */

/* Fixtures that integers cannot do, and why. */
static const struct {
    const char *start, *words;
} REFUSED[] = {
    {"pool_average", "an average pool over partial windows"},
    {"functional_path", "layer pool_2: an average pool over partial windows"},
    {"softmax_image", "softmax over each pixel"},
    {"sequence", "layer pool_2: an average pool over partial windows"},
};

/* dB of every operation. Noise adds up through eleven layers of random weights. */
static double least_sqnr(const char *name)
{
    return strncmp(name, "mobilenet_small", 15) == 0 ? 12 : 18;
}

static const char *refusal_of(const char *name)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (strncmp(name, REFUSED[i].start, strlen(REFUSED[i].start)) == 0)
            return REFUSED[i].words;
    return NULL;
}

static int is_model(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".h5") == 0 && !strstr(entry->d_name, ".io.h5");
}

static void check_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "tests/fixtures/models/%s", name);
    Graph *graph = import_simplified(path);
    Rng rng = rng_seed(1);
    Dataset *images = random_dataset(&rng, 50, graph_input_shape(graph), 2);
    Quantized quantized;
    Status status = quantize_int8(graph, images, &quantized);
    const char *words = refusal_of(name);
    if (words && (status != ERR_REFUSED || !strstr(error_message(), words)))
        fail_msg("%s: expected \"%s\", found \"%s\"", name, words, error_message());
    if (!words && status != OK)
        fail_msg("%s: %s", name, error_message());
    if (!words) {
        for (int i = 0; i < quantized.model->count; i++)
            if (!(quantized.losses[i].sqnr_db > least_sqnr(name)))
                fail_msg("%s, %s: %g dB", name, quantized.model->ops[i].name,
                         quantized.losses[i].sqnr_db);
        integer_model_free(quantized.model);
    }
    dataset_free(images);
    graph_free(graph);
}

static void test_fixtures(void **state)
{
    (void)state;
    struct dirent **entries = NULL;
    int count = scandir("tests/fixtures/models", &entries, is_model, alphasort);
    assert_true(count >= 12);
    for (int i = 0; i < count; i++) {
        check_fixture(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

/* Shapes of MLPerf Tiny's ResNet-8 and of a small MobileNet: as the float network answers. */
static void expect_agreement(const char *path, double least)
{
    enum { IMAGES = 100 };
    Graph *graph = import_simplified(path);
    Rng rng = rng_seed(2);
    Dataset *images = random_dataset(&rng, IMAGES, graph_input_shape(graph), 2);
    Quantized quantized;
    assert_int_equal(quantize_int8(graph, images, &quantized), OK);
    const int classes = quantized.model->classes;
    Forward *real = forward_new(graph, IMAGES);
    IntegerForward *integer = integer_forward_new(quantized.model, IMAGES);
    const float *wanted = forward_run(real, images->values, IMAGES);
    const int32_t *scores = integer_forward_run(integer, images->values, IMAGES);
    int same = 0;
    for (int b = 0; b < IMAGES; b++) {
        int best = 0;
        for (int c = 1; c < classes; c++)
            best = wanted[b * classes + c] > wanted[b * classes + best] ? c : best;
        same += best == integer_arg_max(scores + (int64_t)b * classes, classes);
    }
    double sqnr = quantized.losses[quantized.model->count - 1].sqnr_db;
    if (!(same >= 0.97 * IMAGES && sqnr > least))
        fail_msg("%s: %d of %d labels, %.1f dB", path, same, IMAGES, sqnr);
    forward_free(real);
    integer_forward_free(integer);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

static void test_tiny_networks(void **state)
{
    (void)state;
    expect_agreement("tests/fixtures/models/resnet8_shape.k3.h5", 32);
    expect_agreement("tests/fixtures/models/mobilenet_small.k3.h5", 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mnist_cnn),
        cmocka_unit_test(test_mnist_mlp),
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_tiny_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
