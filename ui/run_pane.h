/* run_pane.h: draws a run: its stages, and what came out of it beside the paper's Table 2. */
#ifndef UI_RUN_PANE_H
#define UI_RUN_PANE_H

#include "ui/canvas.h"
#include "ui/run_view.h"

/* Draws from `row` on (which may be negative: scrolled); returns the lines that it takes. In an
 * area without rows it only measures. */
int run_pane_draw(const RunView *run, int64_t now_ms, Area area, int row);

#endif
