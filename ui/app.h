/* app.h: the state of the workbench, and how keys and events change it.
 *
 * The app owns the models that screens draw (model, current run, history, messages), the stack of
 * screens, the dialog and the prompt. It reaches the outside (engine, database, terminal) through
 * AppPorts only, so tests drive it with keys and look at cells, without a terminal, an engine or a
 * clock.
 *
 *     App *app = app_new(&settings, &ports);
 *     app_key(app, 'j');
 *     app_draw(app, canvas);
 *     app_free(app);
 *
 * Drawing happens when app->dirty is set; who draws clears it.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include "ui/dialog.h"
#include "ui/history.h"
#include "ui/messages.h"
#include "ui/model_view.h"
#include "ui/prompt.h"
#include "ui/run_view.h"
#include "ui/screen.h"

typedef enum Root { ROOT_MODEL, ROOT_RUN, ROOT_HISTORY, ROOT_MESSAGES, ROOTS } Root;

enum { APP_MAX_DEPTH = 6, APP_MIN_ROWS = 17, APP_MIN_COLUMNS = 60 };

/* What the app asks of the world. A Status that is not OK becomes an error message. */
typedef struct AppPorts {
    Status (*start_run)(void *host);
    Status (*cancel_run)(void *host, int64_t run); /* 0: the one that is being started */
    Status (*load_run)(void *host, int64_t run, RunView *view);
    void (*forget_keys)(void *host); /* keys that were typed ahead are dropped */
    void (*repaint)(void *host);
    void (*suspend)(void *host);
    void *host;
} AppPorts;

typedef struct AppSettings {
    RunOptions run; /* what `r` starts; model NULL: nothing can be started */
    bool readonly;
    bool ascii;
} AppSettings;

struct App {
    AppSettings settings;
    AppPorts ports;
    int64_t now_ms; /* UTC; set by the host before each call */
    ModelView model;
    RunView run;      /* the current run */
    bool run_is_ours; /* its engine talks to us: the history is not needed to follow it */
    History history;
    Messages messages;
    Dialog dialog;
    Prompt prompt;
    Screen *roots[ROOTS];
    Root root;
    Screen *stack[APP_MAX_DEPTH]; /* screens above the root */
    int depth;
    int rows, columns; /* of the terminal; set by app_resized() before anything else */
    bool draw_anyway;  /* on a terminal that is too small */
    bool dirty;
    bool quit;
};

App *app_new(const AppSettings *settings, const AppPorts *ports);
void app_free(App *app);

/* ---- what happened --------------------------------------------------------------------------- */

void app_key(App *app, int key);
void app_model_loaded(App *app, ModelView view); /* takes the view */
void app_engine_event(App *app, const Event *event);
void app_engine_gone(App *app, const char *message);
void app_history_changed(App *app);
void app_resized(App *app, int rows, int columns);
/* A timer: redraws what changes with time alone. */
void app_tick(App *app);

/* ---- for screens ----------------------------------------------------------------------------- */

Screen *app_screen(const App *app); /* the one that is shown */
void app_push(App *app, Screen *screen);
void app_message(App *app, MessageLevel level, const char *format, ...) PRINTF_LIKE(3, 4);
/* False, with the reason, when an action is not possible now on the screen that is shown. */
bool app_can(const App *app, ActionId action, const char **why_not);
void app_act(App *app, ActionId action);

/* The terminal is too small, and its size is all that is shown. */
bool app_shows_size(const App *app);

/* Draws everything on a canvas of any size. */
void app_draw(App *app, Canvas *canvas);

/* True while something changes by itself: a run, or a message that will go. */
bool app_needs_ticks(const App *app);

#endif
