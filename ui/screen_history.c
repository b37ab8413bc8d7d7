/* The history screen: every run, newest first; running ones move by themselves. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ui/app.h"
#include "ui/format.h"
#include "ui/table.h"

static const TableColumn COLUMNS[HISTORY_COLUMNS] = {
    [HISTORY_ID] = {"run", 5, 0, true},
    [HISTORY_WHEN] = {"when", 16, 3, false},
    [HISTORY_MODEL] = {"model", 0, 0, false},
    [HISTORY_STATUS] = {"status", 12, 0, false},
    [HISTORY_ACCURACY] = {"accuracy", 8, 0, true},
    [HISTORY_BYTES] = {"size", 8, 4, true},
    [HISTORY_EXACT] = {"exact", 5, 0, false},
    [HISTORY_CYCLES] = {"cycles", 10, 5, true},
};

typedef struct HistoryScreen {
    Screen base;
    Table table;
} HistoryScreen;

static int64_t rows_count(const void *self)
{
    return ((const App *)self)->history.count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    return ((const App *)self)->history.rows[row].id;
}

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

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const HistoryRow *run = &((const App *)self)->history.rows[row];
    const double *figures = run->figures.values;
    char figure[FORMAT_BYTES];
    const char *text = run->model;
    if (column == HISTORY_STATUS) {
        status_cell(run, cell);
        return;
    }
    if (column == HISTORY_EXACT) {
        exact_cell(run, cell);
        return;
    }
    if (column == HISTORY_ID) {
        snprintf(figure, sizeof figure, "%" PRId64, run->id);
        text = figure;
    } else if (column == HISTORY_WHEN)
        text = format_date(run->created_ms, figure);
    else if (column == HISTORY_ACCURACY)
        text = format_fraction(figures[FIGURE_QUANTIZED_ACCURACY], figure);
    else if (column == HISTORY_BYTES)
        text = format_size(figures[FIGURE_QUANTIZED_BYTES], figure);
    else if (column == HISTORY_CYCLES)
        text = format_count(figures[FIGURE_LATENCY_CYCLES], figure);
    snprintf(cell->text, sizeof cell->text, "%s", text);
}

static void rows_sort(void *self, int column, bool descending)
{
    history_sort(&((App *)self)->history, column, descending);
}

static void history_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((HistoryScreen *)base)->table, rows);
}

static void history_draw(const Screen *base, Area area)
{
    const HistoryScreen *screen = (const HistoryScreen *)base;
    table_draw(&screen->table, area);
    if (base->app->history.count == 0)
        area_text(area, 2, 2, STYLE_DIM, "No run yet. On the model screen, r starts one.");
}

static bool history_action(Screen *base, ActionId action)
{
    HistoryScreen *screen = (HistoryScreen *)base;
    if (action != ACTION_OPEN)
        return table_action(&screen->table, action);
    app_push(base->app, screen_result_new(base->app, table_selected_id(&screen->table)));
    return true;
}

static bool history_can(const Screen *base, ActionId action, const char **why_not)
{
    if (action != ACTION_OPEN || base->app->history.count > 0)
        return true;
    *why_not = "there is no run yet";
    return false;
}

static bool history_search(Screen *base, const char *text)
{
    return table_search(&((HistoryScreen *)base)->table, text);
}

static void history_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_HISTORY_CHANGED)
        table_refresh(&((HistoryScreen *)base)->table);
}

static void history_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    table_position(&((const HistoryScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void history_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "History",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_SORT | SCOPE_ENTER,
    .layout = history_layout,
    .draw = history_draw,
    .action = history_action,
    .can = history_can,
    .search = history_search,
    .event = history_event,
    .position = history_position,
    .close = history_close,
};

Screen *screen_history_new(App *app)
{
    HistoryScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table = table_of(
        COLUMNS, HISTORY_COLUMNS,
        (TableSource){
            .self = app, .count = rows_count, .id = rows_id, .cell = rows_cell, .sort = rows_sort});
    return &screen->base;
}
