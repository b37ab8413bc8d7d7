/* history_detail.h: what the list of runs has no room for: where the selected run's model is, its
 * message, note and tags in full, and from which run it was made by which edits. */
#ifndef UI_HISTORY_DETAIL_H
#define UI_HISTORY_DETAIL_H

#include "db/store.h"
#include "ui/canvas.h"
#include "ui/scroll.h"

enum { HISTORY_DETAIL_BYTES = 4096 };

typedef struct HistoryDetail {
    int64_t run; /* 0: nothing is loaded */
    char text[HISTORY_DETAIL_BYTES];
    Scroll scroll;
} HistoryDetail;

/* Reads the run, unless it is the one that is there. */
void history_detail_load(HistoryDetail *detail, Store *store, int64_t run);

/* A line across, and the text below it. */
void history_detail_draw(const HistoryDetail *detail, Area area);

/* Before that, with its size. */
void history_detail_layout(HistoryDetail *detail, int rows, int columns);

#endif
