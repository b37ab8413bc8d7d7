/* What a synthesis of the run's hardware came to: the report's section "synthesis", as it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/scroll.h"

enum { LABEL_COLUMNS = 24, DEEPEST = 4, TEXT_BYTES = 256 };

typedef struct SynthesisScreen {
    Screen base;
    Scroll scroll;
} SynthesisScreen;

static const json_t *section_of(const App *app)
{
    const json_t *section = app->run.report ? report_at(app->run.report, "synthesis") : NULL;
    return json_is_object(section) ? section : NULL;
}

static int draw_value(const char *name, const json_t *value, Area area, int row, int depth);

/* Objects and lists are indented under their name; the rows they take. */
static int draw_members(const json_t *value, Area area, int row, int depth)
{
    int first = row;
    if (depth > DEEPEST)
        return 0;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *item = json_array_get(value, i);
            area_text(area, row++, 1 + 2 * depth, STYLE_NORMAL, report_text(item, "name", "-"));
            row += draw_members(item, area, row, depth + 1);
        }
        return row - first;
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
            row += draw_value(key, member, area, row, depth);
    }
    return row - first;
}

static int draw_value(const char *name, const json_t *value, Area area, int row, int depth)
{
    char label[SCREEN_TEXT_BYTES], text[TEXT_BYTES];
    snprintf(label, sizeof label, "%s", name);
    for (char *at = strchr(label, '_'); at; at = strchr(at, '_'))
        *at = ' ';
    area_text(area, row, 1 + 2 * depth, STYLE_DIM, label);
    bool nested = json_is_object(value) || json_is_array(value);
    if (nested)
        return 1 + draw_members(value, area, row + 1, depth + 1);
    if (json_is_integer(value))
        format_count((double)json_integer_value(value), text);
    else
        report_value_text(value, text, sizeof text);
    bool fails = strcmp(name, "fits") == 0 && json_is_false(value);
    area_text(area, row, LABEL_COLUMNS, fails ? STYLE_BAD : STYLE_NORMAL, text);
    return 1;
}

static void synthesis_layout(Screen *base, int rows, int columns)
{
    SynthesisScreen *screen = (SynthesisScreen *)base;
    Canvas nothing = {.ascii = base->app->settings.ascii};
    Area measured = {.canvas = &nothing, .columns = columns};
    const json_t *section = section_of(base->app);
    scroll_layout(&screen->scroll, rows, section ? draw_members(section, measured, 0, 0) : 0);
}

/* Why there is nothing to see, and how to come by it. */
static void draw_none(const App *app, Area area)
{
    area_text(area, 1, 1, STYLE_DIM,
              app->run.known ? "This run was not synthesized." : "No run yet.");
    area_text(area, 3, 1, STYLE_NORMAL, "A run of a workbench that was started with");
    area_text(area, 4, 3, STYLE_TITLE, "--device NAME --synth");
    area_text(area, 5, 1, STYLE_NORMAL, "goes on to LUTs, DSPs, block RAMs and the clock reached.");
    if (!app->run.known || !*app->run.folder)
        return;
    area_text(area, 7, 1, STYLE_NORMAL, "For the design of this run, in a shell:");
    area_printf(area, 8, 3, STYLE_TITLE, "dnn2fpga synth %s --device NAME", app->run.folder);
}

static void synthesis_draw(const Screen *base, Area area)
{
    const SynthesisScreen *screen = (const SynthesisScreen *)base;
    const json_t *section = section_of(base->app);
    if (section)
        draw_members(section, area, -screen->scroll.top, 0);
    else
        draw_none(base->app, area);
}

static bool synthesis_action(Screen *base, ActionId action)
{
    return scroll_action(&((SynthesisScreen *)base)->scroll, action);
}

static void synthesis_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    scroll_position(&((const SynthesisScreen *)base)->scroll, text, SCREEN_TEXT_BYTES);
}

static void synthesis_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    if (base->app->run.id > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %lld", (long long)base->app->run.id);
}

static void synthesis_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "Synthesis",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS,
    .layout = synthesis_layout,
    .draw = synthesis_draw,
    .action = synthesis_action,
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
    return &screen->base;
}
