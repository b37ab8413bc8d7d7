/* The row of a run in the history, and its folder: from beginning to end. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/paths.h"
#include "flow/report.h"
#include "flow/session.h"

enum { MAX_SAME_FOLDERS = 1000 };

/* ---- the beginning --------------------------------------------------------------------------- */

const char *session_absolute(const Session *session, const char *path)
{
    char here[PATH_MAX];
    if (!path || path[0] == '/' || !getcwd(here, sizeof here))
        return path;
    return fs_join(session->arena, here, path);
}

Status row_run_options(const RunRecord *run, Arena *arena, RunOptions *options)
{
    json_t *json = json_loads(run->options, 0, NULL);
    Status status = json ? run_options_from_json(json, arena, options)
                         : error_set(ERR_REFUSED, "its options in the history are not JSON");
    json_decref(json);
    TRY_IN(status, "run %lld", (long long)run->id);
    return OK;
}

static Status insert_row(Session *session)
{
    RunOptions options = *session->options;
    options.model = session->model_path; /* so that it can be done again from anywhere */
    options.data = session->data_path;
    options.scheme = session_absolute(session, options.scheme);
    options.write_scheme = session_absolute(session, options.write_scheme);
    options.optimized_model = session_absolute(session, options.optimized_model);
    json_t *json = run_options_to_json(&options);
    if (session->row_request)
        json_object_set(json, ROW_REQUEST, session->row_request);
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

static Status remove_states(const Session *session)
{
    TRY(fs_remove_tree(session_path(session, LADDER_FOLDER)));
    return fs_remove_tree(session_path(session, TRAINING_FOLDER));
}

static Status open_new_folder(Session *session)
{
    const char *workdir = session->options->workdir;
    TRY(workdir ? session_use_folder(session, workdir) : make_run_folder(session));
    return remove_states(session); /* of an earlier run, cut short */
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

Status session_open_row(Session *session, int64_t started_ms)
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

Status session_finish(Session *session, Status status)
{
    if (status == ERR_CANCELLED && session->run)
        status = error_set(status, "cancelled; 'dnn2fpga runs resume %lld' goes on with it",
                           (long long)session->run);
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
        Status kept = remove_states(session);
        (void)kept; /* it is of no use any more, and does no harm */
    }
    if (status != OK)
        error_set(status, "%s", message);
    if (session->events.finished)
        session->events.finished(session->events.context, status, message, session->report);
    return status;
}
