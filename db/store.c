/* Opening the history and writing to it. */
#include "db/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/paths.h"
#include "db/store_internal.h"

Status store_open(const char *path, Store **opened)
{
    Arena *arena = arena_new();
    Store *store = calloc(1, sizeof *store);
    Status status = store ? OK : error_set(ERR_ENVIRONMENT, "history: out of memory");
    if (status == OK)
        status =
            database_open(path ? path : paths_of_user(arena).history, migrations, &store->database);
    if (status == OK)
        status = store_add_functions(store);
    if (status == OK)
        status = store_sweep(store, NULL);
    arena_free(arena);
    if (status == OK)
        *opened = store;
    else
        store_close(store);
    return status;
}

void store_close(Store *store)
{
    if (!store)
        return;
    database_close(store->database);
    free(store);
}

const char *store_path(const Store *store)
{
    return store->database->path;
}

Status store_check(Store *store)
{
    return database_check(store->database);
}

int64_t store_version(Store *store)
{
    return database_integer(store->database, "PRAGMA data_version", -1);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static Status insert_run(Store *store, const RunStart *start, int64_t *id)
{
    Owner owner = owner_self();
    Statement insert = statement_new(
        store->database,
        "INSERT INTO run (created_ms, status, owner_pid, owner_start, owner_boot, model_path,"
        " model_name, model_sha256, dataset_path, dataset_sha256, options, tools, seed, parent)"
        " VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))");
    bind_integer(&insert, clock_utc_ms());
    bind_integer(&insert, owner.pid);
    bind_integer(&insert, owner.start);
    bind_text(&insert, owner.boot);
    bind_text(&insert, start->model_path);
    bind_text(&insert, start->model_name);
    bind_text(&insert, start->model_sha256);
    bind_text(&insert, or_empty(start->dataset_path));
    bind_text(&insert, or_empty(start->dataset_sha256));
    bind_text(&insert, start->options);
    bind_text(&insert, start->tools);
    bind_integer(&insert, start->seed);
    bind_integer(&insert, start->parent);
    TRY(statement_run(&insert));
    *id = sqlite3_last_insert_rowid(store->database->handle);
    return queue_forget_own(store);
}

Status store_begin_run(Store *store, const RunStart *start, int64_t *id)
{
    TRY(database_begin(store->database));
    return database_end(store->database, insert_run(store, start, id));
}

static Status take_row(Store *store, int64_t id)
{
    Owner owner = owner_self();
    Statement update = statement_new(
        store->database,
        "UPDATE run SET status = 'running', owner_pid = ?, owner_start = ?, owner_boot = ?,"
        " message = '', report = NULL, finished_ms = NULL, progress = 0, progress_text = '',"
        " paused = 0"
        " WHERE id = ? AND status IN ('failed', 'cancelled', 'interrupted')");
    bind_integer(&update, owner.pid);
    bind_integer(&update, owner.start);
    bind_text(&update, owner.boot);
    bind_integer(&update, id);
    TRY(statement_run(&update));
    if (sqlite3_changes(store->database->handle) == 1)
        return queue_forget_own(store);
    return error_set(ERR_REFUSED,
                     "run %lld: is running or finished: only one that was cancelled, interrupted "
                     "or failed can be resumed",
                     (long long)id);
}

Status store_resume_run(Store *store, int64_t id)
{
    TRY(database_begin(store->database));
    return database_end(store->database, take_row(store, id));
}

Status store_set_paused(Store *store, int64_t id, bool paused)
{
    Statement update = statement_new(store->database, "UPDATE run SET paused = ? WHERE id = ?");
    bind_integer(&update, paused);
    bind_integer(&update, id);
    return statement_run(&update);
}

static Status set_text(Store *store, int64_t id, const char *sql, const char *value)
{
    Statement update = statement_new(store->database, sql);
    bind_text(&update, value);
    bind_integer(&update, id);
    return statement_run(&update);
}

Status store_set_folder(Store *store, int64_t id, const char *folder)
{
    return set_text(store, id, "UPDATE run SET folder = ? WHERE id = ?", folder);
}

Status store_set_tools(Store *store, int64_t id, const char *tools)
{
    return set_text(store, id, "UPDATE run SET tools = ? WHERE id = ?", tools);
}

Status store_set_hashes(Store *store, int64_t id, const char *description_sha256,
                        const char *hdl_sha256)
{
    Statement update =
        statement_new(store->database, "UPDATE run SET description_sha256 = ifnull(?,"
                                       " description_sha256), hdl_sha256 = ifnull(?, hdl_sha256)"
                                       " WHERE id = ?");
    bind_text(&update, description_sha256);
    bind_text(&update, hdl_sha256);
    bind_integer(&update, id);
    return statement_run(&update);
}

Status store_set_figures(Store *store, int64_t id, const RunFigures *figures)
{
    Buffer sql = {0};
    for (int i = 0; i < FIGURES; i++)
        buffer_printf(&sql, "%s%s = ?", i ? ", " : "UPDATE run SET ", figure_word((Figure)i));
    buffer_append_text(&sql, " WHERE id = ?");
    Statement update = statement_new(store->database, sql.data);
    for (int i = 0; i < FIGURES; i++)
        bind_real(&update, figures->values[i]);
    bind_integer(&update, id);
    Status status = statement_run(&update);
    buffer_free(&sql);
    return status;
}

Status store_progress(Store *store, int64_t id, double fraction, const char *text)
{
    Statement update = statement_new(store->database,
                                     "UPDATE run SET progress = ?, progress_text = ? WHERE id = ?");
    bind_real(&update, fraction);
    bind_text(&update, or_empty(text));
    bind_integer(&update, id);
    return statement_run(&update);
}

static Status end_row(Store *store, int64_t id, const RunEnd *end)
{
    Statement update =
        statement_new(store->database, "UPDATE run SET status = ?, message = ?, report = ?,"
                                       " finished_ms = ?, progress_text = '' WHERE id = ?");
    bind_text(&update, run_status_word(end->status));
    bind_text(&update, or_empty(end->message));
    bind_text(&update, end->report);
    bind_integer(&update, clock_utc_ms());
    bind_integer(&update, id);
    return statement_run(&update);
}

/* Stages that are still open end as the run does. */
static Status end_open_stages(Store *store, int64_t id, RunStatus run, bool known_moment)
{
    Statement update = statement_new(store->database, "UPDATE stage SET status = ?, finished_ms = ?"
                                                      " WHERE run = ? AND status = 'running'");
    bind_text(&update, run_status_word(run));
    if (known_moment)
        bind_integer(&update, clock_utc_ms());
    else
        bind_text(&update, NULL);
    bind_integer(&update, id);
    return statement_run(&update);
}

Status store_finish_run(Store *store, int64_t id, const RunEnd *end)
{
    TRY(database_begin(store->database));
    Status status = store_set_figures(store, id, &end->figures);
    if (status == OK)
        status = end_open_stages(store, id, end->status, true);
    if (status == OK)
        status = end_row(store, id, end);
    return database_end(store->database, status);
}

/* ---- stages and choices ---------------------------------------------------------------------- */

static Status insert_stage(Store *store, int64_t id, const char *name)
{
    Statement insert =
        statement_new(store->database,
                      "INSERT INTO stage (run, position, name, status, started_ms) VALUES"
                      " (?1, (SELECT count(*) FROM stage WHERE run = ?1), ?2, 'running', ?3)"
                      " ON CONFLICT (run, name) DO UPDATE SET status = 'running', started_ms = ?3,"
                      " finished_ms = NULL, figures = NULL, found = NULL");
    bind_integer(&insert, id);
    bind_text(&insert, name);
    bind_integer(&insert, clock_utc_ms());
    return statement_run(&insert);
}

Status store_begin_stage(Store *store, int64_t id, const char *name)
{
    TRY(database_begin(store->database));
    Status status = insert_stage(store, id, name);
    if (status == OK)
        status = set_text(store, id,
                          "UPDATE run SET stage = ?, progress = 0, progress_text = ''"
                          " WHERE id = ?",
                          name);
    return database_end(store->database, status);
}

Status store_set_found(Store *store, int64_t id, const char *stage, const char *found)
{
    Statement update =
        statement_new(store->database, "UPDATE stage SET found = ? WHERE run = ? AND name = ?");
    bind_text(&update, found);
    bind_integer(&update, id);
    bind_text(&update, stage);
    return statement_run(&update);
}

Status store_finish_stage(Store *store, int64_t id, const StageEnd *end)
{
    Statement update =
        statement_new(store->database, "UPDATE stage SET status = ?, figures = ?, finished_ms = ?,"
                                       " started_ms = ifnull(nullif(?, 0), started_ms)"
                                       " WHERE run = ? AND name = ?");
    bind_text(&update, end->status);
    bind_text(&update, end->figures);
    bind_integer(&update, clock_utc_ms());
    bind_integer(&update, end->started_ms);
    bind_integer(&update, id);
    bind_text(&update, end->name);
    return statement_run(&update);
}

static Status insert_choice(Store *store, int64_t id, int position, const LayerChoice *choice)
{
    Statement insert = statement_new(
        store->database,
        "INSERT INTO layer_choice (run, position, layer, kind, weight_bits, activation_bits,"
        " calibration, clip, scale, pe, simd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind_integer(&insert, id);
    bind_integer(&insert, position);
    bind_text(&insert, choice->layer);
    bind_text(&insert, choice->kind);
    bind_integer(&insert, choice->weight_bits);
    bind_integer(&insert, choice->activation_bits);
    bind_text(&insert, or_empty(choice->calibration));
    bind_real(&insert, choice->clip);
    bind_real(&insert, choice->scale);
    bind_integer(&insert, choice->pe);
    bind_integer(&insert, choice->simd);
    return statement_run(&insert);
}

Status store_set_choices(Store *store, int64_t id, const LayerChoice *choices, int count)
{
    TRY(database_begin(store->database));
    Statement clear = statement_new(store->database, "DELETE FROM layer_choice WHERE run = ?");
    bind_integer(&clear, id);
    Status status = statement_run(&clear);
    for (int i = 0; i < count && status == OK; i++)
        status = insert_choice(store, id, i, &choices[i]);
    return database_end(store->database, status);
}

/* ---- runs whose process is gone -------------------------------------------------------------- */

typedef struct Orphan {
    int64_t id;
    Owner owner;
} Orphan;

/* Running rows without a living process, at most `cap` of them. */
static Status find_orphans(Store *store, Orphan *orphans, int cap, int *count)
{
    assert(store);
    Statement query =
        statement_new(store->database, "SELECT id, owner_pid, owner_start, owner_boot FROM run"
                                       " WHERE status = 'running' ORDER BY id");
    *count = 0;
    while (*count < cap && statement_next(&query)) {
        Orphan orphan = {.id = sqlite3_column_int64(query.handle, 0)};
        orphan.owner.pid = sqlite3_column_int64(query.handle, 1);
        orphan.owner.start = sqlite3_column_int64(query.handle, 2);
        const char *boot = (const char *)sqlite3_column_text(query.handle, 3);
        strncat(orphan.owner.boot, or_empty(boot), sizeof orphan.owner.boot - 1);
        if (!owner_alive(&orphan.owner))
            orphans[(*count)++] = orphan;
    }
    return statement_done(&query);
}

static Status interrupt(Store *store, const Orphan *orphan)
{
    Statement update =
        statement_new(store->database, "UPDATE run SET status = 'interrupted', message ="
                                       " 'its process ended without a word (killed, or the machine"
                                       " stopped)' WHERE id = ? AND status = 'running'");
    bind_integer(&update, orphan->id);
    TRY(statement_run(&update));
    return end_open_stages(store, orphan->id, RUN_INTERRUPTED, false);
}

Status store_sweep(Store *store, int *changed)
{
    enum { BATCH = 64 };
    Orphan orphans[BATCH];
    int count, total = 0;
    do {
        TRY(find_orphans(store, orphans, BATCH, &count));
        if (count == 0)
            break;
        TRY(database_begin(store->database));
        Status status = OK;
        for (int i = 0; i < count && status == OK; i++)
            status = interrupt(store, &orphans[i]);
        TRY(database_end(store->database, status));
        total += count;
    } while (count == BATCH);
    if (changed)
        *changed = total;
    return OK;
}
