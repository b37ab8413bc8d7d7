/* Accuracy against size or latency of many runs; those that none beats in all three are marked, and
 * listed. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dots.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/pareto.h"
#include "ui/screen_history.h"

enum {
    WIDE_COLUMNS = 110,
    LIST_COLUMNS = 46,
    SCALE_COLUMNS = 8,
    AXIS_ROWS = 2,
    PLOT_ROWS_MOST = 64,
    PLOT_COLUMNS_MOST = 256
};

typedef enum Column {
    COLUMN_RUN,
    COLUMN_ACCURACY,
    COLUMN_BYTES,
    COLUMN_LATENCY,
    COLUMNS_SHOWN
} Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_RUN] = {"run", 7, 0, true},
    [COLUMN_ACCURACY] = {"accuracy", 9, 0, true},
    [COLUMN_BYTES] = {"size", 9, 0, true},
    [COLUMN_LATENCY] = {"cycles", 11, 0, true},
};

static const char *const FILE_NAMES[COLUMNS_SHOWN] = {[COLUMN_BYTES] = "bytes"};

typedef struct ParetoScreen {
    Screen base;
    Table table;
    Arena *arena; /* owns the points */
    RunPoint *points;
    bool *best;
    int count;
    int *front; /* (front_count): the best ones, the most accurate first */
    int front_count;
    bool by_latency; /* the axis across */
    bool wide;
} ParetoScreen;

/* ---- the best ones, as a table --------------------------------------------------------------- */

static int64_t rows_count(const void *self)
{
    return ((const ParetoScreen *)self)->front_count;
}

static const RunPoint *point_of(const ParetoScreen *screen, int64_t row)
{
    return &screen->points[screen->front[row]];
}

static int64_t rows_id(const void *self, int64_t row)
{
    return point_of(self, row)->id;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const RunPoint *point = point_of(self, row);
    const double figures[COLUMNS_SHOWN] = {[COLUMN_RUN] = (double)point->id,
                                           [COLUMN_ACCURACY] = point->accuracy,
                                           [COLUMN_BYTES] = point->bytes,
                                           [COLUMN_LATENCY] = point->latency};
    char text[FORMAT_BYTES];
    cell->number = figures[column];
    if (column == COLUMN_RUN)
        snprintf(cell->text, sizeof cell->text, "%" PRId64, point->id);
    else if (column == COLUMN_ACCURACY)
        snprintf(cell->text, sizeof cell->text, "%s", format_fraction(point->accuracy, text));
    else if (column == COLUMN_BYTES)
        snprintf(cell->text, sizeof cell->text, "%s", format_size(point->bytes, text));
    else
        snprintf(cell->text, sizeof cell->text, "%s", format_count(point->latency, text));
}

/* ---- the plane ------------------------------------------------------------------------------- */

/* From the least to the most; costs by their logarithm. */
typedef struct Range {
    double low, high;
} Range;

typedef struct Plane {
    Range across, up;
} Plane;

static double cost_of(const ParetoScreen *screen, const RunPoint *point)
{
    double cost = screen->by_latency ? point->latency : point->bytes;
    return cost > 0 ? log10(cost) : NAN;
}

static void include(Range *range, double value)
{
    if (!isfinite(value))
        return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static Range widened(Range range)
{
    if (!(range.high >= range.low))
        return (Range){0, 1};
    double room = range.high > range.low ? (range.high - range.low) * 0.05 : 0.05;
    return (Range){range.low - room, range.high + room};
}

static Plane plane_of(const ParetoScreen *screen)
{
    Plane plane = {{INFINITY, -INFINITY}, {INFINITY, -INFINITY}};
    for (int i = 0; i < screen->count; i++) {
        const RunPoint *point = &screen->points[i];
        double cost = cost_of(screen, point);
        if (!isfinite(cost) || !isfinite(point->accuracy))
            continue;
        include(&plane.across, cost);
        include(&plane.up, point->accuracy);
    }
    Range up = widened(plane.up);
    up = (Range){fmax(up.low, 0), fmin(up.high, 1)}; /* a fraction has no more room */
    return (Plane){widened(plane.across), up};
}

static double part_of(Range range, double value)
{
    return (value - range.low) / (range.high - range.low);
}

static void draw_others(const ParetoScreen *screen, Area area, const Plane *plane)
{
    unsigned char cells[PLOT_ROWS_MOST * PLOT_COLUMNS_MOST] = {0};
    Dots dots = {area.rows, area.columns, area.canvas->ascii, cells};
    for (int i = 0; i < screen->count; i++)
        if (!screen->best[i])
            dots_point(&dots, part_of(plane->across, cost_of(screen, &screen->points[i])),
                       part_of(plane->up, screen->points[i].accuracy), 1);
    for (int row = 0; row < dots.rows; row++)
        for (int column = 0; column < dots.columns; column++) {
            char text[UTF8_BYTES];
            uint32_t rune = dots_rune(&dots, row, column);
            text_encode(rune, text);
            if (rune)
                area_text(area, row, column, STYLE_DIM, text);
        }
}

static void draw_best(const ParetoScreen *screen, Area area, const Plane *plane)
{
    for (int i = screen->front_count - 1; i >= 0; i--) {
        const RunPoint *point = point_of(screen, i);
        double across = part_of(plane->across, cost_of(screen, point));
        double up = part_of(plane->up, point->accuracy);
        if (!isfinite(across) || !isfinite(up))
            continue;
        int column = (int)lround(across * (area.columns - 1));
        int row = (int)lround((1 - up) * (area.rows - 1));
        bool selected = point->id == screen->table.selected_id;
        area_glyph(area, row, column, selected ? STYLE_SELECTED : STYLE_BEST, GLYPH_MARKED);
    }
}

static void draw_axes(const ParetoScreen *screen, Area area, const Plane *plane)
{
    int rows = area.rows - AXIS_ROWS;
    char low[FORMAT_BYTES], high[FORMAT_BYTES];
    for (int row = 0; row < rows; row++) {
        double part = rows > 1 ? 1 - (double)row / (rows - 1) : 1;
        if (row % 4 == 0 || row == rows - 1)
            area_printf(area, row, 0, STYLE_DIM, "%.4f",
                        plane->up.low + part * (plane->up.high - plane->up.low));
        area_glyph(area, row, SCALE_COLUMNS - 1, STYLE_FRAME, GLYPH_UPRIGHT);
    }
    for (int column = SCALE_COLUMNS; column < area.columns; column++)
        area_glyph(area, rows, column, STYLE_FRAME, GLYPH_ACROSS);
    format_count(pow(10, plane->across.low), low);
    format_count(pow(10, plane->across.high), high);
    area_printf(area, rows + 1, SCALE_COLUMNS, STYLE_DIM, "%s  accuracy up, %s across (logarithm)",
                low, screen->by_latency ? "cycles" : "bytes");
    area_text_right(area, rows + 1, STYLE_DIM, high);
}

static void draw_plane(const ParetoScreen *screen, Area area)
{
    int rows = area.rows - AXIS_ROWS, columns = area.columns - SCALE_COLUMNS;
    if (rows < 2 || columns < 8)
        return;
    rows = rows < PLOT_ROWS_MOST ? rows : PLOT_ROWS_MOST;
    columns = columns < PLOT_COLUMNS_MOST ? columns : PLOT_COLUMNS_MOST;
    Plane plane = plane_of(screen);
    Area field = area_part(area, 0, SCALE_COLUMNS, rows, columns);
    draw_axes(screen, area_part(area, 0, 0, rows + AXIS_ROWS, columns + SCALE_COLUMNS), &plane);
    draw_others(screen, field, &plane);
    draw_best(screen, field, &plane);
}

/* ---- the screen ------------------------------------------------------------------------------ */

static int list_rows(const ParetoScreen *screen, int rows)
{
    return screen->wide ? rows : rows / 3;
}

static void pareto_layout(Screen *base, int rows, int columns)
{
    ParetoScreen *screen = (ParetoScreen *)base;
    screen->wide = columns >= WIDE_COLUMNS;
    table_layout(&screen->table, list_rows(screen, rows));
}

static void pareto_draw(const Screen *base, Area area)
{
    const ParetoScreen *screen = (const ParetoScreen *)base;
    int rows = list_rows(screen, area.rows);
    if (screen->front_count == 0) {
        area_text(area, 1, 1, STYLE_DIM, "No run here has an accuracy yet.");
    } else if (screen->wide) {
        draw_plane(screen, area_part(area, 0, 1, area.rows, area.columns - LIST_COLUMNS - 2));
        table_draw(&screen->table,
                   area_part(area, 0, area.columns - LIST_COLUMNS, area.rows, LIST_COLUMNS));
    } else {
        draw_plane(screen, area_part(area, 0, 1, area.rows - rows - 1, area.columns - 2));
        table_draw(&screen->table, area_part(area, area.rows - rows, 0, rows, area.columns));
    }
}

static bool pareto_action(Screen *base, ActionId action)
{
    ParetoScreen *screen = (ParetoScreen *)base;
    if (action == ACTION_SWITCH_AXIS)
        screen->by_latency = !screen->by_latency;
    else if (action == ACTION_OPEN && screen->front_count > 0)
        app_push(base->app, screen_result_new(base->app, table_selected_id(&screen->table)));
    else
        return table_action(&screen->table, action);
    return true;
}

static void pareto_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const ParetoScreen *screen = (const ParetoScreen *)base;
    snprintf(text, SCREEN_TEXT_BYTES, "%d of %d runs are beaten by none", screen->front_count,
             screen->count);
}

static void pareto_close(Screen *base)
{
    arena_free(((ParetoScreen *)base)->arena);
    free(base);
}

static const Table *pareto_table(const Screen *base)
{
    return &((const ParetoScreen *)base)->table;
}

static const ScreenOps OPS = {
    .name = "Pareto",
    .scopes = SCOPE_LIST | SCOPE_ENTER | SCOPE_PARETO | SCOPE_TABLE,
    .layout = pareto_layout,
    .draw = pareto_draw,
    .action = pareto_action,
    .position = pareto_position,
    .table = pareto_table,
    .close = pareto_close,
};

static Status read_points(ParetoScreen *screen, const int64_t *ids, int count)
{
    const History *history = &screen->base.app->history;
    if (count == 0) {
        RunQuery query = history_query(history);
        return store_points(history->store, &query, screen->arena, &screen->points, &screen->count);
    }
    RunRecord *records = ARENA_ARRAY(screen->arena, RunRecord, count);
    TRY(store_rows(history->store, ids, count, screen->arena, records));
    screen->points = ARENA_ARRAY(screen->arena, RunPoint, count);
    screen->count = count;
    for (int i = 0; i < count; i++) {
        const double *figures = records[i].figures.values;
        screen->points[i] =
            (RunPoint){ids[i], figures[FIGURE_QUANTIZED_ACCURACY], figures[FIGURE_QUANTIZED_BYTES],
                       figures[FIGURE_LATENCY_CYCLES]};
    }
    return OK;
}

static int compare_front(const void *first, const void *second, void *context)
{
    const RunPoint *points = context, *a = &points[*(const int *)first],
                   *b = &points[*(const int *)second];
    if (a->accuracy != b->accuracy)
        return a->accuracy > b->accuracy ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static void find_front(ParetoScreen *screen)
{
    screen->best = ARENA_ARRAY(screen->arena, bool, screen->count + 1);
    int found = pareto_mark(screen->points, screen->count, screen->best);
    screen->front = ARENA_ARRAY(screen->arena, int, found + 1);
    for (int i = 0; i < screen->count; i++)
        if (screen->best[i])
            screen->front[screen->front_count++] = i;
    qsort_r(screen->front, (size_t)found, sizeof *screen->front, compare_front, screen->points);
}

Screen *screen_pareto_new(App *app, const int64_t *ids, int count)
{
    ParetoScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->arena = arena_new();
    if (read_points(screen, ids, count) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        pareto_close(&screen->base);
        return NULL;
    }
    find_front(screen);
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.file_names = FILE_NAMES;
    return &screen->base;
}
