/* What engines do for the app: what they tell of runs, steering and resuming those, the choices for a
 * model and what they do to its tensors, the programs of this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/report.h"
#include "ui/app.h"
#include "ui/format.h"

/* ---- what engines and the history tell of runs ----------------------------------------------- */

static void announce_end(App *app)
{
    static const MessageLevel LEVELS[RUN_STATUSES] = {
        [RUN_UNMET] = MESSAGE_WARNING,
        [RUN_FAILED] = MESSAGE_ERROR,
        [RUN_CANCELLED] = MESSAGE_WARNING,
        [RUN_INTERRUPTED] = MESSAGE_ERROR,
    };
    const RunView *run = &app->run;
    const char *message = run->message, *colon = *message ? ": " : "";
    const char *word = run_status_word(run->status);
    app->at_once = true;
    if (run->id > 0)
        app_message(app, LEVELS[run->status], "run %lld is over: %s%s%s", (long long)run->id, word,
                    colon, message);
    else
        app_message(app, LEVELS[run->status], "the run did not start: %s", message);
    if (report_flag(run->report, "reproduced.equal", false))
        app_message(app, MESSAGE_INFO, "run %lld is reproduced by run %lld: the hashes are equal",
                    (long long)report_number(run->report, "reproduced.of", 0), (long long)run->id);
}

void app_engine_event(App *app, const Event *event)
{
    if (event->kind == EVENT_ERROR) {
        app_message(app, MESSAGE_ERROR, "engine: %s", event->text);
        return;
    }
    run_view_event(&app->run, event, app->now_ms);
    if (event->kind == EVENT_REPORT)
        announce_end(app);
    if (app->leaving)
        app_leave(app);
    app_tell(app, SCREEN_RUN_CHANGED);
}

/* The engine died before its report: the history knows what is left of the run. */
void app_engine_gone(App *app, const char *message)
{
    app->run_is_ours = false;
    if (run_view_active(&app->run)) {
        app->run.status = RUN_INTERRUPTED;
        app->run.finished_ms = app->now_ms;
        snprintf(app->run.message, sizeof app->run.message, "%s", message);
        announce_end(app);
    }
    if (app->leaving)
        app_leave(app);
    app_history_changed(app);
}

/* Shows another run as the current one. */
void app_show_run(App *app, int64_t run)
{
    RunView view;
    if (app->ports.load_run(app->ports.host, run, &view) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    bool was_active = run_view_active(&app->run) && app->run.id == run;
    run_view_free(&app->run);
    app->run = view;
    if (was_active && !run_view_active(&app->run))
        announce_end(app);
    app_tell(app, SCREEN_RUN_CHANGED);
}

void app_history_changed(App *app)
{
    app_tell(app, SCREEN_HISTORY_CHANGED);
    const HistoryRow *row = &app->history.running;
    if (app->run_is_ours && row->id == app->run.id && row->id > 0)
        app->run.paused = row->paused; /* another workbench may have asked for it */
    if (app->run_is_ours)
        return;
    int64_t running = app->history.running.id;
    if (run_view_active(&app->run) && app->run.id > 0)
        app_show_run(app, app->run.id);
    else if (running > 0)
        app_show_run(app, running);
    else if (!app->run.known) {
        int64_t last = history_newest_of(&app->history, model_view_name(&app->model));
        if (last > 0)
            app_show_run(app, last);
    }
}

/* ---- runs under way, and runs that did not end ----------------------------------------------- */

bool app_can_steer(const App *app, ActionId action, const char **why_not)
{
    bool climbs = app->run.stages[STAGE_QUANTIZE].mark == MARK_RUNNING;
    if (app->settings.readonly)
        *why_not = "the workbench was started with --readonly";
    else if (!run_view_active(&app->run))
        *why_not = "no run is going on";
    else if (action != ACTION_PAUSE_RUN && !climbs)
        *why_not = "no rung is being tried";
    else
        return true;
    return false;
}

bool app_can_resume(const App *app, const char **why_not)
{
    RunStatus status = app->run.status;
    if (app->settings.readonly)
        *why_not = "the workbench was started with --readonly";
    else if (!app->run.known || app->run.id == 0)
        *why_not = "there is no run to go on with";
    else if (run_view_active(&app->run))
        *why_not = "the run is going on";
    else if (status == RUN_OK || status == RUN_UNMET)
        *why_not = "the run came to its end";
    else
        return true;
    return false;
}

void app_resume_run(App *app)
{
    if (app->ports.resume_run(app->ports.host, app->run.id) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    app->run.status = RUN_RUNNING;
    app->run.message[0] = '\0';
    app->run_is_ours = true;
    app_message(app, MESSAGE_INFO, "run %lld is taken up again", (long long)app->run.id);
    app_tell(app, SCREEN_RUN_CHANGED);
}

void app_begin_next(App *app)
{
    bool possible = !app->settings.readonly && !run_view_active(&app->run);
    if (possible && app->ports.begin_next(app->ports.host) != OK)
        app_message(app, MESSAGE_ERROR, "queue: %s", error_message());
}

void app_leave(App *app)
{
    app->leaving = app->run_is_ours && run_view_active(&app->run) && app->run.id == 0;
    app->quit = !app->leaving;
}

void app_queue(App *app, JobKind kind, int64_t run)
{
    if (app->ports.queue_run(app->ports.host, kind, run) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    if (run_view_active(&app->run))
        app_message(app, MESSAGE_INFO, "it waits for its turn; w on History shows the queue");
    app_begin_next(app);
    app_tell(app, SCREEN_HISTORY_CHANGED);
}

void app_job_begins(App *app, const RunOptions *options, int64_t run)
{
    RunView view = run_view_starting(options, app->now_ms);
    view.id = run;
    run_view_free(&app->run);
    app->run = view;
    app->run_is_ours = true;
    app_message(app, MESSAGE_INFO, "the next run of the queue begins");
    app_tell(app, SCREEN_RUN_CHANGED);
}

void app_job_lost(App *app)
{
    run_view_free(&app->run);
    app_message(app, MESSAGE_INFO, "another program has begun it");
    app_tell(app, SCREEN_RUN_CHANGED);
}

static bool steer(App *app, SteerWish wish, const char *what)
{
    bool heard = app->ports.steer_run(app->ports.host, wish) == OK;
    app_message(app, heard ? MESSAGE_INFO : MESSAGE_ERROR, "%s", heard ? what : error_message());
    return heard;
}

void app_pause_run(App *app)
{
    bool wanted = !app->run.paused;
    if (steer(app, wanted ? STEER_PAUSE : STEER_CONTINUE,
              wanted ? "the run waits, and its programs; p lets it go on" : "the run goes on"))
        app->run.paused = wanted;
}

void app_skip_rung(App *app)
{
    steer(app, STEER_END_STEP, "this rung ends with what it has");
}

void app_stop_climb(App *app)
{
    steer(app, STEER_FINISH, "no further rung: the best so far is taken");
}

/* ---- choices for the model ------------------------------------------------------------------- */

void app_tuning_changed(App *app)
{
    app_tell(app, SCREEN_TUNING_CHANGED);
}

void app_commit_edits(App *app)
{
    if (!app->tuning || !tuning_commit(app->tuning))
        return;
    if (!app->settings.readonly && app->ports.save_edits(app->ports.host) != OK)
        app_message(app, MESSAGE_ERROR, "edits are not saved: %s", error_message());
    app_tuning_changed(app);
}

void app_tuning_opened(App *app, Tuning *tuning, int restored)
{
    tuning_free(app->tuning);
    app->tuning = tuning;
    if (restored > 0)
        app_message(app, MESSAGE_INFO,
                    "%d earlier %s of this model taken up again; R on Calibrate drops them",
                    restored, restored == 1 ? "edit" : "edits");
    app_tuning_changed(app);
    if (app->root == ROOT_CALIBRATE)
        app_observe(app, false);
}

void app_observe(App *app, bool again)
{
    Observing *observing = &app->observing;
    bool done = observing->state == OBSERVATION_DONE || observing->state == OBSERVATION_FAILED;
    if (!app->tuning || observing->state == OBSERVATION_GOING_ON || (done && !again))
        return;
    *observing = (Observing){.state = OBSERVATION_GOING_ON};
    if (!app->settings.run.data) {
        app_observation_gone(app, "no images: start the workbench with --data FOLDER");
    } else if (app->ports.observe(app->ports.host) != OK) {
        char message[MESSAGE_BYTES];
        snprintf(message, sizeof message, "%s", error_message());
        app_observation_gone(app, message);
    }
    app_tuning_changed(app);
}

void app_observation_gone(App *app, const char *message)
{
    if (app->observing.state != OBSERVATION_GOING_ON)
        return;
    app->observing.state = OBSERVATION_FAILED;
    snprintf(app->observing.message, sizeof app->observing.message, "%s", message);
    app_tuning_changed(app);
}

void app_observation_event(App *app, const Event *event)
{
    if (event->kind == EVENT_PROGRESS)
        app->observing.fraction = event->fraction;
    if (event->kind != EVENT_REPORT && event->kind != EVENT_ERROR) {
        app->dirty = true;
        return;
    }
    const char *path = report_text(event->json, "observation.histograms", "");
    Status status = event->code;
    if (status == OK)
        status = tuning_observe(app->tuning, path);
    if (status == OK)
        app->observing.state = OBSERVATION_DONE;
    else
        app_observation_gone(app, event->code == OK ? error_message() : event->text);
    app_tuning_changed(app);
}

/* ---- choices for hardware -------------------------------------------------------------------- */

void app_choose_fold(App *app, const char *layer, int pe, int simd)
{
    RunOptions *options = &app->settings.run;
    FoldChoice *folds = ARENA_ARRAY(app->choices, FoldChoice, options->fold_count + 1);
    int count = 0;
    for (int i = 0; i < options->fold_count; i++)
        if (strcmp(options->folds[i].layer, layer) != 0)
            folds[count++] = options->folds[i];
    folds[count++] = (FoldChoice){arena_strdup(app->choices, layer), pe, simd};
    options->folds = folds;
    options->fold_count = count;
}

/* ---- programs -------------------------------------------------------------------------------- */

void app_look_at_tools(App *app, bool again)
{
    if (app->looking_at_tools || (app->tools && !again))
        return;
    app->looking_at_tools = app->ports.look_at_tools(app->ports.host) == OK;
    if (!app->looking_at_tools)
        app_message(app, MESSAGE_ERROR, "%s", error_message());
}

void app_tools_known(App *app, const json_t *report)
{
    json_decref(app->tools);
    app->looking_at_tools = false;
    app->tools = json_deep_copy(report);
    app_tell(app, SCREEN_TOOLS_CHANGED);
}

/* ---- an image again -------------------------------------------------------------------------- */

bool app_can_tap(const App *app, const char **why_not)
{
    if (app->settings.readonly)
        *why_not = "the workbench was started with --readonly";
    else if (run_view_active(&app->run))
        *why_not = "the run is going on";
    else if (app->run.id == 0 || app->run.stages[STAGE_EMIT].mark != MARK_DONE)
        *why_not = "this run has no VHDL to simulate";
    else if (app->tapping.going_on)
        *why_not = "an image is being simulated already";
    else
        return true;
    return false;
}

void app_tap(App *app, int64_t image)
{
    if (app->ports.tap(app->ports.host, app->run.id, image) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    app->tapping = (Tapping){.going_on = true, .run = app->run.id, .image = image};
    app_tell(app, SCREEN_RUN_CHANGED);
}

void app_tap_typed(App *app)
{
    char *end;
    errno = 0;
    long long image = strtoll(app->argument, &end, 10);
    if (end == app->argument || *end || errno || image < 0)
        app_message(app, MESSAGE_WARNING, "%s is no number of a test image", app->argument);
    else
        app_tap(app, image);
}

void app_tap_gone(App *app, const char *message)
{
    if (!app->tapping.going_on)
        return;
    app->tapping.going_on = false;
    app_message(app, MESSAGE_ERROR, "%s", message);
}

/* How many values differ, and where the first one is. */
static void tell_tapped(App *app, const json_t *report)
{
    char count[FORMAT_BYTES];
    double values = 0;
    const json_t *first = NULL;
    const json_t *list = report_at(report, "hardware.differences.layers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *layer = json_array_get(list, i);
        double here = report_number(layer, "wrong", 0) + report_number(layer, "missing", 0);
        values += here;
        first = first || here == 0 ? first : layer;
    }
    if (first)
        app_message(app, MESSAGE_WARNING, "%s values differ, first in %s of image %.0f",
                    format_count(values, count), report_text(first, "layer", "-"),
                    report_number(first, "image", 0));
    else
        app_message(app, MESSAGE_INFO, "every value of every layer is equal");
}

void app_tap_event(App *app, const Event *event)
{
    if (event->kind != EVENT_REPORT && event->kind != EVENT_ERROR)
        return;
    if (event->code != OK) {
        app_tap_gone(app, event->text);
        return;
    }
    app->tapping.going_on = false;
    tell_tapped(app, event->json);
    app_tell(app, SCREEN_TAPPED);
}

/* ---- waveforms ------------------------------------------------------------------------------- */

/* Where the run's report has them, or an image that was simulated again left them. */
static void wave_of(const App *app, char path[RUN_PATH_BYTES + 16])
{
    const char *told = report_text(app->run.report, "hardware.wave", "");
    if (*told)
        snprintf(path, RUN_PATH_BYTES + 16, "%s", told);
    else
        snprintf(path, RUN_PATH_BYTES + 16, "%s/difference.ghw", app->run.folder);
}

bool app_can_show_wave(const App *app, const char **why_not)
{
    char path[RUN_PATH_BYTES + 16];
    wave_of(app, path);
    if (!*report_text(app->run.report, "hardware.wave", "") && !fs_exists(path))
        *why_not = "this run keeps no waveforms: it found no difference";
    else if (app->settings.no_viewer)
        *why_not = app->settings.no_viewer;
    else if (app->viewing)
        *why_not = "the waveforms are open already";
    else
        return true;
    return false;
}

void app_show_wave(App *app)
{
    char path[RUN_PATH_BYTES + 16];
    wave_of(app, path);
    app->viewing = app->ports.show_wave(app->ports.host, path) == OK;
    if (!app->viewing)
        app_message(app, MESSAGE_ERROR, "%s", error_message());
}

void app_viewer_closed(App *app, const char *message)
{
    app->viewing = false;
    app->dirty = true;
    if (*message)
        app_message(app, MESSAGE_ERROR, "%s", message);
}
