#include "ui/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Recorder {
    FILE *file;
    char *path;
    bool saw_run, saw_work; /* since the last step that waited for it */
};

Status recorder_open(const char *path, Recorder **recorder)
{
    *recorder = NULL;
    FILE *file = fopen(path, "we");
    if (!file)
        return error_set(ERR_ENVIRONMENT, "--record %s: %s", path, strerror(errno));
    Recorder *made = calloc(1, sizeof *made);
    if (!made || !(made->path = strdup(path)))
        abort();
    made->file = file;
    fputs("# a walk through the workbench of dnn2fpga " DNN2FPGA_VERSION "\n", file);
    *recorder = made;
    return OK;
}

Status recorder_close(Recorder *recorder)
{
    Status status = OK;
    if (!recorder)
        return OK;
    bool failed = ferror(recorder->file) != 0;
    if (fclose(recorder->file) != 0 || failed)
        status =
            error_set(ERR_ENVIRONMENT, "%s is not complete: %s", recorder->path, strerror(errno));
    free(recorder->path);
    free(recorder);
    return status;
}

static bool runs(const App *app)
{
    return app->run_is_ours || run_view_active(&app->run);
}

void recorder_look(Recorder *recorder, const App *app)
{
    recorder->saw_run = recorder->saw_run || runs(app);
    recorder->saw_work = recorder->saw_work || app_busy(app);
}

void recorder_step(Recorder *recorder, const App *app, const char *step)
{
    if (recorder->saw_work && !app_busy(app)) {
        fputs("wait-idle\n", recorder->file);
        recorder->saw_work = false;
    }
    if (recorder->saw_run && !runs(app)) {
        fputs("wait-run\n", recorder->file);
        recorder->saw_run = false;
    }
    fprintf(recorder->file, "%s\n", step);
    fflush(recorder->file);
}
