/* Layouts of streams, folding and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hw/plan.h"
#include "tests/unit/hw/tiny_model.h"

static Plan *planned(IntegerModel *model)
{
    Plan *plan = NULL;
    if (plan_new(model, &plan) != OK)
        fail_msg("%s", error_message());
    return plan;
}

static void close_plan(Plan *plan, IntegerModel *model)
{
    plan_free(plan);
    integer_model_free(model);
}

static void expect_layout(StreamLayout layout, int64_t beats, int lanes)
{
    assert_int_equal(layout.beats, beats);
    assert_int_equal(layout.lanes, lanes);
}

/* Stages: 0 bridge, 1 conv, 2 mean, 3 dense, 4 bridge. */
static IntegerModel *float_model(void)
{
    Tiny tiny = tiny_new("net", shape_of(3, 6, 6, 2), 1);
    tiny_to_float(&tiny, "conv.to_float");
    tiny_float_conv2d(&tiny, "conv", 12, tiny_window(3, 3, 1, 1));
    tiny_float_pool(&tiny, OP_FLOAT_AVERAGE_POOL2D, "mean", tiny_window(2, 3, 2, 1));
    tiny_float_dense(&tiny, "dense", 6);
    tiny_to_integer(&tiny, "dense.to_integer");
    return tiny_finish(&tiny);
}

static IntegerModel *image_model(void)
{
    Tiny tiny = tiny_new("net", shape_of(3, 6, 6, 2), 1);
    tiny_conv2d(&tiny, "conv", 12, tiny_window(3, 3, 1, 1));
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 5);
    return tiny_finish(&tiny);
}

static void an_image_is_a_beat_a_pixel(void **state)
{
    (void)state;
    IntegerModel *model = image_model();
    Plan *plan = planned(model);
    assert_int_equal(plan->count, 3);
    expect_layout(plan->input, 36, 2);
    expect_layout(plan->stages[0].output, 16, 12);
    expect_layout(plan->stages[1].output, 4, 12);
    expect_layout(plan->stages[2].input, 4, 12); /* flattening changes nothing */
    expect_layout(plan->output, 1, 5);
    assert_true(plan->has_class);
    assert_string_equal(plan->stages[0].entity, "conv2d_stream");
    assert_string_equal(plan->stages[2].label, "dense");
    close_plan(plan, model);
}

static void parallel_is_the_default(void **state)
{
    (void)state;
    IntegerModel *model = image_model();
    Plan *plan = planned(model);
    assert_int_equal(plan->stages[0].pe, 12);
    assert_int_equal(plan->stages[0].simd, 18);
    assert_int_equal(plan->stages[0].fold_steps, 1);
    assert_int_equal(plan->stages[0].macs_per_cycle, 216);
    assert_int_equal(plan->stages[1].macs_per_cycle, 0);
    assert_int_equal(plan->stages[2].simd, 12); /* one beat at once */
    assert_int_equal(plan->stages[2].rows, 4);
    close_plan(plan, model);
}

static void folding_multiplies_steps(void **state)
{
    (void)state;
    IntegerModel *model = image_model();
    tiny_fold(&model->ops[1], 4, 6);
    tiny_fold(&model->ops[3], 1, 3);
    Plan *plan = planned(model);
    assert_int_equal(plan->stages[0].fold_steps, 3 * 3);
    assert_int_equal(plan->stages[0].rows, 9);
    assert_int_equal(plan->stages[2].fold_steps, 5 * 4);
    assert_int_equal(plan->stages[2].rows, 80); /* for each of the 4 beats */
    close_plan(plan, model);
}

static void floating_point_adds_one_by_one(void **state)
{
    (void)state;
    IntegerModel *model = float_model();
    Plan *plan = planned(model);
    const Stage *stages = plan->stages;
    assert_true(plan_has_floats(plan));
    expect_layout(stages[0].output, 36, 2);
    expect_layout(stages[2].output, 4, 12);
    expect_layout(stages[4].output, 1, 6);
    assert_string_equal(stages[0].entity, "int_to_float_stream");
    assert_string_equal(stages[4].entity, "float_to_int_stream");
    assert_int_equal(stages[1].pe, 12);
    assert_int_equal(stages[1].simd, 1);
    assert_int_equal(stages[1].fold_steps, 18);
    assert_int_equal(stages[2].fold_steps, 6); /* a pixel of the window at a time */
    assert_int_equal(stages[3].fold_steps, 12);
    assert_int_equal(stages[3].rows, 4 * 12);
    assert_int_equal(stages[3].macs_per_cycle, 6);
    close_plan(plan, model);

    model = float_model();
    tiny_fold(&model->ops[2], 3, 1);
    tiny_fold(&model->ops[4], 2, 0);
    plan = planned(model);
    assert_int_equal(plan->stages[1].fold_steps, 4 * 18);
    assert_int_equal(plan->stages[3].fold_steps, 3 * 12);
    close_plan(plan, model);
}

static void floating_point_folds_by_outputs_alone(void **state)
{
    (void)state;
    static const struct {
        int op, pe, simd;
        const char *words;
    } cases[] = {
        {2, 5, 1, "layer conv: pe=5 is not a divisor of 12; possible: 1, 2, 3, 4, 6, 12"},
        {2, 12, 2, "layer conv: simd=2; a floating-point layer adds its products up one by one"},
        {1, 2, 1, "layer conv.to_float: a to_float layer does not fold"},
        {3, 2, 1, "layer mean: a float_average_pool2d layer does not fold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        IntegerModel *model = float_model();
        tiny_fold(&model->ops[cases[i].op], cases[i].pe, cases[i].simd);
        Plan *plan = NULL;
        assert_int_equal(plan_new(model, &plan), ERR_USAGE);
        if (!strstr(error_message(), cases[i].words))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].words, error_message());
        integer_model_free(model);
    }
}

static void illegal_folding_lists_what_is_possible(void **state)
{
    (void)state;
    static const struct {
        int op, pe, simd;
        const char *words;
    } cases[] = {
        {1, 5, 0, "layer conv: pe=5 is not a divisor of 12; possible: 1, 2, 3, 4, 6, 12"},
        {1, 0, 4, "layer conv: simd=4 is not a divisor of 18; possible: 1, 2, 3, 6, 9, 18"},
        {1, -1, 0, "pe=-1 is not"},
        {1, 24, 0, "pe=24 is not a divisor of 12"},
        {3, 2, 0, "layer dense: pe=2 is not a divisor of 5; possible: 1, 5"},
        {3, 0, 5, "layer dense: simd=5 is not a divisor of 12"},
        {2, 2, 0, "layer pool: a max_pool2d layer does not fold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        IntegerModel *model = image_model();
        tiny_fold(&model->ops[cases[i].op], cases[i].pe, cases[i].simd);
        Plan *plan = NULL;
        assert_int_equal(plan_new(model, &plan), ERR_USAGE);
        assert_null(plan);
        if (!strstr(error_message(), cases[i].words))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].words, error_message());
        integer_model_free(model);
    }
}

static void divisors_are_all_and_ascending(void **state)
{
    (void)state;
    int divisors[PLAN_MAX_DIVISORS];
    for (int value = 1; value < 400; value++) {
        int count = plan_divisors(value, divisors), at = 0;
        for (int d = 1; d <= value; d++)
            if (value % d == 0)
                assert_int_equal(divisors[at++], d);
        assert_int_equal(count, at);
    }
    assert_int_equal(plan_divisors(2147483647, divisors), 2);
}

static void a_vector_comes_as_its_first_layer_wants(void **state)
{
    (void)state;
    Tiny dense = tiny_new("dense_first", shape_of(1, 8), 1);
    tiny_table(&dense, "table");
    tiny_dense(&dense, "dense", 3);
    IntegerModel *model = tiny_finish(&dense);
    Plan *plan = planned(model);
    expect_layout(plan->input, 8, 1);
    expect_layout(plan->stages[1].input, 8, 1);
    close_plan(plan, model);

    Tiny affine = tiny_new("affine_first", shape_of(1, 8), 1);
    tiny_affine(&affine, "affine");
    tiny_dense(&affine, "dense", 1);
    model = tiny_finish(&affine);
    plan = planned(model);
    expect_layout(plan->input, 1, 8);
    assert_int_equal(plan->stages[0].macs_per_cycle, 8);
    assert_false(plan->has_class); /* a single value has no highest one */
    close_plan(plan, model);
}

static void what_has_no_hardware_is_refused(void **state)
{
    (void)state;
    IntegerModel *model = image_model();
    model->ops[3].inputs[0] = 1;
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer pool: no layer reads it"));
    integer_model_free(model);

    Tiny tiny = tiny_new("padded", shape_of(3, 4, 4, 1), 1);
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "mean", tiny_padded(tiny_window(3, 3, 2, 2), 0, 1, 0, 1));
    model = tiny_finish(&tiny);
    assert_int_equal(plan_new(model, &plan), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "mean"));
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_a_beat_a_pixel),
        cmocka_unit_test(parallel_is_the_default),
        cmocka_unit_test(folding_multiplies_steps),
        cmocka_unit_test(floating_point_adds_one_by_one),
        cmocka_unit_test(floating_point_folds_by_outputs_alone),
        cmocka_unit_test(illegal_folding_lists_what_is_possible),
        cmocka_unit_test(divisors_are_all_and_ascending),
        cmocka_unit_test(a_vector_comes_as_its_first_layer_wants),
        cmocka_unit_test(what_has_no_hardware_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
