/* chart.h: figures as pictures of cells: bars of a histogram.
 *
 *     chart_bars(area, &(ChartBars){.counts = counts, .low = -1, .high = 1,
 *                                   .clip_low = -0.4, .clip_high = 0.4});
 */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "ui/canvas.h"

/* Counts from `low` to `high`, one for each column of the area; heights go with their logarithm,
 * or tails would not be seen. What lies beyond the clip looks different, and lines mark where it
 * begins. The last two rows are the axis, where there are more. */
typedef struct ChartBars {
    const double *counts;
    double low, high;
    double clip_low, clip_high; /* NAN: nothing is clipped */
} ChartBars;

void chart_bars(Area area, const ChartBars *bars);

#endif
