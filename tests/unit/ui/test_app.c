/* Keys in, state and cells out: the workbench without terminal, engine and clock. */
#include "ready.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_main_screens),
        cmocka_unit_test(test_back_stack),
        cmocka_unit_test(test_close_and_leave),
        cmocka_unit_test(test_loading_is_told),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_panes),
        cmocka_unit_test(test_unknown_key),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_clicks),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_zoom),
        cmocka_unit_test(test_readonly_keeps_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
