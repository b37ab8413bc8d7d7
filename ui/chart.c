#include "ui/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/format.h"

enum { EIGHTHS = 8, AXIS_ROWS = 2 };

/* Counts from the least one that is shown by its height to the largest. */
typedef struct Span {
    double least, most;
} Span;

static Span span_of(const double *counts, int count)
{
    static const double DECADES = 1e5; /* below that share of the largest all bars are alike */
    Span span = {INFINITY, 0};
    for (int i = 0; i < count; i++) {
        span.most = fmax(span.most, counts[i]);
        if (counts[i] > 0)
            span.least = fmin(span.least, counts[i]);
    }
    span.least = fmax(span.least, span.most / DECADES);
    return span;
}

/* Eighths of a cell; at least one for anything that is there at all. */
static int bar_height(double count, Span span, int rows)
{
    if (!(count > 0))
        return 0;
    double part =
        span.most > span.least ? log(count / span.least) / log(span.most / span.least) : 1;
    return 1 + (int)lround(fmax(0, part) * (rows * EIGHTHS - 1));
}

static int column_of(const ChartBars *bars, double value, int columns)
{
    double at = (value - bars->low) / (bars->high - bars->low) * columns;
    if (isnan(at) || at < 0 || at > columns)
        return -1;
    return at < columns ? (int)at : columns - 1;
}

static void draw_bar(Area area, int column, int height, bool beyond)
{
    for (int row = area.rows - 1; row >= 0 && height > 0; row--, height -= EIGHTHS) {
        int part = height < EIGHTHS ? height : EIGHTHS;
        Glyph glyph = (Glyph)(GLYPH_BLOCK_1 + part - 1);
        if (beyond && part == EIGHTHS)
            glyph = GLYPH_BEYOND;
        area_glyph(area, row, column, beyond ? STYLE_BAD : STYLE_BAR, glyph);
    }
}

/* A line from the top down to the bar of its column. */
static void draw_mark(Area area, int column, int height)
{
    int free_rows = area.rows - (height + EIGHTHS - 1) / EIGHTHS;
    for (int row = 0; row < free_rows; row++)
        area_glyph(area, row, column, STYLE_WARN, GLYPH_UPRIGHT);
}

/* The range, and 0 where it lies between the ends. */
static void draw_axis(Area area, const ChartBars *bars, const int marks[2])
{
    char low[FORMAT_BYTES], high[FORMAT_BYTES];
    int top = area.rows - AXIS_ROWS, zero = column_of(bars, 0, area.columns);
    snprintf(low, sizeof low, "%.4g", bars->low);
    snprintf(high, sizeof high, "%.4g", bars->high);
    for (int column = 0; column < area.columns; column++)
        area_glyph(area, top, column, STYLE_FRAME, GLYPH_ACROSS);
    for (int i = 0; i < 2; i++)
        area_glyph(area, top, marks[i], STYLE_WARN, GLYPH_UP);
    int end = area_text(area, top + 1, 0, STYLE_DIM, low);
    if (zero > end && zero < area.columns - (int)strlen(high) - 1)
        area_text(area, top + 1, zero, STYLE_DIM, "0");
    area_text_right(area, top + 1, STYLE_DIM, high);
}

void chart_bars(Area area, const ChartBars *bars)
{
    if (area.rows < 1 || area.columns < 2)
        return;
    bool has_axis = area.rows > AXIS_ROWS;
    Area field = area_part(area, 0, 0, area.rows - (has_axis ? AXIS_ROWS : 0), area.columns);
    Span span = span_of(bars->counts, area.columns);
    double width = (bars->high - bars->low) / area.columns;
    const int marks[2] = {column_of(bars, bars->clip_low, area.columns),
                          column_of(bars, bars->clip_high, area.columns)};
    for (int column = 0; column < area.columns; column++) {
        double middle = bars->low + (column + 0.5) * width;
        int height = bar_height(bars->counts[column], span, field.rows);
        draw_bar(field, column, height, middle < bars->clip_low || middle > bars->clip_high);
        if (column == marks[0] || column == marks[1])
            draw_mark(field, column, height);
    }
    if (has_axis)
        draw_axis(area, bars, marks);
}
