/* Runs side by side: what differs has a sign, the best figure of each row another. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/compare.h"
#include "flow/report.h"
#include "ui/app.h"
#include "ui/screen_history.h"

enum { NAME_COLUMNS = 30, VALUE_COLUMNS = 14, TITLE_BYTES = 24, CURSOR_CELLS = 2, GAP = 2 };

typedef struct CompareScreen {
    Screen base;
    Table table;
    TableColumn columns[COMPARE_MAX_RUNS + 1];
    char titles[COMPARE_MAX_RUNS][TITLE_BYTES], names[COMPARE_MAX_RUNS][TITLE_BYTES];
    const char *file_names[COMPARE_MAX_RUNS + 1];
    json_t *comparison;    /* owned */
    const json_t **listed; /* (listed_count): the rows that are shown; owned array, borrowed rows */
    int longest[COMPARE_MAX_RUNS + 1]; /* cells of the widest text of each column, with its title */
    int listed_count, equal;
    bool all; /* equal ones too */
} CompareScreen;

static const json_t *all_rows(const CompareScreen *screen)
{
    return json_object_get(screen->comparison, "rows");
}

static bool any_known(const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        if (!json_is_null(json_array_get(values, i)))
            return true;
    return false;
}

/* Figures that there are are listed in any case, the rest where it differs, unless all are asked
 * for. */
static void list_rows(CompareScreen *screen)
{
    const json_t *rows = all_rows(screen);
    screen->listed_count = screen->equal = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        bool figure = strcmp(report_text(row, "section", ""), "figures") == 0 &&
                      any_known(json_object_get(row, "values"));
        bool differs = report_flag(row, "differs", false);
        screen->equal += !differs;
        if (screen->all || figure || differs)
            screen->listed[screen->listed_count++] = row;
    }
}

static int64_t rows_count(const void *self)
{
    return ((const CompareScreen *)self)->listed_count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void rows_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const json_t *row = ((const CompareScreen *)self)->listed[at];
    const json_t *best = json_object_get(row, "best");
    bool differs = report_flag(row, "differs", false);
    char value[TABLE_CELL_BYTES];
    if (column == 0) {
        cell->style = differs ? STYLE_NORMAL : STYLE_DIM;
        snprintf(cell->text, sizeof cell->text, "%s %s: %s", differs ? "*" : " ",
                 report_text(row, "section", ""), report_text(row, "name", "-"));
        return;
    }
    bool is_best = json_is_integer(best) && json_integer_value(best) == column - 1;
    cell->style = is_best ? STYLE_BEST : differs ? STYLE_DIFFERS : STYLE_DIM;
    const json_t *known = json_array_get(json_object_get(row, "values"), (size_t)(column - 1));
    report_value_text(known, value, sizeof value);
    cell->number = json_is_number(known) ? json_number_value(known) : NAN;
    snprintf(cell->text, sizeof cell->text, "%.*s%s", TABLE_CELL_BYTES - 2, value,
             is_best ? "+" : " ");
}

static void make_columns(CompareScreen *screen, const int64_t *ids, int count)
{
    screen->columns[0] = (TableColumn){"* differs, + best", NAME_COLUMNS, 0, false};
    screen->file_names[0] = "figure";
    for (int i = 0; i < count; i++) {
        snprintf(screen->titles[i], TITLE_BYTES, "run %lld ", (long long)ids[i]);
        snprintf(screen->names[i], TITLE_BYTES, "run %lld", (long long)ids[i]);
        screen->file_names[i + 1] = screen->names[i];
        screen->columns[i + 1] = (TableColumn){screen->titles[i], VALUE_COLUMNS, 0, true};
    }
}

static int cells_of(const char *text)
{
    int cells = 0, width = 0;
    for (; *text; cells += width)
        (void)text_next(&text, false, &width);
    return cells;
}

static int longest_text(const Table *table, int column)
{
    int longest = cells_of(table->columns[column].title);
    for (int64_t row = 0; row < rows_count(table->source.self); row++) {
        const TableCell cell = table_cell(table, row, column);
        int cells = cells_of(cell.text);
        longest = cells > longest ? cells : longest;
    }
    return longest;
}

/* The usual widths, or, narrow, no more than what is in the columns; cells of the whole table. */
static int set_widths(CompareScreen *screen, bool narrow)
{
    int cells = CURSOR_CELLS - GAP;
    for (int i = 0; i < screen->table.column_count; i++) {
        int width = i ? VALUE_COLUMNS : NAME_COLUMNS;
        bool shrinks = narrow && screen->longest[i] < width;
        screen->columns[i].width = shrinks ? screen->longest[i] : width;
        cells += screen->columns[i].width + GAP;
    }
    return cells;
}

/* Cell by cell, one column after the other, while some are left and a column's texts are cut. */
static void grow_columns(CompareScreen *screen, int left)
{
    for (int before = left + 1; left > 0 && left < before;) {
        before = left;
        for (int i = 0; i < screen->table.column_count && left > 0; i++)
            if (screen->columns[i].width < screen->longest[i]) {
                screen->columns[i].width++;
                left--;
            }
    }
}

static void compare_layout(Screen *base, int rows, int columns)
{
    CompareScreen *screen = (CompareScreen *)base;
    for (int i = 0; i < screen->table.column_count; i++)
        screen->longest[i] = longest_text(&screen->table, i);
    int cells = set_widths(screen, false);
    if (cells > columns)
        cells = set_widths(screen, true);
    grow_columns(screen, columns - cells);
    table_layout(&screen->table, rows);
}

static void compare_draw(const Screen *base, Area area)
{
    table_draw(&((const CompareScreen *)base)->table, area);
}

static bool compare_action(Screen *base, ActionId action)
{
    CompareScreen *screen = (CompareScreen *)base;
    if (action != ACTION_SHOW_EQUAL)
        return table_action(&screen->table, action);
    screen->all = !screen->all;
    list_rows(screen);
    table_refresh(&screen->table);
    return true;
}

static bool compare_search(Screen *base, const char *text)
{
    return table_search(&((CompareScreen *)base)->table, text);
}

static void compare_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const CompareScreen *screen = (const CompareScreen *)base;
    snprintf(text, SCREEN_TEXT_BYTES, "%d equal values %s", screen->equal,
             screen->all ? "are shown" : "left out");
}

static void compare_close(Screen *base)
{
    CompareScreen *screen = (CompareScreen *)base;
    json_decref(screen->comparison);
    free(screen->listed);
    free(screen);
}

static const Table *compare_table(const Screen *base)
{
    const CompareScreen *screen = (const CompareScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "Compare",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_ACROSS | SCOPE_COMPARE | SCOPE_TABLE,
    .layout = compare_layout,
    .draw = compare_draw,
    .action = compare_action,
    .search = compare_search,
    .position = compare_position,
    .table = compare_table,
    .close = compare_close,
};

Screen *screen_compare_new(App *app, const int64_t *ids, int count)
{
    json_t *comparison = NULL;
    if (runs_compare(app->history.store, ids, count, &comparison) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return NULL;
    }
    CompareScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->comparison = comparison;
    screen->listed = calloc(json_array_size(all_rows(screen)) + 1, sizeof(json_t *));
    if (!screen->listed)
        abort();
    list_rows(screen);
    make_columns(screen, ids, count);
    screen->table = table_of(
        screen->columns, count + 1,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.wide = true;
    screen->table.file_names = screen->file_names;
    return &screen->base;
}
