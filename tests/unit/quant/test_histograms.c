/* Histograms that are kept: counted by hand, and the same bytes for the same run. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_hand),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
