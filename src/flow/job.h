/* job.h: a job of the queue (db/queue.h), done by this process.
 *
 *     TRY(queue_next(store, &id));
 *     if (id > 0)
 *         status = flow_job(store, id, &events, &report);
 */
#ifndef FLOW_JOB_H
#define FLOW_JOB_H

#include "db/queue.h"
#include "flow/run.h"

/* Claims the job and does it, with the events and the report of a run; NULL when none was begun.
 * The end is told once: only here it is known whether a run was reproduced. What never became a run
 * stays in the queue, with the reason. */
Status flow_job(Store *store, int64_t id, const RunEvents *events, json_t **report) MUST_CHECK;

#endif
