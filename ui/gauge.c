#include "ui/gauge.h"

#include <math.h>

enum { PERCENT_COLUMNS = 5 }; /* " 100%" */

/* `fraction` 0..1. */
static void draw_bar(Area area, int row, int column, int cells, double fraction)
{
    int full = (int)(fraction * cells);
    for (int i = 0; i < cells; i++)
        area_glyph(area, row, column + i, i < full ? STYLE_BAR : STYLE_DIM,
                   i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY);
}

static double clamp(double fraction)
{
    fraction = fraction > 0 ? fraction : 0; /* NAN too */
    return fraction < 1 ? fraction : 1;
}

int gauge_draw(Area area, int row, int column, int columns, double fraction)
{
    int cells = columns - PERCENT_COLUMNS;
    fraction = clamp(fraction);
    draw_bar(area, row, column, cells, fraction);
    return area_printf(area, row, column + cells, STYLE_NORMAL, " %3d%%", (int)(fraction * 100));
}

int gauge_draw_share(Area area, int row, int column, int columns, double share)
{
    int cells = columns - PERCENT_COLUMNS - 1;
    draw_bar(area, row, column, cells, clamp(share));
    if (share <= 1)
        return area_printf(area, row, column + cells, STYLE_NORMAL, " %3.0f%% ", share * 100);
    if (share * 100 >= 1000) /* where a device has none of it, too */
        return area_text(area, row, column + cells, STYLE_BAD, " >999!");
    return area_printf(area, row, column + cells, STYLE_BAD, " %3.0f%%!", ceil(share * 100));
}
