#include "ui/difference_pane.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ui/format.h"

enum { NUMBER_COLUMNS = 6, COUNT_COLUMNS = 8, LEGEND_ROWS = 1, VALUE_BYTES = 32 };

/* ---- channels -------------------------------------------------------------------------------- */

static int64_t channels_that_differ(const LayerDifferences *layer)
{
    int64_t count = 0;
    for (int64_t i = 0; i < layer->channels; i++)
        count += layer->per_channel[i] > 0;
    return count;
}

static void draw_bar(const LayerDifferences *layer, int64_t channel, Area area, int row)
{
    char count[FORMAT_BYTES];
    int64_t pixels = layer->rows * layer->columns;
    int cells = area.columns - NUMBER_COLUMNS - COUNT_COLUMNS;
    int full = (int)((layer->per_channel[channel] * cells + pixels - 1) / pixels);
    area_printf(area, row, 0, STYLE_DIM, "%*lld", NUMBER_COLUMNS - 1, (long long)channel);
    for (int i = 0; i < cells; i++)
        area_glyph(area, row, NUMBER_COLUMNS + i, i < full ? STYLE_BAD : STYLE_DIM,
                   i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY);
    area_text_right(area, row, STYLE_NORMAL,
                    format_count((double)layer->per_channel[channel], count));
}

/* A vector: one cell a value, line by line. */
static void draw_vector(const LayerDifferences *layer, Area area)
{
    area_printf(area, 0, 0, STYLE_HEADER, "%s: %lld of %lld values differ", layer->layer,
                (long long)channels_that_differ(layer), (long long)layer->channels);
    for (int64_t i = 0; i < layer->channels && i / area.columns < area.rows; i++)
        area_glyph(area, 1 + (int)(i / area.columns), (int)(i % area.columns),
                   layer->per_channel[i] ? STYLE_BAD : STYLE_DIM,
                   layer->per_channel[i] ? GLYPH_FAILED : GLYPH_WAITING);
}

void difference_draw_channels(const LayerDifferences *layer, Area area)
{
    if (layer->rows * layer->columns == 1) {
        draw_vector(layer, area);
        return;
    }
    int row = 1;
    int64_t differ = channels_that_differ(layer), left = differ;
    area_printf(area, 0, 0, STYLE_HEADER, "%s: %lld of %lld channels differ", layer->layer,
                (long long)differ, (long long)layer->channels);
    for (int64_t i = 0; i < layer->channels; i++) {
        if (layer->per_channel[i] == 0)
            continue;
        if (row + 1 == area.rows && left > 1) {
            area_printf(area, row, 0, STYLE_DIM, "and %lld more", (long long)left);
            return;
        }
        draw_bar(layer, i, area, row++);
        left--;
    }
}

/* ---- the map --------------------------------------------------------------------------------- */

typedef enum Sign { SIGN_EQUAL, SIGN_HIGH, SIGN_LOW, SIGN_MISSING, SIGNS } Sign;

static const struct {
    Glyph glyph;
    Style style;
    const char *word;
} LOOKS[SIGNS] = {[SIGN_EQUAL] = {GLYPH_WAITING, STYLE_DIM, "equal"},
                  [SIGN_HIGH] = {GLYPH_UP, STYLE_BAD, "high"},
                  [SIGN_LOW] = {GLYPH_DOWN, STYLE_BAD, "low"},
                  [SIGN_MISSING] = {GLYPH_SKIPPED, STYLE_WARN, "missing"}};

static Sign sign_of(const LayerDifferences *layer, const ValueDifference *value)
{
    if (value->missing)
        return SIGN_MISSING;
    double got = differences_real(layer, value->got);
    return got < differences_real(layer, value->expected) ? SIGN_LOW : SIGN_HIGH;
}

/* The first row or column in sight, of `most`: what is selected stays there. */
static int64_t first_in_sight(int64_t most, int64_t room, int64_t selected)
{
    int64_t first = selected - room / 2;
    first = first > most - room ? most - room : first;
    return first > 0 ? first : 0;
}

static void draw_legend(Area area, int row)
{
    int column = 0;
    for (int i = 0; i < SIGNS; i++) {
        column = area_glyph(area, row, column, LOOKS[i].style, LOOKS[i].glyph);
        column = area_text(area, row, column + 1, STYLE_DIM, LOOKS[i].word) + 2;
    }
}

static void draw_pixels(const DifferenceMap *map, Area area, int64_t top, int64_t left)
{
    const LayerDifferences *layer = map->layer;
    for (int row = 0; row < area.rows && top + row < layer->rows; row++)
        for (int column = 0; column < area.columns && left + column < layer->columns; column++)
            area_glyph(area, row, column, LOOKS[SIGN_EQUAL].style, LOOKS[SIGN_EQUAL].glyph);
    for (int64_t i = 0; i < map->count; i++) {
        const ValueDifference *value = &map->values[i];
        int64_t row = value->row - top, column = value->column - left;
        Sign sign = sign_of(layer, value);
        if (row >= 0 && row < area.rows && column >= 0 && column < area.columns)
            area_glyph(area, (int)row, (int)column,
                       i == map->selected ? STYLE_SELECTED : LOOKS[sign].style, LOOKS[sign].glyph);
    }
}

void difference_draw_map(const DifferenceMap *map, Area area)
{
    const LayerDifferences *layer = map->layer;
    const ValueDifference *at = map->selected >= 0 ? &map->values[map->selected] : NULL;
    Area pixels = area_part(area, 1, 0, area.rows - 1 - LEGEND_ROWS, area.columns);
    int64_t top = first_in_sight(layer->rows, pixels.rows, at ? at->row : 0);
    int64_t left = first_in_sight(layer->columns, pixels.columns, at ? at->column : 0);
    bool cut = layer->rows > pixels.rows || layer->columns > pixels.columns;
    area_printf(area, 0, 0, STYLE_HEADER, "%lldx%lld pixels%s", (long long)layer->rows,
                (long long)layer->columns, cut ? ", a part" : "");
    draw_pixels(map, pixels, top, left);
    int64_t below = layer->rows - top;
    draw_legend(area, 1 + (below < pixels.rows ? (int)below : pixels.rows));
}

/* ---- one value ------------------------------------------------------------------------------- */

void difference_place_text(const LayerDifferences *layer, const ValueDifference *value, char *text,
                           size_t size)
{
    if (layer->rows * layer->columns == 1)
        snprintf(text, size, "value %lld", (long long)value->channel);
    else
        snprintf(text, size, "channel %lld, row %lld, column %lld", (long long)value->channel,
                 (long long)value->row, (long long)value->column);
}

static void value_text(const LayerDifferences *layer, int32_t value, char *text, size_t size)
{
    char number[VALUE_BYTES];
    differences_text(layer, value, number, sizeof number);
    if (layer->is_float)
        snprintf(text, size, "%s", number);
    else
        snprintf(text, size, "%s (%.6g)", number, differences_real(layer, value));
}

void difference_draw_value(const LayerDifferences *layer, const ValueDifference *value, Area area)
{
    char place[96], beat[FORMAT_BYTES], got[2 * VALUE_BYTES] = "nothing", expected[2 * VALUE_BYTES];
    difference_place_text(layer, value, place, sizeof place);
    value_text(layer, value->expected, expected, sizeof expected);
    area_printf(area, 0, 0, STYLE_NORMAL, "%s, image %lld, label %d: %s; beat %s of the stream",
                layer->layer, (long long)layer->image, layer->label, place,
                format_count((double)differences_beat(layer, value->element), beat));
    if (value->missing) {
        area_printf(area, 1, 0, STYLE_BAD, "got nothing, expected %s", expected);
        return;
    }
    value_text(layer, value->got, got, sizeof got);
    double apart = differences_real(layer, value->got) - differences_real(layer, value->expected);
    int column = area_printf(area, 1, 0, STYLE_BAD, "got %s, expected %s", got, expected);
    if (layer->is_float)
        area_printf(area, 1, column, STYLE_DIM, "; %+.6g", apart);
    else
        area_printf(area, 1, column, STYLE_DIM, "; %+lld (%+.6g)",
                    (long long)value->got - value->expected, apart);
}
