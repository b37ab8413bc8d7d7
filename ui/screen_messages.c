/* The messages screen: everything that was said, newest first, and the selected one in full. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/format.h"
#include "ui/table.h"

enum { DAY_MS = 24 * 3600 * 1000 }; /* older ones need a date */

typedef enum Column { COLUMN_TIME, COLUMN_LEVEL, COLUMN_TEXT, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_TIME] = {"time", 16, 0, false},
    [COLUMN_LEVEL] = {"level", 7, 0, false},
    [COLUMN_TEXT] = {"message", 0, 0, false},
};

typedef struct MessagesScreen {
    Screen base;
    Table table;
} MessagesScreen;

static int64_t rows_count(const void *self)
{
    return messages_count(&((const App *)self)->messages);
}

static int64_t rows_id(const void *self, int64_t row)
{
    return messages_at(&((const App *)self)->messages, (int)row)->number;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    static const Style STYLE_OF[MESSAGE_LEVELS] = {STYLE_NORMAL, STYLE_WARN, STYLE_BAD};
    const Message *message = messages_at(&((const App *)self)->messages, (int)row);
    char clock[FORMAT_BYTES];
    int64_t now = ((const App *)self)->now_ms;
    bool recent = now - message->utc_ms < DAY_MS && message->utc_ms <= now;
    if (column == COLUMN_TIME)
        snprintf(cell->text, sizeof cell->text, "%s",
                 recent ? format_clock(message->utc_ms, clock)
                        : format_date(message->utc_ms, clock));
    else if (column == COLUMN_LEVEL) {
        cell->style = STYLE_OF[message->level];
        snprintf(cell->text, sizeof cell->text, "%s", message_level_word(message->level));
    } else
        snprintf(cell->text, sizeof cell->text, "%.*s", (int)strcspn(message->text, "\n"),
                 message->text);
}

/* The lower third shows the selected message in full. */
static int table_rows(int rows)
{
    return rows - rows / 3;
}

static void messages_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((MessagesScreen *)base)->table, table_rows(rows));
}

static void messages_draw(const Screen *base, Area area)
{
    const MessagesScreen *screen = (const MessagesScreen *)base;
    const Messages *messages = &base->app->messages;
    int rows = table_rows(area.rows);
    if (messages_count(messages) == 0) {
        area_text(area, 1, 1, STYLE_DIM, "Nothing was said yet.");
        return;
    }
    table_draw(&screen->table, area_part(area, 0, 0, rows, area.columns));
    for (int column = 1; column < area.columns - 1; column++)
        area_glyph(area, rows, column, STYLE_FRAME, GLYPH_ACROSS);
    area_paragraph(area_part(area, rows + 1, 1, area.rows - rows - 1, area.columns - 2), 0,
                   STYLE_NORMAL, messages_at(messages, (int)screen->table.selected)->text);
}

static bool messages_action(Screen *base, ActionId action)
{
    return table_action(&((MessagesScreen *)base)->table, action);
}

static bool messages_search(Screen *base, const char *text)
{
    return table_search(&((MessagesScreen *)base)->table, text);
}

static void messages_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_MESSAGES_CHANGED)
        table_refresh(&((MessagesScreen *)base)->table);
}

static void messages_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (messages_count(&base->app->messages) > 0)
        table_position(&((const MessagesScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void messages_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "Messages",
    .scopes = SCOPE_LIST | SCOPE_SEARCH,
    .layout = messages_layout,
    .draw = messages_draw,
    .action = messages_action,
    .search = messages_search,
    .event = messages_event,
    .position = messages_position,
    .close = messages_close,
};

Screen *screen_messages_new(App *app)
{
    MessagesScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table =
        table_of(COLUMNS, COLUMNS_SHOWN,
                 (TableSource){.self = app, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
