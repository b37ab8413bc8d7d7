#include "flow/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"
#include "flow/differences.h"
#include "flow/proof.h"
#include "flow/report.h"
#include "flow/session.h"

static const double DEADLINE_S = 3600;

typedef struct TapRequest {
    const RunRecord *run;
    int64_t image;
} TapRequest;

/* ---- the row --------------------------------------------------------------------------------- */

static Status check_row(const RunRecord *run, Arena *arena)
{
    if (run->status == RUN_RUNNING)
        return error_set(ERR_REFUSED, "run %lld: is still running", (long long)run->id);
    if (!fs_exists(fs_join(arena, fs_join(arena, run->folder, "hdl"), "compile_order.txt")))
        return error_set(
            ERR_REFUSED,
            "run %lld: has no VHDL in %s: 'dnn2fpga runs reproduce %lld' does it again",
            (long long)run->id, run->folder, (long long)run->id);
    return OK;
}

static Status options_of(const RunRecord *run, Arena *arena, RunOptions *options)
{
    TRY(row_run_options(run, arena, options));
    options->description = fs_join(arena, run->folder, "description");
    options->workdir = run->folder;
    return OK;
}

/* ---- one at a time --------------------------------------------------------------------------- */

/* The file has the process that holds the lock, for whoever finds it held. The lock goes with the
 * process, however that ends; the file stays. */
static const char LOCK_FILE[] = "again.lock";

static Status refuse_held(const RunRecord *run, int file)
{
    char holder[32] = "";
    ssize_t count = pread(file, holder, sizeof holder - 1, 0);
    holder[count > 0 ? count : 0] = '\0';
    return error_set(ERR_REFUSED,
                     "run %lld: process %.20s simulates an image of it again; wait for its end",
                     (long long)run->id, *holder ? holder : "?");
}

/* `file`: to be closed when the folder is free for others again; -1 after a failure. */
static Status lock_folder(const RunRecord *run, Arena *arena, int *file)
{
    char self[32];
    const char *path = fs_join(arena, run->folder, LOCK_FILE);
    Status status = OK;
    *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*file < 0)
        return error_set(ERR_ENVIRONMENT, "%s: %s", path, strerror(errno));
    int length = snprintf(self, sizeof self, "%d", (int)getpid());
    if (flock(*file, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? refuse_held(run, *file)
                                      : error_set(ERR_ENVIRONMENT, "%s: %s", path, strerror(errno));
    else if (ftruncate(*file, 0) != 0 || pwrite(*file, self, (size_t)length, 0) != length)
        status = error_set(ERR_ENVIRONMENT, "%s: %s", path, strerror(errno));
    if (status != OK) {
        close(*file);
        *file = -1;
    }
    return status;
}

/* ---- the work -------------------------------------------------------------------------------- */

static int64_t first_image(const RunRecord *run)
{
    json_t *report = run->report ? report_parse(run->report) : NULL;
    double image = report_number(report, "hardware.first_mismatch.image", 0);
    json_decref(report);
    return image >= 0 && image < 1e15 ? (int64_t)image : 0;
}

static Status simulate_image(Session *session, json_t *figures)
{
    const TapRequest *request = session->request;
    int64_t image = request->image == TAP_FIRST ? first_image(request->run) : request->image;
    if (image < 0 || image >= session->test->count)
        return error_set(ERR_REFUSED, "image %lld: the test images are 0 to %lld", (long long)image,
                         (long long)session->test->count - 1);
    const ProofSetup setup = {.plan = session->plan,
                              .dataset = session->test,
                              .folder = session->folder,
                              .images = 1,
                              .jobs = 1,
                              .deadline_s = DEADLINE_S,
                              .wave = session_path(session, "difference.ghw"),
                              .progress = &session->progress};
    Difference first;
    TRY(emit_find_design(session->plan, session->arena, session_path(session, "hdl"),
                         &session->design));
    TRY(proof_tap(&setup, session->arena, &session->design, image, &first));
    json_object_set_new(figures, "tapped_image", json_integer(image));
    if (first.found)
        session_log(session, "image %lld: differs first in layer %s of image %lld",
                    (long long)image, first.layer, (long long)first.image);
    else
        session_log(session, "image %lld: every value of every layer is equal", (long long)image);
    return OK;
}

static Status tap(Session *session)
{
    TRY(session_import_for_hardware(session));
    TRY(session_run_stage(session, STAGE_PLAN, stage_plan));
    TRY(session_use_folder(session, session->options->workdir));
    session->keeps_log = true;
    TRY(session_run_stage(session, STAGE_SIMULATE, simulate_image));
    json_object_set_new(session->report, "run",
                        json_integer(((const TapRequest *)session->request)->run->id));
    return differences_add(session->folder, json_object_get(session->report, "hardware"));
}

Status flow_tap(const char *database, int64_t run, int64_t image, const RunEvents *events,
                json_t **report)
{
    Arena *arena = arena_new();
    RunRecord row;
    RunOptions options = run_options_default();
    const TapRequest request = {&row, image};
    int lock = -1;
    *report = NULL;
    Status status = store_read_run(database, run, arena, &row);
    if (status == OK)
        status = check_row(&row, arena);
    if (status == OK)
        status = lock_folder(&row, arena, &lock);
    if (status == OK)
        status = options_of(&row, arena, &options);
    if (status == OK)
        status = session_do(&(VerbCall){&options, events, &request}, tap, report);
    if (lock >= 0)
        close(lock);
    arena_free(arena);
    return status;
}
