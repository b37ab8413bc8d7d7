/* screen.h: what every screen is.
 *
 * A screen draws a const model on an area, obeys actions, and says which of them are possible. It
 * knows nothing of the terminal, the event loop, the database or the engine: what it wants done it
 * asks of the app (app.h). To add one, write screen_NAME.c with a ScreenOps and a function that
 * makes it, and give it a row among the roots in app.c or let another screen push it.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/action.h"
#include "ui/canvas.h"

typedef struct App App;
typedef struct Screen Screen;
typedef struct Table Table;

typedef enum ScreenEvent {
    SCREEN_MODEL_CHANGED,
    SCREEN_RUN_CHANGED,     /* the current run: app->run */
    SCREEN_HISTORY_CHANGED, /* rows of the history */
    SCREEN_MESSAGES_CHANGED,
    SCREEN_TOOLS_CHANGED,
    SCREEN_TAPPED,        /* an image of the current run was simulated again: flow/differences.h */
    SCREEN_TUNING_CHANGED /* app->tuning: opened, observed, or edited by another screen */
} ScreenEvent;

enum { SCREEN_TEXT_BYTES = 96, SCREEN_PREFILL_BYTES = 192 };

typedef struct ScreenOps {
    const char *name;  /* crumb and tab: "Model" */
    unsigned scopes;   /* ActionScope: what it understands beside SCOPE_APP */
    unsigned unhinted; /* those of them without a place in the hint row */
    /* True while it tells the progress of app->run itself: then the status row does not. NULL:
     * never. */
    bool (*tells_progress)(const Screen *screen);
    /* Before each draw, with the area's size: scroll positions may be adjusted here. */
    void (*layout)(Screen *screen, int rows, int columns);
    void (*draw)(const Screen *screen, Area area);
    /* True when it was obeyed. */
    bool (*action)(Screen *screen, ActionId action);
    /* False, with the reason, when an action that it understands makes no sense now. May be NULL.
     */
    bool (*can)(const Screen *screen, ActionId action, const char **why_not);
    /* Esc has something to take away here, before it leads back. NULL: never. */
    bool (*holds_back)(const Screen *screen);
    /* What the prompt of an action's argument begins with. May be NULL. */
    void (*prefill)(const Screen *screen, ActionId action, char text[SCREEN_PREFILL_BYTES]);
    /* The text of the filter while it is typed; "" at last takes it away. NULL: no filter. */
    void (*filter)(Screen *screen, const char *text);
    /* The text to find, from the `/` prompt; false: not found. NULL without SCOPE_SEARCH. */
    bool (*search)(Screen *screen, const char *text);
    /* The table that is shown, to be written to a file; NULL: none is. NULL without SCOPE_TABLE. */
    const Table *(*table)(const Screen *screen);
    void (*event)(Screen *screen, ScreenEvent event); /* may be NULL */
    void (*shown)(Screen *screen);                    /* it comes to the front; may be NULL */
    /* "3 of 12"; and what is shown, for the crumbs. Either may be NULL. */
    void (*position)(const Screen *screen, char text[SCREEN_TEXT_BYTES]);
    void (*subject)(const Screen *screen, char text[SCREEN_TEXT_BYTES]);
    void (*close)(Screen *screen); /* frees it */
} ScreenOps;

/* Screens with state of their own have this as their first member. */
struct Screen {
    const ScreenOps *ops;
    App *app;
};

Screen *screen_model_new(App *app);
Screen *screen_calibrate_new(App *app);
Screen *screen_presets_new(App *app, const bool *marked); /* for marked rows of app->tuning */
Screen *screen_run_new(App *app);                         /* follows app->run */
Screen *screen_result_new(App *app, int64_t run);         /* one run of the history */
Screen *screen_history_new(App *app);
Screen *screen_ladder_new(App *app);
Screen *screen_hardware_new(App *app);
Screen *screen_synthesis_new(App *app);
Screen *screen_messages_new(App *app);
Screen *screen_log_new(App *app);
Screen *screen_tools_new(App *app);
Screen *screen_files_new(App *app, const char *folder); /* VHDL of a run */
Screen *screen_file_new(App *app, const char *path);    /* a text to read */
/* Where the hardware of a run differs, from flow/differences.h; NULL, and a message: nowhere. */
Screen *screen_difference_new(App *app, int64_t run, const char *folder);
Screen *screen_help_new(App *app, const Screen *about);

#endif
