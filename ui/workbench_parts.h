/* workbench_parts.h: what a workbench is made of. For the workbench_*.c and workbench.c alone. */
#ifndef UI_WORKBENCH_PARTS_H
#define UI_WORKBENCH_PARTS_H

#include <uv.h>

#include "base/paths.h"
#include "ui/history_watch.h"
#include "ui/jobs.h"
#include "ui/settings.h"
#include "ui/terminal.h"
#include "ui/viewer.h"
#include "ui/walk.h"

typedef enum SignalUse {
    ON_RESIZE,
    ON_STOP,
    ON_CONTINUE,
    ON_TERMINATE,
    ON_HANGUP,
    ON_INTERRUPT,
    SIGNAL_USES
} SignalUse;

typedef struct Workbench {
    uv_loop_t loop;
    uv_poll_t tty;
    uv_signal_t signals[SIGNAL_USES];
    uv_prepare_t before_sleep;
    uv_timer_t tick, frame;
    uv_work_t reading; /* the model */
    ModelView read;
    Tuning *tuned;                  /* read with it; NULL: cannot be quantized */
    int restored;                   /* edits of an earlier workbench in it */
    char unrestored[MESSAGE_BYTES]; /* why there are none; "" */
    Terminal *terminal;
    Canvas *canvas;
    App *app;
    Store *store;
    HistoryWatch watch;
    Jobs jobs;
    Viewer viewer;
    Arena *arena;
    Paths paths;
    Settings
        settings; /* of the configuration file and the command line; what leaving compares with */
    Walk walk;
    int killed_by; /* signal that ended the workbench; 0: none */
    bool is_reading;
    bool stopping;
    bool urgent; /* a key wants to see its effect */
    bool answer; /* tests wait for the effect of what came in */
    int sync;    /* file that says so; -1: no test */
    int ticks;
    uint64_t drawn_ms;
    Status status;
} Workbench;

/* The app, with the time that it is. */
App *workbench_app(Workbench *bench);

/* What the app asks of the world, done by this workbench. */
AppPorts workbench_ports(Workbench *bench);

/* What the user changed since the start, and nothing else, goes into the configuration file. */
void workbench_keep_settings(const Workbench *bench);

/* The terminal has another size, or is there again. */
void workbench_take_size(Workbench *bench);

/* Leaves the terminal to the shell, and comes back. */
void workbench_suspend(Workbench *bench);

#endif
