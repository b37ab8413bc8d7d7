/* The help screen: made from the action table, for the screen that it was called on. Under an action
 * stands how the same is done without a screen. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/app.h"
#include "ui/scroll.h"

enum { NAME_COLUMN = 20, HELP_COLUMN = 38 };

typedef struct HelpScreen {
    Screen base;
    const char *about; /* name of the screen */
    unsigned scopes;   /* what it understands beside SCOPE_APP */
    Scroll scroll;
} HelpScreen;

static int draw_section(unsigned scopes, const char *title, Area area, int row)
{
    int first = row;
    area_text(area, row++, 1, STYLE_HEADER, title);
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
        const ActionInfo *info = action_info((ActionId)i);
        if (!(info->scope & scopes))
            continue;
        area_text(area, row, 1, STYLE_KEY, info->keys);
        area_text(area, row, NAME_COLUMN, STYLE_DIM, info->name);
        area_text(area, row++, HELP_COLUMN, STYLE_NORMAL, info->help);
        if (info->twin)
            area_printf(area, row++, NAME_COLUMN + 2, STYLE_DIM, "= %s", info->twin);
    }
    return row - first;
}

static int draw_help(const HelpScreen *screen, Area area, int row)
{
    char title[SCREEN_TEXT_BYTES];
    int first = row;
    if (screen->scopes) {
        snprintf(title, sizeof title, "On the screen %s", screen->about);
        row += draw_section(screen->scopes, title, area, row) + 1;
    }
    row += draw_section(SCOPE_APP, "Everywhere", area, row);
    return row - first;
}

static void help_layout(Screen *base, int rows, int columns)
{
    HelpScreen *screen = (HelpScreen *)base;
    Canvas nothing = {.ascii = base->app->settings.ascii};
    Area measured = {.canvas = &nothing, .columns = columns};
    scroll_layout(&screen->scroll, rows, draw_help(screen, measured, 0));
}

static void help_draw(const Screen *base, Area area)
{
    const HelpScreen *screen = (const HelpScreen *)base;
    draw_help(screen, area, -screen->scroll.top);
}

static bool help_action(Screen *base, ActionId action)
{
    return action == ACTION_HELP || scroll_action(&((HelpScreen *)base)->scroll, action);
}

static void help_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    scroll_position(&((const HelpScreen *)base)->scroll, text, SCREEN_TEXT_BYTES);
}

static void help_close(Screen *base)
{
    free(base);
}

static const ScreenOps OPS = {
    .name = "Help",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS,
    .layout = help_layout,
    .draw = help_draw,
    .action = help_action,
    .position = help_position,
    .close = help_close,
};

Screen *screen_help_new(App *app, const Screen *about)
{
    HelpScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->about = about->ops->name;
    screen->scopes = about->ops->scopes;
    return &screen->base;
}
