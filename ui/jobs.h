/* jobs.h: the engines behind the screens: one for a run, one that looks at tensors, one that looks
 * for programs, one that simulates an image again; and the files of choices that go with them.
 *
 * In the folder of the history: schemes/IDENTITY.scheme, the edits of a model that started from the
 * same options (tuning_identity()); schemes/HASH.scheme, what a run was started with, named by what
 * it says and never changed.
 */
#ifndef UI_JOBS_H
#define UI_JOBS_H

#include <uv.h>

#include "flow/engine_client.h"
#include "ui/app.h"

typedef struct Jobs {
    uv_loop_t *loop;
    App *app;
    const char *folder; /* of the history */
    /* The engine of the run is gone: the history may have rows to be swept. */
    void (*run_gone)(void *context);
    void *context;
    int64_t asked; /* job of the queue that the runner was asked for and told nothing of yet; or 0 */
    EngineClient *runner, *observer, *doctor, *tapper; /* NULL: none */
} Jobs;

/* With the choices of app->tuning, when they were edited. */
Status jobs_start_run(Jobs *jobs) MUST_CHECK;
Status jobs_resume_run(Jobs *jobs, int64_t run) MUST_CHECK;
/* Into the queue (db/queue.h). */
Status jobs_queue_run(Jobs *jobs, JobKind kind, int64_t run) MUST_CHECK;
/* Starts an engine for what is first in the queue, unless a run goes on somewhere. */
Status jobs_begin_next(Jobs *jobs) MUST_CHECK;
Status jobs_cancel_run(Jobs *jobs) MUST_CHECK;
Status jobs_steer_run(Jobs *jobs, SteerWish wish) MUST_CHECK;
Status jobs_observe(Jobs *jobs) MUST_CHECK;
Status jobs_tap(Jobs *jobs, int64_t run, int64_t image) MUST_CHECK;
Status jobs_look_at_tools(Jobs *jobs) MUST_CHECK;

/* app->tuning has new choices. */
Status jobs_save_edits(const Jobs *jobs) MUST_CHECK;
/* Takes the edits of an earlier workbench up; `count`: how many there were. From any thread. A file
 * that cannot be read is a failure, and no edits. */
Status jobs_restore_edits(const Jobs *jobs, Tuning *tuning, int *count) MUST_CHECK;

/* A run goes on by itself; the other engines are told to end. */
void jobs_close(Jobs *jobs);

#endif
