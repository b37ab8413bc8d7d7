#include "report/runs_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/report.h"
#include "report/plot.h"
#include "report/scatter.h"

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<title>dnn2fpga runs</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;"
    "color:#222;background:#fff}\n"
    "table{border-collapse:collapse;margin:1em 0}\n"
    "td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}\n"
    "td:first-child,th:first-child{text-align:left}\n"
    ".differs{background:#fff6d6}.best{font-weight:bold}\n"
    "code{font-size:90%;overflow-wrap:anywhere}\nsvg{max-width:100%;height:auto}\n"
    "</style>\n</head>\n<body>\n";

/* ---- pieces ---------------------------------------------------------------------------------- */

static void append_text(Buffer *html, const char *text)
{
    static const struct {
        char sign;
        const char *escape;
    } signs[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (; *text; text++) {
        const char *escape = NULL;
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
            if (signs[i].sign == *text)
                escape = signs[i].escape;
        if (escape)
            buffer_append_text(html, escape);
        else
            buffer_append(html, text, 1);
    }
}

static void append_cell(Buffer *html, const char *text, const char *style)
{
    buffer_printf(html, style ? "<td class=\"%s\">" : "<td>", style);
    append_text(html, text);
    buffer_append_text(html, "</td>");
}

static void append_value(Buffer *html, const json_t *value, const char *style)
{
    Buffer text = {0};
    report_append_value(value, &text);
    append_cell(html, text.data ? text.data : "", style);
    buffer_free(&text);
}

typedef struct TableColumn {
    const char *key, *title;
} TableColumn;

/* A list of objects as a table of some of their keys; nothing for an empty list. */
static void append_table(Buffer *html, const char *title, const json_t *list,
                         const TableColumn *columns)
{
    if (!json_array_size(list))
        return;
    buffer_printf(html, "<h3>%s</h3>\n<table>\n<tr>", title);
    for (const TableColumn *column = columns; column->key; column++)
        buffer_printf(html, "<th>%s</th>", column->title);
    buffer_append_text(html, "</tr>\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        buffer_append_text(html, "<tr>");
        for (const TableColumn *column = columns; column->key; column++)
            append_value(html, json_object_get(json_array_get(list, i), column->key), NULL);
        buffer_append_text(html, "</tr>\n");
    }
    buffer_append_text(html, "</table>\n");
}

/* An SVG file inside the page: without its XML declaration. */
static void append_svg(Buffer *html, const Buffer *svg)
{
    const char *start = strstr(svg->data, "<svg");
    if (start)
        buffer_printf(html, "<figure>%s</figure>\n", start);
}

/* ---- all runs -------------------------------------------------------------------------------- */

static void append_comparison(Buffer *html, const json_t *comparison)
{
    const json_t *runs = json_object_get(comparison, "runs");
    const json_t *rows = json_object_get(comparison, "rows");
    buffer_append_text(html, "<h2>Side by side</h2>\n<table>\n<tr><th></th>");
    for (size_t i = 0; i < json_array_size(runs); i++)
        buffer_printf(html, "<th>run %.0f</th>", report_number(json_array_get(runs, i), "run", 0));
    buffer_append_text(html, "</tr>\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *best = json_object_get(row, "best");
        bool differs = json_is_true(json_object_get(row, "differs"));
        if (!differs && strcmp(report_text(row, "section", ""), "figures") != 0)
            continue;
        buffer_append_text(html, differs ? "<tr class=\"differs\">" : "<tr>");
        append_cell(html, report_text(row, "name", "-"), NULL);
        const json_t *values = json_object_get(row, "values");
        for (size_t k = 0; k < json_array_size(values); k++)
            append_value(html, json_array_get(values, k),
                         json_is_integer(best) && json_integer_value(best) == (json_int_t)k ? "best"
                                                                                            : NULL);
        buffer_append_text(html, "</tr>\n");
    }
    buffer_append_text(html, "</table>\n<p>Coloured rows differ; the best figure is bold.</p>\n");
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
    append_svg(html, &svg);
    buffer_free(&svg);
    free(points);
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
    append_svg(html, &svg);
    buffer_free(&svg);
    free(training);
}

static void append_facts(Buffer *html, const RunRecord *run)
{
    char when[CLOCK_TEXT_BYTES], number[32];
    snprintf(number, sizeof number, "%lld", (long long)run->seed);
    const struct {
        const char *name, *value;
    } facts[] = {{"started", clock_utc_text(run->created_ms, when)},
                 {"status", run_status_word(run->status)},
                 {"message", run->message},
                 {"model", run->model_path},
                 {"model SHA-256", run->model_sha256},
                 {"data", run->dataset_path},
                 {"data SHA-256", run->dataset_sha256},
                 {"description SHA-256", run->description_sha256},
                 {"VHDL SHA-256", run->hdl_sha256},
                 {"seed", number},
                 {"options", run->options},
                 {"tools", run->tools},
                 {"tags", run->tags},
                 {"note", run->note}};
    buffer_append_text(html, "<dl>\n");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (!facts[i].value[0])
            continue;
        buffer_printf(html, "<dt>%s</dt><dd><code>", facts[i].name);
        append_text(html, facts[i].value);
        buffer_append_text(html, "</code></dd>\n");
    }
    buffer_append_text(html, "</dl>\n");
}

static void append_report(Buffer *html, const json_t *report)
{
    static const TableColumn stages[] = {
        {"name", "stage"}, {"status", "status"}, {"seconds", "seconds"}, {0}};
    static const TableColumn ladder[] = {{"step", "rung"},
                                         {"accuracy", "accuracy"},
                                         {"bytes", "bytes"},
                                         {"accepted", "accepted"},
                                         {"chosen", "chosen"},
                                         {"float_layers", "in float"},
                                         {0}};
    static const TableColumn layers[] = {{"name", "layer"},
                                         {"kind", "kind"},
                                         {"weight_bits", "weight bits"},
                                         {"activation_bits", "activation bits"},
                                         {"calibration", "calibration"},
                                         {"clip", "clip"},
                                         {"sqnr_db", "SQNR dB"},
                                         {"clipped_fraction", "clipped"},
                                         {0}};
    static const TableColumn hardware[] = {{"name", "layer"},
                                           {"entity", "entity"},
                                           {"pe", "PE"},
                                           {"simd", "SIMD"},
                                           {"fold_steps", "fold steps"},
                                           {"interval_cycles", "cycles an image"},
                                           {0}};
    append_table(html, "Stages", report_at(report, "stages"), stages);
    const json_t *rungs = report_at(report, "ladder");
    append_table(html, "Ladder", rungs, ladder);
    for (size_t i = 0; i < json_array_size(rungs); i++)
        append_curves(html, json_object_get(json_array_get(rungs, i), "epochs"));
    append_table(html, "Quantized layers", report_at(report, "quantized.layers"), layers);
    append_table(html, "Hardware", report_at(report, "hardware.layers"), hardware);
}

static void append_run(Buffer *html, const RunRecord *run)
{
    buffer_printf(html, "<h2>Run %lld: ", (long long)run->id);
    append_text(html, run->model_name);
    buffer_append_text(html, "</h2>\n");
    append_facts(html, run);
    json_t *report = run->report ? report_parse(run->report) : NULL;
    if (report)
        append_report(html, report);
    json_decref(report);
}

void runs_html(const RunsPage *page, Buffer *html)
{
    buffer_append_text(html, HEAD);
    buffer_append_text(html, "<h1>dnn2fpga runs</h1>\n");
    append_comparison(html, page->comparison);
    append_scatter(html, page);
    for (int i = 0; i < page->count; i++)
        append_run(html, &page->runs[i]);
    buffer_append_text(html, "</body>\n</html>\n");
}
