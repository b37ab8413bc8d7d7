/* Choices for layers and scheme files: written, read again, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/hash.h"
#include "quant/scheme_text.h"
#include "tests/unit/nn/graphs.h"

#define TAIL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static Graph *two_layers(void)
{
    Rng rng = rng_seed(1);
    Graph *graph = graph_of_input(shape_of(3, 4, 4, 1));
    chain(graph, conv_layer(graph, &rng, "conv:a", window_of(1, 1, 1, false), shape_of(2, 1, 2)));
    chain(graph, conv_layer(graph, &rng, "last", window_of(1, 1, 1, false), shape_of(2, 2, 2)));
    return graph;
}

static Scheme plain_scheme(const Graph *graph)
{
    LayerScheme row = {
        .weight_bits = 8, .activation_bits = 8, .calibrator = calibrator_find("minmax")};
    return scheme_uniform(graph->arena, graph, row);
}

static void test_choices(void **state)
{
    (void)state;
    Graph *graph = two_layers();
    Scheme scheme = plain_scheme(graph);
    assert_int_equal(
        scheme_choose(&scheme, graph,
                      "conv:a:bits=5,activation-bits=6,calibration=percentile:99.5,"
                      "weight-calibration=mse,clip=2.5,weight-clip=0.25,per-channel,range=affine"),
        OK);
    const LayerScheme *row = &scheme.layers[1];
    assert_int_equal(row->weight_bits, 5);
    assert_int_equal(row->activation_bits, 6);
    assert_string_equal(row->calibrator->name, "percentile");
    assert_true(row->calibrator_parameter == 99.5);
    assert_string_equal(row->weight_calibrator->name, "mse");
    assert_true(row->clip == 2.5);
    assert_int_equal(row->granularity, PER_CHANNEL);
    assert_int_equal(row->range, RANGE_AFFINE);
    assert_int_equal(scheme_choose(&scheme, graph, "last:float=yes"), OK);
    assert_true(scheme.layers[2].is_float);
    assert_int_equal(scheme.layers[0].weight_bits, 8); /* nothing else changed */
    graph_free(graph);
}

static void test_wrong_choices(void **state)
{
    (void)state;
    static const struct {
        const char *choice, *message;
    } WRONG[] = {
        {"lost:bits=4", "no layer is named lost; did you mean last?"},
        {"something:bits=4", "the layers are: "},
        {"last:bits=1", "1 bits, possible are 2 to 16"},
        {"last:bits=17", "17 bits"},
        {"last:bits=4x", "4x bits"},
        {"last:bit=4", "unknown key 'bit'; did you mean bits?"},
        {"last:clip=-1", "clip '-1'"},
        {"last:clip=nan", "clip 'nan'"},
        {"last:calibration=percentile:0", "must be above 0"},
        {"last:calibration=percentile:101", "at most 100"},
        {"last:calibration=minmaks", "expected one of: minmax"},
        {"last:calibration=minmax:3", "takes no parameter"},
        {"last:range=log", "expected symmetric, unsigned or affine"},
        {"last:float=perhaps", "neither yes nor no"},
        {"last", "write NAME:key=value"},
        {":bits=4", "write NAME:key=value"},
        {"last:", "write NAME:key=value"},
    };
    Graph *graph = two_layers();
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        Scheme scheme = plain_scheme(graph);
        assert_int_equal(scheme_choose(&scheme, graph, WRONG[i].choice), ERR_USAGE);
        if (!strstr(error_message(), WRONG[i].message))
            fail_msg("%s: \"%s\" is not in \"%s\"", WRONG[i].choice, WRONG[i].message,
                     error_message());
    }
    graph_free(graph);
}

/* A file in a folder of its own. */
typedef struct Place {
    char folder[32];
    Arena *arena;
    const char *file;
} Place;

static void place_open(Place *place)
{
    *place = (Place){.folder = "/tmp/scheme-XXXXXX", .arena = arena_new()};
    assert_non_null(mkdtemp(place->folder));
    place->file = fs_join(place->arena, place->folder, "a.scheme");
}

static void place_close(Place *place)
{
    assert_int_equal(fs_remove_tree(place->folder), OK);
    arena_free(place->arena);
}

static SchemeFile file_of(Place *place, const Graph *graph, const Scheme *scheme)
{
    SchemeFile file;
    assert_int_equal(scheme_write(scheme, graph, SHA, place->file), OK);
    assert_int_equal(scheme_file_read(place->file, place->arena, &file), OK);
    return file;
}

static SchemeFile file_with(Place *place, const char *text)
{
    SchemeFile file;
    assert_int_equal(fs_write_atomic(place->file, text, strlen(text)), OK);
    assert_int_equal(scheme_file_read(place->file, place->arena, &file), OK);
    return file;
}

/* Written by hand: what is left out, other ways to write a value, another model. */
static void test_differences_of_what_people_write(void **state)
{
    (void)state;
    Place place;
    place_open(&place);
    SchemeFile a = file_with(&place, "dnn2fpga scheme 1\nmodel " SHA
                                     "\n[x]\nbits = 4\nclip = 0.50\n[y]\nfloat = yes\n");
    SchemeFile b = file_with(&place, "dnn2fpga scheme 1\nmodel b" TAIL
                                     "\n[x]\nclip = 5e-1\nweight-bits = 4\n[z]\nscale = full\n");
    const SchemeDifference *found;
    assert_int_equal(scheme_file_differences(&a, &b, place.arena, &found), 4);
    assert_null(found[0].layer);
    assert_string_equal(found[0].key, "model");
    assert_string_equal(found[1].key, "activation-bits");
    assert_string_equal(found[1].before, "4");
    assert_null(found[1].after);
    assert_string_equal(found[2].layer, "y");
    assert_null(found[2].after);
    assert_string_equal(found[3].layer, "z");
    assert_null(found[3].before);
    SchemeFile file;
    static const char WRONG[] = "dnn2fpga scheme 1\nmodel abc\n";
    assert_int_equal(fs_write_atomic(place.file, WRONG, strlen(WRONG)), OK);
    assert_int_equal(scheme_file_read(place.file, place.arena, &file), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "line 2: 'abc' is not the SHA-256"));
    place_close(&place);
}

static void test_file_and_difference(void **state)
{
    (void)state;
    Graph *graph = two_layers();
    Place place;
    place_open(&place);
    Scheme scheme = plain_scheme(graph), again = plain_scheme(graph);
    assert_int_equal(scheme_choose(&scheme, graph,
                                   "conv:a:bits=3,calibration=mean-sigma:2.5,weight-calibration="
                                   "entropy,clip=0.1,average,range=unsigned,scale=full"),
                     OK);
    assert_int_equal(scheme_choose(&scheme, graph, "last:per-channel=yes"), OK);
    SchemeFile before = file_of(&place, graph, &again), after = file_of(&place, graph, &scheme);
    const SchemeDifference *found;
    assert_int_equal(scheme_file_differences(&before, &after, place.arena, &found), 9);
    assert_string_equal(found[4].layer, "conv:a");
    assert_string_equal(found[4].key, "clip");
    assert_string_equal(found[4].before, "auto");
    assert_string_equal(found[4].after, "0.1");
    assert_string_equal(found[8].layer, "last");
    assert_string_equal(found[8].key, "per-channel");
    assert_string_equal(found[8].after, "yes");
    assert_int_equal(scheme_read(place.file, graph, SHA, &again), OK);
    before = file_of(&place, graph, &again);
    assert_int_equal(scheme_file_differences(&before, &after, place.arena, &found), 0);
    place_close(&place);
    graph_free(graph);
}

static void test_wrong_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } WRONG[] = {
        {"", "is empty"},
        {"hello\n", "line 1: expected 'dnn2fpga scheme 1'"},
        {"dnn2fpga scheme 1\n", "names no model"},
        {"dnn2fpga scheme 1\n[last]\n", "line 2: expected 'model'"},
        {"dnn2fpga scheme 1\nmodel bbbb\n", "line 2: the scheme is for another model"},
        {"dnn2fpga scheme 1\nmodel " SHA "\nbits = 4\n", "line 3: expected a [layer] first"},
        {"dnn2fpga scheme 1\nmodel " SHA "\n[lost]\n", "line 3: no layer is named lost"},
        {"dnn2fpga scheme 1\nmodel " SHA "\n[last]\nbits 4\n", "line 4: expected key = value"},
        {"dnn2fpga scheme 1\nmodel " SHA "\n[last]\nbits = 40\n", "line 4: bits: 40 bits"},
        {"dnn2fpga scheme 1\nmodel " SHA "\n[last]\nbats = 4\n", "did you mean bits?"},
    };
    Graph *graph = two_layers();
    Place place;
    place_open(&place);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        Scheme scheme = plain_scheme(graph);
        assert_int_equal(fs_write_atomic(place.file, WRONG[i].text, strlen(WRONG[i].text)), OK);
        assert_int_equal(scheme_read(place.file, graph, SHA, &scheme), ERR_REFUSED);
        if (!strstr(error_message(), WRONG[i].message))
            fail_msg("%zu: \"%s\" is not in \"%s\"", i, WRONG[i].message, error_message());
    }
    place_close(&place);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_wrong_choices),
        cmocka_unit_test(test_file_and_difference),
        cmocka_unit_test(test_differences_of_what_people_write),
        cmocka_unit_test(test_wrong_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
