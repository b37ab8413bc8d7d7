#include "report/runs_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/report.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/scatter.h"

/* ---- all runs, a line each --------------------------------------------------------------------- */

static double figure_of(const RunRecord *run, Figure figure)
{
    return run->figures.values[figure];
}

static void append_figure(Buffer *html, const RunRecord *run, Figure figure)
{
    json_t *value = report_real(figure_of(run, figure));
    buffer_append_text(html, "<td>");
    page_value(html, value);
    buffer_append_text(html, "</td>");
    json_decref(value);
}

/* How many times smaller the integers are. */
static void append_ratio(Buffer *html, const RunRecord *run)
{
    double ratio = figure_of(run, FIGURE_BASELINE_BYTES) / figure_of(run, FIGURE_QUANTIZED_BYTES);
    buffer_printf(html, isfinite(ratio) ? "<td>%.2f×</td>" : "<td>–</td>", ratio);
}

static void append_proof(Buffer *html, const RunRecord *run)
{
    double exact = figure_of(run, FIGURE_BIT_EXACT);
    if (!isfinite(exact))
        buffer_append_text(html, "<td>–</td>");
    else
        buffer_append_text(html, exact > 0 ? "<td class=\"ok\">✓ bit-exact</td>"
                                           : "<td class=\"bad\">✗ differs</td>");
}

static const char *style_of_status(const RunRecord *run)
{
    bool good = run->status == RUN_OK || run->status == RUN_RUNNING;
    return good ? "ok" : "bad";
}

static bool any_synthesis(const RunsPage *page)
{
    for (int i = 0; i < page->count; i++)
        if (isfinite(figure_of(&page->runs[i], FIGURE_SYNTHESIS_LUT)))
            return true;
    return false;
}

static void append_overview_row(Buffer *html, const RunRecord *run, bool synthesis)
{
    static const Figure before[] = {FIGURE_BASELINE_ACCURACY, FIGURE_QUANTIZED_ACCURACY,
                                    FIGURE_QUANTIZED_BYTES},
                        after[] = {FIGURE_LATENCY_CYCLES, FIGURE_HARDWARE_LATENCY_US};
    buffer_printf(html, "<tr><td><a href=\"#run-%lld\">%lld</a></td><td>", (long long)run->id,
                  (long long)run->id);
    page_text(html, run->model_name);
    buffer_printf(html, "</td><td class=\"%s\">%s</td>", style_of_status(run),
                  run_status_word(run->status));
    for (size_t k = 0; k < sizeof before / sizeof *before; k++)
        append_figure(html, run, before[k]);
    append_ratio(html, run);
    for (size_t k = 0; k < sizeof after / sizeof *after; k++)
        append_figure(html, run, after[k]);
    append_proof(html, run);
    if (synthesis) {
        append_figure(html, run, FIGURE_SYNTHESIS_LUT);
        append_figure(html, run, FIGURE_FMAX_MHZ);
    }
    buffer_append_text(html, "</tr>\n");
}

static void append_overview(Buffer *html, const RunsPage *page)
{
    bool synthesis = any_synthesis(page);
    buffer_printf(html,
                  "<div class=\"wide\"><table>\n<tr><th>run</th><th>model</th><th>status</th>"
                  "<th>accuracy, float</th><th>integer</th><th>bytes</th><th>smaller by</th>"
                  "<th>latency, cycles</th><th>µs</th><th>hardware</th>%s</tr>\n",
                  synthesis ? "<th>LUT</th><th>MHz reached</th>" : "");
    for (int i = 0; i < page->count; i++)
        append_overview_row(html, &page->runs[i], synthesis);
    buffer_append_text(html, "</table></div>\n");
}

static void append_scatter(Buffer *html, const RunsPage *page)
{
    ScatterPoint *points = calloc((size_t)page->count, sizeof *points);
    if (!points)
        return;
    for (int i = 0; i < page->count; i++) {
        const double *values = page->runs[i].figures.values;
        points[i] = (ScatterPoint){.x = values[FIGURE_QUANTIZED_BYTES],
                                   .y = values[FIGURE_QUANTIZED_ACCURACY]};
        snprintf(points[i].label, sizeof points[i].label, "%lld", (long long)page->runs[i].id);
    }
    Buffer svg = {0};
    scatter_svg(&(Scatter){.title = "accuracy and size of the integer models",
                           .x_label = "bytes",
                           .points = points,
                           .count = page->count},
                &svg);
    page_plot(html, &svg);
    buffer_free(&svg);
    free(points);
}

/* ---- what differs ------------------------------------------------------------------------------ */

/* "quantized_accuracy" as people write it; the name of a layer, which stands before a blank, as it
 * is. */
static void append_name(Buffer *html, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "%s", name);
    char *blank = strrchr(text, ' ');
    for (char *at = blank ? blank : text; *at; at++)
        if (*at == '_')
            *at = ' ';
    page_text(html, text);
}

/* Longer texts, such as paths, are broken into lines; hashes are shortened anyway. */
enum { LONG_TEXT = 20 };

/* All that equal the best are the best. */
static void append_row(Buffer *html, const json_t *row)
{
    const json_t *values = json_object_get(row, "values"), *best = json_object_get(row, "best");
    const json_t *best_value =
        json_is_integer(best) ? json_array_get(values, (size_t)json_integer_value(best)) : NULL;
    buffer_append_text(html, "<tr><td>");
    append_name(html, report_text(row, "name", "-"));
    buffer_append_text(html, "</td>");
    for (size_t k = 0; k < json_array_size(values); k++) {
        const json_t *value = json_array_get(values, k);
        bool is_best = best_value && json_equal(value, best_value);
        bool is_other = !json_equal(value, json_array_get(values, 0));
        bool is_long = json_is_string(value) && json_string_length(value) > LONG_TEXT;
        buffer_printf(html, "<td class=\"%s%s%s\">", is_best ? "best" : "",
                      is_other ? " differs" : "", is_long ? " long" : "");
        page_value(html, value);
        buffer_append_text(html, "</td>");
    }
    buffer_append_text(html, "</tr>\n");
}

static void append_sections(Buffer *html, const json_t *rows, size_t columns)
{
    const char *section = "";
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!json_is_true(json_object_get(row, "differs")))
            continue;
        if (strcmp(section, report_text(row, "section", "")) != 0) {
            section = report_text(row, "section", "");
            buffer_append_text(html, "<tr class=\"group\"><td>");
            page_text(html, section);
            buffer_printf(html, "</td><td colspan=\"%zu\"></td></tr>\n", columns);
        }
        append_row(html, row);
    }
}

static void append_comparison(Buffer *html, const json_t *comparison)
{
    const json_t *runs = json_object_get(comparison, "runs");
    if (json_array_size(runs) < 2)
        return;
    buffer_append_text(html,
                       "<h2>What differs</h2>\n<p class=\"dim\">Figures, inputs and choices that "
                       "are not the same in all runs. Shaded: other than in the first run; green "
                       "and bold: the best.</p>\n<div class=\"wide\"><table>\n<tr><th></th>");
    for (size_t i = 0; i < json_array_size(runs); i++)
        buffer_printf(html, "<th>run %.0f</th>", report_number(json_array_get(runs, i), "run", 0));
    buffer_append_text(html, "</tr>\n");
    append_sections(html, json_object_get(comparison, "rows"), json_array_size(runs));
    buffer_append_text(html, "</table></div>\n");
}

/* ---- one run --------------------------------------------------------------------------------- */

enum { EPOCHS_MOST = 10000 };

static int column_of(const json_t *epochs, const char *key, double *values)
{
    int count = (int)json_array_size(epochs);
    for (int i = 0; i < count; i++)
        values[i] = report_number(json_array_get(epochs, (size_t)i), key, NAN);
    return count;
}

/* Training and validation accuracy of a rung over its epochs (the paper's Fig. 5). */
static void append_curves(Buffer *html, const json_t *epochs)
{
    size_t count = json_array_size(epochs);
    if (count == 0 || count > EPOCHS_MOST)
        return;
    double *training = calloc(2 * count, sizeof *training), *validation = training + count;
    if (!training)
        return;
    const PlotSeries series[] = {
        {"training", training, column_of(epochs, "accuracy", training)},
        {"validation", validation, column_of(epochs, "validation_accuracy", validation)}};
    Buffer svg = {0};
    plot_svg(&(Plot){.title = "accuracy while training on integers",
                     .x_label = "epoch",
                     .series = series,
                     .series_count = 2,
                     .first_x = 1},
             &svg);
    page_plot(html, &svg);
    buffer_free(&svg);
    free(training);
}

static void append_fact(Buffer *html, const char *name, const char *value)
{
    if (!value[0])
        return;
    buffer_printf(html, "<dt>%s</dt><dd>", name);
    page_text(html, value);
    buffer_append_text(html, "</dd>\n");
}

static void append_facts(Buffer *html, const RunRecord *run)
{
    char when[CLOCK_TEXT_BYTES], seed[32], parent[48] = "";
    snprintf(seed, sizeof seed, "%lld", (long long)run->seed);
    if (run->parent)
        snprintf(parent, sizeof parent, "run %lld", (long long)run->parent);
    const struct {
        const char *name, *value;
    } facts[] = {{"started", clock_utc_text(run->created_ms, when)},
                 {"message", run->message},
                 {"made from", parent},
                 {"note", run->note},
                 {"tags", run->tags},
                 {"model", run->model_path},
                 {"data", run->dataset_path},
                 {"seed", seed}};
    buffer_append_text(html, "<dl>\n");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        append_fact(html, facts[i].name, facts[i].value);
    buffer_append_text(html, "</dl>\n");
}

/* JSON of the history, indented; as it is when it cannot be read. */
static void append_json(Buffer *html, const char *name, const char *text)
{
    if (!text[0])
        return;
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    char *indented = json ? json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY) : NULL;
    buffer_printf(html, "<h3>%s</h3>\n<pre>", name);
    page_text(html, indented ? indented : text);
    buffer_append_text(html, "</pre>\n");
    free(indented);
    json_decref(json);
}

/* All that is needed to do the run again, folded away. */
static void append_inputs(Buffer *html, const RunRecord *run)
{
    buffer_append_text(html, "<details><summary>Hashes, options and tools</summary>\n<dl>\n");
    append_fact(html, "model SHA-256", run->model_sha256);
    append_fact(html, "data SHA-256", run->dataset_sha256);
    append_fact(html, "description SHA-256", run->description_sha256);
    append_fact(html, "VHDL SHA-256", run->hdl_sha256);
    buffer_append_text(html, "</dl>\n");
    append_json(html, "Options", run->options);
    append_json(html, "Tools", run->tools);
    buffer_append_text(html, "</details>\n");
}

static void append_result(Buffer *html, const RunRecord *run, const char *name,
                          const Figure three[3])
{
    buffer_printf(html, "<tr><td>%s</td>", name);
    for (int i = 0; i < 3; i++)
        if (three[i] == FIGURES)
            buffer_append_text(html, "<td></td>");
        else
            append_figure(html, run, three[i]);
    buffer_append_text(html, "</tr>\n");
}

static void append_results(Buffer *html, const RunRecord *run)
{
    static const struct {
        const char *name;
        Figure three[3];
    } rows[] = {
        {"accuracy",
         {FIGURE_BASELINE_ACCURACY, FIGURE_QUANTIZED_ACCURACY, FIGURE_HARDWARE_ACCURACY}},
        {"bytes of the network", {FIGURE_BASELINE_BYTES, FIGURE_QUANTIZED_BYTES, FIGURES}},
        {"latency of one image, µs",
         {FIGURE_BASELINE_LATENCY_US, FIGURE_QUANTIZED_LATENCY_US, FIGURE_HARDWARE_LATENCY_US}},
        {"latency, clock cycles", {FIGURES, FIGURES, FIGURE_LATENCY_CYCLES}},
        {"cycles between images", {FIGURES, FIGURES, FIGURE_INTERVAL_CYCLES}},
        {"images simulated", {FIGURES, FIGURES, FIGURE_SIMULATED_IMAGES}}};
    if (!isfinite(figure_of(run, FIGURE_BASELINE_ACCURACY)) &&
        !isfinite(figure_of(run, FIGURE_LATENCY_CYCLES)))
        return;
    buffer_append_text(html, "<h3>Results</h3>\n<div class=\"wide\"><table>\n<tr><th></th>"
                             "<th>float32</th><th>integer</th><th>hardware</th></tr>\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        append_result(html, run, rows[i].name, rows[i].three);
    buffer_append_text(html, "</table></div>\n");
}

static void append_report(Buffer *html, const json_t *report)
{
    static const PageColumn stages[] = {
        {"name", "stage"}, {"status", "status"}, {"seconds", "seconds"}, {0}};
    static const PageColumn ladder[] = {{"step", "rung"},
                                        {"accuracy", "accuracy"},
                                        {"bytes", "bytes"},
                                        {"accepted", "reaches the target"},
                                        {"chosen", "chosen"},
                                        {"float_layers", "in float"},
                                        {0}};
    static const PageColumn layers[] = {{"name", "layer"},
                                        {"kind", "kind"},
                                        {"weight_bits", "weight bits"},
                                        {"activation_bits", "activation bits"},
                                        {"calibration", "calibration"},
                                        {"clip", "clip"},
                                        {"sqnr_db", "SQNR dB"},
                                        {"clipped_fraction", "clipped"},
                                        {0}};
    static const PageColumn hardware[] = {{"name", "layer"},
                                          {"entity", "entity"},
                                          {"pe", "PE"},
                                          {"simd", "SIMD"},
                                          {"fold_steps", "fold steps"},
                                          {"interval_cycles", "cycles an image"},
                                          {0}};
    static const PageColumn synthesis[] = {{"name", "layer"},     {"lut", "LUT"},
                                           {"ff", "flip-flops"},  {"dsp", "DSP"},
                                           {"bram", "block RAM"}, {0}};
    const json_t *rungs = report_at(report, "ladder");
    page_table(html, "Ladder", rungs, ladder);
    for (size_t i = 0; i < json_array_size(rungs); i++)
        append_curves(html, json_object_get(json_array_get(rungs, i), "epochs"));
    page_table(html, "Quantized layers", report_at(report, "quantized.layers"), layers);
    page_table(html, "Hardware", report_at(report, "hardware.layers"), hardware);
    page_table(html, "Synthesis", report_at(report, "synthesis.layers"), synthesis);
    page_table(html, "Stages", report_at(report, "stages"), stages);
}

static void append_run(Buffer *html, const RunRecord *run)
{
    buffer_printf(html, "<h2 id=\"run-%lld\">Run %lld: ", (long long)run->id, (long long)run->id);
    page_text(html, run->model_name);
    buffer_printf(html, " <span class=\"%s\">%s</span></h2>\n", style_of_status(run),
                  run_status_word(run->status));
    append_facts(html, run);
    append_results(html, run);
    json_t *report = run->report ? report_parse(run->report) : NULL;
    if (report)
        append_report(html, report);
    json_decref(report);
    append_inputs(html, run);
}

void runs_html(const RunsPage *page, Buffer *html)
{
    page_begin(html, "dnn2fpga runs");
    buffer_printf(html,
                  "<h1>dnn2fpga</h1>\n<p class=\"dim\">%d run%s of the history: a network in "
                  "float32, on integers, and as hardware.</p>\n",
                  page->count, page->count == 1 ? "" : "s");
    append_overview(html, page);
    if (page->count > 1)
        append_scatter(html, page);
    append_comparison(html, page->comparison);
    for (int i = 0; i < page->count; i++)
        append_run(html, &page->runs[i]);
    page_end(html);
}
