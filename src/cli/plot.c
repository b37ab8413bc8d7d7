#include "cli/plot.h"

#include <math.h>
#include <stdlib.h>

#include "cli/svg.h"

/* ---- common ------------------------------------------------------------------------------------
 */

void plot_range(const Plot *plot, double *low, double *high)
{
    double least = INFINITY, most = -INFINITY;
    for (int s = 0; s < plot->series_count; s++)
        for (int i = 0; i < plot->series[s].count; i++)
            if (isfinite(plot->series[s].values[i])) {
                least = fmin(least, plot->series[s].values[i]);
                most = fmax(most, plot->series[s].values[i]);
            }
    if (!isfinite(least)) {
        *low = 0;
        *high = 1;
        return;
    }
    double room = most > least ? (most - least) * 0.02 : fmax(fabs(least), 1) * 0.01;
    *low = least - room;
    *high = most + room;
}

/* The number of steps along x: the longest series. */
static int longest(const Plot *plot)
{
    int most = 0;
    for (int s = 0; s < plot->series_count; s++)
        most = plot->series[s].count > most ? plot->series[s].count : most;
    return most;
}

/* ---- curves as text ----------------------------------------------------------------------------
 */

/* A terminal cell is 2 x 4 dots in braille; in ASCII it is one dot. */
enum { COLUMNS = 60, ROWS = 12, DOTS_X = 2, DOTS_Y = 4 };

typedef struct Canvas {
    unsigned char cells[ROWS][COLUMNS]; /* braille: bit pattern; ASCII: a character or 0 */
    int width, height;                  /* in dots */
    bool ascii;
} Canvas;

static void set_dot(Canvas *canvas, int x, int y, char mark)
{
    static const unsigned char bits[DOTS_Y][DOTS_X] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (canvas->ascii)
        canvas->cells[y][x] = (unsigned char)mark;
    else
        canvas->cells[y / DOTS_Y][x / DOTS_X] |= bits[y % DOTS_Y][x % DOTS_X];
}

static const char MARKS[PLOT_SERIES_MOST] = {'*', 'o', '+', 'x'};

typedef struct Point {
    int x, y;
} Point;

/* A line of dots; every third one alone when it is dotted. */
static void draw_line(Canvas *canvas, Point from, Point to, int series)
{
    int steps = abs(to.x - from.x) > abs(to.y - from.y) ? abs(to.x - from.x) : abs(to.y - from.y);
    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;
        int x = (int)lround(from.x + part * (to.x - from.x));
        int y = (int)lround(from.y + part * (to.y - from.y));
        if (series == 0 || i == steps || (x + y) % 3 == 0)
            set_dot(canvas, x, y, MARKS[series]);
    }
}

static void draw_series(Canvas *canvas, const Plot *plot, int series)
{
    const PlotSeries *values = &plot->series[series];
    double low, high;
    plot_range(plot, &low, &high);
    int steps = longest(plot) - 1;
    Point last = {-1, -1};
    for (int i = 0; i < values->count; i++) {
        if (!isfinite(values->values[i])) {
            last.x = -1;
            continue;
        }
        double height = (values->values[i] - low) / (high - low);
        Point here = {steps > 0 ? (int)lround((double)i / steps * (canvas->width - 1)) : 0,
                      (int)lround((1 - height) * (canvas->height - 1))};
        draw_line(canvas, last.x < 0 ? here : last, here, series);
        last = here;
    }
}

static void print_cell(const Canvas *canvas, unsigned char cell, FILE *stream)
{
    if (canvas->ascii || !cell) {
        putc(cell ? cell : ' ', stream);
        return;
    }
    /* U+2800 + cell in UTF-8 */
    putc(0xe2, stream);
    putc(0xa0 | cell >> 6, stream);
    putc(0x80 | (cell & 0x3f), stream);
}

static void print_axis(const Plot *plot, bool ascii, FILE *stream)
{
    fprintf(stream, "%9s %s", "", ascii ? "+" : "└");
    for (int i = 0; i < COLUMNS; i++)
        fputs(ascii ? "-" : "─", stream);
    fprintf(stream, "\n%9s  %-*g%*g\n", "", COLUMNS / 2, plot->first_x, COLUMNS - COLUMNS / 2,
            plot->first_x + longest(plot) - 1);
    fprintf(stream, "%9s  %s", "", plot->x_label);
    for (int s = 0; s < plot->series_count; s++) {
        if (ascii)
            fprintf(stream, "   %c %s", MARKS[s], plot->series[s].name);
        else
            fprintf(stream, "   %s %s", s ? "⠁⠈⠂⠐" : "⠒⠒⠒", plot->series[s].name);
    }
    fprintf(stream, "\n");
}

void plot_print(const Plot *plot, bool ascii, FILE *stream)
{
    Canvas canvas = {.width = ascii ? COLUMNS : COLUMNS * DOTS_X,
                     .height = ascii ? ROWS : ROWS * DOTS_Y,
                     .ascii = ascii};
    for (int s = plot->series_count - 1; s >= 0; s--)
        draw_series(&canvas, plot, s);
    double low, high;
    plot_range(plot, &low, &high);
    fprintf(stream, "%9s  %s\n", "", plot->title);
    for (int y = 0; y < ROWS; y++) {
        if (y % 4 == 0 || y == ROWS - 1)
            fprintf(stream, "%9.4f ", high - (high - low) * y / (ROWS - 1));
        else
            fprintf(stream, "%9s ", "");
        fputs(ascii ? "|" : "│", stream);
        int used = COLUMNS;
        while (used > 0 && !canvas.cells[y][used - 1])
            used--;
        for (int x = 0; x < used; x++)
            print_cell(&canvas, canvas.cells[y][x], stream);
        putc('\n', stream);
    }
    print_axis(plot, ascii, stream);
}

/* ---- curves as SVG -----------------------------------------------------------------------------
 */

static void svg_legend(Buffer *svg, int index, const char *name)
{
    double x = SVG_LEFT + 150.0 * index;
    buffer_printf(svg, "<rect x=\"%.1f\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                  SVG_HEIGHT - 22, SVG_COLOURS[index]);
    svg_text(svg, (SvgLabel){x + 18, SVG_HEIGHT - 11, "start", name});
}

static void svg_series(Buffer *svg, const Plot *plot, int series)
{
    const PlotSeries *values = &plot->series[series];
    double low, high;
    plot_range(plot, &low, &high);
    int steps = longest(plot) - 1;
    bool drawing = false;
    buffer_append_text(svg, "<path d=\"");
    for (int i = 0; i < values->count; i++) {
        double value = values->values[i];
        if (isfinite(value))
            buffer_printf(
                svg, "%s%.1f %.1f", drawing ? "L" : "M",
                SVG_LEFT + (steps > 0 ? (double)(SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * i / steps : 0),
                SVG_HEIGHT - SVG_BOTTOM -
                    (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) * (value - low) / (high - low));
        drawing = isfinite(value);
    }
    buffer_printf(svg, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n",
                  SVG_COLOURS[series], series ? " stroke-dasharray=\"6 4\"" : "");
}

void plot_svg(const Plot *plot, Buffer *svg)
{
    double low, high;
    plot_range(plot, &low, &high);
    svg_begin(svg, plot->title);
    svg_scale(svg, low, high, 4);
    int steps = longest(plot) - 1;
    for (int i = 0; i <= steps; i++) {
        char text[48];
        snprintf(text, sizeof text, "%g", plot->first_x + i);
        double x =
            SVG_LEFT + (steps > 0 ? (double)(SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * i / steps : 0);
        if (steps <= 20 || i % (steps / 10) == 0)
            svg_text(svg, (SvgLabel){x, SVG_HEIGHT - SVG_BOTTOM + 16, "middle", text});
    }
    svg_text(svg, (SvgLabel){SVG_WIDTH - SVG_RIGHT, SVG_HEIGHT - 11, "end", plot->x_label});
    for (int s = 0; s < plot->series_count; s++) {
        svg_series(svg, plot, s);
        svg_legend(svg, s, plot->series[s].name);
    }
    buffer_append_text(svg, "</svg>\n");
}

/* ---- stacked bars ------------------------------------------------------------------------------
 */

double bar_total(const BarChart *chart, int bar)
{
    double sum = 0;
    for (int p = 0; p < chart->part_count; p++)
        sum += chart->bars[bar].parts[p];
    return sum;
}

static double largest_total(const BarChart *chart)
{
    double most = 0;
    for (int b = 0; b < chart->bar_count; b++)
        most = fmax(most, bar_total(chart, b));
    return most > 0 ? most : 1;
}

void bars_print(const BarChart *chart, bool ascii, FILE *stream)
{
    static const char *const blocks[BAR_PARTS_MOST] = {"█", "▒", "░", "▓", "▚", "·"};
    static const char *const letters[BAR_PARTS_MOST] = {"#", "=", "-", "+", "x", "."};
    const char *const *marks = ascii ? letters : blocks;
    fprintf(stream, "%9s  %s, %s\n", "", chart->title, chart->unit);
    for (int b = 0; b < chart->bar_count; b++) {
        fprintf(stream, "%9s %s", chart->bars[b].name, ascii ? "|" : "│");
        double sum = 0;
        int drawn = 0;
        for (int p = 0; p < chart->part_count; p++) {
            sum += chart->bars[b].parts[p];
            for (int end = (int)lround(sum / largest_total(chart) * COLUMNS); drawn < end; drawn++)
                fputs(marks[p], stream);
        }
        fprintf(stream, " %.2f\n", sum);
    }
    fprintf(stream, "%9s ", "");
    for (int p = 0; p < chart->part_count; p++)
        fprintf(stream, "  %s %s", marks[p], chart->part_names[p]);
    fprintf(stream, "\n");
}

static void svg_bar(const BarChart *chart, int bar, double scale, Buffer *svg)
{
    double place = (double)(SVG_WIDTH - SVG_LEFT - SVG_RIGHT) / chart->bar_count;
    double x = SVG_LEFT + place * bar + place * 0.25, y = SVG_HEIGHT - SVG_BOTTOM;
    char total[64];
    for (int p = 0; p < chart->part_count; p++) {
        double height = chart->bars[bar].parts[p] * scale;
        y -= height;
        buffer_printf(svg,
                      "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" "
                      "fill=\"%s\"/>\n",
                      x, y, place * 0.5, height, SVG_COLOURS[p]);
    }
    snprintf(total, sizeof total, "%.3g", bar_total(chart, bar));
    svg_text(svg, (SvgLabel){x + place * 0.25, y - 5, "middle", total});
    svg_text(svg, (SvgLabel){x + place * 0.25, SVG_HEIGHT - SVG_BOTTOM + 16, "middle",
                             chart->bars[bar].name});
}

void bars_svg(const BarChart *chart, Buffer *svg)
{
    double high = largest_total(chart) * 1.1;
    svg_begin(svg, chart->title);
    svg_scale(svg, 0, high, high < 10 ? 2 : 0);
    svg_text(svg, (SvgLabel){SVG_LEFT, SVG_TOP - 8, "middle", chart->unit});
    for (int b = 0; b < chart->bar_count; b++)
        svg_bar(chart, b, (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) / high, svg);
    for (int p = 0; p < chart->part_count; p++)
        svg_legend(svg, p, chart->part_names[p]);
    buffer_append_text(svg, "</svg>\n");
}
