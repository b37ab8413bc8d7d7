/* The verbs that do one stage or a few: they leave no row in the history. */
#include "tests/unit/flow/place.h"

#include <math.h>
#include <unistd.h>

#include "flow/report.h"
#include "flow/run.h"

static double sum_of(const json_t *matrix)
{
    double sum = 0;
    size_t i, j;
    json_t *row, *cell;
    json_t *rows = json_deep_copy(matrix);
    json_array_foreach (rows, i, row)
        json_array_foreach (row, j, cell)
            sum += json_number_value(cell);
    json_decref(rows);
    return sum;
}

static void no_history(const Place *place)
{
    assert_false(fs_exists(place->paths.history));
    assert_false(fs_exists(place->paths.runs));
}

static void test_inspect(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    json_t *report = NULL;
    assert_int_equal(flow_inspect(&options, &report), OK);
    assert_string_equal(report_text(report, "model.layers.0.kind", ""), "input");
    assert_true(report_number(report, "model.layers.0.output_shape.0", 0) == IMAGE_SIDE);
    assert_true(report_number(report, "model.parameters", 0) == SMALL_PARAMETERS);
    assert_int_equal(json_array_size(report_at(report, "blockers")), 0);
    assert_true(json_is_null(report_at(report, "baseline")));
    json_decref(report);
    no_history(place);
}

static void test_inspect_lists_blockers(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.model = "tests/fixtures/models/functional_path.k2.h5";
    json_t *report = NULL;
    assert_int_equal(flow_inspect(&options, &report), OK);
    assert_non_null(strstr(report_text(report, "blockers.0", ""), "layer pool_2"));
    json_decref(report);
    options.model = "tests/fixtures/refused/bad_json.h5";
    assert_int_equal(flow_inspect(&options, &report), ERR_REFUSED);
    assert_non_null(strstr(report_text(report, "message", ""), "bad_json.h5"));
    json_decref(report);
}

static void test_evaluate(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    json_t *report = NULL;
    if (flow_evaluate(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    assert_true(sum_of(report_at(report, "baseline.confusion")) == 200);
    assert_true(sum_of(report_at(report, "quantized.confusion")) == 200);
    assert_true(isfinite(report_number(report, "quantized.images_per_s", NAN)));
    assert_true(json_is_null(report_at(report, "run")));
    json_decref(report);
    no_history(place);
}

/* What the file says of each image adds up to the report's accuracies. */
static void test_labels_of_each_image(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.weight_bits = 3;
    options.labels = fs_join(place->arena, place->folder, "labels.csv");
    json_t *report = NULL;
    if (flow_evaluate(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    Buffer text = {0};
    assert_int_equal(fs_read_file(options.labels, 1 << 20, &text), OK);
    char *line = text.data;
    assert_memory_equal(line, "image,label,float32,integer\n", 28);
    int right = 0, right_on_integers = 0;
    for (int i = 0; i < 200; i++) {
        int image, label, real, integer;
        line = strchr(line, '\n') + 1;
        assert_int_equal(sscanf(line, "%d,%d,%d,%d", &image, &label, &real, &integer), 4);
        assert_int_equal(image, i);
        right += label == real;
        right_on_integers += label == integer;
    }
    assert_int_equal(strlen(strchr(line, '\n')), 1);
    assert_true(right / 200.0 == report_number(report, "baseline.accuracy", NAN));
    assert_true(right_on_integers / 200.0 == report_number(report, "quantized.accuracy", NAN));
    assert_true(right != right_on_integers);
    buffer_free(&text);
    json_decref(report);
}

/* Ranges of its own for every image, in software; refused where hardware would follow. */
static void test_dynamic_ranges(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.dynamic = true;
    json_t *report = NULL;
    if (flow_evaluate(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    double fixed = report_number(report, "quantized.accuracy", NAN);
    assert_true(fabs(report_number(report, "dynamic.accuracy", NAN) - fixed) < 0.1);
    json_decref(report);
    assert_int_equal(flow_run(&options, NULL, &report), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "--dynamic is for evaluate"));
    json_decref(report);
    no_history(place);
}

static void test_sweep(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    json_t *report = NULL;
    if (flow_sweep(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    const json_t *rows = report_at(report, "sweep.rows");
    assert_int_equal(json_array_size(rows), 7 * 2 * 5);
    double real = report_number(report, "sweep.float_accuracy", NAN);
    assert_true(isfinite(real));
    for (size_t i = 0; i < 70; i++) {
        const json_t *row = json_array_get(rows, i);
        if (report_number(row, "bits", 0) == 8 && report_number(row, "accuracy", 0) < real - 0.1)
            fail_msg("%s: %g at 8 bits", report_text(row, "calibration", ""),
                     report_number(row, "accuracy", 0));
    }
    json_decref(report);
    no_history(place);
}

static void describe(Place *place, const char *folder)
{
    RunOptions options = place_options(place);
    options.workdir = folder;
    options.database = fs_join(place->arena, place->folder, "own.db");
    json_t *report = NULL;
    if (flow_quantize(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    assert_true(json_is_null(report_at(report, "hardware")));
    json_decref(report);
}

static void test_emit_from_a_description(void **state)
{
    Place *place = *state;
    const char *first = fs_join(place->arena, place->folder, "first");
    describe(place, first);
    RunOptions options = run_options_default();
    options.description = fs_join(place->arena, first, "description");
    json_t *report = NULL;
    assert_int_equal(flow_emit(&options, NULL, &report), ERR_USAGE);
    assert_non_null(strstr(error_message(), "--workdir"));
    json_decref(report);
    options.workdir = fs_join(place->arena, place->folder, "second");
    if (flow_emit(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    assert_true(report_number(report, "hardware.predicted_latency_cycles", 0) > 0);
    assert_true(report_number(report, "hardware.layers.0.macs_per_cycle", 0) > 0);
    assert_true(fs_exists(fs_join(place->arena, options.workdir, "hdl/compile_order.txt")));
    json_decref(report);
    no_history(place);
}

static void test_simulate_wants_images_that_fit(void **state)
{
    Place *place = *state;
    const char *first = fs_join(place->arena, place->folder, "first");
    describe(place, first);
    RunOptions options = run_options_default();
    options.description = fs_join(place->arena, first, "description");
    options.workdir = fs_join(place->arena, place->folder, "second");
    json_t *report = NULL;
    assert_int_equal(flow_simulate(&options, NULL, &report), ERR_USAGE);
    assert_non_null(strstr(error_message(), "--data"));
    json_decref(report);
    options.data = "/nowhere";
    assert_int_equal(flow_simulate(&options, NULL, &report), ERR_REFUSED);
    json_decref(report);
    options.data = place->data;
    options.description = place->data;
    assert_int_equal(flow_simulate(&options, NULL, &report), ERR_REFUSED);
    json_decref(report);
    assert_false(fs_exists(options.workdir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_inspect),
        PLACED(test_inspect_lists_blockers),
        PLACED(test_evaluate),
        PLACED(test_sweep),
        PLACED(test_labels_of_each_image),
        PLACED(test_dynamic_ranges),
        PLACED(test_emit_from_a_description),
        PLACED(test_simulate_wants_images_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
