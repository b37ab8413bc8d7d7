/* hardware_pane.h: what the hardware screen shows beside its table: cycles, speed, size, proof. */
#ifndef UI_HARDWARE_PANE_H
#define UI_HARDWARE_PANE_H

#include "flow/folding.h"
#include "ui/app.h"

enum { HARDWARE_FIGURE_ROWS = 9 };

typedef struct HardwarePane {
    const App *app;
    const Folding *folding; /* not NULL */
    const char *device;     /* NULL: none */
    FoldingShares shares;   /* of it */
} HardwarePane;

/* Takes HARDWARE_FIGURE_ROWS, and more while simulations run. */
void hardware_draw_figures(const HardwarePane *pane, Area area);

/* A gauge for each simulation that runs at once; the rows they take. */
int hardware_draw_shards(const RunView *run, Area area, int row);

/* When each stage from `first` on works on an image, how much of the time, and with how many of the
 * multipliers; nothing where it does not fit. */
enum { HARDWARE_GANTT_HEAD = 2, HARDWARE_GANTT_LEAST = 4 }; /* rows; of stages */
void hardware_draw_gantt(const Folding *folding, int first, Area area);

/* Folded otherwise than the run built it. */
bool hardware_row_edited(const FoldingRow *row);
bool hardware_any_edited(const Folding *folding);

#endif
