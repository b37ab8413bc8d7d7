/* scatter.h: points with labels in a plane, as SVG; those that none beats in both are marked. */
#ifndef REPORT_SCATTER_H
#define REPORT_SCATTER_H

#include <stdbool.h>

#include "base/buffer.h"

typedef struct ScatterPoint {
    double x, y; /* not finite: left out */
    char label[24];
} ScatterPoint;

typedef struct Scatter {
    const char *title, *x_label;
    const ScatterPoint *points;
    int count;
} Scatter;

/* A whole file. */
void scatter_svg(const Scatter *scatter, Buffer *svg);

#endif
