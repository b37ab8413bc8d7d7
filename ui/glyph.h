/* glyph.h: every drawing character that the workbench uses, with its ASCII twin.
 *
 * Screens name a glyph by its meaning and never write a line-drawing character themselves, so the
 * same screen works on a terminal without UTF-8. Twins have the same width: one cell.
 */
#ifndef UI_GLYPH_H
#define UI_GLYPH_H

#include <stdbool.h>

typedef enum Glyph {
    GLYPH_CURSOR,    /* in front of the selected row */
    GLYPH_CRUMB,     /* between crumbs */
    GLYPH_CUT,       /* text goes on beyond the edge */
    GLYPH_BAR_FULL,  /* done part of a progress bar */
    GLYPH_BAR_EMPTY, /* the rest */
    GLYPH_DONE,
    GLYPH_FAILED,
    GLYPH_WARNING, /* worth a look, and no failure */
    GLYPH_RUNNING,
    GLYPH_WAITING,
    GLYPH_SKIPPED,
    GLYPH_UP, /* sorted, smallest first */
    GLYPH_DOWN,
    GLYPH_ACROSS, /* frames */
    GLYPH_UPRIGHT,
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_UNKNOWN, /* a control character or broken UTF-8 in foreign text */
    GLYPH_NONE,    /* "no value" in a table */
    GLYPH_MARKED,  /* a row that the next action is for, too */
    GLYPH_FOCUS,   /* at the pane that the movement keys are for */
    GLYPH_EDITED,  /* differs from what the program was started with */
    GLYPH_BEYOND,  /* bar of values that are cut off */
    GLYPH_BLOCK_1, /* bars, an eighth of a cell high; the next ones up to a whole cell */
    GLYPH_BLOCK_8 = GLYPH_BLOCK_1 + 7,
    GLYPHS
} Glyph;

/* One character, UTF-8. */
const char *glyph_text(Glyph glyph, bool ascii);

#endif
