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
    MessageLevel least; /* lesser ones are not shown */
} MessagesScreen;

/* The message of a row; NULL: there is none, and `passed` of them in all. */
static const Message *message_of(const MessagesScreen *screen, int64_t row, int64_t *passed)
{
    const Messages *messages = &screen->base.app->messages;
    *passed = 0;
    for (int i = 0; i < messages_count(messages); i++) {
        const Message *message = messages_at(messages, i);
        if (message->level < screen->least)
            continue;
        if ((*passed)++ == row)
            return message;
    }
    return NULL;
}

static int64_t rows_count(const void *self)
{
    int64_t count;
    const Message *none = message_of(self, INT64_MAX, &count);
    (void)none;
    return count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    int64_t passed;
    const Message *message = message_of(self, row, &passed);
    return message ? message->number : -1;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    static const Style STYLE_OF[MESSAGE_LEVELS] = {STYLE_NORMAL, STYLE_WARN, STYLE_BAD};
    int64_t passed, now = ((const MessagesScreen *)self)->base.app->now_ms;
    const Message *message = message_of(self, row, &passed);
    char clock[FORMAT_BYTES];
    if (!message)
        return;
    bool recent = now - message->utc_ms < DAY_MS && message->utc_ms <= now;
    if (column == COLUMN_TIME)
        snprintf(cell->text, sizeof cell->text, "%s",
                 recent ? format_clock(message->utc_ms, clock)
                        : format_date(message->utc_ms, clock));
    else if (column == COLUMN_LEVEL) {
        cell->style = STYLE_OF[message->level];
        snprintf(cell->text, sizeof cell->text, "%s", message_level_word(message->level));
    } else {
        cell->whole = message->text;
        snprintf(cell->text, sizeof cell->text, "%.*s", (int)strcspn(message->text, "\n"),
                 message->text);
    }
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
    int64_t passed;
    const Message *selected = message_of(screen, screen->table.selected, &passed);
    int rows = table_rows(area.rows);
    if (!selected) {
        area_text(area, 1, 1, STYLE_DIM,
                  screen->least > 0 ? "Nothing of that level. L: all." : "Nothing was said yet.");
        return;
    }
    table_draw(&screen->table, area_part(area, 0, 0, rows, area.columns));
    for (int column = 1; column < area.columns - 1; column++)
        area_glyph(area, rows, column, STYLE_FRAME, GLYPH_ACROSS);
    area_paragraph(area_part(area, rows + 1, 1, area.rows - rows - 1, area.columns - 2), 0,
                   STYLE_NORMAL, selected->text);
}

static bool messages_action(Screen *base, ActionId action)
{
    MessagesScreen *screen = (MessagesScreen *)base;
    if (action != ACTION_LEVEL)
        return table_action(&screen->table, action);
    screen->least = (screen->least + 1) % MESSAGE_LEVELS;
    table_refresh(&screen->table);
    return true;
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

static void messages_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    static const char *const SHOWN[MESSAGE_LEVELS] = {
        [MESSAGE_WARNING] = "warnings and errors", [MESSAGE_ERROR] = "errors"};
    const char *shown = SHOWN[((const MessagesScreen *)base)->least];
    snprintf(text, SCREEN_TEXT_BYTES, "%s", shown ? shown : "");
}

static void messages_close(Screen *base)
{
    free(base);
}

static const Table *messages_table(const Screen *base)
{
    const MessagesScreen *screen = (const MessagesScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "Messages",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_LEVEL | SCOPE_TABLE,
    .layout = messages_layout,
    .draw = messages_draw,
    .action = messages_action,
    .search = messages_search,
    .event = messages_event,
    .position = messages_position,
    .subject = messages_subject,
    .table = messages_table,
    .close = messages_close,
};

Screen *screen_messages_new(App *app)
{
    MessagesScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
