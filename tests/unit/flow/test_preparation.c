/* What is done to a network before it is quantized, and what the report says of it. The network has
 * a batch norm that folds (norm_1) and one that does not (norm_2); its images are digits. */
#include "tests/unit/flow/place.h"

#include <math.h>

#include "flow/report.h"
#include "flow/run.h"

static json_t *quantize(RunOptions options)
{
    options.model = "samples/fashion_cnn.h5";
    options.data = "samples/mnist";
    options.test_images = options.calib_images = 200;
    json_t *report = NULL;
    if (flow_quantize(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    return report;
}

static double number(const json_t *report, const char *path)
{
    return report_number(report, path, NAN);
}

static void test_folding(void **state)
{
    Place *place = *state;
    json_t *report = quantize(place_options(place));
    assert_string_equal(report_text(report, "preparation.batch_norm.folded.0", ""), "norm_1");
    assert_string_equal(report_text(report, "preparation.batch_norm.kept.0", ""), "norm_2");
    double difference = number(report, "preparation.batch_norm.max_difference");
    assert_true(difference > 0 && difference < 1e-5);
    assert_true(number(report, "preparation.batch_norm.images") == 200);
    assert_true(json_is_null(report_at(report, "preparation.equalization")));
    assert_true(json_is_null(report_at(report, "preparation.bias_correction")));
    json_decref(report);
}

static void test_no_folding(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.keep_batch_norm = true;
    json_t *report = quantize(options);
    const json_t *norms = report_at(report, "preparation.batch_norm");
    assert_int_equal(json_array_size(json_object_get(norms, "folded")), 0);
    assert_int_equal(json_array_size(json_object_get(norms, "kept")), 2);
    assert_true(json_is_null(json_object_get(norms, "max_difference")));
    int affine = 0;
    const json_t *layers = report_at(report, "quantized.layers");
    for (size_t i = 0; i < json_array_size(layers); i++)
        affine += strcmp(report_text(json_array_get(layers, i), "kind", ""), "affine") == 0;
    assert_int_equal(affine, 2);
    assert_true(fabs(number(report, "quantized.accuracy") - number(report, "baseline.accuracy")) <
                0.1);
    json_decref(report);
}

/* The figures "after" are those of the model that is built, "before" those of a run without. */
static void test_before_and_after(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.weight_bits = 5;
    json_t *plain = quantize(options);
    options.equalize = true;
    json_t *equalized = quantize(options);
    options.bias_correct = true;
    json_t *both = quantize(options);

    const json_t *equalization = report_at(equalized, "preparation.equalization");
    assert_true(number(equalization, "pairs") == 1);
    assert_true(number(equalization, "ratio_after") < number(equalization, "ratio_before"));
    assert_true(number(equalization, "accuracy_before") == number(plain, "quantized.accuracy"));
    assert_true(number(equalization, "accuracy_after") == number(equalized, "quantized.accuracy"));
    assert_true(number(equalization, "sqnr_db_before") != number(equalization, "sqnr_db_after"));

    const json_t *correction = report_at(both, "preparation.bias_correction");
    assert_true(number(correction, "accuracy_before") == number(equalized, "quantized.accuracy"));
    assert_true(number(correction, "accuracy_after") == number(both, "quantized.accuracy"));
    assert_int_equal(json_array_size(json_object_get(correction, "layers")), 4);
    assert_string_equal(report_text(correction, "layers.0.name", ""), "conv_1");
    /* behind a ReLU the correction promises nothing; of this layer it takes more than half */
    assert_true(number(correction, "layers.1.mean_error_after") <
                number(correction, "layers.1.mean_error_before"));
    json_decref(plain);
    json_decref(equalized);
    json_decref(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_folding),
        PLACED(test_no_folding),
        PLACED(test_before_and_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
