#include "flow/resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "optimize/climb_state.h"

/* Where files go, how many threads work and what a run was made from decides nothing. */
static char *deciding_options(const Session *session)
{
    RunOptions options = *session->options;
    options.model = options.data = options.workdir = options.database = NULL;
    options.wave = NULL;
    options.scheme = options.write_scheme = options.optimized_model = NULL;
    options.jobs = 0;
    options.parent = 0;
    json_t *json = run_options_to_json(&options);
    if (session->row_request)
        json_object_set(json, ROW_REQUEST, session->row_request);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

Status resume_identify(Session *session)
{
    char scheme[HASH_HEX_BYTES] = "";
    if (session->options->scheme)
        TRY(hash_file(session->options->scheme, scheme));
    char *options = deciding_options(session);
    if (!options)
        return error_set(ERR_ENVIRONMENT, "options: out of memory");
    Hash *hash = hash_new();
    hash_text(hash, DNN2FPGA_VERSION);
    hash_text(hash, options);
    hash_text(hash, scheme);
    hash_text(hash, session->model_sha256);
    hash_text(hash, session->test ? session->test->sha256 : "");
    hash_text(hash, session->calibration ? session->calibration->sha256 : "");
    hash_text(hash, session->training ? session->training->sha256 : ""); /* the verb train */
    hash_finish(hash, session->identity);
    free(options);
    return OK;
}

static Status check_same(const char *path, const char *now, const char *then)
{
    if (strcmp(now, then) == 0)
        return OK;
    return error_set(ERR_REFUSED,
                     "%s: has changed since the run was begun: its SHA-256 is %.16s..., expected "
                     "%.16s...; bring the old one back, or begin a new run",
                     path, now, then);
}

Status resume_check(const Session *session)
{
    const RunRecord *run = session->resumed;
    TRY(check_same(run->model_path, session->model_sha256, run->model_sha256));
    if (session->test)
        TRY(check_same(run->dataset_path, session->test->sha256, run->dataset_sha256));
    ClimbState state;
    return climb_state_read(run->folder[0] ? fs_join(session->arena, run->folder, LADDER_FOLDER)
                                           : NULL,
                            session->identity, session->arena, &state);
}

static Status refuse_status(const RunRecord *run)
{
    if (run->status == RUN_RUNNING)
        return error_set(ERR_REFUSED, "run %lld: is still running, in process %lld",
                         (long long)run->id, (long long)run->owner.pid);
    if (run->status == RUN_OK || run->status == RUN_UNMET)
        return error_set(ERR_REFUSED, "run %lld: is finished: there is nothing to resume",
                         (long long)run->id);
    return OK;
}

static Status read_options(json_t *json, Arena *arena, RowOptions *options)
{
    if (!json)
        return error_set(ERR_REFUSED, "its options in the history are not JSON");
    const json_t *request = json_object_get(json, ROW_REQUEST);
    options->is_training = request != NULL;
    if (request)
        TRY(train_request_from_json(request, arena, &options->train));
    json_object_del(json, ROW_REQUEST);
    return run_options_from_json(json, arena, &options->run);
}

Status resume_options(const RunRecord *run, Arena *arena, RowOptions *options)
{
    TRY(refuse_status(run));
    json_t *json = json_loads(run->options, 0, NULL);
    Status status = read_options(json, arena, options);
    json_decref(json);
    TRY_IN(status, "run %lld", (long long)run->id);
    return OK;
}

bool row_is_training(const RunRecord *run)
{
    json_t *json = json_loads(run->options, 0, NULL);
    bool training = json_object_get(json, ROW_REQUEST) != NULL;
    json_decref(json);
    return training;
}
