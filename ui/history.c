#include "ui/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 256, NEWEST_ROWS = 16 };

void history_free(History *history)
{
    free(history->rows);
    *history = (History){.sort_column = -1};
}

static HistoryRow row_of_record(const RunRecord *record)
{
    const char *slash = strrchr(record->model_path, '/');
    HistoryRow row = {.id = record->id,
                      .created_ms = record->created_ms,
                      .status = record->status,
                      .progress = record->progress,
                      .figures = record->figures};
    snprintf(row.model, sizeof row.model, "%s", slash ? slash + 1 : record->model_path);
    snprintf(row.stage, sizeof row.stage, "%s", record->stage ? record->stage : "");
    return row;
}

static void append_row(History *history, HistoryRow row)
{
    if (history->count == history->capacity) {
        history->capacity = history->capacity ? history->capacity * 2 : PAGE_ROWS;
        history->rows = realloc(history->rows, (size_t)history->capacity * sizeof(HistoryRow));
        if (!history->rows)
            abort();
    }
    history->rows[history->count++] = row;
}

void history_take(History *history, const RunRecord *record)
{
    HistoryRow row = row_of_record(record);
    for (int64_t i = 0; i < history->count; i++) {
        if (history->rows[i].id == row.id) {
            history->rows[i] = row;
            return;
        }
    }
    append_row(history, row);
}

/* ---- order ----------------------------------------------------------------------------------- */

/* Unknown values come last, whatever the direction. */
static int compare_numbers(double a, double b, int direction)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return ((a > b) - (a < b)) * direction;
}

static double number_of(const HistoryRow *row, int column)
{
    static const Figure FIGURE_OF[HISTORY_COLUMNS] = {
        [HISTORY_ACCURACY] = FIGURE_QUANTIZED_ACCURACY,
        [HISTORY_BYTES] = FIGURE_QUANTIZED_BYTES,
        [HISTORY_EXACT] = FIGURE_BIT_EXACT,
        [HISTORY_CYCLES] = FIGURE_LATENCY_CYCLES,
    };
    return column < HISTORY_ACCURACY ? (double)row->created_ms
                                     : row->figures.values[FIGURE_OF[column]];
}

static int compare_words(const char *a, const char *b, int direction)
{
    int order = strcmp(a, b);
    return ((order > 0) - (order < 0)) * direction;
}

static int compare_rows(const void *first, const void *second, void *context)
{
    const HistoryRow *a = first, *b = second;
    const History *history = context;
    int direction = history->descending ? -1 : 1, order = 0;
    if (history->sort_column == HISTORY_MODEL)
        order = compare_words(a->model, b->model, direction);
    else if (history->sort_column == HISTORY_STATUS)
        order = compare_words(run_status_word(a->status), run_status_word(b->status), direction);
    else if (history->sort_column >= HISTORY_WHEN)
        order = compare_numbers(number_of(a, history->sort_column),
                                number_of(b, history->sort_column), direction);
    if (history->sort_column == HISTORY_ID)
        return ((a->id > b->id) - (a->id < b->id)) * direction;
    return order ? order : (a->id < b->id) - (a->id > b->id);
}

static void put_in_order(History *history)
{
    if (history->count > 1)
        qsort_r(history->rows, (size_t)history->count, sizeof(HistoryRow), compare_rows, history);
}

void history_sort(History *history, int column, bool descending)
{
    history->sort_column = column;
    history->descending = descending;
    put_in_order(history);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct Page {
    int rows;  /* that the database gave */
    int known; /* of them, in the list before */
} Page;

static Status take_newest(History *history, Store *store, Page *page)
{
    Arena *arena = arena_new();
    RunRecord *records = NULL;
    *page = (Page){0};
    Status status =
        store_list(store, &(RunQuery){.limit = NEWEST_ROWS}, arena, &records, &page->rows);
    for (int i = 0; status == OK && i < page->rows; i++) {
        int64_t before = history->count;
        history_take(history, &records[i]);
        page->known += history->count == before;
    }
    arena_free(arena);
    return status;
}

/* Rows come newest first; one that was added meanwhile shifts a page, and its last row comes twice.
 */
static Status append_page(History *history, Store *store, int64_t offset, int *rows)
{
    Arena *arena = arena_new();
    RunRecord *records = NULL;
    *rows = 0;
    RunQuery query = {.limit = PAGE_ROWS, .offset = offset};
    Status status = store_list(store, &query, arena, &records, rows);
    for (int i = 0; status == OK && i < *rows; i++)
        if (history->count == 0 || records[i].id < history->rows[history->count - 1].id)
            append_row(history, row_of_record(&records[i]));
    arena_free(arena);
    return status;
}

Status history_load(History *history, Store *store)
{
    int rows = PAGE_ROWS;
    history->count = 0;
    for (int64_t offset = 0; rows == PAGE_ROWS; offset += PAGE_ROWS)
        TRY(append_page(history, store, offset, &rows));
    put_in_order(history);
    return OK;
}

static Status read_again(History *history, Store *store, int64_t id)
{
    Arena *arena = arena_new();
    RunRecord record;
    Status status = store_get(store, id, arena, &record);
    if (status == OK)
        history_take(history, &record);
    arena_free(arena);
    return status == ERR_REFUSED ? OK : status; /* refused: the row was deleted meanwhile */
}

Status history_update(History *history, Store *store)
{
    Page newest;
    for (int64_t i = 0; i < history->count; i++)
        if (history->rows[i].status == RUN_RUNNING)
            TRY(read_again(history, store, history->rows[i].id));
    TRY(take_newest(history, store, &newest));
    if (newest.known == 0 && newest.rows == NEWEST_ROWS)
        return history_load(history, store);
    put_in_order(history);
    return OK;
}

/* ---- looking up ------------------------------------------------------------------------------ */

const HistoryRow *history_find(const History *history, int64_t id)
{
    for (int64_t i = 0; i < history->count; i++)
        if (history->rows[i].id == id)
            return &history->rows[i];
    return NULL;
}

const HistoryRow *history_running(const History *history)
{
    const HistoryRow *newest = NULL;
    for (int64_t i = 0; i < history->count; i++)
        if (history->rows[i].status == RUN_RUNNING && (!newest || history->rows[i].id > newest->id))
            newest = &history->rows[i];
    return newest;
}

const HistoryRow *history_newest_of(const History *history, const char *model)
{
    const HistoryRow *newest = NULL;
    for (int64_t i = 0; i < history->count; i++)
        if (strcmp(history->rows[i].model, model) == 0 &&
            (!newest || history->rows[i].id > newest->id))
            newest = &history->rows[i];
    return newest;
}
