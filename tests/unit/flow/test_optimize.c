/* The verbs train and sensitivity, and integer weights back in a Keras file. */
#include "tests/unit/flow/place.h"

#include <math.h>
#include <unistd.h>

#include "base/cancel.h"
#include "flow/optimize.h"
#include "flow/report.h"
#include "import/importer.h"

static TrainRequest request_for(Place *place)
{
    TrainRequest request = train_request_default();
    request.output = fs_join(place->arena, place->folder, "trained.h5");
    request.epochs = 3;
    request.batch = 25;
    return request;
}

static json_t *train_ok(const RunOptions *options, const TrainRequest *request)
{
    json_t *report = NULL;
    if (flow_train(options, request, NULL, &report) != OK)
        fail_msg("%s", error_message());
    return report;
}

static void test_train_writes_what_it_measured(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    const TrainRequest request = request_for(place);
    json_t *report = train_ok(&options, &request);
    assert_string_equal(report_text(report, "status", ""), "ok");
    assert_int_equal(json_array_size(report_at(report, "training.epochs")), 3);
    assert_true(report_number(report, "training.epochs.2.loss", NAN) <
                report_number(report, "training.epochs.0.loss", NAN));
    assert_true(report_number(report, "training.epochs.0.validation_loss", NAN) > 0);
    double accuracy = report_number(report, "training.accuracy", NAN);
    json_decref(report);

    options.model = request.output;
    assert_int_equal(flow_evaluate(&options, NULL, &report), OK);
    assert_true(report_number(report, "baseline.accuracy", NAN) == accuracy);
    json_decref(report);
}

/* Seed and options decide; the weights of the file do not when it starts from scratch. */
static void test_from_scratch_depends_on_the_seed(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    TrainRequest request = request_for(place);
    char *hashes[4];
    for (int i = 0; i < 4; i++) {
        request.from_scratch = i > 0;
        options.seed = i == 3 ? 2 : 1;
        json_t *report = train_ok(&options, &request);
        hashes[i] = arena_strdup(place->arena, report_text(report, "training.sha256", ""));
        json_decref(report);
    }
    assert_string_equal(hashes[1], hashes[2]);
    assert_string_not_equal(hashes[0], hashes[1]);
    assert_string_not_equal(hashes[1], hashes[3]);
}

static void refused(const RunOptions *options, const TrainRequest *request, Status expected,
                    const char *words)
{
    json_t *report = NULL;
    Status status = flow_train(options, request, NULL, &report);
    if (status != expected || !strstr(error_message(), words))
        fail_msg("status %d, \"%s\" expected in: %s", (int)status, words, error_message());
    json_decref(report);
    if (request->output && strcmp(request->output, options->model) != 0)
        assert_false(fs_exists(request->output));
}

static void test_train_refuses(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    const TrainRequest good = request_for(place);
    TrainRequest request = good;
    request.output = NULL;
    refused(&options, &request, ERR_USAGE, "--output");
    request.output = options.model;
    refused(&options, &request, ERR_USAGE, "the model itself");
    request = good;
    request.optimizer = "lion";
    refused(&options, &request, ERR_USAGE, "adam or sgd");
    request = good;
    request.schedule = "steps";
    refused(&options, &request, ERR_USAGE, "cosine");
    request = good;
    request.epochs = 0;
    request.batch = -1;
    request.learning_rate = 0;
    request.validation = 1;
    request.early_stop = -1;
    refused(&options, &request, ERR_USAGE, "--epochs is 0");
    refused(&options, &request, ERR_USAGE, "--batch is -1");
    refused(&options, &request, ERR_USAGE, "--learning-rate is 0");
    refused(&options, &request, ERR_USAGE, "--validation is 1");
    refused(&options, &request, ERR_USAGE, "--early-stop is -1");
    request = good;
    request.learning_rate = 1e38;
    refused(&options, &request, ERR_REFUSED, "not");
}

/* An architecture in JSON: weights from the seed, a file that can be evaluated. */
static void test_train_takes_an_architecture(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    TrainRequest request = request_for(place);
    options.model = "tests/fixtures/architectures/sequential.k2.json";
    char *hashes[2];
    json_t *report = NULL;
    for (int i = 0; i < 2; i++) {
        options.seed = i + 1;
        report = train_ok(&options, &request);
        hashes[i] = arena_strdup(place->arena, report_text(report, "training.sha256", ""));
        assert_true(json_is_true(report_at(report, "training.from_scratch")));
        if (i == 0)
            json_decref(report);
    }
    assert_string_not_equal(hashes[0], hashes[1]);
    double accuracy = report_number(report, "training.accuracy", NAN);
    json_decref(report);
    options.model = request.output;
    assert_int_equal(flow_evaluate(&options, NULL, &report), OK);
    assert_true(report_number(report, "baseline.accuracy", NAN) == accuracy);
    json_decref(report);
    options.model = "tests/fixtures/architectures/functional.k3.json"; /* of 8x8 pixels */
    assert_int_equal(flow_train(&options, &request, NULL, &report), ERR_REFUSED);
    json_decref(report);
}

static void test_sensitivity_measures_each_layer(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.weight_bits = options.activation_bits = 4;
    json_t *report = NULL;
    assert_int_equal(flow_sensitivity(&options, NULL, &report), OK);
    const json_t *layers = report_at(report, "sensitivity.layers");
    assert_int_equal(json_array_size(layers), 3);
    int ranks = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *layer = json_array_get(layers, i);
        ranks += 1 << (int)report_number(layer, "rank", 0);
        assert_true(report_number(layer, "only_quantized_sqnr_db", NAN) >
                    report_number(layer, "only_float_sqnr_db", NAN) - 6);
        assert_true(report_number(layer, "clipped_fraction", NAN) >= 0);
    }
    assert_int_equal(ranks, 2 + 4 + 8);
    assert_true(strlen(report_text(report, "sensitivity.explanation", "")) > 10);
    json_decref(report);
}

/* What Keras would load: each weight a whole number of steps. */
static void test_optimized_model_holds_the_integers(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.weight_bits = 4;
    options.optimized_model = fs_join(place->arena, place->folder, "optimized.h5");
    json_t *report = NULL;
    assert_int_equal(flow_quantize(&options, NULL, &report), OK);
    json_decref(report);
    Graph *graph = NULL;
    assert_int_equal(import_model(options.optimized_model, &graph), OK);
    for (int l = 0; l < graph->count; l++) {
        Tensor kernel = graph->layers[l].kernel;
        float largest = 0;
        for (int64_t i = 0; kernel.data && i < shape_elements(kernel.shape); i++)
            largest = fmaxf(largest, fabsf(kernel.data[i]));
        for (int64_t i = 0; kernel.data && i < shape_elements(kernel.shape); i++) {
            float steps = kernel.data[i] / largest * 7; /* 4 bits: -7 .. 7 */
            assert_true(fabsf(steps - rintf(steps)) < 1e-4F);
        }
    }
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_train_writes_what_it_measured),
        PLACED(test_from_scratch_depends_on_the_seed),
        PLACED(test_train_refuses),
        PLACED(test_train_takes_an_architecture),
        PLACED(test_sensitivity_measures_each_layer),
        PLACED(test_optimized_model_holds_the_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
