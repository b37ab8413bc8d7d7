/* The pipeline in time: which stage works when on one image, and what share of the arithmetic it
 * is. */
#include <inttypes.h>
#include <stdio.h>

#include "ui/format.h"
#include "ui/gauge.h"
#include "ui/hardware_pane.h"

enum {
    NAME_COLUMNS = 20,
    SPAN_COLUMNS = 20,
    GAUGE_COLUMNS = 18,
    LEAST_BAR_COLUMNS = 16,
    SIDE_COLUMNS = NAME_COLUMNS + SPAN_COLUMNS + 2 * GAUGE_COLUMNS
};

typedef struct Gantt {
    const Folding *folding;
    FoldingTiming timing;
    int columns; /* of the bars */
} Gantt;

static void draw_head(const Gantt *gantt, Area line)
{
    char latency[FORMAT_BYTES], title[80];
    int column = NAME_COLUMNS + gantt->columns + 1;
    format_count((double)gantt->timing.latency_cycles, latency);
    snprintf(title, sizeof title, "one image, cycles 1 to %s", latency);
    area_text(area_part(line, 0, 0, 1, column - 1), 0, NAME_COLUMNS, STYLE_HEADER, title);
    area_text_right(area_part(line, 0, column, 1, SPAN_COLUMNS - 3), 0, STYLE_HEADER, "from - to");
    column += SPAN_COLUMNS;
    area_text(line, 0, column - 2, STYLE_HEADER, "computes");
    area_text(line, 0, column - 2 + GAUGE_COLUMNS, STYLE_HEADER, "of multipliers");
}

/* From the column of its first cycle to that of its last one. */
static void draw_bar(const Gantt *gantt, const FoldingRow *row, Area line)
{
    int64_t all = gantt->timing.latency_cycles, columns = gantt->columns;
    int from = (int)((row->first_cycle - 1) * columns / all);
    int to = (int)((row->last_cycle * columns + all - 1) / all);
    for (int column = 0; column < columns; column++) {
        bool inside = column >= from && column < to;
        area_glyph(line, 0, NAME_COLUMNS + column,
                   !inside           ? STYLE_DIM
                   : row->bottleneck ? STYLE_BOTTLENECK
                                     : STYLE_BAR,
                   inside ? GLYPH_BAR_FULL : GLYPH_WAITING);
    }
}

static void draw_stage(const Gantt *gantt, const FoldingRow *row, Area line)
{
    char first[FORMAT_BYTES], last[FORMAT_BYTES], span[2 * FORMAT_BYTES];
    int column = NAME_COLUMNS + gantt->columns + 1;
    if (row->bottleneck)
        area_glyph(line, 0, 0, STYLE_BOTTLENECK, GLYPH_WARNING);
    area_text(area_part(line, 0, 2, 1, NAME_COLUMNS - 3), 0, 0, STYLE_NORMAL, row->name);
    draw_bar(gantt, row, line);
    snprintf(span, sizeof span, "%s - %s", format_count((double)row->first_cycle, first),
             format_count((double)row->last_cycle, last));
    area_text_right(area_part(line, 0, column, 1, SPAN_COLUMNS - 3), 0, STYLE_NORMAL, span);
    column += SPAN_COLUMNS - 2;
    gauge_draw(line, 0, column, GAUGE_COLUMNS - 2,
               (double)row->busy_cycles / (double)gantt->timing.interval_cycles);
    if (row->multipliers > 0)
        gauge_draw(line, 0, column + GAUGE_COLUMNS, GAUGE_COLUMNS - 2,
                   (double)row->multipliers / (double)gantt->timing.multipliers);
}

void hardware_draw_gantt(const Folding *folding, int first, Area area)
{
    const Gantt gantt = {.folding = folding,
                         .timing = folding_timing(folding),
                         .columns = area.columns - SIDE_COLUMNS - 1};
    int stages = area.rows - HARDWARE_GANTT_HEAD, count = folding_count(folding) - first;
    if (gantt.columns < LEAST_BAR_COLUMNS ||
        stages < (count < HARDWARE_GANTT_LEAST ? count : HARDWARE_GANTT_LEAST))
        return;
    draw_head(&gantt, area_part(area, 0, 0, 1, area.columns));
    for (int i = 0; i < stages && i < count; i++) {
        const FoldingRow row = folding_row(folding, first + i);
        draw_stage(&gantt, &row, area_part(area, HARDWARE_GANTT_HEAD - 1 + i, 0, 1, area.columns));
    }
}
