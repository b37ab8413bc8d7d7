/* Which columns of a table are shown. The first one always is. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/app.h"
#include "ui/screen_history.h"

static const TableColumn COLUMNS[] = {{"shown", 7, 0, false}, {"column", 0, 0, false}};

enum { COLUMNS_SHOWN = sizeof COLUMNS / sizeof COLUMNS[0] };

typedef struct ColumnsScreen {
    Screen base;
    Table table;
    Table *chosen; /* borrowed: whose columns they are */
} ColumnsScreen;

static int64_t rows_count(const void *self)
{
    return ((const ColumnsScreen *)self)->chosen->column_count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const Table *chosen = ((const ColumnsScreen *)self)->chosen;
    cell->style = chosen->hidden[row] ? STYLE_DIM : STYLE_NORMAL;
    snprintf(cell->text, sizeof cell->text, "%s",
             column == 0 ? chosen->hidden[row] ? "no" : "yes" : chosen->columns[row].title);
}

static void columns_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((ColumnsScreen *)base)->table, rows);
}

static void columns_draw(const Screen *base, Area area)
{
    table_draw(&((const ColumnsScreen *)base)->table, area);
}

static bool columns_action(Screen *base, ActionId action)
{
    ColumnsScreen *screen = (ColumnsScreen *)base;
    if (action != ACTION_TOGGLE)
        return table_action(&screen->table, action);
    bool *hidden = &screen->chosen->hidden[screen->table.selected];
    *hidden = !*hidden;
    screen->chosen->shift = 0;
    return true;
}

static bool columns_can(const Screen *base, ActionId action, const char **why_not)
{
    if (action != ACTION_TOGGLE || ((const ColumnsScreen *)base)->table.selected > 0)
        return true;
    *why_not = "the first column is always shown";
    return false;
}

static void columns_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "Columns",
    .scopes = SCOPE_LIST | SCOPE_TOGGLE,
    .layout = columns_layout,
    .draw = columns_draw,
    .action = columns_action,
    .can = columns_can,
    .close = columns_close,
};

Screen *screen_columns_new(App *app, Table *table)
{
    ColumnsScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->chosen = table;
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
