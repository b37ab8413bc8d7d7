#include "ui/theme.h"

enum { D = COLOUR_DEFAULT, RED = 1, GREEN = 2, YELLOW = 3, BLUE = 4, CYAN = 6 };

/* The 256-colour numbers are of middle brightness: readable on white and on black. */
static const Look LOOKS[STYLES][COLOUR_DEPTHS] = {
    [STYLE_NORMAL] = {{D, D, 0}, {D, D, 0}, {D, D, 0}, {D, D, 0}},
    [STYLE_DIM] = {{D, D, FLAG_DIM}, {D, D, FLAG_DIM}, {D, D, FLAG_DIM}, {244, D, 0}},
    [STYLE_TITLE] = {{D, D, FLAG_BOLD}, {D, D, FLAG_BOLD}, {D, D, FLAG_BOLD}, {D, D, FLAG_BOLD}},
    [STYLE_HEADER] = {{D, D, FLAG_UNDERLINE},
                      {CYAN, D, FLAG_UNDERLINE},
                      {CYAN, D, FLAG_UNDERLINE},
                      {31, D, FLAG_UNDERLINE}},
    [STYLE_SELECTED] = {{D, D, FLAG_REVERSE},
                        {D, D, FLAG_REVERSE},
                        {D, D, FLAG_REVERSE},
                        {D, D, FLAG_REVERSE}},
    [STYLE_KEY] = {{D, D, FLAG_BOLD},
                   {CYAN, D, FLAG_BOLD},
                   {CYAN, D, FLAG_BOLD},
                   {31, D, FLAG_BOLD}},
    [STYLE_GOOD] = {{D, D, 0}, {GREEN, D, 0}, {GREEN, D, 0}, {64, D, 0}},
    [STYLE_WARN] = {{D, D, FLAG_BOLD}, {YELLOW, D, 0}, {YELLOW, D, 0}, {136, D, 0}},
    [STYLE_BAD] = {{D, D, FLAG_BOLD},
                   {RED, D, FLAG_BOLD},
                   {RED, D, FLAG_BOLD},
                   {160, D, FLAG_BOLD}},
    [STYLE_BAR] = {{D, D, 0}, {GREEN, D, 0}, {GREEN, D, 0}, {64, D, 0}},
    [STYLE_FRAME] = {{D, D, 0}, {CYAN, D, 0}, {CYAN, D, 0}, {31, D, 0}},
};

Look theme_look(Style style, ColourDepth depth)
{
    return LOOKS[style][depth];
}
