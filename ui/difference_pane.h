/* difference_pane.h: where in a layer the hardware differs, as pictures: its channels as bars, the
 * pixels of a channel as a map. */
#ifndef UI_DIFFERENCE_PANE_H
#define UI_DIFFERENCE_PANE_H

#include "flow/differences.h"
#include "ui/canvas.h"

/* One bar for each channel that differs, as many as there is room for. */
void difference_draw_channels(const LayerDifferences *layer, Area area);

/* Pixels of one channel. */
typedef struct DifferenceMap {
    const LayerDifferences *layer;
    const ValueDifference *values; /* of the channel, by row and column */
    int64_t count;
    int64_t selected; /* of values: stays in sight and stands out; -1: none */
} DifferenceMap;

/* A glyph a pixel: equal, too high, too low, missing; what they mean is below. */
void difference_draw_map(const DifferenceMap *map, Area area);

/* "channel 3, row 2, column 5", where a layer has them. */
void difference_place_text(const LayerDifferences *layer, const ValueDifference *value, char *text,
                           size_t size);
/* Two rows: where it is; got and expected, as integers and in real units, and how far apart. */
void difference_draw_value(const LayerDifferences *layer, const ValueDifference *value, Area area);

#endif
