#include "ui/calibrate_pane.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/chart.h"
#include "ui/gauge.h"

enum { WIDEST_CHART = 512, FIGURE_ROWS = 3, FIGURE_COLUMNS = 11, NAME_COLUMNS = 8 };

static const char *tensor_word(PreviewTensor tensor)
{
    static const char *const WORDS[PREVIEW_TENSORS] = {"weights", "activations"};
    return WORDS[tensor];
}

void calibrate_bits_text(const Tuning *tuning, int row, char *text, size_t size)
{
    const LayerScheme *choice = tuning_choice(tuning, row);
    if (choice->is_float)
        snprintf(text, size, "float");
    else if (tuning_row(tuning, row).has_weights)
        snprintf(text, size, "%d/%d", choice->weight_bits, choice->activation_bits);
    else
        snprintf(text, size, "-/%d", choice->activation_bits);
}

/* ---- figures --------------------------------------------------------------------------------- */

double calibrate_figure(const Preview *effect, EffectFigure figure, int width,
                        char text[FORMAT_BYTES])
{
    const struct {
        double value;
        int digits; /* 0: one behind the point */
        const char *unit;
    } figures[EFFECT_FIGURES] = {[EFFECT_CLIP] = {effect->clip, 4, ""},
                                 [EFFECT_STEP] = {effect->step, 3, ""},
                                 [EFFECT_SQNR] = {effect->sqnr_db, 0, " dB"},
                                 [EFFECT_CLIPPED] = {100 * effect->clipped_fraction, 3, " %"}};
    char number[FORMAT_BYTES];
    double value = effect->known ? figures[figure].value : NAN;
    const char *unit = effect->known ? figures[figure].unit : "";
    if (figures[figure].digits > 0 || !effect->known)
        format_rounded(value, figures[figure].digits, width - (int)strlen(unit), number);
    else
        snprintf(number, sizeof number, "%.1f", value);
    snprintf(text, FORMAT_BYTES, "%.*s%s", FORMAT_BYTES - 4, number, unit);
    return value;
}

static void draw_effect(const char *name, const Preview *effect, Style style, Area area, int row)
{
    const int width = FIGURE_COLUMNS - 1;
    area_text(area, row, 0, STYLE_DIM, name);
    for (int i = 0; i < EFFECT_FIGURES; i++) {
        char text[FORMAT_BYTES];
        calibrate_figure(effect, (EffectFigure)i, width, text);
        area_text_right(area_part(area, row, NAME_COLUMNS + i * FIGURE_COLUMNS, 1, width), 0, style,
                        text);
    }
}

static bool differ(const Preview *one, const Preview *other)
{
    return one->known != other->known || one->clip != other->clip || one->step != other->step ||
           one->sqnr_db != other->sqnr_db;
}

/* Better, worse, or neither: colour, and a mark for those without. */
static Style style_of_change(const Preview *before, const Preview *now)
{
    if (!before->known || !now->known || fabs(now->sqnr_db - before->sqnr_db) < 0.05)
        return STYLE_NORMAL;
    return now->sqnr_db > before->sqnr_db ? STYLE_GOOD : STYLE_WARN;
}

static void draw_figures(const CalibratePane *pane, Area area, int row)
{
    static const char *const TITLES[] = {"clip", "step", "SQNR", "clipped"};
    const Preview *now = &pane->effects->draft[pane->tensor].effect;
    const Preview *before = &pane->effects->committed[pane->tensor].effect;
    for (int i = 0; i < 4; i++)
        area_text_right(
            area_part(area, row, NAME_COLUMNS + i * FIGURE_COLUMNS, 1, FIGURE_COLUMNS - 1), 0,
            STYLE_HEADER, TITLES[i]);
    if (pane->compared) {
        draw_effect("left", now, STYLE_NORMAL, area, row + 1);
        draw_effect("right", &pane->other->effect, style_of_change(now, &pane->other->effect), area,
                    row + 2);
    } else if (differ(before, now)) {
        draw_effect("before", before, STYLE_NORMAL, area, row + 1);
        draw_effect("now", now, style_of_change(before, now), area, row + 2);
    } else {
        draw_effect("now", now, STYLE_NORMAL, area, row + 1);
    }
}

/* ---- histogram ------------------------------------------------------------------------------- */

static void draw_histogram(const Observation *seen, const Preview *effect, Area area)
{
    double counts[WIDEST_CHART];
    int columns = area.columns < WIDEST_CHART ? area.columns : WIDEST_CHART;
    Area part = area_part(area, 0, 0, area.rows, columns);
    ChartBars bars = {.counts = counts,
                      .low = fmin(0, (double)seen->minimum),
                      .high = fmax(0, (double)seen->maximum),
                      .clip_low = NAN,
                      .clip_high = NAN};
    if (columns < 2 || !(bars.high > bars.low))
        return;
    if (effect->known) {
        bars.clip_high = effect->clip;
        bars.clip_low = observation_is_one_sided(seen) ? NAN : -effect->clip;
    }
    preview_columns(seen, bars.low, bars.high, columns, counts);
    chart_bars(part, &bars);
}

static void draw_half(const CalibratePane *pane, const char *name, const Preview *effect, Area area)
{
    const Observation *seen = tuning_seen(pane->app->tuning, pane->row, pane->tensor);
    area_text(area, 0, 0, STYLE_TITLE, name);
    draw_histogram(seen, effect, area_part(area, 1, 0, area.rows - 1, area.columns));
}

static void draw_picture(const CalibratePane *pane, Area area)
{
    const Observation *seen = tuning_seen(pane->app->tuning, pane->row, pane->tensor);
    const Preview *now = &pane->effects->draft[pane->tensor].effect;
    char name[64];
    if (!pane->compared) {
        draw_histogram(seen, now, area);
        return;
    }
    int half = (area.columns - 2) / 2;
    tuning_calibration(pane->app->tuning, pane->row, pane->tensor, name, sizeof name);
    draw_half(pane, name, now, area_part(area, 0, 0, area.rows, half));
    draw_half(pane, pane->compared->name, &pane->other->effect,
              area_part(area, 0, area.columns - half, area.rows, half));
}

/* ---- all ------------------------------------------------------------------------------------- */

static void draw_title(const CalibratePane *pane, Area area)
{
    const Tuning *tuning = pane->app->tuning;
    const LayerScheme *choice = tuning_choice(tuning, pane->row);
    bool weights = pane->tensor == TENSOR_WEIGHTS;
    const Observation *seen = tuning_seen(tuning, pane->row, pane->tensor);
    char calibration[64], count[FORMAT_BYTES];
    int column = area_printf(area, 0, 0, STYLE_TITLE, "%s %s", tuning_row(tuning, pane->row).name,
                             tensor_word(pane->tensor));
    tuning_calibration(tuning, pane->row, pane->tensor, calibration, sizeof calibration);
    if (!choice->is_float)
        column = area_printf(area, 0, column, STYLE_NORMAL, "  %d bits, %s%s",
                             weights ? choice->weight_bits : choice->activation_bits, calibration,
                             weights && choice->granularity == PER_CHANNEL ? ", per channel" : "");
    else
        column = area_text(area, 0, column, STYLE_FLOAT, "  stays floating point");
    if (!seen)
        return;
    int cells = (int)strlen(format_count((double)seen->count, count)) + 2;
    bool has_unit = column + cells + (int)strlen(" values") <= area.columns;
    if (column + cells <= area.columns) /* a number is whole, or not there */
        area_printf(area, 0, column, STYLE_DIM, "  %s%s", count, has_unit ? " values" : "");
}

/* Why there is no histogram. */
static void draw_nothing(const CalibratePane *pane, Area area)
{
    const Observing *observing = &pane->app->observing;
    if (pane->tensor == TENSOR_WEIGHTS) {
        area_text(area, 2, 0, STYLE_DIM, "This layer has no weights; t shows its activations.");
    } else if (observing->state == OBSERVATION_GOING_ON) {
        int column = area_text(area, 2, 0, STYLE_NORMAL, "Looking at calibration images ");
        gauge_draw(area, 2, column, 20, observing->fraction);
    } else if (observing->state == OBSERVATION_FAILED) {
        area_paragraph(area_part(area, 2, 0, area.rows - 2, area.columns), 0, STYLE_BAD,
                       observing->message);
    }
}

void calibrate_pane_draw(const CalibratePane *pane, Area area)
{
    draw_title(pane, area);
    if (!tuning_seen(pane->app->tuning, pane->row, pane->tensor)) {
        draw_nothing(pane, area);
        return;
    }
    draw_figures(pane, area, 1);
    int first = 1 + FIGURE_ROWS;
    draw_picture(pane, area_part(area, first, 0, area.rows - first, area.columns));
}
