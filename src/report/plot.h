/* plot.h: curves and stacked bars, as text for a terminal and as SVG, from the same numbers.
 *
 *     const PlotSeries series[] = {{"training", accuracies, 8}, {"validation", others, 8}};
 *     const Plot plot = {.title = "accuracy", .x_label = "epoch", .series = series,
 *                        .series_count = 2, .first_x = 1};
 *     plot_print(&plot, false, stdout);           // braille dots; true: ASCII only
 *     Buffer svg = {0};
 *     plot_svg(&plot, &svg);                      // a whole file
 *
 * Values that are not finite are gaps. Texts may hold anything that is UTF-8: SVG escapes them.
 * Structs own nothing.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"

typedef struct PlotSeries {
    const char *name;
    const double *values; /* at x = first_x, first_x + 1, ... */
    int count;
} PlotSeries;

enum { PLOT_SERIES_MOST = 4 };

typedef struct Plot {
    const char *title, *x_label;
    const PlotSeries *series; /* the second and further ones are drawn dotted */
    int series_count;         /* 1 to PLOT_SERIES_MOST */
    double first_x;
} Plot;

/* The least and the largest finite value, a little room around; 0 and 1 when there is none. */
void plot_range(const Plot *plot, double *low, double *high);

void plot_print(const Plot *plot, bool ascii, FILE *stream);
void plot_svg(const Plot *plot, Buffer *svg);

/* ---- stacked bars ------------------------------------------------------------------------------
 */

enum { BAR_PARTS_MOST = 6 };

typedef struct Bar {
    const char *name;
    double parts[BAR_PARTS_MOST]; /* >= 0 */
} Bar;

typedef struct BarChart {
    const char *title, *unit;
    const char *const *part_names;
    int part_count;
    const Bar *bars;
    int bar_count;
} BarChart;

double bar_total(const BarChart *chart, int bar);

/* One line per bar, its length in proportion, each part with a letter or shade of its own. */
void bars_print(const BarChart *chart, bool ascii, FILE *stream);
void bars_svg(const BarChart *chart, Buffer *svg);

#endif
