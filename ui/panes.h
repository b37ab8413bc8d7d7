/* panes.h: which of the two panes of a screen the movement keys are for (SCOPE_PANES). Both are
 * drawn, or one of them alone, which has the focus then. */
#ifndef UI_PANES_H
#define UI_PANES_H

#include "ui/app.h"

/* 0: the first pane, 1: the second one. */
int panes_focus(const App *app);

/* To the other pane; the one that is drawn alone gives way to it. */
void panes_switch(App *app);

/* At a free cell of the heading of a pane: the mark, when this pane has the focus. */
void panes_draw_mark(const App *app, int pane, Area area, int row, int column);

#endif
