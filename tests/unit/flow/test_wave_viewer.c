/* The window with waveforms: when there can be one, and how it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "flow/wave_viewer.h"

static char folder[64], program[96], wave[96];

/* A program of the viewer's name in the only folder that programs are sought in. */
static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/dnn2fpga-viewer-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(program, sizeof program, "%s/gtkwave", folder);
    snprintf(wave, sizeof wave, "%s/difference.ghw", folder);
    setenv("PATH", folder, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fs_remove_tree(folder) == OK ? 0 : -1;
}

static void write_program(const char *text)
{
    assert_int_equal(fs_write_atomic(program, text, strlen(text)), OK);
    assert_int_equal(chmod(program, 0700), 0);
}

static void test_missing(void **state)
{
    (void)state;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    assert_non_null(strstr(wave_viewer_missing(), "DISPLAY"));
    setenv("DISPLAY", ":0", 1);
    assert_non_null(strstr(wave_viewer_missing(), "apt-get install gtkwave"));
    write_program("#!/bin/sh\nexit 0\n");
    assert_null(wave_viewer_missing());
    setenv("DISPLAY", "", 1);
    setenv("WAYLAND_DISPLAY", "wayland-0", 1);
    assert_null(wave_viewer_missing());
}

static void test_shown(void **state)
{
    (void)state;
    char said[128];
    Buffer text = {0};
    write_program("#!/bin/sh\necho \"$# $1\" > \"$1.seen\"\n");
    assert_int_equal(wave_viewer_show(wave), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "gone"));
    assert_int_equal(fs_write_atomic(wave, "waves", 5), OK);
    assert_int_equal(wave_viewer_show(wave), OK);
    snprintf(said, sizeof said, "%s.seen", wave);
    assert_int_equal(fs_read_file(said, 256, &text), OK);
    snprintf(said, sizeof said, "1 %s\n", wave);
    assert_string_equal(text.data, said);
    buffer_free(&text);
}

static void test_failing(void **state)
{
    (void)state;
    assert_int_equal(fs_write_atomic(wave, "waves", 5), OK);
    write_program("#!/bin/sh\necho cannot open display\nexit 3\n");
    assert_int_equal(wave_viewer_show(wave), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "exit status 3"));
    assert_non_null(strstr(error_message(), "cannot open display"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
