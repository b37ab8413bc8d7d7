/* table.h: a list of rows with columns, of any length.
 *
 * The widget holds positions only; rows come from a TableSource, which is asked for the visible
 * ones (and, by a search, for one after the other). The selection follows the row's id through
 * refresh and sort. Drawing changes nothing.
 *
 *     Table table = table_of(COLUMNS, COLUMN_COUNT, (TableSource){.self = runs, ...});
 *     table_refresh(&table);               after the rows changed
 *     table_layout(&table, area.rows);     before it is drawn
 *     table_draw(&table, area);
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/action.h"
#include "ui/canvas.h"

enum { TABLE_CELL_BYTES = 160, TABLE_MAX_COLUMNS = 72, TABLE_SEARCH_BYTES = 64 };

typedef struct TableColumn {
    const char *title;
    int width;    /* cells; the column with 0 takes what is left */
    int priority; /* 0: always shown; else columns with the highest number go first */
    bool right;   /* numbers stand at the right */
} TableColumn;

typedef struct TableCell {
    char text[TABLE_CELL_BYTES];
    Style style;
    double number; /* exactly what the text rounds; NAN: the text says it all */
    const char
        *whole; /* what the text is cut from, borrowed until the next cell; NULL: it is all */
} TableCell;

typedef struct TableSource {
    void *self;
    int64_t (*count)(const void *self);
    int64_t (*id)(const void *self, int64_t row);
    void (*cell)(const void *self, int64_t row, int column, TableCell *cell);
    /* Puts the rows in another order; column -1 is the natural one. NULL: cannot be sorted. */
    void (*sort)(void *self, int column, bool descending);
    /* Where the row of an id is; -1: nowhere. NULL: one after the other is asked. */
    int64_t (*find)(const void *self, int64_t id);
    /* Marked rows have a sign. NULL: none is. */
    bool (*marked)(const void *self, int64_t id);
} TableSource;

typedef struct Table Table;

struct Table {
    const TableColumn *columns;
    int column_count;
    /* (column_count) What columns are called in a file, with their units: "SQNR dB"; NULL there: as
     * on the screen. NULL: all are. */
    const char *const *file_names;
    TableSource source;
    int64_t selected; /* row, 0 when there is none */
    int64_t selected_id;
    int64_t top;     /* first visible row */
    int page;        /* visible rows */
    int sort_column; /* -1: natural order */
    bool descending;
    char search[TABLE_SEARCH_BYTES];
    /* A wide table drops no columns: the first one stays, the others are scrolled. */
    bool wide;
    int shift;                      /* columns that are out of sight at the left */
    bool hidden[TABLE_MAX_COLUMNS]; /* by choice */
};

/* What of a table its user chose, as a configuration file has it: titles of columns. */
typedef struct TableChoice {
    char hidden[192]; /* "interval, float": columns that are not shown */
    char sort[48];    /* "accuracy", or "accuracy down" */
} TableChoice;

Table table_of(const TableColumn *columns, int count, TableSource source);

/* What the source has there. */
TableCell table_cell(const Table *table, int64_t row, int column);

/* Looks at the source again: finds the selected id, or stays near where it was. */
void table_refresh(Table *table);

/* Takes note of the rows of the area that it will be drawn on, title row included. */
void table_layout(Table *table, int rows);
void table_draw(const Table *table, Area area);

/* Moves, sorts, searches on; false when the action is not one of a table. */
bool table_action(Table *table, ActionId action);

/* Selects the next row (from the selected one on) that contains a text; false when none does. */
bool table_search(Table *table, const char *text);

/* Takes a choice over, without asking the source to sort; titles that there are not are passed over. */
void table_choose(Table *table, const TableChoice *choice);
TableChoice table_choice(const Table *table);

/* Selects a row by its place. */
void table_select(Table *table, int64_t row);

/* The selected id; -1 when the table is empty. */
int64_t table_selected_id(const Table *table);

/* "3 of 340 - 1%" */
void table_position(const Table *table, char *text, int size);

#endif
