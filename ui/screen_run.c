/* The run screen: the current run while it goes on and what came of it; also, pushed by the
 * history, any other run. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/app.h"
#include "ui/run_log.h"
#include "ui/run_pane.h"
#include "ui/scroll.h"

enum { TAIL_HEAD_ROWS = 2, LEAST_TAIL_ROWS = 6 };

typedef struct RunScreen {
    Screen base;
    int64_t id;  /* 0: follows app->run */
    RunView own; /* the run of that id */
    Scroll scroll;
    EarlierRuns earlier;
    RunLog log; /* its tail is below the figures, where there is room */
} RunScreen;

static const RunView *shown(const RunScreen *screen)
{
    return screen->id > 0 ? &screen->own : &screen->base.app->run;
}

static void layout_tail(RunScreen *screen, int rows)
{
    if (rows < LEAST_TAIL_ROWS)
        return;
    if (run_log_read(&screen->log, shown(screen), LOG_ALL) != OK)
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
    pager_layout(&screen->log.pager, rows - TAIL_HEAD_ROWS);
}

static int draw_pane(const RunScreen *screen, Area area, int row)
{
    const RunPane pane = {
        .run = shown(screen), .earlier = &screen->earlier, .now_ms = screen->base.app->now_ms};
    return run_pane_draw(&pane, area, row);
}

static void run_layout(Screen *base, int rows, int columns)
{
    RunScreen *screen = (RunScreen *)base;
    Canvas nothing = {.ascii = base->app->settings.ascii};
    Area measured = {.canvas = &nothing, .columns = columns};
    earlier_runs_read(&screen->earlier, base->app->history.store, shown(screen));
    int figures = draw_pane(screen, measured, 0);
    scroll_layout(&screen->scroll, rows, figures);
    layout_tail(screen, rows - figures);
}

static void draw_nothing(const App *app, Area area)
{
    const char *why_not;
    area_text(area, 1, 1, STYLE_NORMAL, "No run yet.");
    if (app_can(app, ACTION_START_RUN, &why_not))
        area_text(area, 2, 1, STYLE_NORMAL, "r starts one: quantize, generate VHDL, prove it.");
    else
        area_printf(area, 2, 1, STYLE_DIM, "None can be started: %s.", why_not);
}

/* A line across with the folder that paths are relative to, and the last lines of the log. */
static void draw_tail(const RunScreen *screen, Area area)
{
    const char *folder = shown(screen)->folder;
    Area inside = area_part(area, TAIL_HEAD_ROWS, 1, area.rows - TAIL_HEAD_ROWS, area.columns - 2);
    if (area.rows < LEAST_TAIL_ROWS || screen->log.pager.count == 0)
        return;
    for (int column = 1; column < area.columns - 1; column++)
        area_glyph(area, 1, column, STYLE_FRAME, GLYPH_ACROSS);
    area_printf(area, 1, 3, STYLE_HEADER, *folder ? " log, in %s " : " log ", folder);
    run_log_draw_brief(&screen->log, folder, inside);
}

static void run_draw(const Screen *base, Area area)
{
    const RunScreen *screen = (const RunScreen *)base;
    if (!shown(screen)->known) {
        draw_nothing(base->app, area);
        return;
    }
    int rows = draw_pane(screen, area, -screen->scroll.top);
    draw_tail(screen, area_part(area, rows, 0, area.rows - rows, area.columns));
}

static bool run_action(Screen *base, ActionId action)
{
    return scroll_action(&((RunScreen *)base)->scroll, action);
}

static void run_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    scroll_position(&((const RunScreen *)base)->scroll, text, SCREEN_TEXT_BYTES);
}

static void run_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const RunView *run = shown((const RunScreen *)base);
    if (run->id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "%lld", (long long)run->id);
}

static void load(RunScreen *screen)
{
    App *app = screen->base.app;
    RunView view;
    if (app->ports.load_run(app->ports.host, screen->id, &view) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    run_view_free(&screen->own);
    screen->own = view;
}

static void run_event(Screen *base, ScreenEvent event)
{
    RunScreen *screen = (RunScreen *)base;
    if (event == SCREEN_HISTORY_CHANGED && screen->id > 0 && run_view_active(&screen->own))
        load(screen);
}

static void run_close(Screen *base)
{
    run_log_free(&((RunScreen *)base)->log);
    run_view_free(&((RunScreen *)base)->own);
    free(base);
}

static bool run_tells_progress(const Screen *base)
{
    const RunScreen *screen = (const RunScreen *)base;
    return shown(screen) == &base->app->run && screen->scroll.top == 0;
}

static const ScreenOps OPS = {
    .name = "Run",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS | SCOPE_STEER | SCOPE_CLIMB,
    .unhinted = SCOPE_CLIMB, /* Ladder is where a climb is seen */
    .tells_progress = run_tells_progress,
    .layout = run_layout,
    .draw = run_draw,
    .action = run_action,
    .event = run_event,
    .position = run_position,
    .subject = run_subject,
    .close = run_close,
};

Screen *screen_run_new(App *app)
{
    RunScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->own = run_view_none();
    screen->earlier.of = -1;
    return &screen->base;
}

Screen *screen_result_new(App *app, int64_t run)
{
    Screen *base = screen_run_new(app);
    ((RunScreen *)base)->id = run;
    load((RunScreen *)base);
    if (!run_view_active(&app->run)) /* what is under way stays in sight */
        app_show_run(app, run);
    return base;
}
