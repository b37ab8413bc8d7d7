#include "ui/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Table table_of(const TableColumn *columns, int count, TableSource source)
{
    Table table = {.columns = columns,
                   .column_count = count,
                   .source = source,
                   .selected_id = -1,
                   .page = 1,
                   .sort_column = -1};
    table_refresh(&table);
    return table;
}

static int64_t row_count(const Table *table)
{
    return table->source.count(table->source.self);
}

static void keep_selection_visible(Table *table)
{
    int64_t last_top = row_count(table) - table->page;
    if (table->selected < table->top)
        table->top = table->selected;
    if (table->selected >= table->top + table->page)
        table->top = table->selected - table->page + 1;
    if (table->top > last_top)
        table->top = last_top;
    if (table->top < 0)
        table->top = 0;
}

void table_select(Table *table, int64_t row)
{
    int64_t count = row_count(table);
    row = row >= count ? count - 1 : row;
    table->selected = row < 0 ? 0 : row;
    table->selected_id = count > 0 ? table->source.id(table->source.self, table->selected) : -1;
    keep_selection_visible(table);
}

void table_refresh(Table *table)
{
    int64_t count = row_count(table);
    bool in_place = table->selected < count && table->selected_id >= 0 &&
                    table->source.id(table->source.self, table->selected) == table->selected_id;
    if (!in_place && table->selected_id >= 0 && table->source.find) {
        int64_t row = table->source.find(table->source.self, table->selected_id);
        table->selected = row >= 0 ? row : table->selected;
        in_place = true;
    }
    for (int64_t row = 0; !in_place && table->selected_id >= 0 && row < count; row++) {
        if (table->source.id(table->source.self, row) == table->selected_id) {
            table->selected = row;
            in_place = true;
        }
    }
    table_select(table, table->selected);
}

void table_layout(Table *table, int rows)
{
    table->page = rows > 2 ? rows - 1 : 1;
    keep_selection_visible(table);
}

static void sort_by(Table *table, int column, bool descending)
{
    if (!table->source.sort)
        return;
    table->sort_column = column;
    table->descending = descending;
    table->source.sort(table->source.self, column, descending);
    table_refresh(table);
}

TableCell table_cell(const Table *table, int64_t row, int column)
{
    TableCell cell = {.style = STYLE_NORMAL, .number = NAN};
    table->source.cell(table->source.self, row, column, &cell);
    return cell;
}

static bool row_contains(const Table *table, int64_t row, const char *text)
{
    for (int column = 0; column < table->column_count; column++) {
        const TableCell cell = table_cell(table, row, column);
        if (strcasestr(cell.whole ? cell.whole : cell.text, text))
            return true;
    }
    return false;
}

/* Steps through all rows once, in one direction, round the end. */
static bool search_on(Table *table, int64_t first, int step)
{
    int64_t count = row_count(table);
    for (int64_t i = 0; i < count && table->search[0]; i++) {
        int64_t row = ((first + step * i) % count + count) % count;
        if (row_contains(table, row, table->search)) {
            table_select(table, row);
            return true;
        }
    }
    return false;
}

bool table_search(Table *table, const char *text)
{
    snprintf(table->search, sizeof table->search, "%s", text);
    return search_on(table, table->selected, 1);
}

static int shown_columns(const Table *table)
{
    int shown = 0;
    for (int i = 0; i < table->column_count; i++)
        shown += !table->hidden[i];
    return shown;
}

static void scroll_columns(Table *table, int step)
{
    int most = shown_columns(table) - 2;
    table->shift += step;
    table->shift = table->shift > most ? most : table->shift;
    table->shift = table->shift < 0 ? 0 : table->shift;
}

/* The next column that is shown; -1 after the last. */
static int next_column(const Table *table)
{
    for (int i = table->sort_column + 1; i < table->column_count; i++)
        if (!table->hidden[i])
            return i;
    return -1;
}

bool table_action(Table *table, ActionId action)
{
    const int64_t steps[ACTIONS] = {
        [ACTION_UP] = -1,
        [ACTION_DOWN] = 1,
        [ACTION_PAGE_UP] = -table->page,
        [ACTION_PAGE_DOWN] = table->page,
        [ACTION_FIRST] = -row_count(table),
        [ACTION_LAST] = row_count(table),
    };
    if (action == ACTION_SORT)
        sort_by(table, next_column(table), false);
    else if (action == ACTION_SORT_REVERSE)
        sort_by(table, table->sort_column, !table->descending);
    else if (table->wide && (action == ACTION_LEFT || action == ACTION_RIGHT))
        scroll_columns(table, action == ACTION_LEFT ? -1 : 1);
    else if (action == ACTION_SEARCH_NEXT)
        search_on(table, table->selected + 1, 1);
    else if (action == ACTION_SEARCH_PREVIOUS)
        search_on(table, table->selected - 1, -1);
    else if (action >= ACTION_UP && action <= ACTION_LAST)
        table_select(table, table->selected + steps[action]);
    else
        return false;
    return true;
}

int64_t table_selected_id(const Table *table)
{
    return table->selected_id;
}

void table_position(const Table *table, char *text, int size)
{
    int64_t count = row_count(table);
    if (count == 0)
        snprintf(text, (size_t)size, "no rows");
    else if (count <= table->page)
        snprintf(text, (size_t)size, "%" PRId64 " of %" PRId64, table->selected + 1, count);
    else
        snprintf(text, (size_t)size, "%" PRId64 " of %" PRId64 " - %d%%", table->selected + 1,
                 count, (int)((table->selected + 1) * 100 / count));
}

/* ---- what was chosen -------------------------------------------------------------------------- */

static const char DOWN[] = " down";

/* The column of a title of that length; -1: none. */
static int column_of(const Table *table, const char *title, size_t length)
{
    for (int i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].title) == length &&
            strncmp(table->columns[i].title, title, length) == 0)
            return i;
    return -1;
}

void table_choose(Table *table, const TableChoice *choice)
{
    for (const char *at = choice->hidden; *at;) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ",");
        int column = column_of(table, at, length);
        if (column > 0) /* the first one is always shown */
            table->hidden[column] = true;
        at += length;
    }
    size_t length = strlen(choice->sort), suffix = strlen(DOWN);
    table->descending = length > suffix && strcmp(choice->sort + length - suffix, DOWN) == 0;
    table->sort_column =
        column_of(table, choice->sort, table->descending ? length - suffix : length);
}

TableChoice table_choice(const Table *table)
{
    TableChoice choice = {0};
    size_t used = 0;
    for (int i = 0; i < table->column_count && used < sizeof choice.hidden; i++)
        if (table->hidden[i])
            used += (size_t)snprintf(choice.hidden + used, sizeof choice.hidden - used, "%s%s",
                                     used ? ", " : "", table->columns[i].title);
    if (table->sort_column >= 0)
        snprintf(choice.sort, sizeof choice.sort, "%s%s", table->columns[table->sort_column].title,
                 table->descending ? DOWN : "");
    return choice;
}

/* ---- drawing --------------------------------------------------------------------------------- */

enum { GAP = 2, CURSOR_COLUMNS = 2, SMALLEST_FLEXIBLE = 12, LARGEST_FLEXIBLE = 32 };

typedef struct Columns {
    int width[TABLE_MAX_COLUMNS]; /* -1: not shown */
} Columns;

static int used_width(const Table *table, const Columns *columns)
{
    int used = CURSOR_COLUMNS;
    for (int i = 0; i < table->column_count; i++)
        if (columns->width[i] >= 0)
            used += (columns->width[i] ? columns->width[i] : SMALLEST_FLEXIBLE) + GAP;
    return used - GAP;
}

/* As many as there is room for, from the first one that is in sight. */
static Columns fit_wide(const Table *table, int available)
{
    Columns columns;
    int at = CURSOR_COLUMNS, before = -1, flexible = -1, shown = 0;
    bool full = false;
    for (int i = 0; i < table->column_count; i++) {
        columns.width[i] = -1;
        before += !table->hidden[i];
        bool in_sight = before == 0 || before > table->shift;
        int width = table->columns[i].width ? table->columns[i].width : SMALLEST_FLEXIBLE;
        bool cut_off = full || (at + width > available && shown >= 2);
        if (table->hidden[i] || !in_sight || at >= available || cut_off) {
            full = full || (!table->hidden[i] && in_sight);
            continue;
        }
        shown++;
        flexible = table->columns[i].width ? flexible : i;
        columns.width[i] = at + width <= available ? width : available - at;
        at += width + GAP;
    }
    int left = available - at + GAP;
    if (flexible >= 0 && left > 0)
        columns.width[flexible] += left < LARGEST_FLEXIBLE ? left : LARGEST_FLEXIBLE;
    return columns;
}

/* Drops the least important columns until the rest fits; the flexible one takes what is left. */
static Columns fit_columns(const Table *table, int available)
{
    Columns columns = {{0}};
    for (int i = 0; i < table->column_count; i++)
        columns.width[i] = table->hidden[i] ? -1 : table->columns[i].width;
    while (used_width(table, &columns) > available) {
        int drop = -1;
        for (int i = 0; i < table->column_count; i++)
            if (columns.width[i] >= 0 && table->columns[i].priority > 0 &&
                (drop < 0 || table->columns[i].priority >= table->columns[drop].priority))
                drop = i;
        if (drop < 0)
            break;
        columns.width[drop] = -1;
    }
    int left = available - used_width(table, &columns);
    for (int i = 0; i < table->column_count; i++)
        if (columns.width[i] == 0)
            columns.width[i] = SMALLEST_FLEXIBLE + (left > 0 ? left : 0);
    return columns;
}

/* The sorted column turns round; another one is so many steps away. */
static Click click_on_title(const Table *table, int column)
{
    if (column == table->sort_column)
        return (Click){.action = ACTION_SORT_REVERSE, .times = 1};
    const int orders = table->column_count + 1; /* and the natural one, which is -1 */
    int times = 0;
    for (int at = table->sort_column; at != column; times += at < 0 || !table->hidden[at])
        at = (at + 2) % orders - 1;
    return (Click){.action = ACTION_SORT, .times = times};
}

static Click click_on_row(const Table *table, int64_t row)
{
    int64_t steps = row - table->selected;
    if (steps == 0)
        return (Click){.action = ACTION_OPEN, .times = 1};
    return (Click){.action = steps < 0 ? ACTION_UP : ACTION_DOWN,
                   .times = (int)(steps < 0 ? -steps : steps)};
}

static void draw_titles(const Table *table, const Columns *columns, Area area)
{
    int at = CURSOR_COLUMNS;
    for (int i = 0; i < table->column_count; i++) {
        if (columns->width[i] < 0)
            continue;
        char title[TABLE_CELL_BYTES];
        const char *mark = "";
        if (i == table->sort_column)
            mark = glyph_text(table->descending ? GLYPH_DOWN : GLYPH_UP, area.canvas->ascii);
        snprintf(title, sizeof title, "%s%s", table->columns[i].title, mark);
        Area cell = area_part(area, 0, at, 1, columns->width[i]);
        if (table->source.sort)
            area_zone(cell, 0, 0, columns->width[i], click_on_title(table, i));
        if (table->columns[i].right)
            area_text_right(cell, 0, STYLE_HEADER, title);
        else
            area_text(cell, 0, 0, STYLE_HEADER, title);
        at += columns->width[i] + GAP;
    }
}

static void draw_row(const Table *table, const Columns *columns, Area line, int64_t row)
{
    int at = CURSOR_COLUMNS;
    for (int i = 0; i < table->column_count; i++) {
        if (columns->width[i] < 0)
            continue;
        const TableCell content = table_cell(table, row, i);
        Area cell = area_part(line, 0, at, 1, columns->width[i]);
        if (table->columns[i].right)
            area_text_right(cell, 0, content.style, content.text);
        else
            area_text(cell, 0, 0, content.style, content.text);
        at += columns->width[i] + GAP;
    }
    if (table->source.marked &&
        table->source.marked(table->source.self, table->source.id(table->source.self, row)))
        area_glyph(line, 0, 1, STYLE_WARN, GLYPH_MARKED);
    if (row == table->selected) {
        area_paint(line, 0, STYLE_SELECTED);
        area_glyph(line, 0, 0, STYLE_SELECTED, GLYPH_CURSOR);
    }
}

void table_draw(const Table *table, Area area)
{
    Columns columns =
        table->wide ? fit_wide(table, area.columns) : fit_columns(table, area.columns);
    int64_t count = row_count(table);
    draw_titles(table, &columns, area);
    for (int i = 0; i + 1 < area.rows && table->top + i < count; i++) {
        Area line = area_part(area, i + 1, 0, 1, area.columns);
        draw_row(table, &columns, line, table->top + i);
        area_zone(line, 0, 0, line.columns, click_on_row(table, table->top + i));
    }
}
