#include "ui/scroll.h"

#include <stdio.h>

static void keep_inside(Scroll *scroll)
{
    if (scroll->top > scroll->total - scroll->page)
        scroll->top = scroll->total - scroll->page;
    if (scroll->top < 0)
        scroll->top = 0;
}

void scroll_layout(Scroll *scroll, int page, int total)
{
    scroll->page = page > 0 ? page : 1;
    scroll->total = total;
    keep_inside(scroll);
}

bool scroll_action(Scroll *scroll, ActionId action)
{
    const int steps[ACTIONS] = {
        [ACTION_UP] = -1,
        [ACTION_DOWN] = 1,
        [ACTION_PAGE_UP] = -scroll->page,
        [ACTION_PAGE_DOWN] = scroll->page,
        [ACTION_PAGE_ON] = scroll->page,
        [ACTION_FIRST] = -scroll->total,
        [ACTION_LAST] = scroll->total,
    };
    if (action < ACTION_UP || action > ACTION_LAST)
        return false;
    scroll->top += steps[action];
    keep_inside(scroll);
    return true;
}

void scroll_position(const Scroll *scroll, char *text, int size)
{
    int hidden = scroll->total - scroll->page;
    if (hidden > 0)
        snprintf(text, (size_t)size, "%d%%", scroll->top * 100 / hidden);
}
