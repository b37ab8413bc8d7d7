#include "ui/history_detail.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "flow/compare.h"
#include "flow/report.h"

static void append_value(Buffer *text, const json_t *value)
{
    char *dump = json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    buffer_append_text(text, dump ? dump : "none");
    free(dump);
}

static void append_edit(Buffer *text, const json_t *edit, const char *before)
{
    buffer_printf(text, "%s%s ", before, report_text(edit, "name", "-"));
    append_value(text, json_object_get(edit, "from"));
    buffer_append_text(text, " -> ");
    append_value(text, json_object_get(edit, "to"));
}

/* "made from run 12: seed 1 -> 2" */
static void append_lineage(Buffer *text, Store *store, Arena *arena, const RunRecord *run)
{
    RunRecord parent;
    if (!run->parent)
        return;
    buffer_printf(text, "made from run %lld", (long long)run->parent);
    if (store_get(store, run->parent, arena, &parent) != OK) {
        buffer_append_text(text, ", which is no more there\n");
        return;
    }
    json_t *edits = runs_edits(&parent, run);
    for (size_t i = 0; i < json_array_size(edits); i++)
        append_edit(text, json_array_get(edits, i), i ? ", " : ": ");
    buffer_append_text(text, json_array_size(edits) ? "\n" : ", with the same options\n");
    json_decref(edits);
}

static void append_run(Buffer *text, Store *store, Arena *arena, const RunRecord *run)
{
    if (*run->message)
        buffer_printf(text, "%s: %s\n", run_status_word(run->status), run->message);
    append_lineage(text, store, arena, run);
    if (*run->tags)
        buffer_printf(text, "tags: %s\n", run->tags);
    if (*run->note)
        buffer_printf(text, "note: %s\n", run->note);
    buffer_printf(text, "%s\n", run->model_path);
    if (run->description_sha256[0])
        buffer_printf(text, "description %.16s  hdl %.16s\n", run->description_sha256,
                      run->hdl_sha256[0] ? run->hdl_sha256 : "-");
}

void history_detail_load(HistoryDetail *detail, Store *store, int64_t run)
{
    if (detail->run == run || !store || run < 1)
        return;
    Arena *arena = arena_new();
    Buffer text = {0};
    RunRecord record;
    detail->run = run;
    detail->scroll.top = 0;
    if (store_get(store, run, arena, &record) == OK)
        append_run(&text, store, arena, &record);
    else
        buffer_printf(&text, "%s", error_message());
    snprintf(detail->text, sizeof detail->text, "%s", text.data ? text.data : "");
    buffer_free(&text);
    arena_free(arena);
}

void history_detail_draw(const HistoryDetail *detail, Area area)
{
    for (int column = 1; column < area.columns - 1; column++)
        area_glyph(area, 0, column, STYLE_FRAME, GLYPH_ACROSS);
    area_paragraph(area_part(area, 1, 2, area.rows - 1, area.columns - 4), -detail->scroll.top,
                   STYLE_NORMAL, detail->text);
}

void history_detail_layout(HistoryDetail *detail, int rows, int columns)
{
    Canvas nothing = {.rows = 0};
    Area measured = {.canvas = &nothing, .columns = columns - 4};
    scroll_layout(&detail->scroll, rows - 1,
                  area_paragraph(measured, 0, STYLE_NORMAL, detail->text));
}
