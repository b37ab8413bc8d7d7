#include "ui/history_cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "ui/format.h"

const TableColumn HISTORY_CELLS[HISTORY_COLUMNS] = {
    [HISTORY_ID] = {"run", 6, 0, true},
    [HISTORY_WHEN] = {"when", 16, 0, false},
    [HISTORY_MODEL] = {"model", 0, 0, false},
    [HISTORY_STATUS] = {"status", 12, 0, false},
    [HISTORY_ACCURACY] = {"accuracy", 9, 0, true},
    [HISTORY_BYTES] = {"size", 8, 0, true},
    [HISTORY_EXACT] = {"exact", 6, 0, false},
    [HISTORY_CYCLES] = {"cycles", 11, 0, true},
    [HISTORY_INTERVAL] = {"interval", 10, 0, true},
    [HISTORY_FLOAT] = {"float", 7, 0, true},
    [HISTORY_HARDWARE] = {"hardware", 9, 0, true},
    [HISTORY_LATENCY] = {"latency", 9, 0, true},
    [HISTORY_LUT] = {"LUT", 8, 0, true},
    [HISTORY_FMAX] = {"MHz", 7, 0, true},
    [HISTORY_TAGS] = {"tags", 16, 0, false},
    [HISTORY_NOTE] = {"note", 40, 0, false},
};

static void status_cell(const HistoryRow *run, TableCell *cell)
{
    static const Style STYLE_OF[RUN_STATUSES] = {
        [RUN_RUNNING] = STYLE_TITLE, [RUN_OK] = STYLE_GOOD,        [RUN_UNMET] = STYLE_WARN,
        [RUN_FAILED] = STYLE_BAD,    [RUN_CANCELLED] = STYLE_WARN, [RUN_INTERRUPTED] = STYLE_BAD,
    };
    int percent = run->progress >= 0 && run->progress < 1 ? (int)(run->progress * 100) : 99;
    cell->style = STYLE_OF[run->status];
    if (run->status == RUN_RUNNING)
        snprintf(cell->text, sizeof cell->text, "%.8s %d%%", run->stage, percent);
    else
        snprintf(cell->text, sizeof cell->text, "%s", run_status_word(run->status));
}

static void exact_cell(const HistoryRow *run, TableCell *cell)
{
    double exact = run->figures.values[FIGURE_BIT_EXACT];
    cell->style = isnan(exact) ? STYLE_DIM : exact > 0 ? STYLE_GOOD : STYLE_BAD;
    snprintf(cell->text, sizeof cell->text, "%s", isnan(exact) ? "-" : exact > 0 ? "yes" : "NO");
}

typedef const char *FormatFigure(double value, char text[FORMAT_BYTES]);

static const char *format_clock_rate(double mhz, char text[FORMAT_BYTES])
{
    snprintf(text, FORMAT_BYTES, isfinite(mhz) ? "%.1f" : "-", mhz);
    return text;
}

static void figure_cell(const HistoryRow *run, int column, TableCell *cell)
{
    static const struct {
        Figure figure;
        FormatFigure *format;
    } FIGURE_OF[HISTORY_COLUMNS] = {
        [HISTORY_ACCURACY] = {FIGURE_QUANTIZED_ACCURACY, format_fraction},
        [HISTORY_BYTES] = {FIGURE_QUANTIZED_BYTES, format_size},
        [HISTORY_CYCLES] = {FIGURE_LATENCY_CYCLES, format_count},
        [HISTORY_INTERVAL] = {FIGURE_INTERVAL_CYCLES, format_count},
        [HISTORY_FLOAT] = {FIGURE_BASELINE_ACCURACY, format_fraction},
        [HISTORY_HARDWARE] = {FIGURE_HARDWARE_ACCURACY, format_fraction},
        [HISTORY_LATENCY] = {FIGURE_HARDWARE_LATENCY_US, format_microseconds},
        [HISTORY_LUT] = {FIGURE_SYNTHESIS_LUT, format_count},
        [HISTORY_FMAX] = {FIGURE_FMAX_MHZ, format_clock_rate},
    };
    char text[FORMAT_BYTES];
    FormatFigure *format = FIGURE_OF[column].format;
    if (format)
        snprintf(cell->text, sizeof cell->text, "%s",
                 format(run->figures.values[FIGURE_OF[column].figure], text));
}

void history_cell(const HistoryRow *run, int64_t id, int column, TableCell *cell)
{
    char date[FORMAT_BYTES];
    if (run->id == 0 && column != HISTORY_ID)
        return;
    if (column == HISTORY_ID)
        snprintf(cell->text, sizeof cell->text, "%" PRId64, id);
    else if (column == HISTORY_WHEN)
        snprintf(cell->text, sizeof cell->text, "%s", format_date(run->created_ms, date));
    else if (column == HISTORY_MODEL)
        snprintf(cell->text, sizeof cell->text, "%s", run->model);
    else if (column == HISTORY_STATUS)
        status_cell(run, cell);
    else if (column == HISTORY_EXACT)
        exact_cell(run, cell);
    else if (column == HISTORY_TAGS)
        snprintf(cell->text, sizeof cell->text, "%s", run->tags);
    else if (column == HISTORY_NOTE)
        snprintf(cell->text, sizeof cell->text, "%s", run->note);
    else
        figure_cell(run, column, cell);
}
