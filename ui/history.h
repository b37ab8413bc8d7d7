/* history.h: the list of runs as the history screen shows it: numbers of all, rows of the visible.
 *
 * The numbers are a snapshot: all runs of the filter in the order that is asked for, eight bytes
 * each, so that a list of 100,000 does not shift under the cursor and any position is reached at
 * once. Rows are read when they come into view (history_show()), from the database, a screenful in
 * less than a millisecond; after that drawing asks nobody. A new snapshot is made when order or
 * filter change and on history_load(); history_update() reads the visible rows again and counts what
 * was begun since.
 *
 *     History history = history_of(store);
 *     TRY(history_load(&history));
 *     history_show(&history, first, rows);       // before drawing
 *     const HistoryRow *row = history_row(&history, first);
 */
#ifndef UI_HISTORY_H
#define UI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "db/store.h"

enum { HISTORY_TEXT_BYTES = 80, HISTORY_FILTER_BYTES = 128, HISTORY_WINDOW = 256 };

typedef struct HistoryRow {
    int64_t id; /* 0: the run is no more */
    int64_t created_ms;
    RunStatus status;
    bool deleted;
    bool paused;                    /* while it is running */
    char model[HISTORY_TEXT_BYTES]; /* the file's name */
    char stage[24];
    double progress;
    RunFigures figures;
    char tags[HISTORY_TEXT_BYTES], note[HISTORY_TEXT_BYTES]; /* as much as fits */
} HistoryRow;

typedef enum HistoryColumn {
    HISTORY_ID,
    HISTORY_WHEN,
    HISTORY_MODEL,
    HISTORY_STATUS,
    HISTORY_ACCURACY, /* of the integer model */
    HISTORY_BYTES,
    HISTORY_EXACT,
    HISTORY_CYCLES,
    HISTORY_INTERVAL,
    HISTORY_FLOAT, /* accuracy of the float model */
    HISTORY_HARDWARE,
    HISTORY_LATENCY,
    HISTORY_LUT,
    HISTORY_FMAX,
    HISTORY_TAGS,
    HISTORY_NOTE,
    HISTORY_COLUMNS
} HistoryColumn;

typedef struct History {
    Store *store; /* borrowed; NULL: an empty list */
    int64_t *ids; /* (count), owned */
    int count;
    int sort_column; /* HistoryColumn, or -1: newest first */
    bool descending;
    bool bin;                          /* the deleted runs, in place of the others */
    char filter[HISTORY_FILTER_BYTES]; /* part of a row's texts, "!" before it: not; "": all */
    int64_t newest;                    /* highest number when the snapshot was made */
    int64_t fresh;                     /* runs begun since */
    HistoryRow *rows;                  /* (HISTORY_WINDOW), owned: a part of the list */
    int first, row_count;              /* which part */
    HistoryRow running;                /* the newest one; id 0: none */
} History;

/* Without rows until it is loaded. */
History history_of(Store *store);
void history_free(History *history);

/* A snapshot as of now. */
Status history_load(History *history) MUST_CHECK;

/* Reads again what can have changed, but leaves the list as it is. */
Status history_update(History *history) MUST_CHECK;

/* Other order or filter, and with it a new snapshot. */
Status history_sort(History *history, int column, bool descending) MUST_CHECK;
Status history_filter(History *history, const char *filter) MUST_CHECK;

/* Reads `count` rows from `first` on, where they are not there yet. */
Status history_show(History *history, int first, int count) MUST_CHECK;
/* NULL when it was not read. */
const HistoryRow *history_row(const History *history, int at);

/* Where the next row with a text is, from `start` on in steps of 1 or -1, round the end; -1: no row
 * has it. */
Status history_find(History *history, const char *text, int start, int step, int *at) MUST_CHECK;

/* The newest run, among the last few hundred, of a model file's name; 0: none. */
int64_t history_newest_of(const History *history, const char *model);

/* What the list shows, as the store is asked for it. */
RunQuery history_query(const History *history);

#endif
