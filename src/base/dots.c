#include "base/dots.h"

#include <math.h>
#include <stdlib.h>

enum { CELL_X = 2, CELL_Y = 4, BRAILLE = 0x2800 };

static const char MARKS[DOTS_SERIES_MOST] = {'*', 'o', '+', 'x'};

char dots_mark(int series)
{
    return MARKS[series];
}

static void set_dot(Dots *dots, int x, int y, int series)
{
    static const unsigned char BITS[CELL_Y][CELL_X] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (dots->ascii)
        dots->cells[y * dots->columns + x] = (unsigned char)MARKS[series];
    else
        dots->cells[y / CELL_Y * dots->columns + x / CELL_X] |= BITS[y % CELL_Y][x % CELL_X];
}

typedef struct Point {
    int x, y;
} Point;

/* A line of dots; every third one alone when it is dotted. */
static void draw_line(Dots *dots, Point from, Point to, int series)
{
    int steps = abs(to.x - from.x) > abs(to.y - from.y) ? abs(to.x - from.x) : abs(to.y - from.y);
    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;
        int x = (int)lround(from.x + part * (to.x - from.x));
        int y = (int)lround(from.y + part * (to.y - from.y));
        if (series == 0 || i == steps || (x + y) % 3 == 0)
            set_dot(dots, x, y, series);
    }
}

void dots_curve(Dots *dots, const double *values, int count, const DotsScale *scale, int series)
{
    int width = dots->columns * (dots->ascii ? 1 : CELL_X);
    int height = dots->rows * (dots->ascii ? 1 : CELL_Y);
    Point last = {-1, -1};
    for (int i = 0; i < count; i++) {
        double part = (values[i] - scale->low) / (scale->high - scale->low);
        if (!isfinite(part)) {
            last.x = -1;
            continue;
        }
        part = fmax(0, fmin(1, part));
        double across = scale->steps > 0 ? fmin(1, (double)i / scale->steps) : 0;
        Point here = {(int)lround(across * (width - 1)), (int)lround((1 - part) * (height - 1))};
        draw_line(dots, last.x < 0 ? here : last, here, series);
        last = here;
    }
}

void dots_point(Dots *dots, double across, double up, int series)
{
    int width = dots->columns * (dots->ascii ? 1 : CELL_X);
    int height = dots->rows * (dots->ascii ? 1 : CELL_Y);
    if (!isfinite(across) || !isfinite(up))
        return;
    across = fmax(0, fmin(1, across));
    up = fmax(0, fmin(1, up));
    set_dot(dots, (int)lround(across * (width - 1)), (int)lround((1 - up) * (height - 1)), series);
}

uint32_t dots_rune(const Dots *dots, int row, int column)
{
    unsigned char cell = dots->cells[row * dots->columns + column];
    return !cell || dots->ascii ? cell : BRAILLE + cell;
}
