#include "ui/hardware_pane.h"

#include <math.h>
#include <stdio.h>

#include "flow/report.h"
#include "flow/tap.h"
#include "ui/format.h"
#include "ui/gauge.h"

enum { LABEL_COLUMNS = 12, MOST_SHARDS = 64 };

bool hardware_row_edited(const FoldingRow *row)
{
    return row->pe != row->built_pe || row->simd != row->built_simd;
}

bool hardware_any_edited(const Folding *folding)
{
    for (int i = 0; i < folding_count(folding); i++) {
        const FoldingRow row = folding_row(folding, i);
        if (hardware_row_edited(&row))
            return true;
    }
    return false;
}

/* ---- figures --------------------------------------------------------------------------------- */

static void draw_cycles(const HardwarePane *pane, const char *word, int64_t predicted, Area area,
                        int row)
{
    char path[64], count[FORMAT_BYTES];
    snprintf(path, sizeof path, "hardware.%s_cycles", word);
    double simulated = report_number(pane->app->run.report, path, NAN);
    area_text(area, row, 0, STYLE_DIM, word);
    int column = area_printf(area, row, LABEL_COLUMNS, STYLE_NORMAL, "%s cycles",
                             format_count((double)predicted, count));
    if (isnan(simulated))
        return;
    bool equal = simulated == (double)predicted, edited = hardware_any_edited(pane->folding);
    Style style = equal ? STYLE_GOOD : edited ? STYLE_STALE : STYLE_BAD;
    area_printf(area, row, column, style, ", simulated%s %s", edited ? " as built" : "",
                format_count(simulated, count));
}

static void draw_speed(const App *app, FoldingTiming timing, Area area, int row)
{
    char latency[FORMAT_BYTES], speed[FORMAT_BYTES], multipliers[FORMAT_BYTES];
    double clock = app->settings.run.clock_mhz;
    area_printf(area, row, 0, STYLE_DIM, "at %g MHz", clock);
    area_printf(area, row, LABEL_COLUMNS, STYLE_NORMAL, "%s an image, %s images/s",
                format_microseconds((double)timing.latency_cycles / clock, latency),
                format_count(floor(clock * 1e6 / (double)timing.interval_cycles), speed));
    area_text(area, row + 1, 0, STYLE_DIM, "multipliers");
    area_printf(area, row + 1, LABEL_COLUMNS, STYLE_NORMAL, "%s at once",
                format_count((double)timing.multipliers, multipliers));
}

/* What the design would take of the device. */
static void draw_shares(const HardwarePane *pane, Area area, int row)
{
    const FoldingShares *shares = &pane->shares;
    const struct {
        const char *word;
        double share;
    } BARS[] = {{"LUT", shares->lut}, {"DSP", shares->dsp}, {"BRAM", shares->bram}};
    enum { BAR_COUNT = sizeof BARS / sizeof *BARS, WORD_COLUMNS = 5, MOST_COLUMNS = 24 };
    area_text(area, row, 0, STYLE_DIM, pane->device ? pane->device : "device");
    if (!pane->device || !shares->known) {
        area_text(area, row, LABEL_COLUMNS, STYLE_DIM,
                  pane->device ? "no estimate for its family, or for floating point"
                               : "none: d chooses one, for an estimate of what it takes");
        return;
    }
    int columns = (area.columns - LABEL_COLUMNS) / BAR_COUNT;
    columns = columns < MOST_COLUMNS ? columns : MOST_COLUMNS;
    for (int i = 0; i < BAR_COUNT; i++) {
        int column = LABEL_COLUMNS + i * columns;
        area_text(area, row, column, STYLE_DIM, BARS[i].word);
        gauge_draw_share(area, row, column + WORD_COLUMNS, columns - WORD_COLUMNS - 1,
                         BARS[i].share);
    }
}

/* What was proven of the design as the run built it, however it is folded here since. */
static void draw_proof(const HardwarePane *pane, Area area, int row)
{
    const RunView *run = &pane->app->run;
    char values[FORMAT_BYTES], images[FORMAT_BYTES];
    const json_t *exact = report_at(run->report, "hardware.bit_exact");
    area_text(area, row, 0, STYLE_DIM, "proof");
    if (!json_is_boolean(exact)) {
        area_text(area, row, LABEL_COLUMNS, STYLE_DIM, "not simulated");
        return;
    }
    bool equal = json_is_true(exact);
    int column = area_glyph(area, row, LABEL_COLUMNS, equal ? STYLE_GOOD : STYLE_BAD,
                            equal ? GLYPH_DONE : GLYPH_FAILED);
    area_printf(area, row, column + 1, equal ? STYLE_GOOD : STYLE_BAD, "%s%s, %s values, %s images",
                equal ? "bit exact" : "NOT bit exact",
                hardware_any_edited(pane->folding) ? " as built" : "",
                format_count(report_number(run->report, "hardware.values_compared", NAN), values),
                format_count(report_number(run->report, "hardware.images", NAN), images));
}

/* A value as integer and in real units; "nothing" where the hardware gave none. */
static void value_text(const json_t *first, const char *key, char *text, size_t size)
{
    char real[64];
    double value = report_number(first, key, NAN);
    snprintf(real, sizeof real, "%s_real", key);
    if (isnan(value))
        snprintf(text, size, "nothing");
    else
        snprintf(text, size, "%.9g (%.6g)", value, report_number(first, real, NAN));
}

/* Layer, channel, pixel: where hardware and software part first. */
static void draw_difference(const RunView *run, Area area, int row)
{
    const json_t *first = report_at(run->report, "hardware.first_mismatch");
    char got[64], expected[64];
    if (!json_is_object(first))
        return;
    value_text(first, "got", got, sizeof got);
    value_text(first, "expected", expected, sizeof expected);
    const char *layer = report_text(first, "layer", "");
    area_text(area, row, 0, STYLE_DIM, "first");
    area_printf(area, row, LABEL_COLUMNS, STYLE_BAD,
                "%s of image %.0f: channel %.0f, row %.0f, column %.0f",
                *layer ? layer : "the output", report_number(first, "image", 0),
                report_number(first, "channel", 0), report_number(first, "row", 0),
                report_number(first, "column", 0));
    area_printf(area, row + 1, LABEL_COLUMNS, STYLE_BAD, "got %s, expected %s", got, expected);
}

int hardware_draw_shards(const RunView *run, Area area, int row)
{
    const json_t *shards = report_at(run->report, "shards");
    int count = (int)json_array_size(shards);
    if (run->stages[STAGE_SIMULATE].mark != MARK_RUNNING)
        return 0;
    for (int i = 0; i < count && i < MOST_SHARDS; i++) {
        const json_t *shard = json_array_get(shards, (size_t)i);
        double images = report_number(shard, "images", 0), done = report_number(shard, "done", 0);
        area_printf(area, row + i, 0, STYLE_DIM, "simulation %d", i + 1);
        int column =
            gauge_draw(area, row + i, LABEL_COLUMNS + 2, 20, images > 0 ? done / images : 0);
        area_printf(area, row + i, column + 1, STYLE_DIM, "%.0f of %.0f images", done, images);
    }
    return count;
}

/* An image that is simulated again. */
static void draw_tapping(const App *app, Area area, int row)
{
    const Tapping *tapping = &app->tapping;
    if (!tapping->going_on || tapping->run != app->run.id)
        return;
    area_text(area, row, 0, STYLE_DIM, "again");
    if (tapping->image == TAP_FIRST)
        area_text(area, row, LABEL_COLUMNS, STYLE_WARN, "the image that differs is simulated");
    else
        area_printf(area, row, LABEL_COLUMNS, STYLE_WARN, "image %lld is simulated",
                    (long long)tapping->image);
}

void hardware_draw_figures(const HardwarePane *pane, Area area)
{
    const App *app = pane->app;
    FoldingTiming timing = folding_timing(pane->folding);
    draw_cycles(pane, "latency", timing.latency_cycles, area, 0);
    draw_cycles(pane, "interval", timing.interval_cycles, area, 1);
    draw_speed(app, timing, area, 2);
    draw_shares(pane, area, 4);
    draw_proof(pane, area, 5);
    draw_difference(&app->run, area, 6);
    int row = 6 + hardware_draw_shards(&app->run, area, 6);
    draw_tapping(app, area, 8);
    if (hardware_any_edited(pane->folding))
        area_text(area, row < 8 ? 8 : row, 0, STYLE_WARN,
                  "edited: r builds it; a is as it was built");
}
