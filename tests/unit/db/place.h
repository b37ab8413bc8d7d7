/* place.h: what tests of the history begin with: a history of their own in a folder of its own.
 *
 *     cmocka_unit_test_setup_teardown(test_order, place_open, place_close)
 */
#ifndef TESTS_DB_PLACE_H
#define TESTS_DB_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "db/store.h"

typedef struct Place {
    char folder[64];
    char path[128];
    Store *store;
    Arena *arena;
} Place;

static int place_open(void **state)
{
    Place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/test_db.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/history.db", place->folder);
    place->arena = arena_new();
    assert_int_equal(store_open(place->path, &place->store), OK);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    Place *place = *state;
    store_close(place->store);
    Status status = fs_remove_tree(place->folder);
    arena_free(place->arena);
    free(place);
    return status == OK ? 0 : -1;
}

#endif
