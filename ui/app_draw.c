#include "ui/app.h"

#include <stdio.h>
#include <string.h>

#include "ui/format.h"
#include "ui/gauge.h"
#include "ui/key.h"
#include "ui/run_pane.h"

enum { BODY_ROW = 2, ROWS_BELOW = 2, GAUGE_COLUMNS = 20, SAY_LOADING_MS = 2000 };

static const char *first_key(const ActionInfo *info, char name[KEY_NAME_BYTES])
{
    sscanf(info->keys, "%11s", name);
    return name;
}

static const char *root_key(Root root, char name[KEY_NAME_BYTES])
{
    return first_key(action_info(app_root_action(root)), name);
}

/* How much of the tabs fits: all, names alone, short names, or keys. */
typedef enum TabSize { TABS_WHOLE, TABS_BARE, TABS_SHORT, TABS_KEYS } TabSize;

enum { READONLY_COLUMNS = 10 };

/* Draws the tabs, or measures them on an area of no rows; the column after them. */
static int draw_tabs_in(const App *app, Area line, TabSize size)
{
    int column = size == TABS_WHOLE ? 1 + (int)strlen("dnn2fpga") + 2 : 0;
    area_text(line, 0, 1, STYLE_TITLE, size == TABS_WHOLE ? "dnn2fpga" : "");
    for (int i = 0; i < ROOTS; i++) {
        bool shown = i == (int)app->root, named = size < TABS_KEYS || shown;
        char text[SCREEN_TEXT_BYTES], key[KEY_NAME_BYTES];
        snprintf(text, sizeof text, " %s%s%s ", root_key((Root)i, key), named ? " " : "",
                 named ? app_root_name(app, (Root)i, size >= TABS_SHORT) : "");
        area_text(line, 0, column, shown ? STYLE_SELECTED : STYLE_NORMAL, text);
        area_zone(line, 0, column, (int)strlen(text),
                  (Click){.action = (int)app_root_action((Root)i), .times = 1});
        column += (int)strlen(text) - (size >= TABS_SHORT);
    }
    return column + 1;
}

static void draw_tabs(const App *app, Area line)
{
    int room = line.columns - (app->settings.readonly ? READONLY_COLUMNS : 0);
    Area nothing = area_part(line, 0, 0, 0, line.columns);
    TabSize size = TABS_WHOLE;
    while (size < TABS_KEYS && draw_tabs_in(app, nothing, size) > room)
        size++;
    draw_tabs_in(app, line, size);
    if (app->settings.readonly)
        area_text_right(line, 0, STYLE_WARN, "read-only ");
}

static int draw_crumb(const Screen *screen, Area line, int column)
{
    char subject[SCREEN_TEXT_BYTES] = "";
    if (screen->ops->subject)
        screen->ops->subject(screen, subject);
    column = area_text(line, 0, column, STYLE_TITLE, screen->ops->name);
    if (*subject)
        column = area_printf(line, 0, column, STYLE_DIM, " %s", subject);
    return column;
}

static void draw_crumbs(const App *app, Area line)
{
    const Screen *shown = app_screen(app);
    char position[SCREEN_TEXT_BYTES] = "";
    if (shown->ops->position)
        shown->ops->position(shown, position);
    int64_t waited = app->busy_since_ms > 0 ? app->now_ms - app->busy_since_ms : 0;
    if (waited >= SAY_LOADING_MS) {
        char place[SCREEN_TEXT_BYTES];
        snprintf(place, sizeof place, "%s", position);
        snprintf(position, sizeof position, "loading %d s%s%.64s", (int)(waited / 1000),
                 *place ? ", " : "", place);
    }
    int right = text_columns(position, line.canvas->ascii) + 2;
    area_text_right(area_part(line, 0, 0, 1, line.columns - 1), 0, STYLE_DIM, position);
    Area left = area_part(line, 0, 0, 1, line.columns - right);
    int column = draw_crumb(app->roots[app->root], left, 1);
    for (int i = 0; i < app->depth; i++) {
        column = area_glyph(left, 0, column + 1, STYLE_DIM, GLYPH_CRUMB);
        column = draw_crumb(app->stack[i], left, column + 1);
    }
}

static void draw_run_status(const App *app, Area line)
{
    const RunView *run = &app->run;
    char text[FORMAT_BYTES], name[SCREEN_TEXT_BYTES] = "run";
    RunStage stage = run_view_stage(run);
    if (run->id > 0)
        snprintf(name, sizeof name, "run %lld", (long long)run->id);
    /* Columns stand still, and there is no gauge before there is progress: few bytes change. */
    int column = area_printf(line, 0, 1, run->paused ? STYLE_WARN : STYLE_NORMAL, "%s: %-8s ", name,
                             run->paused ? "paused" : stage_word(stage));
    if (run->stages[stage].fraction > 0)
        gauge_draw(line, 0, column, GAUGE_COLUMNS, run->stages[stage].fraction);
    column += GAUGE_COLUMNS;
    column =
        area_printf(line, 0, column + 1, STYLE_DIM, "%s", run_pane_time(run, app->now_ms, text));
    area_printf(line, 0, column, STYLE_DIM, "  %s", run->stages[stage].detail);
}

static bool screen_tells_progress(const App *app)
{
    const Screen *screen = app_screen(app);
    return screen->ops->tells_progress && screen->ops->tells_progress(screen);
}

static void draw_status(const App *app, Area line)
{
    static const Style STYLE_OF[MESSAGE_LEVELS] = {STYLE_GOOD, STYLE_WARN, STYLE_BAD};
    static const char *const PREFIX[MESSAGE_LEVELS] = {"", "", "error: "};
    const Message *message = messages_shown(&app->messages, app->now_ms);
    if (app->prompt.open)
        prompt_draw(&app->prompt, line);
    else if (message)
        area_printf(line, 0, 1, STYLE_OF[message->level], "%s%.*s", PREFIX[message->level],
                    (int)strcspn(message->text, "\n"), message->text);
    else if (run_view_active(&app->run) && !screen_tells_progress(app))
        draw_run_status(app, line);
}

/* Closing a main screen is leaving. */
static const char *hint_word(const App *app, ActionId action)
{
    bool leaves = action == ACTION_CLOSE && app->depth == 0;
    return action_info(leaves ? ACTION_QUIT : action)->hint;
}

static int hint_columns(const App *app, ActionId action)
{
    char name[KEY_NAME_BYTES];
    return (int)(strlen(first_key(action_info(action), name)) + strlen(hint_word(app, action))) + 1;
}

/* Draws the hint of an action, dimmed when it is not possible now; the column for the next one. */
static int draw_hint(const App *app, Area line, int column, ActionId action)
{
    const ActionInfo *info = action_info(action);
    const char *why_not;
    char name[KEY_NAME_BYTES];
    bool possible = app_can(app, action, &why_not);
    if (!possible && action == ACTION_BACK)
        return column;
    area_zone(line, 0, column, hint_columns(app, action),
              (Click){.action = (int)action, .times = 1});
    column = area_text(line, 0, column, possible ? STYLE_KEY : STYLE_DIM, first_key(info, name));
    return area_text(line, 0, column + 1, possible ? STYLE_NORMAL : STYLE_DIM,
                     hint_word(app, action)) +
           2;
}

/* Keys of what can be done here: first those of the screen, then those of everywhere, then what all
 * tables can; how to get help and how to leave are there in any case. */
static void draw_hints(const App *app, Area line)
{
    const ScreenOps *ops = app_screen(app)->ops;
    const unsigned hinted = ops->scopes & ~ops->unhinted;
    const unsigned passes[] = {hinted & ~(unsigned)SCOPE_TABLE, SCOPE_APP, hinted & SCOPE_TABLE};
    const int last = hint_columns(app, ACTION_HELP) + 2 + hint_columns(app, ACTION_CLOSE);
    int column = 1;
    for (size_t pass = 0; pass < sizeof passes / sizeof *passes; pass++)
        for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
            const ActionInfo *info = action_info((ActionId)i);
            bool wanted = info->scope & passes[pass];
            if (!info->hint || !wanted || i == ACTION_HELP || i == ACTION_QUIT || i == ACTION_CLOSE)
                continue;
            if (column + hint_columns(app, (ActionId)i) + 2 + last <= line.columns)
                column = draw_hint(app, line, column, (ActionId)i);
        }
    column = draw_hint(app, line, column, ACTION_HELP);
    draw_hint(app, line, column, ACTION_CLOSE);
}

static void draw_too_small(Area screen)
{
    area_printf(screen, 0, 0, STYLE_WARN, "%dx%d is small; %dx%d is needed. i: ignore",
                screen.columns, screen.rows, APP_MIN_COLUMNS, APP_MIN_ROWS);
}

static bool says_something(const App *app)
{
    return messages_shown(&app->messages, app->now_ms) != NULL;
}

/* What is the same around each screen. */
static void draw_frame(const App *app, Area all)
{
    draw_tabs(app, area_part(all, 0, 0, 1, all.columns));
    draw_crumbs(app, area_part(all, 1, 0, 1, all.columns));
    draw_hints(app, area_part(all, all.rows - 1, 0, 1, all.columns));
}

void app_draw(App *app, Canvas *canvas)
{
    canvas_reset(canvas, canvas->rows, canvas->columns);
    if (!app_busy(app))
        app->busy_since_ms = 0;
    else if (app->busy_since_ms == 0)
        app->busy_since_ms = app->now_ms;
    Area all = area_of(canvas);
    if (app_shows_size(app)) {
        draw_too_small(all);
        return;
    }
    Screen *screen = app_screen(app);
    bool status_row = !app->zoomed || app->prompt.open || says_something(app);
    Area body = area_part(all, BODY_ROW, 0, all.rows - BODY_ROW - ROWS_BELOW, all.columns);
    if (app->zoomed)
        body = area_part(all, 0, 0, all.rows - status_row, all.columns);
    screen->ops->layout(screen, body.rows, body.columns);
    screen->ops->draw(screen, body);
    if (status_row)
        draw_status(app, area_part(all, all.rows - (app->zoomed ? 1 : 2), 0, 1, all.columns));
    if (!app->zoomed)
        draw_frame(app, all);
    if (app->dialog.open)
        dialog_draw(&app->dialog, all);
    if (app->note.open)
        note_draw(&app->note, all);
}
