/* From the hardware screen down to the value that differs, and on to the next one. */
#include "differences.h"

typedef struct Place {
    FakeHost fake;
    App *app;
    char folder[64];
} Place;

static void place_open(Place *place, bool kept)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/dnn2fpga-differs-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->app = fixture_app(&place->fake, false, true);
    fixture_unequal_run(place->app, place->folder, kept);
}

static void place_close(Place *place)
{
    app_free(place->app);
    assert_int_equal(fs_remove_tree(place->folder), OK);
}

static void test_layer_channel_value(void **state)
{
    (void)state;
    Place place;
    place_open(&place, true);
    App *app = place.app;
    press(app, "D");
    assert_shows(app, "Difference of run 7");
    assert_shows(app, "2 of 3"); /* the first layer that differs is selected */
    assert_shows(app, "conv_2 differs first at channel 0, row 0, column 1");
    assert_shows(app, "2 of 3 channels differ");
    app_key(app, KEY_RETURN);
    assert_shows(app, "Difference conv_2 of image 17");
    assert_shows(app, "4x6 pixels");
    app_key(app, KEY_RETURN);
    assert_shows(app, "conv_2, channel 0 of image 17");
    assert_shows(app, "got 12 (0.6204), expected 13 (0.6721); -1 (-0.0517)");
    assert_shows(app, "image 17, label 3: channel 0, row 0, column 1; beat 1 of the stream");
    app_key(app, KEY_RETURN);
    assert_shows(app, "nothing behind a value");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "conv_2 of image 17");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "Difference of run 7");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "Hardware of run 7");
    place_close(&place);
}

/* Through pixels, channels and layers, to both ends. */
static void test_next_and_previous(void **state)
{
    (void)state;
    static const char *const STEPS[] = {
        "got 20 (1.034), expected 19 (0.9823); +1 (+0.0517)",
        "got 7 (0.3619), expected 9 (0.4653)",
        "got nothing, expected 4 (0.2068)",
        "scores, image 17, label 3: value 0;",
        "got -5 (-1.25), expected 8 (2)",
    };
    enum { STEP_COUNT = sizeof STEPS / sizeof *STEPS };
    Place place;
    place_open(&place, true);
    App *app = place.app;
    press(app, "D");
    app_key(app, KEY_RETURN);
    app_key(app, KEY_RETURN);
    for (int i = 0; i < STEP_COUNT; i++) {
        press(app, "n");
        assert_shows(app, STEPS[i]);
    }
    press(app, "n");
    assert_shows(app, "that was the last difference");
    for (int i = STEP_COUNT - 2; i >= 0; i--) {
        press(app, "N");
        assert_shows(app, STEPS[i]);
    }
    press(app, "NN");
    assert_shows(app, "that was the first difference");
    assert_shows(app, "got 12 (0.6204)");
    place_close(&place);
}

/* Among channels n goes from one that differs to the next; a vector has no channels to stop at. */
static void test_steps_of_the_upper_levels(void **state)
{
    (void)state;
    Place place;
    place_open(&place, true);
    App *app = place.app;
    press(app, "D");
    app_key(app, KEY_RETURN);
    press(app, "n");
    assert_shows(app, "3 of 3");
    assert_shows(app, "got nothing, expected 4");
    press(app, "k");
    assert_shows(app, "all equal");
    app_key(app, KEY_RETURN);
    assert_shows(app, "n leads to what differs");
    press(app, "nn");
    assert_shows(app, "scores, image 17, label 3: value 0;");
    app_key(app, KEY_ESCAPE);
    assert_shows(app, "2 of 10 values differ");
    press(app, "k");
    assert_shows(app, "conv_2 differs first");
    press(app, "k");
    app_key(app, KEY_RETURN);
    assert_shows(app, "n leads to what differs");
    place_close(&place);
}

static void end_tap(App *app, Status code, const char *text)
{
    json_t *report = json_pack("{s:i, s:s, s:{s:{s:[{s:s, s:i, s:i, s:i}]}}}", "run", 7, "status",
                               "ok", "hardware", "differences", "layers", "layer", "conv_2",
                               "image", 17, "wrong", 3, "missing", 1);
    assert_non_null(report);
    app_tap_event(app, &(Event){.kind = EVENT_REPORT, .code = code, .text = text, .json = report});
    json_decref(report);
}

/* Nothing is kept: an engine looks for it, and what it finds comes to the front. */
static void test_looked_for_on_request(void **state)
{
    (void)state;
    Place place;
    place_open(&place, false);
    App *app = place.app;
    press(app, "D");
    assert_int_equal(place.fake.tapped_run, 7);
    assert_int_equal(place.fake.tapped_image, -1);
    assert_shows(app, "Hardware of run 7");
    press(app, "D");
    assert_shows(app, "an image is being simulated already");
    end_tap(app, ERR_ENVIRONMENT, "ghdl was not found");
    assert_shows(app, "ghdl was not found");
    press(app, "D");
    fixture_write_differences(place.folder);
    end_tap(app, OK, "");
    assert_shows(app, "4 values differ, first in conv_2 of image 17");
    assert_shows(app, "Difference of run 7");
    place_close(&place);
}

static void test_another_image(void **state)
{
    (void)state;
    Place place;
    place_open(&place, true);
    App *app = place.app;
    press(app, "D");
    app_key(app, KEY_RETURN);
    press(app, "i"); /* the prompt begins with the image that is shown */
    assert_shows(app, ":tap-image 17");
    press(app, "0");
    app_key(app, KEY_RETURN);
    assert_int_equal(place.fake.tapped_image, 170);
    end_tap(app, OK, "");
    assert_shows(app, "Difference of run 7"); /* from its beginning */
    press(app, ":tap-image x");
    app_key(app, KEY_RETURN);
    assert_shows(app, "x is no number");
    app->settings.readonly = true;
    press(app, "i");
    assert_shows(app, "--readonly");
    place_close(&place);
}

/* A folder that was damaged gives a message and no screen. */
static void test_damaged(void **state)
{
    (void)state;
    Place place;
    char path[96];
    place_open(&place, true);
    snprintf(path, sizeof path, "%s/differences.bin", place.folder);
    assert_int_equal(fs_write_atomic(path, "short", 5), OK);
    press(place.app, "D");
    assert_shows(place.app, "Hardware of run 7");
    assert_shows(place.app, "has 5 bytes, expected 96");
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_channel_value),
        cmocka_unit_test(test_next_and_previous),
        cmocka_unit_test(test_steps_of_the_upper_levels),
        cmocka_unit_test(test_looked_for_on_request),
        cmocka_unit_test(test_another_image),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
