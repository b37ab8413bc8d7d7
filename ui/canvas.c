#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void canvas_allocate(Canvas *canvas, int rows, int columns)
{
    canvas->rows = rows < 1 ? 1 : rows;
    canvas->columns = columns < 1 ? 1 : columns;
    size_t count = (size_t)canvas->rows * (size_t)canvas->columns;
    Cell *cells = realloc(canvas->cells, count * sizeof *cells);
    if (!cells)
        abort(); /* a screenful of memory is gone: nothing can be shown any more */
    canvas->cells = cells;
    for (size_t i = 0; i < count; i++)
        cells[i] = (Cell){.rune = ' ', .style = STYLE_NORMAL};
}

Canvas *canvas_new(int rows, int columns, bool ascii)
{
    Canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas)
        abort();
    canvas->ascii = ascii;
    canvas_allocate(canvas, rows, columns);
    return canvas;
}

void canvas_free(Canvas *canvas)
{
    if (!canvas)
        return;
    free(canvas->cells);
    free(canvas->zones);
    free(canvas);
}

void canvas_reset(Canvas *canvas, int rows, int columns)
{
    canvas_allocate(canvas, rows, columns);
    canvas->zone_count = 0;
}

const Cell *canvas_cell(const Canvas *canvas, int row, int column)
{
    return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

static Cell *cell_at(Canvas *canvas, int row, int column)
{
    return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

void text_encode(uint32_t rune, char bytes[UTF8_BYTES])
{
    size_t count = 0;
    if (rune < 0x80) {
        bytes[count++] = (char)rune;
    } else if (rune < 0x800) {
        bytes[count++] = (char)(0xC0 | (rune >> 6));
    } else if (rune < 0x10000) {
        bytes[count++] = (char)(0xE0 | (rune >> 12));
        bytes[count++] = (char)(0x80 | ((rune >> 6) & 0x3F));
    } else {
        bytes[count++] = (char)(0xF0 | (rune >> 18));
        bytes[count++] = (char)(0x80 | ((rune >> 12) & 0x3F));
        bytes[count++] = (char)(0x80 | ((rune >> 6) & 0x3F));
    }
    if (rune >= 0x80)
        bytes[count++] = (char)(0x80 | (rune & 0x3F));
    bytes[count] = 0;
}

static void append_rune(Buffer *text, uint32_t rune)
{
    char bytes[UTF8_BYTES];
    text_encode(rune, bytes);
    buffer_append_text(text, bytes);
}

void canvas_dump(const Canvas *canvas, Buffer *text)
{
    for (int row = 0; row < canvas->rows; row++) {
        int end = canvas->columns;
        while (end > 0 && canvas_cell(canvas, row, end - 1)->rune == ' ')
            end--;
        for (int column = 0; column < end; column++)
            if (canvas_cell(canvas, row, column)->rune)
                append_rune(text, canvas_cell(canvas, row, column)->rune);
        buffer_append_text(text, "\n");
    }
}

/* Decodes by RFC 3629; a broken sequence yields 0xFFFD and steps over one byte. */
static uint32_t decode_utf8(const char **text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)*text;
    unsigned char lead = bytes[0];
    int length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    (*text)++;
    if (length == 1)
        return lead;
    if (length == 0 || lead > 0xF4)
        return 0xFFFD;
    uint32_t rune = lead & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0xFFFD;
        rune = rune << 6 | (bytes[i] & 0x3F);
    }
    if (rune < smallest[length] || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
        return 0xFFFD;
    *text += length - 1;
    return rune;
}

uint32_t text_next(const char **text, bool ascii, int *width)
{
    *width = 0;
    if (!**text)
        return 0;
    uint32_t rune = decode_utf8(text);
    *width = 1;
    if (rune >= 0x20 && rune < 0x7F)
        return rune;
    if (ascii || rune < 0x20 || (rune >= 0x7F && rune < 0xA0))
        return ascii ? '?' : 0xFFFD;
    *width = wcwidth((wchar_t)rune);
    if (*width >= 0)
        return rune;
    *width = 1;
    return 0xFFFD;
}

int text_columns(const char *text, bool ascii)
{
    int columns = 0, width;
    while (text_next(&text, ascii, &width))
        columns += width;
    return columns;
}

Area area_of(Canvas *canvas)
{
    return (Area){.canvas = canvas, .rows = canvas->rows, .columns = canvas->columns};
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

Area area_part(Area area, int row, int column, int rows, int columns)
{
    row = clamp(row, 0, area.rows);
    column = clamp(column, 0, area.columns);
    return (Area){.canvas = area.canvas,
                  .row = area.row + row,
                  .column = area.column + column,
                  .rows = clamp(rows, 0, area.rows - row),
                  .columns = clamp(columns, 0, area.columns - column)};
}

void area_zone(Area area, int row, int column, int columns, Click click)
{
    Canvas *canvas = area.canvas;
    bool inside = row >= 0 && row < area.rows && column < area.columns;
    if (!inside || canvas->zone_count == CANVAS_ZONES)
        return;
    if (!canvas->zones)
        canvas->zones = calloc(CANVAS_ZONES, sizeof *canvas->zones);
    if (!canvas->zones)
        abort();
    canvas->zones[canvas->zone_count++] =
        (Zone){.row = area.row + row,
               .column = area.column + column,
               .columns = clamp(columns, 0, area.columns - column),
               .click = click};
}

const Click *canvas_click(const Canvas *canvas, int row, int column)
{
    for (int i = canvas->zone_count - 1; i >= 0; i--) {
        const Zone *zone = &canvas->zones[i];
        if (zone->row == row && column >= zone->column && column < zone->column + zone->columns)
            return &zone->click;
    }
    return NULL;
}

/* A cell is written whole: half of a wide character never stays behind. */
static void put_rune(Area area, int row, int column, Cell cell)
{
    Canvas *canvas = area.canvas;
    int y = area.row + row, x = area.column + column;
    Cell *at = cell_at(canvas, y, x);
    if (!at->rune && x > 0)
        cell_at(canvas, y, x - 1)->rune = ' ';
    if (x + 1 < canvas->columns && !cell_at(canvas, y, x + 1)->rune)
        cell_at(canvas, y, x + 1)->rune = ' ';
    *at = cell;
}

int area_text(Area area, int row, int column, Style style, const char *text)
{
    if (row < 0 || row >= area.rows || column < 0 || column >= area.columns)
        return column;
    bool ascii = area.canvas->ascii;
    bool cut = column + text_columns(text, ascii) > area.columns;
    int end = area.columns - (cut ? 1 : 0), width;
    uint32_t rune;
    while ((rune = text_next(&text, ascii, &width)) != 0 && column + width <= end) {
        if (width == 0)
            continue;
        put_rune(area, row, column, (Cell){.rune = rune, .style = (uint8_t)style});
        if (width == 2)
            *cell_at(area.canvas, area.row + row, area.column + column + 1) =
                (Cell){.rune = 0, .style = (uint8_t)style};
        column += width;
    }
    if (cut)
        return area_glyph(area, row, column, style, GLYPH_CUT);
    return column;
}

int area_printf(Area area, int row, int column, Style style, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return area_text(area, row, column, style, text);
}

void area_text_middle(Area area, int row, Style style, const char *text)
{
    int over = text_columns(text, area.canvas->ascii) - area.columns, width;
    if (over <= 0 || area.columns < 3) {
        area_text(area, row, 0, style, text);
        return;
    }
    const int head = area.columns * 3 / 5; /* its last cell says that something is left out */
    area_text(area_part(area, row, 0, 1, head), 0, 0, style, text);
    for (int skipped = 0; skipped < over + head && text_next(&text, area.canvas->ascii, &width);)
        skipped += width;
    area_text(area_part(area, row, head, 1, area.columns - head), 0, 0, style, text);
}

void area_text_right(Area area, int row, Style style, const char *text)
{
    int column = area.columns - text_columns(text, area.canvas->ascii);
    area_text(area, row, column < 0 ? 0 : column, style, text);
}

int area_glyph(Area area, int row, int column, Style style, Glyph glyph)
{
    return area_text(area, row, column, style, glyph_text(glyph, area.canvas->ascii));
}

void area_paint(Area area, int row, Style style)
{
    if (row < 0 || row >= area.rows)
        return;
    for (int column = 0; column < area.columns; column++)
        cell_at(area.canvas, area.row + row, area.column + column)->style = (uint8_t)style;
}

static void blank(Area area)
{
    for (int row = 0; row < area.rows; row++)
        for (int column = 0; column < area.columns; column++)
            put_rune(area, row, column, (Cell){.rune = ' ', .style = STYLE_NORMAL});
}

void area_frame(Area area, const char *title)
{
    int bottom = area.rows - 1, right = area.columns - 1;
    blank(area);
    for (int column = 1; column < right; column++) {
        area_glyph(area, 0, column, STYLE_FRAME, GLYPH_ACROSS);
        area_glyph(area, bottom, column, STYLE_FRAME, GLYPH_ACROSS);
    }
    for (int row = 1; row < bottom; row++) {
        area_glyph(area, row, 0, STYLE_FRAME, GLYPH_UPRIGHT);
        area_glyph(area, row, right, STYLE_FRAME, GLYPH_UPRIGHT);
    }
    area_glyph(area, 0, 0, STYLE_FRAME, GLYPH_TOP_LEFT);
    area_glyph(area, 0, right, STYLE_FRAME, GLYPH_TOP_RIGHT);
    area_glyph(area, bottom, 0, STYLE_FRAME, GLYPH_BOTTOM_LEFT);
    area_glyph(area, bottom, right, STYLE_FRAME, GLYPH_BOTTOM_RIGHT);
    area_printf(area_part(area, 0, 0, 1, right), 0, 2, STYLE_TITLE, " %s ", title);
}

/* Bytes of `text` that fit in `columns` cells, broken after a blank where there is one. */
static size_t line_bytes(const char *text, int columns, bool ascii)
{
    const char *at = text, *blank_end = NULL;
    int used = 0, width;
    while (*at && *at != '\n') {
        const char *before = at;
        text_next(&at, ascii, &width);
        if (used + width > columns)
            return (size_t)((blank_end ? blank_end : before > text ? before : at) - text);
        used += width;
        if (*before == ' ')
            blank_end = at;
    }
    return (size_t)(at - text);
}

int area_paragraph(Area area, int row, Style style, const char *text)
{
    int first = row;
    while (*text) {
        size_t bytes = line_bytes(text, area.columns, area.canvas->ascii);
        char line[1024];
        size_t kept = bytes < sizeof line ? bytes : sizeof line - 1;
        memcpy(line, text, kept);
        while (kept > 0 && line[kept - 1] == ' ')
            kept--;
        line[kept] = '\0';
        area_text(area, row++, 0, style, line);
        text += bytes;
        if (*text == '\n')
            text++;
    }
    return row - first;
}
