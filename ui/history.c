#include "ui/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN_ROWS = 64, NEWEST_LOOKED_AT = 256 };

History history_of(Store *store)
{
    return (History){.store = store, .sort_column = -1};
}

void history_free(History *history)
{
    free(history->ids);
    free(history->rows);
    *history = history_of(NULL);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static HistoryRow row_of_record(const RunRecord *record)
{
    HistoryRow row = {.id = record->id,
                      .created_ms = record->created_ms,
                      .status = record->status,
                      .deleted = record->deleted_ms != 0,
                      .paused = record->paused,
                      .progress = record->progress,
                      .figures = record->figures};
    if (record->id == 0) {
        row.figures = run_figures_none();
        return row;
    }
    snprintf(row.model, sizeof row.model, "%s", file_name(record->model_path));
    snprintf(row.stage, sizeof row.stage, "%s", record->stage);
    snprintf(row.tags, sizeof row.tags, "%s", record->tags);
    snprintf(row.note, sizeof row.note, "%.*s", (int)strcspn(record->note, "\n"), record->note);
    return row;
}

/* ---- the snapshot ---------------------------------------------------------------------------- */

RunQuery history_query(const History *history)
{
    static const RunOrder ORDERS[HISTORY_COLUMNS] = {
        [HISTORY_ID] = ORDER_ID,
        [HISTORY_WHEN] = ORDER_CREATED,
        [HISTORY_MODEL] = ORDER_MODEL,
        [HISTORY_STATUS] = ORDER_STATUS,
        [HISTORY_ACCURACY] = ORDER_QUANTIZED_ACCURACY,
        [HISTORY_BYTES] = ORDER_QUANTIZED_BYTES,
        [HISTORY_EXACT] = ORDER_BIT_EXACT,
        [HISTORY_CYCLES] = ORDER_LATENCY_CYCLES,
        [HISTORY_INTERVAL] = ORDER_INTERVAL_CYCLES,
        [HISTORY_FLOAT] = ORDER_BASELINE_ACCURACY,
        [HISTORY_HARDWARE] = ORDER_HARDWARE_ACCURACY,
        [HISTORY_LATENCY] = ORDER_HARDWARE_LATENCY_US,
        [HISTORY_LUT] = ORDER_SYNTHESIS_LUT,
        [HISTORY_FMAX] = ORDER_FMAX_MHZ,
        [HISTORY_TAGS] = ORDER_TAGS,
        [HISTORY_NOTE] = ORDER_NOTE,
    };
    bool inverse = history->filter[0] == '!';
    const char *text = history->filter + inverse;
    RunQuery query = {.deleted = history->bin};
    if (history->sort_column >= 0) {
        query.order = ORDERS[history->sort_column];
        query.ascending = !history->descending;
    }
    if (*text) {
        query.text = text;
        query.without_text = inverse;
    }
    return query;
}

static Status read_running(History *history)
{
    Arena *arena = arena_new();
    RunRecord *records = NULL;
    int count = 0;
    RunQuery query = {.has_status = true, .status = RUN_RUNNING, .limit = 1};
    Status status = store_list(history->store, &query, arena, &records, &count);
    if (status == OK)
        history->running = count > 0 ? row_of_record(&records[0]) : (HistoryRow){0};
    arena_free(arena);
    return status;
}

static Status take_ids(History *history, Arena *arena)
{
    int64_t *ids = NULL;
    RunQuery query = history_query(history);
    TRY(store_ids(history->store, &query, arena, &ids, &history->count));
    size_t bytes = (size_t)history->count * sizeof *ids;
    free(history->ids);
    history->ids = malloc(bytes ? bytes : 1);
    if (!history->ids)
        abort();
    if (bytes)
        memcpy(history->ids, ids, bytes);
    return OK;
}

Status history_load(History *history)
{
    if (!history->store)
        return OK;
    history->newest = store_newest(history->store);
    history->fresh = 0;
    history->row_count = 0;
    Arena *arena = arena_new();
    Status status = take_ids(history, arena);
    arena_free(arena);
    return status == OK ? read_running(history) : status;
}

Status history_update(History *history)
{
    if (!history->store)
        return OK;
    int first = history->first, count = history->row_count;
    history->fresh = store_count_after(history->store, history->newest);
    history->row_count = 0;
    TRY(history_show(history, first, count));
    return read_running(history);
}

Status history_sort(History *history, int column, bool descending)
{
    history->sort_column = column;
    history->descending = descending;
    return history_load(history);
}

Status history_filter(History *history, const char *filter)
{
    snprintf(history->filter, sizeof history->filter, "%s", filter);
    return history_load(history);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static Status read_window(History *history, int first, int count)
{
    Arena *arena = arena_new();
    RunRecord *records = ARENA_ARRAY(arena, RunRecord, count);
    if (!history->rows)
        history->rows = calloc(HISTORY_WINDOW, sizeof *history->rows);
    if (!history->rows)
        abort();
    Status status = store_rows(history->store, history->ids + first, count, arena, records);
    history->first = first;
    history->row_count = status == OK ? count : 0;
    for (int i = 0; i < history->row_count; i++)
        history->rows[i] = row_of_record(&records[i]);
    arena_free(arena);
    return status;
}

Status history_show(History *history, int first, int count)
{
    if (first + count > history->count)
        count = history->count - first;
    if (!history->store || first < 0 || count <= 0)
        return OK;
    count = count < HISTORY_WINDOW ? count : HISTORY_WINDOW;
    if (first >= history->first && first + count <= history->first + history->row_count)
        return OK;
    int from = first > MARGIN_ROWS ? first - MARGIN_ROWS : 0;
    int to = first + count + MARGIN_ROWS;
    to = to < history->count ? to : history->count;
    if (to - from > HISTORY_WINDOW)
        return read_window(history, first, count);
    return read_window(history, from, to - from);
}

const HistoryRow *history_row(const History *history, int at)
{
    bool known = at >= history->first && at < history->first + history->row_count;
    return known ? &history->rows[at - history->first] : NULL;
}

/* ---- looking up ------------------------------------------------------------------------------ */

static int compare_ids(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

static int next_of(const History *history, const int64_t *sorted, int count, int start, int step)
{
    for (int i = 0; i < history->count; i++) {
        int at = ((start + step * i) % history->count + history->count) % history->count;
        if (bsearch(&history->ids[at], sorted, (size_t)count, sizeof *sorted, compare_ids))
            return at;
    }
    return -1;
}

Status history_find(History *history, const char *text, int start, int step, int *at)
{
    *at = -1;
    if (!history->store || !*text)
        return OK;
    Arena *arena = arena_new();
    RunQuery query = {.text = text, .deleted = history->bin, .ascending = true};
    int64_t *ids = NULL;
    int count = 0;
    Status status = store_ids(history->store, &query, arena, &ids, &count);
    if (status == OK && count > 0)
        *at = next_of(history, ids, count, start, step);
    arena_free(arena);
    return status;
}

static int64_t find_model(const History *history, Arena *arena, const char *model)
{
    RunQuery query = {.limit = NEWEST_LOOKED_AT};
    int64_t *ids = NULL;
    int count = 0;
    if (store_ids(history->store, &query, arena, &ids, &count) != OK)
        return 0;
    RunRecord *records = ARENA_ARRAY(arena, RunRecord, count + 1);
    if (store_rows(history->store, ids, count, arena, records) != OK)
        return 0;
    for (int i = 0; i < count; i++)
        if (records[i].id != 0 && strcmp(file_name(records[i].model_path), model) == 0)
            return records[i].id;
    return 0;
}

int64_t history_newest_of(const History *history, const char *model)
{
    if (!history->store || !*model)
        return 0;
    Arena *arena = arena_new();
    int64_t id = find_model(history, arena, model);
    arena_free(arena);
    return id;
}
