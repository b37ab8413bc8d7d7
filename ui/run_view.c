#include "ui/run_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flow/report.h"

/* Marks and the words of stage rows in the history. */
static const struct {
    const char *word;
    const char *record;
} MARKS[STAGE_MARKS] = {
    [MARK_WAITING] = {"waiting", ""},
    [MARK_RUNNING] = {"running", "running"},
    [MARK_DONE] = {"done", "ok"},
    [MARK_UNMET] = {"unmet", "unmet"},
    [MARK_FAILED] = {"failed", "failed"},
    [MARK_CANCELLED] = {"cancelled", "cancelled"},
    [MARK_INTERRUPTED] = {"interrupted", "interrupted"},
};

/* Where a stage's figures belong in the report; NULL: it has none that are shown. */
static const char *const SECTIONS[STAGES] = {
    [STAGE_BASELINE] = "baseline", [STAGE_QUANTIZE] = "quantized", [STAGE_PLAN] = "hardware",
    [STAGE_SIMULATE] = "hardware", [STAGE_SYNTH] = "synthesis",
};

const char *stage_mark_word(StageMark mark)
{
    return MARKS[mark].word;
}

RunView run_view_none(void)
{
    RunView view = {.last_stage = STAGE_SIMULATE};
    for (int i = 0; i < STAGES; i++)
        view.stages[i].seconds = NAN;
    return view;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

RunView run_view_starting(const RunOptions *options, int64_t now_ms)
{
    RunView view = run_view_none();
    view.known = true;
    view.status = RUN_RUNNING;
    view.created_ms = now_ms;
    view.last_stage = options->stop_after;
    view.target_accuracy = options->target_accuracy;
    view.max_drop = options->max_drop;
    view.report = report_new();
    snprintf(view.model, sizeof view.model, "%s", options->model ? base_name(options->model) : "");
    return view;
}

static void merge_figures(RunView *view, RunStage stage, const json_t *figures)
{
    const char *section = SECTIONS[stage];
    if (!section || !json_is_object(figures) || !view->report)
        return;
    json_t *target = json_object_get(view->report, section);
    if (!json_is_object(target)) {
        target = json_object();
        json_object_set_new(view->report, section, target);
        target = json_object_get(view->report, section);
    }
    json_object_update_new(target, json_deep_copy(figures));
}

static void take_stage_record(RunView *view, const StageRecord *record)
{
    RunStage stage;
    if (!stage_parse(record->name, &stage))
        return;
    StageView *row = &view->stages[stage];
    row->started_ms = record->started_ms;
    if (record->finished_ms > 0)
        row->seconds = (double)(record->finished_ms - record->started_ms) / 1000;
    for (int mark = 0; mark < STAGE_MARKS; mark++)
        if (strcmp(MARKS[mark].record, record->status) == 0)
            row->mark = (StageMark)mark;
    json_t *figures = record->figures ? json_loads(record->figures, 0, NULL) : NULL;
    merge_figures(view, stage, figures);
    json_decref(figures);
}

/* What a stage told so far, as its events do (EVENT_FIGURES). */
static void take_found(RunView *view, const StageRecord *record)
{
    json_t *found = record->found ? json_loads(record->found, 0, NULL) : NULL;
    if (json_is_object(found))
        json_object_update(view->report, found);
    json_decref(found);
}

/* How far the run was asked to go, and what it must reach: its options are in the row. */
static void take_options(RunView *view, const RunRecord *record)
{
    json_t *options = json_loads(record->options, 0, NULL);
    const char *word = json_string_value(json_object_get(options, "stop_after"));
    if (!word || !stage_parse(word, &view->last_stage))
        view->last_stage = STAGES - 1;
    view->target_accuracy = report_number(options, "target_accuracy", NAN);
    view->max_drop = report_number(options, "max_drop", NAN);
    json_decref(options);
}

RunView run_view_of_record(const RunRecord *record, const StageRecord *stages, int count)
{
    RunView view = run_view_none();
    view.known = true;
    view.id = record->id;
    view.status = record->status;
    view.created_ms = record->created_ms;
    view.finished_ms = record->finished_ms;
    view.paused = record->paused;
    take_options(&view, record);
    snprintf(view.model, sizeof view.model, "%s", base_name(record->model_path));
    snprintf(view.folder, sizeof view.folder, "%s", record->folder ? record->folder : "");
    snprintf(view.message, sizeof view.message, "%s", record->message);
    view.report = record->report ? report_parse(record->report) : NULL;
    bool whole = view.report != NULL;
    if (!whole)
        view.report = report_new();
    for (int i = 0; i < count; i++) {
        take_stage_record(&view, &stages[i]);
        if (!whole)
            take_found(&view, &stages[i]);
    }
    RunStage current;
    if (stage_parse(record->stage, &current) && view.stages[current].mark == MARK_RUNNING) {
        view.stages[current].fraction = record->progress;
        snprintf(view.stages[current].detail, RUN_DETAIL_BYTES, "%s", record->progress_text);
    }
    return view;
}

static void take_stage_event(RunView *view, const Event *event, int64_t now_ms)
{
    static const StageMark MARK_OF[STAGE_STATES] = {
        [STAGE_STARTED] = MARK_RUNNING,     [STAGE_FINISHED] = MARK_DONE,
        [STAGE_UNMET] = MARK_UNMET,         [STAGE_FAILED] = MARK_FAILED,
        [STAGE_CANCELLED] = MARK_CANCELLED,
    };
    StageView *row = &view->stages[event->stage];
    row->mark = MARK_OF[event->state];
    if (event->state == STAGE_STARTED) {
        row->started_ms = now_ms;
        row->fraction = 0;
        row->detail[0] = '\0';
        return;
    }
    row->seconds = event->seconds;
    merge_figures(view, event->stage, event->json);
}

static RunStatus status_of_code(Status code)
{
    if (code == OK)
        return RUN_OK;
    if (code == ERR_UNMET)
        return RUN_UNMET;
    return code == ERR_CANCELLED ? RUN_CANCELLED : RUN_FAILED;
}

/* To reproduce a run that missed its target is a success, and that run missed it, too. */
static void take_status_of_reproduced(RunView *view)
{
    bool missed = strcmp(report_text(view->report, "status", ""), run_status_word(RUN_UNMET)) == 0;
    if (view->status != RUN_OK || !missed || !report_flag(view->report, "reproduced.equal", false))
        return;
    view->status = RUN_UNMET;
    snprintf(view->message, sizeof view->message, "%s", report_text(view->report, "message", ""));
}

static void take_report(RunView *view, const Event *event, int64_t now_ms)
{
    view->status = status_of_code(event->code);
    view->finished_ms = now_ms;
    snprintf(view->message, sizeof view->message, "%s", event->text);
    if (json_is_object(event->json)) {
        json_decref(view->report);
        view->report = json_deep_copy(event->json);
        take_status_of_reproduced(view);
    }
}

/* How long the stage takes in all, if it goes on as it went so far. */
static void expect(StageView *row, int64_t now_ms)
{
    static const double TOO_EARLY = 0.05, SAME = 0.15;
    double seconds = (double)(now_ms - row->started_ms) / 1000;
    if (row->started_ms == 0 || row->fraction < TOO_EARLY || seconds < 1)
        return;
    double expected = seconds / row->fraction;
    row->steady = row->expected_s > 0 && fabs(expected / row->expected_s - 1) < SAME;
    row->expected_s = expected;
}

double run_view_left(const RunView *view, int64_t now_ms)
{
    const StageView *row = &view->stages[run_view_stage(view)];
    if (!run_view_active(view) || row->mark != MARK_RUNNING || !row->steady)
        return NAN;
    double left = row->expected_s - (double)(now_ms - row->started_ms) / 1000;
    return left > 0 ? left : NAN;
}

void run_view_event(RunView *view, const Event *event, int64_t now_ms)
{
    if (event->kind == EVENT_RUN_STARTED) {
        view->id = event->run;
        snprintf(view->folder, sizeof view->folder, "%s", event->folder);
    } else if (event->kind == EVENT_STAGE)
        take_stage_event(view, event, now_ms);
    else if (event->kind == EVENT_PROGRESS) {
        StageView *row = &view->stages[event->stage];
        row->fraction = event->fraction;
        snprintf(row->detail, sizeof row->detail, "%s", event->text);
        expect(row, now_ms);
    } else if (event->kind == EVENT_FIGURES && view->report && event->json)
        json_object_update_new(view->report, json_deep_copy(event->json));
    else if (event->kind == EVENT_REPORT)
        take_report(view, event, now_ms);
}

void run_view_free(RunView *view)
{
    json_decref(view->report);
    *view = run_view_none();
}

bool run_view_active(const RunView *view)
{
    return view->known && view->status == RUN_RUNNING;
}

RunStage run_view_stage(const RunView *view)
{
    RunStage last = STAGE_IMPORT;
    for (int i = 0; i < STAGES; i++)
        if (view->stages[i].mark != MARK_WAITING)
            last = (RunStage)i;
    return last;
}

double run_view_stage_seconds(const RunView *view, RunStage stage, int64_t now_ms)
{
    const StageView *row = &view->stages[stage];
    if (row->mark == MARK_RUNNING && row->started_ms > 0)
        return now_ms > row->started_ms ? (double)(now_ms - row->started_ms) / 1000 : 0;
    return row->seconds;
}

double run_view_seconds(const RunView *view, int64_t now_ms)
{
    int64_t end = run_view_active(view) ? now_ms : view->finished_ms;
    if (!view->known || end == 0)
        return NAN;
    return end > view->created_ms ? (double)(end - view->created_ms) / 1000 : 0;
}
