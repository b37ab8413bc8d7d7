/* pager.h: a long text to read: scrolled both ways, searched, followed while it grows.
 *
 *     Pager pager = {0};
 *     TRY(pager_load(&pager, "hdl/top.vhd"));
 *     pager_layout(&pager, area.rows);
 *     pager_draw(&pager, area, NULL);
 *     pager_free(&pager);
 */
#ifndef UI_PAGER_H
#define UI_PAGER_H

#include "base/buffer.h"
#include "base/error.h"
#include "ui/action.h"
#include "ui/canvas.h"
#include "ui/scroll.h"

enum { PAGER_MOST_BYTES = 8 << 20, PAGER_SEARCH_BYTES = 64 };

typedef struct Pager {
    Buffer text;   /* owned; its newlines are NUL */
    size_t *lines; /* owned: where each begins */
    int count;
    Scroll scroll;
    int left;                                   /* columns that are scrolled away */
    bool (*keeps)(const char *line, int level); /* others are left out; NULL: all are kept */
    int level;                                  /* for it */
    bool follow;                                /* stays at the end when the text grows */
    char search[PAGER_SEARCH_BYTES];
    int found; /* line of the last hit; -1: none */
} Pager;

void pager_free(Pager *pager);

/* Takes a copy of a text over; the position stays where it was as far as it can. */
void pager_set(Pager *pager, const char *text, size_t length);

/* The text of a file of at most PAGER_MOST_BYTES. */
Status pager_load(Pager *pager, const char *path) MUST_CHECK;

void pager_layout(Pager *pager, int rows);

/* `style` says how a line looks; NULL: all the same. */
void pager_draw(const Pager *pager, Area area, Style (*style)(const char *line));

/* Moves and searches on; false when the action is none of a text. */
bool pager_action(Pager *pager, ActionId action);
/* False: no line contains it. */
bool pager_search(Pager *pager, const char *text);
void pager_position(const Pager *pager, char *text, int size); /* "12 of 340 lines - 4%" */

#endif
