/* What differs in the taps of a design: every value is found, and what a reader makes of files that
 * were damaged. The taps are the golden model's own, changed here; test_proof.c has real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "flow/differences.h"
#include "hw/emit.h"
#include "tests/unit/hw/nets.h"

enum { IMAGES = 3, FILTERS = 4, FIRST = 1, TAPPED = 2, SAMPLE_BYTES = 2, WORD_BYTES = 4 };

typedef struct Bed {
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    Dataset *dataset;
    IntegerForward *forward;
    char folder[40];
    const char *taps;
} Bed;

static IntegerModel *two_convolutions(void)
{
    Tiny tiny = tiny_new("reference", shape_of(3, 9, 8, 1), 5);
    tiny_relu(tiny_conv2d(&tiny, "conv_a", FILTERS, tiny_window(3, 3, 1, 1)));
    tiny_conv2d(&tiny, "conv_b", FILTERS, tiny_window(3, 3, 1, 1));
    tiny_dense(&tiny, "dense", 10);
    return tiny_finish(&tiny);
}

/* Taps of images FIRST.., as right hardware gives them. */
static void write_taps(const Bed *bed)
{
    const Shape shape = bed->model->ops[0].output_shape;
    float *image = ARENA_ARRAY(bed->arena, float, shape_elements(shape));
    for (int i = 0; i < bed->plan->count; i++) {
        const Stage *stage = &bed->plan->stages[i];
        const char *path = fs_join(bed->arena, bed->taps, emit_tap_name(bed->arena, stage));
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        for (int64_t n = FIRST; n < FIRST + TAPPED; n++) {
            dataset_read(bed->dataset, n, 1, image);
            integer_forward_run(bed->forward, image, 1);
            const int32_t *values = integer_forward_op(bed->forward, stage->op_index);
            int64_t count = shape_elements(stage->op->output_shape);
            bool is_float = op_traits(stage->op->kind)->writes_float;
            for (int64_t k = 0; k < count; k++) /* little-endian, as this machine is */
                fwrite(&values[k], is_float ? WORD_BYTES : SAMPLE_BYTES, 1, file);
        }
        assert_int_equal(fclose(file), 0);
    }
}

static void bed_open(Bed *bed)
{
    *bed = (Bed){
        .arena = arena_new(), .model = two_convolutions(), .folder = "/tmp/differences-XXXXXX"};
    assert_non_null(mkdtemp(bed->folder));
    assert_int_equal(plan_new(bed->model, &bed->plan), OK);
    bed->dataset = tiny_images(bed->model->ops[0].output_shape, IMAGES, 99);
    bed->forward = integer_forward_new(bed->model, VECTORS_BATCH);
    bed->taps = fs_join(bed->arena, bed->folder, "taps");
    assert_int_equal(fs_make_folders(bed->taps), OK);
    write_taps(bed);
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

static const char *tap_path(const Bed *bed, int stage)
{
    return fs_join(bed->arena, bed->taps, emit_tap_name(bed->arena, &bed->plan->stages[stage]));
}

/* Adds one to a value of the tapped image `index`. */
static void change(const Bed *bed, int stage, int64_t index, int64_t element)
{
    int64_t elements = shape_elements(bed->plan->stages[stage].op->output_shape);
    FILE *file = fopen(tap_path(bed, stage), "r+b");
    int16_t value;
    long place = (long)((index * elements + element) * SAMPLE_BYTES);
    assert_non_null(file);
    assert_int_equal(fseek(file, place, SEEK_SET), 0);
    assert_int_equal(fread(&value, sizeof value, 1, file), 1);
    value++;
    assert_int_equal(fseek(file, place, SEEK_SET), 0);
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static void cut(const Bed *bed, int stage, int64_t values)
{
    Buffer bytes = {0};
    assert_int_equal(fs_read_file(tap_path(bed, stage), 1 << 20, &bytes), OK);
    assert_int_equal(fs_write_atomic(tap_path(bed, stage), bytes.data,
                                     bytes.length - (size_t)values * SAMPLE_BYTES),
                     OK);
    buffer_free(&bytes);
}

static void compare(const Bed *bed)
{
    const TapRun run = {.folder = bed->taps, .first = FIRST, .count = TAPPED, .suspect = -1};
    if (differences_write(bed->folder, bed->forward, bed->plan, bed->dataset, &run) != OK)
        fail_msg("%s", error_message());
}

static Differences *open_found(const Bed *bed)
{
    Differences *differences = NULL;
    if (differences_open(bed->folder, &differences) != OK)
        fail_msg("%s", error_message());
    return differences;
}

static void equal_taps_leave_nothing(void **state)
{
    (void)state;
    Bed bed;
    Differences *differences = NULL;
    bed_open(&bed);
    change(&bed, 0, 0, 3);
    compare(&bed);
    assert_true(differences_kept(bed.folder));
    write_taps(&bed);
    compare(&bed);
    assert_false(differences_kept(bed.folder));
    assert_int_equal(differences_open(bed.folder, &differences), ERR_ENVIRONMENT);
    assert_null(differences);
    bed_close(&bed);
}

/* conv_a gives 7 rows of 6 pixels of 4 channels. */
static void every_value_is_found(void **state)
{
    (void)state;
    Bed bed;
    ValueDifference values[8];
    bed_open(&bed);
    change(&bed, 0, 1, 2 * 6 * FILTERS + 5 * FILTERS + 3); /* row 2, column 5, channel 3 */
    change(&bed, 0, 1, 6 * 6 * FILTERS + 3);
    change(&bed, 0, 1, 1);
    cut(&bed, 2, 2);
    compare(&bed);
    Differences *found = open_found(&bed);
    assert_int_equal(found->first_image, FIRST);
    assert_int_equal(found->images, TAPPED);
    assert_int_equal(found->differing_images, 1);
    assert_int_equal(found->layer_count, 3);
    const LayerDifferences *conv = &found->layers[0], *dense = &found->layers[2];
    assert_string_equal(conv->layer, "conv_a");
    assert_int_equal(conv->image, FIRST + 1);
    assert_int_equal(conv->label, bed.dataset->labels[FIRST + 1]);
    assert_int_equal(conv->rows * 100 + conv->columns * 10 + conv->channels, 764);
    assert_int_equal(conv->wrong, 3);
    assert_int_equal(conv->missing, 0);
    assert_int_equal(conv->first, 1);
    assert_int_equal(differences_beat(conv, 2 * FILTERS), 2);
    assert_int_equal(conv->per_channel[0] + conv->per_channel[2], 0);
    assert_int_equal(conv->per_channel[3], 2);
    assert_int_equal(differences_read(found, 0, 3, values), OK);
    assert_int_equal(values[0].row, 2);
    assert_int_equal(values[0].column, 5);
    assert_int_equal(values[0].got, values[0].expected + 1);
    assert_int_equal(values[1].row, 6);
    double step = differences_real(conv, 1) - differences_real(conv, 0);
    assert_true(step > 0 && step == bed.plan->stages[0].op->output.scale);
    assert_int_equal(found->layers[1].first, -1);
    assert_int_equal(dense->missing, 2);
    assert_int_equal(dense->first, 8);
    assert_int_equal(differences_read(found, 2, 9, values), OK);
    assert_true(values[0].missing);
    differences_free(found);
    bed_close(&bed);
}

static void reports_say_the_same(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed);
    change(&bed, 1, 0, 6);
    compare(&bed);
    Differences *found = open_found(&bed);
    json_t *report = differences_to_json(found), *list = NULL;
    char *text =
        json_dumps(json_object_get(json_array_get(json_object_get(report, "layers"), 1), "first"),
                   JSON_COMPACT);
    assert_string_equal(text, "{\"element\":6,\"beat\":1,\"row\":0,\"column\":1,\"channel\":2}");
    free(text);
    assert_int_equal(differences_channel_to_json(found, 1, 2, &list), OK);
    assert_int_equal(json_array_size(list), 1);
    const json_t *value = json_array_get(list, 0);
    assert_int_equal(json_integer_value(json_object_get(value, "got")),
                     json_integer_value(json_object_get(value, "expected")) + 1);
    json_decref(list);
    json_decref(report);
    differences_free(found);
    bed_close(&bed);
}

/* Replaces a text of the index, which must be there. */
static void damage(const Bed *bed, const char *old, const char *fresh)
{
    const char *path = fs_join(bed->arena, bed->folder, "differences.json");
    Buffer text = {0}, changed = {0};
    assert_int_equal(fs_read_file(path, 1 << 20, &text), OK);
    const char *at = strstr(text.data, old);
    if (!at)
        fail_msg("\"%s\" is not in %s", old, text.data);
    buffer_append(&changed, text.data, (size_t)(at - text.data));
    buffer_printf(&changed, "%s%s", fresh, at + strlen(old));
    assert_int_equal(fs_write_atomic(path, changed.data, changed.length), OK);
    buffer_free(&text);
    buffer_free(&changed);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old, *fresh;
    } DAMAGES[] = {{"\"version\":1", "\"version\":2"},
                   {"\"rows\":7", "\"rows\":70000000000"},
                   {"\"rows\":7", "\"rows\":-7"},
                   {"\"channels\":4", "\"channels\":5"},
                   {"\"lanes\":4", "\"lanes\":0"},
                   {"\"wrong\":1", "\"wrong\":2"},
                   {"\"wrong\":1", "\"wrong\":-1"},
                   {"\"wrong\":1,\"missing\":0",
                    "\"wrong\":9223372036854775807,\"missing\":9223372036854775807"},
                   {"\"first\":1", "\"first\":99999"},
                   {"\"per_channel\":[0,1", "\"per_channel\":[1,0,1"},
                   {"\"per_channel\":[0,1", "\"per_channel\":[0,\"1\""},
                   {"\"layers\":[", "\"layers\":[7,"},
                   {"{", "["}};
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        Bed bed;
        Differences *differences = NULL;
        bed_open(&bed);
        change(&bed, 0, 0, 1);
        compare(&bed);
        damage(&bed, DAMAGES[i].old, DAMAGES[i].fresh);
        if (differences_open(bed.folder, &differences) != ERR_REFUSED)
            fail_msg("%s was taken", DAMAGES[i].fresh);
        bed_close(&bed);
    }
}

/* An element that is not of its channel; and a file that ends too soon. */
static void damaged_values_are_refused(void **state)
{
    (void)state;
    Bed bed;
    ValueDifference value;
    bed_open(&bed);
    change(&bed, 0, 0, 1);
    compare(&bed);
    const char *path = fs_join(bed.arena, bed.folder, "differences.bin");
    unsigned char record[16] = {2};
    assert_int_equal(fs_size(path), sizeof record);
    assert_int_equal(fs_write_atomic(path, record, sizeof record), OK);
    Differences *found = open_found(&bed);
    assert_int_equal(differences_read(found, 0, 1, &value), ERR_REFUSED);
    differences_free(found);
    assert_int_equal(fs_write_atomic(path, record, 15), OK);
    assert_int_equal(differences_open(bed.folder, &found), ERR_REFUSED);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_taps_leave_nothing),   cmocka_unit_test(every_value_is_found),
        cmocka_unit_test(reports_say_the_same),       cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(damaged_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
