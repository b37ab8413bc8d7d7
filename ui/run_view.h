/* run_view.h: one run as the run screen shows it, whoever works on it.
 *
 * It is filled from two sides that agree: the rows of the history (run_view_of_record) and the
 * events of an engine (run_view_event), which come sooner. So a run started here, one started in
 * another workbench, and one of last year are the same thing on the screen.
 */
#ifndef UI_RUN_VIEW_H
#define UI_RUN_VIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "db/store.h"
#include "flow/protocol.h"

enum {
    RUN_TEXT_BYTES = 256,
    RUN_MESSAGE_BYTES = 2048,
    RUN_DETAIL_BYTES = 96,
    RUN_PATH_BYTES = 4096
};

typedef enum StageMark {
    MARK_WAITING,
    MARK_RUNNING,
    MARK_DONE,
    MARK_UNMET,
    MARK_FAILED,
    MARK_CANCELLED,
    MARK_INTERRUPTED,
    STAGE_MARKS
} StageMark;

const char *stage_mark_word(StageMark mark); /* "done" */

typedef struct StageView {
    StageMark mark;
    double fraction; /* 0..1 while it runs */
    char detail[RUN_DETAIL_BYTES];
    int64_t started_ms; /* UTC; 0: not started */
    double seconds;     /* NAN: not finished */
    double expected_s;  /* of the whole stage, as its progress tells; 0: not yet */
    bool steady;        /* and told much the same before */
} StageView;

typedef struct RunView {
    bool known; /* false: there is no run to show */
    int64_t id; /* 0: the engine has not made its row yet, or refused the input */
    RunStatus status;
    int64_t created_ms, finished_ms;
    char model[RUN_TEXT_BYTES];
    char folder[RUN_PATH_BYTES];     /* of its files; "": none yet */
    bool paused;                     /* it was asked to wait */
    char message[RUN_MESSAGE_BYTES]; /* "" when nothing went wrong */
    StageView stages[STAGES];
    RunStage last_stage;              /* the run goes as far as this one */
    double target_accuracy, max_drop; /* that it was started with; NAN: none */
    json_t *report; /* owned; grows as stages end, and is the whole report at last */
} RunView;

RunView run_view_none(void);

/* A run that was asked for just now. */
RunView run_view_starting(const RunOptions *options, int64_t now_ms);

RunView run_view_of_record(const RunRecord *record, const StageRecord *stages, int count);

/* Folds an event of the run's own engine in. */
void run_view_event(RunView *view, const Event *event, int64_t now_ms);

void run_view_free(RunView *view);

bool run_view_active(const RunView *view);

/* The stage that is at work, or that was the last one. */
RunStage run_view_stage(const RunView *view);

/* Seconds that the stage at work will still take; NAN where that is not known, or was told
 * otherwise a moment ago. */
double run_view_left(const RunView *view, int64_t now_ms);

/* Seconds that a stage, or the run, took so far; NAN when it has not begun. */
double run_view_stage_seconds(const RunView *view, RunStage stage, int64_t now_ms);
double run_view_seconds(const RunView *view, int64_t now_ms);

#endif
