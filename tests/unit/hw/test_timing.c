/* The cycle model against cases worked out by hand. Edges are counted from 1, the first one after
 * reset; a layer that takes its beat at edge t computes at t+1..t+F, shows its result after edge
 * t+F+1, and the sink takes that at edge t+F+2. tests/unit/flow/test_proof.c compares the model
 * with GHDL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "hw/timing.h"
#include "tests/unit/hw/tiny_model.h"

static Timing predict(IntegerModel *model, int images, int64_t *own_intervals)
{
    Plan *plan = NULL;
    if (plan_new(model, &plan) != OK)
        fail_msg("%s", error_message());
    Timing timing;
    if (timing_predict(plan, images, &timing) != OK)
        fail_msg("%s", error_message());
    for (int i = 0; own_intervals && i < plan->count; i++)
        own_intervals[i] = timing.layers[i].interval_cycles;
    timing.layers = NULL;
    plan_free(plan);
    integer_model_free(model);
    return timing;
}

/* Of a layer with weights: multiply, accumulate and scale, and a stage for each dozenth part that the
 * products of a sum have to be brought down to: by the products, one, up to a dozen, up to a gross. */
enum { ONE_PRODUCT = 3, DOZEN_PRODUCTS = 4, GROSS_PRODUCTS = 5 };

static void expect(Timing timing, int64_t latency, int64_t interval)
{
    assert_int_equal(timing.latency_cycles, latency);
    assert_int_equal(timing.interval_cycles, interval);
    for (int i = 0; i + 1 < timing.images; i++)
        assert_int_equal(timing.intervals[i], interval);
    assert_int_equal(timing.interval_min, interval);
    assert_int_equal(timing.interval_max, interval);
}

/* Beats at 1, 2, 3, 4; result after 6, taken at 7, but for the pipeline; which goes for all below. */
static void a_dense_layer_takes_a_beat_an_edge(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("dense", shape_of(1, 4), 1);
    tiny_dense(&tiny, "dense", 3);
    expect(predict(tiny_finish(&tiny), 5, NULL), 7 + ONE_PRODUCT, 4);
}

/* Bridge 1, 2, 3: its results after 3, 4, 5; register after 4, 5, 6; the dense layer has F = 1 and
 * takes them at 5, 6, 7: result after 9, register after 10, bridge takes it at 11, shows it after
 * 13; taken at 14. */
static void bridges_and_their_registers_add_edges(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("dense", shape_of(1, 3), 1);
    tiny_to_float(&tiny, "dense.to_float");
    tiny_float_dense(&tiny, "dense", 4);
    tiny_to_integer(&tiny, "dense.to_integer");
    expect(predict(tiny_finish(&tiny), 5, NULL), 14, 3);
}

/* F = 4: beats at 1, 5, 9; result after 14, taken at 15; the next image begins at 13. */
static void folding_spreads_the_beats(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("dense", shape_of(1, 3), 1);
    tiny_fold(tiny_dense(&tiny, "dense", 4), 1, 1);
    expect(predict(tiny_finish(&tiny), 5, NULL), 15 + ONE_PRODUCT, 12);
}

/* 25 positions; the first pixel is the 7th, the last window the 25th: 28 - 7 + 1. */
static void padding_takes_edges_of_its_own(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("same", shape_of(3, 3, 3, 1), 1);
    tiny_conv2d(&tiny, "conv", 2, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    expect(predict(tiny_finish(&tiny), 5, NULL), 22 + DOZEN_PRODUCTS, 25);
}

/* 4x5 pixels, window 2x2 every 2x2, F = 3. Row 1 has pixels 6..10; windows end at its pixels 7 and
 * 9 (1-based columns 2 and 4); each adds 2 edges. Last window: rows 2, 3: taken at edge 16 + 3 + 1
 * + 2 * 3 (three windows before it)... = 19 + 6; F + 2 more; the last pixel follows. */
static void windows_cost_fold_steps_and_a_rest_costs_edges(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("strided", shape_of(3, 4, 5, 1), 1);
    tiny_fold(tiny_conv2d(&tiny, "conv", 3, tiny_window(2, 2, 2, 2)), 1, 4);
    expect(predict(tiny_finish(&tiny), 5, NULL), 19 + 3 * 2 + 3 + 2 + DOZEN_PRODUCTS, 20 + 4 * 2);
}

/* The first layer's result is taken by the register at 6, by the second layer at 7; F = 4: after
 * 12, taken at 13. The second layer, with 4 edges, holds up the first, with 3. */
static void the_slowest_layer_sets_the_pace(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("two", shape_of(1, 3), 1);
    tiny_dense(&tiny, "first", 2);
    tiny_fold(tiny_dense(&tiny, "second", 4), 1, 2);
    int64_t own[2];
    Timing timing = predict(tiny_finish(&tiny), 8, own);
    assert_int_equal(timing.latency_cycles, 13 + ONE_PRODUCT + DOZEN_PRODUCTS);
    assert_int_equal(timing.interval_cycles, 4);
    assert_int_equal(timing.bottleneck, 1);
    assert_int_equal(own[0], 3);
    assert_int_equal(own[1], 4);
}

/* The same two: each takes its first beat when the text above says, and gives its last one. */
static void each_layer_works_from_its_first_beat_to_its_last(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("two", shape_of(1, 3), 1);
    tiny_dense(&tiny, "first", 2);
    tiny_fold(tiny_dense(&tiny, "second", 4), 1, 2);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = NULL;
    Timing timing;
    assert_int_equal(plan_new(model, &plan), OK);
    assert_int_equal(timing_predict(plan, 8, &timing), OK);
    assert_int_equal(timing.layers[0].first_cycle, 1);
    assert_int_equal(timing.layers[0].last_cycle, 6 + ONE_PRODUCT);
    assert_int_equal(timing.layers[1].first_cycle, 7 + ONE_PRODUCT);
    assert_int_equal(timing.layers[1].last_cycle, timing.latency_cycles);
    plan_free(plan);
    integer_model_free(model);
}

static void one_image_has_the_bottlenecks_interval(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("dense", shape_of(1, 4), 1);
    tiny_dense(&tiny, "dense", 3);
    Timing timing = predict(tiny_finish(&tiny), 1, NULL);
    assert_int_equal(timing.latency_cycles, 7 + ONE_PRODUCT);
    assert_int_equal(timing.interval_cycles, 4);
}

/* The reference network: 28 * 28 positions of the first layer are the bottleneck. */
static IntegerModel *reference(int pe, int simd)
{
    Tiny tiny = tiny_new("reference", shape_of(3, 28, 28, 1), 1);
    tiny_conv2d(&tiny, "conv2d", 12, tiny_window(3, 3, 1, 1));
    tiny_fold(tiny_conv2d(&tiny, "conv2d_1", 12, tiny_window(3, 3, 1, 1)), pe, simd);
    tiny_pool(&tiny, OP_MAX_POOL2D, "max_pooling2d", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 10);
    return tiny_finish(&tiny);
}

static void the_reference_network_takes_a_pixel_an_edge(void **state)
{
    (void)state;
    Timing timing = predict(reference(0, 0), 8, NULL);
    assert_int_equal(timing.interval_cycles, 784);
    /* The last pixel is taken at 784, its result by the register at 787, by the next layer at 788;
     * so on for each layer; the dense layer's by the sink at 799, but for three pipelines. */
    assert_int_equal(timing.latency_cycles, 784 + 3 * 4 + 3 + 2 * DOZEN_PRODUCTS + GROSS_PRODUCTS);
}

/* One multiplier: F = 64 * 9 * 64 for each of 26 * 26 windows. Many edges, few events: fast. */
static void fold_steps_are_skipped_in_one_go(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("serial", shape_of(3, 28, 28, 64), 1);
    tiny_fold(tiny_conv2d(&tiny, "conv", 64, tiny_window(3, 3, 1, 1)), 1, 1);
    clock_t start = clock(); /* of our own time: others may be at work, too */
    Timing timing = predict(tiny_finish(&tiny), 8, NULL);
    assert_int_equal(timing.interval_cycles, 28 * 28 + 26 * 26 * (64LL * 9 * 64 - 1));
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

/* The second layer alone needs 26 * 26 + 576 * 1295 edges. On its first two rows it takes a pixel an
 * edge, faster than the first layer, which makes none at its row's first two positions: with register
 * stages alone it starves there. A few beats put aside feed it. */
static void a_few_beats_put_aside_feed_the_slowest_layer(void **state)
{
    (void)state;
    IntegerModel *model = reference(1, 1);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    Timing timing;
    assert_int_equal(timing_predict(plan, 8, &timing), OK);
    assert_int_equal(timing.bottleneck, 1);
    assert_int_equal(timing.layers[1].interval_cycles, 26 * 26 + 576 * 1295);
    assert_int_equal(timing.interval_cycles, 26 * 26 + 576 * 1295);
    assert_true(plan->buffers[0].depth > 2 && plan->buffers[0].depth < 26);
    assert_int_equal(plan->buffers[1].depth, 2);
    plan->buffers[0].depth = 2;
    assert_int_equal(timing_predict(plan, 8, &timing), OK);
    assert_true(timing.interval_cycles > 26 * 26 + 576 * 1295);
    plan_free(plan);
    integer_model_free(model);
}

/* As the first dense layer above, with 3 more edges to its result: no image comes more seldom for it. */
static void a_pipeline_adds_to_the_latency_alone(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("dense", shape_of(1, 4), 1);
    tiny_dense(&tiny, "dense", 3);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    plan->stages[0].pipeline += 3;
    Timing timing;
    assert_int_equal(timing_predict(plan, 5, &timing), OK);
    expect(timing, 7 + ONE_PRODUCT + 3, 4);
    plan_free(plan);
    integer_model_free(model);
}

/* The register behind each dozen: what is left is brought down to a twelfth until it is one. */
static void the_tree_has_a_clock_for_each_dozen(void **state)
{
    (void)state;
    static const int cases[][2] = {{1, 0},   {2, 1},   {12, 1},   {13, 2},
                                   {144, 2}, {145, 3}, {1728, 3}, {1729, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(plan_tree_clocks(cases[i][0]), cases[i][1]);
}

/* A folding changes the products of a sum, and so the latency; another image comes as before. */
static void a_folding_has_the_tree_that_its_products_need(void **state)
{
    (void)state;
    IntegerModel *model = reference(0, 0);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    assert_int_equal(plan->stages[1].pipeline, GROSS_PRODUCTS);
    plan_set_folding(&plan->stages[1], 12, 12);
    assert_int_equal(plan->stages[1].pipeline, DOZEN_PRODUCTS);
    plan_set_folding(&plan->stages[1], 1, 1);
    assert_int_equal(plan->stages[1].pipeline, ONE_PRODUCT);
    assert_int_equal(plan->stages[2].pipeline, 0);
    plan_free(plan);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_layer_takes_a_beat_an_edge),
        cmocka_unit_test(bridges_and_their_registers_add_edges),
        cmocka_unit_test(folding_spreads_the_beats),
        cmocka_unit_test(padding_takes_edges_of_its_own),
        cmocka_unit_test(windows_cost_fold_steps_and_a_rest_costs_edges),
        cmocka_unit_test(the_slowest_layer_sets_the_pace),
        cmocka_unit_test(one_image_has_the_bottlenecks_interval),
        cmocka_unit_test(the_reference_network_takes_a_pixel_an_edge),
        cmocka_unit_test(fold_steps_are_skipped_in_one_go),
        cmocka_unit_test(a_few_beats_put_aside_feed_the_slowest_layer),
        cmocka_unit_test(each_layer_works_from_its_first_beat_to_its_last),
        cmocka_unit_test(a_pipeline_adds_to_the_latency_alone),
        cmocka_unit_test(the_tree_has_a_clock_for_each_dozen),
        cmocka_unit_test(a_folding_has_the_tree_that_its_products_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
