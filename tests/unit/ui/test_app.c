/* Keys and events in, state and cells out: the workbench without terminal, engine and clock. */
#include "fixture.h"

#include <unistd.h>

static App *ready_app(FakeHost *fake)
{
    App *app = fixture_app(fake, false, true);
    app_model_loaded(app, fixture_model(false));
    return app;
}

static void test_main_screens(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    static const char *const NAMES[ROOTS] = {"Model",    "Calibrate", "Run",     "Ladder",
                                             "Hardware", "Synthesis", "History", "Messages",
                                             "Log",      "Tools"};
    for (int i = ROOTS - 1; i >= 0; i--) {
        app_key(app, action_info(app_root_action((Root)i))->keys[0]);
        assert_string_equal(app_screen(app)->ops->name, NAMES[i]);
    }
    press(app, ":hist");
    app_key(app, KEY_RETURN);
    assert_string_equal(app_screen(app)->ops->name, "History");
    assert_false(app->quit);
    press(app, "q");
    assert_true(app->quit);
    app_free(app);
}

/* Back returns to the same row. */
static void test_back_stack(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, false, false);
    fixture_history(app);
    app_history_changed(app);
    press(app, "jj");
    app_key(app, KEY_RETURN);
    assert_string_equal(app_screen(app)->ops->name, "Run");
    assert_shows(app, "History › Run 58");
    press(app, "?");
    assert_shows(app, "History › Run 58 › Help");
    app_key(app, KEY_ERASE);
    app_key(app, KEY_ESCAPE);
    assert_int_equal(app->depth, 0);
    assert_shows(app, "▸     58");
    app_key(app, KEY_ESCAPE); /* nowhere to go */
    assert_false(app->quit);
    assert_shows(app, "q leaves the workbench");
    for (int i = 0; i < 20; i++)
        app_key(app, KEY_RETURN); /* opening again and again is no way to run out of room */
    assert_true(app->depth <= APP_MAX_DEPTH);
    app_free(app);
}

/* q closes what is open, and leaves on a main screen; Q leaves from anywhere; < goes back, - to the
 * main screen before. */
static void test_close_and_leave(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "?");
    assert_shows(app, "q close");
    press(app, "q");
    assert_false(app->quit);
    assert_int_equal(app->depth, 0);
    assert_shows(app, "q quit");
    press(app, "?<");
    assert_int_equal(app->depth, 0);
    press(app, "28-");
    assert_string_equal(app_screen(app)->ops->name, "Calibrate");
    press(app, "-");
    assert_string_equal(app_screen(app)->ops->name, "Messages");
    press(app, "?Q");
    assert_true(app->quit);
    app_free(app);
}

/* What takes long says how long. */
static void test_loading_is_told(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, false, true);
    char *text = screen_text(app, 24, 80);
    assert_null(strstr(text, "loading"));
    free(text);
    assert_true(app_needs_ticks(app));
    app->now_ms += 3200;
    assert_shows(app, "loading 3 s");
    app_model_loaded(app, fixture_model(false));
    text = screen_text(app, 24, 80);
    assert_null(strstr(text, "loading"));
    free(text);
    app_free(app);
}

static void test_levels(void **state)
{
    (void)state;
    FakeHost fake;
    char folder[64];
    App *app = ready_app(&fake);
    app_message(app, MESSAGE_INFO, "small talk");
    app_message(app, MESSAGE_WARNING, "beware");
    app_message(app, MESSAGE_ERROR, "the disk burns");
    press(app, "8L");
    assert_shows(app, "warnings and errors");
    assert_hides(app, "small talk");
    assert_shows(app, "beware");
    press(app, "L");
    assert_hides(app, "beware");
    assert_shows(app, "the disk burns");
    press(app, "L");
    assert_shows(app, "small talk");
    press(app, "r");
    fixture_folder(folder);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    press(app, "9");
    assert_shows(app, "import started");
    press(app, "L");
    assert_hides(app, "import started");
    assert_shows(app, "ghdl-llvm -a");
    press(app, "L");
    assert_hides(app, "ghdl-llvm -a");
    assert_shows(app, "signal 9");
    assert_int_equal(fs_remove_tree(folder), OK);
    app_free(app);
}

static void test_panes(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "4r");
    fixture_climb(app);
    assert_shows(app, "float network");
    assert_shows(app, "accuracy while training");
    press(app, "+");
    assert_hides(app, "accuracy while training");
    press(app, "+");
    assert_hides(app, "float network");
    assert_shows(app, "accuracy while training");
    press(app, "34");
    assert_shows(app, "float network");
    app_free(app);
}

static void test_unknown_key(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "x");
    assert_shows(app, "x does nothing here; ? shows the keys");
    app_key(app, KEY_UNNAMED);
    press(app, ":nonsense");
    app_key(app, KEY_RETURN);
    assert_shows(app, "no action is called \"nonsense\"");
    app_free(app);
}

static void test_search(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "/flat");
    app_key(app, KEY_RETURN);
    assert_shows(app, "▸ flatten");
    press(app, "/lstm");
    app_key(app, KEY_RETURN);
    assert_shows(app, "nothing here contains \"lstm\"");
    press(app, "/q"); /* a letter in the prompt is a letter */
    assert_false(app->quit);
    app_key(app, KEY_ESCAPE);
    assert_false(app->prompt.open);
    app_free(app);
}

static void test_run_from_key_to_result(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    assert_int_equal(fake.started, 1);
    assert_shows(app, "running");
    press(app, "r"); /* one at a time: the next one waits */
    assert_int_equal(fake.started, 1);
    assert_shows(app, "it waits for its turn");
    fixture_run_events(app);
    messages_acknowledge(&app->messages);
    assert_true(app_needs_ticks(app));
    assert_shows(app, "412 of 1,000 images");
    press(app, "1"); /* the run screen tells it itself */
    assert_shows(app, "run 7: simulate ");
    press(app, "3");
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
    assert_shows(app, "run 7 is over: ok");
    assert_shows(app, "bit exact: 10,000 values of 1,000 images");
    assert_shows(app, "3.98x");
    app_engine_gone(app, "");
    assert_int_equal(app->run.status, RUN_OK);
    app->now_ms += MESSAGE_SHOWN_MS;
    assert_false(app_needs_ticks(app)); /* nothing moves: nothing wakes up */
    app_free(app);
}

/* What is left is told once it was told much the same twice, and not when it jumps. */
static void test_time_left(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_run_events(app); /* 41% when the stage began: too early to tell */
    assert_true(isnan(run_view_left(&app->run, app->now_ms)));
    Event progress = {.kind = EVENT_PROGRESS, .stage = STAGE_SIMULATE, .fraction = 0.5};
    fixture_event(app, progress);
    app->now_ms += 2500;
    progress.fraction = 0.6;
    fixture_event(app, progress);
    double left = run_view_left(&app->run, app->now_ms);
    assert_true(left > 9 && left < 11);
    messages_acknowledge(&app->messages);
    assert_shows(app, " left");
    progress.fraction = 0.95; /* a jump */
    fixture_event(app, progress);
    assert_true(isnan(run_view_left(&app->run, app->now_ms)));
    app_free(app);
}

static void test_start_fails(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    fake.refuse = true;
    press(app, "r");
    assert_shows(app, "error: no engine today");
    assert_false(run_view_active(&app->run));
    app_free(app);
}

static void test_engine_dies(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_run_events(app);
    app_engine_gone(app, "the engine was killed by signal 9");
    assert_int_equal(app->run.status, RUN_INTERRUPTED);
    assert_shows(app, "killed by signal 9");
    app_free(app);
}

static void test_cancel(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "c");
    assert_shows(app, "no run is going on");
    press(app, "r");
    fixture_run_events(app);
    press(app, "ccc"); /* the key that asks cannot answer */
    assert_true(app->dialog.open);
    assert_int_equal(fake.forgotten, 1);
    app_key(app, KEY_RETURN);
    assert_int_equal(fake.cancelled, -1);
    press(app, "cy");
    assert_int_equal(fake.cancelled, 7);
    assert_shows(app, "cancelling the run");
    app_free(app);
}

static void test_quit_while_running(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_run_events(app);
    press(app, "q");
    assert_false(app->quit);
    assert_shows(app, "it goes on in the background");
    press(app, "s");
    assert_false(app->dialog.open);
    assert_false(app->quit);
    press(app, "ql");
    assert_true(app->quit);
    assert_int_equal(fake.cancelled, -1);
    app->quit = false;
    press(app, "qx");
    assert_true(app->quit);
    assert_int_equal(fake.cancelled, 7);
    app_free(app);
}

/* A run that has no row yet could not be found by the next workbench, which would begin another. */
static void test_quit_while_starting(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "rql");
    assert_false(app->quit);
    fixture_run_events(app);
    assert_true(app->quit);
    app_free(app);
    app = ready_app(&fake);
    press(app, "rql");
    app_engine_gone(app, "it is dead");
    assert_true(app->quit);
    app_free(app);
}

static void test_readonly(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    app->settings.readonly = true;
    press(app, "r");
    assert_int_equal(fake.started, 0);
    assert_shows(app, "--readonly");
    fake.record = fixture_record(59, RUN_RUNNING);
    fixture_history(app);
    app_history_changed(app);
    press(app, "qx"); /* no such choice */
    assert_false(app->quit);
    assert_int_equal(fake.cancelled, -1);
    app_free(app);
}

/* A run of another process shows by itself, moves, and ends. */
static void test_follows_other_process(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    StageRecord import = {"import", "ok", FIXTURE_NOW_MS - 5000, FIXTURE_NOW_MS - 4000, NULL};
    StageRecord baseline = {"baseline", "running", FIXTURE_NOW_MS - 4000, 0, NULL};
    fake.record = fixture_record(59, RUN_RUNNING);
    fake.record.stage = "baseline";
    fake.record.progress = 0.25;
    fake.record.progress_text = "2,500 of 10,000";
    fake.stages[0] = import;
    fake.stages[1] = baseline;
    fake.stage_count = 2;
    fixture_put(app, &fake.record);
    app_history_changed(app);
    press(app, "3");
    assert_shows(app, "2,500 of 10,000");
    press(app, "7");
    assert_shows(app, "baseline 25%");
    app_key(app, KEY_RETURN); /* the same run, pushed by the history, is live too */
    fake.record.progress_text = "5,000 of 10,000";
    app_history_changed(app);
    assert_shows(app, "5,000 of 10,000");
    fake.record.status = RUN_OK;
    fake.stage_count = 1;
    fixture_put(app, &fake.record);
    app_history_changed(app);
    assert_shows(app, "run 59 is over: ok");
    assert_false(run_view_active(&app->run));
    app_free(app);
}

/* The last run of this model is there when the workbench opens. */
static void test_shows_last_result(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    RunRecord other = fixture_record(9, RUN_OK), same = fixture_record(8, RUN_OK);
    other.model_path = "elsewhere/other.h5";
    fixture_put(app, &other);
    fixture_put(app, &same);
    app_history_changed(app);
    assert_int_equal(app->run.id, 8);
    app_free(app);
}

static void test_ports(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    app_key(app, KEY_CTRL_L);
    app_key(app, KEY_CTRL_Z);
    assert_int_equal(fake.repainted, 1);
    assert_int_equal(fake.suspended, 1);
    app_free(app);
}

/* The record of a finished run and its events tell the same. */
static void test_record_and_events_agree(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_run_events(app);
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_STAGE,
                               .stage = STAGE_SIMULATE,
                               .state = STAGE_FINISHED,
                               .seconds = 16.5});
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    RunRecord record = fixture_record(7, RUN_OK);
    record.created_ms = app->run.created_ms;
    record.finished_ms = app->run.finished_ms;
    char *text = report_format(report, false);
    record.report = text;
    StageRecord stages[STAGES];
    for (int i = 0; i < STAGES; i++)
        stages[i] = (StageRecord){.name = stage_word((RunStage)i),
                                  .status = "ok",
                                  .started_ms = FIXTURE_NOW_MS,
                                  .finished_ms = FIXTURE_NOW_MS +
                                                 (i == STAGE_SIMULATE ? 16500 : 500 + 1000 * i)};
    app->now_ms += MESSAGE_SHOWN_MS;
    char *live = screen_text(app, 24, 80);
    run_view_free(&app->run);
    app->run = run_view_of_record(&record, stages, STAGES);
    char *stored = screen_text(app, 24, 80);
    assert_string_equal(live, stored);
    free(live);
    free(stored);
    free(text);
    json_decref(report);
    app_free(app);
}

/* ---- calibrate ------------------------------------------------------------------------------- */

static App *tuned_app(FakeHost *fake)
{
    App *app = ready_app(fake);
    fixture_tuning(app);
    return app;
}

static void test_observing(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    assert_int_equal(fake.observed, 0); /* nobody asked to see the tensors */
    press(app, "2");
    assert_int_equal(fake.observed, 1);
    assert_true(app_needs_ticks(app));
    app_observation_event(app, &(Event){.kind = EVENT_PROGRESS, .fraction = 0.45, .text = ""});
    assert_shows(app, "Looking at calibration images");
    assert_shows(app, "45%");
    press(app, "o"); /* goes on already */
    assert_int_equal(fake.observed, 1);
    app_observation_gone(app, "the engine was killed by signal 9");
    assert_shows(app, "killed by signal 9");
    press(app, "h");
    assert_shows(app, "nothing was seen of the activations yet");
    press(app, "12");
    assert_int_equal(fake.observed, 1); /* it failed: once is enough */
    fake.refuse = true;
    press(app, "o");
    assert_int_equal(fake.observed, 2);
    assert_shows(app, "no engine today");
    fake.refuse = false;
    fixture_observed(app);
    assert_shows(app, "minmax");
    app_free(app);
}

static void test_edits(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    press(app, "2");
    fixture_observed(app);
    press(app, "j");
    double clip = tuning_preview(app->tuning, 1, TENSOR_OUTPUTS).clip;
    press(app, "{{{");
    assert_true(tuning_preview(app->tuning, 1, TENSOR_OUTPUTS).clip < 0.9 * clip);
    assert_shows(app, "before");
    assert_int_equal(fake.saved, 0);
    press(app, "j"); /* going on makes it one step */
    assert_int_equal(fake.saved, 1);
    assert_shows(app, "1 edit");
    press(app, "[\t[[[");
    app_key(app, KEY_RETURN);
    assert_int_equal(tuning_choice(app->tuning, 2)->activation_bits, 7);
    assert_int_equal(tuning_choice(app->tuning, 2)->weight_bits, 5);
    press(app, "uu");
    assert_shows(app, "undone: conv_1: clip");
    assert_int_equal(tuning_differences(app->tuning, NULL), 0);
    press(app, "u");
    assert_shows(app, "nothing was changed");
    press(app, "UU");
    assert_int_equal(tuning_choice(app->tuning, 2)->weight_bits, 5);
    press(app, "R");
    assert_int_equal(tuning_differences(app->tuning, NULL), 0);
    press(app, "u");
    assert_int_equal(tuning_choice(app->tuning, 2)->weight_bits, 5);
    app_free(app);
}

static void test_marks(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    press(app, "2j  ");
    assert_shows(app, "2 marked");
    press(app, "p\t]");
    for (int row = 1; row <= 2; row++) {
        assert_int_equal(tuning_choice(app->tuning, row)->granularity, PER_CHANNEL);
        assert_int_equal(tuning_choice(app->tuning, row)->weight_bits, 9);
    }
    assert_int_equal(tuning_choice(app->tuning, 3)->granularity, PER_TENSOR);
    press(app, "Pjjj");
    app_key(app, KEY_RETURN);
    assert_string_equal(app_screen(app)->ops->name, "Calibrate");
    assert_int_equal(tuning_choice(app->tuning, 1)->weight_bits, 6);
    assert_int_equal(tuning_choice(app->tuning, 3)->weight_bits, 8);
    press(app, "u");
    assert_int_equal(tuning_choice(app->tuning, 1)->weight_bits, 9);
    press(app, "**gf"); /* the input cannot float: the others do */
    assert_true(tuning_choice(app->tuning, 1)->is_float);
    assert_false(tuning_choice(app->tuning, 0)->is_float);
    press(app, "*gf");
    assert_shows(app, "only convolutions and dense layers");
    app_free(app);
}

static void test_compare(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    press(app, "2");
    fixture_observed(app);
    press(app, "jX");
    assert_shows(app, "nothing is compared");
    press(app, "xxx");
    assert_shows(app, "right");
    press(app, "X");
    assert_string_equal(tuning_choice(app->tuning, 1)->calibrator->name, "mse");
    for (int i = 0; calibrator_at(i); i++)
        press(app, "x");
    press(app, "xxxx");
    app_free(app);
}

static void test_scheme_files(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    char path[] = "/tmp/dnn2fpga-scheme-XXXXXX", command[64];
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    press(app, "2j[[w"); /* the key asks for the file's name */
    assert_true(app->prompt.open);
    press(app, path);
    app_key(app, KEY_RETURN);
    assert_shows(app, "the choices are in /tmp/");
    press(app, "R");
    snprintf(command, sizeof command, ":read-scheme %s", path);
    press(app, command);
    app_key(app, KEY_RETURN);
    assert_int_equal(tuning_choice(app->tuning, 1)->activation_bits, 6);
    press(app, ":read-scheme /nonexistent");
    app_key(app, KEY_RETURN);
    assert_shows(app, "error: /nonexistent");
    press(app, ":model now");
    app_key(app, KEY_RETURN);
    assert_shows(app, "model takes no more words");
    remove(path);
    app_free(app);
}

/* Nothing to choose for: each key says so. */
static void test_calibrate_without_a_model(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, false, false);
    press(app, "2");
    assert_shows(app, "No model.");
    for (const char *key = "mMab[]pfx*uUPXowLR{}"; *key; key++) {
        app_key(app, *key);
        app_key(app, KEY_ESCAPE);
    }
    press(app, "m");
    assert_shows(app, "there is no model to choose for");
    app_free(app);
}

/* ---- ladder ---------------------------------------------------------------------------------- */

static void enter(App *app, const char *text)
{
    press(app, text);
    app_key(app, KEY_RETURN);
}

static void test_wishes_for_the_next_run(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "4t"); /* the key asks */
    enter(app, "0.97");
    assert_true(app->settings.run.target_accuracy == 0.97);
    enter(app, "d0.02");
    assert_true(app->settings.run.max_drop == 0.02);
    enter(app, "t1.5");
    assert_shows(app, "1.5 is no fraction");
    assert_true(app->settings.run.target_accuracy == 0.97);
    enter(app, "tnone");
    assert_true(isnan(app->settings.run.target_accuracy));
    enter(app, "e3");
    enter(app, "ex");
    assert_int_equal(app->settings.run.qat_epochs, 3);
    press(app, "y");
    assert_string_equal(app->settings.run.policy, "sensitivity");
    assert_shows(app, "policy sensitivity, 3 epochs");
    app_free(app);
}

static void test_steering(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "4p");
    assert_shows(app, "no run is going on");
    press(app, "r");
    assert_string_equal(app_screen(app)->ops->name, "Ladder"); /* it shows the run, too */
    press(app, "n");
    assert_shows(app, "no rung is being tried");
    fixture_climb(app);
    press(app, "n");
    assert_int_equal(fake.wish, STEER_END_STEP);
    press(app, "s");
    assert_int_equal(fake.wish, STEER_FINISH);
    press(app, "p");
    assert_int_equal(fake.wish, STEER_PAUSE);
    assert_shows(app, "paused");
    press(app, "p");
    assert_int_equal(fake.wish, STEER_CONTINUE);
    press(app, "u");
    assert_shows(app, "the run is going on");
    app_engine_gone(app, "the engine was killed by signal 9");
    press(app, "p");
    assert_shows(app, "no run is going on");
    press(app, "u");
    assert_int_equal(fake.resumed, 7);
    assert_true(run_view_active(&app->run));
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = NULL});
    press(app, "u");
    assert_shows(app, "the run came to its end");
    app_free(app);
}

/* Whoever started a run: what is asked of it is the same, and every workbench sees that it waits. */
static void test_steering_of_others(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    fake.record = fixture_record(9, RUN_RUNNING);
    fake.record.paused = true;
    fixture_put(app, &fake.record);
    app_history_changed(app);
    press(app, "3");
    assert_false(app->run_is_ours);
    assert_shows(app, "paused");
    press(app, "p");
    assert_int_equal(fake.wish, STEER_CONTINUE);
    assert_false(app->run.paused);
    assert_shows(app, "running");
    app_free(app);
}

/* Clicks the first place where the text stands. */
static void click_on(App *app, const char *text)
{
    Canvas *canvas = canvas_new(24, 80, true);
    Buffer lines = {0};
    int row = 0;
    app_draw(app, canvas);
    canvas_dump(canvas, &lines);
    char *rest = lines.data, *line, *found = NULL;
    for (; (line = strsep(&rest, "\n")) && !(found = strstr(line, text)); row++)
        continue;
    assert_non_null(found);
    app_click(app, canvas, row, (int)(found - line));
    buffer_free(&lines);
    canvas_free(canvas);
}

static void test_clicks(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    app_model_loaded(app, fixture_model(false));
    click_on(app, "ziffern");
    assert_shows(app, "5 of 5");
    click_on(app, "conv2d ");
    assert_shows(app, "2 of 5");
    click_on(app, "MACs"); /* sorted by it, and again the other way round */
    assert_shows(app, "MACs^");
    click_on(app, "MACs");
    assert_shows(app, "MACsv");
    click_on(app, "Runs");
    assert_int_equal(app->root, ROOT_HISTORY);
    click_on(app, "? help");
    assert_shows(app, "On the screen History");
    press(app, "r");
    click_on(app, "c cancel");
    assert_shows(app, "Cancel the run?");
    click_on(app, "1 Model"); /* a question first */
    assert_true(app->dialog.open);
    click_on(app, "cancel it");
    assert_int_equal(fake.cancelled, 0);
    assert_false(app->dialog.open);
    app_free(app);
}

/* Theme, mouse and snapshot: asked of the terminal, and of a file. */
static void test_settings(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    press(app, ":theme\r"); /* asks which */
    assert_shows(app, "\n:theme    default light dark");
    press(app, "light\r");
    assert_int_equal(fake.theme, THEME_LIGHT);
    press(app, ":theme pink\r");
    assert_shows(app, "no theme is called \"pink\"; the themes are: default light");
    assert_int_equal(app->settings.theme, THEME_LIGHT);
    press(app, ":mouse\r");
    assert_true(fake.mouse);
    press(app, ":save-settings\r");
    assert_int_equal(fake.settings_saved, 1);
    assert_shows(app, "saved: theme light, mouse on");
    press(app, "7`"); /* there and back */
    assert_int_equal(app->root, ROOT_MODEL);
    app_key(app, '`');
    assert_int_equal(app->root, ROOT_HISTORY);
    app_key(app, KEY_FUNCTION_1);
    assert_shows(app, "On the screen History");
    app_free(app);
}

static void test_zoom(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    app_model_loaded(app, fixture_model(false));
    press(app, "O");
    char *text = screen_text(app, 24, 80);
    assert_memory_equal(text, "  layer ", 8); /* from the first row on */
    assert_null(strstr(text, "1 Model"));
    assert_null(strstr(text, "q quit"));
    free(text);
    press(app, ":");
    assert_shows(app, "\n:"); /* the prompt has its row */
    app_key(app, KEY_ESCAPE);
    press(app, "O");
    assert_shows(app, "q quit");
    app_free(app);
}

static void test_snapshot(void **state)
{
    (void)state;
    FakeHost fake;
    char folder[] = "/tmp/dnn2fpga-snapshot-XXXXXX", path[64], command[96];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/screen", folder);
    snprintf(command, sizeof command, ":snapshot %s\r", path);
    App *app = fixture_app(&fake, true, true);
    app_model_loaded(app, fixture_model(false));
    press(app, command);
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 1 << 16, &text), OK);
    char *shown = screen_text(app, 24, 80);
    assert_string_equal(text.data, shown);
    free(shown);
    press(app, ":snapshot /nowhere/at/all\r");
    assert_shows(app, "error: ");
    assert_int_equal(fs_remove_tree(folder), OK);
    buffer_free(&text);
    app_free(app);
}

static void test_readonly_keeps_the_file(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    app->settings.readonly = true;
    press(app, ":save-settings\r");
    assert_int_equal(fake.settings_saved, 0);
    assert_shows(app, "started with --readonly");
    app_free(app);
}

/* A run that was opened is what the other screens are about, until one goes on. */
static void test_an_opened_run_is_shown(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    fixture_history(app);
    fake.record = fixture_record(58, RUN_OK);
    press(app, "7jj");
    app_key(app, KEY_RETURN);
    press(app, "4");
    assert_shows(app, "Ladder of run 58");
    press(app, "9");
    assert_shows(app, "Log of run 58");
    press(app, "r");
    fixture_climb(app);
    press(app, "7k");
    app_key(app, KEY_RETURN);
    press(app, "4");
    assert_shows(app, "Ladder of run 7");
    app_free(app);
}

/* ---- hardware -------------------------------------------------------------------------------- */

static void test_foldings(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "5M");
    assert_shows(app, "there is no design yet");
    press(app, "v");
    assert_shows(app, "no VHDL was written yet");
    press(app, "r");
    fixture_design(app);
    press(app, "jM");
    assert_int_equal(app->settings.run.fold_count, 1);
    assert_string_equal(app->settings.run.folds[0].layer, "conv_2");
    assert_int_equal(app->settings.run.folds[0].simd, 54);
    press(app, "MP");
    assert_int_equal(app->settings.run.fold_count, 1);
    assert_int_equal(app->settings.run.folds[0].simd, 36);
    assert_int_equal(app->settings.run.folds[0].pe, 6);
    press(app, "jM"); /* a pool */
    assert_shows(app, "this stage does not fold");
    press(app, "a");
    assert_int_equal(app->settings.run.folds[0].simd, 108);
    press(app, "a");
    assert_shows(app, "nothing was changed");
    enter(app, "t250");
    assert_true(app->settings.run.clock_mhz == 250);
    assert_shows(app, "at 250 MHz");
    enter(app, "t0");
    assert_shows(app, "0 is no clock");
    app_free(app);
}

/* A rate chooses all foldings, for the screen and for the next run; what is impossible says why. */
static void test_balance(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "5");
    press(app, "b");
    assert_shows(app, "there is no design yet");
    press(app, "r");
    fixture_design(app);
    assert_shows(app, "d chooses one");
    enter(app, "b2000");
    assert_shows(app, "slowest stage");
    assert_true(app->settings.run.fold_count > 1);
    int count = app->settings.run.fold_count;
    enter(app, "b1e9 hx8k");
    enter(app, "b-5");
    assert_shows(app, "-5 is no rate");
    enter(app, "bnothing");
    assert_shows(app, "nothing");
    assert_int_equal(app->settings.run.fold_count, count);
    enter(app, ":device ECP5-25");
    assert_shows(app, "ecp5-25 ");
    enter(app, ":device hx9k");
    assert_shows(app, "hx9k");
    assert_shows(app, "LUT");
    press(app, "a");
    app_free(app);
}

static void finish_work(App *app, FakeHost *fake)
{
    const Work work = fake->held;
    fake->held = (Work){0};
    work.run(work.task);
    app_work_done(app, &work);
}

/* What takes long is done elsewhere: the old stays until the new is there, keys are obeyed. */
static void test_long_work(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    press(app, "2");
    fixture_observed(app);
    press(app, "jj");
    free(screen_text(app, 24, 80));
    assert_false(app_busy(app));
    fake.holds_work = true;
    press(app, "m"); /* another calibration */
    free(screen_text(app, 24, 80));
    assert_non_null(fake.held.run);
    assert_true(app_busy(app));
    app->now_ms += 400;
    assert_shows(app, "working it out");
    press(app, "p"); /* meanwhile: what comes is of the choice that it was asked for */
    finish_work(app, &fake);
    free(screen_text(app, 24, 80));
    assert_non_null(fake.held.run); /* the next one is asked for */
    while (fake.held.run) {
        finish_work(app, &fake);
        free(screen_text(app, 24, 80));
    }
    assert_false(app_busy(app));
    app_free(app);
}

/* Foldings are found elsewhere: meanwhile those on the screen are not touched. */
static void test_long_balance(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_design(app);
    fake.holds_work = true;
    enter(app, "b2000");
    assert_shows(app, "being chosen");
    press(app, "p");
    assert_shows(app, "foldings are being chosen");
    assert_int_equal(app->settings.run.fold_count, 0);
    finish_work(app, &fake);
    assert_shows(app, "slowest stage");
    assert_true(app->settings.run.fold_count > 1);
    app_free(app);
}

/* Waveforms open where there are some and a window is possible; the key says why not. */
static void test_waves(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "5w");
    assert_shows(app, "keeps no waveforms");
    json_t *report = json_pack("{s:{s:b, s:s}}", "hardware", "bit_exact", 0, "wave", "/runs/7.ghw");
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = ERR_UNMET, .json = report});
    json_decref(report);
    app->settings.no_viewer = "no display today";
    press(app, "w");
    assert_shows(app, "no display today");
    assert_string_equal(fake.wave, "");
    app->settings.no_viewer = NULL;
    fake.refuse = true;
    press(app, "w");
    assert_shows(app, "no window today");
    fake.refuse = false;
    press(app, "w");
    assert_string_equal(fake.wave, "/runs/7.ghw");
    press(app, "w");
    assert_shows(app, "open already");
    app_viewer_closed(app, "gtkwave: exit status 3");
    assert_shows(app, "exit status 3");
    press(app, "w");
    assert_true(app->viewing);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foldings),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_long_work),
        cmocka_unit_test(test_long_balance),
        cmocka_unit_test(test_waves),
        cmocka_unit_test(test_an_opened_run_is_shown),
        cmocka_unit_test(test_wishes_for_the_next_run),
        cmocka_unit_test(test_steering),
        cmocka_unit_test(test_steering_of_others),
        cmocka_unit_test(test_clicks),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_zoom),
        cmocka_unit_test(test_readonly_keeps_the_file),
        cmocka_unit_test(test_observing),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_scheme_files),
        cmocka_unit_test(test_calibrate_without_a_model),
        cmocka_unit_test(test_main_screens),
        cmocka_unit_test(test_back_stack),
        cmocka_unit_test(test_close_and_leave),
        cmocka_unit_test(test_loading_is_told),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_panes),
        cmocka_unit_test(test_unknown_key),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_run_from_key_to_result),
        cmocka_unit_test(test_time_left),
        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_engine_dies),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_quit_while_running),
        cmocka_unit_test(test_quit_while_starting),
        cmocka_unit_test(test_readonly),
        cmocka_unit_test(test_follows_other_process),
        cmocka_unit_test(test_shows_last_result),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_record_and_events_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
