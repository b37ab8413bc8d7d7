/* theme.h: what a piece of text means, and how each kind of terminal shows it.
 *
 * Screens use the semantic styles only. Foreground and background stay the user's own unless a
 * style needs more, so light and dark terminals both work; colour is never the only signal (a
 * glyph or a word says the same). To add a style, add an enumerator and a row in theme.c.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdint.h>

typedef enum Style {
    STYLE_NORMAL,
    STYLE_DIM,      /* labels, units, things that are not possible now */
    STYLE_TITLE,    /* the program, the screen that is shown */
    STYLE_HEADER,   /* column titles, headings */
    STYLE_SELECTED, /* the row or button with the focus */
    STYLE_KEY,      /* a key in a hint */
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_BAR,   /* done part of a progress bar */
    STYLE_FRAME, /* lines around a dialog */
    STYLES
} Style;

/* Colours that the terminal is asked to show; COLOURS_NONE also stands for NO_COLOR. */
typedef enum ColourDepth {
    COLOURS_NONE,
    COLOURS_8,
    COLOURS_16,
    COLOURS_256,
    COLOUR_DEPTHS
} ColourDepth;

/* The user's own colour. */
enum { COLOUR_DEFAULT = -1 };

typedef enum StyleFlag {
    FLAG_BOLD = 1 << 0,
    FLAG_DIM = 1 << 1,
    FLAG_REVERSE = 1 << 2,
    FLAG_UNDERLINE = 1 << 3
} StyleFlag;

typedef struct Look {
    int16_t foreground; /* colour number or COLOUR_DEFAULT */
    int16_t background;
    unsigned flags; /* StyleFlag */
} Look;

Look theme_look(Style style, ColourDepth depth);

#endif
