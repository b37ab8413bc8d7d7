/* Any keys in any order, on terminals of any size: no crash, no key that is taken for two. What
 * would write files (a command line, a scheme file) is left out. */
#include "fixture.h"

#include "base/rng.h"

#if defined(__SANITIZE_ADDRESS__)
enum { KEYS = 4000 };
#else
enum { KEYS = 20000 };
#endif

static int random_key(Rng *rng)
{
    static const char CHARACTERS[] = "1234567890jkgGhlmMpPfxXaubU+-=<>*oRrcnsStdeyvqQ?/ i.";
    static const int NAMED[] = {
        KEY_RETURN,  KEY_ESCAPE,     KEY_ERASE,       KEY_TABULATOR,  KEY_ARROW_UP,
        KEY_PAGE_UP, KEY_ARROW_LEFT, KEY_ARROW_RIGHT, KEY_ARROW_DOWN, KEY_PAGE_DOWN,
        KEY_GO_HOME, KEY_GO_END,     KEY_BLANK,       KEY_UNNAMED,    18};
    uint64_t named = sizeof NAMED / sizeof *NAMED;
    if (rng_below(rng, 4) == 0)
        return NAMED[rng_below(rng, named)];
    return CHARACTERS[rng_below(rng, sizeof CHARACTERS - 1)];
}

static void draw_somewhere(App *app, Rng *rng)
{
    int rows = 1 + (int)rng_below(rng, 70), columns = 1 + (int)rng_below(rng, 220);
    app->draw_anyway = true;
    free(screen_text(app, rows, columns));
}

static void end_the_run(App *app, Rng *rng)
{
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT,
                               .code = rng_below(rng, 2) ? OK : ERR_CANCELLED,
                               .json = rng_below(rng, 2) ? report : NULL});
    json_decref(report);
    if (rng_below(rng, 2))
        app_engine_gone(app, "");
}

static void test_monkey(void **state)
{
    (void)state;
    Rng rng = rng_seed(2026);
    for (int ascii = 0; ascii < 2; ascii++) {
        FakeHost fake;
        App *app = fixture_app(&fake, ascii, true);
        app_model_loaded(app, fixture_model(false));
        fixture_history(app);
        fixture_tuning(app);
        fixture_observed(app);
        press(app, "r");
        fixture_climb(app);
        fixture_design(app);
        for (int i = 0; i < KEYS; i++) {
            app_key(app, random_key(&rng));
            app->quit = false;
            app->now_ms += (int64_t)rng_below(&rng, 500);
            if (rng_below(&rng, 20) == 0)
                draw_somewhere(app, &rng);
            if (rng_below(&rng, 500) == 0)
                end_the_run(app, &rng);
            if (rng_below(&rng, 500) == 0 && run_view_active(&app->run))
                fixture_climb(app);
        }
        app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_monkey)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
