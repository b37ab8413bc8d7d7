/* Runs as keys begin, steer and end them, and as their events and records show them. */
#include "ready.h"

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
    StageRecord import = {"import", "ok", FIXTURE_NOW_MS - 5000, FIXTURE_NOW_MS - 4000, NULL, NULL};
    StageRecord baseline = {"baseline", "running", FIXTURE_NOW_MS - 4000, 0, NULL, NULL};
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

/* The ladder of a run that another program does, as its rows tell of it. */
static void test_climb_of_others(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    app->settings.run.target_accuracy = 0.97;
    press(app, "r");
    fixture_climb(app);
    press(app, "4");
    app->now_ms += MESSAGE_SHOWN_MS;
    char *live = screen_text(app, 24, 80);
    assert_shows(app, "epoch 3 of 8 done");
    assert_shows(app, "2 rungs tried");
    const json_t *report = app->run.report;
    json_t *found = json_pack("{s:O, s:O}", "ladder", json_object_get(report, "ladder"), "climb",
                              json_object_get(report, "climb"));
    char *text = report_format(found, false);
    RunRecord record = fixture_record(app->run.id, RUN_RUNNING);
    record.created_ms = app->run.created_ms;
    record.stage = "quantize";
    record.progress = app->run.stages[STAGE_QUANTIZE].fraction;
    record.progress_text = app->run.stages[STAGE_QUANTIZE].detail;
    char options[128];
    snprintf(options, sizeof options, "{\"target_accuracy\": %.17g, \"stop_after\": \"simulate\"}",
             app->run.target_accuracy);
    record.options = options;
    const StageRecord stages[] = {
        {.name = "baseline", .status = "ok", .figures = "{\"accuracy\": 0.9841}"},
        {.name = "quantize",
         .status = "running",
         .found = text,
         .started_ms = app->run.stages[STAGE_QUANTIZE].started_ms}};
    RunView own = app->run;
    app->run = run_view_of_record(&record, stages, 2);
    char *of_others = screen_text(app, 24, 80);
    assert_string_equal(live, of_others);
    run_view_free(&own);
    free(live);
    free(of_others);
    free(text);
    json_decref(found);
    app_free(app);
}

static void test_reproduced(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 9, .folder = "/runs/9"});
    json_t *report = json_pack("{s:s, s:s, s:{s:i, s:b}}", "status", "unmet", "message",
                               "0.99 was asked for", "reproduced", "of", 7, "equal", 1);
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
    assert_int_equal(app->run.status, RUN_UNMET);
    assert_shows(app, "run 7 is reproduced by run 9: the hashes are equal");
    press(app, "8");
    assert_shows(app, "run 9 is over: unmet: 0.99 was asked for");
    app_free(app);
}

/* Of two workbenches that see a run's end, one begins what waits; for the other that is no fault. */
static void test_job_lost(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    RunOptions options = app->settings.run;
    app_job_begins(app, &options, 0);
    app_job_lost(app);
    assert_shows(app, "another program has begun it");
    assert_false(run_view_active(&app->run));
    app_engine_gone(app, "the engine ended");
    assert_false(app->run.known);
    press(app, "8");
    char *text = screen_text(app, 24, 80);
    assert_null(strstr(text, "did not start"));
    free(text);
    app_free(app);
}

/* A rung that the climb left out is not "needed" any more; the ones after it may be. */
static void test_rung_left_out(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    app->settings.run.target_accuracy = 0.97;
    press(app, "r");
    fixture_climb(app);
    json_t *rungs = json_deep_copy(report_at(app->run.report, "ladder"));
    assert_int_equal(json_array_remove(rungs, 1), 0);
    json_t *figures = json_pack("{s:o}", "ladder", rungs);
    fixture_event(app, (Event){.kind = EVENT_FIGURES, .stage = STAGE_QUANTIZE, .json = figures});
    json_decref(figures);
    press(app, "4");
    assert_shows(app, "epoch 3 of 8 done");
    assert_shows(app, "not tried");
    assert_shows(app, "if needed");
    app_free(app);
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

/* d on Synthesis takes the devices one by one, and none after the last; a name takes one at once. */
static void test_runs_are_synthesized_for_a_device(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    const RunOptions *next = &app->settings.run;
    press(app, "6");
    assert_shows(app, "next run: not synthesized");
    press(app, "d");
    assert_shows(app, "next run: synthesized for up5k");
    assert_int_equal(next->stop_after, STAGE_SYNTH);
    press(app, ":synthesize-for zynq-7020\r");
    assert_string_equal(next->device, "zynq-7020");
    press(app, "d");
    assert_shows(app, "next run: not synthesized");
    assert_null(next->device);
    assert_int_equal(next->stop_after, run_options_default().stop_after);
    press(app, ":synthesize-for lost\r");
    assert_shows(app, "no device 'lost'");
    assert_null(next->device);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_synthesized_for_a_device),
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
        cmocka_unit_test(test_an_opened_run_is_shown),
        cmocka_unit_test(test_record_and_events_agree),
        cmocka_unit_test(test_climb_of_others),
        cmocka_unit_test(test_rung_left_out),
        cmocka_unit_test(test_reproduced),
        cmocka_unit_test(test_job_lost),
        cmocka_unit_test(test_wishes_for_the_next_run),
        cmocka_unit_test(test_steering),
        cmocka_unit_test(test_steering_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
