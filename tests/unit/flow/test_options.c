/* Options: ranges, and the way to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow/options.h"

static void test_defaults_are_sound(void **state)
{
    (void)state;
    const RunOptions options = run_options_default();
    assert_int_equal(run_options_check(&options), OK);
    assert_int_equal(options.weight_bits, 8);
    assert_int_equal(options.images, 100);
    assert_int_equal(options.stop_after, STAGE_SIMULATE);
}

static void test_all_faults_come_at_once(void **state)
{
    (void)state;
    const FoldChoice folds[] = {{"a", 1, 1}, {"a", 2, 1}, {"b", -1, 0}};
    RunOptions options = run_options_default();
    options.weight_bits = 1;
    options.activation_bits = 17;
    options.jobs = -1;
    options.clock_mhz = NAN;
    options.seed = -5;
    options.target_accuracy = 1.5;
    options.calibration = "magic";
    options.has_scale = true;
    options.scale = 0;
    options.data = "";
    options.workdir = "caf\xe9";
    options.folds = folds;
    options.fold_count = 3;
    assert_int_equal(run_options_check(&options), ERR_USAGE);
    static const char *const WORDS[] = {
        "--weight-bits is 1, expected 2 to 16",
        "--activation-bits is 17",
        "--jobs is -1",
        "--clock is nan",
        "--seed is -5",
        "--target-accuracy is 1.5",
        "--calibration: magic is not known, expected one of: minmax, percentile",
        "--scale is 0",
        "--data: the text is empty",
        "--workdir: the text is not UTF-8",
        "--fold a is given twice",
        "--fold b: pe -1"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (!strstr(error_message(), WORDS[i]))
            fail_msg("\"%s\" is not in: %s", WORDS[i], error_message());
}

static void test_to_json_and_back(void **state)
{
    (void)state;
    const FoldChoice folds[] = {{"conv_1", 4, 9}, {"digit", 2, 0}};
    RunOptions options = run_options_default();
    options.model = "m.h5";
    options.data = "caf\xc3\xa9";
    options.has_scale = true;
    options.scale = 1.0 / 255;
    options.weight_bits = 5;
    options.per_channel = true;
    options.seed = INT64_MAX;
    options.max_drop = 0.005;
    options.stop_after = STAGE_EMIT;
    options.folds = folds;
    options.fold_count = 2;
    options.float_layers = (const char *const[]){"conv_1", "conv_2"};
    options.float_layer_count = 2;
    json_t *json = run_options_to_json(&options);
    char *text = json_dumps(json, JSON_COMPACT);
    json_t *again = json_loads(text, 0, NULL);
    Arena *arena = arena_new();
    RunOptions read;
    assert_int_equal(run_options_from_json(again, arena, &read), OK);
    json_decref(again);
    assert_string_equal(read.model, "m.h5");
    assert_string_equal(read.data, "caf\xc3\xa9");
    assert_null(read.workdir);
    assert_true(read.has_scale);
    assert_true(read.scale == 1.0 / 255);
    assert_int_equal(read.weight_bits, 5);
    assert_true(read.per_channel);
    assert_true(read.seed == INT64_MAX);
    assert_true(isnan(read.target_accuracy));
    assert_true(read.max_drop == 0.005);
    assert_int_equal(read.stop_after, STAGE_EMIT);
    assert_int_equal(read.fold_count, 2);
    assert_string_equal(read.folds[1].layer, "digit");
    assert_int_equal(read.folds[0].simd, 9);
    assert_int_equal(read.float_layer_count, 2);
    assert_string_equal(read.float_layers[1], "conv_2");
    json_t *second = run_options_to_json(&read);
    assert_true(json_equal(json, second));
    json_decref(second);
    json_decref(json);
    free(text);
    arena_free(arena);
}

static void test_wrong_json_is_refused(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "[]",
        "{\"colour\": 1}",
        "{\"model\": 7}",
        "{\"weight_bits\": \"8\"}",
        "{\"weight_bits\": 8.5}",
        "{\"weight_bits\": 4294967304}",
        "{\"per_channel\": 1}",
        "{\"clock_mhz\": \"fast\"}",
        "{\"scale\": \"1/255\"}",
        "{\"stop_after\": \"lunch\"}",
        "{\"stop_after\": 3}",
        "{\"folds\": {}}",
        "{\"float_layers\": \"a\"}",
        "{\"float_layers\": [1]}",
        "{\"folds\": [{\"layer\": \"a\", \"pe\": 1}]}",
        "{\"folds\": [{\"layer\": \"a\", \"pe\": 1, \"simd\": 1, \"x\": 1}]}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        json_t *json = json_loads(LINES[i], 0, NULL);
        assert_non_null(json);
        Arena *arena = arena_new();
        RunOptions options;
        if (run_options_from_json(json, arena, &options) != ERR_REFUSED)
            fail_msg("accepted: %s", LINES[i]);
        arena_free(arena);
        json_decref(json);
    }
}

static void test_stage_words(void **state)
{
    (void)state;
    RunStage stage;
    for (int i = 0; i < STAGES; i++) {
        assert_true(stage_parse(stage_word((RunStage)i), &stage));
        assert_int_equal(stage, i);
        assert_true(strlen(stage_help(stage)) > 0);
    }
    assert_false(stage_parse("", &stage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_sound), cmocka_unit_test(test_all_faults_come_at_once),
        cmocka_unit_test(test_to_json_and_back),   cmocka_unit_test(test_wrong_json_is_refused),
        cmocka_unit_test(test_stage_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
