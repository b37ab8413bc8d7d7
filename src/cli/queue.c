#include "cli/queue.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/job.h"

/* One call of a word. `number`: of the job, or of the run that becomes one. */
typedef struct QueueCall {
    Invocation *invocation;
    Store *store;
    int64_t number;
} QueueCall;

/* ---- looking --------------------------------------------------------------------------------- */

static const char *state_of(const JobRecord *job)
{
    if (job->begins)
        return "begins";
    return *job->message ? "could not begin" : "waits";
}

static json_t *job_to_json(const JobRecord *job)
{
    json_t *object = json_pack("{s:I s:s s:s s:s s:I s:s}", "job", (json_int_t)job->id, "kind",
                               job_kind_word(job->kind), "state", state_of(job), "what", job->what,
                               "queued_ms", (json_int_t)job->queued_ms, "message", job->message);
    json_object_set_new(object, "run", job->run ? json_integer(job->run) : json_null());
    return object;
}

static Status list_jobs(QueueCall *call)
{
    JobRecord *jobs = NULL;
    int count = 0;
    TRY(queue_list(call->store, call->invocation->arena, &jobs, &count));
    if (call->invocation->arguments.json) {
        json_t *list = json_array();
        for (int i = 0; i < count; i++)
            json_array_append_new(list, job_to_json(&jobs[i]));
        json_t *object = json_pack("{s:o}", "jobs", list);
        invocation_print_json(object);
        json_decref(object);
        return OK;
    }
    if (count == 0)
        printf("nothing waits\n");
    for (int i = 0; i < count; i++)
        printf("%6lld  %-9s  %-15s  %s%s%s\n", (long long)jobs[i].id, job_kind_word(jobs[i].kind),
               state_of(&jobs[i]), jobs[i].what, *jobs[i].message ? ": " : "", jobs[i].message);
    return OK;
}

/* ---- changing -------------------------------------------------------------------------------- */

static Status remove_job(QueueCall *call)
{
    return queue_remove(call->store, call->number);
}

static Status move_up(QueueCall *call)
{
    return queue_move(call->store, call->number, -1);
}

static Status move_down(QueueCall *call)
{
    return queue_move(call->store, call->number, 1);
}

static Status retry_job(QueueCall *call)
{
    return queue_retry(call->store, call->number);
}

static Status add_job(Invocation *invocation, Store *store, const JobRecord *job)
{
    int64_t id = 0;
    TRY(queue_add(store, job, &id));
    if (invocation->arguments.json) {
        json_t *object = json_pack("{s:I}", "job", (json_int_t)id);
        invocation_print_json(object);
        json_decref(object);
    } else if (!invocation->arguments.quiet) {
        printf("job %lld waits: 'dnn2fpga runs queue start', or an open workbench, begins it\n",
               (long long)id);
    }
    return OK;
}

static Status add_of_run(QueueCall *call, JobKind kind)
{
    RunRecord run;
    Arena *arena = call->invocation->arena;
    TRY(store_get(call->store, call->number, arena, &run));
    JobRecord job = {
        .kind = kind, .run = run.id, .what = arena_printf(arena, "run %lld", (long long)run.id)};
    return add_job(call->invocation, call->store, &job);
}

static Status add_resume(QueueCall *call)
{
    return add_of_run(call, JOB_RESUME);
}

static Status add_reproduce(QueueCall *call)
{
    return add_of_run(call, JOB_REPRODUCE);
}

/* Jobs are begun from other folders than this one. What is not there is told when the job
 * begins. */
static const char *from_anywhere(Arena *arena, const char *path)
{
    char resolved[PATH_MAX];
    return path && realpath(path, resolved) ? arena_strdup(arena, resolved) : path;
}

static Status add_run(Invocation *invocation, Store *store)
{
    Arena *arena = invocation->arena;
    RunOptions options = invocation->arguments.run;
    options.model = from_anywhere(arena, invocation->arguments.words[0]);
    options.data = from_anywhere(arena, options.data);
    options.scheme = from_anywhere(arena, options.scheme);
    json_t *json = run_options_to_json(&options);
    char *text = json_dumps(json, JSON_COMPACT);
    Status status =
        text ? add_job(invocation, store,
                       &(JobRecord){.kind = JOB_RUN, .options = text, .what = options.model})
             : error_set(ERR_ENVIRONMENT, "out of memory");
    free(text);
    json_decref(json);
    return status;
}

Status queue_add_run(Invocation *invocation)
{
    Store *store = NULL;
    TRY(run_options_check(&invocation->arguments.run));
    TRY(store_open(invocation->arguments.run.database, &store));
    Status status = add_run(invocation, store);
    store_close(store);
    return status;
}

/* ---- doing ----------------------------------------------------------------------------------- */

/* The report of a job that was begun; with --json it becomes a member of `reports`. */
static Status take_report(Invocation *invocation, Status status, json_t *report, json_t *reports)
{
    if (!invocation->arguments.json)
        return invocation_report(invocation, status, report, invocation_run_table);
    progress_line_clear(&invocation->progress);
    json_array_append_new(reports, report ? report
                                          : json_pack("{s:n s:s s:s}", "run", "status",
                                                      error_status_word(status), "message",
                                                      error_message()));
    return status;
}

static Status start_all(QueueCall *call, json_t *reports)
{
    Status worst = OK;
    int64_t id = 0;
    TRY(queue_next(call->store, &id));
    while (id > 0 && worst != ERR_CANCELLED) {
        json_t *report = NULL;
        Status status = flow_job(call->store, id, &call->invocation->events, &report);
        status = take_report(call->invocation, status, report, reports);
        worst = status > worst ? status : worst;
        TRY(queue_next(call->store, &id));
    }
    return worst;
}

/* What waits, one after the other; one that fails does not keep the others. The worst status of
 * all. */
static Status start_jobs(QueueCall *call)
{
    json_t *object = json_object(), *reports = json_array();
    json_object_set_new(object, "reports", reports);
    Status status = start_all(call, reports);
    if (call->invocation->arguments.json) {
        invocation_print_json(object);
        call->invocation->reported = true;
    }
    json_decref(object);
    return status;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static const struct QueueWord {
    const char *name;
    bool takes_number;
    bool replies; /* prints nothing itself: --json gets an object that says it is done */
    Status (*function)(QueueCall *call);
} WORDS[] = {
    {"list", false, false, list_jobs},
    {"remove", true, true, remove_job},
    {"up", true, true, move_up},
    {"down", true, true, move_down},
    {"retry", true, true, retry_job},
    {"resume", true, false, add_resume},
    {"reproduce", true, false, add_reproduce},
    {"start", false, false, start_jobs},
};

enum { WORD_COUNT = sizeof WORDS / sizeof *WORDS };

static Status find_word(const char *name, const struct QueueWord **word)
{
    for (int i = 0; i < WORD_COUNT; i++)
        if (strcmp(WORDS[i].name, name) == 0) {
            *word = &WORDS[i];
            return OK;
        }
    return error_set(ERR_USAGE,
                     "runs queue %s: one of list, remove JOB, up JOB, down JOB, retry JOB, resume "
                     "ID, reproduce ID, start",
                     name);
}

Status runs_queue(Invocation *invocation, Store *store)
{
    const Arguments *arguments = &invocation->arguments;
    QueueCall call = {.invocation = invocation, .store = store};
    const struct QueueWord *word = NULL;
    TRY(find_word(arguments->word_count > 1 ? arguments->words[1] : "list", &word));
    const char *number = arguments->word_count > 2 ? arguments->words[2] : NULL;
    if (word->takes_number != (number != NULL))
        return error_set(ERR_USAGE, "runs queue %s takes %s", word->name,
                         word->takes_number ? "one number" : "no number");
    if (number) {
        char *end;
        errno = 0;
        call.number = strtoll(number, &end, 10);
        if (end == number || *end || errno || call.number < 1)
            return error_set(ERR_USAGE, "'%s' is no number; 'dnn2fpga runs queue' shows them",
                             number);
    }
    TRY(word->function(&call));
    if (word->replies && arguments->json) {
        json_t *object = json_pack("{s:s s:s s:n s:I}", "status", error_status_word(OK), "done",
                                   word->name, "message", "job", (json_int_t)call.number);
        invocation_print_json(object);
        json_decref(object);
    }
    return OK;
}
