#include "ui/run_pane.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "ui/format.h"
#include "ui/gauge.h"
#include "ui/hardware_pane.h"

/* ---- stages ---------------------------------------------------------------------------------- */

static const struct {
    Glyph glyph;
    Style style;
} MARK_LOOKS[STAGE_MARKS] = {
    [MARK_WAITING] = {GLYPH_WAITING, STYLE_DIM},    [MARK_RUNNING] = {GLYPH_RUNNING, STYLE_NORMAL},
    [MARK_DONE] = {GLYPH_DONE, STYLE_GOOD},         [MARK_UNMET] = {GLYPH_FAILED, STYLE_WARN},
    [MARK_FAILED] = {GLYPH_FAILED, STYLE_BAD},      [MARK_CANCELLED] = {GLYPH_SKIPPED, STYLE_WARN},
    [MARK_INTERRUPTED] = {GLYPH_FAILED, STYLE_BAD},
};

enum {
    STATE_COLUMN = 14,
    TIME_COLUMN = 27,
    TIME_COLUMNS = 9,
    MORE_COLUMN = 38,
    GAUGE_COLUMNS = 20
};

/* ---- earlier runs, a column each --------------------------------------------------------------- */

enum { EARLIER_COLUMN = 100, EARLIER_COLUMNS = 11, WIDE_COLUMNS = 150 };

static bool is_wide(Area area)
{
    return area.columns >= WIDE_COLUMNS;
}

/* The cell of an earlier run in a line; of no columns where it does not fit whole. */
static Area earlier_cell(Area line, int at)
{
    int column = EARLIER_COLUMN + at * EARLIER_COLUMNS;
    bool fits = is_wide(line) && column + EARLIER_COLUMNS <= line.columns;
    return area_part(line, 0, column, 1, fits ? EARLIER_COLUMNS - 1 : 0);
}

static void draw_earlier_titles(const RunPane *pane, Area line)
{
    char title[32];
    for (int i = 0; i < pane->earlier->count; i++) {
        snprintf(title, sizeof title, "run %" PRId64, pane->earlier->runs[i].id);
        area_text_right(earlier_cell(line, i), 0, STYLE_HEADER, title);
    }
}

/* Where there is no room for columns, what the stage took in the run before. */
static void draw_earlier_stage(const RunPane *pane, RunStage stage, Area line)
{
    char text[FORMAT_BYTES];
    for (int i = 0; i < pane->earlier->count && is_wide(line); i++)
        area_text_right(earlier_cell(line, i), 0, STYLE_DIM,
                        format_elapsed(pane->earlier->runs[i].seconds[stage], text));
    bool known = pane->earlier->count > 0 && !isnan(pane->earlier->runs[0].seconds[stage]);
    if (known && !is_wide(line) && pane->run->stages[stage].mark == MARK_DONE)
        area_printf(line, 0, MORE_COLUMN, STYLE_DIM, "was %s",
                    format_elapsed(pane->earlier->runs[0].seconds[stage], text));
}

static void draw_stage(const RunView *run, RunStage stage, int64_t now_ms, Area line)
{
    const StageView *row = &run->stages[stage];
    char elapsed[FORMAT_BYTES];
    Style style = MARK_LOOKS[row->mark].style;
    const char *word = stage_mark_word(row->mark);
    bool waits = row->mark == MARK_WAITING;
    bool never = waits && (stage > run->last_stage || !run_view_active(run));
    area_glyph(line, 0, 1, style, never ? GLYPH_SKIPPED : MARK_LOOKS[row->mark].glyph);
    area_text(line, 0, 3, waits ? STYLE_DIM : STYLE_NORMAL, stage_word(stage));
    area_text(line, 0, STATE_COLUMN, style, never ? "not done" : word);
    double seconds = run_view_stage_seconds(run, stage, now_ms);
    if (!isnan(seconds))
        area_text_right(area_part(line, 0, TIME_COLUMN, 1, TIME_COLUMNS), 0, STYLE_NORMAL,
                        row->mark == MARK_RUNNING ? format_going_on(seconds, elapsed)
                                                  : format_elapsed(seconds, elapsed));
    if (row->mark == MARK_RUNNING && row->fraction > 0) {
        int column = gauge_draw(line, 0, MORE_COLUMN, GAUGE_COLUMNS, row->fraction);
        area_text(line, 0, column + 2, STYLE_DIM, row->detail);
    } else if (waits && !never) {
        area_text(line, 0, MORE_COLUMN, STYLE_DIM, stage_help(stage));
    }
}

/* ---- result ---------------------------------------------------------------------------------- */

typedef struct ResultCell {
    const char *path;  /* in the report; NULL: `fixed` */
    const char *fixed; /* text */
} ResultCell;

enum { RESULT_COLUMNS = 5, LABEL_COLUMNS = 12, WIDEST_RESULT = 13 };

typedef struct ResultRow {
    const char *label;
    const char *(*format)(double value, char text[FORMAT_BYTES]);
    Figure figure; /* of earlier runs */
    ResultCell cells[RESULT_COLUMNS];
} ResultRow;

/* "int" stands for whatever widths the run chose. */
static const char *const NARROW_TITLES[RESULT_COLUMNS] = {"float", "int", "hardware", "paper 32",
                                                          "paper 8"};
static const char *const RESULT_TITLES[RESULT_COLUMNS] = {"float", "int", "hardware", "paper FP32",
                                                          "paper int8"};

/* The paper's columns are its Table 2, as printed. */
static const ResultRow RESULT_ROWS[] = {
    {"accuracy",
     format_fraction,
     FIGURE_QUANTIZED_ACCURACY,
     {{"baseline.accuracy", NULL},
      {"quantized.accuracy", NULL},
      {"hardware.accuracy", NULL},
      {NULL, "0.9655"},
      {NULL, "0.9650"}}},
    {"latency",
     format_microseconds,
     FIGURE_HARDWARE_LATENCY_US,
     {{"baseline.latency_us_batch1", NULL},
      {"quantized.latency_us_batch1", NULL},
      {"hardware.latency_us", NULL},
      {NULL, "5.0030 s"},
      {NULL, "1.230 s"}}},
    {"size",
     format_size,
     FIGURE_QUANTIZED_BYTES,
     {{"baseline.bytes", NULL},
      {"quantized.bytes", NULL},
      {NULL, ""},
      {NULL, "0.08 Mb"},
      {NULL, "0.023 Mb"}}},
};

enum { RESULT_ROW_COUNT = sizeof RESULT_ROWS / sizeof RESULT_ROWS[0] };

static Area result_cell(Area line, int column)
{
    int width = (line.columns - LABEL_COLUMNS - 2) / RESULT_COLUMNS;
    width = width > WIDEST_RESULT ? WIDEST_RESULT : width;
    return area_part(line, 0, LABEL_COLUMNS + column * width, 1, width - 1);
}

static void draw_result_row(const RunPane *pane, const ResultRow *row, Area line)
{
    const RunView *run = pane->run;
    area_text(line, 0, 1, STYLE_DIM, row->label);
    for (int i = 0; i < RESULT_COLUMNS; i++) {
        char text[FORMAT_BYTES];
        const ResultCell *cell = &row->cells[i];
        bool ours = cell->path != NULL;
        const char *shown =
            ours ? row->format(report_number(run->report, cell->path, NAN), text) : cell->fixed;
        area_text_right(result_cell(line, i), 0, ours ? STYLE_NORMAL : STYLE_DIM, shown);
    }
    for (int i = 0; i < pane->earlier->count; i++) {
        char text[FORMAT_BYTES];
        area_text_right(earlier_cell(line, i), 0, STYLE_DIM,
                        row->format(pane->earlier->runs[i].figures.values[row->figure], text));
    }
}

/* How many times smaller the integer model is; the paper says 4. */
static void draw_ratio(const RunView *run, Area line)
{
    double before = report_number(run->report, "baseline.bytes", NAN);
    double after = report_number(run->report, "quantized.bytes", NAN);
    char text[FORMAT_BYTES] = "-";
    if (before > 0 && after > 0)
        snprintf(text, sizeof text, "%.2fx less", before / after);
    area_text_right(result_cell(line, 1), 0, STYLE_NORMAL, text);
    area_text_right(result_cell(line, 4), 0, STYLE_DIM, "4x less");
}

/* The hardware is simulated on fewer images than the other columns are of: then that is said in the
 * line between the table and what follows. */
static void draw_remark(const RunView *run, Area area, int row)
{
    double simulated = report_number(run->report, "hardware.images", NAN);
    double all = report_number(run->report, "baseline.images", NAN);
    char text[FORMAT_BYTES];
    if (simulated < all && !isnan(report_number(run->report, "hardware.accuracy", NAN)))
        area_printf(area, row, 1, STYLE_DIM, "hardware: accuracy of the %s images simulated",
                    format_count(simulated, text));
}

static int draw_result_table(const RunPane *pane, Area area, int row)
{
    Area line = area_part(area, row, 0, row >= 0, area.columns);
    for (int i = 0; i < RESULT_COLUMNS && row >= 0; i++) {
        Area cell = result_cell(line, i);
        bool fits = (int)strlen(RESULT_TITLES[i]) <= cell.columns;
        area_text_right(cell, 0, STYLE_HEADER, fits ? RESULT_TITLES[i] : NARROW_TITLES[i]);
    }
    for (int i = 0; i < RESULT_ROW_COUNT; i++)
        if (row + 1 + i >= 0)
            draw_result_row(pane, &RESULT_ROWS[i],
                            area_part(area, row + 1 + i, 0, 1, area.columns));
    row += 1 + RESULT_ROW_COUNT;
    if (row >= 0)
        draw_ratio(pane->run, area_part(area, row, 0, 1, area.columns));
    return RESULT_ROW_COUNT + 2;
}

/* ---- hardware -------------------------------------------------------------------------------- */

/* "latency  812 cycles, predicted 812: equal" */
static void draw_cycles(const RunView *run, const char *word, Area area, int row)
{
    char path[64], simulated[FORMAT_BYTES], predicted[FORMAT_BYTES];
    snprintf(path, sizeof path, "hardware.%s_cycles", word);
    double measured = report_number(run->report, path, NAN);
    snprintf(path, sizeof path, "hardware.predicted_%s_cycles", word);
    double expected = report_number(run->report, path, NAN);
    area_text(area, row, 1, STYLE_DIM, word);
    int column =
        area_printf(area, row, LABEL_COLUMNS, STYLE_NORMAL, "simulated %s cycles, predicted %s ",
                    format_count(measured, simulated), format_count(expected, predicted));
    if (isnan(measured) || isnan(expected))
        return;
    bool equal = measured == expected;
    column = area_glyph(area, row, column, equal ? STYLE_GOOD : STYLE_BAD,
                        equal ? GLYPH_DONE : GLYPH_FAILED);
    area_text(area, row, column + 1, equal ? STYLE_GOOD : STYLE_BAD, equal ? "equal" : "differ");
}

static void draw_proof(const RunView *run, Area area, int row)
{
    char values[FORMAT_BYTES], images[FORMAT_BYTES], agreement[FORMAT_BYTES];
    const json_t *exact = report_at(run->report, "hardware.bit_exact");
    area_text(area, row, 1, STYLE_DIM, "proof");
    if (!json_is_boolean(exact)) {
        area_text(area, row, LABEL_COLUMNS, STYLE_DIM, "not simulated");
        return;
    }
    bool equal = json_is_true(exact);
    int column = area_glyph(area, row, LABEL_COLUMNS, equal ? STYLE_GOOD : STYLE_BAD,
                            equal ? GLYPH_DONE : GLYPH_FAILED);
    column = area_text(area, row, column + 1, equal ? STYLE_GOOD : STYLE_BAD,
                       equal ? "bit exact: " : "NOT bit exact: ");
    area_printf(
        area, row, column, STYLE_NORMAL, "%s values of %s images, label agreement %s",
        format_count(report_number(run->report, "hardware.values_compared", NAN), values),
        format_count(report_number(run->report, "hardware.images", NAN), images),
        format_fraction(report_number(run->report, "hardware.label_agreement", NAN), agreement));
}

/* Where hardware and software part first, as the report has it. */
static int draw_mismatch(const RunView *run, Area area, int row)
{
    const json_t *first = report_at(run->report, "hardware.first_mismatch");
    if (!first || json_is_null(first))
        return 0;
    char *text = json_dumps(first, JSON_ENCODE_ANY | JSON_COMPACT);
    area_printf(area, row, LABEL_COLUMNS, STYLE_BAD, "first: %s", text ? text : "?");
    free(text);
    return 1;
}

static void draw_clock(const RunView *run, Area area, int row)
{
    char speed[FORMAT_BYTES], simulated[FORMAT_BYTES];
    double clock = report_number(run->report, "hardware.clock_mhz", NAN);
    area_text(area, row, 1, STYLE_DIM, "speed");
    if (isnan(clock))
        area_text(area, row, LABEL_COLUMNS, STYLE_DIM, "-");
    else
        area_printf(area, row, LABEL_COLUMNS, STYLE_NORMAL,
                    "%s images/s at %g MHz; simulated at %s images/s",
                    format_count(report_number(run->report, "hardware.images_per_s", NAN), speed),
                    clock,
                    format_count(report_number(run->report, "hardware.simulated_images_per_s", NAN),
                                 simulated));
}

static int draw_hardware(const RunView *run, Area area, int row)
{
    int first = row;
    draw_cycles(run, "latency", area, row++);
    draw_cycles(run, "interval", area, row++);
    draw_clock(run, area, row++);
    draw_proof(run, area, row++);
    row += draw_mismatch(run, area, row);
    return row - first;
}

/* ---- all ------------------------------------------------------------------------------------- */

const char *run_pane_time(const RunView *run, int64_t now_ms, char text[FORMAT_BYTES])
{
    char elapsed[FORMAT_BYTES], left[FORMAT_BYTES];
    double seconds = run_view_seconds(run, now_ms), seconds_left = run_view_left(run, now_ms);
    text[0] = '\0';
    if (isnan(seconds))
        return text;
    if (!run_view_active(run))
        return format_elapsed(seconds, text);
    format_going_on(seconds, elapsed);
    if (!(seconds_left > 0))
        snprintf(text, FORMAT_BYTES, "%.30s", elapsed);
    else
        snprintf(text, FORMAT_BYTES, "%.11s, %.12s left", elapsed,
                 format_going_on(seconds_left, left));
    return text;
}

static void draw_headline(const RunView *run, int64_t now_ms, Area area, int row)
{
    static const Style STYLE_OF[RUN_STATUSES] = {
        [RUN_RUNNING] = STYLE_TITLE, [RUN_OK] = STYLE_GOOD,        [RUN_UNMET] = STYLE_WARN,
        [RUN_FAILED] = STYLE_BAD,    [RUN_CANCELLED] = STYLE_WARN, [RUN_INTERRUPTED] = STYLE_BAD,
    };
    char time[FORMAT_BYTES], date[FORMAT_BYTES];
    int column = area_printf(area, row, 1, STYLE_NORMAL, "%s  %s  ",
                             format_date(run->created_ms, date), run->model);
    bool waits = run->paused && run_view_active(run);
    column = area_text(area, row, column, waits ? STYLE_WARN : STYLE_OF[run->status],
                       waits ? "paused" : run_status_word(run->status));
    area_printf(area, row, column, STYLE_DIM, "  %s", run_pane_time(run, now_ms, time));
}

int run_pane_draw(const RunPane *pane, Area area, int row)
{
    const RunView *run = pane->run;
    int first = row;
    if (row >= 0)
        draw_earlier_titles(pane, area_part(area, row, 0, 1, area.columns));
    draw_headline(run, pane->now_ms, area, row++);
    if (*run->message) {
        Area inside = area_part(area, 0, 1, area.rows, area.columns - 2);
        inside.columns = area.columns - 2;
        row += area_paragraph(inside, row, run->status == RUN_OK ? STYLE_NORMAL : STYLE_BAD,
                              run->message);
    }
    int stages = run->last_stage > STAGE_SIMULATE ? STAGES : STAGE_SIMULATE + 1; /* on demand */
    for (int stage = 0; stage < stages; stage++, row++) {
        Area line = area_part(area, row, 0, 1, area.columns);
        if (row < 0)
            continue;
        draw_stage(run, (RunStage)stage, pane->now_ms, line);
        draw_earlier_stage(pane, (RunStage)stage, line);
    }
    row++;
    row += draw_result_table(pane, area, row);
    draw_remark(run, area, row++);
    if (is_wide(area) && row >= 0)
        hardware_draw_shards(run, area_part(area, row, EARLIER_COLUMN, area.rows, area.columns), 0);
    row += draw_hardware(run, area, row);
    return row - first;
}
