/* Runs that wait for their turn; and those that could not begin, with the reason. */
#include <stdio.h>
#include <stdlib.h>

#include "db/queue.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/screen_history.h"

typedef enum Column { COLUMN_WHAT, COLUMN_KIND, COLUMN_SINCE, COLUMN_STATE, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_WHAT] = {"run", 28, 0, false},
    [COLUMN_KIND] = {"kind", 9, 1, false},
    [COLUMN_SINCE] = {"queued", 16, 2, false},
    [COLUMN_STATE] = {"state", 0, 0, false},
};

typedef struct QueueScreen {
    Screen base;
    Table table;
    Arena *arena; /* owns the jobs */
    JobRecord *jobs;
    int count;
} QueueScreen;

static int64_t rows_count(const void *self)
{
    return ((const QueueScreen *)self)->count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    return ((const QueueScreen *)self)->jobs[row].id;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const JobRecord *job = &((const QueueScreen *)self)->jobs[row];
    char date[FORMAT_BYTES];
    const char *text = job->what;
    if (column == COLUMN_KIND)
        text = job_kind_word(job->kind);
    else if (column == COLUMN_SINCE)
        text = format_date(job->queued_ms, date);
    else if (column == COLUMN_STATE) {
        cell->style = *job->message ? STYLE_BAD : job->begins ? STYLE_GOOD : STYLE_NORMAL;
        text = *job->message ? job->message : job->begins ? "begins" : "waits";
    }
    snprintf(cell->text, sizeof cell->text, "%s", text);
}

static void said(const QueueScreen *screen, Status status)
{
    if (status != OK)
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
}

static void load(QueueScreen *screen)
{
    Store *store = screen->base.app->history.store;
    arena_free(screen->arena);
    screen->arena = arena_new();
    screen->count = 0;
    if (store)
        said(screen, queue_list(store, screen->arena, &screen->jobs, &screen->count));
}

static void queue_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((QueueScreen *)base)->table, rows);
}

static void queue_draw(const Screen *base, Area area)
{
    const QueueScreen *screen = (const QueueScreen *)base;
    table_draw(&screen->table, area);
    if (screen->count == 0)
        area_text(area, 2, 2, STYLE_DIM, "Nothing waits. r while a run goes on puts one here.");
}

static bool queue_action(Screen *base, ActionId action)
{
    QueueScreen *screen = (QueueScreen *)base;
    Store *store = base->app->history.store;
    int64_t id = table_selected_id(&screen->table);
    if (action == ACTION_UNQUEUE)
        said(screen, queue_remove(store, id));
    else if (action == ACTION_SOONER || action == ACTION_LATER)
        said(screen, queue_move(store, id, action == ACTION_SOONER ? -1 : 1));
    else if (action == ACTION_TRY_AGAIN)
        said(screen, queue_retry(store, id));
    else
        return table_action(&screen->table, action);
    load(screen);
    table_refresh(&screen->table);
    app_begin_next(base->app);
    return true;
}

static bool queue_can(const Screen *base, ActionId action, const char **why_not)
{
    bool needs_row = action == ACTION_UNQUEUE || action == ACTION_SOONER ||
                     action == ACTION_LATER || action == ACTION_TRY_AGAIN;
    if (!needs_row || ((const QueueScreen *)base)->count > 0)
        return true;
    *why_not = "nothing waits";
    return false;
}

static void queue_event(Screen *base, ScreenEvent event)
{
    if (event != SCREEN_HISTORY_CHANGED)
        return;
    load((QueueScreen *)base);
    table_refresh(&((QueueScreen *)base)->table);
}

static void queue_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    table_position(&((const QueueScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void queue_close(Screen *base)
{
    arena_free(((QueueScreen *)base)->arena);
    free(base);
}

static const Table *queue_table(const Screen *base)
{
    const QueueScreen *screen = (const QueueScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "Queue",
    .scopes = SCOPE_LIST | SCOPE_QUEUE | SCOPE_TABLE,
    .layout = queue_layout,
    .draw = queue_draw,
    .action = queue_action,
    .can = queue_can,
    .event = queue_event,
    .position = queue_position,
    .table = queue_table,
    .close = queue_close,
};

Screen *screen_queue_new(App *app)
{
    QueueScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    load(screen);
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
