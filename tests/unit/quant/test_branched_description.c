/* Descriptions of branched models: there and back, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "quant/description.h"
#include "quant/integer_forward.h"
#include "quant/quantizer.h"
#include "tests/unit/nn/branched.h"

enum { IMAGES = 20 };

typedef struct Room {
    char folder[64]; /* temporary */
    char path[96];   /* of the description */
    char json[128];
    Graph *graph;
    Dataset *images;
    IntegerModel *model;
} Room;

static int room_open(void **state)
{
    Room *room = calloc(1, sizeof *room);
    Rng rng = rng_seed(1);
    strcpy(room->folder, "/tmp/branched-XXXXXX");
    if (!mkdtemp(room->folder))
        return -1;
    snprintf(room->path, sizeof room->path, "%s/model", room->folder);
    snprintf(room->json, sizeof room->json, "%s/model.json", room->path);
    room->graph = branched_network(2);
    room->images = random_dataset(&rng, IMAGES, shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1),
                                  BRANCHED_CLASSES);
    const LayerScheme row = {
        .weight_bits = 6, .activation_bits = 7, .calibrator = calibrator_find("minmax")};
    const Scheme scheme = scheme_uniform(room->graph->arena, room->graph, row);
    Quantized quantized;
    if (quantize_graph(room->graph, room->images, &scheme, NULL, &quantized) != OK)
        return -1;
    room->model = quantized.model;
    *state = room;
    return 0;
}

static int room_close(void **state)
{
    Room *room = *state;
    integer_model_free(room->model);
    dataset_free(room->images);
    graph_free(room->graph);
    int failed = fs_remove_tree(room->folder) != OK;
    free(room);
    return failed;
}

static char *read_json(const Room *room)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(room->json, 1 << 20, &text), OK);
    return text.data;
}

/* ---- there and back -------------------------------------------------------------------------- */

static void expect_same_values(const Room *room, const IntegerModel *again)
{
    IntegerForward *one = integer_forward_new(room->model, IMAGES);
    IntegerForward *two = integer_forward_new(again, IMAGES);
    integer_forward_run(one, room->images->values, IMAGES);
    integer_forward_run(two, room->images->values, IMAGES);
    for (int i = 0; i < again->count; i++) {
        int64_t count = IMAGES * shape_elements(again->ops[i].output_shape);
        assert_memory_equal(integer_forward_op(one, i), integer_forward_op(two, i),
                            (size_t)count * sizeof(int32_t));
    }
    integer_forward_free(one);
    integer_forward_free(two);
}

static void test_there_and_back(void **state)
{
    const Room *room = *state;
    char first[HASH_HEX_BYTES], second[HASH_HEX_BYTES];
    IntegerModel *again = NULL;
    assert_int_equal(description_write(room->model, room->path), OK);
    assert_int_equal(description_hash(room->path, first), OK);
    if (description_read(room->path, &again) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(again->count, room->model->count);
    for (int i = 0; i < again->count; i++) {
        const Op *a = &again->ops[i], *b = &room->model->ops[i];
        assert_int_equal(a->input_count, b->input_count);
        assert_memory_equal(a->inputs, b->inputs, sizeof a->inputs);
        assert_int_equal(a->factor_height, b->factor_height);
        assert_int_equal(a->factor_width, b->factor_width);
        assert_int_equal(a->window.pad_left, b->window.pad_left);
        assert_int_equal(a->high, b->high);
    }
    expect_same_values(room, again);
    assert_int_equal(description_write(again, room->path), OK);
    assert_int_equal(description_hash(room->path, second), OK);
    assert_string_equal(first, second);
    integer_model_free(again);
}

/* Two weights and a bias, each in a line of its own file. */
static void test_files_of_an_addition(void **state)
{
    const Room *room = *state;
    const Op *sum = &room->model->ops[4];
    assert_int_equal(sum->kind, OP_ADD);
    assert_int_equal(op_bytes(sum), 4 + 4 + 3); /* two weights of 16 bits, a bias, M and s */
    assert_int_equal(description_write(room->model, room->path), OK);
    char path[160], expected[64];
    snprintf(path, sizeof path, "%s/weights/sum.bias.txt", room->path);
    snprintf(expected, sizeof expected, "%d\n", sum->bias[0]);
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 100, &text), OK);
    assert_string_equal(text.data, expected);
    buffer_free(&text);
}

/* ---- hostile descriptions ---------------------------------------------------------------------- */

static void expect_refusal(const Room *room, const char *what, const char *words)
{
    IntegerModel *model = NULL;
    Status status = description_read(room->path, &model);
    if (status != ERR_REFUSED || !strstr(error_message(), words))
        fail_msg("%s: expected \"%s\", found status %d \"%s\"", what, words, (int)status,
                 error_message());
    assert_null(model);
}

/* The first `from` behind the operation `name` becomes `to`. */
static char *replace(const char *text, const char *name, const char *from, const char *to)
{
    char anchor[64];
    snprintf(anchor, sizeof anchor, "\"name\": \"%s\"", name);
    const char *start = strstr(text, anchor);
    const char *at = start ? strstr(start, from) : NULL;
    if (!at)
        fail_msg("%s is not behind %s", from, name);
    Buffer changed = {0};
    buffer_append(&changed, text, (size_t)(at - text));
    buffer_append_text(&changed, to);
    buffer_append_text(&changed, at + strlen(from));
    return changed.data;
}

/* Lists of numbers, one a line, as the writer has them. */
#define TWO(a, b)      "[\n        " a ",\n        " b "\n      ]"
#define THREE(a, b, c) "[\n        " a ",\n        " b ",\n        " c "\n      ]"
#define ONE(a)         "[\n        " a "\n      ]"

static void test_hostile_descriptions(void **state)
{
    const Room *room = *state;
    /* 0 image, 1 first, 2 depthwise, 3 pointwise, 4 sum, 5 pool, 6 border, 7 slide, 8 enlarge,
     * 9 side, 10 its table, 11 channels, 12 mean, 13 most, 14 both, 15 hidden, 16, 17 digit. */
    static const struct {
        const char *name, *from, *to, *words;
    } rows[] = {
        {"sum", TWO("1", "3"), TWO("1", "4"), "layer sum: input is 4, expected 0 to 3"},
        {"sum", TWO("1", "3"), TWO("1", "17"), "layer sum: input is 17, expected 0 to 3"},
        {"sum", TWO("1", "3"), TWO("1", "-1"), "layer sum: input is -1, expected 0 to 3"},
        {"sum", TWO("1", "3"), TWO("1", "2147483647"), "layer sum: input is 2147483647"},
        {"sum", TWO("1", "3"), TWO("1", "0"), "layer sum: input shape is 8x8x4, but image gives"},
        {"sum", TWO("1", "3"), TWO("1", "1"), "layer pointwise: no operation reads it"},
        {"sum", TWO("1", "3"), TWO("3", "1"), "layer sum: input format differs from the output of"},
        {"sum", TWO("1", "3"), ONE("1"), "layer sum: input count is 1, expected 2 to 8"},
        {"sum", TWO("1", "3"), "[]", "layer sum: input count is 0, expected 2 to 8"},
        {"sum", TWO("1", "3"), "[1, 3, 1, 3, 1, 3, 1, 3, 1]",
         "key inputs has 9 entries, at most 8"},
        {"sum", TWO("1", "3"), "[1, 3.0]", "key inputs must be an integer"},
        {"sum", TWO("1", "3"), "[1, 3, 3]", "weights/sum.weights.txt: value 2"},
        {"pool", ONE("4"), TWO("4", "4"), "layer pool: input count is 2, expected 1 to 1"},
        {"pool", ONE("4"), ONE("5"), "layer pool: input is 5, expected 0 to 4"},
        {"channels", THREE("8", "10", "4"), THREE("8", "10", "2"),
         "layer channels: number of channels is 12, expected 16 to 16"},
        {"channels", THREE("8", "10", "4"), THREE("8", "10", "5"),
         "layer channels: input shape is 8x8x4, but pool gives 4x4x4"},
        {"channels", THREE("8", "10", "4"), TWO("8", "10"), "number of channels is 12, expected 8"},
        {"enlarge", "\"factor_height\": 2", "\"factor_height\": 0", "factor height is 0"},
        {"enlarge", "\"factor_height\": 2", "\"factor_height\": 3",
         "layer enlarge: output shape is 8x8x4, expected 12x8x4"},
        {"enlarge", "\"factor_width\": 2", "\"factor_width\": 2147483647", "factor width is"},
        {"enlarge", "\"factor_height\": 2,", "", "key factor_height is missing"},
        {"enlarge", "\"factor_width\"", "\"factors\"", "key factors is not known"},
        {"pool", "\"pe\"", "\"factor_width\": 2, \"pe\"", "key factor_width is not known"},
        {"border", "\"pad_right\": 0", "\"pad_right\": 1", "layer border: output shape is 5x5x4"},
        {"border", "\"pad_right\": 0", "\"pad_right\": -1", "pad at the right is -1"},
        {"border", "\"kernel_width\": 1", "\"kernel_width\": 2", "must have a window of 1x1"},
        {"border", "\"same\": false", "\"same\": true", "must have a window of 1x1"},
        {"depthwise", "\"pad_top\": 1", "\"pad_top\": 3", "pad at the top is 3, expected 0 to 2"},
        {"depthwise", "\"pad_top\": 1", "\"pad_top\": 0", "layer depthwise: output shape is"},
        {"mean", "\"pad_top\": 0", "\"pad_top\": 1", "layer mean: pads are 1 0 0 0"},
    };
    assert_int_equal(description_write(room->model, room->path), OK);
    char *good = read_json(room);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *bad = replace(good, rows[i].name, rows[i].from, rows[i].to);
        assert_int_equal(fs_write_atomic(room->json, bad, strlen(bad)), OK);
        free(bad);
        expect_refusal(room, rows[i].to, rows[i].words);
    }
    free(good);
}

/* Numbers changed at random: refused, or a model that runs. */
static void test_random_numbers(void **state)
{
    enum { EDITS = 400 };
    const Room *room = *state;
    Rng rng = rng_seed(3);
    int read = 0;
    assert_int_equal(description_write(room->model, room->path), OK);
    char *good = read_json(room);
    size_t length = strlen(good);
    for (int i = 0; i < EDITS; i++) {
        char *bad = strdup(good);
        size_t at;
        do
            at = rng_below(&rng, length);
        while (bad[at] < '0' || bad[at] > '9');
        bad[at] = (char)('0' + rng_below(&rng, 10));
        FILE *file = fopen(room->json, "w"); /* many times: nothing of it need last */
        assert_int_equal(fwrite(bad, 1, length, file), length);
        assert_int_equal(fclose(file), 0);
        free(bad);
        IntegerModel *model = NULL;
        Status status = description_read(room->path, &model);
        assert_true(status == OK || status == ERR_REFUSED);
        if (status != OK)
            continue;
        IntegerForward *forward = integer_forward_new(model, 1);
        integer_forward_run(forward, room->images->values, 1);
        integer_forward_free(forward);
        integer_model_free(model);
        read++;
    }
    assert_true(read > 0 && read < EDITS);
    free(good);
}

/* Nobody reads it, and it is not the output: broken in memory, as the file would be refused. */
static void test_unread_operation(void **state)
{
    const Room *room = *state;
    Op *ops = room->model->ops;
    assert_int_equal(ops[14].kind, OP_CONCAT);
    ops[14].inputs[1] = 12;
    assert_int_equal(integer_model_check_structure(room->model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer most: no operation reads it"));
    ops[14].inputs[1] = 13;
    assert_int_equal(integer_model_check_structure(room->model), OK);
}

/* What is counted per join. */
static void test_requantizers_of_joins(void **state)
{
    const Room *room = *state;
    Op *sum = &room->model->ops[4], *channels = &room->model->ops[11];
    assert_int_equal(sum->requantizer_count, 1);
    assert_int_equal(channels->requantizer_count, 3);
    channels->requantizer_count = 1;
    assert_int_equal(integer_model_check_structure(room->model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "1 requantizers, expected 3"));
    channels->requantizer_count = 3;
    Requantizer four[4] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}};
    const Requantizer *own = sum->requantizers;
    sum->requantizers = four;
    sum->requantizer_count = 4;
    assert_int_equal(integer_model_check_structure(room->model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "4 requantizers, expected 1"));
    sum->requantizers = own;
    sum->requantizer_count = 1;
}

/* Proven for joins too: a bias that does not fit is found. */
static void test_proof_of_joins(void **state)
{
    const Room *room = *state;
    Op *sum = &room->model->ops[4];
    int32_t weights[2] = {30000, 20000}, bias = -12345;
    const QuantParam a = room->model->ops[1].output, b = room->model->ops[3].output;
    int64_t reach = 30000 * (int64_t)a.high + 20000 * (int64_t)b.high + 12345;
    sum->weights = weights;
    sum->bias = &bias;
    assert_int_equal(op_accumulator_bound(room->model, 4), reach);
    assert_int_equal(op_accumulator_bound(room->model, 11), 63); /* values of 7 bits */
    bias = INT32_MAX - 5;
    assert_int_equal(integer_model_prove(room->model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer sum: its sums need 33 bits"));
}

#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, room_open, room_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(test_there_and_back),       ROOM_TEST(test_files_of_an_addition),
        ROOM_TEST(test_hostile_descriptions), ROOM_TEST(test_random_numbers),
        ROOM_TEST(test_unread_operation),     ROOM_TEST(test_requantizers_of_joins),
        ROOM_TEST(test_proof_of_joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
