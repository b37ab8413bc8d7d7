/* dots.h: curves as dots in character cells: braille, 2 x 4 dots a cell, or ASCII marks, one a
 * cell.
 *
 *     unsigned char cells[12 * 60] = {0};
 *     Dots dots = {.rows = 12, .columns = 60, .ascii = false, .cells = cells};
 *     dots_curve(&dots, values, count, &(DotsScale){.low = 0, .high = 1, .steps = count - 1}, 0);
 *     ... dots_rune(&dots, row, column) ...
 */
#ifndef BASE_DOTS_H
#define BASE_DOTS_H

#include <stdbool.h>
#include <stdint.h>

enum { DOTS_SERIES_MOST = 4 };

typedef struct Dots {
    int rows, columns; /* cells */
    bool ascii;
    unsigned char *cells; /* (rows, columns), zero at first: bit pattern, or an ASCII mark */
} Dots;

typedef struct DotsScale {
    double low, high; /* values at the bottom and at the top */
    int steps;        /* from the first value to the right edge */
} DotsScale;

/* Draws values at 0, 1, ... of `steps`; those that are not finite are gaps. Curve 0 is a line, the
 * further ones are dotted, or have another mark. */
void dots_curve(Dots *dots, const double *values, int count, const DotsScale *scale, int series);

/* One point: its place as parts of the whole, 0..1 from the left and from the bottom. */
void dots_point(Dots *dots, double across, double up, int series);

/* What to show in a cell: a code point, 0 for nothing. */
uint32_t dots_rune(const Dots *dots, int row, int column);

/* The mark of a curve in ASCII. */
char dots_mark(int series);

#endif
