#include "ui/gauge.h"

int gauge_draw(Area area, int row, int column, int columns, double fraction)
{
    enum { PERCENT_COLUMNS = 5 };           /* " 100%" */
    fraction = fraction > 0 ? fraction : 0; /* NAN too */
    fraction = fraction < 1 ? fraction : 1;
    int cells = columns - PERCENT_COLUMNS;
    int full = (int)(fraction * cells);
    for (int i = 0; i < cells; i++)
        area_glyph(area, row, column + i, i < full ? STYLE_BAR : STYLE_DIM,
                   i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY);
    return area_printf(area, row, column + cells, STYLE_NORMAL, " %3d%%", (int)(fraction * 100));
}
