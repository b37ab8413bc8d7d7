/* Histograms that are kept: counted by hand, and the same bytes for the same run. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "quant/histograms.h"
#include "tests/unit/nn/graphs.h"

enum { IMAGES = 30 };

/* Two pixels an image: 0 or 0.5, and -0.25; one dense layer doubles the first, halves the other. */
static Quantized quantize(Graph **graph)
{
    static float pixels[2 * IMAGES];
    static float kernel[] = {2, 0, 0, 0.5F}, bias[] = {0, 0};
    for (int i = 0; i < IMAGES; i++) {
        pixels[2 * i] = i < 10 ? 0 : 0.5F;
        pixels[2 * i + 1] = -0.25F;
    }
    *graph = graph_of_input(shape_of(1, 2));
    chain(*graph, (Layer){.kind = LAYER_DENSE,
                          .name = "dense",
                          .kernel = {shape_of(2, 2, 2), kernel},
                          .bias = {shape_of(1, 2), bias}});
    assert_int_equal(graph_infer_shapes(*graph), OK);
    const Dataset images = {
        .path = "memory", .count = IMAGES, .shape = shape_of(1, 2), .values = pixels, .scale = 1};
    const LayerScheme row = {
        .weight_bits = 8, .activation_bits = 8, .calibrator = calibrator_find("minmax")};
    const Scheme scheme = scheme_uniform((*graph)->arena, *graph, row);
    Quantized quantized = {0};
    if (quantize_graph(*graph, &images, &scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized;
}

static int64_t total(const json_t *bins)
{
    int64_t sum = 0;
    for (size_t i = 0; i < json_array_size(bins); i++)
        sum += json_integer_value(json_array_get(bins, i));
    return sum;
}

/* How many values lie in the bin of `magnitude`. */
static int64_t in_bin(const json_t *seen, const char *sign, double magnitude)
{
    double width = json_real_value(json_object_get(seen, "bin_width"));
    return json_integer_value(
        json_array_get(json_object_get(seen, sign), (size_t)floor(magnitude / width)));
}

static void expect_counts(const json_t *seen, int64_t zeros, int64_t positive, int64_t negative)
{
    assert_int_equal(json_integer_value(json_object_get(seen, "zeros")), zeros);
    assert_int_equal(total(json_object_get(seen, "positive")), positive);
    assert_int_equal(total(json_object_get(seen, "negative")), negative);
    assert_int_equal(json_integer_value(json_object_get(seen, "count")),
                     zeros + positive + negative);
}

static void test_counts_by_hand(void **state)
{
    (void)state;
    char folder[] = "/tmp/dnn2fpga-histograms-XXXXXX";
    assert_non_null(mkdtemp(folder));
    Graph *graph = NULL;
    Quantized quantized = quantize(&graph);
    char *path = fs_join(graph->arena, folder, "a.json");
    char *again = fs_join(graph->arena, folder, "b.json");
    assert_int_equal(histograms_write(&quantized, path), OK);
    assert_int_equal(histograms_write(&quantized, again), OK);
    json_t *object = json_load_file(path, 0, NULL);
    const json_t *ops = json_object_get(object, "ops");
    assert_int_equal(json_array_size(ops), 2);

    const json_t *input = json_array_get(ops, 0), *dense = json_array_get(ops, 1);
    assert_true(json_is_null(json_object_get(input, "weights")));
    expect_counts(json_object_get(input, "outputs"), 10, 20, 30);
    assert_int_equal(in_bin(json_object_get(input, "outputs"), "positive", 0.5), 20);
    assert_int_equal(in_bin(json_object_get(input, "outputs"), "negative", 0.25), 30);
    expect_counts(json_object_get(dense, "outputs"), 10, 20, 30);
    assert_int_equal(in_bin(json_object_get(dense, "outputs"), "positive", 1.0), 20);
    assert_int_equal(in_bin(json_object_get(dense, "outputs"), "negative", 0.125), 30);
    expect_counts(json_object_get(dense, "weights"), 2, 2, 0);
    assert_true(fabs(json_real_value(json_object_get(dense, "clip")) - 1.0) < 1e-6);
    json_decref(object);

    Buffer one = {0}, two = {0};
    assert_int_equal(fs_read_file(path, 1 << 20, &one), OK);
    assert_int_equal(fs_read_file(again, 1 << 20, &two), OK);
    assert_string_equal(one.data, two.data);
    buffer_free(&one);
    buffer_free(&two);
    assert_int_equal(fs_remove_tree(folder), OK);
    integer_model_free(quantized.model);
    graph_free(graph);
}

static void test_a_folder_that_is_not_there(void **state)
{
    (void)state;
    Graph *graph = NULL;
    Quantized quantized = quantize(&graph);
    assert_int_equal(histograms_write(&quantized, "/nonexistent-folder/h.json"), ERR_ENVIRONMENT);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void expect_equal(const Observation *read, const Observation *seen)
{
    assert_int_equal(read->count, seen->count);
    assert_int_equal(read->zeros, seen->zeros);
    assert_memory_equal(&read->minimum, &seen->minimum, sizeof(float));
    assert_memory_equal(&read->maximum, &seen->maximum, sizeof(float));
    assert_true(read->sum == seen->sum && read->sum_squares == seen->sum_squares);
    assert_true(read->bin_width == seen->bin_width);
    assert_memory_equal(read->positive, seen->positive, sizeof seen->positive);
    assert_memory_equal(read->negative, seen->negative, sizeof seen->negative);
}

static void test_read_what_was_written(void **state)
{
    (void)state;
    char folder[] = "/tmp/dnn2fpga-histograms-XXXXXX";
    assert_non_null(mkdtemp(folder));
    Graph *graph = NULL;
    Quantized quantized = quantize(&graph);
    char *path = fs_join(graph->arena, folder, "a.json");
    Histograms read;
    assert_int_equal(histograms_write(&quantized, path), OK);
    assert_int_equal(histograms_read(path, graph->arena, &read), OK);
    assert_int_equal(read.count, 2);
    for (int i = 0; i < 2; i++) {
        expect_equal(&read.ops[i].outputs, &quantized.outputs[i]);
        expect_equal(&read.ops[i].weights, &quantized.weights[i]);
    }
    assert_ptr_equal(histograms_find(&read, "dense"), &read.ops[1]);
    assert_null(histograms_find(&read, "dens"));
    assert_int_equal(fs_remove_tree(folder), OK);
    integer_model_free(quantized.model);
    graph_free(graph);
}

#define HEAD "{\"format\": \"dnn2fpga histograms\", \"version\": 2, \"ops\": ["
#define SEEN(count, zeros, width, bins)                                                            \
    HEAD "{\"name\": \"a\", \"clip\": 1.0, \"weights\": null, \"outputs\": {\"count\": " count     \
         ", \"zeros\": " zeros                                                                     \
         ", \"minimum\": 0.0, \"maximum\": 1.0, \"mean\": 0.5, \"sum\": 1.0, "                     \
         "\"sum_squares\": 1.0, \"bin_width\": " width ", \"positive\": " bins                     \
         ", \"negative\": []}}]}"

/* Each line: a file, and what its refusal says. The first one is sound. */
static void test_refusals(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {SEEN("2", "1", "0.5", "[0, 1]"), NULL},
        {"", "line"},
        {"[]", "expected dnn2fpga histograms"},
        {"{\"format\": \"dnn2fpga histograms\", \"version\": 1, \"ops\": []}", "version 2"},
        {HEAD "{\"name\": \"a\"}]}", "clip"},
        {SEEN("2", "1", "0.5", "[0, 2]"), "together no more"},
        {SEEN("2", "1", "0.5", "[-1, 2]"), "hold counts"},
        {SEEN("2", "1", "0.5", "[0, 0.5]"), "hold counts"},
        {SEEN("3", "1", "0.5", "[0, 1]"), "not as many"},
        {SEEN("2", "3", "0.5", "[0, 1]"), "zeros"},
        {SEEN("0", "0", "0.5", "[]"), "zeros"},
        {SEEN("2", "1", "0.0001", "[0, 1]"), "do not fit"},
        {SEEN("2", "1", "0.0", "[0, 1]"), "do not fit"},
        {SEEN("9223372036854775807", "0", "0.5", "[9223372036854775807, 9223372036854775807]"),
         "together no more"},
    };
    char path[] = "/tmp/dnn2fpga-histograms-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Arena *arena = arena_new();
        Histograms read;
        assert_int_equal(fs_write_atomic(path, CASES[i][0], strlen(CASES[i][0])), OK);
        Status status = histograms_read(path, arena, &read);
        assert_int_equal(status, CASES[i][1] ? ERR_REFUSED : OK);
        if (CASES[i][1] && !strstr(error_message(), CASES[i][1]))
            fail_msg("case %zu: '%s'", i, error_message());
        arena_free(arena);
    }
    close(file);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_hand),
        cmocka_unit_test(test_a_folder_that_is_not_there),
        cmocka_unit_test(test_read_what_was_written),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
