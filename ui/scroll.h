/* scroll.h: the position in a text that may be longer than the screen. */
#ifndef UI_SCROLL_H
#define UI_SCROLL_H

#include <stdbool.h>

#include "ui/action.h"

typedef struct Scroll {
    int top;   /* first visible line */
    int page;  /* visible lines */
    int total; /* lines of the text */
} Scroll;

/* Takes note of the sizes, before drawing. */
void scroll_layout(Scroll *scroll, int page, int total);

/* False when the action does not move. */
bool scroll_action(Scroll *scroll, ActionId action);

/* "42%", or "" when everything is visible. */
void scroll_position(const Scroll *scroll, char *text, int size);

#endif
