/* The ladder screen: the paper's flowchart (Algorithm 1, Fig. 4) for the run that is shown: what was
 * tried, what is under way, against which target, and why the climb went on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "ui/app.h"
#include "ui/chart.h"
#include "ui/format.h"
#include "ui/panes.h"
#include "ui/scroll.h"

enum { WIDE_COLUMNS = 110, LEFT_COLUMNS = 64, FIGURES_COLUMN = 44, MOST_EPOCHS = 1000 };

enum { NOT_CHOSEN = -1 };

typedef struct LadderScreen {
    Screen base;
    int place;   /* step whose training is shown; NOT_CHOSEN: the last one that there was */
    int64_t run; /* whose they are */
    int epoch;   /* of it, to read its figures; NOT_CHOSEN: the last one */
} LadderScreen;

/* The steps in the order of Fig. 4; `times`: the which-th rung of that word it is. */
static const struct LadderPlace {
    const char *word;
    int times;
    const char *title;
} PLACES[] = {
    {"ptq-all", 0, "1  after training, every layer"},
    {"ptq-partial", 0, "2  sensitive layers stay floating point"},
    {"qat", 0, "3  training on integers"},
    {"qat", 1, "4  training, sensitive layers in float"},
};

enum { PLACE_COUNT = sizeof PLACES / sizeof *PLACES };

static const json_t *rung_of(const RunView *run, const struct LadderPlace *place)
{
    const json_t *rungs = run->report ? report_at(run->report, "ladder") : NULL;
    int seen = 0;
    for (size_t i = 0; i < json_array_size(rungs); i++) {
        const json_t *rung = json_array_get(rungs, i);
        if (strcmp(report_text(rung, "step", ""), place->word) == 0 && seen++ == place->times)
            return rung;
    }
    return NULL;
}

/* The place of the step under way; -1: none. */
static int place_under_way(const RunView *run)
{
    const char *word = run->report ? report_text(run->report, "climb.step", "") : "";
    if (!run_view_active(run) || run->stages[STAGE_QUANTIZE].mark != MARK_RUNNING)
        return -1;
    for (int i = 0; i < PLACE_COUNT; i++)
        if (strcmp(word, PLACES[i].word) == 0 && !rung_of(run, &PLACES[i]))
            return i;
    return -1;
}

/* What the target comes down to; NAN: there is none. */
static double threshold_of(const RunView *run)
{
    double baseline = report_number(run->report, "baseline.accuracy", NAN);
    double by_drop = baseline - run->max_drop;
    return isnan(run->target_accuracy) ? by_drop
           : isnan(by_drop)            ? run->target_accuracy
                                       : fmax(run->target_accuracy, by_drop);
}

/* ---- the flowchart --------------------------------------------------------------------------- */

static void draw_figures(const json_t *rung, Style style, Area area, int row)
{
    char accuracy[FORMAT_BYTES], bytes[FORMAT_BYTES];
    area_printf(area, row, FIGURES_COLUMN, style, "%s  %s",
                format_fraction(report_number(rung, "accuracy", NAN), accuracy),
                format_size(report_number(rung, "bytes", NAN), bytes));
}

/* Why the climb went on from a rung, or ended there. */
static void draw_reason(const RunView *run, const json_t *rung, Area area, int row)
{
    double threshold = threshold_of(run);
    double accuracy = report_number(rung, "accuracy", NAN);
    bool accepted = report_flag(rung, "accepted", false),
         chosen = report_flag(rung, "chosen", false);
    const char *note = report_text(rung, "note", "");
    size_t floats = json_array_size(report_at(rung, "float_layers"));
    int column = 5;
    if (isnan(threshold))
        column = area_text(area, row, column, STYLE_NORMAL, "no target was set");
    else if (accepted)
        column = area_printf(area, row, column, STYLE_GOOD, "reaches %.4f", threshold);
    else
        column = area_printf(area, row, column, STYLE_WARN, "%.4f short of %.4f",
                             threshold - accuracy, threshold);
    if (floats)
        column = area_printf(area, row, column, STYLE_FLOAT, ", %zu in float", floats);
    if (*note)
        column = area_printf(area, row, column, STYLE_DIM, ", %s", note);
    if (chosen)
        area_text(area, row, column, STYLE_TITLE,
                  place_under_way(run) < 0 ? ", chosen" : ", the best so far");
}

static bool has_focus(const LadderScreen *screen, int pane)
{
    return panes_focus(screen->base.app) == pane;
}

/* One step, with an arrow to the next where there is room; the rows it takes. */
static int draw_place(const RunView *run, int place, bool roomy, Area area, int row)
{
    const json_t *rung = rung_of(run, &PLACES[place]);
    bool now = place == place_under_way(run);
    bool ahead = run_view_active(run) && place > place_under_way(run);
    bool accepted = report_flag(rung, "accepted", false);
    Glyph glyph = now        ? GLYPH_RUNNING
                  : !rung    ? GLYPH_WAITING
                  : accepted ? GLYPH_DONE
                             : GLYPH_FAILED;
    Style style = now ? STYLE_NORMAL : !rung ? STYLE_DIM : accepted ? STYLE_GOOD : STYLE_WARN;
    if (!rung && !now && !ahead)
        glyph = GLYPH_SKIPPED;
    area_glyph(area, row, 1, style, glyph);
    area_text(area, row, 3, rung || now ? STYLE_NORMAL : STYLE_DIM, PLACES[place].title);
    if (rung) {
        draw_figures(rung, style, area, row);
        draw_reason(run, rung, area, row + 1);
    } else if (now) {
        double epochs = (double)json_array_size(report_at(run->report, "climb.epochs"));
        bool trains = strcmp(PLACES[place].word, "qat") == 0;
        area_printf(area, row + 1, 5, STYLE_NORMAL,
                    trains ? "epoch %.0f of %.0f done" : "under way", epochs,
                    report_number(run->report, "climb.epochs_wanted", 0));
    } else {
        area_text(area, row + 1, 5, STYLE_DIM, ahead ? "if needed" : "not tried");
    }
    if (!roomy)
        return 2;
    if (place + 1 < PLACE_COUNT)
        area_glyph(area, row + 2, 3, STYLE_FRAME, GLYPH_UPRIGHT);
    return 3;
}

static void draw_chart(const LadderScreen *screen, bool roomy, Area area)
{
    const RunView *run = &screen->base.app->run;
    char accuracy[FORMAT_BYTES];
    double threshold = threshold_of(run);
    int row = 0;
    area_text(area, row, 3, STYLE_DIM, "float network");
    area_text(area, row, FIGURES_COLUMN, STYLE_NORMAL,
              format_fraction(report_number(run->report, "baseline.accuracy", NAN), accuracy));
    row++;
    area_text(area, row, 3, STYLE_DIM, "target");
    if (isnan(threshold))
        area_text(area, row, FIGURES_COLUMN, STYLE_DIM, "none");
    else
        area_text(area, row, FIGURES_COLUMN, STYLE_NORMAL, format_fraction(threshold, accuracy));
    row += 2;
    panes_draw_mark(screen->base.app, 0, area, 0, 0);
    for (int i = 0; i < PLACE_COUNT; i++) {
        if (i == screen->place)
            area_glyph(area, row, 0, STYLE_NORMAL, GLYPH_CURSOR);
        row += draw_place(run, i, roomy, area, row);
    }
}

/* ---- training curves ------------------------------------------------------------------------- */

/* Those of the chosen step; else of the training under way, or of the last one that there was. */
static const json_t *epochs_of(const LadderScreen *screen)
{
    const RunView *run = &screen->base.app->run;
    bool chosen = screen->place != NOT_CHOSEN;
    if (chosen && screen->place != place_under_way(run))
        return report_at(rung_of(run, &PLACES[screen->place]), "epochs");
    const json_t *rungs = report_at(run->report, "ladder");
    const json_t *epochs = report_at(run->report, "climb.epochs");
    for (size_t i = 0; i < json_array_size(rungs) && json_array_size(epochs) == 0 && !chosen; i++)
        epochs = report_at(json_array_get(rungs, json_array_size(rungs) - 1 - i), "epochs");
    return epochs;
}

static int read_series(const json_t *epochs, const char *key, double *values)
{
    int count = (int)json_array_size(epochs);
    count = count < MOST_EPOCHS ? count : MOST_EPOCHS;
    for (int i = 0; i < count; i++)
        values[i] = report_number(json_array_get(epochs, (size_t)i), key, NAN);
    return count;
}

static int epoch_shown(const LadderScreen *screen, int count)
{
    bool chosen = screen->epoch != NOT_CHOSEN && screen->epoch < count;
    return chosen ? screen->epoch : count - 1;
}

/* "epoch 3: 0.9712, held out 0.9690" */
static void draw_epoch(const LadderScreen *screen, const json_t *epochs, Area area, int column)
{
    char training[FORMAT_BYTES], held_out[FORMAT_BYTES];
    int at = epoch_shown(screen, (int)json_array_size(epochs));
    const json_t *epoch = json_array_get(epochs, (size_t)at);
    area_printf(area, 0, column + 2, STYLE_NORMAL, "epoch %d: %s, held out %s", at + 1,
                format_fraction(report_number(epoch, "accuracy", NAN), training),
                format_fraction(report_number(epoch, "validation_accuracy", NAN), held_out));
}

static void draw_curves(const LadderScreen *screen, Area area)
{
    const RunView *run = &screen->base.app->run;
    double training[MOST_EPOCHS], validation[MOST_EPOCHS];
    const json_t *epochs = epochs_of(screen);
    int count = read_series(epochs, "accuracy", training);
    double wanted = report_number(run->report, "climb.epochs_wanted", 0);
    read_series(epochs, "validation_accuracy", validation);
    int column = area_text(area, 0, 0, STYLE_HEADER, "accuracy while training");
    if (count > 0 && has_focus(screen, 1))
        draw_epoch(screen, epochs, area, column);
    if (count == 0 && screen->place != NOT_CHOSEN) {
        area_text(area, 2, 0, STYLE_DIM, "This step does no training.");
        return;
    }
    if (count == 0) {
        area_text(area, 2, 0, STYLE_DIM, "No training yet: curves are drawn epoch by epoch.");
        return;
    }
    const ChartCurve curves[] = {{"training", training}, {"held out", validation}};
    const ChartCurves chart = {.curves = curves,
                               .curve_count = 2,
                               .count = count,
                               .expected = place_under_way(run) >= 0 ? (int)wanted : count,
                               .first_x = 1,
                               .x_label = "epoch"};
    chart_curves(area_part(area, 1, 0, area.rows - 1, area.columns), &chart);
}

/* ---- the screen ------------------------------------------------------------------------------ */

static void draw_wishes(const App *app, Area area)
{
    const RunOptions *options = &app->settings.run;
    char target[FORMAT_BYTES] = "none", drop[FORMAT_BYTES] = "none";
    if (!isnan(options->target_accuracy))
        snprintf(target, sizeof target, "%.4g", options->target_accuracy);
    if (!isnan(options->max_drop))
        snprintf(drop, sizeof drop, "%.4g", options->max_drop);
    area_printf(area, 0, 1, STYLE_DIM,
                "next run: target %s, most drop %s, policy %s, %d epochs of training", target, drop,
                options->policy, options->qat_epochs);
}

static void ladder_layout(Screen *base, int rows, int columns)
{
    (void)base;
    (void)rows;
    (void)columns;
}

static void ladder_draw(const Screen *base, Area area)
{
    const LadderScreen *screen = (const LadderScreen *)base;
    const App *app = base->app;
    Area body = area_part(area, 0, 0, area.rows - 2, area.columns);
    draw_wishes(app, area_part(area, area.rows - 1, 0, 1, area.columns));
    if (!app->run.known) {
        area_text(area, 1, 1, STYLE_NORMAL,
                  "No run yet. r starts one; t sets the accuracy that it "
                  "must reach.");
        return;
    }
    if (app->pane == PANE_FIRST) {
        draw_chart(screen, body.rows >= 3 + 3 * PLACE_COUNT, body);
        return;
    }
    if (app->pane == PANE_SECOND) {
        draw_curves(screen, area_part(body, 0, 1, body.rows, area.columns - 2));
        return;
    }
    if (area.columns >= WIDE_COLUMNS) {
        draw_chart(screen, true, area_part(body, 0, 0, body.rows, LEFT_COLUMNS));
        draw_curves(screen, area_part(body, 0, LEFT_COLUMNS + 2, body.rows,
                                      area.columns - LEFT_COLUMNS - 3));
        panes_draw_mark(app, 1, body, 0, LEFT_COLUMNS + 1);
        return;
    }
    int chart_rows = 3 + 2 * PLACE_COUNT;
    draw_chart(screen, false, area_part(body, 0, 0, chart_rows, area.columns));
    if (body.rows - chart_rows < 4)
        return;
    draw_curves(screen, area_part(body, chart_rows, 1, body.rows - chart_rows, area.columns - 2));
    panes_draw_mark(app, 1, body, chart_rows, 0);
}

/* ---- wishes for the next run ----------------------------------------------------------------- */

/* A fraction, or "none"; false: neither. */
static bool read_fraction(const char *text, double *value)
{
    char *end;
    double fraction = strtod(text, &end);
    if (strcmp(text, "none") == 0)
        fraction = NAN;
    else if (end == text || *end || !(fraction >= 0 && fraction <= 1))
        return false;
    *value = fraction;
    return true;
}

static void set_target(App *app)
{
    if (!read_fraction(app->argument, &app->settings.run.target_accuracy))
        app_message(app, MESSAGE_WARNING, "%s is no fraction from 0 to 1, nor none", app->argument);
}

static void set_drop(App *app)
{
    if (!read_fraction(app->argument, &app->settings.run.max_drop))
        app_message(app, MESSAGE_WARNING, "%s is no fraction from 0 to 1, nor none", app->argument);
}

static void set_epochs(App *app)
{
    char *end;
    long epochs = strtol(app->argument, &end, 10);
    if (end == app->argument || *end || epochs < 0 || epochs > MOST_EPOCHS)
        app_message(app, MESSAGE_WARNING, "%s is no number from 0 to %d", app->argument,
                    MOST_EPOCHS);
    else
        app->settings.run.qat_epochs = (int)epochs;
}

static void switch_policy(App *app)
{
    bool conv = strcmp(app->settings.run.policy, "conv") == 0;
    app->settings.run.policy = conv ? "sensitivity" : "conv";
}

static void (*const OBEY[ACTIONS])(App *app) = {
    [ACTION_SET_TARGET] = set_target,
    [ACTION_SET_DROP] = set_drop,
    [ACTION_SET_EPOCHS] = set_epochs,
    [ACTION_SWITCH_POLICY] = switch_policy,
};

/* ---- moving ---------------------------------------------------------------------------------- */

static int moved(int from, ActionId action, int count)
{
    const int steps[ACTIONS] = {
        [ACTION_UP] = -1,        [ACTION_DOWN] = 1,          [ACTION_PAGE_UP] = -count,
        [ACTION_FIRST] = -count, [ACTION_PAGE_DOWN] = count, [ACTION_LAST] = count,
    };
    int to = from + steps[action];
    return to < 0 ? 0 : to >= count ? count - 1 : to;
}

static bool moves(ActionId action)
{
    return action >= ACTION_UP && action <= ACTION_LAST;
}

/* Steps in the first pane, epochs in the second one. */
static void move(LadderScreen *screen, ActionId action)
{
    int epochs = (int)json_array_size(epochs_of(screen));
    if (has_focus(screen, 1)) {
        screen->epoch = moved(epoch_shown(screen, epochs), action, epochs);
        return;
    }
    int now = place_under_way(&screen->base.app->run);
    int from = screen->place != NOT_CHOSEN ? screen->place : now;
    bool first = from == NOT_CHOSEN && action == ACTION_DOWN;
    screen->place = first ? 0 : moved(from, action, PLACE_COUNT);
    screen->epoch = NOT_CHOSEN;
}

static bool ladder_action(Screen *base, ActionId action)
{
    if (OBEY[action])
        OBEY[action](base->app);
    else if (moves(action))
        move((LadderScreen *)base, action);
    return OBEY[action] != NULL || moves(action);
}

static bool ladder_can(const Screen *base, ActionId action, const char **why_not)
{
    const LadderScreen *screen = (const LadderScreen *)base;
    if (moves(action) && !base->app->run.known)
        *why_not = "no run yet";
    else if (moves(action) && has_focus(screen, 1) && json_array_size(epochs_of(screen)) == 0)
        *why_not = "there is no training to look at";
    else
        return true;
    return false;
}

/* Another run has other steps. */
static void ladder_event(Screen *base, ScreenEvent event)
{
    LadderScreen *screen = (LadderScreen *)base;
    if (event != SCREEN_RUN_CHANGED || screen->run == base->app->run.id)
        return;
    screen->run = base->app->run.id;
    screen->place = screen->epoch = NOT_CHOSEN;
}

static void ladder_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const RunView *run = &base->app->run;
    if (run->id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %lld", (long long)run->id);
}

static void ladder_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const RunView *run = &base->app->run;
    const json_t *rungs = run->report ? report_at(run->report, "ladder") : NULL;
    size_t count = json_array_size(rungs);
    if (run->paused && run_view_active(run))
        snprintf(text, SCREEN_TEXT_BYTES, "paused");
    else if (count > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "%zu %s tried", count, count == 1 ? "rung" : "rungs");
}

static void ladder_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "Ladder",
    .scopes = SCOPE_LIST | SCOPE_LADDER | SCOPE_STEER | SCOPE_CLIMB | SCOPE_PANES,
    .layout = ladder_layout,
    .draw = ladder_draw,
    .action = ladder_action,
    .can = ladder_can,
    .event = ladder_event,
    .position = ladder_position,
    .subject = ladder_subject,
    .close = ladder_close,
};

Screen *screen_ladder_new(App *app)
{
    LadderScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->place = screen->epoch = NOT_CHOSEN;
    return &screen->base;
}
