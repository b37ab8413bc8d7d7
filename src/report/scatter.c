#include "report/scatter.h"

#include <math.h>
#include <stdio.h>

#include "report/svg.h"

typedef struct Range {
    double low, high;
} Range;

static bool is_drawn(const ScatterPoint *point)
{
    return isfinite(point->x) && isfinite(point->y);
}

/* True when no other point has at most its x and at least its y, and differs (Pareto). */
static bool is_best(const Scatter *scatter, int point)
{
    const ScatterPoint *own = &scatter->points[point];
    for (int i = 0; i < scatter->count; i++) {
        const ScatterPoint *other = &scatter->points[i];
        bool beats =
            other->x <= own->x && other->y >= own->y && (other->x < own->x || other->y > own->y);
        if (is_drawn(other) && beats)
            return false;
    }
    return is_drawn(own);
}

static Range widen(Range range)
{
    if (range.low > range.high)
        return (Range){0, 1};
    double room =
        range.high > range.low ? (range.high - range.low) * 0.08 : fmax(fabs(range.low), 1) * 0.05;
    return (Range){range.low - room, range.high + room};
}

static void find_ranges(const Scatter *scatter, Range *x, Range *y)
{
    *x = *y = (Range){INFINITY, -INFINITY};
    for (int i = 0; i < scatter->count; i++) {
        const ScatterPoint *point = &scatter->points[i];
        if (!is_drawn(point))
            continue;
        *x = (Range){fmin(x->low, point->x), fmax(x->high, point->x)};
        *y = (Range){fmin(y->low, point->y), fmax(y->high, point->y)};
    }
    *x = widen(*x);
    *y = widen(*y);
}

static double part(Range range, double value)
{
    return (value - range.low) / (range.high - range.low);
}

void scatter_svg(const Scatter *scatter, Buffer *svg)
{
    Range x, y;
    char text[32];
    find_ranges(scatter, &x, &y);
    svg_begin(svg, scatter->title);
    svg_scale(svg, y.low, y.high, 4);
    for (int i = 0; i <= SVG_TICKS; i++) {
        const int along = (SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * i / SVG_TICKS;
        snprintf(text, sizeof text, "%.6g", x.low + (x.high - x.low) * i / SVG_TICKS);
        svg_text(svg, (SvgLabel){SVG_LEFT + along, SVG_HEIGHT - SVG_BOTTOM + 16, "middle", text});
    }
    svg_text(svg, (SvgLabel){SVG_WIDTH - SVG_RIGHT, SVG_HEIGHT - 11, "end", scatter->x_label});
    for (int i = 0; i < scatter->count; i++) {
        const ScatterPoint *point = &scatter->points[i];
        if (!is_drawn(point))
            continue;
        double at_x = SVG_LEFT + (SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * part(x, point->x);
        double at_y =
            SVG_HEIGHT - SVG_BOTTOM - (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) * part(y, point->y);
        buffer_printf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", at_x, at_y,
                      SVG_COLOURS[is_best(scatter, i) ? 0 : 5]);
        svg_text(svg, (SvgLabel){at_x + 8, at_y + 4, "start", point->label});
    }
    svg_text(svg, (SvgLabel){SVG_LEFT, SVG_HEIGHT - 11, "start", "blue: none is better in both"});
    buffer_append_text(svg, "</svg>\n");
}
