#include "flow/job.h"

#include <stdlib.h>
#include <string.h>

#include "flow/reproduce.h"
#include "flow/resume.h"

static void keep_silent(void *context, Status status, const char *message, const json_t *report)
{
    (void)context;
    (void)status;
    (void)message;
    (void)report;
}

static Status job_run(const JobRecord *job, const char *database, const RunEvents *events,
                      json_t **report)
{
    Arena *arena = arena_new();
    RunOptions options = run_options_default();
    json_t *json = json_loads(job->options, 0, NULL);
    Status status =
        json ? run_options_from_json(json, arena, &options)
             : error_set(ERR_REFUSED, "job %lld: its options are not JSON", (long long)job->id);
    options.database = database;
    if (status == OK)
        status = flow_run(&options, events, report);
    json_decref(json);
    arena_free(arena);
    return status;
}

static Status job_resume(const JobRecord *job, const char *database, const RunEvents *events,
                         json_t **report)
{
    return flow_resume(database, job->run, events, report);
}

static Status job_reproduce(const JobRecord *job, const char *database, const RunEvents *events,
                            json_t **report)
{
    return flow_reproduce(database, job->run, events, report);
}

/* The end is told once, here: only here it is known whether a run was reproduced. What never became
 * a run stays in the queue, with the reason. */
static Status do_claimed(Store *store, const JobRecord *job, const RunEvents *events,
                         json_t **report)
{
    static Status (*const KINDS[JOB_KINDS])(const JobRecord *job, const char *database,
                                            const RunEvents *events, json_t **report) = {
        [JOB_RUN] = job_run, [JOB_RESUME] = job_resume, [JOB_REPRODUCE] = job_reproduce};
    RunEvents quiet = *events;
    quiet.finished = keep_silent;
    Status status = KINDS[job->kind](job, store_path(store), &quiet, report);
    char *message = strdup(status == OK ? "" : error_message());
    const char *why = message ? message : "out of memory";
    Status failed = status == OK ? OK : queue_fail(store, job->id, why);
    if (events->finished)
        events->finished(events->context, status, why, *report);
    if (failed == OK && status != OK)
        failed = error_set(status, "%s", why); /* what was done since has an error of its own */
    free(message);
    return failed;
}

Status flow_job(Store *store, int64_t id, const RunEvents *events, json_t **report)
{
    Arena *arena = arena_new();
    JobRecord job = {0};
    *report = NULL;
    Status status = queue_claim(store, id, arena, &job);
    if (status == OK)
        status = do_claimed(store, &job, events, report);
    else if (events->finished)
        events->finished(events->context, status, error_message(), NULL);
    arena_free(arena);
    return status;
}
