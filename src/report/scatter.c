#include "report/scatter.h"

#include <math.h>
#include <stdio.h>

#include "report/svg.h"

/* A label that is longer than this is cut short; room for one more and dots is spare. */
enum { LABEL_BYTES = 64, LABEL_SPARE = 36, LABEL_ROOM = 90 };

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

static bool same_place(const ScatterPoint *a, const ScatterPoint *b)
{
    return a->x <= b->x && a->x >= b->x && a->y <= b->y && a->y >= b->y;
}

static bool is_repeated(const Scatter *scatter, int point)
{
    for (int i = 0; i < point; i++)
        if (same_place(&scatter->points[i], &scatter->points[point]))
            return true;
    return false;
}

/* Points at one place share a label: "1, 4, 5". */
static void join_labels(const Scatter *scatter, int point, char label[LABEL_BYTES])
{
    size_t length = 0;
    label[0] = '\0';
    for (int i = point; i < scatter->count && length < LABEL_BYTES - LABEL_SPARE; i++)
        if (same_place(&scatter->points[i], &scatter->points[point]))
            length += (size_t)snprintf(label + length, LABEL_BYTES - length, "%s%s",
                                       length ? ", " : "", scatter->points[i].label);
    if (length >= LABEL_BYTES - LABEL_SPARE)
        snprintf(label + length, LABEL_BYTES - length, ", ...");
}

/* A little room around; not below 0 or, for fractions, above 1 where no point is. */
static Range widen(Range range)
{
    if (range.low > range.high)
        return (Range){0, 1};
    double room =
        range.high > range.low ? (range.high - range.low) * 0.08 : fmax(fabs(range.low), 1) * 0.05;
    double low = range.low - room;
    double high = range.high + room;
    return (Range){range.low >= 0 ? fmax(low, 0) : low, range.high <= 1 ? fmin(high, 1) : high};
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
    find_ranges(scatter, &x, &y);
    svg_begin(svg, scatter->title);
    svg_scale(svg, y.low, y.high);
    svg_scale_across(svg, x.low, x.high);
    svg_text(svg, (SvgLabel){SVG_WIDTH - SVG_RIGHT, SVG_HEIGHT - 11, "end", scatter->x_label});
    for (int i = 0; i < scatter->count; i++) {
        const ScatterPoint *point = &scatter->points[i];
        if (!is_drawn(point) || is_repeated(scatter, i))
            continue;
        char label[LABEL_BYTES];
        double at_x = SVG_LEFT + (SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * part(x, point->x);
        double at_y =
            SVG_HEIGHT - SVG_BOTTOM - (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) * part(y, point->y);
        buffer_printf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", at_x, at_y,
                      SVG_COLOURS[is_best(scatter, i) ? 0 : 5]);
        join_labels(scatter, i, label);
        bool right = at_x > SVG_WIDTH - SVG_RIGHT - LABEL_ROOM;
        svg_text(svg,
                 (SvgLabel){right ? at_x - 8 : at_x + 8, at_y + 4, right ? "end" : "start", label});
    }
    svg_text(svg, (SvgLabel){SVG_LEFT, SVG_HEIGHT - 11, "start", "blue: none is better in both"});
    buffer_append_text(svg, "</svg>\n");
}
