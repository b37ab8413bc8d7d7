/* One run: the stages in their order, with its row and folder around them. */
#include "flow/run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/paths.h"
#include "flow/report.h"
#include "flow/resume.h"
#include "flow/session.h"

enum { MAX_SAME_FOLDERS = 1000 };

static StageFunction *const WORK[STAGES] = {
    [STAGE_IMPORT] = stage_import,     [STAGE_BASELINE] = stage_baseline,
    [STAGE_QUANTIZE] = stage_quantize, [STAGE_DESCRIBE] = stage_describe,
    [STAGE_PLAN] = stage_plan,         [STAGE_EMIT] = stage_emit,
    [STAGE_SIMULATE] = stage_simulate,
};

/* ---- row and folder -------------------------------------------------------------------------- */

/* A path that holds from anywhere; the file may not be there yet. */
static const char *absolute(const Session *session, const char *path)
{
    char here[PATH_MAX];
    if (!path || path[0] == '/' || !getcwd(here, sizeof here))
        return path;
    return fs_join(session->arena, here, path);
}

static Status insert_row(Session *session)
{
    RunOptions options = *session->options;
    options.model = session->model_path; /* so that it can be done again from anywhere */
    options.data = session->data_path;
    options.scheme = absolute(session, options.scheme);
    options.write_scheme = absolute(session, options.write_scheme);
    options.optimized_model = absolute(session, options.optimized_model);
    json_t *json = run_options_to_json(&options);
    char *options_text = json_dumps(json, JSON_COMPACT);
    char *tools_text = report_format(json_object_get(session->report, "tools"), false);
    const RunStart start = {.model_path = session->model_path,
                            .model_name = session->graph->name,
                            .model_sha256 = session->model_sha256,
                            .dataset_path = session->data_path,
                            .dataset_sha256 = session->test ? session->test->sha256 : NULL,
                            .options = options_text,
                            .tools = tools_text,
                            .seed = options.seed,
                            .parent = options.parent};
    Status status = store_begin_run(session->store, &start, &session->run);
    json_decref(json);
    free(options_text);
    free(tools_text);
    return status;
}

/* A new folder runs/ID. Another history may have used the number: then runs/ID-2 and so on. */
static Status make_run_folder(Session *session)
{
    const char *runs = paths_of_user(session->arena).runs;
    TRY(fs_make_folders(runs));
    for (int i = 1; i < MAX_SAME_FOLDERS; i++) {
        char *folder = arena_printf(session->arena, "%s/%lld", runs, (long long)session->run);
        if (i > 1)
            folder = arena_printf(session->arena, "%s-%d", folder, i);
        if (mkdir(folder, 0700) == 0)
            return session_use_folder(session, folder);
        if (errno != EEXIST)
            return error_set(ERR_ENVIRONMENT, "folder %s: cannot be made: %s", folder,
                             strerror(errno));
    }
    return error_set(ERR_ENVIRONMENT,
                     "folder %s/%lld: there are %d of that number: remove old ones", runs,
                     (long long)session->run, MAX_SAME_FOLDERS);
}

/* The import went on before there was a row. */
static Status save_import(Session *session, int64_t started_ms)
{
    const StageEnd end = {
        .name = stage_word(STAGE_IMPORT), .status = "ok", .started_ms = started_ms};
    TRY(store_begin_stage(session->store, session->run, end.name));
    return store_finish_stage(session->store, session->run, &end);
}

static Status open_new_folder(Session *session)
{
    const char *workdir = session->options->workdir;
    TRY(workdir ? session_use_folder(session, workdir) : make_run_folder(session));
    return fs_remove_tree(session_path(session, LADDER_FOLDER)); /* of an earlier run, cut short */
}

/* The store is the session's only from here on: a refusal leaves the row as it was. */
static Status claim_row(Session *session, Store *store)
{
    Status status = store_resume_run(store, session->resumed->id);
    if (status != OK) {
        store_close(store);
        return status;
    }
    session->store = store;
    session->run = session->resumed->id;
    session_log(session, "taken up again");
    return OK;
}

static Status open_row(Session *session, int64_t started_ms)
{
    Store *store = NULL;
    TRY(store_open(session->options->database, &store));
    if (session->resumed) {
        TRY(claim_row(session, store));
    } else {
        session->store = store;
        TRY(insert_row(session));
    }
    json_object_set_new(session->report, "run", json_integer(session->run));
    TRY(save_import(session, started_ms));
    bool has_folder = session->resumed && session->resumed->folder[0];
    TRY(has_folder ? session_use_folder(session, session->resumed->folder)
                   : open_new_folder(session));
    TRY(store_set_folder(session->store, session->run, session->folder));
    if (session->events.started)
        session->events.started(session->events.context, session->run, session->folder);
    return OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

static RunStatus row_status(Status status)
{
    return status == OK              ? RUN_OK
           : status == ERR_UNMET     ? RUN_UNMET
           : status == ERR_CANCELLED ? RUN_CANCELLED
                                     : RUN_FAILED;
}

static Status save_end(Session *session, Status status, const char *message)
{
    char *text = report_format(session->report, true);
    const RunEnd end = {.status = row_status(status),
                        .message = message,
                        .report = text,
                        .figures = report_figures(session->report)};
    Status saved = store_finish_run(session->store, session->run, &end);
    if (saved == OK && session->folder)
        saved = fs_write_atomic(session_path(session, "report.json"), text, strlen(text));
    free(text);
    return saved;
}

/* Concludes the report, saves it, and tells; the record of errors says why the run ended. */
static Status finish(Session *session, Status status)
{
    status = session_conclude(session, status);
    const char *message = status == OK ? "" : arena_strdup(session->arena, error_message());
    if (session->run) {
        Status saved = save_end(session, status, message);
        if (status == OK && saved != OK) {
            status = session_conclude(session, saved);
            message = arena_strdup(session->arena, error_message());
        }
    }
    if (session->folder && (status == OK || status == ERR_UNMET)) {
        Status kept = fs_remove_tree(session_path(session, LADDER_FOLDER));
        (void)kept; /* it is of no use any more, and does no harm */
    }
    if (status != OK)
        error_set(status, "%s", message);
    if (session->events.finished)
        session->events.finished(session->events.context, status, message, session->report);
    return status;
}

static Status run_stages(Session *session)
{
    int64_t started_ms = clock_utc_ms();
    TRY(session_run_stage(session, STAGE_IMPORT, WORK[STAGE_IMPORT]));
    TRY(resume_identify(session));
    if (session->resumed)
        TRY(resume_check(session));
    TRY(open_row(session, started_ms));
    for (int i = STAGE_IMPORT + 1; i <= (int)session->options->stop_after; i++)
        TRY(session_run_stage(session, (RunStage)i, WORK[i]));
    return OK;
}

/* `resumed` NULL: a new run. */
static Status run_or_resume(const VerbCall *call, const RunRecord *resumed, json_t **report)
{
    Session session;
    Status status = session_open(&session, call->options, call->events);
    session.keeps_log = true;
    session.resumed = resumed;
    if (status == OK)
        status = run_stages(&session);
    status = finish(&session, status);
    *report = session.report;
    session_close(&session);
    return status;
}

Status flow_run(const RunOptions *options, const RunEvents *events, json_t **report)
{
    return run_or_resume(&(VerbCall){.options = options, .events = events}, NULL, report);
}

static Status read_row(const char *database, int64_t id, Arena *arena, RunRecord *run)
{
    Store *store = NULL;
    TRY(store_open(database, &store));
    Status status = store_get(store, id, arena, run);
    store_close(store);
    return status;
}

Status flow_resume(const char *database, int64_t id, const RunEvents *events, json_t **report)
{
    Arena *arena = arena_new();
    RunRecord run;
    RunOptions options = run_options_default();
    *report = NULL;
    Status status = read_row(database, id, arena, &run);
    if (status == OK)
        status = resume_options(&run, arena, &options);
    options.database = database;
    if (status == OK)
        status = run_or_resume(&(VerbCall){.options = &options, .events = events}, &run, report);
    arena_free(arena);
    return status;
}

Status flow_quantize(const RunOptions *options, const RunEvents *events, json_t **report)
{
    RunOptions until_described = *options;
    until_described.stop_after = STAGE_DESCRIBE;
    return flow_run(&until_described, events, report);
}
