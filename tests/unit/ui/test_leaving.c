/* How the real program is left and found again: at once whatever is at work, with what the user
 * chose, and with the steps that can be undone. */
#include "place.h"

#include <sys/stat.h>

static Vt *start_on(const Place *place, const char *model, const char *option)
{
    const char *argv[] = {place->program,   model,
                          "--data",         "samples/mnist",
                          "--db",           place->database,
                          "--calib-images", "50",
                          option,           NULL};
    return vt_start(24, 80, (char *const *)(uintptr_t)argv);
}

static void leave(Vt *vt)
{
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

/* A model that is never read to its end: a pipe that nobody writes to. */
static void test_work_is_left_behind(void **state)
{
    const Place *place = *state;
    const char *model = fs_join(place->arena, place->folder, "endless.h5");
    assert_int_equal(mkfifo(model, 0600), 0);
    const char *argv[] = {place->program, model, "--db", place->database, NULL};
    Vt *vt = vt_begin(24, 80, (char *const *)(uintptr_t)argv);
    assert_vt_shows(vt, "loading");
    assert_int_equal(write(vt->master, "Q", 1), 1);
    assert_ends_well(vt);
}

static int key_colour(const Vt *vt)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(vt->screen, (VTermPos){.row = 23, .col = 1}, &cell);
    return VTERM_COLOR_IS_INDEXED(&cell.fg) ? cell.fg.indexed.idx : -1;
}

static void choose_theme(const Place *place, const char *theme, const char *option)
{
    Vt *vt = start_on(place, "samples/mnist_tiny.h5", option);
    assert_true(vt_press(vt, ":theme "));
    assert_true(vt_press(vt, theme));
    assert_true(vt_press(vt, "\r"));
    leave(vt);
}

static void assert_starts_with_colour(const Place *place, int colour)
{
    Vt *vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_int_equal(key_colour(vt), colour);
    leave(vt);
}

/* Nobody asks for it; what the command line said is of this time alone. */
static void test_settings_are_kept(void **state)
{
    enum { STANDARD = 31, DARK = 117 };
    const Place *place = *state;
    const char *config = fs_join(place->arena, place->folder, "dnn2fpga/config");
    Buffer text = {0};
    assert_starts_with_colour(place, STANDARD);
    assert_false(fs_exists(config)); /* nothing was changed */
    choose_theme(place, "dark", "--readonly");
    assert_false(fs_exists(config));
    choose_theme(place, "dark", "--no-mouse");
    assert_starts_with_colour(place, DARK);
    assert_int_equal(fs_read_file(config, 1 << 16, &text), OK);
    assert_non_null(strstr(text.data, "theme = dark\n"));
    assert_non_null(strstr(text.data, "mouse = yes\n"));
    buffer_free(&text);
}

static void test_columns_are_kept(void **state)
{
    const Place *place = *state;
    Vt *vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "accuracy");
    assert_vt_shows(vt, " when ");
    assert_true(vt_press(vt, "Cj \033")); /* the second column goes */
    assert_vt_shows(vt, "accuracy");
    assert_vt_lacks(vt, " when ");
    leave(vt);
    vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "accuracy");
    assert_false(vt_shows(vt, " when "));
    leave(vt);
}

/* What one program did the next one takes back, and does again. */
static void test_undo_after_a_restart(void **state)
{
    const Place *place = *state;
    Vt *vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_true(vt_press(vt, "2j"));
    assert_vt_shows(vt, "8 bits, minmax");
    assert_true(vt_press(vt, "[[\r"));
    assert_vt_shows(vt, "6 bits, minmax");
    leave(vt);
    vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_vt_shows(vt, "1 earlier edit of this model taken up again");
    assert_true(vt_press(vt, "2j"));
    assert_vt_shows(vt, "6 bits, minmax");
    assert_true(vt_press(vt, "u"));
    assert_vt_shows(vt, "undone: ");
    assert_vt_shows(vt, "8 bits, minmax");
    leave(vt);
    vt = start_on(place, "samples/mnist_tiny.h5", NULL);
    assert_true(vt_press(vt, "2j"));
    assert_vt_shows(vt, "8 bits, minmax");
    assert_true(vt_press(vt, "U"));
    assert_vt_shows(vt, "done again: ");
    assert_vt_shows(vt, "6 bits, minmax");
    leave(vt);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        PLACED(test_work_is_left_behind),
        PLACED(test_settings_are_kept),
        PLACED(test_columns_are_kept),
        PLACED(test_undo_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
