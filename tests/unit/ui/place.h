/* place.h: a history of its own for each test of the real program, and how to start that. To be
 * included by one test program each; everything is static. */
#ifndef TESTS_UI_PLACE_H
#define TESTS_UI_PLACE_H

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "vt.h"

typedef struct Place {
    Arena *arena;
    char *folder;
    char *program; /* in the build folder */
    char *database;
} Place;

static int make_place(void **state)
{
    char folder[] = "/tmp/dnn2fpga-ui-XXXXXX";
    const char *build = getenv("BUILD");
    assert_non_null(mkdtemp(folder));
    Arena *arena = arena_new();
    Place *place = ARENA_NEW(arena, Place);
    place->arena = arena;
    place->folder = arena_strdup(arena, folder);
    place->program = fs_join(arena, build && *build ? build : "build", "dnn2fpga");
    place->database = fs_join(arena, folder, "history.db");
    setenv("XDG_DATA_HOME", folder, 1);
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    *state = place;
    return 0;
}

/* An engine that has given its report is about to end, and may still remove files of its own. */
static int remove_place(void **state)
{
    Place *place = *state;
    Status status = fs_remove_tree(place->folder);
    for (int i = 0; i < 100 && status != OK; i++) {
        poll(NULL, 0, 20);
        status = fs_remove_tree(place->folder);
    }
    arena_free(place->arena);
    return status == OK ? 0 : -1;
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

VT_UNUSED static void assert_vt_shows(const Vt *vt, const char *wanted)
{
    char text[VT_MAX_BYTES];
    if (!vt_shows(vt, wanted))
        fail_msg("\"%s\" is not on the screen:\n%s", wanted, vt_text(vt, text));
}

/* Ended by itself with status 0, and the tty is as it was. Frees the terminal. */
VT_UNUSED static void assert_ends_well(Vt *vt)
{
    int status = vt_wait_end(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(vt_tty_is_restored(vt));
    vt_free(vt);
}

#endif
