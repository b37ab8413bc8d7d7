/* The hardware screen: how parallel each stage of the run's design is and could be, how many clock
 * edges that takes, how far the simulation is, and where it first differed. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "flow/differences.h"
#include "flow/report.h"
#include "flow/tap.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/hardware_pane.h"
#include "ui/table.h"

/* Beside the table there are figures, and simulations that run at once. */
enum { WIDE_COLUMNS = 130, FIGURE_ROWS = HARDWARE_FIGURE_ROWS + 1, LEAST_ROWS_ABOVE = 14 };

typedef enum Column {
    COLUMN_MARK,
    COLUMN_NAME,
    COLUMN_ENTITY,
    COLUMN_PE,
    COLUMN_SIMD,
    COLUMN_STEPS,
    COLUMN_MULTIPLIERS,
    COLUMN_INTERVAL,
    COLUMNS_SHOWN
} Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_MARK] = {"", 2, 0, false},
    [COLUMN_NAME] = {"stage", 0, 0, false},
    [COLUMN_ENTITY] = {"entity", 18, 3, false},
    [COLUMN_PE] = {"PE", 9, 0, true},
    [COLUMN_SIMD] = {"SIMD", 9, 0, true},
    [COLUMN_STEPS] = {"steps", 7, 2, true},
    [COLUMN_MULTIPLIERS] = {"mults", 7, 1, true},
    [COLUMN_INTERVAL] = {"cycles", 9, 0, true},
};

static const char *const FILE_NAMES[COLUMNS_SHOWN] = {[COLUMN_MARK] = "mark"};

typedef struct HardwareScreen {
    Screen base;
    Table table;
    Folding *folding; /* owned, of `run`; NULL: that has no description yet */
    int64_t run;
    bool stale;
    bool loading;         /* the description is read in another thread */
    const char *device;   /* of the list of all; NULL: none */
    FoldingShares shares; /* of it */
    BalanceTask *balance; /* under way in another thread: the folding must stay; NULL: none */
} HardwareScreen;

/* ---- rows ------------------------------------------------------------------------------------ */

static int64_t rows_count(const void *self)
{
    const HardwareScreen *screen = self;
    return screen->folding ? folding_count(screen->folding) : 0;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

/* "4 of 12": what is chosen, of the most. */
static void axis_text(const FoldingRow *row, int value, int most, char *text, size_t size)
{
    if (row->folds && most > 1)
        snprintf(text, size, "%d/%d", value, most);
    else
        snprintf(text, size, "%d", value);
}

static void rows_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const HardwareScreen *screen = self;
    const FoldingRow row = folding_row(screen->folding, (int)at);
    bool ascii = screen->base.app->settings.ascii;
    char figure[FORMAT_BYTES];
    char *text = cell->text;
    size_t size = sizeof cell->text;
    switch ((Column)column) {
    case COLUMN_MARK:
        snprintf(text, size, "%s%s", row.bottleneck ? glyph_text(GLYPH_WARNING, ascii) : " ",
                 hardware_row_edited(&row) ? glyph_text(GLYPH_EDITED, ascii) : "");
        cell->style = row.bottleneck ? STYLE_BOTTLENECK : STYLE_DIFFERS;
        break;
    case COLUMN_NAME:
        snprintf(text, size, "%s", row.name);
        break;
    case COLUMN_ENTITY:
        snprintf(text, size, "%s", row.entity);
        break;
    case COLUMN_PE:
        axis_text(&row, row.pe, row.most_pe, text, size);
        cell->number = row.pe;
        break;
    case COLUMN_SIMD:
        axis_text(&row, row.simd, row.most_simd, text, size);
        cell->number = row.simd;
        break;
    case COLUMN_STEPS:
        snprintf(text, size, "%" PRId64, row.fold_steps);
        cell->number = (double)row.fold_steps;
        break;
    case COLUMN_MULTIPLIERS:
        cell->number = (double)row.multipliers;
        if (row.multipliers > 0)
            snprintf(text, size, "%s", format_count(cell->number, figure));
        break;
    default:
        cell->number = (double)row.interval_cycles;
        snprintf(text, size, "%s", format_count(cell->number, figure));
        cell->style = row.bottleneck ? STYLE_BOTTLENECK : STYLE_NORMAL;
        break;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_nothing(const App *app, bool loading, Area area)
{
    const RunView *run = &app->run;
    const char *text = "No run yet. r starts one.";
    if (loading)
        text = "The description is being read ...";
    else if (run->known)
        text = run_view_active(run) ? "The design is known once the run has described it."
                                    : "This run did not come as far as its hardware.";
    area_text(area, 1, 1, STYLE_DIM, text);
}

typedef struct Parts {
    Area table, figures, gantt;
} Parts;

/* Figures beside the table, or below it; the pipeline in time where rows are free. */
static Parts parts_of(const HardwareScreen *screen, Area area)
{
    int stages = screen->folding ? folding_count(screen->folding) : 0;
    int gantt = HARDWARE_GANTT_HEAD + stages, most = area.rows / 2;
    gantt = gantt < most ? gantt : most;
    if (area.columns >= WIDE_COLUMNS) {
        int left = area.columns * 3 / 5, above = area.rows - gantt - 1;
        int table = stages + 2, wanted = table > LEAST_ROWS_ABOVE ? table : LEAST_ROWS_ABOVE;
        above = above < wanted ? above : wanted;
        return (Parts){area_part(area, 0, 0, above, left),
                       area_part(area, 1, left + 2, above - 1, area.columns - left - 3),
                       area_part(area, above + 1, 1, area.rows - above - 1, area.columns - 2)};
    }
    int above = area.rows - FIGURE_ROWS, table = stages + 1;
    int free_rows = above - table - 1;
    int rows = free_rows < HARDWARE_GANTT_HEAD + stages ? above : table;
    return (Parts){area_part(area, 0, 0, rows, area.columns),
                   area_part(area, above + 1, 1, FIGURE_ROWS - 1, area.columns - 2),
                   area_part(area, rows + 1, 1, above - rows - 1, area.columns - 2)};
}

static void hardware_draw(const Screen *base, Area area)
{
    const HardwareScreen *screen = (const HardwareScreen *)base;
    if (!screen->folding) {
        draw_nothing(base->app, screen->loading, area);
        return;
    }
    const HardwarePane pane = {.app = base->app,
                               .folding = screen->folding,
                               .device = screen->device,
                               .shares = screen->shares};
    const Parts parts = parts_of(screen, area);
    table_draw(&screen->table, parts.table);
    hardware_draw_figures(&pane, parts.figures);
    hardware_draw_gantt(screen->folding, (int)screen->table.top, parts.gantt);
}

/* ---- devices ---------------------------------------------------------------------------------- */

static void estimate(HardwareScreen *screen)
{
    if (screen->device && screen->folding &&
        folding_shares(screen->folding, screen->device, &screen->shares) != OK)
        screen->shares = (FoldingShares){.known = false};
}

static void choose_device(HardwareScreen *screen, const char *device)
{
    screen->device = device;
    estimate(screen);
}

/* By a name that was typed. */
static void set_device(HardwareScreen *screen)
{
    const App *app = screen->base.app;
    const char *device = folding_next_device(NULL);
    FoldingShares shares;
    while (device && strcasecmp(device, app->argument) != 0)
        device = folding_next_device(device);
    if (device)
        choose_device(screen, device);
    else if (folding_shares(screen->folding, app->argument, &shares) != OK) /* says the names */
        app_message(screen->base.app, MESSAGE_WARNING, "%s", error_message());
}

/* ---- the run's description ------------------------------------------------------------------- */

/* What was chosen for the next run is shown on this design, where it is legal. */
static void apply_choices(HardwareScreen *screen)
{
    const RunOptions *options = &screen->base.app->settings.run;
    for (int i = 0; i < options->fold_count; i++)
        for (int row = 0; row < folding_count(screen->folding); row++)
            if (strcmp(folding_row(screen->folding, row).name, options->folds[i].layer) == 0 &&
                folding_set(screen->folding, row, options->folds[i].pe, options->folds[i].simd) !=
                    OK)
                app_message(screen->base.app, MESSAGE_WARNING, "%s", error_message());
}

typedef struct LoadTask {
    HardwareScreen *screen;
    int64_t run;
    char path[RUN_PATH_BYTES + 16];
    Folding *folding;            /* NULL: not read */
    char message[MESSAGE_BYTES]; /* then; messages belong to a thread */
} LoadTask;

static void read_description(void *context)
{
    LoadTask *task = context;
    if (folding_open(task->path, &task->folding) != OK)
        snprintf(task->message, sizeof task->message, "%s", error_message());
}

/* Another run may be shown by now: then its own description is read next. */
static void take_description(App *app, void *context)
{
    LoadTask *task = context;
    HardwareScreen *screen = task->screen;
    screen->loading = false;
    if (task->run != app->run.id) {
        screen->stale = true;
        folding_free(task->folding);
    } else if (task->folding) {
        screen->folding = task->folding;
        apply_choices(screen);
        estimate(screen);
        table_refresh(&screen->table);
    } else {
        app_message(app, MESSAGE_WARNING, "%s", task->message);
    }
    free(task);
}

static void begin_reading(HardwareScreen *screen, const char *path)
{
    LoadTask *task = calloc(1, sizeof *task);
    if (!task)
        abort();
    task->screen = screen;
    task->run = screen->run;
    snprintf(task->path, sizeof task->path, "%s", path);
    screen->loading = true;
    if (!app_work(screen->base.app, &(Work){read_description, take_description, task})) {
        screen->loading = false;
        free(task);
    }
}

static void open_description(HardwareScreen *screen)
{
    const RunView *run = &screen->base.app->run;
    char path[RUN_PATH_BYTES + 16];
    screen->stale = false;
    if (screen->folding && screen->run == run->id)
        return;
    folding_free(screen->folding);
    screen->folding = NULL;
    screen->run = run->id;
    bool described = run->stages[STAGE_DESCRIBE].mark == MARK_DONE;
    snprintf(path, sizeof path, "%s/description", run->folder);
    if (described && *run->folder && fs_exists(path))
        begin_reading(screen, path);
    table_refresh(&screen->table);
}

static void hardware_layout(Screen *base, int rows, int columns)
{
    HardwareScreen *screen = (HardwareScreen *)base;
    if (screen->stale && !screen->balance && !screen->loading)
        open_description(screen);
    Canvas nothing = {.ascii = base->app->settings.ascii};
    const Area area = {.canvas = &nothing, .rows = rows, .columns = columns};
    table_layout(&screen->table, parts_of(screen, area).table.rows);
}

/* ---- actions --------------------------------------------------------------------------------- */

static const struct FoldKey {
    ActionId action;
    FoldAxis axis;
    int step;
} FOLD_KEYS[] = {
    {ACTION_MORE_PE, FOLD_PE, 1},
    {ACTION_FEWER_PE, FOLD_PE, -1},
    {ACTION_MORE_SIMD, FOLD_SIMD, 1},
    {ACTION_FEWER_SIMD, FOLD_SIMD, -1},
};

static const struct FoldKey *fold_key(ActionId action)
{
    for (size_t i = 0; i < sizeof FOLD_KEYS / sizeof *FOLD_KEYS; i++)
        if (FOLD_KEYS[i].action == action)
            return &FOLD_KEYS[i];
    return NULL;
}

static void keep_choice(HardwareScreen *screen, int at, Status status)
{
    App *app = screen->base.app;
    const FoldingRow row = folding_row(screen->folding, at);
    if (status == OK)
        app_choose_fold(app, row.name, row.pe, row.simd);
    else
        app_message(app, MESSAGE_WARNING, "%s", error_message());
    estimate(screen);
}

/* No key is silent. */
static void step_fold(HardwareScreen *screen, int row, const struct FoldKey *key)
{
    const FoldingRow before = folding_row(screen->folding, row);
    Status status = folding_step(screen->folding, row, key->axis, key->step);
    keep_choice(screen, row, status);
    const FoldingRow now = folding_row(screen->folding, row);
    if (status == OK && now.pe == before.pe && now.simd == before.simd)
        app_message(screen->base.app, MESSAGE_INFO, "%s: no %s value is legal for %s", now.name,
                    key->step > 0 ? "larger" : "smaller", key->axis == FOLD_PE ? "PE" : "SIMD");
}

static void reset(HardwareScreen *screen)
{
    for (int i = 0; i < folding_count(screen->folding); i++) {
        const FoldingRow row = folding_row(screen->folding, i);
        if (hardware_row_edited(&row))
            keep_choice(screen, i, folding_set(screen->folding, i, row.built_pe, row.built_simd));
    }
}

static void tell_balance(const HardwareScreen *screen)
{
    char speed[FORMAT_BYTES];
    double clock = screen->base.app->settings.run.clock_mhz;
    for (int i = 0; i < folding_count(screen->folding); i++)
        if (folding_row(screen->folding, i).bottleneck)
            app_message(screen->base.app, MESSAGE_INFO,
                        "%s images/s; %s is the slowest stage; r builds it",
                        format_count(floor(clock * 1e6 /
                                           (double)folding_timing(screen->folding).interval_cycles),
                                     speed),
                        folding_row(screen->folding, i).name);
}

static void do_balance(void *task)
{
    balance_task_do(((HardwareScreen *)task)->balance);
}

static void take_balance(App *app, void *task)
{
    HardwareScreen *screen = task;
    Status status = folding_take(screen->folding, screen->balance);
    balance_task_free(screen->balance);
    screen->balance = NULL;
    if (status != OK) {
        app_message(app, MESSAGE_WARNING, "%s", error_message());
        return;
    }
    for (int i = 0; i < folding_count(screen->folding); i++) {
        const FoldingRow row = folding_row(screen->folding, i);
        if (row.folds)
            app_choose_fold(app, row.name, row.pe, row.simd);
    }
    estimate(screen);
    tell_balance(screen);
}

/* "5000", "up5k", or "5000 up5k". */
static void balance(HardwareScreen *screen)
{
    App *app = screen->base.app;
    char *end;
    double rate = strtod(app->argument, &end);
    bool has_rate = end != app->argument && (!*end || *end == ' ');
    const char *device = has_rate ? end + strspn(end, " ") : app->argument;
    if (has_rate && !(rate > 0 && rate <= 1e9)) {
        app_message(app, MESSAGE_WARNING, "%s is no rate from 0 to 1,000,000,000 images/s",
                    app->argument);
        return;
    }
    screen->balance = balance_task_new(screen->folding, has_rate ? rate : 0,
                                       app->settings.run.clock_mhz, *device ? device : NULL);
    app_message(app, MESSAGE_INFO, "foldings are being chosen ...");
    if (!app_work(app, &(Work){do_balance, take_balance, screen})) {
        balance_task_free(screen->balance);
        screen->balance = NULL;
    }
}

static void set_clock(App *app)
{
    char *end;
    double clock = strtod(app->argument, &end);
    if (end == app->argument || *end || !(clock > 0 && clock <= 10000))
        app_message(app, MESSAGE_WARNING, "%s is no clock from 0 to 10000 MHz", app->argument);
    else
        app->settings.run.clock_mhz = clock;
}

static void push_difference(App *app)
{
    Screen *screen = screen_difference_new(app, app->run.id, app->run.folder);
    if (screen)
        app_push(app, screen);
}

/* Those that are kept; else an engine looks for them first, in the image that differed. */
static void show_difference(App *app)
{
    if (differences_kept(app->run.folder))
        push_difference(app);
    else
        app_tap(app, TAP_FIRST);
}

static bool can_show_difference(const App *app, const char **why_not)
{
    if (app->run.id > 0 && differences_kept(app->run.folder))
        return true;
    if (!json_is_true(report_at(app->run.report, "hardware.bit_exact")))
        return app_can_tap(app, why_not);
    *why_not = "hardware and software are equal; i simulates an image again all the same";
    return false;
}

static bool hardware_action(Screen *base, ActionId action)
{
    HardwareScreen *screen = (HardwareScreen *)base;
    int row = (int)screen->table.selected;
    if (fold_key(action))
        step_fold(screen, row, fold_key(action));
    else if (action == ACTION_FOLD_AS_BUILT)
        reset(screen);
    else if (action == ACTION_SET_CLOCK)
        set_clock(base->app);
    else if (action == ACTION_BALANCE)
        balance(screen);
    else if (action == ACTION_NEXT_DEVICE)
        choose_device(screen, folding_next_device(screen->device));
    else if (action == ACTION_DEVICE)
        set_device(screen);
    else if (action == ACTION_SHOW_FILES)
        app_push(base->app, screen_files_new(base->app, base->app->run.folder));
    else if (action == ACTION_SHOW_WAVE)
        app_show_wave(base->app);
    else if (action == ACTION_SHOW_DIFFERENCE)
        show_difference(base->app);
    else if (action == ACTION_TAP_IMAGE)
        app_tap_typed(base->app);
    else
        return table_action(&screen->table, action);
    return true;
}

static bool hardware_can(const Screen *base, ActionId action, const char **why_not)
{
    const HardwareScreen *screen = (const HardwareScreen *)base;
    bool own = fold_key(action) || action == ACTION_FOLD_AS_BUILT || action == ACTION_BALANCE ||
               action == ACTION_NEXT_DEVICE || action == ACTION_DEVICE;
    bool emitted = base->app->run.stages[STAGE_EMIT].mark == MARK_DONE;
    if (own && screen->loading)
        *why_not = "the description is being read";
    else if (own && !screen->folding)
        *why_not = "there is no design yet: r makes one";
    else if (own && screen->balance)
        *why_not = "foldings are being chosen";
    else if (fold_key(action) && !folding_row(screen->folding, (int)screen->table.selected).folds)
        *why_not = "this stage does not fold: it computes nothing that could be shared";
    else if (action == ACTION_FOLD_AS_BUILT && !hardware_any_edited(screen->folding))
        *why_not = "nothing was changed";
    else if (action == ACTION_SHOW_FILES && !emitted)
        *why_not = "no VHDL was written yet";
    else if (action == ACTION_SHOW_DIFFERENCE)
        return can_show_difference(base->app, why_not);
    else if (action == ACTION_TAP_IMAGE)
        return app_can_tap(base->app, why_not);
    else
        return action != ACTION_SHOW_WAVE || app_can_show_wave(base->app, why_not);
    return false;
}

static bool hardware_search(Screen *base, const char *text)
{
    return table_search(&((HardwareScreen *)base)->table, text);
}

static void hardware_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_RUN_CHANGED)
        ((HardwareScreen *)base)->stale = true;
    bool in_front = app_screen(base->app) == base;
    if (event == SCREEN_TAPPED && in_front && differences_kept(base->app->run.folder))
        push_difference(base->app);
}

static void hardware_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const HardwareScreen *screen = (const HardwareScreen *)base;
    if (screen->folding)
        table_position(&screen->table, text, SCREEN_TEXT_BYTES);
}

static void hardware_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (base->app->run.id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %lld", (long long)base->app->run.id);
}

static void hardware_close(Screen *base)
{
    folding_free(((HardwareScreen *)base)->folding);
    free(base);
}

static const Table *hardware_table(const Screen *base)
{
    const HardwareScreen *screen = (const HardwareScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "Hardware",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_HARDWARE | SCOPE_WAVES | SCOPE_TABLE,
    .layout = hardware_layout,
    .draw = hardware_draw,
    .action = hardware_action,
    .can = hardware_can,
    .search = hardware_search,
    .event = hardware_event,
    .position = hardware_position,
    .subject = hardware_subject,
    .table = hardware_table,
    .close = hardware_close,
};

Screen *screen_hardware_new(App *app)
{
    HardwareScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->stale = true;
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.file_names = FILE_NAMES;
    return &screen->base;
}
