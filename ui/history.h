/* history.h: the list of runs, newest first, kept in step with the database.
 *
 * Rows are copies of what the list shows (no reports), so drawing never asks the database. After a
 * change only the rows that can have changed are read again: the running ones, and the newest.
 */
#ifndef UI_HISTORY_H
#define UI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "db/store.h"

enum { HISTORY_TEXT_BYTES = 80 };

typedef struct HistoryRow {
    int64_t id;
    int64_t created_ms;
    RunStatus status;
    char model[HISTORY_TEXT_BYTES];
    char stage[24];
    double progress;
    RunFigures figures;
} HistoryRow;

typedef struct History {
    HistoryRow *rows; /* owned, in the order that is shown */
    int64_t count;
    int64_t capacity;
    int sort_column; /* HistoryColumn, or -1: newest first */
    bool descending;
} History;

typedef enum HistoryColumn {
    HISTORY_ID,
    HISTORY_WHEN,
    HISTORY_MODEL,
    HISTORY_STATUS,
    HISTORY_ACCURACY, /* of the integer model */
    HISTORY_BYTES,
    HISTORY_EXACT,
    HISTORY_CYCLES,
    HISTORY_COLUMNS
} HistoryColumn;

void history_free(History *history);

/* Puts a run into the list, or its newer state in place of the old. */
void history_take(History *history, const RunRecord *record);

/* Reads everything. */
Status history_load(History *history, Store *store) MUST_CHECK;

/* Reads what can have changed since. */
Status history_update(History *history, Store *store) MUST_CHECK;

void history_sort(History *history, int column, bool descending);

/* The row of a run, or NULL. */
const HistoryRow *history_find(const History *history, int64_t id);

/* The newest running run, or NULL. */
const HistoryRow *history_running(const History *history);

/* The newest run of a model file's name, or NULL. */
const HistoryRow *history_newest_of(const History *history, const char *model);

#endif
