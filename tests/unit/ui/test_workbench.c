/* The real program on a pseudo terminal: keys in, screen out, tty restored whatever happens. */
#include "place.h"

#define MODEL "tests/fixtures/models/paper_cnn_small.k3.h5"

static Vt *start_at(const Place *place, int rows, int columns)
{
    char *const argv[] = {place->program, (char *)(uintptr_t)MODEL, "--db", place->database, NULL};
    return vt_start(rows, columns, argv);
}

static void test_start_and_quit(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    assert_true(vt->other_screen);
    assert_vt_shows(vt, "1 Model 2 Calib 3 Run");
    assert_vt_shows(vt, "Model paper_cnn_small.k3.h5");
    assert_vt_shows(vt, "conv2d, relu");
    assert_false(vt_press(vt, "Q"));
    assert_ends_well(vt);
}

static void test_all_screens(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "No run yet.");
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "No run yet. On the model screen, r starts one.");
    assert_true(vt_press(vt, "y")); /* unknown */
    assert_vt_shows(vt, "y does nothing here");
    assert_true(vt_press(vt, "8"));
    assert_vt_shows(vt, "y does nothing here");
    assert_true(vt_press(vt, "?"));
    assert_vt_shows(vt, "On the screen Messages");
    assert_true(vt_send(vt, "\033")); /* a bare Esc */
    assert_vt_shows(vt, " Messages");
    assert_vt_lacks(vt, "On the screen Messages");
    assert_true(vt_press(vt, ":mod\r"));
    assert_vt_shows(vt, "conv2d, relu");
    assert_true(vt_press(vt, "\x0c")); /* ^L */
    assert_vt_shows(vt, "conv2d, relu");
    assert_false(vt_press(vt, "\x03")); /* ^C */
    assert_ends_well(vt);
}

/* Both forms of the arrow keys, the named keys, and what the cursor does. */
static void test_keys(void **state)
{
    static const char *const DOWN[] = {"j", "\033[B", "\033OB"};
    Vt *vt = start_at(*state, 24, 80);
    for (int i = 0; i < 3; i++) {
        assert_true(vt_press(vt, "g"));
        assert_vt_shows(vt, "1 of ");
        assert_true(vt_send(vt, DOWN[i]));
        assert_vt_shows(vt, "2 of ");
    }
    assert_true(vt_key(vt, VTERM_KEY_HOME));
    assert_vt_shows(vt, "1 of ");
    assert_true(vt_key(vt, VTERM_KEY_DOWN));
    assert_vt_shows(vt, "2 of ");
    assert_true(vt_key(vt, VTERM_KEY_PAGEUP));
    assert_vt_shows(vt, "1 of ");
    assert_true(vt_send(vt, "jj")); /* pasted: two keys at once */
    assert_vt_shows(vt, "3 of ");
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* Clicks and the wheel, as xterm sends them (SGR); and none of it with the mouse off. */
static void test_mouse(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    assert_true(vt_send(vt, "\033[<0;6;7M")); /* row 7 of the screen: the fourth layer */
    assert_vt_shows(vt, "4 of ");
    assert_true(vt_send(vt, "\033[<65;6;7M"));
    assert_vt_shows(vt, "5 of ");
    assert_true(vt_send(vt, "\033[<64;6;7M"));
    assert_vt_shows(vt, "4 of ");
    assert_true(vt->mouse);
    assert_true(vt_press(vt, ":mouse\r"));
    assert_false(vt->mouse);
    assert_true(vt_press(vt, ":mouse\r"));
    assert_true(vt->mouse);
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void test_resize(void **state)
{
    static const int SIZES[][2] = {{40, 120}, {17, 60}, {24, 80}, {3, 20},
                                   {50, 200}, {1, 1},   {24, 80}};
    Vt *vt = start_at(*state, 24, 80);
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++)
        assert_true(vt_resize(vt, SIZES[i][0], SIZES[i][1]));
    assert_vt_shows(vt, "conv2d, relu");
    assert_true(vt_resize(vt, 10, 50));
    assert_vt_shows(vt, "50x10 is small; 60x17 is needed. i: ignore");
    assert_true(vt_press(vt, "i"));
    assert_vt_shows(vt, "q quit");
    assert_true(vt_resize(vt, 24, 80));
    assert_true(vt_press(vt, "?"));
    assert_true(vt_resize(vt, 30, 100));
    assert_vt_shows(vt, "On the screen Model");
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* One key costs few bytes: nothing is drawn that did not change. */
static void test_few_bytes(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    assert_true(vt_press(vt, "g"));
    long before = vt->received;
    assert_true(vt_press(vt, "j"));
    assert_true(vt->received - before < 400);
    before = vt->received;
    assert_true(vt_press(vt, "g"));
    assert_true(vt_press(vt, "k")); /* changes nothing */
    assert_true(vt->received - before < 400);
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* What was said is in the log, too, when the workbench is gone. */
static void test_messages_are_logged(void **state)
{
    const Place *place = *state;
    Buffer log = {0};
    Vt *vt = start_at(place, 24, 80);
    assert_true(vt_press(vt, ":theme pink\r"));
    vt_press(vt, "Q");
    assert_ends_well(vt);
    const char *path = fs_join(place->arena, place->folder, "dnn2fpga/workbench.log");
    assert_int_equal(fs_read_file(path, 1 << 16, &log), OK);
    assert_non_null(strstr(log.data, " warning: no theme is called \"pink\""));
    buffer_free(&log);
}

static void test_hang_up(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    vt_hang_up(vt);
    assert_int_not_equal(vt_wait_end(vt), -1); /* and not for ever busy */
    vt_free(vt);
}

/* The program may be killed in any way; who was at the tty gets it back. */
static void test_signals(void **state)
{
    static const struct {
        int number;
        bool by_signal;
    } ROWS[] = {
        {SIGTERM, false}, {SIGINT, false}, {SIGSEGV, true}, {SIGABRT, true}, {SIGQUIT, true}};
    /* A sanitizer's own report of the signal would push the message off the screen. */
    setenv("ASAN_OPTIONS", "handle_segv=0:handle_abort=0", 1);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        Vt *vt = start_at(*state, 24, 80);
        assert_vt_shows(vt, "conv2d, relu");
        kill(vt->pid, ROWS[i].number);
        int status = vt_wait_end(vt);
        assert_int_not_equal(status, -1);
        assert_true(vt_tty_is_restored(vt));
        if (!ROWS[i].by_signal)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 130);
        assert_vt_shows(vt, ROWS[i].by_signal ? "crashed; a run" : "ended by signal");
        assert_vt_shows(vt, "dnn2fpga"); /* the folder of the logs */
        vt_free(vt);
    }
    unsetenv("ASAN_OPTIONS");
}

/* Stopped from outside and continued: the screen comes back whole. */
static void test_stop_and_continue(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    kill(vt->pid, SIGSTOP);
    kill(vt->pid, SIGCONT);
    assert_true(vt_settle(vt));
    assert_vt_shows(vt, "conv2d, relu");
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "No run yet.");
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void assert_terminal_refused(const Place *place, const char *type)
{
    char command[512], refusal[64];
    snprintf(command, sizeof command, "TERM=%s %s --db %s", type, place->program, place->database);
    snprintf(refusal, sizeof refusal, "TERM=%s is not known here", type);
    char *const argv[] = {"/bin/sh", "-c", command, NULL};
    Vt *vt = vt_start(24, 80, argv);
    int status = vt_wait_end(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4);
    assert_vt_shows(vt, refusal);
    vt_free(vt);
}

static void test_unknown_terminal(void **state)
{
    assert_terminal_refused(*state, "no-such-terminal");
    assert_terminal_refused(*state, "dumb"); /* cannot place text */
}

static void test_ascii_and_no_color(void **state)
{
    const Place *place = *state;
    char *const argv[] = {place->program,
                          (char *)(uintptr_t)MODEL,
                          "--db",
                          place->database,
                          "--ascii",
                          "--no-color",
                          NULL};
    Vt *vt = vt_start(24, 80, argv);
    assert_vt_shows(vt, "\n> ");
    VTermScreenCell cell;
    vterm_screen_get_cell(vt->screen, (VTermPos){.row = 3, .col = 4}, &cell);
    assert_int_equal(cell.attrs.reverse, 1); /* the selection is seen without colour */
    for (int row = 0; row < 24; row++) {
        for (int column = 0; column < 80; column++) {
            vterm_screen_get_cell(vt->screen, (VTermPos){.row = row, .col = column}, &cell);
            assert_true(cell.chars[0] < 0x7F);
            assert_true(VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
            assert_true(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
        }
    }
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* Processor time that the program used so far, in clock ticks. */
static long cpu_ticks(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = '\0';
    long user = 0, kernel = 0;
    char *fields = strrchr(text, ')');
    assert_int_equal(
        sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &kernel), 2);
    return user + kernel;
}

static long context_switches(pid_t pid)
{
    char path[64], line[256];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    fclose(file);
    return count;
}

/* Idle means asleep: no wake-ups at all. */
static void test_idle(void **state)
{
    Vt *vt = start_at(*state, 24, 80);
    vt_press(vt, "j");
    vt_step(vt, 300);
    long switches = context_switches(vt->pid), ticks = cpu_ticks(vt->pid);
    vt_step(vt, 1500);
    assert_int_equal(context_switches(vt->pid), switches);
    assert_int_equal(cpu_ticks(vt->pid), ticks);
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        PLACED(test_start_and_quit),
        PLACED(test_all_screens),
        PLACED(test_keys),
        PLACED(test_mouse),
        PLACED(test_resize),
        PLACED(test_few_bytes),
        PLACED(test_messages_are_logged),
        PLACED(test_hang_up),
        PLACED(test_signals),
        PLACED(test_stop_and_continue),
        PLACED(test_unknown_terminal),
        PLACED(test_ascii_and_no_color),
        PLACED(test_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
