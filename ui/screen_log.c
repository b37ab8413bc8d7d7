/* The log of the run that is shown: what it said, and every command that was run, with times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "ui/app.h"
#include "ui/pager.h"

enum { DATE_COLUMNS = 11, STAMP_COLUMNS = 21 }; /* "2026-11-22T15:13:50Z " */

typedef struct LogScreen {
    Screen base;
    Pager pager;
    int64_t run; /* that the text is of */
    int level;   /* LogLevel: lesser lines are left out */
    bool stale;  /* the file may have grown, or other lines are wanted */
} LogScreen;

static Style style_of_line(const char *line)
{
    const char *text = strlen(line) > STAMP_COLUMNS ? line + STAMP_COLUMNS : line;
    if (*text == '$')
        return STYLE_KEY;
    if (*text == '=')
        return strstr(text, "exit status 0,") ? STYLE_DIM : STYLE_BAD;
    return strstr(text, "failed") ? STYLE_BAD : STYLE_NORMAL;
}

typedef enum LogLevel { LOG_ALL, LOG_COMMANDS, LOG_FAILURES, LOG_LEVELS } LogLevel;

static bool keeps_line(const char *line, int level)
{
    const char *text = strlen(line) > STAMP_COLUMNS ? line + STAMP_COLUMNS : line;
    bool command = *text == '$' || *text == '=';
    return level == LOG_ALL || style_of_line(line) == STYLE_BAD ||
           (level == LOG_COMMANDS && command);
}

static void read_log(LogScreen *screen)
{
    const RunView *run = &screen->base.app->run;
    char path[RUN_PATH_BYTES + 16];
    screen->stale = false;
    if (run->id != screen->run) {
        pager_free(&screen->pager);
        screen->pager.left = DATE_COLUMNS; /* the time matters, the day is a key away */
    }
    screen->run = run->id;
    screen->pager.keeps = keeps_line;
    screen->pager.level = screen->level;
    screen->pager.follow = true;
    snprintf(path, sizeof path, "%s/run.log", run->folder);
    if (*run->folder && fs_exists(path) && pager_load(&screen->pager, path) != OK)
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
}

static void log_layout(Screen *base, int rows, int columns)
{
    LogScreen *screen = (LogScreen *)base;
    (void)columns;
    if (screen->stale)
        read_log(screen);
    pager_layout(&screen->pager, rows);
}

static void log_draw(const Screen *base, Area area)
{
    const LogScreen *screen = (const LogScreen *)base;
    Area inside = area_part(area, 0, 1, area.rows, area.columns - 1);
    if (screen->pager.count > 0)
        pager_draw(&screen->pager, inside, style_of_line);
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
        return pager_action(&screen->pager, action);
    screen->level = (screen->level + 1) % LOG_LEVELS;
    screen->stale = true;
    return true;
}

static bool log_search(Screen *base, const char *text)
{
    return pager_search(&((LogScreen *)base)->pager, text);
}

static void log_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_RUN_CHANGED || event == SCREEN_HISTORY_CHANGED)
        ((LogScreen *)base)->stale = true;
}

static void log_shown(Screen *base)
{
    ((LogScreen *)base)->stale = true;
}

static void log_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    pager_position(&((const LogScreen *)base)->pager, text, SCREEN_TEXT_BYTES);
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
    pager_free(&((LogScreen *)base)->pager);
    free(base);
}

static const ScreenOps OPS = {
    .name = "Log",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS | SCOPE_SEARCH | SCOPE_LEVEL,
    .layout = log_layout,
    .draw = log_draw,
    .action = log_action,
    .search = log_search,
    .event = log_event,
    .shown = log_shown,
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
    screen->stale = true;
    return &screen->base;
}
