/* svg.h: the frame that all SVG plots share: size, axes, texts.
 *
 * Texts may hold anything that is UTF-8: they are escaped.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "base/buffer.h"

/* Pixels; the plot is what is left between the margins. */
enum {
    SVG_WIDTH = 640,
    SVG_HEIGHT = 400,
    SVG_LEFT = 70,
    SVG_RIGHT = 20,
    SVG_TOP = 40,
    SVG_BOTTOM = 60,
    SVG_TICKS = 5, /* or a few more */
    SVG_TICK_BYTES = 48,
    SVG_COLOUR_COUNT = 6
};

extern const char *const SVG_COLOURS[SVG_COLOUR_COUNT];

typedef struct SvgLabel {
    double x, y;
    const char *anchor; /* "start", "middle", "end" */
    const char *text;
} SvgLabel;

/* Title, background and axes; the file is closed with "</svg>". */
void svg_begin(Buffer *svg, const char *title);

void svg_text(Buffer *svg, SvgLabel label);

/* Lines and figures of the vertical axis from `low` to `high` (higher), at round values. */
void svg_scale(Buffer *svg, double low, double high);

/* Figures of the horizontal one. */
void svg_scale_across(Buffer *svg, double low, double high);

#endif
