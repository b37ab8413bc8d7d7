#include "ui/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/dots.h"
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

/* That heights are no counts, where the row of the axis is free: from `from` on, before `to`. */
static bool draw_scale_name(Area area, int row, int from, int to)
{
    static const char *const NAMES[] = {"counts on a log scale", "log scale"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (from + (int)strlen(NAMES[i]) < to) {
            area_text(area, row, from, STYLE_DIM, NAMES[i]);
            return true;
        }
    return false;
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
    int last = area.columns - (int)strlen(high) - 1;
    bool has_zero = zero > end && zero < last;
    if (has_zero)
        area_text(area, top + 1, zero, STYLE_DIM, "0");
    if (!draw_scale_name(area, top + 1, end + 2, has_zero ? zero - 1 : last) && has_zero)
        (void)draw_scale_name(area, top + 1, zero + 3, last);
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

/* ---- curves ---------------------------------------------------------------------------------- */

enum { SCALE_COLUMNS = 8, CURVE_ROWS_MOST = 64, CURVE_COLUMNS_MOST = 256 };

static DotsScale scale_of(const ChartCurves *chart)
{
    double low = INFINITY, high = -INFINITY;
    for (int c = 0; c < chart->curve_count; c++)
        for (int i = 0; i < chart->count; i++)
            if (isfinite(chart->curves[c].values[i])) {
                low = fmin(low, chart->curves[c].values[i]);
                high = fmax(high, chart->curves[c].values[i]);
            }
    if (!(high >= low))
        low = 0, high = 1;
    double room = high > low ? (high - low) * 0.02 : 0.01;
    return (DotsScale){low - room, high + room, chart->expected - 1};
}

static void draw_dots(const Dots *dots, Area area)
{
    for (int row = 0; row < dots->rows; row++)
        for (int column = 0; column < dots->columns; column++) {
            char text[UTF8_BYTES];
            uint32_t rune = dots_rune(dots, row, column);
            text_encode(rune, text);
            if (rune)
                area_text(area, row, column, STYLE_BAR, text);
        }
}

static void draw_scale(Area area, int rows, const DotsScale *scale)
{
    for (int row = 0; row < rows; row++) {
        char text[FORMAT_BYTES];
        double value = scale->high - (scale->high - scale->low) * row / (rows > 1 ? rows - 1 : 1);
        snprintf(text, sizeof text, "%.4f", value);
        if (row % 4 == 0 || row == rows - 1)
            area_text(area, row, 0, STYLE_DIM, text);
        area_glyph(area, row, SCALE_COLUMNS - 1, STYLE_FRAME, GLYPH_UPRIGHT);
    }
}

static void draw_legend(Area area, int row, const ChartCurves *chart)
{
    char last[FORMAT_BYTES];
    for (int column = SCALE_COLUMNS; column < area.columns; column++)
        area_glyph(area, row, column, STYLE_FRAME, GLYPH_ACROSS);
    snprintf(last, sizeof last, "%d", chart->first_x + chart->expected - 1);
    int column = area_printf(area, row + 1, SCALE_COLUMNS, STYLE_DIM, "%d %s", chart->first_x,
                             chart->x_label);
    int room = area.columns - (int)strlen(last) - 1;
    for (int c = 0; c < chart->curve_count; c++) {
        const char *line = c ? "\u2801\u2808\u2802\u2810" : "\u2812\u2812\u2812";
        char mark[2] = {dots_mark(c), 0};
        line = area.canvas->ascii ? mark : line;
        if (column + 3 + text_columns(line, false) + text_columns(chart->curves[c].name, false) >
            room)
            break;
        column = area_text(area, row + 1, column + 2, STYLE_BAR, line);
        column = area_printf(area, row + 1, column + 1, STYLE_DIM, "%s", chart->curves[c].name);
    }
    area_text_right(area, row + 1, STYLE_DIM, last);
}

void chart_curves(Area area, const ChartCurves *chart)
{
    unsigned char cells[CURVE_ROWS_MOST * CURVE_COLUMNS_MOST] = {0};
    int rows = area.rows - AXIS_ROWS, columns = area.columns - SCALE_COLUMNS;
    if (rows < 1 || columns < 2)
        return;
    Dots dots = {.rows = rows < CURVE_ROWS_MOST ? rows : CURVE_ROWS_MOST,
                 .columns = columns < CURVE_COLUMNS_MOST ? columns : CURVE_COLUMNS_MOST,
                 .ascii = area.canvas->ascii,
                 .cells = cells};
    DotsScale scale = scale_of(chart);
    for (int c = chart->curve_count - 1; c >= 0; c--)
        dots_curve(&dots, chart->curves[c].values, chart->count, &scale, c);
    draw_dots(&dots, area_part(area, 0, SCALE_COLUMNS, dots.rows, dots.columns));
    draw_scale(area, dots.rows, &scale);
    draw_legend(area_part(area, 0, 0, area.rows, SCALE_COLUMNS + dots.columns), dots.rows, chart);
}
