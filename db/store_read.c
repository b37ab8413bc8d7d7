/* Reading the history. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "db/store.h"
#include "db/store_internal.h"

enum { TEXT_MOST = 255 }; /* of what is looked for; the rest of it is not compared */

/* The columns that read_run() takes, in its order; the figures follow, and the report or NULL. */
static const char RUN_COLUMNS[] =
    "id, created_ms, finished_ms, status, stage, progress, progress_text, owner_pid, owner_start,"
    " owner_boot, model_path, model_name, model_sha256, dataset_path, dataset_sha256, options,"
    " tools, seed, folder, description_sha256, hdl_sha256, message, note, tags, deleted_ms, parent,"
    " paused";

/* A row being read, column by column. */
typedef struct Row {
    sqlite3_stmt *handle;
    int next;
    Arena *arena;
} Row;

static int64_t take_integer(Row *row)
{
    return sqlite3_column_int64(row->handle, row->next++);
}

static double take_real(Row *row)
{
    int column = row->next++;
    if (sqlite3_column_type(row->handle, column) == SQLITE_NULL)
        return NAN;
    return sqlite3_column_double(row->handle, column);
}

static const char *take_text(Row *row)
{
    const char *text = (const char *)sqlite3_column_text(row->handle, row->next++);
    return text ? arena_strdup(row->arena, text) : NULL;
}

static RunRecord read_run(sqlite3_stmt *handle, Arena *arena)
{
    Row row = {.handle = handle, .arena = arena};
    RunRecord run = {.id = take_integer(&row)};
    run.created_ms = take_integer(&row);
    run.finished_ms = take_integer(&row);
    const char *status = take_text(&row);
    if (!status || !run_status_parse(status, &run.status))
        run.status = RUN_FAILED; /* the table's CHECK allows no other word */
    run.stage = take_text(&row);
    run.progress = take_real(&row);
    run.progress_text = take_text(&row);
    run.owner.pid = take_integer(&row);
    run.owner.start = take_integer(&row);
    strncat(run.owner.boot, take_text(&row), sizeof run.owner.boot - 1);
    run.model_path = take_text(&row);
    run.model_name = take_text(&row);
    run.model_sha256 = take_text(&row);
    run.dataset_path = take_text(&row);
    run.dataset_sha256 = take_text(&row);
    run.options = take_text(&row);
    run.tools = take_text(&row);
    run.seed = take_integer(&row);
    run.folder = take_text(&row);
    run.description_sha256 = take_text(&row);
    run.hdl_sha256 = take_text(&row);
    run.message = take_text(&row);
    run.note = take_text(&row);
    run.tags = take_text(&row);
    run.deleted_ms = take_integer(&row);
    run.parent = take_integer(&row);
    run.paused = take_integer(&row) != 0;
    for (int i = 0; i < FIGURES; i++)
        run.figures.values[i] = take_real(&row);
    run.report = take_text(&row);
    return run;
}

/* "SELECT columns FROM run" */
static void select_runs(Buffer *sql, bool with_report)
{
    buffer_printf(sql, "SELECT %s", RUN_COLUMNS);
    for (int i = 0; i < FIGURES; i++)
        buffer_printf(sql, ", %s", figure_word((Figure)i));
    buffer_append_text(sql, with_report ? ", report FROM run " : ", NULL FROM run ");
}

/* A list in an arena that grows by doubling. */
static void *grow(Arena *arena, void *items, int count, size_t size)
{
    if (count & (count - 1)) /* room is left until the next power of two */
        return items;
    void *larger = arena_alloc_array(arena, count ? (size_t)count * 2 : 1, size);
    if (count)
        memcpy(larger, items, (size_t)count * size);
    return larger;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Column and word of an order, one row each. The first is the key of the table. */
static const char *const ORDER_COLUMNS[RUN_ORDERS] = {
    [ORDER_ID] = "id",
    [ORDER_CREATED] = "created_ms",
    [ORDER_MODEL] = "model_name",
    [ORDER_STATUS] = "status",
    [ORDER_BASELINE_ACCURACY] = "baseline_accuracy",
    [ORDER_QUANTIZED_ACCURACY] = "quantized_accuracy",
    [ORDER_HARDWARE_ACCURACY] = "hardware_accuracy",
    [ORDER_QUANTIZED_BYTES] = "quantized_bytes",
    [ORDER_BIT_EXACT] = "bit_exact",
    [ORDER_LATENCY_CYCLES] = "latency_cycles",
    [ORDER_INTERVAL_CYCLES] = "interval_cycles",
    [ORDER_HARDWARE_LATENCY_US] = "hardware_latency_us",
    [ORDER_SYNTHESIS_LUT] = "synthesis_lut",
    [ORDER_FMAX_MHZ] = "fmax_mhz",
    [ORDER_TAGS] = "tags",
    [ORDER_NOTE] = "note",
};

const char *run_order_word(RunOrder order)
{
    return ORDER_COLUMNS[order];
}

bool run_order_parse(const char *word, RunOrder *order)
{
    for (int i = 0; i < RUN_ORDERS; i++) {
        if (strcmp(ORDER_COLUMNS[i], word) == 0) {
            *order = (RunOrder)i;
            return true;
        }
    }
    return false;
}

/* Part of a text, ASCII letters alike whether upper or lower case. `needle` is in lower case. */
static bool contains(const unsigned char *text, const unsigned char *needle)
{
    for (; *text; text++) {
        if (tolower(*text) != needle[0])
            continue;
        size_t i = 1;
        while (needle[i] && tolower(text[i]) == needle[i])
            i++;
        if (!needle[i])
            return true;
    }
    return false;
}

/* has_text(needle, text...): one of the texts has the needle in it. Several times faster than
 * instr() of texts put together: a filter looks at every run of the history at each key. */
static void has_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    unsigned char needle[TEXT_MOST + 1];
    const unsigned char *wanted = sqlite3_value_text(values[0]);
    size_t length = 0;
    for (; wanted && wanted[length] && length < TEXT_MOST; length++)
        needle[length] = (unsigned char)tolower(wanted[length]);
    needle[length] = '\0';
    bool found = length == 0;
    for (int i = 1; i < count && !found; i++) {
        const unsigned char *text = sqlite3_value_text(values[i]);
        found = text && contains(text, needle);
    }
    sqlite3_result_int(context, found);
}

Status store_add_functions(Store *store)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    if (sqlite3_create_function(store->database->handle, "has_text", -1, flags, NULL, has_text,
                                NULL, NULL) == SQLITE_OK)
        return OK;
    return error_set(ERR_ENVIRONMENT, "history %s: %s", store_path(store),
                     sqlite3_errmsg(store->database->handle));
}

/* Which runs: WHERE, with the parameters 1 (status) and 2 (text). */
static void append_filter(Buffer *sql, const RunQuery *query)
{
    buffer_printf(sql, "WHERE deleted_ms IS %sNULL", query->deleted ? "NOT " : "");
    if (query->has_status)
        buffer_append_text(sql, " AND status = ?1");
    if (query->text)
        buffer_printf(sql, " AND %shas_text(?2, model_name, model_path, status, tags, note)",
                      query->without_text ? "NOT " : "");
}

/* ORDER BY and LIMIT, with the parameters 3 and 4. The number decides between equals, in the same
 * direction: so the indexes have it. */
static void append_order(Buffer *sql, const RunQuery *query)
{
    const char *way = query->ascending ? "ASC" : "DESC";
    if (query->unordered) {
        buffer_append_text(sql, " LIMIT ?3 OFFSET ?4");
        return;
    }
    buffer_append_text(sql, " ORDER BY ");
    if (query->order != ORDER_ID)
        buffer_printf(sql, "%s %s NULLS LAST, ", ORDER_COLUMNS[query->order], way);
    buffer_printf(sql, "id %s LIMIT ?3 OFFSET ?4", way);
}

static Statement select_list(Store *store, Buffer *sql, const RunQuery *query)
{
    append_filter(sql, query);
    append_order(sql, query);
    Statement select = statement_new(store->database, sql->data);
    bind_text(&select, query->has_status ? run_status_word(query->status) : NULL);
    bind_text(&select, query->text);
    bind_integer(&select, query->limit > 0 ? query->limit : -1);
    bind_integer(&select, query->offset);
    buffer_free(sql);
    return select;
}

static const RunQuery EVERYTHING = {0};

Status store_list(Store *store, const RunQuery *query, Arena *arena, RunRecord **runs, int *count)
{
    Buffer sql = {0};
    select_runs(&sql, true);
    Statement select = select_list(store, &sql, query ? query : &EVERYTHING);
    RunRecord *items = NULL;
    *count = 0;
    while (statement_next(&select)) {
        items = grow(arena, items, *count, sizeof *items);
        items[(*count)++] = read_run(select.handle, arena);
    }
    *runs = items;
    return statement_done(&select);
}

static int compare_up(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

static int compare_down(const void *first, const void *second)
{
    return compare_up(second, first);
}

/* A filtered list comes in the order of the index that holds the texts; numbers are put in order
 * here, faster than there. */
static bool is_ordered_here(const RunQuery *query)
{
    return query->text && query->order == ORDER_ID && query->limit == 0 && query->offset == 0;
}

Status store_ids(Store *store, const RunQuery *query, Arena *arena, int64_t **ids, int *count)
{
    Buffer sql = {0};
    RunQuery asked = query ? *query : EVERYTHING;
    buffer_append_text(&sql, "SELECT id FROM run ");
    if (asked.text && !asked.deleted)
        buffer_append_text(&sql, "INDEXED BY run_texts ");
    asked.unordered = is_ordered_here(&asked);
    Statement select = select_list(store, &sql, &asked);
    int64_t *items = NULL;
    *count = 0;
    while (statement_next(&select)) {
        items = grow(arena, items, *count, sizeof *items);
        items[(*count)++] = sqlite3_column_int64(select.handle, 0);
    }
    if (asked.unordered && *count > 0)
        qsort(items, (size_t)*count, sizeof *items, asked.ascending ? compare_up : compare_down);
    *ids = items;
    return statement_done(&select);
}

Status store_points(Store *store, const RunQuery *query, Arena *arena, RunPoint **points,
                    int *count)
{
    Buffer sql = {0};
    buffer_append_text(&sql, "SELECT id, quantized_accuracy, quantized_bytes, latency_cycles"
                             " FROM run ");
    if (!query || !query->deleted)
        buffer_append_text(&sql, "INDEXED BY run_texts ");
    RunQuery asked = query ? *query : EVERYTHING;
    asked.unordered = true;
    Statement select = select_list(store, &sql, &asked);
    RunPoint *items = NULL;
    *count = 0;
    while (statement_next(&select)) {
        Row row = {.handle = select.handle, .arena = arena};
        items = grow(arena, items, *count, sizeof *items);
        RunPoint *point = &items[(*count)++];
        point->id = take_integer(&row);
        point->accuracy = take_real(&row);
        point->bytes = take_real(&row);
        point->latency = take_real(&row);
    }
    *points = items;
    return statement_done(&select);
}

int64_t store_newest(Store *store)
{
    return database_integer(store->database, "SELECT ifnull(max(id), 0) FROM run", 0);
}

int64_t store_count_after(Store *store, int64_t id)
{
    Statement select = statement_new(
        store->database, "SELECT count(*) FROM run WHERE id > ? AND deleted_ms IS NULL");
    bind_integer(&select, id);
    int64_t count = statement_next(&select) ? sqlite3_column_int64(select.handle, 0) : 0;
    return statement_done(&select) == OK ? count : 0;
}

Status store_rows(Store *store, const int64_t *ids, int count, Arena *arena, RunRecord *runs)
{
    Buffer sql = {0};
    select_runs(&sql, false);
    buffer_append_text(&sql, "WHERE id = ?");
    Statement select = statement_new(store->database, sql.data);
    buffer_free(&sql);
    for (int i = 0; i < count; i++) {
        runs[i] = (RunRecord){0};
        statement_again(&select);
        bind_integer(&select, ids[i]);
        if (statement_next(&select))
            runs[i] = read_run(select.handle, arena);
    }
    return statement_done(&select);
}

Status store_get(Store *store, int64_t id, Arena *arena, RunRecord *run)
{
    Buffer sql = {0};
    select_runs(&sql, true);
    buffer_append_text(&sql, "WHERE id = ?");
    Statement select = statement_new(store->database, sql.data);
    bind_integer(&select, id);
    bool found = statement_next(&select);
    if (found)
        *run = read_run(select.handle, arena);
    buffer_free(&sql);
    TRY(statement_done(&select));
    if (!found)
        return error_set(ERR_REFUSED,
                         "history %s: there is no run %lld: \"dnn2fpga runs list\" shows those "
                         "there are",
                         store_path(store), (long long)id);
    return OK;
}

Status store_read_run(const char *path, int64_t id, Arena *arena, RunRecord *run)
{
    Store *store = NULL;
    TRY(store_open(path, &store));
    Status status = store_get(store, id, arena, run);
    store_close(store);
    return status;
}

Status store_stages(Store *store, int64_t id, Arena *arena, StageRecord **stages, int *count)
{
    Statement select = statement_new(store->database,
                                     "SELECT name, status, started_ms, finished_ms, figures, found"
                                     " FROM stage WHERE run = ? ORDER BY position");
    bind_integer(&select, id);
    StageRecord *items = NULL;
    *count = 0;
    while (statement_next(&select)) {
        Row row = {.handle = select.handle, .arena = arena};
        items = grow(arena, items, *count, sizeof *items);
        StageRecord *stage = &items[(*count)++];
        stage->name = take_text(&row);
        stage->status = take_text(&row);
        stage->started_ms = take_integer(&row);
        stage->finished_ms = take_integer(&row);
        stage->figures = take_text(&row);
        stage->found = take_text(&row);
    }
    *stages = items;
    return statement_done(&select);
}

Status store_choices(Store *store, int64_t id, Arena *arena, LayerChoice **choices, int *count)
{
    Statement select = statement_new(
        store->database, "SELECT layer, kind, weight_bits, activation_bits, calibration, clip,"
                         " scale, pe, simd FROM layer_choice WHERE run = ? ORDER BY position");
    bind_integer(&select, id);
    LayerChoice *items = NULL;
    *count = 0;
    while (statement_next(&select)) {
        Row row = {.handle = select.handle, .arena = arena};
        items = grow(arena, items, *count, sizeof *items);
        LayerChoice *choice = &items[(*count)++];
        choice->layer = take_text(&row);
        choice->kind = take_text(&row);
        choice->weight_bits = (int)take_integer(&row);
        choice->activation_bits = (int)take_integer(&row);
        choice->calibration = take_text(&row);
        choice->clip = take_real(&row);
        choice->scale = take_real(&row);
        choice->pe = (int)take_integer(&row);
        choice->simd = (int)take_integer(&row);
    }
    *choices = items;
    return statement_done(&select);
}
