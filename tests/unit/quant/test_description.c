/* The description folder: the way there and back, the same bytes, and spoiled files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "quant/description.h"
#include "tests/unit/quant/models.h"

typedef struct Room {
    char folder[64]; /* temporary */
    char path[96];   /* of the description */
    IntegerModel *model;
} Room;

static int room_open(void **state)
{
    Room *room = calloc(1, sizeof *room);
    strcpy(room->folder, "/tmp/description-XXXXXX");
    if (!mkdtemp(room->folder))
        return -1;
    snprintf(room->path, sizeof room->path, "%s/model", room->folder);
    room->model = model_of_all_kinds(3);
    strcpy(room->model->source_sha256,
           "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    room->model->ops[1].pe = 3;
    *state = room;
    return integer_model_prove(room->model) == OK ? 0 : -1;
}

static int room_close(void **state)
{
    Room *room = *state;
    integer_model_free(room->model);
    int failed = fs_remove_tree(room->folder) != OK;
    free(room);
    return failed;
}

/* "PATH/NAME", valid until the next call. */
static const char *file_of(const Room *room, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", room->path, name);
    return path;
}

static char *read_text(const char *path)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 1 << 20, &text), OK);
    return text.data;
}

/* ---- there and back -------------------------------------------------------------------------- */

static void expect_same_array(const void *a, const void *b, int64_t bytes)
{
    assert_true((a == NULL) == (b == NULL));
    if (a)
        assert_memory_equal(a, b, (size_t)bytes);
}

static void expect_same_format(QuantParam a, QuantParam b)
{
    assert_true(a.scale == b.scale); /* to the last bit */
    assert_int_equal(a.bits, b.bits);
    assert_int_equal(a.low, b.low);
    assert_int_equal(a.high, b.high);
    assert_int_equal(a.zero_point, b.zero_point);
    assert_int_equal(a.is_signed, b.is_signed);
}

static void expect_same_op(const Op *a, const Op *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->input_count, b->input_count);
    assert_memory_equal(a->inputs, b->inputs, sizeof a->inputs);
    assert_true(shape_equal(a->input_shape, b->input_shape));
    assert_true(shape_equal(a->output_shape, b->output_shape));
    expect_same_format(a->input, b->input);
    expect_same_format(a->output, b->output);
    assert_int_equal(a->low, b->low);
    assert_int_equal(a->high, b->high);
    assert_int_equal(a->window.kernel_height, b->window.kernel_height);
    assert_int_equal(a->window.stride_width, b->window.stride_width);
    assert_int_equal(a->window.same, b->window.same);
    assert_int_equal(a->window.pad_bottom, b->window.pad_bottom);
    assert_int_equal(a->weight_bits, b->weight_bits);
    assert_int_equal(a->accumulator_bits, b->accumulator_bits);
    assert_int_equal(a->requantizer_count, b->requantizer_count);
    assert_true(a->clip == b->clip && a->weight_clip == b->weight_clip);
    assert_int_equal(a->pe, b->pe);
    assert_int_equal(a->simd, b->simd);
    assert_true((a->calibration == NULL) == (b->calibration == NULL));
    expect_same_array(a->weights, b->weights, op_weight_count(a) * 4);
    expect_same_array(a->bias, b->bias, op_channels(a) * 4);
    expect_same_array(a->table, b->table, op_table_count(a) * 4);
    expect_same_array(a->requantizers, b->requantizers, a->requantizer_count * 8);
    expect_same_array(a->weight_scales, b->weight_scales, a->requantizer_count * 8);
}

static void test_there_and_back(void **state)
{
    const Room *room = *state;
    IntegerModel *again = NULL;
    assert_int_equal(description_write(room->model, room->path), OK);
    if (description_read(room->path, &again) != OK)
        fail_msg("%s", error_message());
    assert_string_equal(again->name, room->model->name);
    assert_string_equal(again->source_sha256, room->model->source_sha256);
    assert_int_equal(again->classes, room->model->classes);
    assert_true(again->input_scale == room->model->input_scale);
    assert_int_equal(again->count, room->model->count);
    for (int i = 0; i < again->count; i++)
        expect_same_op(&again->ops[i], &room->model->ops[i]);
    integer_model_free(again);
}

static void test_same_bytes(void **state)
{
    const Room *room = *state;
    char first[HASH_HEX_BYTES], second[HASH_HEX_BYTES], copy[128];
    snprintf(copy, sizeof copy, "%s/copy/", room->folder);
    IntegerModel *again = NULL;
    assert_int_equal(description_write(room->model, room->path), OK);
    assert_int_equal(description_hash(room->path, first), OK);
    assert_int_equal(description_read(room->path, &again), OK);
    assert_int_equal(description_write(again, copy), OK);
    assert_int_equal(description_hash(copy, second), OK);
    assert_string_equal(first, second);
    char *a = read_text(file_of(room, "model.json"));
    snprintf(copy, sizeof copy, "%s/copy/model.json", room->folder);
    char *b = read_text(copy);
    assert_string_equal(a, b);
    free(a);
    free(b);
    /* One weight more or less is another hash. */
    ((int32_t *)(uintptr_t)again->ops[1].weights)[0] ^= 1;
    assert_int_equal(integer_model_prove(again), OK);
    assert_int_equal(description_write(again, room->path), OK);
    assert_int_equal(description_hash(room->path, second), OK);
    assert_string_not_equal(first, second);
    integer_model_free(again);
}

static void test_file_format(void **state)
{
    const Room *room = *state;
    int32_t *bias = (int32_t *)(uintptr_t)room->model->ops[1].bias;
    bias[0] = -7;
    bias[1] = 0;
    bias[2] = 300;
    assert_int_equal(description_write(room->model, room->path), OK);
    char *text = read_text(file_of(room, "weights/conv.bias.txt"));
    assert_string_equal(text, "-7\n0\n300\n");
    free(text);
    assert_true(fs_exists(file_of(room, "weights/conv.weights.txt")));
    assert_true(fs_exists(file_of(room, "weights/conv_tanh.table.txt")));
    assert_false(fs_exists(file_of(room, "weights/norm.bias.txt")));
}

/* Names that are no file names, and names that become the same one. */
static void test_names_become_file_names(void **state)
{
    const Room *room = *state;
    Op *ops = room->model->ops;
    ops[1].name = "../../evil/..";
    ops[2].name = "sch\xc3\xb6n";
    ops[4].name = "______EVIL___";
    ops[6].name = "con v_____________________________________________________________________"
                  "________________________________________________________________________x";
    assert_int_equal(description_write(room->model, room->path), OK);
    assert_true(fs_exists(file_of(room, "weights/______evil___.weights.txt")));
    assert_true(fs_exists(file_of(room, "weights/______EVIL____2.weights.txt")));
    assert_true(fs_exists(file_of(room, "weights/sch__n.table.txt")));
    IntegerModel *again = NULL;
    assert_int_equal(description_read(room->path, &again), OK);
    for (int i = 0; i < again->count; i++)
        assert_string_equal(again->ops[i].name, ops[i].name);
    integer_model_free(again);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
    assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
}

static void test_replaces_only_descriptions(void **state)
{
    const Room *room = *state;
    assert_int_equal(description_write(room->model, room->path), OK);
    /* A stale file of the older description goes with it. */
    write_text(file_of(room, "weights/stale.weights.txt"), "1\n");
    assert_int_equal(description_write(room->model, room->path), OK);
    assert_false(fs_exists(file_of(room, "weights/stale.weights.txt")));
    write_text(file_of(room, "thesis.tex"), "years of work");
    assert_int_equal(description_write(room->model, room->path), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "holds thesis.tex"));
    assert_true(fs_exists(file_of(room, "thesis.tex")));
}

static void test_failed_write_leaves_nothing(void **state)
{
    const Room *room = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/file/model", room->folder);
    char blocker[96];
    snprintf(blocker, sizeof blocker, "%s/file", room->folder);
    write_text(blocker, "not a folder");
    assert_int_equal(description_write(room->model, path), ERR_ENVIRONMENT);
    room->model->ops[1].weight_bits = 2; /* the weights do not fit */
    assert_int_equal(description_write(room->model, room->path), ERR_REFUSED);
    assert_false(fs_exists(room->path));
}

/* ---- spoiled files --------------------------------------------------------------------------- */

static void expect_refusal(const Room *room, const char *what, const char *words)
{
    IntegerModel *model = NULL;
    Status status = description_read(room->path, &model);
    if (status != ERR_REFUSED || !strstr(error_message(), words))
        fail_msg("%s: expected \"%s\", found status %d \"%s\"", what, words, (int)status,
                 error_message());
    assert_null(model);
}

/* The first `from` behind `anchor` becomes `to`. */
static char *replace(const char *text, const char *anchor, const char *from, const char *to)
{
    const char *start = strstr(text, anchor);
    const char *at = start ? strstr(start, from) : NULL;
    if (!at)
        fail_msg("%s is not behind %s", from, anchor);
    Buffer changed = {0};
    buffer_append(&changed, text, (size_t)(at - text));
    buffer_append_text(&changed, to);
    buffer_append_text(&changed, at + strlen(from));
    return changed.data;
}

static void test_spoiled_json(void **state)
{
    const Room *room = *state;
    static const struct {
        const char *anchor, *from, *to, *words;
    } rows[] = {
        {"", "{", "[", "model.json: line"},
        {"\"format\"", "dnn2fpga", "other", "is \"other model description\""},
        {"\"version\"", "2", "3", "version 3, expected"},
        {"\"version\"", "2", "0", "version 0, expected"},
        {"\"version\"", "2", "\"2\"", "key version must be an integer"},
        {"\"version\"", "\"version\"", "\"name\": \"a\", \"version\"", "duplicate"},
        {"\"name\"", "\"name\"", "\"nam\"", "key nam is not known"},
        {"\"source_sha256\"", "0011", "zz11", "hexadecimal"},
        {"\"source_sha256\"", "0011", "00110011", "source_sha256 is too long"},
        {"\"input_scale\"", "0.0039", "-0.0039", "input scale"},
        {"\"input_scale\"", "0.0039", "\"a\", \"b\": 0.0039", "key b is not known"},
        {"\"classes\"", "3", "4", "number of classes"},
        {"\"classes\"", "3", "99999999999", "does not fit in 32 bits"},
        {"\"classes\"", "3", "3.5", "must be an integer"},
        {"\"ops\"", "[", "[7, ", "operation 0: must be an object"},
        {"conv2d", "conv2d", "conv3d", "operation 1: kind conv3d is not known"},
        {"conv2d", "\"inputs\"", "\"extra\": 1, \"inputs\"", "key extra is not known"},
        {"conv2d", "\"inputs\": [", "\"inputs\": [0, 0, 0, 0, 0, 0, 0, 0, ",
         "key inputs has 9 entries"},
        {"conv2d", "\"name\": \"conv\"", "\"name\": \"a\\u0000b\"", "model.json"},
        {"conv2d", "\"name\": \"conv\"", "\"name\": \"a\\tb\"", "control character"},
        {"conv2d", "\"name\": \"conv\"", "\"name\": \"pool\"", "two operations are named pool"},
        {"conv2d", "\"name\": \"conv\"", "\"name\": \"other\"",
         "key weights must be weights/other.weights.txt"},
        {"conv2d", "weights/conv.weights.txt", "../../../etc/passwd",
         "key weights must be weights/conv.weights.txt"},
        {"conv2d", "\"weights/conv.bias.txt\"", "7", "key bias must be"},
        {"conv2d", "\"input_shape\": [", "\"input_shape\": [1, ", "input shape is 1x6x6x2"},
        {"conv2d", "\"input_shape\": [", "\"input_shape\": [1, 1, ", "at most 4 are expected"},
        {"conv2d", "\"bits\": 8", "\"bits\": 99", "bits is 99"},
        {"conv2d", "\"signed\": true", "\"signed\": 1", "key signed must be true or false"},
        {"conv2d", "\"scale\": ", "\"scale\": -", "scale is -"},
        {"conv2d", "\"scale\": ", "\"size\": ", "key size is not known"},
        {"conv2d", "\"output\"", "\"output_\"", "key output_ is not known"},
        {"conv2d", "\"low\": 0", "\"low\": -128", "low is -128"},
        {"conv2d", "\"calibration\": \"minmax\"", "\"calibration\": 3", "key calibration must be"},
        {"conv2d", "\"pe\": 3", "\"pe\": -3", "pe is -3"},
        {"conv2d", "\"kernel_height\": 3", "\"kernel_height\": 4", "pads are"},
        {"conv2d", "\"stride_width\": 1", "\"stride_width\": 0", "stride width is 0"},
        {"conv2d", "\"pad_top\": 1", "\"pad_top\": 0", "pads are 0 1 1 1, expected 1 1 1 1"},
        {"conv2d", "\"window\"", "\"table\": \"x\", \"window\"", "key table is not known"},
        {"conv2d", "\"weight_bits\": 8", "\"weight_bits\": 1", "weight bits is 1"},
        {"conv2d", "\"weight_bits\": 8", "\"weight_bits\": 7", "expected -64 to 63"},
        {"conv2d", "\"weight_scales\": [", "\"weight_scales\": [1.0, ", "expected 1"},
        {"conv2d", "\"weight_scales\": [", "\"weight_scales\": [null, ", "weight_scales"},
        {"conv2d", "\"multipliers\": [", "\"multipliers\": [1, ", "key shifts has 1 entries"},
        {"conv2d", "\"shifts\": [", "\"shifts\": [100, ", "key shifts has 2 entries"},
        {"conv2d", "\"accumulator_bits\": 1", "\"accumulator_bits\": 2",
         "layer conv: accumulator_bits is 2"},
    };
    assert_int_equal(description_write(room->model, room->path), OK);
    char *good = read_text(file_of(room, "model.json"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *bad = replace(good, rows[i].anchor, rows[i].from, rows[i].to);
        write_text(file_of(room, "model.json"), bad);
        free(bad);
        expect_refusal(room, rows[i].to, rows[i].words);
    }
    free(good);
}

/* A chain of the first version has the same keys. */
static void test_older_version(void **state)
{
    const Room *room = *state;
    IntegerModel *again = NULL;
    assert_int_equal(description_write(room->model, room->path), OK);
    char *text = read_text(file_of(room, "model.json"));
    char *older = replace(text, "\"version\"", "2", "1");
    write_text(file_of(room, "model.json"), older);
    assert_int_equal(description_read(room->path, &again), OK);
    assert_int_equal(again->count, room->model->count);
    integer_model_free(again);
    free(older);
    free(text);
}

/* Every prefix of model.json is refused and none of them crashes. */
static void test_truncated_json(void **state)
{
    const Room *room = *state;
    assert_int_equal(description_write(room->model, room->path), OK);
    char *good = read_text(file_of(room, "model.json"));
    for (size_t length = 0; length + 2 < strlen(good); length += 61) {
        char *bad = strndup(good, length);
        write_text(file_of(room, "model.json"), bad);
        free(bad);
        expect_refusal(room, "truncated", "model.json");
    }
    free(good);
    write_text(file_of(room, "model.json"), "null");
    expect_refusal(room, "null", "model.json");
}

static void test_spoiled_tensors(void **state)
{
    const Room *room = *state;
    static const struct {
        const char *name, *text, *words;
    } rows[] = {
        {"weights/conv.bias.txt", "", "has 0 bytes"},
        {"weights/conv.bias.txt", "1\n2\n", "has 4 bytes, which cannot be 3 values"},
        {"weights/conv.bias.txt", "1\n2\n3", "has 5 bytes"},
        {"weights/conv.bias.txt", "1\n2\n35", "value 2"},
        {"weights/conv.bias.txt", "1\n2\n3\n4\n", "holds more than 3 values"},
        {"weights/conv.bias.txt", "1\n2\nx3\n", "value 2"},
        {"weights/conv.bias.txt", "1\n-\n3\n\n", "value 1"},
        {"weights/conv.bias.txt", "1\n\n2\n3\n", "value 1"},
        {"weights/conv.bias.txt", "1\n2\n+3\n", "value 2"},
        {"weights/conv.bias.txt", "1\n2.0\n3\n", "value 1"},
        {"weights/conv.bias.txt", "1\n2\n3 \n", "holds more than 3 values"},
        {"weights/conv.bias.txt", "1\n2\n2147483648\n", "value 2"},
        {"weights/conv.bias.txt", "1\n2\n99999999999999999999\n", "value 2"},
        {"weights/conv.bias.txt", "1\n2\n-2147483648\n", "its sums need 33 bits"},
        {"weights/conv.bias.txt", "1\n2\n1000000\n", "accumulator_bits is"},
        {"weights/conv.bias.txt",
         "1                                                                      \n", "bytes"},
    };
    assert_int_equal(description_write(room->model, room->path), OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_text(file_of(room, rows[i].name), rows[i].text);
        expect_refusal(room, rows[i].text, rows[i].words);
    }
    assert_int_equal(unlink(file_of(room, "weights/conv.bias.txt")), 0);
    expect_refusal(room, "no file", "conv.bias.txt: has -1 bytes");
    assert_int_equal(mkdir(file_of(room, "weights/conv.bias.txt"), 0700), 0);
    expect_refusal(room, "a folder", "conv.bias.txt");
}

static void test_spoiled_values(void **state)
{
    const Room *room = *state;
    assert_int_equal(description_write(room->model, room->path), OK);
    char *good = read_text(file_of(room, "weights/conv.weights.txt"));
    char *first_end = strchr(good, ' ');
    Buffer bad = {0};
    buffer_printf(&bad, "128%s", first_end);
    write_text(file_of(room, "weights/conv.weights.txt"), bad.data);
    expect_refusal(room, "weight 128", "layer conv: weight 0 is 128, expected -128 to 127");
    write_text(file_of(room, "weights/conv.weights.txt"), good);
    buffer_free(&bad);
    free(good);
    good = read_text(file_of(room, "weights/conv_tanh.table.txt"));
    buffer_printf(&bad, "999%s", strchr(good, ' '));
    write_text(file_of(room, "weights/conv_tanh.table.txt"), bad.data);
    expect_refusal(room, "entry 999", "layer conv.tanh: table entry 0 is 999");
    buffer_free(&bad);
    free(good);
}

static void test_no_folder(void **state)
{
    const Room *room = *state;
    char hex[HASH_HEX_BYTES];
    expect_refusal(room, "nothing there", "model.json");
    assert_int_equal(description_hash(room->path, hex), ERR_REFUSED);
}

#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, room_open, room_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(test_there_and_back),
        ROOM_TEST(test_same_bytes),
        ROOM_TEST(test_file_format),
        ROOM_TEST(test_names_become_file_names),
        ROOM_TEST(test_replaces_only_descriptions),
        ROOM_TEST(test_failed_write_leaves_nothing),
        ROOM_TEST(test_spoiled_json),
        ROOM_TEST(test_older_version),
        ROOM_TEST(test_truncated_json),
        ROOM_TEST(test_spoiled_tensors),
        ROOM_TEST(test_spoiled_values),
        ROOM_TEST(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
