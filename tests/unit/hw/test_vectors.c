/* Stimulus and expected files, and the search for the first difference in taps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "hw/emit.h"
#include "hw/vectors.h"
#include "tests/unit/hw/tiny_model.h"

enum { IMAGES = VECTORS_BATCH + 8, MAX_SAMPLES = 4096 };

typedef struct Bed {
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    Dataset *dataset;
    IntegerForward *forward;
    char folder[32];
} Bed;

/* Stages: 0 conv, 1 table, 2 bridge, 3 dense in floating point, 4 bridge. */
static void bed_open(Bed *bed)
{
    Tiny tiny = tiny_new("net", shape_of(3, 4, 4, 2), 1);
    tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 1, 1));
    tiny_table(&tiny, "table");
    tiny_to_float(&tiny, "dense.to_float");
    tiny_float_dense(&tiny, "dense", 5);
    tiny_to_integer(&tiny, "dense.to_integer");
    *bed =
        (Bed){.arena = arena_new(), .model = tiny_finish(&tiny), .folder = "/tmp/vectors-XXXXXX"};
    assert_non_null(mkdtemp(bed->folder));
    assert_int_equal(plan_new(bed->model, &bed->plan), OK);
    bed->dataset = tiny_images(shape_of(3, 4, 4, 2), IMAGES, 5);
    bed->forward = integer_forward_new(bed->model, VECTORS_BATCH);
}

static void bed_close(Bed *bed)
{
    assert_int_equal(fs_remove_tree(bed->folder), OK);
    integer_forward_free(bed->forward);
    arena_free(bed->dataset->arena);
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
}

static void files_hold_the_golden_integers(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    VectorFiles files = {.stimulus = fs_join(bed.arena, bed.folder, "in.bin"),
                         .expected = fs_join(bed.arena, bed.folder, "out.bin"),
                         .first = 3,
                         .count = IMAGES - 3}; /* more than a batch */
    int32_t labels[IMAGES];
    assert_int_equal(vectors_write(bed.forward, bed.plan, bed.dataset, &files, labels), OK);
    assert_int_equal(fs_size(files.stimulus), files.count * 32 * 2);
    assert_int_equal(fs_size(files.expected), files.count * 5 * 2);
    static int32_t in[MAX_SAMPLES], out[MAX_SAMPLES];
    int64_t got;
    assert_int_equal(vectors_read(files.stimulus, MAX_SAMPLES, in, &got), OK);
    assert_int_equal(got, files.count * 32);
    assert_int_equal(vectors_read(files.expected, MAX_SAMPLES, out, &got), OK);
    for (int i = 0; i < files.count; i++) {
        float image[32];
        dataset_read(bed.dataset, files.first + i, 1, image);
        const int32_t *scores = integer_forward_run(bed.forward, image, 1);
        assert_memory_equal(in + i * 32, integer_forward_op(bed.forward, 0), 32 * sizeof *in);
        assert_memory_equal(out + i * 5, scores, 5 * sizeof *out);
        assert_int_equal(labels[i], integer_arg_max(scores, 5));
    }
    bed_close(&bed);
}

static void samples_are_16_bits_little_endian(void **state)
{
    (void)state;
    char path[] = "/tmp/samples-XXXXXX";
    close(mkstemp(path));
    static const unsigned char bytes[] = {0x01, 0x00, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f, 0x34};
    assert_int_equal(fs_write_atomic(path, bytes, sizeof bytes), OK);
    int32_t samples[8];
    int64_t got;
    assert_int_equal(vectors_read(path, 8, samples, &got), OK);
    assert_int_equal(got, 4); /* half a sample is none */
    assert_int_equal(samples[0], 1);
    assert_int_equal(samples[1], -1);
    assert_int_equal(samples[2], -32768);
    assert_int_equal(samples[3], 32767);
    unlink(path);
    assert_int_equal(vectors_read(path, 8, samples, &got), ERR_ENVIRONMENT);
}

/* ---- taps that a run might have left --------------------------------------------------------- */

typedef struct Fault {
    int stage; /* -1: none */
    int64_t image, element;
    int cut; /* the tap ends there, instead of holding a wrong value */
} Fault;

static void write_taps(Bed *bed, int64_t first, int64_t count, const Fault *fault)
{
    for (int i = 0; i < bed->plan->count; i++) {
        const Stage *stage = &bed->plan->stages[i];
        int64_t elements = stage->output.beats * stage->output.lanes, total = count * elements;
        int width = op_traits(stage->op->kind)->writes_float ? 4 : 2;
        unsigned char *bytes = ARENA_ARRAY(bed->arena, unsigned char, width *total);
        for (int64_t image = 0; image < count; image++) {
            float pixels[32];
            dataset_read(bed->dataset, first + image, 1, pixels);
            integer_forward_run(bed->forward, pixels, 1);
            const int32_t *golden = integer_forward_op(bed->forward, stage->op_index);
            for (int64_t k = 0; k < elements; k++) {
                int32_t value = golden[k];
                bool here = fault->stage == i && fault->image == image && fault->element == k;
                if (here && fault->cut)
                    total = image * elements + k;
                value ^= here ? 1 : 0;
                for (int b = 0; b < width; b++)
                    bytes[width * (image * elements + k) + b] = (unsigned char)(value >> 8 * b);
            }
        }
        const char *path = fs_join(bed->arena, bed->folder, emit_tap_name(bed->arena, stage));
        assert_int_equal(fs_write_atomic(path, bytes, (size_t)(width * total)), OK);
    }
}

static Difference compare(Bed *bed, int64_t first, int64_t count, int suspect)
{
    Difference difference;
    TapRun run = {.folder = bed->folder, .first = first, .count = count, .suspect = suspect};
    assert_int_equal(vectors_compare_taps(bed->forward, bed->plan, bed->dataset, &run, &difference),
                     OK);
    return difference;
}

static void equal_taps_have_no_difference(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    write_taps(&bed, 4, 3, &(Fault){.stage = -1});
    assert_false(compare(&bed, 4, 3, -1).found);
    bed_close(&bed);
}

static void a_wrong_value_is_found_where_it_is(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    write_taps(&bed, 4, 3, &(Fault){.stage = 1, .image = 2, .element = 7});
    Difference difference = compare(&bed, 4, 3, -1);
    assert_true(difference.found);
    assert_string_equal(difference.layer, "table");
    assert_int_equal(difference.image, 6);
    assert_int_equal(difference.element, 7);
    assert_false(difference.missing);
    assert_int_equal(difference.got ^ 1, difference.expected);
    bed_close(&bed);
}

static void a_wrong_bit_of_a_float_is_found(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    write_taps(&bed, 4, 3, &(Fault){.stage = 3, .image = 1, .element = 2});
    Difference difference = compare(&bed, 4, 3, -1);
    assert_string_equal(difference.layer, "dense");
    assert_true(difference.is_float);
    assert_int_equal(difference.image, 5);
    assert_int_equal(difference.element, 2);
    assert_int_equal(difference.got ^ 1, difference.expected);
    assert_true(fabsf(float32_of_word(difference.got)) < 1000); /* whole words are compared */
    bed_close(&bed);
}

static void a_tap_that_ends_early_is_missing_values(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    write_taps(&bed, 0, 2, &(Fault){.stage = 0, .image = 1, .element = 5, .cut = true});
    Difference difference = compare(&bed, 0, 2, -1);
    assert_string_equal(difference.layer, "conv");
    assert_int_equal(difference.image, 1);
    assert_int_equal(difference.element, 5);
    assert_true(difference.missing);
    bed_close(&bed);
}

/* When the simulator gave up, all taps end early; the layer that it blamed is named. */
static void the_suspect_comes_first_among_missing_ones(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    for (int i = 0; i < bed.plan->count; i++) {
        const char *name = emit_tap_name(bed.arena, &bed.plan->stages[i]);
        assert_int_equal(fs_write_atomic(fs_join(bed.arena, bed.folder, name), "", 0), OK);
    }
    assert_string_equal(compare(&bed, 0, 1, 3).layer, "dense");
    assert_string_equal(compare(&bed, 0, 1, -1).layer, "conv");
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_the_golden_integers),
        cmocka_unit_test(samples_are_16_bits_little_endian),
        cmocka_unit_test(equal_taps_have_no_difference),
        cmocka_unit_test(a_wrong_value_is_found_where_it_is),
        cmocka_unit_test(a_wrong_bit_of_a_float_is_found),
        cmocka_unit_test(a_tap_that_ends_early_is_missing_values),
        cmocka_unit_test(the_suspect_comes_first_among_missing_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
