/* Plots and the energy of Fig. 1, against values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/energy.h"
#include "report/plot.h"

enum { TEXT_BYTES = 16384 };

/* What `print` writes, in `text`. */
static char *printed(void (*print)(const void *what, bool ascii, FILE *stream), const void *what,
                     bool ascii, char text[TEXT_BYTES])
{
    FILE *stream = fmemopen(text, TEXT_BYTES, "w");
    assert_non_null(stream);
    print(what, ascii, stream);
    fclose(stream);
    return text;
}

static void print_plot(const void *plot, bool ascii, FILE *stream)
{
    plot_print(plot, ascii, stream);
}

static void print_bars(const void *chart, bool ascii, FILE *stream)
{
    bars_print(chart, ascii, stream);
}

static int count_of(const char *text, const char *word)
{
    int count = 0;
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        count++;
    return count;
}

/* Line `index` of the text, from 0. */
static const char *line_at(const char *text, int index)
{
    while (index-- > 0) {
        text = strchr(text, '\n');
        assert_non_null(text);
        text++;
    }
    return text;
}

static Plot plot_of(const PlotSeries *series, int count)
{
    return (Plot){.title = "a < b & c",
                  .x_label = "epoch",
                  .series = series,
                  .series_count = count,
                  .first_x = 1};
}

static void a_rising_line_goes_from_bottom_left_to_top_right(void **state)
{
    (void)state;
    const double values[] = {0, 1, 2};
    const PlotSeries series = {"up", values, 3};
    const Plot plot = plot_of(&series, 1);
    double low, high;
    plot_range(&plot, &low, &high);
    assert_true(fabs(low + 0.04) < 1e-12 && fabs(high - 2.04) < 1e-12);
    char text[TEXT_BYTES];
    printed(print_plot, &plot, true, text);
    const char *top = line_at(text, 1), *bottom = line_at(text, 12);
    assert_memory_equal(top, "   2.0400 |", 11);
    assert_memory_equal(bottom, "  -0.0400 |", 11);
    assert_int_equal(bottom[11], '*');
    const char *end = strchr(top, '\n');
    assert_int_equal(end - top, 11 + 60); /* its last character is the last column */
    assert_int_equal(end[-1], '*');
    assert_int_equal(top[11], ' ');
    for (const char *at = text; *at; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
}

static void braille_is_valid_utf8_of_the_right_block(void **state)
{
    (void)state;
    const double values[] = {0.5, NAN, 0.7, 0.6}, others[] = {0.4, 0.5, 0.6, 0.9};
    const PlotSeries series[] = {{"one", values, 4}, {"two", others, 4}};
    const Plot plot = plot_of(series, 2);
    char text[TEXT_BYTES];
    printed(print_plot, &plot, false, text);
    int dots = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (at[0] == 0xe2 && at[1] >= 0xa0 && at[1] <= 0xa3) {
            assert_true(at[2] >= 0x80 && at[2] <= 0xbf);
            dots++;
        }
    assert_true(dots > 30);
    assert_non_null(strstr(text, "two"));
}

static void flat_single_and_missing_values_have_a_range(void **state)
{
    (void)state;
    const double one[] = {0.25}, none[] = {NAN, INFINITY};
    const PlotSeries flat = {"flat", one, 1}, empty = {"empty", none, 2};
    Plot plot = plot_of(&flat, 1);
    double low, high;
    plot_range(&plot, &low, &high);
    assert_true(low < 0.25 && high > 0.25);
    char text[TEXT_BYTES];
    assert_non_null(strstr(printed(print_plot, &plot, false, text), "flat"));
    plot = plot_of(&empty, 1);
    plot_range(&plot, &low, &high);
    assert_true(low == 0 && high == 1);
    Buffer svg = {0};
    plot_svg(&plot, &svg);
    assert_null(strstr(svg.data, "nan"));
    assert_null(strstr(svg.data, "inf"));
    buffer_free(&svg);
}

static void svg_has_a_point_for_each_value_and_escapes_text(void **state)
{
    (void)state;
    const double values[] = {0, 1, NAN, 0.5, 0.25};
    const PlotSeries series = {"up", values, 5};
    const Plot plot = plot_of(&series, 1);
    Buffer svg = {0};
    plot_svg(&plot, &svg);
    const char *line = strstr(svg.data, "stroke-width=\"2\"");
    assert_non_null(line);
    while (strncmp(line, "<path", 5) != 0)
        line--;
    char path[400];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(line, ">"), line);
    assert_int_equal(count_of(path, "M"), 2); /* a gap */
    assert_int_equal(count_of(path, "L"), 2);
    assert_non_null(strstr(svg.data, "a &lt; b &amp; c"));
    assert_string_equal(svg.data + svg.length - 7, "</svg>\n");
    buffer_free(&svg);
}

static void bars_are_as_long_as_their_sums(void **state)
{
    (void)state;
    static const char *const parts[] = {"first", "second"};
    const Bar bars[] = {{"long", {3, 1}}, {"short", {0.5, 0.5}}};
    const BarChart chart = {"chart", "uJ", parts, 2, bars, 2};
    assert_true(bar_total(&chart, 0) == 4 && bar_total(&chart, 1) == 1);
    char text[TEXT_BYTES];
    printed(print_bars, &chart, true, text);
    char *legend = strstr(text, "first");
    assert_non_null(legend);
    legend[-2] = '\0'; /* its marks do not count */
    assert_int_equal(count_of(text, "#"), 45 + 8);
    assert_int_equal(count_of(text, "="), 15 + 7);
    Buffer svg = {0};
    bars_svg(&chart, &svg);
    assert_int_equal(count_of(svg.data, "fill=\"#1f5fa8\""), 3); /* two bars and the legend */
    buffer_free(&svg);
}

static void energy_by_hand(void **state)
{
    (void)state;
    json_t *report = json_loads(
        "{\"model\": {\"layers\": ["
        "{\"kind\": \"input\", \"output_shape\": [10], \"macs\": 0, \"parameters\": 0},"
        "{\"kind\": \"flatten\", \"output_shape\": [10], \"macs\": 0, \"parameters\": 0},"
        "{\"kind\": \"dense\", \"output_shape\": [2], \"macs\": 20, \"parameters\": 22}]}}",
        0, NULL);
    EnergyCount count;
    assert_int_equal(energy_count(report, &count), OK);
    assert_true(count.macs == 20 && count.weights == 22 && count.values == 12);
    assert_true(energy_words(&count, ENERGY_FLOAT32) == 46);
    assert_true(energy_words(&count, ENERGY_INT8) == 11.5);
    EnergyShare real = energy_of(&count, ENERGY_FLOAT32), whole = energy_of(&count, ENERGY_INT8);
    assert_true(fabs(energy_total(&real) - (20 * (3.7 + 0.9) + 46 * 5)) < 1e-9);
    assert_true(fabs(energy_total(&whole) - (20 * (0.2 + 0.1) + 11.5 * 5)) < 1e-9);
    assert_true(fabs(energy_addition_ratio() - 30) < 1e-9);
    json_decref(report);
    report = json_object();
    assert_int_equal(energy_count(report, &count), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "model"));
    json_decref(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rising_line_goes_from_bottom_left_to_top_right),
        cmocka_unit_test(braille_is_valid_utf8_of_the_right_block),
        cmocka_unit_test(flat_single_and_missing_values_have_a_range),
        cmocka_unit_test(svg_has_a_point_for_each_value_and_escapes_text),
        cmocka_unit_test(bars_are_as_long_as_their_sums),
        cmocka_unit_test(energy_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
