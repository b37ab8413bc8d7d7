#include "db/queue.h"

#include <string.h>

#include "base/clock.h"
#include "db/store_internal.h"

static const char *const KIND_WORDS[JOB_KINDS] = {
    [JOB_RUN] = "run", [JOB_RESUME] = "resume", [JOB_REPRODUCE] = "reproduce"};

static const char COLUMNS[] = "SELECT id, kind, run, options, what, queued_ms, message, owner_pid,"
                              " owner_start, owner_boot FROM job ";

const char *job_kind_word(JobKind kind)
{
    return KIND_WORDS[kind];
}

static Status none_of_that_number(int64_t id, const char *why)
{
    return error_set(ERR_REFUSED, "queue: job %lld %s", (long long)id, why);
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *take_text(sqlite3_stmt *row, int column, Arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return arena_strdup(arena, text ? text : "");
}

static JobRecord read_job(sqlite3_stmt *row, Arena *arena)
{
    JobRecord job = {.id = sqlite3_column_int64(row, 0)};
    const char *kind = take_text(row, 1, arena);
    while (job.kind + 1 < JOB_KINDS && strcmp(KIND_WORDS[job.kind], kind) != 0)
        job.kind++;
    job.run = sqlite3_column_int64(row, 2);
    job.options = take_text(row, 3, arena);
    job.what = take_text(row, 4, arena);
    job.queued_ms = sqlite3_column_int64(row, 5);
    job.message = take_text(row, 6, arena);
    Owner owner = {.pid = sqlite3_column_int64(row, 7), .start = sqlite3_column_int64(row, 8)};
    strncat(owner.boot, take_text(row, 9, arena), sizeof owner.boot - 1);
    job.begins = owner.pid != 0 && owner_alive(&owner);
    return job;
}

Status queue_list(Store *store, Arena *arena, JobRecord **jobs, int *count)
{
    Statement select = statement_new(store->database, "SELECT count(*) FROM job");
    int room = statement_next(&select) ? sqlite3_column_int(select.handle, 0) : 0;
    *count = 0;
    TRY(statement_done(&select));
    *jobs = ARENA_ARRAY(arena, JobRecord, room + 1);
    char sql[512];
    sqlite3_snprintf(sizeof sql, sql, "%sORDER BY position, id", COLUMNS);
    select = statement_new(store->database, sql);
    while (*count < room && statement_next(&select))
        (*jobs)[(*count)++] = read_job(select.handle, arena);
    return statement_done(&select);
}

/* `found` false: there is none of that number. */
static Status find_job(Store *store, int64_t id, Arena *arena, JobRecord *job)
{
    char sql[512];
    sqlite3_snprintf(sizeof sql, sql, "%sWHERE id = ?", COLUMNS);
    Statement select = statement_new(store->database, sql);
    bind_integer(&select, id);
    bool found = statement_next(&select);
    if (found)
        *job = read_job(select.handle, arena);
    TRY(statement_done(&select));
    return found ? OK : none_of_that_number(id, "is no more in it");
}

Status queue_next(Store *store, int64_t *id)
{
    Arena *arena = arena_new();
    JobRecord *jobs = NULL;
    int count = 0;
    *id = 0;
    Status status = store_sweep(store, NULL);
    if (status == OK)
        status = queue_list(store, arena, &jobs, &count);
    bool busy = database_integer(store->database,
                                 "SELECT count(*) FROM run WHERE status = 'running'", 1) > 0;
    for (int i = count - 1; status == OK && i >= 0 && !busy; i--) {
        busy = jobs[i].begins;
        if (!*jobs[i].message)
            *id = jobs[i].id; /* the last one that is seen is the first in the queue */
    }
    if (busy)
        *id = 0;
    arena_free(arena);
    return status;
}

/* ---- changing -------------------------------------------------------------------------------- */

Status queue_add(Store *store, const JobRecord *job, int64_t *id)
{
    Statement insert = statement_new(
        store->database, "INSERT INTO job (position, kind, run, options, what, queued_ms) VALUES"
                         " ((SELECT ifnull(max(position), 0) + 1 FROM job), ?, ?, ?, ?, ?)");
    bind_text(&insert, KIND_WORDS[job->kind]);
    bind_integer(&insert, job->run);
    bind_text(&insert, job->options ? job->options : "");
    bind_text(&insert, job->what);
    bind_integer(&insert, clock_utc_ms());
    TRY(statement_run(&insert));
    if (id)
        *id = sqlite3_last_insert_rowid(store->database->handle);
    return OK;
}

static Status run_on_job(Store *store, const char *sql, int64_t id)
{
    Statement statement = statement_new(store->database, sql);
    bind_integer(&statement, id);
    return statement_run(&statement);
}

static Status remove_waiting(Store *store, int64_t id)
{
    Arena *arena = arena_new();
    JobRecord job = {0};
    Status status = find_job(store, id, arena, &job);
    if (status == OK && job.begins)
        status = none_of_that_number(id, "begins already: cancel the run instead");
    if (status == OK)
        status = run_on_job(store, "DELETE FROM job WHERE id = ?", id);
    arena_free(arena);
    return status;
}

Status queue_remove(Store *store, int64_t id)
{
    TRY(database_begin(store->database));
    return database_end(store->database, remove_waiting(store, id));
}

static Status set_position(Store *store, int64_t id, int64_t position)
{
    Statement update = statement_new(store->database, "UPDATE job SET position = ? WHERE id = ?");
    bind_integer(&update, position);
    bind_integer(&update, id);
    return statement_run(&update);
}

/* Numbers all jobs anew, with two neighbours changed over. */
static Status change_over(Store *store, int64_t id, int step)
{
    Arena *arena = arena_new();
    JobRecord *jobs = NULL;
    int count = 0, at = -1;
    Status status = queue_list(store, arena, &jobs, &count);
    for (int i = 0; i < count; i++)
        if (jobs[i].id == id)
            at = i;
    if (status == OK && at < 0)
        status = none_of_that_number(id, "is no more in it");
    int other = at + step;
    if (status == OK && other >= 0 && other < count) {
        JobRecord moved = jobs[at];
        jobs[at] = jobs[other];
        jobs[other] = moved;
    }
    for (int i = 0; i < count && status == OK; i++)
        status = set_position(store, jobs[i].id, i + 1);
    arena_free(arena);
    return status;
}

Status queue_move(Store *store, int64_t id, int step)
{
    TRY(database_begin(store->database));
    return database_end(store->database, change_over(store, id, step));
}

Status queue_retry(Store *store, int64_t id)
{
    TRY(run_on_job(store, "UPDATE job SET message = '' WHERE id = ?", id));
    if (sqlite3_changes(store->database->handle) == 1)
        return OK;
    return none_of_that_number(id, "is no more in it");
}

static Status set_owner(Store *store, int64_t id)
{
    Owner owner = owner_self();
    Statement update = statement_new(store->database, "UPDATE job SET owner_pid = ?, owner_start ="
                                                      " ?, owner_boot = ? WHERE id = ?");
    bind_integer(&update, owner.pid);
    bind_integer(&update, owner.start);
    bind_text(&update, owner.boot);
    bind_integer(&update, id);
    return statement_run(&update);
}

static Status claim(Store *store, int64_t id, Arena *arena, JobRecord *job)
{
    TRY(find_job(store, id, arena, job));
    if (job->begins)
        return none_of_that_number(id, "begins already: another engine has it");
    if (*job->message)
        return none_of_that_number(id, "could not begin before, and does not wait");
    return set_owner(store, id);
}

Status queue_claim(Store *store, int64_t id, Arena *arena, JobRecord *job)
{
    TRY(database_begin(store->database));
    return database_end(store->database, claim(store, id, arena, job));
}

Status queue_fail(Store *store, int64_t id, const char *message)
{
    Statement update = statement_new(
        store->database,
        "UPDATE job SET message = ?, owner_pid = 0, owner_start = 0, owner_boot = '' WHERE id = ?");
    bind_text(&update, *message ? message : "it did not begin");
    bind_integer(&update, id);
    return statement_run(&update);
}

bool queue_has_failed(Store *store, int64_t id)
{
    Arena *arena = arena_new();
    JobRecord job;
    bool failed = find_job(store, id, arena, &job) == OK && *job.message;
    arena_free(arena);
    return failed;
}

Status queue_forget_own(Store *store)
{
    Owner owner = owner_self();
    Statement remove = statement_new(store->database, "DELETE FROM job WHERE owner_pid = ? AND"
                                                      " owner_start = ? AND owner_boot = ?");
    bind_integer(&remove, owner.pid);
    bind_integer(&remove, owner.start);
    bind_text(&remove, owner.boot);
    return statement_run(&remove);
}
