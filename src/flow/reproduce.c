#include "flow/reproduce.h"

#include <string.h>

#include "base/hash.h"
#include "flow/report.h"
#include "flow/resume.h"
#include "flow/session.h"

static Status check_reproducible(const RunRecord *run)
{
    if (run->status == RUN_RUNNING)
        return error_set(ERR_REFUSED, "run %lld: is still running", (long long)run->id);
    if (row_is_training(run))
        return error_set(ERR_REFUSED,
                         "run %lld: is a training: train with the same options and seed gives the "
                         "same weights; their SHA-256 are in the two reports",
                         (long long)run->id);
    if (!run->description_sha256[0])
        return error_set(ERR_REFUSED,
                         "run %lld: ended before there was a model description: there is nothing "
                         "to compare with; 'dnn2fpga runs resume %lld' goes on with it",
                         (long long)run->id, (long long)run->id);
    char now[HASH_HEX_BYTES];
    TRY_IN(hash_file(run->model_path, now), "run %lld", (long long)run->id);
    if (strcmp(now, run->model_sha256) != 0)
        return error_set(ERR_REFUSED,
                         "run %lld: %s has changed since: its SHA-256 is %.16s..., expected "
                         "%.16s...; bring the old file back",
                         (long long)run->id, run->model_path, now, run->model_sha256);
    return OK;
}

static Status options_of(const RunRecord *run, Arena *arena, RunOptions *options)
{
    TRY(row_run_options(run, arena, options));
    options->workdir = options->write_scheme = options->optimized_model = NULL;
    options->parent = run->id;
    return OK;
}

/* ---- the comparison -------------------------------------------------------------------------- */

/* A hash that the old run has not is no check. */
static void add_check(json_t *checks, const char *name, const char *then, const char *now)
{
    if (then[0])
        json_array_append_new(checks, json_pack("{s:s s:s s:s s:b}", "name", name, "then", then,
                                                "now", now, "equal", strcmp(then, now) == 0));
}

static json_t *first_difference(const json_t *checks)
{
    for (size_t i = 0; i < json_array_size(checks); i++)
        if (!json_is_true(json_object_get(json_array_get(checks, i), "equal")))
            return json_array_get(checks, i);
    return NULL;
}

static Status compare(const RunRecord *then, const RunRecord *now, json_t *report)
{
    json_t *checks = json_array();
    add_check(checks, "model_sha256", then->model_sha256, now->model_sha256);
    add_check(checks, "dataset_sha256", then->dataset_sha256, now->dataset_sha256);
    add_check(checks, "description_sha256", then->description_sha256, now->description_sha256);
    add_check(checks, "hdl_sha256", then->hdl_sha256, now->hdl_sha256);
    const json_t *difference = first_difference(checks);
    json_object_set_new(report, "reproduced",
                        json_pack("{s:I s:b s:o}", "of", (json_int_t)then->id, "equal",
                                  difference == NULL, "checks", checks));
    if (!difference)
        return OK;
    return error_set(
        ERR_UNMET, "run %lld is not reproduced by run %lld: %s was %.16s..., is %.16s...",
        (long long)then->id, (long long)now->id, report_text(difference, "name", "a hash"),
        report_text(difference, "then", ""), report_text(difference, "now", ""));
}

static Status do_again(const char *database, const RunRecord *then, const RunEvents *events,
                       json_t **report)
{
    Arena *arena = arena_new();
    RunOptions options = run_options_default();
    RunRecord now;
    Status status = options_of(then, arena, &options);
    options.database = database;
    if (status == OK)
        status = flow_run(&options, events, report);
    if (status == OK || status == ERR_UNMET) {
        status = store_read_run(database, (int64_t)report_number(*report, "run", 0), arena, &now);
        if (status == OK)
            status = compare(then, &now, *report);
    }
    arena_free(arena);
    return status;
}

Status flow_reproduce(const char *database, int64_t id, const RunEvents *events, json_t **report)
{
    Arena *arena = arena_new();
    RunRecord then;
    *report = NULL;
    Status status = store_read_run(database, id, arena, &then);
    if (status == OK)
        status = check_reproducible(&then);
    if (status == OK)
        status = do_again(database, &then, events, report);
    arena_free(arena);
    return status;
}
