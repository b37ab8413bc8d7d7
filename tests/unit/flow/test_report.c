/* The report: its shape, its accessors, its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"

static const char SAMPLE[] =
    "{\"run\": 7, \"status\": \"ok\", \"baseline\": {\"accuracy\": 0.98, \"bytes\": 74872},"
    " \"quantized\": {\"layers\": [{\"name\": \"a\"}, {\"name\": \"b\", \"clip\": null}]},"
    " \"hardware\": {\"bit_exact\": true, \"latency_cycles\": 799}}";

static void test_new_report_has_all_sections(void **state)
{
    (void)state;
    json_t *report = report_new();
    char *text = report_format(report, false);
    assert_string_equal(text, "{\"run\":null,\"status\":null,\"message\":null,\"model\":null,"
                              "\"dataset\":null,\"preparation\":null,"
                              "\"baseline\":null,\"ladder\":null,"
                              "\"quantized\":null,\"hardware\":null,\"synthesis\":null,\"netlist\":"
                              "null,\"mutation\":null,"
                              "\"stages\":[],\"tools\":{},\"seed\":null}");
    free(text);
    json_decref(report);
}

static void test_paths(void **state)
{
    (void)state;
    json_t *report = report_parse(SAMPLE);
    assert_non_null(report);
    assert_true(report_number(report, "baseline.accuracy", -1) == 0.98);
    assert_true(report_number(report, "run", -1) == 7);
    assert_true(report_number(report, "hardware.bit_exact", -1) == 1);
    assert_true(report_number(report, "baseline.accuracy.x", -1) == -1);
    assert_true(report_number(report, "quantized.layers.1.clip", -1) == -1);
    assert_true(report_number(report, "status", -1) == -1);
    assert_string_equal(report_text(report, "quantized.layers.1.name", "-"), "b");
    assert_string_equal(report_text(report, "quantized.layers.2.name", "-"), "-");
    assert_string_equal(report_text(report, "quantized.layers.x.name", "-"), "-");
    assert_true(report_flag(report, "hardware.bit_exact", false));
    assert_false(report_flag(report, "hardware.nothing", false));
    assert_null(report_at(report, "synthesis.lut"));
    assert_null(report_at(NULL, "run"));
    char longest[400];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_null(report_at(report, longest));
    json_decref(report);
}

static void test_figures(void **state)
{
    (void)state;
    json_t *report = report_parse(SAMPLE);
    const RunFigures figures = report_figures(report);
    assert_true(figures.values[FIGURE_BASELINE_ACCURACY] == 0.98);
    assert_true(figures.values[FIGURE_BASELINE_BYTES] == 74872);
    assert_true(figures.values[FIGURE_BIT_EXACT] == 1);
    assert_true(figures.values[FIGURE_LATENCY_CYCLES] == 799);
    assert_true(isnan(figures.values[FIGURE_QUANTIZED_ACCURACY]));
    json_decref(report);
}

static void test_values_for_people(void **state)
{
    (void)state;
    json_t *values =
        json_loads("[\"conv, 1\", 0.12345678, 7, true, false, null, [1, \"a\"]]", 0, NULL);
    static const char *const EXPECTED[] = {"conv, 1", "0.123457", "7",        "yes",
                                           "no",      "-",        "[1,\"a\"]"};
    char text[16];
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        report_value_text(json_array_get(values, i), text, sizeof text);
        assert_string_equal(text, EXPECTED[i]);
    }
    report_value_text(json_array_get(values, 0), text, 5);
    assert_string_equal(text, "conv");
    report_value_text(NULL, text, sizeof text);
    assert_string_equal(text, "-");
    json_decref(values);
}

static void test_text_is_stable(void **state)
{
    (void)state;
    json_t *report = report_parse(SAMPLE);
    char *text = report_format(report, true);
    assert_non_null(strstr(text, "0.98"));
    assert_null(strstr(text, "0.979"));
    json_t *again = report_parse(text);
    char *second = report_format(again, true);
    assert_string_equal(text, second);
    free(text);
    free(second);
    json_decref(again);
    json_decref(report);
}

static void test_what_is_no_report(void **state)
{
    (void)state;
    assert_null(report_parse(""));
    assert_null(report_parse("[]"));
    assert_null(report_parse("{\"run\": 1}"));
    assert_null(report_parse("{\"run\": 1, \"run\": 2, \"status\": \"ok\"}"));
    assert_null(report_parse("{\"run\": 1, \"status\": \"ok\"} more"));
}

static void test_odd_values(void **state)
{
    (void)state;
    json_t *nan = report_real(NAN), *infinite = report_real(INFINITY), *half = report_real(0.5);
    assert_true(json_is_null(nan));
    assert_true(json_is_null(infinite));
    assert_true(json_real_value(half) == 0.5);
    json_decref(half);
    json_t *bad = report_string("caf\xe9"), *good = report_string("caf\xc3\xa9");
    json_t *none = report_string(NULL);
    assert_string_equal(json_string_value(bad), "caf?");
    assert_string_equal(json_string_value(good), "caf\xc3\xa9");
    assert_string_equal(json_string_value(none), "");
    json_decref(bad);
    json_decref(good);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_report_has_all_sections),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_values_for_people),
        cmocka_unit_test(test_text_is_stable),
        cmocka_unit_test(test_what_is_no_report),
        cmocka_unit_test(test_odd_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
