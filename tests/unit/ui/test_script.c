/* Steps of a walk on an app without a terminal: what they do, what they wait for, how they fail. */
#include "fixture.h"
#include "ui/script.h"

static Script *open_script_of(const char *text)
{
    Script *script = NULL;
    if (script_open("walk", text, &script) != OK)
        fail_msg("%s", error_message());
    return script;
}

/* Until it waits or is over. */
static ScriptState advance(Script *script, App *app)
{
    ScriptState state;
    while ((state = script_advance(script, app)) == SCRIPT_GOES_ON)
        free(screen_text(app, 24, 80));
    return state;
}

static App *loaded_app(FakeHost *fake)
{
    App *app = fixture_app(fake, true, true);
    app_model_loaded(app, fixture_model(false));
    return app;
}

static void test_actions(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = loaded_app(&fake);
    Script *script =
        open_script_of("# a comment\n\n  down  \r\nsearch ziff\nexpect 5 of 5\n"
                       "theme dark\nhistory\nhelp\nexpect On the screen History\nback");
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_int_equal(script_advance(script, app), SCRIPT_ENDED);
    assert_int_equal(app->root, ROOT_HISTORY);
    assert_int_equal(app->depth, 0);
    assert_int_equal(fake.theme, THEME_DARK);
    script_free(script);
    app_free(app);
}

static void test_waiting(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    Script *script = open_script_of("wait-idle\nstart-run\nwait-run\nquit\n");
    assert_int_equal(advance(script, app), SCRIPT_WAITS); /* the model is being read */
    app_model_loaded(app, fixture_model(false));
    assert_int_equal(advance(script, app), SCRIPT_WAITS);
    assert_int_equal(fake.started, 1);
    fixture_run_events(app);
    assert_int_equal(advance(script, app), SCRIPT_WAITS);
    app_engine_gone(app, "");
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_true(app->quit);
    script_free(script);
    app_free(app);
}

static void test_answers(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = loaded_app(&fake);
    Script *script = open_script_of("start-run\ncancel-run\nanswer cancel it\nanswer no\n");
    assert_int_equal(advance(script, app), SCRIPT_FAILED);
    assert_int_equal(fake.cancelled, 0);
    assert_string_equal(script_failure(script),
                        "walk: line 4: no question is open that \"no\" could answer");
    script_free(script);
    script = open_script_of("cancel-run\nhistory\n");
    assert_int_equal(advance(script, app), SCRIPT_FAILED);
    assert_string_equal(script_failure(script),
                        "walk: line 2: \"Cancel the run?\" must be answered first");
    script_free(script);
    app_free(app);
}

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        const char *text, *failure;
    } ROWS[] = {
        {"down\nexpect Nonsense", "walk: line 2: \"Nonsense\" is not on the screen"},
        {"fewer-bits", "walk: line 1: fewer-bits is not possible on the screen Model"},
        {"\ncancel-run", "walk: line 2: cancel-run: no run is going on"},
        {"theme", "walk: line 1: theme needs NAME"},
        {"down twice", "walk: line 1: down takes no more words"},
        {"size 12", "walk: line 1: size 12: expected COLUMNSxROWS"},
        {"size 0x9999", "walk: line 1: size 0x9999: expected 1x1 to 1000x1000"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        FakeHost fake;
        App *app = loaded_app(&fake);
        Script *script = open_script_of(ROWS[i].text);
        assert_int_equal(advance(script, app), SCRIPT_FAILED);
        assert_string_equal(script_failure(script), ROWS[i].failure);
        script_free(script);
        app_free(app);
    }
    Script *script = NULL;
    assert_int_equal(script_open("walk", "down\nfly away\n", &script), ERR_REFUSED);
    assert_string_equal(error_message(),
                        "walk: line 2: \"fly\" is no action and no step of a walk");
    assert_null(script);
}

static void test_saying(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = loaded_app(&fake);
    Script *script = open_script_of("say First\ndown\nsay Second\nhistory");
    assert_int_equal(advance(script, app), SCRIPT_WAITS);
    assert_shows(app, "Tour 1 of 2");
    press(app, "7x"); /* read first */
    assert_int_equal(advance(script, app), SCRIPT_WAITS);
    assert_int_equal(app->root, ROOT_MODEL);
    app_key(app, KEY_RETURN);
    assert_int_equal(advance(script, app), SCRIPT_WAITS);
    assert_shows(app, "Second");
    assert_shows(app, "2 of 5"); /* the screen stays in view */
    app_key(app, KEY_ESCAPE);    /* leaves the tour, not the program */
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_int_equal(app->root, ROOT_MODEL);
    assert_false(app->quit);
    script_free(script);
    script = open_script_of("say Nobody reads\nhistory");
    script_set_unattended(script);
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_int_equal(app->root, ROOT_HISTORY);
    script_free(script);
    app_free(app);
}

/* The sizes of `size` reach the host when nobody watches, and a tty keeps its own. */
static void test_size(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = loaded_app(&fake);
    Script *script = open_script_of("size 120x40");
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_int_equal(fake.rows, 0);
    script_free(script);
    script = open_script_of("size 120x40");
    script_set_unattended(script);
    assert_int_equal(advance(script, app), SCRIPT_ENDED);
    assert_true(fake.rows == 40 && fake.columns == 120);
    script_free(script);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions), cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_answers), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_saying),  cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
