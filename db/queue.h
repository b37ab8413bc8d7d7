/* queue.h: runs that wait for their turn, in the history's own file: so they survive whoever asked
 * for them, and every workbench sees the same queue.
 *
 * A job is in the queue or it is a run, never both and never neither: the engine that takes a job
 * claims it, and when its run gets (or gets back) its row, the job goes in the same transaction
 * (store_begin_run(), store_resume_run()). An engine that dies before that leaves a job that waits
 * again. What could not begin at all stays, with the reason.
 *
 *     TRY(queue_add(store, &(JobRecord){.kind = JOB_RUN, .options = json, .what = "cnn.h5"}, &id));
 *     TRY(queue_next(store, &id));                   // 0: nothing waits, or something goes on
 *     TRY(queue_claim(store, id, arena, &job));      // by the engine, once it is there
 */
#ifndef DB_QUEUE_H
#define DB_QUEUE_H

#include "db/store.h"

typedef enum JobKind { JOB_RUN, JOB_RESUME, JOB_REPRODUCE, JOB_KINDS } JobKind;

const char *job_kind_word(JobKind kind); /* "resume" */

typedef struct JobRecord {
    int64_t id;
    JobKind kind;
    int64_t run;         /* resume, reproduce */
    const char *options; /* run: JSON; "" otherwise */
    const char *what;    /* a line for people */
    int64_t queued_ms;   /* UTC */
    const char *message; /* why it could not begin; "": it waits */
    bool begins;         /* an engine that lives has it */
} JobRecord;

/* At the end of the queue; `id` may be NULL. Reads kind, run, options and what. */
Status queue_add(Store *store, const JobRecord *job, int64_t *id) MUST_CHECK;
/* In their order. */
Status queue_list(Store *store, Arena *arena, JobRecord **jobs, int *count) MUST_CHECK;
/* ERR_REFUSED: there is none of that number, or it begins already. */
Status queue_remove(Store *store, int64_t id) MUST_CHECK;
/* One place up (-1) or down (1); at the end of the queue nothing happens. */
Status queue_move(Store *store, int64_t id, int step) MUST_CHECK;
/* One that could not begin waits again. */
Status queue_retry(Store *store, int64_t id) MUST_CHECK;

/* The job whose turn it is; 0 when nothing waits, a run goes on, or another job begins. */
Status queue_next(Store *store, int64_t *id) MUST_CHECK;
/* The calling process takes the job; of several that ask at once, one gets it. ERR_REFUSED: it is
 * gone, or another's. */
Status queue_claim(Store *store, int64_t id, Arena *arena, JobRecord *job) MUST_CHECK;
/* It did not become a run: it stays with the reason, and no longer waits. Nothing happens when it
 * became one. */
Status queue_fail(Store *store, int64_t id, const char *message) MUST_CHECK;
/* It stays with such a reason. Not so what is gone, what waits, and what another engine took. */
bool queue_has_failed(Store *store, int64_t id);

#endif
