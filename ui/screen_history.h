/* screen_history.h: the screens that the history opens. */
#ifndef UI_SCREEN_HISTORY_H
#define UI_SCREEN_HISTORY_H

#include "ui/screen.h"
#include "ui/table.h"

/* Runs side by side; `count` from 2 to COMPARE_MAX_RUNS. NULL, with a message, when they cannot be
 * read. */
Screen *screen_compare_new(App *app, const int64_t *ids, int count);

/* Accuracy, size and latency of runs in a plane; `count` 0: of all that the history lists. */
Screen *screen_pareto_new(App *app, const int64_t *ids, int count);

/* Writes runs to the new file app->argument; `count` 0: all that the history lists. */
void history_export(App *app, const int64_t *ids, int count);

/* Runs that wait for their turn. */
Screen *screen_queue_new(App *app);

/* The table of the history screen: its columns and order can be saved. */
const Table *screen_history_table(const Screen *base);

/* Which columns of a table are shown; the table outlives the screen. */
Screen *screen_columns_new(App *app, Table *table);

#endif
