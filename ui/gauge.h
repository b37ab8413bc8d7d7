/* gauge.h: a progress bar: "######....  45%". */
#ifndef UI_GAUGE_H
#define UI_GAUGE_H

#include "ui/canvas.h"

/* `fraction` 0..1, clamped; takes `columns` cells, at least 6. Returns the column after it. */
int gauge_draw(Area area, int row, int column, int columns, double fraction);

/* The same of a share that may be more than all: then it is red and has a `!`. Takes a cell more. */
int gauge_draw_share(Area area, int row, int column, int columns, double share);

#endif
