/* run_pane.h: draws a run: its stages, and what came out of it beside the paper's Table 2. */
#ifndef UI_RUN_PANE_H
#define UI_RUN_PANE_H

#include "ui/canvas.h"
#include "ui/earlier_runs.h"
#include "ui/format.h"
#include "ui/run_view.h"

typedef struct RunPane {
    const RunView *run;
    const EarlierRuns *earlier; /* beside it where there is room */
    int64_t now_ms;
} RunPane;

/* Draws from `row` on (which may be negative: scrolled); returns the lines that it takes. In an
 * area without rows it only measures. */
int run_pane_draw(const RunPane *pane, Area area, int row);

/* How long the run took, or has gone on and what is left of its stage: "12 s, 30 s left". "": not
 * known. */
const char *run_pane_time(const RunView *run, int64_t now_ms, char text[FORMAT_BYTES]);

#endif
