/* Themes: what each style looks like, and that it can be read. */
#include "fixture.h"

/* Without colours the selection and bad news still stand out. */
static void check_theme(Theme theme)
{
    static const int COLOURS[COLOUR_DEPTHS] = {0, 8, 16, 256};
    for (int style = 0; style < STYLES; style++) {
        Look look = theme_look(theme, (Style)style, COLOURS_NONE);
        assert_int_equal(look.foreground, COLOUR_DEFAULT);
        assert_int_equal(look.background, COLOUR_DEFAULT);
        for (int depth = COLOURS_8; depth < COLOUR_DEPTHS; depth++) {
            look = theme_look(theme, (Style)style, (ColourDepth)depth);
            assert_true(look.foreground < COLOURS[depth] && look.background < COLOURS[depth]);
            if (theme == THEME_HIGH_CONTRAST) /* nothing depends on the user's own colours */
                assert_true(look.background == 0 && look.foreground > 0);
        }
    }
    for (int depth = 0; depth < COLOUR_DEPTHS; depth++) {
        assert_true(theme_look(theme, STYLE_SELECTED, (ColourDepth)depth).flags & FLAG_REVERSE);
        assert_true(theme_look(theme, STYLE_BAD, (ColourDepth)depth).flags & FLAG_BOLD);
    }
}

/* ---- contrast (WCAG 2.1, relative luminance) -------------------------------------------------- */

static double linear(int byte)
{
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* Of a number of xterm's palette. */
static double luminance(int colour)
{
    static const unsigned char BASIC[16][3] = {
        {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},  {0, 0, 238}, {205, 0, 205},
        {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},    {0, 255, 0}, {255, 255, 0},
        {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255}};
    static const int STEPS[] = {0, 95, 135, 175, 215, 255};
    int rgb[3];
    for (int i = 0, part = 36; i < 3; i++, part /= 6)
        rgb[i] = colour < 16    ? BASIC[colour][i]
                 : colour < 232 ? STEPS[(colour - 16) / part % 6]
                                : 8 + 10 * (colour - 232);
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

static double contrast(int one, int other)
{
    double a = luminance(one), b = luminance(other);
    return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

/* Every style can be read on the background that its theme is for; of the default theme, on both. */
static void test_contrast(void **state)
{
    enum { ON_BLACK = 16, ON_WHITE = 231 };
    static const struct {
        Theme theme;
        ColourDepth depth;
        int background;
        double least;
    } RULES[] = {{THEME_LIGHT, COLOURS_256, ON_WHITE, 4.5},
                 {THEME_DARK, COLOURS_256, ON_BLACK, 4.5},
                 {THEME_DARK, COLOURS_16, ON_BLACK, 4.5},
                 {THEME_HIGH_CONTRAST, COLOURS_256, ON_BLACK, 4.5},
                 {THEME_HIGH_CONTRAST, COLOURS_16, ON_BLACK, 4.5},
                 {THEME_DEFAULT, COLOURS_256, ON_BLACK, 3},
                 {THEME_DEFAULT, COLOURS_256, ON_WHITE, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        for (int style = 0; style < STYLES; style++) {
            Look look = theme_look(RULES[i].theme, (Style)style, RULES[i].depth);
            if (look.foreground == COLOUR_DEFAULT)
                continue;
            double found = contrast(look.foreground, RULES[i].background);
            if (found < RULES[i].least)
                fail_msg("theme %s, style %d, colour %d: contrast %.2f", theme_name(RULES[i].theme),
                         style, look.foreground, found);
        }
}

/* Nothing says the same as the text around it, whatever the terminal; what is stale may be like what
 * is dim, and a best figure like a key. */
static void test_styles_stand_out(void **state)
{
    static const Style TOLD[] = {STYLE_FLOAT, STYLE_BOTTLENECK, STYLE_BEST, STYLE_DIFFERS};
    (void)state;
    assert_int_equal(STYLES, 16);
    for (int theme = 0; theme < THEMES; theme++)
        for (int depth = 0; depth < COLOUR_DEPTHS; depth++) {
            Look normal = theme_look((Theme)theme, STYLE_NORMAL, (ColourDepth)depth);
            for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++) {
                Look look = theme_look((Theme)theme, TOLD[i], (ColourDepth)depth);
                assert_true(look.foreground != normal.foreground || look.flags != normal.flags);
            }
        }
}

static void test_themes(void **state)
{
    (void)state;
    for (int i = 0; i < THEMES; i++) {
        Theme theme = THEMES;
        check_theme((Theme)i);
        assert_true(theme_parse(theme_name((Theme)i), &theme));
        assert_int_equal(theme, i);
        assert_non_null(strstr(THEME_NAMES, theme_name((Theme)i)));
        assert_int_equal(theme_look(THEME_MONO, (Style)i, COLOURS_256).foreground, COLOUR_DEFAULT);
    }
    Theme theme = THEME_DARK;
    assert_false(theme_parse("pink", &theme));
    assert_int_equal(theme, THEME_DARK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_themes),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_styles_stand_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
