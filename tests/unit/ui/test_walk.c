/* The real program: a walk recorded on a terminal and done again, there and in memory; the tour;
 * themes and the configuration file. */
#include "db/store.h"
#include "place.h"

#define MODEL "tests/fixtures/models/paper_cnn_small.k3.h5"

enum { SNAPSHOTS = 3 };

static char *in_place(const Place *place, const char *name)
{
    return fs_join(place->arena, place->folder, name);
}

static Vt *start_with(const Place *place, const char *option, const char *value)
{
    char *const argv[] = {place->program,
                          (char *)(uintptr_t)MODEL,
                          "--db",
                          place->database,
                          (char *)(uintptr_t)option,
                          (char *)(uintptr_t)value,
                          NULL};
    return vt_start(24, 80, argv);
}

/* The exit status of a program without a terminal; its standard error in the file "said". */
static int run_blind(const Place *place, char *const argv[])
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        int said = open(in_place(place, "said"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(nothing, 0);
        dup2(nothing, 1);
        dup2(said, 2);
        setenv("LC_ALL", "C.UTF-8", 1);
        execv(argv[0], argv);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_script(const Place *place, const char *script)
{
    char *const argv[] = {place->program, (char *)(uintptr_t)MODEL,  "--db", place->database,
                          "--script",     (char *)(uintptr_t)script, NULL};
    return run_blind(place, argv);
}

static void assert_said(const Place *place, const char *wanted)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(in_place(place, "said"), 1 << 16, &text), OK);
    if (!strstr(text.data ? text.data : "", wanted))
        fail_msg("\"%s\" was not said, but: %s", wanted, text.data);
    buffer_free(&text);
}

/* Takes the files that the walk writes, so that the next one must write them again. */
static void take_snapshots(const Place *place, Buffer snapshots[SNAPSHOTS])
{
    static const char *const NAMES[SNAPSHOTS] = {"one", "two", "three"};
    for (int i = 0; i < SNAPSHOTS; i++) {
        buffer_clear(&snapshots[i]);
        if (fs_read_file(in_place(place, NAMES[i]), 1 << 16, &snapshots[i]) != OK)
            fail_msg("%s", error_message());
        assert_int_equal(fs_remove_tree(in_place(place, NAMES[i])), OK);
    }
}

static void snapshot(const Place *place, Vt *vt, const char *name)
{
    assert_true(vt_press(vt, arena_printf(place->arena, ":snapshot %s\r", in_place(place, name))));
}

static void record(const Place *place, const char *walk)
{
    Vt *vt = start_with(place, "--record", walk);
    assert_true(vt_press(vt, "jj/pool\r"));
    snapshot(place, vt, "one");
    assert_true(vt_press(vt, "7?"));
    assert_true(vt_send(vt, "\033[B"));
    snapshot(place, vt, "two");
    assert_true(vt_send(vt, "\033"));
    assert_true(vt_press(vt, "1:cali\r"));
    snapshot(place, vt, "three");
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void test_record_and_replay(void **state)
{
    const Place *place = *state;
    const char *walk = in_place(place, "walk");
    Buffer recorded[SNAPSHOTS] = {0}, again[SNAPSHOTS] = {0}, text = {0};
    record(place, walk);
    take_snapshots(place, recorded);
    assert_int_equal(fs_read_file(walk, 1 << 16, &text), OK);
    assert_non_null(strstr(text.data, "size 80x24\nwait-idle\ndown\ndown\nsearch pool\nsnapshot "));
    assert_non_null(strstr(text.data, "history\nhelp\ndown\nsnapshot "));
    assert_non_null(strstr(text.data, "back\nmodel\ncalibrate\n"));
    assert_string_equal(text.data + text.length - 5, "quit\n");

    Vt *vt = start_with(place, "--script", walk); /* on a terminal */
    assert_ends_well(vt);
    take_snapshots(place, again);
    for (int i = 0; i < SNAPSHOTS; i++)
        assert_string_equal(again[i].data, recorded[i].data);

    assert_int_equal(run_script(place, walk), 0); /* and without one */
    take_snapshots(place, again);
    for (int i = 0; i < SNAPSHOTS; i++) {
        assert_string_equal(again[i].data, recorded[i].data);
        buffer_free(&recorded[i]);
        buffer_free(&again[i]);
    }
    buffer_free(&text);
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
}

static void test_walks_that_fail(void **state)
{
    const Place *place = *state;
    const char *walk = in_place(place, "walk");
    write_file(walk, "wait-idle\nexpect Nonsense\n");
    assert_int_equal(run_script(place, walk), 1);
    assert_said(place, "walk: line 2: \"Nonsense\" is not on the screen");
    write_file(walk, "fly\n");
    assert_int_equal(run_script(place, walk), 3);
    assert_said(place, "line 1: \"fly\" is no action");
    assert_int_equal(run_script(place, "/nonexistent"), 3);
    write_file(walk, "history\n"); /* a script that is over ends the program when nobody watches */
    assert_int_equal(run_script(place, walk), 0);

    write_file(walk, "wait-idle\nexpect Nonsense\n"); /* somebody does: it is told, and stays */
    Vt *vt = start_with(place, "--script", walk);
    assert_true(vt_wait_for(vt, "\"Nonsense\" is not on the screen"));
    vt_press(vt, "Q");
    int status = vt_wait_end(vt);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    vt_free(vt);
}

/* In a process of its own: a run that goes on until the program in `place` has said `wanted`. */
static pid_t start_other_run(const Place *place, const char *wanted)
{
    enum { TRIES = 1200, PAUSE_US = 100000 };
    int began[2];
    char go = 0;
    assert_int_equal(pipe(began), 0);
    pid_t child = fork();
    if (child == 0) {
        const RunStart start = {.model_path = MODEL,
                                .model_name = "other",
                                .model_sha256 = "ab",
                                .options = "{}",
                                .tools = "{}"};
        Store *store = NULL;
        int64_t id = 0;
        bool ok = store_open(place->database, &store) == OK &&
                  store_begin_run(store, &start, &id) == OK && write(began[1], "x", 1) == 1;
        bool said = false;
        for (int i = 0; i < TRIES && ok && !said; i++) {
            Buffer text = {0};
            said = fs_read_file(in_place(place, "said"), 1 << 16, &text) == OK && text.data &&
                   strstr(text.data, wanted);
            buffer_free(&text);
            usleep(PAUSE_US);
        }
        const RunEnd end = {.status = RUN_OK, .figures = run_figures_none()};
        ok = ok && store_finish_run(store, id, &end) == OK;
        _exit(ok && said ? 0 : 1);
    }
    assert_int_equal(read(began[0], &go, 1), 1);
    close(began[0]);
    close(began[1]);
    return child;
}

/* Somebody else's run is waited for; without a screen that is said, and the script comes to its end. */
static void test_walk_that_waits(void **state)
{
    const Place *place = *state;
    const char *walk = in_place(place, "walk");
    int status = -1;
    write_file(walk, "wait-idle\nwait-run\n");
    pid_t other = start_other_run(place, "the script waits for run 1 of another program");
    assert_int_equal(run_script(place, walk), 0);
    waitpid(other, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_sizes(void **state)
{
    const Place *place = *state;
    const char *walk = in_place(place, "walk");
    Buffer text = {0};
    write_file(walk,
               arena_printf(place->arena, "wait-idle\nsnapshot %s\n", in_place(place, "one")));
    char *argv[] = {place->program,
                    (char *)(uintptr_t)MODEL,
                    "--db",
                    place->database,
                    "--script",
                    (char *)(uintptr_t)walk,
                    "--size",
                    "132x50",
                    NULL};
    assert_int_equal(run_blind(place, argv), 0);
    assert_int_equal(fs_read_file(in_place(place, "one"), 1 << 16, &text), OK);
    int lines = 0;
    for (const char *at = text.data; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 50);
    argv[7] = "132";
    assert_int_equal(run_blind(place, argv), 2);
    assert_said(place, "--size 132: expected COLUMNSxROWS");
    buffer_free(&text);
}

/* ---- tour ------------------------------------------------------------------------------------ */

static void test_tour(void **state)
{
    const Place *place = *state;
    char *const argv[] = {place->program, "tour", "--db", place->database, NULL};
    if (access("/usr/bin/ghdl", X_OK) != 0)
        skip();
    Vt *vt = vt_start(24, 80, argv);
    assert_true(vt_wait_for(vt, "Tour 1 of "));
    for (int i = 1; i < 30 && !vt_shows(vt, "That was the tour"); i++) {
        char next[32];
        snprintf(next, sizeof next, "Tour %d of ", i + 1);
        assert_true(vt_press(vt, "\r"));
        if (!vt_wait_for(vt, next)) {
            char text[VT_MAX_BYTES];
            fail_msg("\"%s\" did not come:\n%s", next, vt_text(vt, text));
        }
    }
    assert_vt_shows(vt, "That was the tour");
    assert_true(vt_press(vt, "\r3"));
    assert_vt_shows(vt, "bit exact"); /* in the workbench, with the run of the tour */
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void test_tour_left(void **state)
{
    const Place *place = *state;
    char *const argv[] = {place->program, "tour", "--db", place->database, NULL};
    Vt *vt = vt_start(24, 80, argv);
    assert_true(vt_wait_for(vt, "Tour 1 of "));
    assert_true(vt_send(vt, "\033"));
    assert_vt_lacks(vt, "Tour ");
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "No run yet");
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* ---- settings -------------------------------------------------------------------------------- */

static VTermScreenCell cell_at(const Vt *vt, int row, int column)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(vt->screen, (VTermPos){.row = row, .col = column}, &cell);
    return cell;
}

static void test_themes_on_a_terminal(void **state)
{
    Vt *vt = start_with(*state, "--theme", "high-contrast");
    VTermScreenCell cell = cell_at(vt, 12, 40);
    assert_false(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg)); /* black, whatever the terminal has */
    assert_true(vt_press(vt, ":theme default\r"));
    cell = cell_at(vt, 12, 40);
    assert_true(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
    assert_true(vt_press(vt, ":theme dark\r"));
    assert_true(vt_press(vt, ":save-settings\r"));
    assert_vt_shows(vt, "saved: theme dark, mouse on");
    vt_press(vt, "Q");
    assert_ends_well(vt);
    vt = start_with(*state, "--db", ((const Place *)*state)->database);
    cell = cell_at(vt, 23, 1); /* a key in the hints */
    assert_true(VTERM_COLOR_IS_INDEXED(&cell.fg) && cell.fg.indexed.idx == 117);
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* The colour of a key in the hints, in the environment of a shell's assignment; -1: the user's. */
static int key_colour(const Place *place, const char *assignment)
{
    char command[512];
    snprintf(command, sizeof command, "%s exec %s " MODEL " --db %s --theme dark", assignment,
             place->program, place->database);
    char *const argv[] = {"/bin/sh", "-c", command, NULL};
    Vt *vt = vt_start(24, 80, argv);
    VTermScreenCell cell = cell_at(vt, 23, 1);
    assert_true(cell.attrs.bold);
    vt_press(vt, "Q");
    assert_ends_well(vt);
    return VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ? -1 : cell.fg.indexed.idx;
}

static void test_depths(void **state)
{
    assert_int_equal(key_colour(*state, "TERM=xterm-256color"), 117);
    assert_int_equal(key_colour(*state, "TERM=xterm"), 6); /* of 8 */
    assert_int_equal(key_colour(*state, "TERM=vt100"), -1);
    assert_int_equal(key_colour(*state, "NO_COLOR=1"), -1);
    assert_int_equal(key_colour(*state, "NO_COLOR="), 117); /* empty is not set */
}

static void test_configuration(void **state)
{
    const Place *place = *state;
    char *folder = in_place(place, "dnn2fpga");
    assert_int_equal(fs_make_folders(folder), OK);
    write_file(fs_join(place->arena, folder, "config"), "ascii = yes\nspeed = 9\n");
    Vt *vt = start_with(place, "--db", place->database);
    assert_vt_shows(vt, "\n> ");
    assert_true(vt_press(vt, "8"));
    assert_vt_shows(vt, "line 2: \"speed\" is no setting");
    vt_press(vt, "Q");
    assert_ends_well(vt);
    char *const argv[] = {place->program, "--db", place->database, "--theme", "pink", NULL};
    assert_int_equal(run_blind(place, argv), 2);
    assert_said(place, "--theme pink: expected one of: default light");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        PLACED(test_record_and_replay),
        PLACED(test_walks_that_fail),
        PLACED(test_walk_that_waits),
        PLACED(test_sizes),
        PLACED(test_tour),
        PLACED(test_tour_left),
        PLACED(test_themes_on_a_terminal),
        PLACED(test_depths),
        PLACED(test_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
