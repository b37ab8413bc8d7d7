#include "flow/compare.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "flow/report.h"

typedef struct Column {
    RunRecord run;
    json_t *options, *tools; /* NULL when they cannot be read */
    LayerChoice *choices;
    int choice_count;
} Column;

typedef struct Comparison {
    Arena *arena;
    Column *columns;
    int count;
    json_t *rows;
} Comparison;

static const int BETTER[FIGURES] = {
    [FIGURE_BASELINE_ACCURACY] = 1,
    [FIGURE_QUANTIZED_ACCURACY] = 1,
    [FIGURE_HARDWARE_ACCURACY] = 1,
    [FIGURE_BASELINE_BYTES] = -1,
    [FIGURE_QUANTIZED_BYTES] = -1,
    [FIGURE_BASELINE_LATENCY_US] = -1,
    [FIGURE_QUANTIZED_LATENCY_US] = -1,
    [FIGURE_HARDWARE_LATENCY_US] = -1,
    [FIGURE_BIT_EXACT] = 1,
    [FIGURE_LATENCY_CYCLES] = -1,
    [FIGURE_INTERVAL_CYCLES] = -1,
    [FIGURE_SYNTHESIS_LUT] = -1,
    [FIGURE_SYNTHESIS_FF] = -1,
    [FIGURE_SYNTHESIS_DSP] = -1,
    [FIGURE_SYNTHESIS_BRAM] = -1,
    [FIGURE_FMAX_MHZ] = 1,
    [FIGURE_FITS] = 1,
    [FIGURE_NETLIST_BIT_EXACT] = 1,
};

/* Options that say where files go, not what is done. */
static const char *const PLACES[] = {"workdir", "database", "jobs", "parent", NULL};

/* ---- rows ------------------------------------------------------------------------------------ */

static bool all_equal(const json_t *values)
{
    for (size_t i = 1; i < json_array_size(values); i++)
        if (!json_equal(json_array_get(values, i), json_array_get(values, 0)))
            return false;
    return true;
}

/* Takes `values`: one for each run. */
static json_t *add_row(Comparison *comparison, const char *section, const char *name,
                       json_t *values)
{
    json_t *row =
        json_pack("{s:s s:o s:o s:b s:n}", "section", section, "name", report_string(name),
                  "values", values, "differs", !all_equal(values), "best");
    json_array_append_new(comparison->rows, row);
    return row;
}

static int best_of(const json_t *values, int better)
{
    int best = -1, known = 0;
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        if (!json_is_number(value))
            continue;
        known++;
        if (best < 0 ||
            (json_number_value(value) - json_number_value(json_array_get(values, (size_t)best))) *
                    better >
                0)
            best = (int)i;
    }
    return better && known > 1 && !all_equal(values) ? best : -1;
}

static void add_figures(Comparison *comparison)
{
    for (int f = 0; f < FIGURES; f++) {
        json_t *values = json_array();
        for (int i = 0; i < comparison->count; i++)
            json_array_append_new(values,
                                  report_real(comparison->columns[i].run.figures.values[f]));
        json_t *row = add_row(comparison, "figures", figure_word((Figure)f), values);
        int best = best_of(values, BETTER[f]);
        if (best >= 0)
            json_object_set_new(row, "best", json_integer(best));
    }
}

typedef json_t *InputValue(const RunRecord *run);

static json_t *model_hash(const RunRecord *run)
{
    return report_string(run->model_sha256);
}

static json_t *data_hash(const RunRecord *run)
{
    return report_string(run->dataset_sha256);
}

static json_t *seed_of(const RunRecord *run)
{
    return json_integer(run->seed);
}

static json_t *description_hash(const RunRecord *run)
{
    return report_string(run->description_sha256);
}

static json_t *hdl_hash(const RunRecord *run)
{
    return report_string(run->hdl_sha256);
}

static void add_inputs(Comparison *comparison)
{
    static const struct {
        const char *name;
        InputValue *value;
    } inputs[] = {{"model_sha256", model_hash},
                  {"dataset_sha256", data_hash},
                  {"seed", seed_of},
                  {"description_sha256", description_hash},
                  {"hdl_sha256", hdl_hash}};
    for (size_t k = 0; k < sizeof inputs / sizeof *inputs; k++) {
        json_t *values = json_array();
        for (int i = 0; i < comparison->count; i++)
            json_array_append_new(values, inputs[k].value(&comparison->columns[i].run));
        add_row(comparison, "inputs", inputs[k].name, values);
    }
}

static bool is_listed(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

/* One row for each key that any of the objects has; an object may be NULL. */
static void add_objects(Comparison *comparison, const char *section, json_t *const *objects,
                        const char *const *left_out)
{
    json_t *all = json_object();
    for (int i = 0; i < comparison->count; i++)
        json_object_update(all, objects[i]);
    const char *key;
    json_t *any;
    json_object_foreach (all, key, any) {
        json_t *values = json_array();
        for (int i = 0; i < comparison->count; i++) {
            json_t *value = json_object_get(objects[i], key);
            json_array_append_new(values, value ? json_incref(value) : json_null());
        }
        if (is_listed(key, left_out))
            json_decref(values);
        else
            add_row(comparison, section, key, values);
    }
    json_decref(all);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static json_t *choice_to_json(const LayerChoice *choice)
{
    json_t *object =
        json_pack("{s:i s:i s:o s:o s:o s:i s:i}", "weight_bits", choice->weight_bits,
                  "activation_bits", choice->activation_bits, "calibration",
                  report_string(choice->calibration), "clip", report_real(choice->clip), "scale",
                  report_real(choice->scale), "pe", choice->pe, "simd", choice->simd);
    return object;
}

/* {"conv_1 weight_bits": 8, ...} */
static json_t *choices_to_json(const Column *column)
{
    json_t *all = json_object();
    for (int i = 0; i < column->choice_count; i++) {
        json_t *choice = choice_to_json(&column->choices[i]);
        const char *key;
        json_t *value;
        json_object_foreach (choice, key, value) {
            Buffer name = {0};
            buffer_printf(&name, "%s %s", column->choices[i].layer, key);
            json_object_set(all, name.data, value); /* refuses what is not UTF-8 */
            buffer_free(&name);
        }
        json_decref(choice);
    }
    return all;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static Status read_column(Store *store, int64_t id, Arena *arena, Column *column)
{
    TRY(store_get(store, id, arena, &column->run));
    TRY(store_choices(store, id, arena, &column->choices, &column->choice_count));
    column->options = json_loads(column->run.options, 0, NULL);
    column->tools = json_loads(column->run.tools, 0, NULL);
    return OK;
}

static json_t *heads(const Comparison *comparison)
{
    json_t *list = json_array();
    for (int i = 0; i < comparison->count; i++) {
        const RunRecord *run = &comparison->columns[i].run;
        json_array_append_new(list, json_pack("{s:I s:s s:o s:I}", "run", (json_int_t)run->id,
                                              "status", run_status_word(run->status), "model",
                                              report_string(run->model_name), "created_ms",
                                              (json_int_t)run->created_ms));
    }
    return list;
}

static void add_rows(Comparison *comparison)
{
    static const char *const nothing[] = {NULL};
    json_t *options[COMPARE_MAX_RUNS] = {NULL}, *layers[COMPARE_MAX_RUNS] = {NULL},
           *tools[COMPARE_MAX_RUNS] = {NULL};
    for (int i = 0; i < comparison->count; i++) {
        options[i] = comparison->columns[i].options;
        layers[i] = choices_to_json(&comparison->columns[i]);
        tools[i] = comparison->columns[i].tools;
    }
    add_figures(comparison);
    add_inputs(comparison);
    add_objects(comparison, "options", options, PLACES);
    add_objects(comparison, "layers", layers, nothing);
    add_objects(comparison, "tools", tools, nothing);
    for (int i = 0; i < comparison->count; i++)
        json_decref(layers[i]);
}

Status runs_compare(Store *store, const int64_t *ids, int count, json_t **compared)
{
    assert(count > 0 && count <= COMPARE_MAX_RUNS);
    Comparison comparison = {.arena = arena_new(), .count = count};
    comparison.columns = ARENA_ARRAY(comparison.arena, Column, count);
    Status status = OK;
    for (int i = 0; i < count && status == OK; i++)
        status = read_column(store, ids[i], comparison.arena, &comparison.columns[i]);
    if (status == OK) {
        comparison.rows = json_array();
        add_rows(&comparison);
        *compared = json_pack("{s:o s:o}", "runs", heads(&comparison), "rows", comparison.rows);
    }
    for (int i = 0; i < count; i++) {
        json_decref(comparison.columns[i].options);
        json_decref(comparison.columns[i].tools);
    }
    arena_free(comparison.arena);
    return status;
}

json_t *runs_edits(const RunRecord *from, const RunRecord *to)
{
    json_t *before = json_loads(from->options, 0, NULL), *after = json_loads(to->options, 0, NULL);
    json_t *all = json_object(), *edits = json_array();
    json_object_update(all, before);
    json_object_update(all, after);
    const char *key;
    json_t *any;
    json_object_foreach (all, key, any) {
        json_t *a = json_object_get(before, key), *b = json_object_get(after, key);
        if (is_listed(key, PLACES) || (a && b && json_equal(a, b)))
            continue;
        json_array_append_new(edits, json_pack("{s:s s:O? s:O?}", "name", key, "from", a, "to", b));
    }
    json_decref(before);
    json_decref(after);
    json_decref(all);
    return edits;
}
