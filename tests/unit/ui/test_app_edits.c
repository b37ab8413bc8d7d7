/* Choices and their undoing: of layers on Calibrate, of foldings on Hardware. */
#include "ready.h"

#include <unistd.h>

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

/* A parameter of two digits behind the point is whole, at the usual width and at a large one. */
static void test_numbers_are_whole(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    app->settings.run.calibration = "percentile";
    app->settings.run.calibration_parameter = 99.99;
    fixture_tuning(app);
    press(app, "2");
    fixture_observed(app);
    static const int SIZES[][2] = {{24, 80}, {40, 120}};
    for (int i = 0; i < 2; i++) {
        char *text = screen_text(app, SIZES[i][0], SIZES[i][1]);
        assert_non_null(strstr(text, "percentile:99.99 "));
        assert_null(strstr(text, "…"));
        free(text);
    }
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
    press(app, "[t[[[");
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
    press(app, "pt]");
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

/* The style of the first cell of a text. */
static Style style_of(App *app, const char *text)
{
    Canvas *canvas = canvas_new(24, 80, true);
    Buffer lines = {0};
    app_draw(app, canvas);
    canvas_dump(canvas, &lines);
    char *rest = lines.data, *line, *found = NULL;
    int row = 0;
    for (; (line = strsep(&rest, "\n")) && !(found = strstr(line, text)); row++)
        continue;
    assert_non_null(found);
    Style style = (Style)canvas_cell(canvas, row, (int)(found - line))->style;
    buffer_free(&lines);
    canvas_free(canvas);
    return style;
}

/* What is pinned to float, what differs from the start, and what holds all up is to be seen. */
static void test_styles_of_choices(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    app->settings.ascii = true;
    press(app, "2");
    fixture_observed(app);
    press(app, "jfjj");
    assert_int_equal(style_of(app, "float  "), STYLE_FLOAT);
    assert_int_equal(style_of(app, "*  conv_1"), STYLE_DIFFERS);
    press(app, "r");
    fixture_design(app);
    press(app, "jj");
    assert_int_equal(style_of(app, "^   conv_1"), STYLE_BOTTLENECK);
    assert_int_equal(style_of(app, "784"), STYLE_BOTTLENECK);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observing),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_numbers_are_whole),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_scheme_files),
        cmocka_unit_test(test_calibrate_without_a_model),
        cmocka_unit_test(test_foldings),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_styles_of_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
