#include "ui/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "ui/key.h"
#include "ui/panes.h"

typedef enum Question { ASK_CANCEL_RUN, ASK_QUIT } Question;

static const struct {
    Screen *(*make)(App *app);
    ActionId action;
    const char *short_name; /* for narrow terminals */
} ROOT_SCREENS[ROOTS] = {
    [ROOT_MODEL] = {screen_model_new, ACTION_SHOW_MODEL, "Model"},
    [ROOT_CALIBRATE] = {screen_calibrate_new, ACTION_SHOW_CALIBRATE, "Calib"},
    [ROOT_RUN] = {screen_run_new, ACTION_SHOW_RUN, "Run"},
    [ROOT_LADDER] = {screen_ladder_new, ACTION_SHOW_LADDER, "Ladder"},
    [ROOT_HARDWARE] = {screen_hardware_new, ACTION_SHOW_HARDWARE, "Hardw"},
    [ROOT_SYNTHESIS] = {screen_synthesis_new, ACTION_SHOW_SYNTHESIS, "Synth"},
    [ROOT_HISTORY] = {screen_history_new, ACTION_SHOW_HISTORY, "Runs"},
    [ROOT_MESSAGES] = {screen_messages_new, ACTION_SHOW_MESSAGES, "Msgs"},
    [ROOT_LOG] = {screen_log_new, ACTION_SHOW_LOG, "Log"},
    [ROOT_TOOLS] = {screen_tools_new, ACTION_SHOW_TOOLS, "Tools"},
};

const char *app_root_name(const App *app, Root root, bool brief)
{
    return brief ? ROOT_SCREENS[root].short_name : app->roots[root]->ops->name;
}

ActionId app_root_action(Root root)
{
    return ROOT_SCREENS[root].action;
}

App *app_new(const AppSettings *settings, const AppPorts *ports, Store *store)
{
    App *app = calloc(1, sizeof *app);
    if (!app)
        abort();
    app->settings = *settings;
    app->ports = *ports;
    app->choices = arena_new();
    app->model = settings->run.model ? model_view_loading(settings->run.model) : model_view_none();
    app->run = run_view_none();
    app->history = history_of(store);
    for (int i = 0; i < ROOTS; i++)
        app->roots[i] = ROOT_SCREENS[i].make(app);
    app->root = app->last_root = settings->run.model ? ROOT_MODEL : ROOT_HISTORY;
    app->dirty = true;
    return app;
}

void app_free(App *app)
{
    if (!app)
        return;
    while (app->depth > 0) {
        Screen *screen = app->stack[--app->depth];
        screen->ops->close(screen);
    }
    for (int i = 0; i < ROOTS; i++)
        app->roots[i]->ops->close(app->roots[i]);
    model_view_free(&app->model);
    run_view_free(&app->run);
    tuning_free(app->tuning);
    json_decref(app->tools);
    arena_free(app->choices);
    history_free(&app->history);
    messages_free(&app->messages);
    free(app);
}

/* ---- screens --------------------------------------------------------------------------------- */

Screen *app_screen(const App *app)
{
    return app->depth > 0 ? app->stack[app->depth - 1] : app->roots[app->root];
}

void app_pop(App *app)
{
    if (app->depth == 0)
        return;
    Screen *screen = app->stack[--app->depth];
    screen->ops->close(screen);
}

void app_push(App *app, Screen *screen)
{
    if (app->depth == APP_MAX_DEPTH)
        app_pop(app);
    app->stack[app->depth++] = screen;
    app->dirty = true;
}

static void show_root(App *app, Root root)
{
    while (app->depth > 0)
        app_pop(app);
    app_commit_edits(app);
    app->pane = root == app->root ? app->pane : PANES_BOTH;
    app->focus = root == app->root ? app->focus : 0;
    if (root != app->root)
        app->last_root = app->root;
    app->root = root;
    if (app->roots[root]->ops->shown)
        app->roots[root]->ops->shown(app->roots[root]);
}

void app_tell(App *app, ScreenEvent event)
{
    for (int i = 0; i < ROOTS; i++)
        if (app->roots[i]->ops->event)
            app->roots[i]->ops->event(app->roots[i], event);
    for (int i = 0; i < app->depth; i++)
        if (app->stack[i]->ops->event)
            app->stack[i]->ops->event(app->stack[i], event);
    app->dirty = true;
}

void app_message(App *app, MessageLevel level, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    messages_add(&app->messages, level, app->now_ms, "%s", text);
    if (app->ports.said)
        app->ports.said(app->ports.host, level, text);
    app_tell(app, SCREEN_MESSAGES_CHANGED);
}

/* ---- what is possible ------------------------------------------------------------------------ */

static bool can_start(const App *app, const char **why_not)
{
    if (app->model.state == MODEL_NONE)
        *why_not = "no model: start as dnn2fpga MODEL";
    else if (app->model.state == MODEL_LOADING)
        *why_not = "the model is still being read";
    else if (app->model.state == MODEL_REFUSED)
        *why_not = "the model was refused: see the model screen";
    else
        return true;
    return false;
}

static bool can_cancel(const App *app, const char **why_not)
{
    if (!run_view_active(&app->run))
        *why_not = "no run is going on";
    return run_view_active(&app->run);
}

bool app_can(const App *app, ActionId action, const char **why_not)
{
    const Screen *screen = app_screen(app);
    *why_not = "";
    if (app->settings.readonly && action_info(action)->writes) {
        *why_not = "the workbench was started with --readonly";
        return false;
    }
    if (action == ACTION_START_RUN)
        return can_start(app, why_not);
    if (action == ACTION_CANCEL_RUN)
        return can_cancel(app, why_not);
    if (action == ACTION_PAUSE_RUN || action == ACTION_SKIP_RUNG || action == ACTION_STOP_CLIMB)
        return app_can_steer(app, action, why_not);
    if (action == ACTION_RESUME_RUN)
        return app_can_resume(app, why_not);
    if (action == ACTION_EXPORT && screen->ops->table)
        return app_can_export(app, why_not);
    bool holds_back = screen->ops->holds_back && screen->ops->holds_back(screen);
    if (action == ACTION_BACK && app->depth == 0 && !holds_back) {
        *why_not = "this is a main screen: q leaves the workbench";
        return false;
    }
    return !screen->ops->can || screen->ops->can(screen, action, why_not);
}

/* ---- actions --------------------------------------------------------------------------------- */

static void start_run(App *app)
{
    app_commit_edits(app);
    if (run_view_active(&app->run)) {
        app_queue(app, JOB_RUN, 0);
        return;
    }
    RunView starting = run_view_starting(&app->settings.run, app->now_ms);
    if (app->ports.start_run(app->ports.host) != OK) {
        run_view_free(&starting);
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    run_view_free(&app->run);
    app->run = starting;
    app->run_is_ours = true;
    if (app->root != ROOT_LADDER && app->root != ROOT_LOG &&
        app->root != ROOT_HARDWARE) /* those show it, too */
        show_root(app, ROOT_RUN);
    app_tell(app, SCREEN_RUN_CHANGED);
}

static void ask(App *app, const DialogText *text, Question question)
{
    dialog_open(&app->dialog, text, (int)question);
    app->ports.forget_keys(app->ports.host);
}

static void ask_cancel(App *app)
{
    ask(app,
        &(DialogText){"Cancel the run?",
                      "Finished stages stay in the history; the running one is lost.",
                      {{'n', "keep it running"}, {'y', "cancel it"}},
                      2},
        ASK_CANCEL_RUN);
}

static void ask_quit(App *app)
{
    if (!run_view_active(&app->run)) {
        app->quit = true;
        return;
    }
    ask(app,
        &(DialogText){"A run is going on",
                      "If you leave, it goes on in the background, and the workbench shows it when "
                      "you come back.",
                      {{'s', "stay"}, {'l', "leave"}, {'x', "cancel it, leave"}},
                      app->settings.readonly ? 2 : 3},
        ASK_QUIT);
}

static void cancel_run(App *app)
{
    if (app->ports.cancel_run(app->ports.host, app->run.id) == OK)
        app_message(app, MESSAGE_INFO, "cancelling the run ...");
    else
        app_message(app, MESSAGE_ERROR, "%s", error_message());
}

/* Tells who records. */
static void acted(const App *app, const char *word, const char *rest)
{
    char step[PROMPT_BYTES + 64];
    snprintf(step, sizeof step, "%s%s%s", word, *rest ? " " : "", rest);
    if (app->ports.acted)
        app->ports.acted(app->ports.host, step);
}

static void take_answer(App *app, int choice)
{
    acted(app, "answer", app->dialog.choices[choice].label);
    if (app->dialog.purpose == ASK_CANCEL_RUN && choice == 1)
        cancel_run(app);
    if (app->dialog.purpose == ASK_QUIT && choice == 2)
        cancel_run(app);
    if (app->dialog.purpose == ASK_QUIT && choice > 0)
        app_leave(app);
}

bool app_answer(App *app, const char *label)
{
    for (int i = 0; i < app->dialog.count; i++)
        if (strcmp(app->dialog.choices[i].label, label) == 0) {
            app->dialog.open = false;
            app->dirty = true;
            take_answer(app, i);
            return true;
        }
    return false;
}

unsigned app_scopes(const App *app)
{
    return SCOPE_APP | app_screen(app)->ops->scopes;
}

static void search(App *app)
{
    Screen *screen = app_screen(app);
    if (!*app->argument)
        prompt_open(&app->prompt, '/', 0);
    else if (screen->ops->search && !screen->ops->search(screen, app->argument))
        app_message(app, MESSAGE_WARNING, "nothing here contains \"%s\"", app->argument);
}

bool app_clear_filter(App *app)
{
    Screen *screen = app_screen(app);
    if (!(screen->ops->scopes & SCOPE_HISTORY) || !screen->ops->filter)
        return false;
    acted(app, "clear-filter", "");
    screen->ops->filter(screen, "");
    app->dirty = true;
    return true;
}

static void filter(App *app)
{
    Screen *screen = app_screen(app);
    if (*app->argument)
        screen->ops->filter(screen, app->argument);
    else
        prompt_open(&app->prompt, '\\', 0);
}

static void ask_command(App *app)
{
    prompt_open(&app->prompt, ':', app_scopes(app));
}

static void show_help(App *app)
{
    app_push(app, screen_help_new(app, app_screen(app)));
}

static void close_screen(App *app)
{
    if (app->depth > 0)
        app_pop(app);
    else
        ask_quit(app);
}

static void next_pane(App *app)
{
    app->pane = (app->pane + 1) % PANE_CHOICES;
}

static void zoom(App *app)
{
    app->zoomed = !app->zoomed;
}

static void show_last(App *app)
{
    show_root(app, app->last_root);
}

static void repaint(App *app)
{
    app->ports.repaint(app->ports.host);
}

static void suspend(App *app)
{
    app->ports.suspend(app->ports.host);
}

/* What the app itself obeys; the screen that is shown is asked first. */
static void (*const OBEY[ACTIONS])(App *app) = {
    [ACTION_START_RUN] = start_run,
    [ACTION_CANCEL_RUN] = ask_cancel,
    [ACTION_BACK] = app_pop,
    [ACTION_RESUME_RUN] = app_resume_run,
    [ACTION_PAUSE_RUN] = app_pause_run,
    [ACTION_SKIP_RUNG] = app_skip_rung,
    [ACTION_STOP_CLIMB] = app_stop_climb,
    [ACTION_SEARCH] = search,
    [ACTION_FILTER] = filter,
    [ACTION_LAST_SCREEN] = show_last,
    [ACTION_ZOOM] = zoom,
    [ACTION_THEME] = app_set_theme,
    [ACTION_MOUSE] = app_toggle_mouse,
    [ACTION_SAVE_SETTINGS] = app_save_settings,
    [ACTION_SNAPSHOT] = app_write_snapshot,
    [ACTION_EXPORT] = app_export,
    [ACTION_COMMAND] = ask_command,
    [ACTION_HELP] = show_help,
    [ACTION_REPAINT] = repaint,
    [ACTION_SUSPEND] = suspend,
    [ACTION_CLOSE] = close_screen,
    [ACTION_PANE] = next_pane,
    [ACTION_FOCUS] = panes_switch,
    [ACTION_FOCUS_BACK] = panes_switch,
    [ACTION_QUIT] = ask_quit,
};

static void ask_argument(App *app, ActionId action)
{
    char text[PROMPT_BYTES], known[SCREEN_PREFILL_BYTES] = "";
    const Screen *screen = app_screen(app);
    if (action == ACTION_EXPORT && screen->ops->table)
        app_export_name(app, known);
    else if (screen->ops->prefill)
        screen->ops->prefill(screen, action, known);
    snprintf(text, sizeof text, "%s %s", action_info(action)->name, known);
    prompt_open_with(&app->prompt, ':', app_scopes(app), text);
}

void app_act(App *app, ActionId action)
{
    const char *why_not = "";
    Screen *screen = app_screen(app);
    if (action == ACTION_NONE)
        return;
    app->dirty = true;
    if (!app_can(app, action, &why_not)) {
        if (*why_not)
            app_message(app, MESSAGE_WARNING, "%s", why_not);
        return;
    }
    bool prompts = action == ACTION_SEARCH || action == ACTION_FILTER;
    if (action_info(action)->argument && !prompts && !*app->argument) {
        ask_argument(app, action);
        return;
    }
    if (action != ACTION_COMMAND && (!prompts || *app->argument))
        acted(app, action_info(action)->name, app->argument);
    if (screen->ops->action(screen, action))
        return;
    if (OBEY[action])
        OBEY[action](app);
    for (int i = 0; i < ROOTS; i++)
        if (ROOT_SCREENS[i].action == action)
            show_root(app, (Root)i);
}

/* ---- keys ------------------------------------------------------------------------------------ */

void app_act_with(App *app, ActionId action, const char *argument)
{
    snprintf(app->argument, sizeof app->argument, "%s", argument);
    app_act(app, action);
    app->argument[0] = '\0';
}

/* Every key of a filter takes effect at once; leaving the prompt takes it away. */
static void type_filter(App *app, PromptState state)
{
    Screen *screen = app_screen(app);
    if (state == PROMPT_LEFT || (state == PROMPT_ENTERED && !*app->prompt.text))
        app_clear_filter(app);
    else
        screen->ops->filter(screen, app->prompt.text);
}

static void take_prompt(App *app)
{
    const char *text = app->prompt.text;
    if (app->prompt.sign == '\\') {
        if (*text)
            app_act_with(app, ACTION_FILTER, text);
        return;
    }
    if (app->prompt.sign == '/') {
        if (*text)
            app_act_with(app, ACTION_SEARCH, text);
        return;
    }
    char name[PROMPT_BYTES];
    size_t length = strcspn(text, " ");
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    ActionId action = action_of_name(name, app_scopes(app));
    const char *rest = text + length + strspn(text + length, " ");
    if (action == ACTION_NONE && *text)
        app_message(app, MESSAGE_WARNING, "no action is called \"%s\"; ? lists them", name);
    else if (*rest && !action_info(action)->argument)
        app_message(app, MESSAGE_WARNING, "%s takes no more words", action_info(action)->name);
    else
        app_act_with(app, action, rest);
}

static void key_on_screen(App *app, int key)
{
    char name[KEY_NAME_BYTES];
    ActionId action = action_of_key(key, app_scopes(app));
    if (action != ACTION_NONE)
        app_act(app, action);
    else if (key != KEY_UNNAMED)
        app_message(app, MESSAGE_INFO, "%s does nothing here; ? shows the keys",
                    key_label(key, name));
}

bool app_shows_size(const App *app)
{
    bool small = app->rows < APP_MIN_ROWS || app->columns < APP_MIN_COLUMNS;
    return small && !app->draw_anyway;
}

void app_key(App *app, int key)
{
    app->dirty = true;
    if (app->note.open) {
        note_key(&app->note, key);
        return;
    }
    if (app_shows_size(app) && key == 'i') {
        app->draw_anyway = true;
        acted(app, "ignore-size", "");
        return;
    }
    messages_acknowledge(&app->messages);
    if (app->dialog.open) {
        int choice = dialog_key(&app->dialog, key);
        if (choice != DIALOG_NO_ANSWER)
            take_answer(app, choice);
    } else if (app->prompt.open) {
        PromptState state = prompt_key(&app->prompt, key);
        if (app->prompt.sign == '\\')
            type_filter(app, state);
        if (state == PROMPT_ENTERED)
            take_prompt(app);
    } else {
        key_on_screen(app, key);
    }
}

void app_resized(App *app, int rows, int columns)
{
    char size[32];
    snprintf(size, sizeof size, "%dx%d", columns, rows);
    if (rows != app->rows || columns != app->columns)
        acted(app, "size", size);
    app->rows = rows;
    app->columns = columns;
    app->dirty = true;
}
