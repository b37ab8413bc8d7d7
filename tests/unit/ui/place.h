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
    pid_t held; /* an engine that was stopped; 0: none */
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
    if (place->held > 0) /* by a test that failed meanwhile */
        kill(place->held, SIGKILL);
    Status status = fs_remove_tree(place->folder);
    for (int i = 0; i < 100 && status != OK; i++) {
        poll(NULL, 0, 20);
        status = fs_remove_tree(place->folder);
    }
    arena_free(place->arena);
    return status == OK ? 0 : -1;
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

/* What a key draws is there at once; what an engine, a later frame or another workbench does comes
 * when it comes, so this waits for it. */
VT_UNUSED static void assert_vt_shows(Vt *vt, const char *wanted)
{
    char text[VT_MAX_BYTES];
    if (!vt_wait_for(vt, wanted))
        fail_msg("\"%s\" does not come to the screen:\n%s", wanted, vt_text(vt, text));
}

/* The same for something that is to go away. */
VT_UNUSED static void assert_vt_lacks(Vt *vt, const char *unwanted)
{
    char text[VT_MAX_BYTES];
    int64_t end = vt_now_ms() + VT_TIMEOUT_MS;
    while (vt_shows(vt, unwanted) && !vt->ended && vt_now_ms() < end)
        vt_step(vt, 50);
    if (vt_shows(vt, unwanted))
        fail_msg("\"%s\" does not leave the screen:\n%s", unwanted, vt_text(vt, text));
}

/* Ended by itself with status 0, and the tty is as it was. Frees the terminal. */
VT_UNUSED static void assert_ends_well(Vt *vt)
{
    char text[VT_MAX_BYTES];
    int status = vt_wait_end(vt);
    if (status != 0 || !vt_tty_is_restored(vt))
        fail_msg("status %d, tty %s:\n%s", status,
                 vt_tty_is_restored(vt) ? "restored" : "not restored", vt_text(vt, text));
    vt_free(vt);
}

#endif
