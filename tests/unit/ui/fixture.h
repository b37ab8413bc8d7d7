/* fixture.h: a workbench without terminal, engine or clock, for tests of screens and keys. To be
 * included by one test program each; everything is static. */
#ifndef TESTS_UI_FIXTURE_H
#define TESTS_UI_FIXTURE_H

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "db/store_internal.h"
#include "flow/report.h"
#include "ui/app.h"
#include "ui/key.h"

/* 2026-03-04 05:06:07 UTC */
#define FIXTURE_NOW_MS INT64_C(1772600767000)

/* One history in memory, emptied for each app. */
static Store *fixture_kept;

/* What the app asked of the world. */
typedef struct FakeHost {
    int started, forgotten, repainted, suspended, settings_saved;
    Theme theme; /* the last one that was asked for */
    int rows, columns;
    bool mouse;
    int64_t cancelled; /* -1: not asked */
    int observed, saved, looked, begun;
    int64_t resumed;
    char wave[64];                    /* whose window was asked for */
    int wish;                         /* of steer_run; -1: none */
    bool refuse;                      /* start_run and observe fail */
    RunRecord record;                 /* what load_run gives, whatever the id */
    int64_t tapped_run, tapped_image; /* to be simulated again */
    StageRecord stages[STAGES];
    int stage_count;
    App *app;
    bool holds_work; /* work is not done at once, but kept here */
    Work held;
} FakeHost;

__attribute__((unused)) static Status fake_start(void *host)
{
    FakeHost *fake = host;
    fake->started++;
    return fake->refuse ? error_set(ERR_ENVIRONMENT, "no engine today") : OK;
}

__attribute__((unused)) static Status fake_cancel(void *host, int64_t run)
{
    ((FakeHost *)host)->cancelled = run;
    return OK;
}

__attribute__((unused)) static Status fake_load(void *host, int64_t run, RunView *view)
{
    FakeHost *fake = host;
    fake->record.id = run;
    *view = run_view_of_record(&fake->record, fake->stages, fake->stage_count);
    return OK;
}

__attribute__((unused)) static Status fake_observe(void *host)
{
    FakeHost *fake = host;
    fake->observed++;
    return fake->refuse ? error_set(ERR_ENVIRONMENT, "no engine today") : OK;
}

__attribute__((unused)) static Status fake_save(void *host)
{
    ((FakeHost *)host)->saved++;
    return OK;
}

__attribute__((unused)) static Status fake_resume(void *host, int64_t run)
{
    FakeHost *fake = host;
    fake->resumed = run;
    return fake->refuse ? error_set(ERR_ENVIRONMENT, "no engine today") : OK;
}

__attribute__((unused)) static Status fake_queue(void *host, JobKind kind, int64_t run)
{
    (void)host;
    const JobRecord job = {.kind = kind, .run = run, .what = "samples/mnist_cnn.h5"};
    return queue_add(fixture_kept, &job, NULL);
}

__attribute__((unused)) static Status fake_begin_next(void *host)
{
    ((FakeHost *)host)->begun++;
    return OK;
}

__attribute__((unused)) static Status fake_steer(void *host, SteerWish wish)
{
    ((FakeHost *)host)->wish = (int)wish;
    return OK;
}

__attribute__((unused)) static Status fake_look(void *host)
{
    ((FakeHost *)host)->looked++;
    return OK;
}

__attribute__((unused)) static Status fake_tap(void *host, int64_t run, int64_t image)
{
    FakeHost *fake = host;
    fake->tapped_run = run;
    fake->tapped_image = image;
    return OK;
}

__attribute__((unused)) static Status fake_wave(void *host, const char *file)
{
    FakeHost *fake = host;
    snprintf(fake->wave, sizeof fake->wave, "%s", file);
    return fake->refuse ? error_set(ERR_ENVIRONMENT, "no window today") : OK;
}

__attribute__((unused)) static Status fake_work(void *host, const Work *work)
{
    FakeHost *fake = host;
    if (fake->holds_work) {
        fake->held = *work;
        return OK;
    }
    work->run(work->task);
    app_work_done(fake->app, work);
    return OK;
}

__attribute__((unused)) static void fake_forget(void *host)
{
    ((FakeHost *)host)->forgotten++;
}

__attribute__((unused)) static void fake_repaint(void *host)
{
    ((FakeHost *)host)->repainted++;
}

__attribute__((unused)) static void fake_theme(void *host, Theme theme)
{
    ((FakeHost *)host)->theme = theme;
}

__attribute__((unused)) static void fake_mouse(void *host, bool on)
{
    ((FakeHost *)host)->mouse = on;
}

__attribute__((unused)) static Status fake_settings(void *host)
{
    ((FakeHost *)host)->settings_saved++;
    return OK;
}

__attribute__((unused)) static void fake_size(void *host, int rows, int columns)
{
    ((FakeHost *)host)->rows = rows;
    ((FakeHost *)host)->columns = columns;
}

__attribute__((unused)) static void fake_suspend(void *host)
{
    ((FakeHost *)host)->suspended++;
}

__attribute__((unused)) static RunRecord fixture_record(int64_t id, RunStatus status)
{
    RunRecord record = {.id = id,
                        .created_ms = FIXTURE_NOW_MS - 100000 * id,
                        .finished_ms = FIXTURE_NOW_MS - 100000 * id + 31400,
                        .status = status,
                        .stage = "simulate",
                        .progress = 1,
                        .progress_text = "",
                        .model_path = "samples/mnist_cnn.h5",
                        .model_name = "mnist_cnn",
                        .options = "{\"stop_after\": \"simulate\"}",
                        .message = "",
                        .figures = run_figures_none()};
    return record;
}

static void fixture_close(void)
{
    store_close(fixture_kept);
}

static Store *fixture_store(void)
{
    if (!fixture_kept) {
        assert_int_equal(store_open(":memory:", &fixture_kept), OK);
        atexit(fixture_close);
    }
    sqlite3 *handle = fixture_kept->database->handle;
    assert_int_equal(sqlite3_exec(handle, "DELETE FROM run; DELETE FROM job", NULL, NULL, NULL),
                     SQLITE_OK);
    return fixture_kept;
}

/* Puts a run into the history, or its newer state in place of the old. Its process is this one. */
__attribute__((unused)) static void fixture_put(App *app, const RunRecord *record)
{
    Owner owner = owner_self();
    Statement insert = statement_new(
        fixture_kept->database,
        "INSERT OR REPLACE INTO run (id, created_ms, finished_ms, status, stage, progress,"
        " progress_text, owner_pid, owner_start, owner_boot, model_path, model_name, model_sha256,"
        " options, tools, seed, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ab', ?, '{}',"
        " 7, ?)");
    bind_integer(&insert, record->id);
    bind_integer(&insert, record->created_ms);
    bind_integer(&insert, record->finished_ms);
    bind_text(&insert, run_status_word(record->status));
    bind_text(&insert, record->stage);
    bind_real(&insert, record->progress);
    bind_text(&insert, record->progress_text);
    bind_integer(&insert, owner.pid);
    bind_integer(&insert, owner.start);
    bind_text(&insert, owner.boot);
    bind_text(&insert, record->model_path);
    bind_text(&insert, record->model_name);
    bind_text(&insert, record->options);
    bind_text(&insert, record->message);
    assert_int_equal(statement_run(&insert), OK);
    assert_int_equal(store_set_figures(fixture_kept, record->id, &record->figures), OK);
    assert_int_equal(history_load(&app->history), OK);
}

/* A stage of a run in the history that came to its end. */
__attribute__((unused)) static void fixture_stage(int64_t run, RunStage stage, double seconds)
{
    Statement insert = statement_new(fixture_kept->database,
                                     "INSERT INTO stage (run, position, name, status, started_ms,"
                                     " finished_ms) VALUES (?, ?, ?, 'ok', ?, ?)");
    bind_integer(&insert, run);
    bind_integer(&insert, stage);
    bind_text(&insert, stage_word(stage));
    bind_integer(&insert, FIXTURE_NOW_MS);
    bind_integer(&insert, FIXTURE_NOW_MS + (int64_t)(1000 * seconds));
    assert_int_equal(statement_run(&insert), OK);
}

__attribute__((unused)) static App *fixture_app(FakeHost *fake, bool ascii, bool with_model)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    *fake = (FakeHost){.cancelled = -1, .wish = -1, .record = fixture_record(1, RUN_OK)};
    AppSettings settings = {.run = run_options_default(), .ascii = ascii};
    settings.run.model = with_model ? "samples/mnist_cnn.h5" : NULL;
    settings.run.data = "samples/mnist";
    AppPorts ports = {.start_run = fake_start,
                      .cancel_run = fake_cancel,
                      .load_run = fake_load,
                      .steer_run = fake_steer,
                      .observe = fake_observe,
                      .save_edits = fake_save,
                      .resume_run = fake_resume,
                      .queue_run = fake_queue,
                      .begin_next = fake_begin_next,
                      .look_at_tools = fake_look,
                      .show_wave = fake_wave,
                      .tap = fake_tap,
                      .forget_keys = fake_forget,
                      .repaint = fake_repaint,
                      .set_theme = fake_theme,
                      .set_mouse = fake_mouse,
                      .save_settings = fake_settings,
                      .suspend = fake_suspend,
                      .set_size = fake_size,
                      .begin_work = fake_work,
                      .host = fake};
    App *app = app_new(&settings, &ports, fixture_store());
    fake->app = app;
    app->now_ms = FIXTURE_NOW_MS;
    app_resized(app, 24, 80);
    return app;
}

static json_t *fixture_layer(const char *name, const char *kind, const char *activation)
{
    return json_pack("{s:s, s:s, s:s}", "name", name, "kind", kind, "activation", activation);
}

static void fixture_sizes(json_t *layer, json_t *shape, int parameters, int macs)
{
    json_object_set_new(layer, "output_shape", shape);
    json_object_set_new(layer, "parameters", json_integer(parameters));
    json_object_set_new(layer, "macs", json_integer(macs));
}

/* What flow_inspect() gives; with `blocked`, of a network that hardware cannot have. */
__attribute__((unused)) static ModelView fixture_model(bool blocked)
{
    json_t *layers[] = {
        fixture_layer("image", "input", "linear"),
        fixture_layer("conv2d", "conv2d", "relu"),
        fixture_layer("a_pooling_layer_with_a_long_name", "average_pool2d", "linear"),
        fixture_layer("flatten\033[2J", "flatten", "linear"),
        fixture_layer("ziffern_数字", "dense", "softmax"),
    };
    fixture_sizes(layers[0], json_pack("[i, i, i]", 28, 28, 1), 0, 0);
    fixture_sizes(layers[1], json_pack("[i, i, i]", 26, 26, 12), 120, 73008);
    fixture_sizes(layers[2], json_pack("[i, i, i]", 13, 13, 12), 0, 0);
    fixture_sizes(layers[3], json_pack("[i]", 2028), 0, 0);
    fixture_sizes(layers[4], json_pack("[i]", 10), 20290, 20280);
    json_t *report = json_pack("{s:{s:[o, o, o, o, o]}, s:[]}", "model", "layers", layers[0],
                               layers[1], layers[2], layers[3], layers[4], "blockers");
    assert_non_null(report);
    json_t *blockers = json_pack("[s, s]", "layer conv2d: stride 3 is not supported, use 1 or 2",
                                 "the network has two outputs, expected 1");
    if (blocked)
        json_object_set(report, "blockers", blockers);
    ModelView view = model_view_of_report("samples/mnist_cnn.h5", report);
    json_decref(blockers);
    json_decref(report);
    return view;
}

/* A whole report, as a finished run has it. */
__attribute__((unused)) static json_t *fixture_report(void)
{
    json_t *report = report_new();
    json_object_set_new(report, "baseline",
                        json_pack("{s:f, s:i, s:i, s:f}", "accuracy", 0.9841, "images", 10000,
                                  "bytes", 74872, "latency_us_batch1", 123.4));
    json_object_set_new(report, "quantized",
                        json_pack("{s:f, s:i, s:f}", "accuracy", 0.9838, "bytes", 18814,
                                  "latency_us_batch1", 45.67));
    json_object_set_new(
        report, "hardware",
        json_pack("{s:i, s:b, s:i, s:f, s:f, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f}", "images",
                  1000, "bit_exact", 1, "values_compared", 10000, "label_agreement", 1.0,
                  "accuracy", 0.985, "latency_cycles", 812, "interval_cycles", 784,
                  "predicted_latency_cycles", 812, "predicted_interval_cycles", 784, "clock_mhz",
                  100.0, "latency_us", 8.12, "images_per_s", 127551.0, "simulated_images_per_s",
                  61.5));
    return report;
}

__attribute__((unused)) static void fixture_event(App *app, Event event)
{
    const char *empty = "";
    event.text = event.text ? event.text : empty;
    app_engine_event(app, &event);
}

/* A run that is started, did all stages but one and is in the middle of that. */
__attribute__((unused)) static void fixture_run_events(App *app)
{
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = "/nowhere"});
    for (int stage = STAGE_IMPORT; stage < STAGE_SIMULATE; stage++) {
        json_t *figures = NULL;
        if (stage == STAGE_BASELINE || stage == STAGE_QUANTIZE)
            figures = json_pack("{s:f, s:i}", "accuracy", 0.9841 - 0.0001 * stage, "bytes",
                                stage == STAGE_BASELINE ? 74872 : 18814);
        fixture_event(
            app, (Event){.kind = EVENT_STAGE, .stage = (RunStage)stage, .state = STAGE_STARTED});
        fixture_event(app, (Event){.kind = EVENT_STAGE,
                                   .stage = (RunStage)stage,
                                   .state = STAGE_FINISHED,
                                   .seconds = 0.5 + stage,
                                   .json = figures});
        json_decref(figures);
    }
    fixture_event(app,
                  (Event){.kind = EVENT_STAGE, .stage = STAGE_SIMULATE, .state = STAGE_STARTED});
    fixture_event(app, (Event){.kind = EVENT_PROGRESS,
                               .stage = STAGE_SIMULATE,
                               .fraction = 0.41,
                               .text = "412 of 1,000 images"});
    app->now_ms += 12300;
}

__attribute__((unused)) static void fixture_history(App *app)
{
    static const RunStatus STATUSES_SHOWN[] = {RUN_OK,     RUN_RUNNING,   RUN_UNMET,
                                               RUN_FAILED, RUN_CANCELLED, RUN_INTERRUPTED};
    for (int i = 0; i < 6; i++) {
        RunRecord record = fixture_record(60 - i, STATUSES_SHOWN[i]);
        record.created_ms = FIXTURE_NOW_MS - 3600000 * (i + 1);
        record.progress = 0.45;
        if (i < 3) {
            record.figures.values[FIGURE_QUANTIZED_ACCURACY] = 0.98 - 0.01 * i;
            record.figures.values[FIGURE_QUANTIZED_BYTES] = 18814 + i;
            record.figures.values[FIGURE_BIT_EXACT] = i != 2;
            record.figures.values[FIGURE_LATENCY_CYCLES] = 812 + i;
        }
        fixture_put(app, &record);
    }
}

/* Rung 1 missed its target, rung 3 is at its third epoch. */
__attribute__((unused)) static void fixture_climb(App *app)
{
    static const double ACCURACY[] = {0.81, 0.93, 0.955}, HELD_OUT[] = {0.92, 0.951, 0.949};
    json_t *epochs = json_array();
    for (int i = 0; i < 3; i++)
        json_array_append_new(epochs, json_pack("{s:i, s:f, s:f, s:f}", "epoch", i + 1, "loss",
                                                1.0 / (i + 1), "accuracy", ACCURACY[i],
                                                "validation_accuracy", HELD_OUT[i]));
    json_t *figures =
        json_pack("{s:[{s:s, s:f, s:i, s:b, s:b, s:[]}, {s:s, s:f, s:i, s:b, s:b, s:[s, s]}],"
                  " s:{s:s, s:o, s:i}}",
                  "ladder", "step", "ptq-all", "accuracy", 0.9135, "bytes", 7161, "accepted", 0,
                  "chosen", 0, "float_layers", "step", "ptq-partial", "accuracy", 0.9412, "bytes",
                  12345, "accepted", 0, "chosen", 1, "float_layers", "conv_1", "conv_2", "climb",
                  "step", "qat", "epochs", epochs, "epochs_wanted", 8);
    assert_non_null(figures);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = "/nowhere"});
    json_t *baseline = json_pack("{s:f}", "accuracy", 0.9841);
    fixture_event(app, (Event){.kind = EVENT_STAGE,
                               .stage = STAGE_BASELINE,
                               .state = STAGE_FINISHED,
                               .seconds = 1,
                               .json = baseline});
    fixture_event(app,
                  (Event){.kind = EVENT_STAGE, .stage = STAGE_QUANTIZE, .state = STAGE_STARTED});
    fixture_event(app, (Event){.kind = EVENT_FIGURES, .stage = STAGE_QUANTIZE, .json = figures});
    json_decref(baseline);
    json_decref(figures);
}

__attribute__((unused)) static void press(App *app, const char *keys)
{
    for (; *keys; keys++)
        app_key(app, *keys);
}

/* Run 7 of the sample is as far as its simulation; its design is on the screen Hardware. */
__attribute__((unused)) static void fixture_design(App *app)
{
    char folder[] = "/tmp/dnn2fpga-design-XXXXXX", file[64];
    RunOptions options = app->settings.run;
    json_t *report = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/history.db", folder);
    options.workdir = folder;
    options.database = file;
    options.calib_images = options.test_images = 100;
    options.jobs = 1;
    if (flow_quantize(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    json_decref(report);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    for (int stage = STAGE_IMPORT; stage <= STAGE_EMIT; stage++)
        fixture_event(app, (Event){.kind = EVENT_STAGE,
                                   .stage = (RunStage)stage,
                                   .state = STAGE_FINISHED,
                                   .seconds = 1});
    fixture_event(app,
                  (Event){.kind = EVENT_STAGE, .stage = STAGE_SIMULATE, .state = STAGE_STARTED});
    snprintf(file, sizeof file, "%s/hdl", folder);
    assert_int_equal(fs_make_folders(file), OK);
    snprintf(file, sizeof file, "%s/hdl/top.vhd", folder);
    assert_int_equal(fs_write_atomic(file, "-- a comment\nentity top is\nend entity;\n", 38), OK);
    press(app, "5");
    Canvas *canvas = canvas_new(24, 80, true);
    app_draw(app, canvas); /* reads the description */
    press(app, "v");
    app_key(app, KEY_RETURN);
    app_draw(app, canvas);
    Buffer text = {0};
    canvas_dump(canvas, &text);
    assert_non_null(strstr(text.data, "entity top is"));
    buffer_free(&text);
    canvas_free(canvas);
    app_key(app, KEY_ESCAPE);
    app_key(app, KEY_ESCAPE);
    assert_int_equal(fs_remove_tree(folder), OK);
}

/* A folder of a run, with a log; the path is the caller's to remove. */
__attribute__((unused)) static void fixture_folder(char path[64])
{
    static const char LOG[] =
        "2026-03-04T05:06:07Z import started, 0.000 s\n"
        "2026-03-04T05:06:08Z import finished, 0.807 s\n"
        "2026-03-04T05:06:09Z $ cd /tmp/runs/7/sim_llvm && /usr/bin/ghdl-llvm -a --std=08 "
        "/tmp/runs/7/hdl/dnn_fixed_pkg.vhd /tmp/runs/7/hdl/top.vhd\n"
        "2026-03-04T05:06:12Z = /usr/bin/ghdl-llvm: exit status 0, 3.709 s\n"
        "2026-03-04T05:06:12Z $ /tmp/runs/7/sim_llvm/bench --stop-time=1us\n"
        "2026-03-04T05:06:13Z = /tmp/runs/7/sim_llvm/bench: ended by signal 9, 1.200 s\n"
        "2026-03-04T05:06:13Z simulate failed, 4.909 s\n";
    char file[128];
    snprintf(path, 64, "/tmp/dnn2fpga-run-XXXXXX");
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof file, "%s/run.log", path);
    assert_int_equal(fs_write_atomic(file, LOG, strlen(LOG)), OK);
}

/* The sample's scheme, to be edited. */
__attribute__((unused)) static void fixture_tuning(App *app)
{
    Tuning *tuning = NULL;
    RunOptions options = app->settings.run;
    options.model = "samples/mnist_cnn.h5";
    if (tuning_open(&options, &tuning) != OK)
        fail_msg("%s", error_message());
    app_tuning_opened(app, tuning, 0);
}

/* Its tensors, as an engine would have seen them on 100 images. */
__attribute__((unused)) static void fixture_observed(App *app)
{
    char folder[] = "/tmp/dnn2fpga-observed-XXXXXX";
    RunOptions options = app->settings.run;
    json_t *report = NULL;
    assert_non_null(mkdtemp(folder));
    options.workdir = folder;
    options.calib_images = 100;
    options.test_images = 100;
    options.jobs = 1;
    app_observe(app, true);
    if (flow_observe(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    app_observation_event(app,
                          &(Event){.kind = EVENT_REPORT, .code = OK, .text = "", .json = report});
    json_decref(report);
    assert_int_equal(fs_remove_tree(folder), OK);
    assert_int_equal(app->observing.state, OBSERVATION_DONE);
}

/* What is on the screen at a size. Free with free(). */
__attribute__((unused)) static char *screen_text(App *app, int rows, int columns)
{
    Canvas *canvas = canvas_new(rows, columns, app->settings.ascii);
    Buffer text = {0};
    app_resized(app, rows, columns);
    app_draw(app, canvas);
    canvas_dump(canvas, &text);
    canvas_free(canvas);
    return text.data;
}

__attribute__((unused)) static void assert_shows(App *app, const char *wanted)
{
    char *text = screen_text(app, 24, 80);
    if (!strstr(text, wanted))
        print_error("\"%s\" is not on the screen:\n%s", wanted, text);
    assert_non_null(strstr(text, wanted));
    free(text);
}

__attribute__((unused)) static void assert_hides(App *app, const char *unwanted)
{
    char *text = screen_text(app, 24, 80);
    if (strstr(text, unwanted))
        print_error("\"%s\" is on the screen:\n%s", unwanted, text);
    assert_null(strstr(text, unwanted));
    free(text);
}

#endif
