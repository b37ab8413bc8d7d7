/* What the terminal is sent: few bytes for what changed, whatever its kind. The program on the
 * pseudo terminal is this test itself: a blank makes it draw the next update of a run, a dot another
 * frame of what there is. */
#include "fixture.h"
#include "ui/terminal.h"
#include "vt.h"

enum { PARTS = 10, UPDATES = PARTS * (STAGE_SIMULATE + 1), MOST_BYTES = 200, MOST_FRAMES = 40 };

static void draw(Terminal *terminal, App *app, Canvas *canvas, bool whole)
{
    char byte = '.';
    app_draw(app, canvas);
    terminal_show(terminal, canvas, whole);
    if (write(VT_SYNC_FILE, &byte, 1) != 1)
        exit(1);
}

/* A run writes to its log, too, many lines at a time. Without a folder it has none. */
static void write_log(const App *app, RunStage stage)
{
    char path[RUN_PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/run.log", app->run.folder);
    FILE *log = *app->run.folder ? fopen(path, "ae") : NULL;
    if (!log)
        return;
    for (int i = 0; i < 40; i++)
        fprintf(log,
                "2026-11-22T15:14:%02dZ $ cd /runs/7/sim && ghdl -a --std=08 /runs/7/%s-%d.vhd\n",
                i, stage_word(stage), i);
    assert_int_equal(fclose(log), 0);
}

/* What a run tells from its first stage on: of each stage its beginning, together with the end of
 * the one before, and then its progress, all of it on one terminal. */
static void update(App *app, int number)
{
    char text[64];
    RunStage stage = (RunStage)(number / PARTS);
    int part = number % PARTS;
    app->now_ms += 700;
    if (part > 0) {
        snprintf(text, sizeof text, "%d of 10000 calibration images", 1111 * part);
        fixture_event(
            app,
            (Event){.kind = EVENT_PROGRESS, .stage = stage, .fraction = 0.11 * part, .text = text});
        return;
    }
    json_t *figures = json_pack("{s:f, s:i, s:f}", "accuracy", 0.9841, "bytes", 18814 + number,
                                "latency_us_batch1", 7.11);
    write_log(app, stage);
    if (stage > STAGE_IMPORT)
        fixture_event(app, (Event){.kind = EVENT_STAGE,
                                   .stage = (RunStage)(stage - 1),
                                   .state = STAGE_FINISHED,
                                   .seconds = 6.3,
                                   .json = figures});
    json_decref(figures);
    fixture_event(app, (Event){.kind = EVENT_STAGE, .stage = stage, .state = STAGE_STARTED});
}

/* Called as a program: until the terminal is gone. */
static int draw_updates(const char *screen, const char *folder)
{
    Terminal *terminal = NULL;
    FakeHost fake;
    App *app = fixture_app(&fake, false, true);
    int rows, columns, key, number = 0;
    struct pollfd tty = {.fd = STDIN_FILENO, .events = POLLIN};
    app_model_loaded(app, fixture_model(false));
    app_key(app, 'r');
    press(app, screen);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    if (terminal_open(&(TerminalOptions){.no_mouse = true}, &terminal) != OK)
        return 1;
    terminal_size(terminal, &rows, &columns);
    app_resized(app, rows, columns);
    Canvas *canvas = canvas_new(rows, columns, false);
    draw(terminal, app, canvas, true);
    while (poll(&tty, 1, -1) == 1 && !terminal_hung_up(terminal))
        while (terminal_next_key(terminal, &key)) {
            if (key == ' ')
                update(app, number++);
            draw(terminal, app, canvas, false);
        }
    canvas_free(canvas);
    terminal_close(terminal);
    app_free(app);
    return 0;
}

/* Bytes of one frame. */
static long frame_bytes(Vt *vt, const char *key)
{
    long before = vt->received;
    assert_true(vt_press(vt, key));
    return vt->received - before;
}

/* No frame has more, and no progress has: it may take two frames, as these are cut early. A stage that
 * begins comes in several, and in many where the log is shown. */
static void check_update(Vt *vt, int number)
{
    int frames = 1;
    long bytes = frame_bytes(vt, " "), all = bytes;
    for (; bytes > 0 && bytes <= MOST_BYTES && frames <= MOST_FRAMES; frames++) {
        bytes = frame_bytes(vt, ".");
        all += bytes;
    }
    if (bytes > 0 || (all > MOST_BYTES && number % PARTS > 0))
        fail_msg("update %d takes %ld bytes in %d frames, the last of %ld bytes", number, all,
                 frames, bytes);
}

static void check_bytes(const char *screen, int rows, int columns)
{
    bool log_only = strcmp(screen, "9") == 0; /* what comes there takes as much as it is long */
    char folder[] = "/tmp/dnn2fpga-updates-XXXXXX";
    char *const argv[] = {"/proc/self/exe", "draw", (char *)(uintptr_t)screen,
                          log_only ? "" : folder, NULL};
    assert_non_null(mkdtemp(folder));
    Vt *vt = vt_start(rows, columns, argv);
    print_message("screen %s at %dx%d\n", screen, columns, rows);
    for (int i = 0; i < UPDATES; i++)
        check_update(vt, i);
    if (!log_only)
        assert_true(vt_shows(vt, "9999 of 10000"));
    vt_free(vt);
    assert_int_equal(fs_remove_tree(folder), OK);
}

static void test_bytes_of_an_update(void **state)
{
    static const char *const SCREENS[] = {"1", "2", "3", "4", "5", "7", "9"};
    (void)state;
    for (size_t i = 0; i < sizeof SCREENS / sizeof SCREENS[0]; i++)
        check_bytes(SCREENS[i], 24, 80);
    check_bytes("3", 40, 120);
    check_bytes("3", 50, 160);
    check_bytes("3", 60, 200);
    check_bytes("4", 50, 160);
    check_bytes("5", 60, 200);
}

int main(int argc, char **argv)
{
    if (argc > 3)
        return draw_updates(argv[2], argv[3]);
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes_of_an_update)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
