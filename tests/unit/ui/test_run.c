/* The run screen: what it says of a run's figures, and the tail of its log. */
#include "fixture.h"

static App *running_app(FakeHost *fake)
{
    App *app = fixture_app(fake, false, true);
    app_model_loaded(app, fixture_model(false));
    press(app, "r");
    return app;
}

/* The accuracy of the hardware is said to be of fewer images, where it is. */
static void test_remark_on_images(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = running_app(&fake);
    fixture_run_events(app);
    assert_hides(app, "images simulated");
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    assert_shows(app, "hardware: accuracy of the 1,000 images simulated");
    json_object_set_new(json_object_get(report, "hardware"), "images", json_integer(10000));
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    assert_shows(app, "10,000 values of 10,000 images");
    assert_hides(app, "images simulated");
    json_decref(report);
    app_free(app);
}

static bool shows_at(App *app, int rows, const char *wanted)
{
    char *text = screen_text(app, rows, 100);
    bool shown = strstr(text, wanted) != NULL;
    free(text);
    return shown;
}

static void append_log(const char *folder, const char *line)
{
    char path[128];
    snprintf(path, sizeof path, "%s/run.log", folder);
    FILE *log = fopen(path, "ae");
    assert_non_null(log);
    assert_true(fprintf(log, "2026-03-04T05:06:14Z %s\n", line) > 0);
    assert_int_equal(fclose(log), 0);
}

/* While the run goes on, too, but not where fewer than six rows are free. */
static void test_tail_of_the_log(void **state)
{
    enum { FIGURE_ROWS = 19, ROWS_AROUND = 4, ENOUGH = FIGURE_ROWS + ROWS_AROUND + 6 };
    (void)state;
    FakeHost fake;
    char folder[64], heading[96];
    App *app = running_app(&fake);
    fixture_folder(folder);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    assert_true(shows_at(app, ENOUGH, "simulate failed"));
    append_log(folder, "going on");
    assert_true(shows_at(app, ENOUGH, "going on"));
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    assert_false(shows_at(app, ENOUGH - 1, "simulate failed"));
    assert_true(shows_at(app, ENOUGH, "05:06:13Z simulate failed, 4.909 s"));
    snprintf(heading, sizeof heading, "─ log, in %s ─", folder);
    assert_true(shows_at(app, ENOUGH, heading));
    assert_false(shows_at(app, ENOUGH, "import finished"));
    assert_true(shows_at(app, ENOUGH + 4, "import started"));
    append_log(folder, "package written"); /* by a verb, later */
    assert_true(shows_at(app, ENOUGH, "package written"));
    assert_int_equal(fs_remove_tree(folder), OK);
    assert_true(shows_at(app, ENOUGH, "package written")); /* it is not read for each frame */
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 8, .folder = folder});
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    assert_false(shows_at(app, ENOUGH, "package written")); /* another run, without a log */
    json_decref(report);
    app_free(app);
}

/* Paths of the run's folder are short there, and the whole command is in the log. */
static void test_paths_of_the_tail(void **state)
{
    (void)state;
    FakeHost fake;
    char folder[64], line[512];
    App *app = running_app(&fake);
    fixture_folder(folder);
    snprintf(line, sizeof line, "$ cd %s && ghdl -a %s/hdl/a.vhd %s-other/b.vhd", folder, folder,
             folder);
    append_log(folder, line);
    snprintf(line, sizeof line, "$ first %0*d last", 150, 0);
    append_log(folder, line);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    snprintf(line, sizeof line, "$ cd . && ghdl -a hdl/a.vhd %s-other/b.vhd", folder);
    assert_true(shows_at(app, 40, line));
    assert_true(shows_at(app, 40, "$ first 000"));
    assert_true(shows_at(app, 40, "0…0"));
    assert_true(shows_at(app, 40, "00 last\n"));
    press(app, "9");
    snprintf(line, sizeof line, "ghdl -a %s/hdl/a.vhd", folder);
    assert_true(shows_at(app, 40, line));
    assert_int_equal(fs_remove_tree(folder), OK);
    app_free(app);
}

/* What the stages of the run before took, and of several where there is room. */
static void test_earlier_runs(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, false, true);
    RunRecord other = fixture_record(5, RUN_OK), before = fixture_record(3, RUN_OK);
    other.model_path = "samples/another.h5";
    fixture_put(app, &other);
    fixture_put(app, &before);
    before.id = 4;
    fixture_put(app, &before);
    fixture_stage(3, STAGE_IMPORT, 77.5);
    fixture_stage(4, STAGE_IMPORT, 2.25);
    fixture_stage(5, STAGE_IMPORT, 9.75);
    app_model_loaded(app, fixture_model(false));
    press(app, "r");
    fixture_run_events(app);
    assert_shows(app, "0.5 s  was 2.2 s");
    assert_hides(app, "1:17");
    char *wide = screen_text(app, 30, 160);
    assert_non_null(strstr(wide, "  run 4      run 3\n"));
    assert_non_null(strstr(wide, "  2.2 s       1:17\n"));
    assert_null(strstr(wide, "9.8 s"));
    free(wide);
    app_free(app);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remark_on_images),
        cmocka_unit_test(test_tail_of_the_log),
        cmocka_unit_test(test_paths_of_the_tail),
        cmocka_unit_test(test_earlier_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
