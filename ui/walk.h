/* walk.h: what --script, --record and the tour make of a workbench: the open script, the open
 * recorder, and how it ended. */
#ifndef UI_WALK_H
#define UI_WALK_H

#include "ui/recorder.h"
#include "ui/script.h"

enum {
    WALK_FAILURE_BYTES = 512,
    WALK_WAITING_BYTES = 96,
    WALK_ROWS = 24,
    WALK_COLUMNS = 80,
    WALK_PATIENCE_MS = 2000
};

typedef struct WalkOptions {
    const char *script; /* file; NULL: none */
    const char *record; /* file; NULL: none */
    const char *size;   /* "120x40": the script runs on a screen in memory; NULL: on the terminal */
    bool tour;
} WalkOptions;

typedef struct Walk {
    Script *script; /* NULL: none, or it came to its end */
    Recorder *recorder;
    bool unattended;                  /* the script runs without a terminal */
    int rows, columns;                /* then */
    char waiting[WALK_WAITING_BYTES]; /* what the unattended script waits for; "": nothing */
    int64_t waiting_since_ms;
    bool told;                        /* what it waits for */
    char failure[WALK_FAILURE_BYTES]; /* "": none */
} Walk;

/* A script without a terminal on standard input and output is unattended. ERR_USAGE: a size that is
 * none, or is for no script; else what reading and opening the files gives. */
Status walk_open(Walk *walk, const WalkOptions *options) MUST_CHECK;
Status walk_close(Walk *walk) MUST_CHECK;

/* One step. What an unattended script waits for longer than WALK_PATIENCE_MS is said on standard error,
 * once: there is no screen that shows it. A script that ended or failed is gone then; with `failure` in the latter case. */
ScriptState walk_advance(Walk *walk, App *app);

#endif
