/* The history screen: every run, newest first; running ones move by themselves. */
#include "ui/screen_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/compare.h"
#include "ui/app.h"
#include "ui/history_cells.h"
#include "ui/history_detail.h"
#include "ui/panes.h"

enum { DETAIL_ROWS = 6, ROWS_FOR_DETAIL = 18 };

typedef struct HistoryScreen {
    Screen base;
    Table table;
    int64_t marks[COMPARE_MAX_RUNS];
    int mark_count;
    int64_t binned[COMPARE_MAX_RUNS]; /* by the last deletion: undo takes them out again */
    int binned_count;
    HistoryDetail detail;
    bool has_detail; /* there is room for it */
} HistoryScreen;

static History *history_of_screen(const HistoryScreen *screen)
{
    return &screen->base.app->history;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static int mark_at(const HistoryScreen *screen, int64_t id)
{
    for (int i = 0; i < screen->mark_count; i++)
        if (screen->marks[i] == id)
            return i;
    return -1;
}

static void toggle_mark(HistoryScreen *screen, int64_t id)
{
    int at = mark_at(screen, id);
    if (at >= 0)
        screen->marks[at] = screen->marks[--screen->mark_count];
    else if (screen->mark_count == COMPARE_MAX_RUNS)
        app_message(screen->base.app, MESSAGE_WARNING, "%d runs are marked, more cannot be",
                    COMPARE_MAX_RUNS);
    else
        screen->marks[screen->mark_count++] = id;
}

static void mark_row(HistoryScreen *screen)
{
    toggle_mark(screen, table_selected_id(&screen->table));
    table_action(&screen->table, ACTION_DOWN);
}

/* All that are listed, as far as there is room, or none. */
static void mark_all(HistoryScreen *screen)
{
    const History *history = history_of_screen(screen);
    if (screen->mark_count > 0) {
        screen->mark_count = 0;
        return;
    }
    int count = history->count < COMPARE_MAX_RUNS ? history->count : COMPARE_MAX_RUNS;
    memcpy(screen->marks, history->ids, (size_t)count * sizeof *screen->marks);
    screen->mark_count = count;
    if (count < history->count)
        app_message(screen->base.app, MESSAGE_INFO, "the first %d runs are marked", count);
}

/* What an action is for: the marked runs in the order of their numbers, or the selected one. */
static int targets(const HistoryScreen *screen, int64_t ids[COMPARE_MAX_RUNS])
{
    int count = 0;
    for (int i = 0; i < screen->mark_count; i++) {
        int at = count++;
        for (; at > 0 && ids[at - 1] > screen->marks[i]; at--)
            ids[at] = ids[at - 1];
        ids[at] = screen->marks[i];
    }
    if (count == 0 && screen->table.selected_id >= 0)
        ids[count++] = screen->table.selected_id;
    return count;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int64_t rows_count(const void *self)
{
    return history_of_screen(self)->count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    return history_of_screen(self)->ids[row];
}

static int64_t rows_find(const void *self, int64_t id)
{
    const History *history = history_of_screen(self);
    for (int i = 0; i < history->count; i++)
        if (history->ids[i] == id)
            return i;
    return -1;
}

static bool rows_marked(const void *self, int64_t id)
{
    return mark_at(self, id) >= 0;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const HistoryRow *run = history_row(history_of_screen(self), (int)row);
    if (run)
        history_cell(run, rows_id(self, row), column, cell);
}

static void said(HistoryScreen *screen, Status status)
{
    if (status != OK)
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
}

static void rows_sort(void *self, int column, bool descending)
{
    said(self, history_sort(history_of_screen(self), column, descending));
}

/* ---- drawing --------------------------------------------------------------------------------- */

static int detail_rows(const App *app, int rows)
{
    if (app->pane != PANES_BOTH)
        return app->pane == PANE_FIRST ? 0 : rows;
    return rows >= ROWS_FOR_DETAIL ? DETAIL_ROWS : 0;
}

static void history_layout(Screen *base, int rows, int columns)
{
    HistoryScreen *screen = (HistoryScreen *)base;
    int detail = detail_rows(base->app, rows);
    screen->has_detail = detail > 0;
    table_layout(&screen->table, rows - detail);
    said(screen, history_show(&base->app->history, (int)screen->table.top, screen->table.page));
    if (detail == 0)
        return;
    history_detail_load(&screen->detail, base->app->history.store, screen->table.selected_id);
    history_detail_layout(&screen->detail, detail, columns);
}

static void draw_nothing(const History *history, Area area)
{
    if (history->filter[0])
        area_printf(area, 2, 2, STYLE_DIM, "No run matches \"%s\". Esc takes the filter away.",
                    history->filter);
    else if (history->bin)
        area_text(area, 2, 2, STYLE_DIM, "The bin is empty. b leads back to the runs.");
    else
        area_text(area, 2, 2, STYLE_DIM, "No run yet. On the model screen, r starts one.");
}

static void history_draw(const Screen *base, Area area)
{
    const HistoryScreen *screen = (const HistoryScreen *)base;
    int rows = area.rows - detail_rows(base->app, area.rows);
    if (rows > 0)
        table_draw(&screen->table, area_part(area, 0, 0, rows, area.columns));
    if (base->app->history.count == 0)
        draw_nothing(&base->app->history, area);
    else if (rows < area.rows)
        history_detail_draw(&screen->detail,
                            area_part(area, rows, 0, area.rows - rows, area.columns));
    if (rows < area.rows) {
        panes_draw_mark(base->app, 0, area, 0, 0);
        panes_draw_mark(base->app, 1, area, rows, 0);
    }
}

static void history_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const HistoryScreen *screen = (const HistoryScreen *)base;
    const History *history = &base->app->history;
    char position[SCREEN_TEXT_BYTES / 3], marked[32] = "", fresh[32] = "";
    table_position(&screen->table, position, sizeof position);
    if (screen->mark_count > 0)
        snprintf(marked, sizeof marked, "%d marked  ", screen->mark_count);
    if (history->fresh > 0 && !history->bin)
        snprintf(fresh, sizeof fresh, "  %" PRId64 " new: o", history->fresh);
    snprintf(text, SCREEN_TEXT_BYTES, "%s%s%s", marked, position, fresh);
}

static void history_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const History *history = &base->app->history;
    if (history->filter[0])
        snprintf(text, SCREEN_TEXT_BYTES, "%sfilter \"%.60s\": %d", history->bin ? "bin, " : "",
                 history->filter, history->count);
    else if (history->bin)
        snprintf(text, SCREEN_TEXT_BYTES, "bin");
}

/* ---- what actions do ------------------------------------------------------------------------- */

static void reload(HistoryScreen *screen)
{
    said(screen, history_load(history_of_screen(screen)));
    screen->detail.run = 0;
    table_refresh(&screen->table);
    screen->base.app->dirty = true;
}

static void open_selected(HistoryScreen *screen)
{
    App *app = screen->base.app;
    app_push(app, screen_result_new(app, table_selected_id(&screen->table)));
}

static void compare(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    Screen *compared = screen_compare_new(screen->base.app, ids, targets(screen, ids));
    if (compared)
        app_push(screen->base.app, compared);
}

static void plot(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    int count = screen->mark_count > 1 ? targets(screen, ids) : 0;
    Screen *plotted = screen_pareto_new(screen->base.app, ids, count);
    if (plotted)
        app_push(screen->base.app, plotted);
}

static void choose_columns(HistoryScreen *screen)
{
    app_push(screen->base.app, screen_columns_new(screen->base.app, &screen->table));
}

/* Moves runs to the bin or out of it; how many of them went. */
static int move(HistoryScreen *screen, const int64_t *ids, int count, bool deleted)
{
    Store *store = history_of_screen(screen)->store;
    int moved = 0;
    for (int i = 0; i < count; i++) {
        Status status = store_set_deleted(store, ids[i], deleted);
        said(screen, status);
        if (status == OK && deleted)
            screen->binned[moved] = ids[i];
        moved += status == OK;
    }
    screen->binned_count = deleted ? moved : 0;
    screen->mark_count = 0;
    reload(screen);
    return moved;
}

static void delete_targets(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    int moved = move(screen, ids, targets(screen, ids), true);
    if (moved > 0)
        app_message(screen->base.app, MESSAGE_INFO, "%d %s in the bin; u brings %s back", moved,
                    moved == 1 ? "run is" : "runs are", moved == 1 ? "it" : "them");
}

static void take_back(HistoryScreen *screen, const int64_t *ids, int count)
{
    int moved = move(screen, ids, count, false);
    if (moved > 0)
        app_message(screen->base.app, MESSAGE_INFO, "%d %s back", moved,
                    moved == 1 ? "run is" : "runs are");
}

static void undo(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    memcpy(ids, screen->binned, sizeof ids);
    take_back(screen, ids, screen->binned_count);
}

static void undelete(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    if (history_of_screen(screen)->bin)
        take_back(screen, ids, targets(screen, ids));
    else
        undo(screen);
}

static void switch_bin(HistoryScreen *screen)
{
    History *history = history_of_screen(screen);
    history->bin = !history->bin;
    screen->mark_count = 0;
    reload(screen);
    table_select(&screen->table, 0);
}

/* "-" is how nothing is typed. */
static const char *typed_text(const App *app)
{
    return strcmp(app->argument, "-") == 0 ? "" : app->argument;
}

static void set_texts(HistoryScreen *screen, Status (*set)(Store *, int64_t, const char *))
{
    int64_t ids[COMPARE_MAX_RUNS];
    int count = targets(screen, ids);
    for (int i = 0; i < count; i++)
        said(screen, set(history_of_screen(screen)->store, ids[i], typed_text(screen->base.app)));
    reload(screen);
}

static void set_note(HistoryScreen *screen)
{
    set_texts(screen, store_set_note);
}

static void set_tags(HistoryScreen *screen)
{
    set_texts(screen, store_set_tags);
}

static void clear_filter(HistoryScreen *screen)
{
    said(screen, history_filter(history_of_screen(screen), ""));
    table_refresh(&screen->table);
}

static void search_on(HistoryScreen *screen, int64_t start, int step)
{
    int at = -1;
    said(screen,
         history_find(history_of_screen(screen), screen->table.search, (int)start, step, &at));
    if (at >= 0)
        table_select(&screen->table, at);
}

static void search_next(HistoryScreen *screen)
{
    search_on(screen, screen->table.selected + 1, 1);
}

static void search_previous(HistoryScreen *screen)
{
    search_on(screen, screen->table.selected - 1, -1);
}

/* The selected run, done again or taken up again when its turn comes. */
static void reproduce(HistoryScreen *screen)
{
    app_queue(screen->base.app, JOB_REPRODUCE, table_selected_id(&screen->table));
}

static void resume(HistoryScreen *screen)
{
    app_queue(screen->base.app, JOB_RESUME, table_selected_id(&screen->table));
}

static void export(HistoryScreen *screen)
{
    int64_t ids[COMPARE_MAX_RUNS];
    history_export(screen->base.app, ids, screen->mark_count ? targets(screen, ids) : 0);
}

static void show_queue(HistoryScreen *screen)
{
    app_push(screen->base.app, screen_queue_new(screen->base.app));
}

static void (*const OBEY[ACTIONS])(HistoryScreen *screen) = {
    [ACTION_REPRODUCE] = reproduce,
    [ACTION_RESUME_SELECTED] = resume,
    [ACTION_EXPORT] = export,
    [ACTION_QUEUE] = show_queue,
    [ACTION_OPEN] = open_selected,
    [ACTION_MARK] = mark_row,
    [ACTION_MARK_ALL] = mark_all,
    [ACTION_COMPARE_RUNS] = compare,
    [ACTION_PARETO] = plot,
    [ACTION_COLUMNS] = choose_columns,
    [ACTION_DELETE] = delete_targets,
    [ACTION_UNDO] = undo,
    [ACTION_UNDELETE] = undelete,
    [ACTION_BIN] = switch_bin,
    [ACTION_NOTE] = set_note,
    [ACTION_TAGS] = set_tags,
    [ACTION_REFRESH] = reload,
    [ACTION_BACK] = clear_filter,
    [ACTION_SEARCH_NEXT] = search_next,
    [ACTION_SEARCH_PREVIOUS] = search_previous,
};

static bool history_action(Screen *base, ActionId action)
{
    HistoryScreen *screen = (HistoryScreen *)base;
    if (panes_focus(base->app) == 1 && screen->has_detail &&
        scroll_action(&screen->detail.scroll, action))
        return true;
    if (!OBEY[action])
        return table_action(&screen->table, action);
    OBEY[action](screen);
    return true;
}

/* It may be asked for before it was ever drawn. */
static const HistoryRow *selected_row(const HistoryScreen *screen)
{
    History *history = &screen->base.app->history;
    int at = (int)screen->table.selected;
    return history_show(history, at, 1) == OK ? history_row(history, at) : NULL;
}

static bool history_can(const Screen *base, ActionId action, const char **why_not)
{
    const HistoryScreen *screen = (const HistoryScreen *)base;
    const History *history = &base->app->history;
    bool needs_row = action == ACTION_OPEN || action == ACTION_MARK || action == ACTION_DELETE ||
                     action == ACTION_NOTE || action == ACTION_TAGS || action == ACTION_PARETO ||
                     action == ACTION_EXPORT;
    const HistoryRow *run = selected_row(screen);
    bool again = action == ACTION_REPRODUCE || action == ACTION_RESUME_SELECTED;
    if ((needs_row || again) && history->count == 0)
        *why_not = "there is no run";
    else if (again && run && run->status == RUN_RUNNING)
        *why_not = "the run is going on";
    else if (action == ACTION_RESUME_SELECTED && run && run->status <= RUN_UNMET)
        *why_not = "the run came to its end";
    else if (action == ACTION_COMPARE_RUNS && screen->mark_count < 2)
        *why_not = "mark two runs or more with Space, then compare them";
    else if (action == ACTION_DELETE && history->bin)
        *why_not = "these are in the bin already; dnn2fpga runs purge ID removes one for good";
    else if ((action == ACTION_FOCUS || action == ACTION_FOCUS_BACK) && !screen->has_detail &&
             base->app->pane == PANES_BOTH)
        *why_not = "there is no room for the second pane; + shows it alone";
    else if (action == ACTION_UNDO && screen->binned_count == 0)
        *why_not = "nothing was deleted since the workbench was opened; b shows the bin";
    else if (action == ACTION_UNDELETE && !history->bin && screen->binned_count == 0)
        *why_not = "b shows the bin: choose there what comes back";
    else
        return true;
    return false;
}

static bool history_holds_back(const Screen *base)
{
    return base->app->history.filter[0] != '\0';
}

static bool history_search(Screen *base, const char *text)
{
    HistoryScreen *screen = (HistoryScreen *)base;
    int at = -1;
    snprintf(screen->table.search, sizeof screen->table.search, "%s", text);
    said(screen, history_find(&base->app->history, text, (int)screen->table.selected, 1, &at));
    if (at >= 0)
        table_select(&screen->table, at);
    return at >= 0;
}

static void history_filtered(Screen *base, const char *text)
{
    said((HistoryScreen *)base, history_filter(&base->app->history, text));
    table_refresh(&((HistoryScreen *)base)->table);
}

/* What the prompt of a note or of tags begins with: what is there. */
static void history_prefill(const Screen *base, ActionId action, char text[SCREEN_PREFILL_BYTES])
{
    const HistoryScreen *screen = (const HistoryScreen *)base;
    const HistoryRow *run = selected_row(screen);
    if (action == ACTION_EXPORT)
        snprintf(text, SCREEN_PREFILL_BYTES, "runs.html");
    if (run && screen->mark_count == 0 && (action == ACTION_NOTE || action == ACTION_TAGS))
        snprintf(text, SCREEN_PREFILL_BYTES, "%s", action == ACTION_NOTE ? run->note : run->tags);
}

/* At the top, new runs come in by themselves; further down, the list stays as it is. */
static void history_event(Screen *base, ScreenEvent event)
{
    HistoryScreen *screen = (HistoryScreen *)base;
    if (event != SCREEN_HISTORY_CHANGED)
        return;
    screen->detail.run = 0;
    if (base->app->history.fresh > 0 && screen->table.selected == 0) {
        said(screen, history_load(&base->app->history));
        table_refresh(&screen->table);
        table_select(&screen->table, 0);
    } else {
        table_refresh(&screen->table);
    }
}

static void history_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "History",
    .scopes = SCOPE_PANES | SCOPE_LIST | SCOPE_SEARCH | SCOPE_SORT | SCOPE_ENTER | SCOPE_MARK |
              SCOPE_ACROSS | SCOPE_REFRESH | SCOPE_HISTORY | SCOPE_TABLE,
    .layout = history_layout,
    .draw = history_draw,
    .action = history_action,
    .can = history_can,
    .holds_back = history_holds_back,
    .search = history_search,
    .filter = history_filtered,
    .prefill = history_prefill,
    .event = history_event,
    .position = history_position,
    .subject = history_subject,
    .close = history_close,
};

const Table *screen_history_table(const Screen *base)
{
    return &((const HistoryScreen *)base)->table;
}

Screen *screen_history_new(App *app)
{
    HistoryScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table = table_of(HISTORY_CELLS, HISTORY_COLUMNS,
                             (TableSource){.self = screen,
                                           .count = rows_count,
                                           .id = rows_id,
                                           .cell = rows_cell,
                                           .sort = rows_sort,
                                           .find = rows_find,
                                           .marked = rows_marked});
    screen->table.wide = true;
    table_choose(&screen->table, &app->settings.history);
    app->history.sort_column = screen->table.sort_column; /* it is not loaded yet */
    app->history.descending = screen->table.descending;
    return &screen->base;
}
