/* What is done beside the keys: work off the thread, windows of others. */
#include "ready.h"

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

static void show_run(App *app, int64_t run, const char *folder)
{
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = run, .folder = folder});
    free(screen_text(app, 24, 80));
}

/* The design of a run is read elsewhere; what comes for a run that is no more shown is dropped. */
static void test_long_reading(void **state)
{
    (void)state;
    FakeHost fake;
    char folder[] = "/tmp/dnn2fpga-reading-XXXXXX", file[64];
    App *app = ready_app(&fake);
    press(app, "r");
    fixture_design(app);
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/description", folder);
    assert_int_equal(fs_write_atomic(file, "none", 4), OK);
    fake.holds_work = true;
    show_run(app, 8, folder);
    assert_true(app_busy(app));
    assert_shows(app, "The description is being read");
    press(app, "p");
    assert_shows(app, "the description is being read");
    show_run(app, 9, folder);
    finish_work(app, &fake);
    free(screen_text(app, 24, 80));
    assert_non_null(fake.held.run); /* now that of run 9 */
    finish_work(app, &fake);
    assert_shows(app, "The design is known once");
    assert_shows(app, file); /* the message: it is no description */
    assert_false(app_busy(app));
    app_free(app);
    assert_int_equal(fs_remove_tree(folder), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_work),
        cmocka_unit_test(test_long_balance),
        cmocka_unit_test(test_long_reading),
        cmocka_unit_test(test_waves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
