/* canvas.h: a grid of character cells that screens draw on; it knows nothing of a terminal.
 *
 * The terminal copies a canvas to the tty, a test turns it into text: both see the same cells.
 * Text is UTF-8 and may come from anywhere: broken bytes and control characters become a harmless
 * glyph, marks of no width are dropped, and widths are counted in cells, so that no file name can
 * move the cursor or break a column.
 *
 * Screens draw on an Area, a clipped rectangle of a canvas. Text that does not fit ends in
 * GLYPH_CUT.
 *
 *     Canvas *canvas = canvas_new(24, 80, false);
 *     Area body = area_part(area_of(canvas), 2, 0, 20, 80);
 *     area_text(body, 0, 1, STYLE_TITLE, "Layers");
 *     canvas_free(canvas);
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ui/glyph.h"
#include "ui/theme.h"

enum { UTF8_BYTES = 5 }; /* a character and a NUL */

typedef struct Cell {
    uint32_t rune; /* Unicode code point; 0 is the right half of the wide one to its left */
    uint8_t style; /* Style */
} Cell;

/* What a click means: an action so many times (a row five further down is five times down), or a
 * key of a dialog. So a click does nothing that keys could not. */
typedef struct Click {
    int action; /* ActionId; 0: none */
    int times;
    int key; /* KEY_NOTHING: none */
} Click;

typedef struct Zone {
    int row, column, columns;
    Click click;
} Zone;

enum { CANVAS_ZONES = 256 };

typedef struct Canvas {
    int rows, columns;
    Zone *zones; /* CANVAS_ZONES places; NULL: none yet */
    int zone_count;
    bool ascii;  /* draw with ASCII only */
    Cell *cells; /* (rows, columns) */
} Canvas;

typedef struct Area {
    Canvas *canvas;
    int row, column; /* of its corner on the canvas */
    int rows, columns;
} Area;

Canvas *canvas_new(int rows, int columns, bool ascii);
void canvas_free(Canvas *canvas);

/* All cells blank, at a new size. */
void canvas_reset(Canvas *canvas, int rows, int columns);

const Cell *canvas_cell(const Canvas *canvas, int row, int column);

/* The grid as lines of text without trailing blanks. */
void canvas_dump(const Canvas *canvas, Buffer *text);

/* Cells that a text takes. */
int text_columns(const char *text, bool ascii);

/* Decodes one character and steps over it; *width is its cells (0, 1 or 2). What must not be shown
 * is replaced. 0 at the end of the text. */
uint32_t text_next(const char **text, bool ascii, int *width);

/* Writes a code point as UTF-8. */
void text_encode(uint32_t rune, char bytes[UTF8_BYTES]);

Area area_of(Canvas *canvas);

/* The part of an area from (row, column) on, clipped to it. */
Area area_part(Area area, int row, int column, int rows, int columns);

/* Cells of a row that can be clicked; later ones lie above earlier ones. */
void area_zone(Area area, int row, int column, int columns, Click click);

/* NULL: a click there means nothing. */
const Click *canvas_click(const Canvas *canvas, int row, int column);

/* Draws text; returns the column after it. */
int area_text(Area area, int row, int column, Style style, const char *text);
int area_printf(Area area, int row, int column, Style style, const char *format, ...)
    PRINTF_LIKE(5, 6);

/* Text over the whole row: what does not fit goes from its middle, as paths differ at their ends. */
void area_text_middle(Area area, int row, Style style, const char *text);

/* Text that ends at the right edge. */
void area_text_right(Area area, int row, Style style, const char *text);

int area_glyph(Area area, int row, int column, Style style, Glyph glyph);

/* Gives a row one style, whatever is written there. */
void area_paint(Area area, int row, Style style);

/* Blanks an area and draws a frame just inside it, with a title. */
void area_frame(Area area, const char *title);

/* A text of several lines, broken at blanks to fit; returns the rows it takes. `rows` 0 in the area
 * only measures. */
int area_paragraph(Area area, int row, Style style, const char *text);

#endif
