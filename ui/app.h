/* app.h: the state of the workbench, and how keys and events change it.
 *
 * The app owns the models that screens draw (model, current run, history, messages), the stack of
 * screens, the dialog and the prompt. It reaches the outside (engine, database, terminal) through
 * AppPorts only, so tests drive it with keys and look at cells, without a terminal, an engine or a
 * clock.
 *
 *     App *app = app_new(&settings, &ports, store);
 *     app_key(app, 'j');
 *     app_draw(app, canvas);
 *     app_free(app);
 *
 * Drawing happens when app->dirty is set; who draws clears it, and app->at_once.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include "db/queue.h"
#include "flow/folding.h"
#include "flow/tuning.h"
#include "ui/dialog.h"
#include "ui/history.h"
#include "ui/messages.h"
#include "ui/model_view.h"
#include "ui/note.h"
#include "ui/prompt.h"
#include "ui/run_view.h"
#include "ui/screen.h"
#include "ui/table.h"

typedef enum Root {
    ROOT_MODEL,
    ROOT_CALIBRATE,
    ROOT_RUN,
    ROOT_LADDER,
    ROOT_HARDWARE,
    ROOT_SYNTHESIS,
    ROOT_HISTORY,
    ROOT_MESSAGES,
    ROOT_LOG,
    ROOT_TOOLS,
    ROOTS /* the main screens, in the order of their keys */
} Root;

enum { APP_MAX_DEPTH = 6, APP_MIN_ROWS = 17, APP_MIN_COLUMNS = 60 };

/* Which panes of a screen with two are drawn. */
typedef enum PaneChoice { PANES_BOTH, PANE_FIRST, PANE_SECOND, PANE_CHOICES } PaneChoice;

/* Something that takes longer than a frame, done beside the event loop. */
typedef struct Work {
    void (*run)(void *task);            /* in another thread: touches nothing but the task */
    void (*done)(App *app, void *task); /* in ours, later; the task is its to free */
    void *task;
} Work;

/* What the app asks of the world. A Status that is not OK becomes an error message. */
typedef struct AppPorts {
    Status (*start_run)(void *host);
    Status (*resume_run)(void *host, int64_t run);
    /* Puts a run of app->settings.run (`run` 0), or one of the history, into the queue. */
    Status (*queue_run)(void *host, JobKind kind, int64_t run);
    Status (*begin_next)(void *host);              /* what waits begins, when it can */
    Status (*cancel_run)(void *host, int64_t run); /* 0: the one that is being started */
    Status (*load_run)(void *host, int64_t run, RunView *view);
    Status (*steer_run)(void *host, SteerWish wish); /* app->run, whoever started it */
    Status (*observe)(void *host);       /* app_observation_event() tells what comes of it */
    Status (*save_edits)(void *host);    /* app->tuning has new choices */
    Status (*look_at_tools)(void *host); /* app_tools_known() tells what comes of it */
    Status (*show_wave)(void *host, const char *file); /* app_viewer_closed() tells the end */
    /* flow/tap.h; app_tap_event() and app_tap_gone() tell what comes of it */
    Status (*tap)(void *host, int64_t run, int64_t image);
    void (*forget_keys)(void *host); /* keys that were typed ahead are dropped */
    void (*repaint)(void *host);
    void (*set_theme)(void *host, Theme theme);
    void (*set_mouse)(void *host, bool on);
    Status (*save_settings)(void *host); /* theme and mouse, as app->settings has them */
    void (*suspend)(void *host);
    Status (*begin_work)(void *host, const Work *work);  /* app_work_done() tells its end */
    void (*set_size)(void *host, int rows, int columns); /* a walk without a terminal wants it */
    /* Each message, for a log. NULL: there is none. */
    void (*said)(void *host, MessageLevel level, const char *text);
    /* Each thing that the user did, as a step of a walk (script.h). NULL: nobody records. */
    void (*acted)(void *host, const char *step);
    void *host;
} AppPorts;

typedef struct AppSettings {
    RunOptions run; /* what `r` starts; model NULL: nothing can be started */
    bool readonly;
    bool ascii;
    bool mouse;
    Theme theme;
    TableChoice history;   /* columns and order of the history */
    const char *no_viewer; /* why waveforms cannot be shown here; NULL: they can */
} AppSettings;

/* Looking at the tensors of the model, as a job of an engine. */
typedef enum ObservationState {
    OBSERVATION_NONE,
    OBSERVATION_GOING_ON,
    OBSERVATION_DONE,
    OBSERVATION_FAILED
} ObservationState;

typedef struct Observing {
    ObservationState state;
    double fraction;
    char message[MESSAGE_BYTES]; /* why it failed */
} Observing;

/* An image of a run's design that is simulated again, as a job of an engine. */
typedef struct Tapping {
    bool going_on;
    int64_t run, image; /* TAP_FIRST: the one that the proof named */
} Tapping;

struct App {
    AppSettings settings;
    AppPorts ports;
    int64_t now_ms; /* UTC; set by the host before each call */
    ModelView model;
    Tuning *tuning; /* owned; NULL: no model, or one that cannot be quantized */
    Observing observing;
    Tapping tapping;
    RunView run;      /* the current run */
    bool run_is_ours; /* its engine talks to us: the history is not needed to follow it */
    Arena *choices;   /* of what was chosen for the next run, where settings.run points to it */
    json_t *tools;    /* owned: the report of flow_doctor(); NULL: not looked yet */
    History history;
    Messages messages;
    Dialog dialog;
    Prompt prompt;
    Note note;
    Screen *roots[ROOTS];
    Root root, last_root;
    Screen *stack[APP_MAX_DEPTH]; /* screens above the root */
    int depth;
    int rows, columns;     /* of the terminal; set by app_resized() before anything else */
    int working;           /* pieces of work under way */
    int64_t busy_since_ms; /* app_busy() since then; 0: it is not */
    bool looking_at_tools;
    PaneChoice pane;
    int focus; /* of two panes: 0 or 1; ask panes_focus() */
    bool zoomed;                 /* the screen alone is drawn */
    bool viewing;                /* a window with waveforms is open */
    bool draw_anyway;            /* on a terminal that is too small */
    char argument[PROMPT_BYTES]; /* of the action that is being obeyed; "" */
    bool dirty;
    bool at_once; /* what changed is to be seen whole in the next frame */
    bool leaving; /* quits when the run has a row in the history, where the next one finds it */
    bool quit;
};

/* The action that shows a main screen. */
ActionId app_root_action(Root root);
/* Its name, or a few letters of it. */
const char *app_root_name(const App *app, Root root, bool brief);

/* `store`: the history, borrowed; NULL: there is none. */
App *app_new(const AppSettings *settings, const AppPorts *ports, Store *store);
void app_free(App *app);

/* ---- what happened --------------------------------------------------------------------------- */

void app_key(App *app, int key);
/* On a cell of what was drawn last. */
void app_click(App *app, const Canvas *shown, int row, int column);
void app_model_loaded(App *app, ModelView view); /* takes the view */
/* The choices for the model can be edited now; takes the tuning. `restored` edits are in it. */
void app_tuning_opened(App *app, Tuning *tuning, int restored);
/* From the engine that observes; the last one is its report. */
void app_observation_event(App *app, const Event *event);
void app_observation_gone(App *app, const char *message);
void app_work_done(App *app, const Work *work);
/* From the engine that simulates an image again; the last one is its report. */
void app_tap_event(App *app, const Event *event);
void app_tap_gone(App *app, const char *message);
/* The report of flow_doctor(); borrowed. */
void app_tools_known(App *app, const json_t *report);
/* The window with waveforms; why it failed, or "". */
void app_viewer_closed(App *app, const char *message);
void app_engine_event(App *app, const Event *event);
void app_engine_gone(App *app, const char *message);
void app_history_changed(App *app);
void app_resized(App *app, int rows, int columns);
/* A timer: redraws what changes with time alone. */
void app_tick(App *app);

/* ---- for screens ----------------------------------------------------------------------------- */

Screen *app_screen(const App *app); /* the one that is shown */
/* Drops the filter of the screen that is shown; false: it has none. */
bool app_clear_filter(App *app);
void app_push(App *app, Screen *screen);
void app_message(App *app, MessageLevel level, const char *format, ...) PRINTF_LIKE(3, 4);
/* False, with the reason, when an action is not possible now on the screen that is shown. */
bool app_can(const App *app, ActionId action, const char **why_not);
void app_act(App *app, ActionId action);
/* What can be done on the screen that is shown. */
unsigned app_scopes(const App *app);
/* Gives the open question the choice of those words; false: it has none. */
bool app_answer(App *app, const char *label);
/* Something is being looked at that the screens wait for: a model, its tensors, programs. */
bool app_busy(const App *app);
/* The same with what the action takes (ActionInfo.argument). */
void app_act_with(App *app, ActionId action, const char *argument);

/* False, with a message, when it cannot begin: then the task is still the caller's. */
bool app_work(App *app, const Work *work);

/* Looks at the tensors, unless that was done or goes on; `again`: in any case. */
void app_observe(App *app, bool again);
/* Looks for programs, unless that was done; `again`: in any case. */
void app_look_at_tools(App *app, bool again);
/* Simulates an image of the run's design again, as it is in its folder; screens get SCREEN_TAPPED. */
bool app_can_tap(const App *app, const char **why_not);
void app_tap(App *app, int64_t image);
void app_tap_typed(App *app); /* the one in app->argument */
/* Waveforms of the first difference of the run. */
bool app_can_show_wave(const App *app, const char **why_not);
void app_show_wave(App *app);
/* Makes the draft of the tuning one step, and saves it. */
void app_commit_edits(App *app);
/* The next runs fold that layer so. */
void app_choose_fold(App *app, const char *layer, int pe, int simd);
/* Screens learn that the tuning changed. */
void app_tuning_changed(App *app);
void app_pop(App *app);

/* Makes another run the one that Run, Ladder, Hardware, Synthesis and Log are about. */
void app_show_run(App *app, int64_t run);
/* Tells every screen. */
void app_tell(App *app, ScreenEvent event);

/* ---- what actions ask of the engine of a run (app_jobs.c) ------------------------------------ */

bool app_can_steer(const App *app, ActionId action, const char **why_not);
bool app_can_resume(const App *app, const char **why_not);
void app_resume_run(App *app);
void app_queue(App *app, JobKind kind, int64_t run);
void app_begin_next(App *app);
/* Quits; when a run of ours is about to begin, as soon as it has. */
void app_leave(App *app);
/* A job of the queue begins, with the model of these options; `run`: to be resumed, or 0. */
void app_job_begins(App *app, const RunOptions *options, int64_t run);
/* It does so elsewhere. What runs there is shown as soon as our engine is gone. */
void app_job_lost(App *app);
void app_pause_run(App *app);
void app_skip_rung(App *app);
void app_stop_climb(App *app);
/* What the terminal is asked for; the first and the last take app->argument. */
void app_set_theme(App *app);
void app_toggle_mouse(App *app);
void app_save_settings(App *app);
TableChoice app_history_choice(const App *app); /* columns and order, as they are now */
void app_write_snapshot(App *app);

/* ---- the table that is shown, as a file (app_export.c) --------------------------------------- */

bool app_can_export(const App *app, const char **why_not);
/* A name that no file has yet. */
void app_export_name(const App *app, char text[SCREEN_PREFILL_BYTES]);
void app_export(App *app); /* to app->argument */

/* The terminal is too small, and its size is all that is shown. */
bool app_shows_size(const App *app);

/* Draws everything on a canvas of any size. */
void app_draw(App *app, Canvas *canvas);

/* True while something changes by itself: a run, or a message that will go. */
bool app_needs_ticks(const App *app);

#endif
