/* Runs of the history screen as a file to keep. */
#include "base/fs.h"
#include "flow/compare.h"
#include "report/runs_export.h"
#include "ui/app.h"
#include "ui/screen_history.h"

static void write_file(App *app, const int64_t *ids, int count)
{
    if (runs_export_file(app->history.store, ids, count, app->argument) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    Arena *arena = arena_new();
    const char *path = fs_resolve(arena, app->argument);
    app_message(app, MESSAGE_INFO, "%d %s written to %s", count, count == 1 ? "run" : "runs",
                path ? path : app->argument);
    arena_free(arena);
}

void history_export(App *app, const int64_t *ids, int count)
{
    const History *history = &app->history;
    if (count > 0)
        write_file(app, ids, count);
    else if (history->count <= COMPARE_MAX_RUNS)
        write_file(app, history->ids, history->count);
    else
        app_message(app, MESSAGE_WARNING,
                    "%d runs are listed, %d fit into a file: mark some with Space, or filter",
                    history->count, COMPARE_MAX_RUNS);
}
