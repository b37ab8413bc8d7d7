#include "ui/theme.h"

#include <string.h>

enum { D = COLOUR_DEFAULT, BLACK = 0, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

/* Bright, where there are 16 colours. */
#define LIT(colour) ((colour) + 8)

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
    [STYLE_FLOAT] = {{D, D, FLAG_UNDERLINE}, {MAGENTA, D, 0}, {MAGENTA, D, 0}, {133, D, 0}},
    [STYLE_BOTTLENECK] = {{D, D, FLAG_BOLD},
                          {YELLOW, D, FLAG_BOLD},
                          {YELLOW, D, FLAG_BOLD},
                          {166, D, FLAG_BOLD}},
    [STYLE_BEST] = {{D, D, FLAG_BOLD},
                    {GREEN, D, FLAG_BOLD},
                    {GREEN, D, FLAG_BOLD},
                    {64, D, FLAG_BOLD}},
    [STYLE_DIFFERS] = {{D, D, FLAG_UNDERLINE}, {CYAN, D, 0}, {CYAN, D, 0}, {31, D, 0}},
    [STYLE_STALE] = {{D, D, FLAG_DIM}, {D, D, FLAG_DIM}, {D, D, FLAG_DIM}, {244, D, 0}},
};

/* What a theme has different; a row of zeros is the default theme's. */
static const Look CHANGES[THEMES][STYLES][COLOUR_DEPTHS] =
    {
        [THEME_LIGHT] =
            {
                [STYLE_DIM] = {{D, D, FLAG_DIM}, {D, D, 0}, {D, D, 0}, {242, D, 0}},
                [STYLE_HEADER] = {{D, D, FLAG_UNDERLINE},
                                  {BLUE, D, FLAG_UNDERLINE},
                                  {BLUE, D, FLAG_UNDERLINE},
                                  {25, D, FLAG_UNDERLINE}},
                [STYLE_KEY] = {{D, D, FLAG_BOLD},
                               {BLUE, D, FLAG_BOLD},
                               {BLUE, D, FLAG_BOLD},
                               {25, D, FLAG_BOLD}},
                [STYLE_GOOD] = {{D, D, 0}, {D, D, 0}, {GREEN, D, 0}, {28, D, 0}},
                [STYLE_WARN] = {{D, D, FLAG_BOLD}, {MAGENTA, D, 0}, {MAGENTA, D, 0}, {130, D, 0}},
                [STYLE_BAD] =
                    {{D, D, FLAG_BOLD},
                     {RED, D, FLAG_BOLD},
                     {RED, D, FLAG_BOLD},
                     {124, D, FLAG_BOLD}},
                [STYLE_BAR] = {{D, D, 0}, {BLUE, D, 0}, {BLUE, D, 0}, {28, D, 0}},
                [STYLE_FRAME] = {{D, D, 0}, {BLUE, D, 0}, {BLUE, D, 0}, {25, D, 0}},
                [STYLE_FLOAT] = {{D, D, FLAG_UNDERLINE},
                                 {MAGENTA, D, FLAG_UNDERLINE},
                                 {MAGENTA, D, FLAG_UNDERLINE},
                                 {90, D, 0}},
                [STYLE_BOTTLENECK] = {{D, D, FLAG_BOLD},
                                      {MAGENTA, D, FLAG_BOLD},
                                      {MAGENTA, D, FLAG_BOLD},
                                      {130, D, FLAG_BOLD}},
                [STYLE_BEST] = {{D, D, FLAG_BOLD},
                                {D, D, FLAG_BOLD},
                                {GREEN, D, FLAG_BOLD},
                                {28, D, FLAG_BOLD}},
                [STYLE_DIFFERS] = {{D, D, FLAG_UNDERLINE}, {BLUE, D, 0}, {BLUE, D, 0}, {23, D, 0}},
                [STYLE_STALE] = {{D, D, FLAG_DIM}, {D, D, 0}, {D, D, 0}, {242, D, 0}},
            },
        [THEME_DARK] =
            {
                [STYLE_DIM] = {{D, D, FLAG_DIM}, {D, D, 0}, {D, D, 0}, {247, D, 0}},
                [STYLE_HEADER] = {{D, D, FLAG_UNDERLINE},
                                  {CYAN, D, FLAG_UNDERLINE},
                                  {LIT(CYAN), D, FLAG_UNDERLINE},
                                  {117, D, FLAG_UNDERLINE}},
                [STYLE_KEY] = {{D, D, FLAG_BOLD},
                               {CYAN, D, FLAG_BOLD},
                               {LIT(CYAN), D, FLAG_BOLD},
                               {117, D, FLAG_BOLD}},
                [STYLE_GOOD] = {{D, D, 0}, {GREEN, D, 0}, {LIT(GREEN), D, 0}, {114, D, 0}},
                [STYLE_WARN] =
                    {{D, D, FLAG_BOLD}, {YELLOW, D, 0}, {LIT(YELLOW), D, 0}, {221, D, 0}},
                [STYLE_BAD] = {{D, D, FLAG_BOLD},
                               {RED, D, FLAG_BOLD},
                               {LIT(RED), D, FLAG_BOLD},
                               {210, D, FLAG_BOLD}},
                [STYLE_BAR] = {{D, D, 0}, {GREEN, D, 0}, {LIT(GREEN), D, 0}, {114, D, 0}},
                [STYLE_FRAME] = {{D, D, 0}, {CYAN, D, 0}, {LIT(CYAN), D, 0}, {74, D, 0}},
                [STYLE_FLOAT] =
                    {{D, D, FLAG_UNDERLINE}, {MAGENTA, D, 0}, {LIT(MAGENTA), D, 0}, {183, D, 0}},
                [STYLE_BOTTLENECK] = {{D, D, FLAG_BOLD},
                                      {YELLOW, D, FLAG_BOLD},
                                      {LIT(YELLOW), D, FLAG_BOLD},
                                      {215, D, FLAG_BOLD}},
                [STYLE_BEST] = {{D, D, FLAG_BOLD},
                                {GREEN, D, FLAG_BOLD},
                                {LIT(GREEN), D, FLAG_BOLD},
                                {114, D, FLAG_BOLD}},
                [STYLE_DIFFERS] =
                    {{D, D, FLAG_UNDERLINE}, {CYAN, D, 0}, {LIT(CYAN), D, 0}, {80, D, 0}},
                [STYLE_STALE] = {{D, D, FLAG_DIM}, {D, D, 0}, {D, D, 0}, {247, D, 0}},
            },
};

/* White on black, bold where others are coloured or dim. */
static Look high_contrast(Style style, ColourDepth depth)
{
    static const int16_t INK[STYLES] = {
        [STYLE_GOOD] = GREEN,    [STYLE_WARN] = YELLOW,       [STYLE_BAD] = RED,
        [STYLE_BAR] = GREEN,     [STYLE_KEY] = YELLOW,        [STYLE_HEADER] = CYAN,
        [STYLE_FLOAT] = MAGENTA, [STYLE_BOTTLENECK] = YELLOW, [STYLE_BEST] = GREEN,
        [STYLE_DIFFERS] = CYAN};
    int bright = depth >= COLOURS_16 ? LIT(0) : 0;
    Look look = LOOKS[style][COLOURS_NONE];
    look.flags = style == STYLE_NORMAL ? 0 : (look.flags & ~(unsigned)FLAG_DIM) | FLAG_BOLD;
    if (depth == COLOURS_NONE)
        return look;
    look.foreground = (int16_t)((INK[style] ? INK[style] : WHITE) + bright);
    look.background = BLACK;
    return look;
}

static const char *const NAMES[THEMES] = {"default", "light", "dark", "high-contrast", "mono"};

const char *theme_name(Theme theme)
{
    return NAMES[theme];
}

bool theme_parse(const char *name, Theme *theme)
{
    for (int i = 0; i < THEMES; i++)
        if (strcmp(NAMES[i], name) == 0) {
            *theme = (Theme)i;
            return true;
        }
    return false;
}

Look theme_look(Theme theme, Style style, ColourDepth depth)
{
    if (theme == THEME_HIGH_CONTRAST)
        return high_contrast(style, depth);
    if (theme == THEME_MONO)
        return LOOKS[style][COLOURS_NONE];
    const Look *change = &CHANGES[theme][style][depth];
    bool given = change->foreground || change->background || change->flags;
    return given ? *change : LOOKS[style][depth];
}
