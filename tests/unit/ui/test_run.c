/* The run screen: what it says of a run's figures. */
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

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remark_on_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
