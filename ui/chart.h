/* chart.h: figures as pictures of cells: bars of a histogram, curves.
 *
 *     chart_bars(area, &(ChartBars){.counts = counts, .low = -1, .high = 1,
 *                                   .clip_low = -0.4, .clip_high = 0.4});
 */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "ui/canvas.h"

/* Counts from `low` to `high`, one for each column of the area; heights go with their logarithm,
 * or tails would not be seen (the axis says so). What lies beyond the clip looks different, and lines mark where it
 * begins. The last two rows are the axis, where there are more. */
typedef struct ChartBars {
    const double *counts;
    double low, high;
    double clip_low, clip_high; /* NAN: nothing is clipped */
} ChartBars;

void chart_bars(Area area, const ChartBars *bars);

/* Values at first_x, first_x + 1, ...; those that are not finite are gaps. */
typedef struct ChartCurve {
    const char *name;
    const double *values;
} ChartCurve;

/* Lines over a scale that fits; the last two rows are axis and legend. */
typedef struct ChartCurves {
    const ChartCurve *curves;
    int curve_count; /* at most DOTS_SERIES_MOST */
    int count;       /* values of each */
    int expected;    /* values that the axis has room for: at least count */
    int first_x;
    const char *x_label;
} ChartCurves;

void chart_curves(Area area, const ChartCurves *chart);

#endif
