/* The history screen by its keys: order, filter, marks, comparison, plot, notes, the bin. */
#include "fixture.h"

#include "ui/pareto.h"

static App *history_app(FakeHost *fake)
{
    App *app = fixture_app(fake, false, false);
    fixture_history(app);
    app_history_changed(app);
    return app;
}

static void enter(App *app, const char *keys)
{
    press(app, keys);
    app_key(app, KEY_RETURN);
}

static void test_order(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    assert_int_equal(history_sort(&app->history, HISTORY_ACCURACY, false), OK);
    assert_int_equal(app->history.ids[0], 58);
    assert_int_equal(app->history.ids[2], 60);
    assert_int_equal(history_sort(&app->history, HISTORY_ACCURACY, true), OK);
    assert_int_equal(app->history.ids[0], 60);
    assert_int_equal(app->history.ids[3], 57); /* unknown: last, newest first */
    assert_int_equal(history_sort(&app->history, HISTORY_STATUS, false), OK);
    assert_int_equal(app->history.ids[0], 56);
    assert_int_equal(history_sort(&app->history, -1, false), OK);
    assert_int_equal(app->history.ids[0], 60);
    app_free(app);
}

/* Every column can be sorted by, and the selection stays with its run. */
static void test_selection_follows_the_run(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "jj");
    for (int i = 0; i < HISTORY_COLUMNS; i++) {
        press(app, "s");
        assert_int_equal(app->history.sort_column, i);
        assert_shows(app, "▸     58");
        press(app, "S");
        assert_true(app->history.descending);
        assert_shows(app, "▸     58");
    }
    press(app, "s");
    assert_int_equal(app->history.sort_column, -1);
    app_free(app);
}

static void test_filter(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "\\unm");
    assert_shows(app, "filter \"unm\": 1");
    assert_shows(app, "58");
    assert_hides(app, "  60  ");
    app_key(app, KEY_RETURN);
    app_history_changed(app); /* it survives what others do */
    assert_hides(app, "  60  ");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "   60  ");
    press(app, "\\!unmet");
    assert_shows(app, "filter \"!unmet\": 5");
    assert_hides(app, "  58  ");
    app_key(app, KEY_ESCAPE); /* leaving the prompt takes the filter away, too */
    assert_shows(app, "   58  ");
    press(app, "\\nonsense");
    assert_shows(app, "No run matches \"nonsense\"");
    app_key(app, KEY_ESCAPE);
    enter(app, ":filter interrupted");
    assert_shows(app, "filter \"interrupted\": 1");
    app_free(app);
}

static void test_search(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    enter(app, "/cancelled");
    assert_shows(app, "▸     56");
    press(app, "n");
    assert_shows(app, "▸     56");
    enter(app, "/nowhere");
    assert_shows(app, "nothing here contains \"nowhere\"");
    app_free(app);
}

static void test_marks_and_comparison(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "x");
    assert_shows(app, "mark two runs or more");
    press(app, " j x");
    assert_shows(app, "History › Compare");
    assert_shows(app, "run 58");
    assert_shows(app, "* figures: quantized_accuracy");
    assert_shows(app, "0.98+"); /* the best one */
    assert_shows(app, "equal values left out");
    assert_hides(app, "seed");
    press(app, "=");
    enter(app, "/predicted_int");
    assert_shows(app, "figures: predicted_interval_cycles"); /* as wide as there is room for */
    enter(app, "/seed");
    assert_shows(app, "inputs: seed");
    press(app, "l");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "2 marked");
    press(app, "*");
    assert_hides(app, "marked");
    press(app, "*");
    assert_shows(app, "6 marked");
    app_free(app);
}

static void test_columns(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    assert_shows(app, "accuracy");
    assert_hides(app, "note");
    press(app, "llllllllllll"); /* further than there are columns */
    assert_shows(app, "note");
    assert_shows(app, "   60");
    press(app, "hhhhhhhhhhhhhhhhhhhh");
    press(app, "Cj ");
    app_key(app, KEY_ESCAPE);
    assert_hides(app, "when");
    press(app, "C "); /* the first one stays */
    assert_shows(app, "always shown");
    press(app, "j ");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "when");
    app_free(app);
}

static void test_notes_and_tags(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    enter(app, "efirst light");
    enter(app, "tboard demo");
    assert_shows(app, "note: first light");
    assert_shows(app, "tags: board demo");
    press(app, "e");
    assert_shows(app, ":note first light"); /* to go on with */
    enter(app, ", again");
    assert_shows(app, "note: first light, again");
    press(app, "e");
    app_key(app, KEY_ESCAPE);
    enter(app, ":note -");
    assert_hides(app, "note:");
    enter(app, ":tags bad,tag");
    assert_shows(app, "letters, digits and -_.:");
    enter(app, "\\demo");
    assert_shows(app, "filter \"demo\": 1");
    app_free(app);
}

static void test_bin(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "u");
    assert_shows(app, "nothing was deleted");
    press(app, "D");
    assert_shows(app, "1 run is in the bin; u brings it back");
    assert_int_equal(app->history.count, 5);
    press(app, "u");
    assert_int_equal(app->history.count, 6);
    press(app, "gj D");                     /* the running one, and the one below */
    assert_shows(app, "cannot be deleted"); /* runs are not thrown away while they run */
    press(app, "j D");
    press(app, "b");
    assert_shows(app, "History bin");
    int binned = app->history.count;
    assert_true(binned > 0);
    press(app, "D");
    assert_shows(app, "in the bin already");
    enter(app, ":undelete");
    assert_int_equal(app->history.count, binned - 1);
    press(app, "b");
    assert_int_equal(app->history.count, 6 - binned + 1);
    app->settings.readonly = true;
    press(app, "D");
    assert_shows(app, "--readonly");
    app_free(app);
}

/* Runs of others come in by themselves at the top, and do not move the list further down. */
static void test_new_runs(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    RunRecord record = fixture_record(61, RUN_OK);
    fixture_put(app, &record); /* loads the list: so say that it was not */
    app->history.newest = 60;
    assert_int_equal(history_update(&app->history), OK);
    app_history_changed(app);
    assert_shows(app, "▸     61");
    press(app, "jj");
    app->history.newest = 60;
    assert_int_equal(history_update(&app->history), OK);
    app_history_changed(app);
    assert_shows(app, "1 new: o");
    press(app, "o");
    assert_hides(app, "new: o");
    app_free(app);
}

static void test_lineage(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    Statement update =
        statement_new(app->history.store->database,
                      "UPDATE run SET parent = 55, options = '{\"bits\": 6}' WHERE id = 60");
    assert_int_equal(statement_run(&update), OK);
    press(app, "o");
    assert_shows(app, "made from run 55: ");
    assert_shows(app, "bits none -> 6");
    app_free(app);
}

static void test_pareto(void **state)
{
    (void)state;
    static const RunPoint POINTS[] = {
        {1, 0.98, 100, 50}, {2, 0.97, 90, 60},  {3, 0.97, 100, 60}, {4, NAN, 1, 1},
        {5, 0.98, 100, 50}, {6, 0.5, NAN, NAN}, {7, 0.9, 90, 40},   {8, 0.9, NAN, 39},
    };
    enum { COUNT = sizeof POINTS / sizeof POINTS[0] };
    static const bool BEST[COUNT] = {true, true, false, false, true, false, true, true};
    bool best[COUNT];
    assert_int_equal(pareto_mark(POINTS, COUNT, best), 5);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(best[i], BEST[i]);
    assert_int_equal(pareto_mark(POINTS, 0, best), 0);

    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "v");
    assert_shows(app, "1 of 6 runs are beaten by none"); /* run 60 is better in everything */
    assert_shows(app, "bytes across");
    press(app, "a");
    assert_shows(app, "cycles across");
    app_key(app, KEY_RETURN);
    assert_shows(app, "Run 60");
    app_free(app);
}

/* Runs wait for their turn, change places and are taken out; one that could not begin says why. */
static void test_queue(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = history_app(&fake);
    press(app, "w");
    assert_shows(app, "Nothing waits.");
    press(app, "D");
    assert_shows(app, "nothing waits");
    app_key(app, KEY_ESCAPE);
    press(app, "j>"); /* the run below goes on by itself */
    assert_shows(app, "the run is going on");
    press(app, "j>");
    assert_shows(app, "the run came to its end");
    press(app, "R"); /* run 58 */
    press(app, "j>");
    press(app, "w");
    assert_shows(app, "reproduce");
    assert_shows(app, "waits");
    press(app, "jK"); /* run 57 before 58 */
    JobRecord *jobs = NULL;
    int count = 0;
    Arena *arena = arena_new();
    assert_int_equal(queue_list(app->history.store, arena, &jobs, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(jobs[0].run, 57);
    assert_int_equal(queue_fail(app->history.store, jobs[0].id, "its model is gone"), OK);
    app_history_changed(app);
    assert_shows(app, "its model is gone");
    press(app, "gt");
    assert_hides(app, "its model is gone");
    press(app, "D");
    assert_int_equal(queue_list(app->history.store, arena, &jobs, &count), OK);
    assert_int_equal(count, 1);
    arena_free(arena);
    app_free(app);
}

static bool file_has(const char *path, const char *wanted)
{
    Buffer text = {0};
    bool has = fs_read_file(path, 1 << 22, &text) == OK && strstr(text.data, wanted);
    buffer_free(&text);
    return has;
}

/* Marked runs, or all that are listed; nothing is written over. */
static void test_export(void **state)
{
    (void)state;
    FakeHost fake;
    char folder[] = "/tmp/dnn2fpga-export-XXXXXX", page[64], table[64], keys[96];
    assert_non_null(mkdtemp(folder));
    snprintf(page, sizeof page, "%s/a.html", folder);
    snprintf(table, sizeof table, "%s/b.csv", folder);
    App *app = fixture_app(&fake, false, false);
    fixture_history(app);
    app_history_changed(app);
    press(app, "7E");
    assert_shows(app, ":export runs.html");
    app_key(app, KEY_ESCAPE);
    snprintf(keys, sizeof keys, ":export %s", page);
    press(app, keys);
    app_key(app, KEY_RETURN);
    assert_shows(app, "6 runs written to");
    assert_true(file_has(page, "<svg"));
    press(app, keys);
    app_key(app, KEY_RETURN);
    assert_shows(app, "is there already");
    press(app, "g j ");
    snprintf(keys, sizeof keys, ":export %s", table);
    press(app, keys);
    app_key(app, KEY_RETURN);
    assert_shows(app, "2 runs written to");
    assert_true(file_has(table, "run,started_utc,"));
    press(app, ":export runs.pdf");
    app_key(app, KEY_RETURN);
    assert_shows(app, "must end in .html, .csv or .json");
    app_free(app);
    assert_int_equal(fs_remove_tree(folder), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_selection_follows_the_run),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_marks_and_comparison),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_notes_and_tags),
        cmocka_unit_test(test_bin),
        cmocka_unit_test(test_new_runs),
        cmocka_unit_test(test_lineage),
        cmocka_unit_test(test_pareto),
        cmocka_unit_test(test_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
