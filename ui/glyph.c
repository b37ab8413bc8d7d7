#include "ui/glyph.h"

static const struct {
    const char *utf8;
    const char *ascii;
} TWINS[GLYPHS] = {
    [GLYPH_CURSOR] = {"▸", ">"},      [GLYPH_CRUMB] = {"›", ">"},
    [GLYPH_CUT] = {"…", "~"},         [GLYPH_BAR_FULL] = {"█", "#"},
    [GLYPH_BAR_EMPTY] = {"░", "."},   [GLYPH_DONE] = {"✓", "+"},
    [GLYPH_FAILED] = {"✗", "!"},      [GLYPH_RUNNING] = {"▶", ">"},
    [GLYPH_WAITING] = {"·", "."},     [GLYPH_SKIPPED] = {"○", "o"},
    [GLYPH_UP] = {"▲", "^"},          [GLYPH_DOWN] = {"▼", "v"},
    [GLYPH_ACROSS] = {"─", "-"},      [GLYPH_UPRIGHT] = {"│", "|"},
    [GLYPH_TOP_LEFT] = {"┌", "+"},    [GLYPH_TOP_RIGHT] = {"┐", "+"},
    [GLYPH_BOTTOM_LEFT] = {"└", "+"}, [GLYPH_BOTTOM_RIGHT] = {"┘", "+"},
    [GLYPH_MARKED] = {"◆", "#"},      [GLYPH_EDITED] = {"*", "*"},
    [GLYPH_BEYOND] = {"▒", "x"},      [GLYPH_BLOCK_1] = {"▁", "."},
    [GLYPH_BLOCK_1 + 1] = {"▂", "."}, [GLYPH_BLOCK_1 + 2] = {"▃", ":"},
    [GLYPH_BLOCK_1 + 3] = {"▄", ":"}, [GLYPH_BLOCK_1 + 4] = {"▅", "|"},
    [GLYPH_BLOCK_1 + 5] = {"▆", "|"}, [GLYPH_BLOCK_1 + 6] = {"▇", "#"},
    [GLYPH_BLOCK_8] = {"█", "#"},     [GLYPH_UNKNOWN] = {"�", "?"},
    [GLYPH_NONE] = {"–", "-"},        [GLYPH_WARNING] = {"△", "^"},
    [GLYPH_FOCUS] = {"●", "@"},
};

const char *glyph_text(Glyph glyph, bool ascii)
{
    return ascii ? TWINS[glyph].ascii : TWINS[glyph].utf8;
}
