#include "report/runs_export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/fs.h"
#include "flow/compare.h"
#include "flow/report.h"
#include "report/runs_html.h"

json_t *runs_record_to_json(const RunRecord *run)
{
    json_t *figures = json_object();
    for (int i = 0; i < FIGURES; i++)
        json_object_set_new(figures, figure_word((Figure)i), report_real(run->figures.values[i]));
    json_t *report = run->report ? json_loads(run->report, 0, NULL) : NULL;
    json_t *object = json_pack(
        "{s:I s:I s:I s:s s:s s:f s:o s:o s:s s:o s:s s:I s:o s:o s:s s:s s:o}", "run",
        (json_int_t)run->id, "created_ms", (json_int_t)run->created_ms, "finished_ms",
        (json_int_t)run->finished_ms, "status", run_status_word(run->status), "stage", run->stage,
        "progress", run->progress, "model", report_string(run->model_name), "model_path",
        report_string(run->model_path), "model_sha256", run->model_sha256, "dataset_path",
        report_string(run->dataset_path), "dataset_sha256", run->dataset_sha256, "seed",
        (json_int_t)run->seed, "folder", report_string(run->folder), "figures", figures,
        "description_sha256", run->description_sha256, "hdl_sha256", run->hdl_sha256, "message",
        report_string(run->message));
    json_object_set_new(object, "note", report_string(run->note));
    json_object_set_new(object, "tags", report_string(run->tags));
    json_object_set_new(object, "parent",
                        run->parent ? json_integer((json_int_t)run->parent) : json_null());
    json_object_set_new(object, "deleted", json_boolean(run->deleted_ms != 0));
    json_t *options = json_loads(run->options, 0, NULL);
    json_object_set_new(object, "options", options ? options : json_null());
    json_object_set_new(object, "report", report ? report : json_null());
    return object;
}

/* ---- formats --------------------------------------------------------------------------------- */

static Status read_runs(Store *store, const int64_t *ids, int count, Arena *arena, RunRecord *runs)
{
    for (int i = 0; i < count; i++)
        TRY(store_get(store, ids[i], arena, &runs[i]));
    return OK;
}

static void append_csv_row(Buffer *text, const RunRecord *run)
{
    char when[CLOCK_TEXT_BYTES];
    buffer_printf(text, "%lld,%s,", (long long)run->id, clock_utc_text(run->created_ms, when));
    csv_append_field(text, run->model_name);
    buffer_printf(text, ",%s", run_status_word(run->status));
    for (int i = 0; i < FIGURES; i++)
        if (isfinite(run->figures.values[i]))
            buffer_printf(text, ",%.15g", run->figures.values[i]);
        else
            buffer_append_text(text, ",");
    buffer_printf(text, ",%s,%s,%s,%s,", run->model_sha256, run->dataset_sha256,
                  run->description_sha256, run->hdl_sha256);
    csv_append_field(text, run->tags);
    buffer_append_text(text, ",");
    csv_append_field(text, run->note);
    buffer_append_text(text, "\r\n");
}

static void append_csv(Buffer *text, const RunRecord *runs, int count)
{
    buffer_append_text(text, "run,started_utc,model,status");
    for (int i = 0; i < FIGURES; i++)
        buffer_printf(text, ",%s", figure_word((Figure)i));
    buffer_append_text(text,
                       ",model_sha256,dataset_sha256,description_sha256,hdl_sha256,tags,note\r\n");
    for (int i = 0; i < count; i++)
        append_csv_row(text, &runs[i]);
}

static void append_json(Buffer *text, const RunRecord *runs, int count, json_t *comparison)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, runs_record_to_json(&runs[i]));
    json_t *object = json_pack("{s:o s:O}", "runs", list, "comparison", comparison);
    char *formatted = report_format(object, true);
    buffer_printf(text, "%s\n", formatted);
    free(formatted);
    json_decref(object);
}

static const char *const FORMAT_WORDS[RUNS_FORMATS] = {
    [RUNS_JSON] = "json", [RUNS_CSV] = "csv", [RUNS_HTML] = "html"};

bool runs_format_parse(const char *word, RunsFormat *format)
{
    for (int i = 0; i < RUNS_FORMATS; i++) {
        if (strcmp(FORMAT_WORDS[i], word) == 0) {
            *format = (RunsFormat)i;
            return true;
        }
    }
    return false;
}

Status runs_export(Store *store, const int64_t *ids, int count, RunsFormat format, Buffer *text)
{
    Arena *arena = arena_new();
    RunRecord *runs = ARENA_ARRAY(arena, RunRecord, count);
    json_t *comparison = NULL;
    Status status = read_runs(store, ids, count, arena, runs);
    if (status == OK)
        status = runs_compare(store, ids, count, &comparison);
    if (status == OK && format == RUNS_CSV)
        append_csv(text, runs, count);
    else if (status == OK && format == RUNS_JSON)
        append_json(text, runs, count, comparison);
    else if (status == OK)
        runs_html(&(RunsPage){.runs = runs, .count = count, .comparison = comparison}, text);
    json_decref(comparison);
    arena_free(arena);
    return status;
}

static Status check_path(const char *path, RunsFormat *format)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/') || !runs_format_parse(dot + 1, format))
        return error_set(ERR_USAGE, "%s: its name must end in .html, .csv or .json", path);
    return OK;
}

Status runs_export_file(Store *store, const int64_t *ids, int count, const char *path)
{
    RunsFormat format = RUNS_HTML;
    Buffer text = {0};
    TRY(check_path(path, &format));
    Status status = runs_export(store, ids, count, format, &text);
    if (status == OK)
        status = fs_write_new(path, text.data, text.length);
    buffer_free(&text);
    return status;
}
