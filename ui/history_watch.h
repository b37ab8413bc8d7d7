/* history_watch.h: keeps the app's history as the database has it, whoever writes there: this
 * workbench, its engines, or others.
 *
 *     TRY(history_watch_start(&watch, loop, folder));   // with app and store in it
 *     ... the loop runs: other processes' writes are seen by themselves ...
 *     history_watch_look(&watch);                       // after something that may have written
 */
#ifndef UI_HISTORY_WATCH_H
#define UI_HISTORY_WATCH_H

#include <uv.h>

#include "ui/app.h"

typedef struct HistoryWatch {
    App *app;        /* borrowed, as the next */
    Store *store;    /* of the app's history */
    int64_t version; /* of the history, as last seen */
    uv_fs_event_t changes;
    uv_timer_t settle;
} HistoryWatch;

/* Reads the history, and watches its folder: its files come and go beside each other. That a file
 * system cannot be watched is no failure. Must not move afterwards; who closes the loop's handles
 * ends it. */
Status history_watch_start(HistoryWatch *watch, uv_loop_t *loop, const char *folder) MUST_CHECK;

/* Tells the app when something was written since. Cheap when nothing was. */
void history_watch_look(HistoryWatch *watch);

/* Runs whose process is gone become interrupted; the next look tells the app. */
void history_watch_sweep(HistoryWatch *watch);

Status history_watch_load_run(const HistoryWatch *watch, int64_t id, RunView *view) MUST_CHECK;

/* Asks the process of a run to cancel it, whoever started that. ERR_REFUSED: it is not running. */
Status history_watch_cancel_run(const HistoryWatch *watch, int64_t id) MUST_CHECK;

#endif
