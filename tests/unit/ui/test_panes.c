/* Screens with two panes: which one the movement keys are for, and how that is seen. */
#include "ready.h"

#include "ui/panes.h"

static void assert_cell(App *app, int row, int column, uint32_t rune)
{
    Canvas *canvas = canvas_new(app->rows, app->columns, true);
    app_draw(app, canvas);
    uint32_t found = canvas_cell(canvas, row, column)->rune;
    canvas_free(canvas);
    if (found != rune)
        fail_msg("row %d, column %d: \"%c\", expected \"%c\"", row, column, (int)found, (int)rune);
}

static void test_focus(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "4r");
    fixture_climb(app);
    app_resized(app, 40, 120);
    assert_cell(app, 2, 0, '@');
    app_key(app, KEY_TABULATOR);
    assert_cell(app, 2, 0, ' ');
    assert_cell(app, 2, 65, '@');
    app_key(app, KEY_BACK_TAB);
    assert_cell(app, 2, 0, '@');
    app_key(app, KEY_BACK_TAB);
    assert_int_equal(panes_focus(app), 1);
    press(app, "++"); /* the second pane alone: nothing is to be told apart */
    assert_hides(app, "@");
    app_key(app, KEY_TABULATOR);
    assert_shows(app, "float network");
    assert_hides(app, "accuracy while training");
    press(app, "34");
    assert_int_equal(panes_focus(app), 0);
    app_free(app);
}

/* Steps in the flowchart, epochs in the curves. */
static void test_ladder(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    press(app, "4k");
    assert_shows(app, "no run yet");
    press(app, "r");
    fixture_climb(app);
    press(app, "g");
    assert_shows(app, "This step does no training.");
    app_key(app, KEY_TABULATOR);
    press(app, "j");
    assert_shows(app, "there is no training to look at");
    app_key(app, KEY_TABULATOR);
    press(app, "jj");
    assert_shows(app, "1 epoch");
    app_key(app, KEY_TABULATOR);
    press(app, "g");
    assert_shows(app, "epoch 1: ");
    press(app, "j");
    assert_shows(app, "epoch 2: ");
    app_free(app);
}

/* The clip goes up and down with the movement keys, and the row stays. */
static void test_picture(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    press(app, "2");
    fixture_observed(app);
    press(app, "j");
    free(screen_text(app, 24, 80));
    app_key(app, KEY_TABULATOR);
    press(app, "jj");
    double low = tuning_clip_by_hand(app->tuning, 1, TENSOR_OUTPUTS);
    assert_true(low > 0);
    press(app, "k");
    assert_true(tuning_clip_by_hand(app->tuning, 1, TENSOR_OUTPUTS) > low);
    press(app, "g");
    assert_true(tuning_clip_by_hand(app->tuning, 1, TENSOR_OUTPUTS) == 0);
    app_key(app, KEY_TABULATOR);
    press(app, "j");
    assert_shows(app, "3 of ");
    app_free(app);
}

/* A key that changes nothing says so, and one that must wait says for what. */
static void test_no_key_is_silent(void **state)
{
    (void)state;
    FakeHost fake;
    const char *why_not;
    App *app = tuned_app(&fake);
    press(app, "2");
    fixture_observed(app);
    press(app, "j]]]]]]]]]]]]]]]]");
    assert_shows(app, "it goes no further");
    app_free(app);
    app = tuned_app(&fake);
    fake.holds_work = true;
    press(app, "2");
    fixture_observed(app);
    press(app, "jt");
    free(screen_text(app, 24, 80));
    assert_false(app_can(app, ACTION_CLIP_UP, &why_not));
    press(app, "l");
    assert_shows(app, "still being worked out");
    assert_false(tuning_has_draft(app->tuning));
    app_free(app);
}

static void test_history(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    for (int i = 1; i <= 3; i++) {
        RunRecord run = fixture_record(i, RUN_FAILED);
        run.message = "one\ntwo\nthree\nfour\nfive\nsix\nseven";
        fixture_put(app, &run);
    }
    app_history_changed(app);
    press(app, "7");
    assert_shows(app, "failed: one");
    assert_hides(app, "seven");
    app_key(app, KEY_TABULATOR);
    press(app, "G");
    assert_shows(app, "seven");
    assert_hides(app, "failed: one");
    assert_shows(app, "1 of 3");
    press(app, "\t");
    press(app, "j");
    assert_shows(app, "2 of 3");
    app_resized(app, 18, 80);
    free(screen_text(app, 18, 80));
    press(app, "\t");
    assert_int_equal(panes_focus(app), 0);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_focus),   cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_picture), cmocka_unit_test(test_no_key_is_silent),
        cmocka_unit_test(test_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
