#include "report/plot.h"

#include <math.h>
#include <stdlib.h>

#include "base/dots.h"

#include "report/svg.h"

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

enum { COLUMNS = 60, ROWS = 12 };

static void print_rune(uint32_t rune, FILE *stream)
{
    if (rune < 0x80) {
        putc(rune ? (int)rune : ' ', stream);
        return;
    }
    /* Braille: three bytes of UTF-8. */
    putc((int)(0xe0 | rune >> 12), stream);
    putc((int)(0x80 | (rune >> 6 & 0x3f)), stream);
    putc((int)(0x80 | (rune & 0x3f)), stream);
}

static void print_row(const Dots *dots, int row, FILE *stream)
{
    int used = COLUMNS;
    while (used > 0 && !dots_rune(dots, row, used - 1))
        used--;
    for (int x = 0; x < used; x++)
        print_rune(dots_rune(dots, row, x), stream);
    putc('\n', stream);
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
            fprintf(stream, "   %c %s", dots_mark(s), plot->series[s].name);
        else
            fprintf(stream, "   %s %s", s ? "⠁⠈⠂⠐" : "⠒⠒⠒", plot->series[s].name);
    }
    fprintf(stream, "\n");
}

void plot_print(const Plot *plot, bool ascii, FILE *stream)
{
    unsigned char cells[ROWS * COLUMNS] = {0};
    Dots dots = {.rows = ROWS, .columns = COLUMNS, .ascii = ascii, .cells = cells};
    DotsScale scale = {.steps = longest(plot) - 1};
    plot_range(plot, &scale.low, &scale.high);
    for (int s = plot->series_count - 1; s >= 0; s--)
        dots_curve(&dots, plot->series[s].values, plot->series[s].count, &scale, s);
    fprintf(stream, "%9s  %s\n", "", plot->title);
    for (int y = 0; y < ROWS; y++) {
        if (y % 4 == 0 || y == ROWS - 1)
            fprintf(stream, "%9.4f ", scale.high - (scale.high - scale.low) * y / (ROWS - 1));
        else
            fprintf(stream, "%9s ", "");
        fputs(ascii ? "|" : "│", stream);
        print_row(&dots, y, stream);
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
    svg_scale(svg, low, high);
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
    svg_scale(svg, 0, high);
    svg_text(svg, (SvgLabel){SVG_LEFT, SVG_TOP - 8, "middle", chart->unit});
    for (int b = 0; b < chart->bar_count; b++)
        svg_bar(chart, b, (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) / high, svg);
    for (int p = 0; p < chart->part_count; p++)
        svg_legend(svg, p, chart->part_names[p]);
    buffer_append_text(svg, "</svg>\n");
}
