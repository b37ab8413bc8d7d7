/* The window with waveforms, from the real workbench: a program that stands for GTKWave writes down
 * what it was started with, and ends when it is told to. */
#include "place.h"

#include <sys/stat.h>

#include "db/store.h"
#include "flow/report.h"

#define MODEL "tests/fixtures/models/paper_cnn_small.k3.h5"

static const char VIEWER[] = "#!/bin/sh\n"
                             "cd \"${0%/*}\"\n"
                             "printf '%s\\n' \"$DISPLAY\" \"$#\" \"$@\" >seen.new\n"
                             "mv seen.new seen\n"
                             "until [ -e close ]; do sleep 0.05; done\n"
                             "exit \"$(cat close)\"\n";

static char *in_place(const Place *place, const char *name)
{
    return fs_join(place->arena, place->folder, name);
}

static void write_file(const Place *place, const char *name, const char *text)
{
    assert_int_equal(fs_write_atomic(in_place(place, name), text, strlen(text)), OK);
}

/* In front of all other programs. */
static void put_viewer(const Place *place)
{
    write_file(place, "gtkwave", VIEWER);
    assert_int_equal(chmod(in_place(place, "gtkwave"), 0700), 0);
    setenv("PATH", arena_printf(place->arena, "%s:%s", place->folder, getenv("PATH")), 1);
    setenv("DISPLAY", ":7", 1);
}

/* A run whose hardware differed from the software, with the waveforms of that. */
static void put_run(const Place *place, const char *wave)
{
    Store *store = NULL;
    int64_t id;
    json_t *report = report_new();
    json_object_set_new(report, "hardware", json_pack("{s:b, s:s}", "bit_exact", 0, "wave", wave));
    char *text = json_dumps(report, JSON_COMPACT);
    assert_int_equal(store_open(place->database, &store), OK);
    assert_int_equal(store_begin_run(store,
                                     &(RunStart){.model_path = MODEL,
                                                 .model_name = "paper_cnn_small",
                                                 .model_sha256 = "",
                                                 .options = "{}",
                                                 .tools = "{}"},
                                     &id),
                     OK);
    assert_int_equal(
        store_finish_run(
            store, id,
            &(RunEnd){.status = RUN_UNMET, .report = text, .figures = run_figures_none()}),
        OK);
    store_close(store);
    free(text);
    json_decref(report);
}

static Vt *start(const Place *place)
{
    char *const argv[] = {place->program, (char *)(uintptr_t)MODEL, "--db", place->database, NULL};
    Vt *vt = vt_start(24, 80, argv);
    assert_true(vt_press(vt, "5"));
    return vt;
}

/* The file that the viewer writes, once it is there. */
static void assert_was_seen(const Place *place, Vt *vt, const char *wanted)
{
    Buffer seen = {0};
    const char *path = in_place(place, "seen");
    for (int64_t end = vt_now_ms() + VT_TIMEOUT_MS; !fs_exists(path) && vt_now_ms() < end;)
        vt_step(vt, 20);
    assert_int_equal(fs_read_file(path, 1 << 12, &seen), OK);
    assert_string_equal(seen.data, wanted);
    buffer_free(&seen);
}

static void test_opened_by_the_key(void **state)
{
    const Place *place = *state;
    char *wave = in_place(place, "first difference.ghw");
    put_viewer(place);
    put_run(place, wave);
    write_file(place, "first difference.ghw", "waves");
    Vt *vt = start(place);
    assert_true(vt_press(vt, "w"));
    assert_was_seen(place, vt, arena_printf(place->arena, ":7\n1\n%s\n", wave));
    assert_true(vt_press(vt, "w"));
    assert_vt_shows(vt, "open already");
    assert_true(vt_press(vt, "1")); /* the workbench goes on meanwhile */
    assert_vt_shows(vt, "conv2d, relu");
    write_file(place, "close", "3\n");
    assert_vt_shows(vt, "exit status 3");
    vt_press(vt, "q");
    assert_ends_well(vt);
}

/* A workbench that is left does not wait for the window, and takes it along. */
static void test_left_open(void **state)
{
    const Place *place = *state;
    put_viewer(place);
    put_run(place, in_place(place, "waves.ghw"));
    write_file(place, "waves.ghw", "waves");
    Vt *vt = start(place);
    assert_true(vt_press(vt, "w"));
    assert_was_seen(place, vt,
                    arena_printf(place->arena, ":7\n1\n%s\n", in_place(place, "waves.ghw")));
    assert_false(vt_press(vt, "q"));
    assert_ends_well(vt);
}

static void test_no_display(void **state)
{
    const Place *place = *state;
    put_viewer(place);
    put_run(place, in_place(place, "waves.ghw"));
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    Vt *vt = start(place);
    assert_true(vt_press(vt, "w"));
    assert_vt_shows(vt, "no display for GTKWave");
    vt_press(vt, "q");
    assert_ends_well(vt);
    assert_false(fs_exists(in_place(place, "seen")));
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        PLACED(test_opened_by_the_key),
        PLACED(test_left_open),
        PLACED(test_no_display),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
