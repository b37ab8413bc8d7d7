/* theme.h: what a piece of text means, and how each kind of terminal shows it.
 *
 * Screens use the semantic styles only. Foreground and background stay the user's own unless a
 * style needs more, so light and dark terminals both work; colour is never the only signal (a
 * glyph or a word says the same). To add a style, add an enumerator and a row in theme.c; a theme
 * other than the default one says only what it wants to have different.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>
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
    STYLE_BAR,        /* done part of a progress bar */
    STYLE_FRAME,      /* lines around a dialog */
    STYLE_FLOAT,      /* stays floating point */
    STYLE_BOTTLENECK, /* the stage that all others wait for */
    STYLE_BEST,       /* the best figure among several */
    STYLE_DIFFERS,    /* is another one elsewhere, or was before: no fault */
    STYLE_STALE,      /* of what was chosen before; the new figure is on its way */
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

typedef enum Theme {
    THEME_DEFAULT,       /* middle brightness: for light and for dark backgrounds */
    THEME_LIGHT,         /* for a light background */
    THEME_DARK,          /* for a dark one */
    THEME_HIGH_CONTRAST, /* white on black, nothing dimmed */
    THEME_MONO,          /* no colour: bold, underlined, reversed */
    THEMES
} Theme;

Look theme_look(Theme theme, Style style, ColourDepth depth);

const char *theme_name(Theme theme); /* "high-contrast" */
/* False when no theme is called so. */
bool theme_parse(const char *name, Theme *theme);
/* All of them, in their order. */
#define THEME_NAMES "default light dark high-contrast mono"

#endif
