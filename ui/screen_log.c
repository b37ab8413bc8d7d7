/* The log of the run that is shown: what it said, and every command that was run, with times. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/app.h"
#include "ui/run_log.h"

typedef struct LogScreen {
    Screen base;
    RunLog log;
    LogLevel level; /* lesser lines are left out */
} LogScreen;

static void log_layout(Screen *base, int rows, int columns)
{
    LogScreen *screen = (LogScreen *)base;
    (void)columns;
    if (run_log_read(&screen->log, &base->app->run, screen->level) != OK)
        app_message(base->app, MESSAGE_ERROR, "%s", error_message());
    pager_layout(&screen->log.pager, rows);
}

static void log_draw(const Screen *base, Area area)
{
    const LogScreen *screen = (const LogScreen *)base;
    Area inside = area_part(area, 0, 1, area.rows, area.columns - 1);
    if (screen->log.pager.count > 0)
        pager_draw(&screen->log.pager, inside, run_log_style);
    else if (screen->level > LOG_ALL)
        area_text(inside, 1, 0, STYLE_DIM, "No such line. L: all.");
    else
        area_text(inside, 1, 0, STYLE_DIM,
                  base->app->run.known ? "This run has no log." : "No run yet.");
}

static bool log_action(Screen *base, ActionId action)
{
    LogScreen *screen = (LogScreen *)base;
    if (action != ACTION_LEVEL)
        return pager_action(&screen->log.pager, action);
    screen->level = (screen->level + 1) % LOG_LEVELS;
    return true;
}

static bool log_search(Screen *base, const char *text)
{
    return pager_search(&((LogScreen *)base)->log.pager, text);
}

static void log_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    pager_position(&((const LogScreen *)base)->log.pager, text, SCREEN_TEXT_BYTES);
}

static void log_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    static const char *const SHOWN[LOG_LEVELS] = {"", ", commands and failures", ", failures"};
    const RunView *run = &base->app->run;
    if (run->id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %lld%s", (long long)run->id,
                 SHOWN[((const LogScreen *)base)->level]);
}

static void log_close(Screen *base)
{
    run_log_free(&((LogScreen *)base)->log);
    free(base);
}

static const ScreenOps OPS = {
    .name = "Log",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS | SCOPE_SEARCH | SCOPE_LEVEL,
    .layout = log_layout,
    .draw = log_draw,
    .action = log_action,
    .search = log_search,
    .position = log_position,
    .subject = log_subject,
    .close = log_close,
};

Screen *screen_log_new(App *app)
{
    LogScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    return &screen->base;
}
