/* The outside programs: found or not, what each is for, how to get it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "ui/app.h"
#include "ui/table.h"

enum { DETAIL_ROWS = 5 };

typedef enum Column { COLUMN_NAME, COLUMN_FOUND, COLUMN_VERSION, COLUMN_USE, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_NAME] = {"program", 16, 0, false},
    [COLUMN_FOUND] = {"found", 6, 0, false},
    [COLUMN_VERSION] = {"version", 16, 1, false},
    [COLUMN_USE] = {"enables", 0, 0, false},
};

typedef struct ToolsScreen {
    Screen base;
    Table table;
} ToolsScreen;

static const json_t *tools_of(const App *app)
{
    return app->tools ? report_at(app->tools, "tools") : NULL;
}

static int64_t rows_count(const void *self)
{
    return (int64_t)json_array_size(tools_of(self));
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    static const char *const KEYS[COLUMNS_SHOWN] = {
        [COLUMN_NAME] = "tool", [COLUMN_VERSION] = "version", [COLUMN_USE] = "enables"};
    const App *app = self;
    const json_t *tool = json_array_get(tools_of(app), (size_t)row);
    bool found = report_flag(tool, "found", false);
    if (column == COLUMN_FOUND) {
        cell->style = found ? STYLE_GOOD : STYLE_WARN;
        snprintf(cell->text, sizeof cell->text, "%s %s",
                 glyph_text(found ? GLYPH_DONE : GLYPH_FAILED, app->settings.ascii),
                 found ? "yes" : "no");
        return;
    }
    snprintf(cell->text, sizeof cell->text, "%s", report_text(tool, KEYS[column], ""));
}

static void tools_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((ToolsScreen *)base)->table, rows - DETAIL_ROWS);
}

static void draw_detail(const json_t *tool, Area area)
{
    bool found = report_flag(tool, "found", false);
    area_printf(area, 0, 0, STYLE_TITLE, "%s", report_text(tool, "tool", ""));
    area_printf(area, 1, 0, STYLE_NORMAL, "%s", report_text(tool, "enables", ""));
    int column = area_text(area, 2, 0, STYLE_DIM, found ? "path " : "install with ");
    area_text(area, 2, column, found ? STYLE_NORMAL : STYLE_WARN,
              report_text(tool, found ? "path" : "install", ""));
}

static void tools_draw(const Screen *base, Area area)
{
    const ToolsScreen *screen = (const ToolsScreen *)base;
    const json_t *tools = tools_of(base->app);
    if (!tools) {
        area_text(area, 1, 1, STYLE_DIM, "Looking for programs ...");
        return;
    }
    table_draw(&screen->table, area_part(area, 0, 0, area.rows - DETAIL_ROWS, area.columns));
    draw_detail(json_array_get(tools, (size_t)screen->table.selected),
                area_part(area, area.rows - DETAIL_ROWS + 1, 1, DETAIL_ROWS - 1, area.columns - 2));
}

static bool tools_action(Screen *base, ActionId action)
{
    if (action == ACTION_REFRESH)
        app_look_at_tools(base->app, true);
    return action == ACTION_REFRESH || table_action(&((ToolsScreen *)base)->table, action);
}

static bool tools_search(Screen *base, const char *text)
{
    return table_search(&((ToolsScreen *)base)->table, text);
}

static void tools_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_TOOLS_CHANGED)
        table_refresh(&((ToolsScreen *)base)->table);
}

static void tools_shown(Screen *base)
{
    app_look_at_tools(base->app, false);
}

static void tools_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (tools_of(base->app))
        table_position(&((const ToolsScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void tools_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (tools_of(base->app))
        snprintf(text, SCREEN_TEXT_BYTES, "%s",
                 report_flag(base->app->tools, "can_simulate", false)
                     ? "hardware can be simulated"
                     : "no simulator: hardware cannot be proven");
}

static void tools_close(Screen *base)
{
    free(base);
}

static const Table *tools_table(const Screen *base)
{
    const ToolsScreen *screen = (const ToolsScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "Tools",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_REFRESH | SCOPE_TABLE,
    .layout = tools_layout,
    .draw = tools_draw,
    .action = tools_action,
    .search = tools_search,
    .event = tools_event,
    .shown = tools_shown,
    .position = tools_position,
    .subject = tools_subject,
    .table = tools_table,
    .close = tools_close,
};

Screen *screen_tools_new(App *app)
{
    ToolsScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table =
        table_of(COLUMNS, COLUMNS_SHOWN,
                 (TableSource){.self = app, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
