#include "ui/panes.h"

int panes_focus(const App *app)
{
    return app->pane == PANES_BOTH ? app->focus : app->pane == PANE_SECOND;
}

void panes_switch(App *app)
{
    app->focus = !panes_focus(app);
    if (app->pane != PANES_BOTH)
        app->pane = app->focus == 0 ? PANE_FIRST : PANE_SECOND;
}

void panes_draw_mark(const App *app, int pane, Area area, int row, int column)
{
    if (app->pane == PANES_BOTH && panes_focus(app) == pane)
        area_glyph(area, row, column, STYLE_TITLE, GLYPH_FOCUS);
}
