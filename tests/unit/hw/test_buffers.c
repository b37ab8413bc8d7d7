/* Depths of buffers: the planned ones never stop anything, and one beat less in any of them does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "hw/buffers.h"
#include "hw/timing.h"
#include "tests/unit/hw/nets.h"

static const struct {
    const char *what;
    IntegerModel *(*make)(void);
    int deep; /* buffers that must be more than a register stage, at least */
} nets[] = {
    {"a branch around a convolution", net_around_a_convolution, 1},
    {"a branch around two, folded", net_around_folded_ones, 1},
    {"the input is added to what is made of it", net_with_a_forked_input, 1},
    {"branches of different lengths side by side", net_side_by_side, 2},
    {"a pool in bursts before a slow layer", net_in_bursts, 1},
    {"down and up again", net_down_and_up, 1},
    {"concatenation behind a border", net_beside, 2},
    {"vectors side by side", net_of_vectors, 0},
    {"a floating-point branch", net_with_a_float_branch, 1},
    {"depthwise and pointwise", net_separable, 0},
    {"a residual network", net_residual, 3},
};

enum { NETS = sizeof nets / sizeof *nets };

static Plan *planned(IntegerModel *model)
{
    Plan *plan = NULL;
    if (plan_new(model, &plan) != OK)
        fail_msg("%s", error_message());
    return plan;
}

/* The ends of all images, with all buffers at these depths; false: there are none. */
static bool ends_with(const Plan *plan, const int64_t *depths, int64_t ends[TIMING_IMAGES])
{
    TokenRun run = {.images = TIMING_IMAGES, .depths = depths};
    tokens_run(plan, &run);
    for (int i = 0; i < TIMING_IMAGES; i++)
        ends[i] = run.image_ends[i];
    return run.end == TOKENS_DONE;
}

static int64_t *depths_of(const Plan *plan)
{
    int64_t *depths = ARENA_ARRAY(plan->arena, int64_t, plan->buffer_count);
    for (int i = 0; i < plan->buffer_count; i++)
        depths[i] = plan->buffers[i].depth;
    return depths;
}

static void planned_depths_are_as_good_as_no_end(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        IntegerModel *model = nets[n].make();
        Plan *plan = planned(model);
        int64_t with[TIMING_IMAGES], without[TIMING_IMAGES];
        int64_t *depths = depths_of(plan);
        assert_true(ends_with(plan, depths, with));
        assert_false(buffers_can_lock(plan, depths));
        for (int i = 0; i < plan->buffer_count; i++)
            depths[i] = INT64_MAX;
        assert_true(ends_with(plan, depths, without));
        for (int i = 0; i < TIMING_IMAGES; i++)
            if (with[i] != without[i])
                fail_msg("%s: image %d ends at %lld, not at %lld", nets[n].what, i,
                         (long long)with[i], (long long)without[i]);
        plan_free(plan);
        integer_model_free(model);
    }
}

/* Returns how many of the plan's buffers were tried. */
static int try_one_less(const Plan *plan, const char *what)
{
    int tried = 0;
    int64_t planned_ends[TIMING_IMAGES], ends[TIMING_IMAGES];
    int64_t *depths = depths_of(plan);
    assert_true(ends_with(plan, depths, planned_ends));
    for (int i = 0; i < plan->buffer_count; i++) {
        if (depths[i] == BUFFER_REGISTER_DEPTH)
            continue;
        tried++;
        depths[i]--;
        bool same = ends_with(plan, depths, ends);
        for (int k = 0; k < TIMING_IMAGES; k++)
            same = same && ends[k] <= planned_ends[k];
        same = same && !buffers_can_lock(plan, depths);
        depths[i]++;
        if (same)
            fail_msg("%s: the buffer from %s to %s needs no %lld beats", what,
                     plan_stage_name(plan, plan->buffers[i].from),
                     plan_stage_name(plan, plan->buffers[i].to), (long long)depths[i]);
    }
    return tried;
}

static void one_beat_less_is_too_few(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        IntegerModel *model = nets[n].make();
        Plan *plan = planned(model);
        int deep = try_one_less(plan, nets[n].what);
        if (deep < nets[n].deep)
            fail_msg("%s: %d deep buffers", nets[n].what, deep);
        plan_free(plan);
        integer_model_free(model);
    }
}

static void a_lock_names_the_full_and_the_empty_stream(void **state)
{
    (void)state;
    IntegerModel *model = net_around_a_convolution();
    Plan *plan = planned(model);
    for (int i = 0; i < plan->buffer_count; i++)
        plan->buffers[i].depth = BUFFER_REGISTER_DEPTH;
    Timing timing;
    assert_int_equal(timing_predict(plan, 4, &timing), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "full: first to sum (2 beats); empty: second to sum"));
    plan_free(plan);
    integer_model_free(model);
}

/* The inputs of a join count twice when both are the same stream. */
static void a_stream_may_be_added_to_itself(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("twice", shape_of(3, 4, 4, 2), 1);
    tiny_conv2d(&tiny, "conv", 2, tiny_window(2, 2, 1, 1));
    tiny_sum(&tiny, "sum", (int[]){1, 1}, 2);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = planned(model);
    assert_int_equal(plan->buffer_count, 2);
    assert_int_equal(plan->stages[0].reader_count, 2);
    assert_int_equal(plan->stages[1].in_buffers[1], 1);
    assert_int_equal(plan->buffers[1].port, 1);
    assert_int_equal(plan->buffers[1].depth, BUFFER_REGISTER_DEPTH);
    plan_free(plan);
    integer_model_free(model);
}

/* ResNet-8 as it is: 32x32 pixels, 16 to 64 channels, folded hard. */
static void sizing_is_quick(void **state)
{
    (void)state;
    IntegerModel *model = net_resnet8();
    /* Of this process: a busy machine is no fault, and valgrind takes some forty times as long. */
    clock_t start = clock();
    Plan *plan = planned(model);
    assert_true(clock() - start < (getenv("VALGRIND") ? 160 : 4) * CLOCKS_PER_SEC);
    assert_true(try_one_less(plan, "ResNet-8") >= 3);
    plan_free(plan);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planned_depths_are_as_good_as_no_end),
        cmocka_unit_test(one_beat_less_is_too_few),
        cmocka_unit_test(a_lock_names_the_full_and_the_empty_stream),
        cmocka_unit_test(a_stream_may_be_added_to_itself),
        cmocka_unit_test(sizing_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
