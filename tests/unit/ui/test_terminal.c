/* What the terminal is sent: few bytes for what changed, whatever its kind. The program on the
 * pseudo terminal is this test itself: a key makes it draw the next update of a run. */
#include "fixture.h"
#include "ui/terminal.h"
#include "vt.h"

enum { UPDATES = 60, MOST_BYTES = 200 };

static void draw(Terminal *terminal, App *app, Canvas *canvas)
{
    char byte = '.';
    app_draw(app, canvas);
    terminal_show(terminal, canvas);
    if (write(VT_SYNC_FILE, &byte, 1) != 1)
        exit(1);
}

static void update(App *app, int number)
{
    char text[64];
    snprintf(text, sizeof text, "%d of 1,000 images", 17 * number);
    app->now_ms += 100;
    fixture_event(app, (Event){.kind = EVENT_PROGRESS,
                               .stage = STAGE_SIMULATE,
                               .fraction = 0.017 * number,
                               .text = text});
}

/* Called as a program: until the terminal is gone. */
static int draw_updates(void)
{
    Terminal *terminal = NULL;
    FakeHost fake;
    App *app = fixture_app(&fake, false, true);
    int rows, columns, key, number = 0;
    struct pollfd tty = {.fd = STDIN_FILENO, .events = POLLIN};
    app_model_loaded(app, fixture_model(false));
    app_key(app, 'r');
    fixture_run_events(app);
    if (terminal_open(&(TerminalOptions){.no_mouse = true}, &terminal) != OK)
        return 1;
    terminal_size(terminal, &rows, &columns);
    app_resized(app, rows, columns);
    Canvas *canvas = canvas_new(rows, columns, false);
    draw(terminal, app, canvas);
    while (poll(&tty, 1, -1) == 1 && !terminal_hung_up(terminal))
        while (terminal_next_key(terminal, &key)) {
            update(app, ++number);
            draw(terminal, app, canvas);
        }
    canvas_free(canvas);
    terminal_close(terminal);
    app_free(app);
    return 0;
}

static void check_bytes(int rows, int columns)
{
    char *const argv[] = {"/proc/self/exe", "draw", NULL};
    Vt *vt = vt_start(rows, columns, argv);
    assert_true(vt_shows(vt, "412 of 1,000"));
    for (int i = 1; i <= UPDATES - 2; i++) {
        long before = vt->received;
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%d of 1,000", 17 * i);
        assert_true(vt_press(vt, " "));
        assert_true(vt_shows(vt, wanted));
        if (i > 1 && vt->received - before > MOST_BYTES) /* the first goes back, from 412 */
            fail_msg("update %d at %dx%d takes %ld bytes", i, columns, rows, vt->received - before);
    }
    vt_free(vt);
}

static void test_bytes_of_an_update(void **state)
{
    (void)state;
    check_bytes(24, 80);
    check_bytes(50, 160);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return draw_updates();
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes_of_an_update)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
