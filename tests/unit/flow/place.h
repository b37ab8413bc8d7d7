/* place.h: a scratch home for a test of the flow: data folders of its own, a small model, and a
 * dataset that is written on the spot. */
#ifndef TESTS_FLOW_PLACE_H
#define TESTS_FLOW_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/rng.h"
#include "flow/options.h"

/* The paper's network with few filters, on 12x12 images; made by Keras. */
#define SMALL_MODEL "tests/fixtures/models/paper_cnn_small.k3.h5"

enum {
    IMAGE_SIDE = 12,
    PLACE_CLASSES = 10,
    SMALL_PARAMETERS = (9 + 1) * 2 + (18 + 1) * 3 + (48 + 1) * 10
};

typedef struct Place {
    char folder[64];
    Arena *arena;
    Paths paths;
    const char *data;
} Place;

static inline void write_bytes(const char *path, const void *head, size_t head_bytes,
                               const void *body, size_t body_bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, head_bytes, file), head_bytes);
    assert_int_equal(fwrite(body, 1, body_bytes, file), body_bytes);
    assert_int_equal(fclose(file), 0);
}

/* `count` images of noise and labels below PLACE_CLASSES, as two IDX files named by `split`. */
static inline void write_split(Place *place, const char *split, int count)
{
    size_t pixels = (size_t)count * IMAGE_SIDE * IMAGE_SIDE;
    unsigned char *image = malloc(pixels), *label = malloc((size_t)count);
    assert_non_null(image);
    assert_non_null(label);
    Rng rng = rng_seed(7);
    for (size_t i = 0; i < pixels; i++)
        image[i] = (unsigned char)rng_below(&rng, 256);
    for (int i = 0; i < count; i++)
        label[i] = (unsigned char)rng_below(&rng, PLACE_CLASSES);
    const unsigned char high = (unsigned char)(count >> 8), low = (unsigned char)(count & 255);
    const unsigned char middle = (unsigned char)(count >> 16);
    const unsigned char images[16] = {0, 0, 8, 3,          0, middle, high, low,
                                      0, 0, 0, IMAGE_SIDE, 0, 0,      0,    IMAGE_SIDE};
    const unsigned char labels[8] = {0, 0, 8, 1, 0, middle, high, low};
    write_bytes(arena_printf(place->arena, "%s/%s-images-idx3-ubyte", place->data, split), images,
                sizeof images, image, pixels);
    write_bytes(arena_printf(place->arena, "%s/%s-labels-idx1-ubyte", place->data, split), labels,
                sizeof labels, label, (size_t)count);
    free(image);
    free(label);
}

static inline int place_set_up(void **state)
{
    Place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/test_flow.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->arena = arena_new();
    setenv("XDG_DATA_HOME", fs_join(place->arena, place->folder, "share"), 1);
    setenv("XDG_STATE_HOME", fs_join(place->arena, place->folder, "state"), 1);
    place->paths = paths_of_user(place->arena);
    place->data = fs_join(place->arena, place->folder, "data");
    assert_int_equal(mkdir(place->data, 0700), 0);
    write_split(place, "t10k", 200);
    write_split(place, "train", 100);
    *state = place;
    return 0;
}

static inline int place_tear_down(void **state)
{
    Place *place = *state;
    Status status = fs_remove_tree(place->folder);
    arena_free(place->arena);
    free(place);
    return status == OK ? 0 : -1;
}

/* Options for a run on software only. */
static inline RunOptions place_options(const Place *place)
{
    RunOptions options = run_options_default();
    options.model = SMALL_MODEL;
    options.data = place->data;
    options.jobs = 2;
    options.stop_after = STAGE_DESCRIBE;
    return options;
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_set_up, place_tear_down)

#endif
