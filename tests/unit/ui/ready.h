/* ready.h: an app whose model is open, and what is typed into it. To be included by one test program
 * each, as fixture.h. */
#ifndef TESTS_UI_READY_H
#define TESTS_UI_READY_H

#include "fixture.h"

__attribute__((unused)) static App *ready_app(FakeHost *fake)
{
    App *app = fixture_app(fake, false, true);
    app_model_loaded(app, fixture_model(false));
    return app;
}

__attribute__((unused)) static App *tuned_app(FakeHost *fake)
{
    App *app = ready_app(fake);
    fixture_tuning(app);
    return app;
}

__attribute__((unused)) static void enter(App *app, const char *text)
{
    press(app, text);
    app_key(app, KEY_RETURN);
}

#endif
