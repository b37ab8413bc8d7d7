/* What a synthesis of the run's hardware came to: the report's section "synthesis", as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow/report.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/table.h"

enum { DEEPEST = 4, TEXT_BYTES = 128, PATH_BYTES = 256 };

typedef enum Column { COLUMN_WHAT, COLUMN_VALUE, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_WHAT] = {"what", 30, 0, false},
    [COLUMN_VALUE] = {"came to", 0, 0, false},
};

static const char *const FILE_NAMES[COLUMNS_SHOWN] = {"what", "value"};

/* A member of the section; those of an object or a list follow it, deeper. */
typedef struct Member {
    char path[PATH_BYTES]; /* "layers.conv_1.lut" */
    const char *label;     /* the end of it */
    const json_t *value;   /* NULL: a heading */
    int depth;
} Member;

typedef struct SynthesisScreen {
    Screen base;
    Table table;
    Member *members; /* owned; what they name is the run's */
    int count;
} SynthesisScreen;

static const json_t *section_of(const App *app)
{
    const json_t *section = app->run.report ? report_at(app->run.report, "synthesis") : NULL;
    return json_is_object(section) ? section : NULL;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void add_members(SynthesisScreen *screen, const json_t *value, const char *above, int depth);

static void add_member(SynthesisScreen *screen, const char *name, const json_t *value,
                       const char *above, int depth)
{
    bool nested = json_is_object(value) || json_is_array(value);
    Member *grown = realloc(screen->members, (size_t)(screen->count + 1) * sizeof *grown);
    if (!grown)
        abort();
    screen->members = grown;
    Member *member = &screen->members[screen->count++];
    *member = (Member){.label = name, .value = nested ? NULL : value, .depth = depth};
    snprintf(member->path, sizeof member->path, "%s%s%s", above, *above ? "." : "", name);
    if (nested) {
        char path[PATH_BYTES];
        memcpy(path, member->path, sizeof path); /* the member may move */
        add_members(screen, value, path, depth + 1);
    }
}

static void add_members(SynthesisScreen *screen, const json_t *value, const char *above, int depth)
{
    if (depth > DEEPEST)
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        add_member(screen, report_text(item, "name", "-"), item, above, depth);
    }
    /* json_object_foreach() wants an object that it may change, and does not. */
    union {
        const json_t *given;
        json_t *shared;
    } object = {.given = value};
    const char *key;
    json_t *member;
    json_object_foreach (object.shared, key, member) {
        if (depth == 0 || strcmp(key, "name") != 0)
            add_member(screen, key, member, above, depth);
    }
}

static int64_t rows_count(const void *self)
{
    return ((const SynthesisScreen *)self)->count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void value_cell(const Member *member, TableCell *cell)
{
    if (!member->value)
        return;
    if (json_is_number(member->value))
        cell->number = json_number_value(member->value);
    if (json_is_integer(member->value))
        format_count(cell->number, cell->text);
    else
        report_value_text(member->value, cell->text, sizeof cell->text);
    if (strcmp(member->label, "fits") == 0)
        cell->style = json_is_false(member->value) ? STYLE_BAD : STYLE_GOOD;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const Member *member = &((const SynthesisScreen *)self)->members[row];
    if (column == COLUMN_VALUE) {
        value_cell(member, cell);
        return;
    }
    snprintf(cell->text, sizeof cell->text, "%*s%.*s", 2 * member->depth, "", TEXT_BYTES,
             member->label);
    for (char *at = strchr(cell->text, '_'); at && member->value; at = strchr(at, '_'))
        *at = ' ';
    cell->style = member->value ? STYLE_DIM : STYLE_NORMAL;
    cell->whole = member->path;
}

/* Before each draw, as the report of a run grows. */
static void synthesis_layout(Screen *base, int rows, int columns)
{
    SynthesisScreen *screen = (SynthesisScreen *)base;
    (void)columns;
    screen->count = 0;
    add_members(screen, section_of(base->app), "", 0);
    table_refresh(&screen->table);
    table_layout(&screen->table, rows - 1);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static const char *why_none(const RunView *run)
{
    if (!run->known)
        return "No run yet.";
    if (!run_view_active(run) || run->last_stage != STAGE_SYNTH)
        return "This run was not synthesized.";
    return run_view_stage(run) == STAGE_SYNTH ? "Synthesis is at work; its end is shown here."
                                              : "This run goes on to synthesis.";
}

/* Why there is nothing to see, and how to come by it. */
static void draw_none(const App *app, Area area)
{
    area_text(area, 1, 1, STYLE_DIM, why_none(&app->run));
    area_text(area, 3, 1, STYLE_NORMAL, "d takes a device: runs from here then go on to its LUTs,");
    area_text(area, 4, 1, STYLE_NORMAL, "DSPs, block RAMs, and the clock that is reached.");
    if (run_view_active(&app->run) || !*app->run.folder)
        return;
    area_text(area, 6, 1, STYLE_NORMAL, "For the design of this run, in a shell:");
    area_printf(area, 7, 3, STYLE_TITLE, "dnn2fpga synth %s --device NAME", app->run.folder);
}

static void synthesis_draw(const Screen *base, Area area)
{
    const SynthesisScreen *screen = (const SynthesisScreen *)base;
    Area body = area_part(area, 0, 0, area.rows - 1, area.columns);
    if (section_of(base->app))
        table_draw(&screen->table, body);
    else
        draw_none(base->app, body);
    const RunOptions *next = &base->app->settings.run;
    if (next->stop_after == STAGE_SYNTH && next->device)
        area_printf(area, area.rows - 1, 1, STYLE_DIM, "next run: synthesized for %s",
                    next->device);
    else
        area_text(area, area.rows - 1, 1, STYLE_DIM, "next run: not synthesized");
}

/* ---- the next run ---------------------------------------------------------------------------- */

/* Without a device it ends where runs do. */
static void synthesize_for(App *app, const char *device)
{
    RunOptions *next = &app->settings.run;
    next->device = device;
    next->stop_after = device ? STAGE_SYNTH : run_options_default().stop_after;
}

static void next_device(App *app)
{
    const RunOptions *next = &app->settings.run;
    bool synthesized = next->stop_after == STAGE_SYNTH;
    synthesize_for(app, folding_next_device(synthesized ? next->device : NULL));
}

static void named_device(App *app)
{
    const char *device = folding_next_device(NULL);
    while (device && strcasecmp(device, app->argument) != 0)
        device = folding_next_device(device);
    if (!device && strcmp(app->argument, "none") != 0)
        app_message(app, MESSAGE_WARNING, "no device '%s': d shows them one by one", app->argument);
    else
        synthesize_for(app, device);
}

static bool synthesis_action(Screen *base, ActionId action)
{
    if (action == ACTION_NEXT_SYNTHESIS)
        next_device(base->app);
    else if (action == ACTION_SYNTHESIZE_FOR)
        named_device(base->app);
    else
        return table_action(&((SynthesisScreen *)base)->table, action);
    return true;
}

static void synthesis_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (section_of(base->app))
        table_position(&((const SynthesisScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void synthesis_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (base->app->run.id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %lld", (long long)base->app->run.id);
}

static bool synthesis_search(Screen *base, const char *text)
{
    return table_search(&((SynthesisScreen *)base)->table, text);
}

/* Its members are the report's, which may be another one since they were drawn. */
static void synthesis_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_RUN_CHANGED)
        ((SynthesisScreen *)base)->count = 0;
}

static const Table *synthesis_table(const Screen *base)
{
    return &((const SynthesisScreen *)base)->table;
}

static void synthesis_close(Screen *base)
{
    free(((SynthesisScreen *)base)->members);
    free(base);
}

static const ScreenOps OPS = {
    .name = "Synthesis",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_TABLE | SCOPE_SYNTHESIS,
    .layout = synthesis_layout,
    .draw = synthesis_draw,
    .action = synthesis_action,
    .search = synthesis_search,
    .event = synthesis_event,
    .table = synthesis_table,
    .position = synthesis_position,
    .subject = synthesis_subject,
    .close = synthesis_close,
};

Screen *screen_synthesis_new(App *app)
{
    SynthesisScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.file_names = FILE_NAMES;
    return &screen->base;
}
