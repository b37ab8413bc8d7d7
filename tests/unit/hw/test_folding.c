/* Foldings that are chosen: the rate is met at the least cost, or nothing faster fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw/folding.h"
#include "hw/packing.h"
#include "hw/timing.h"
#include "tests/unit/hw/nets.h"

static IntegerModel *two_layers(void)
{
    Tiny tiny = tiny_new("two", shape_of(3, 8, 8, 2), 3);
    tiny_relu(tiny_conv2d(&tiny, "conv", 6, tiny_window(3, 3, 1, 1)));
    tiny_dense(&tiny, "dense", 4);
    return tiny_finish(&tiny);
}

static const Device *device_named(const char *name)
{
    const Device *device = NULL;
    assert_int_equal(device_find(name, &device), OK);
    return device;
}

/* The interval that the exact simulation gives, buffers and all. */
static int64_t interval_of(const IntegerModel *model)
{
    Plan *plan = NULL;
    Timing timing;
    assert_int_equal(plan_new(model, &plan), OK);
    assert_int_equal(timing_predict(plan, TIMING_IMAGES, &timing), OK);
    plan_free(plan);
    return timing.interval_cycles;
}

typedef struct Figures {
    int64_t interval;
    FitCells cells;
    double cost;
} Figures;

static Figures figures_of(const IntegerModel *model, const Device *device)
{
    Plan *plan = NULL;
    Figures figures = {0};
    ResourceTarget target = resources_target(device);
    assert_int_equal(plan_sketch(model, &plan), OK);
    assert_int_equal(timing_unbuffered(plan, &figures.interval), OK);
    figures.cells = resources_of_rest(plan, target);
    for (int i = 0; i < plan->count; i++) {
        FitCells cells = resources_of_stage(plan, &plan->stages[i], target);
        figures.cells.lut += cells.lut;
        figures.cells.ff += cells.ff;
        figures.cells.dsp += cells.dsp;
        figures.cells.bram += cells.bram;
        figures.cost += (double)cells.lut / device->lut + (double)cells.ff / device->ff +
                        (double)cells.bram / device->bram + (double)cells.dsp / device->dsp;
    }
    plan_free(plan);
    return figures;
}

typedef bool Wanted(const Figures *figures, const Device *device);
typedef double Rank(const Figures *figures);

/* The lowest rank of all foldings of two_layers() that are wanted. */
static double lowest(const Device *device, Wanted *wanted, Rank *rank)
{
    static const int limits[4] = {6, 18, 4, 6}; /* pe and simd of each */
    IntegerModel *model = two_layers();
    double best = INFINITY;
    int counts[4], values[4][PLAN_MAX_DIVISORS], total = 1;
    for (int i = 0; i < 4; i++)
        total *= counts[i] = plan_divisors(limits[i], values[i]);
    for (int at = 0; at < total; at++) {
        int rest = at, chosen[4];
        for (int i = 0; i < 4; i++) {
            chosen[i] = values[i][rest % counts[i]];
            rest /= counts[i];
        }
        tiny_fold(&model->ops[1], chosen[0], chosen[1]);
        tiny_fold(&model->ops[2], chosen[2], chosen[3]);
        Figures figures = figures_of(model, device);
        if (wanted(&figures, device) && rank(&figures) < best)
            best = rank(&figures);
    }
    integer_model_free(model);
    return best;
}

enum { WANTED_CYCLES = 500 };

static bool is_fast(const Figures *figures, const Device *device)
{
    (void)device;
    return figures->interval <= WANTED_CYCLES;
}

static double rank_cost(const Figures *figures)
{
    return figures->cost;
}

static bool fits(const Figures *figures, const Device *device)
{
    return (double)figures->cells.lut <= FOLDING_FILL * device->lut &&
           (double)figures->cells.ff <= FOLDING_FILL * device->ff &&
           figures->cells.dsp <= device->dsp && figures->cells.bram <= device->bram;
}

static double rank_interval(const Figures *figures)
{
    return (double)figures->interval;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void the_cheapest_plan_of_a_rate(void **state)
{
    (void)state;
    const Device *device = device_named("ecp5-25");
    const FoldingGoal goal = {.target_fps = 1e6 / WANTED_CYCLES, .clock_mhz = 1, .device = device};
    FoldingResult result;
    IntegerModel *model = two_layers();
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    assert_int_equal(result.wanted_cycles, WANTED_CYCLES);
    assert_int_equal(result.chosen, 2);
    assert_true(result.interval_cycles <= WANTED_CYCLES);
    assert_int_equal(result.interval_cycles, interval_of(model));
    Figures figures = figures_of(model, device);
    assert_float_equal(figures.cost, lowest(device, is_fast, rank_cost), 1e-9);
    integer_model_free(model);
}

static void the_fastest_plan_that_fits(void **state)
{
    (void)state;
    const Device *device = device_named("ecp5-25");
    const FoldingGoal goal = {.clock_mhz = 10, .device = device};
    FoldingResult result;
    IntegerModel *model = two_layers();
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    Figures figures = figures_of(model, device);
    assert_true(fits(&figures, device));
    assert_float_equal((double)figures.interval, lowest(device, fits, rank_interval), 0.5);
    integer_model_free(model);
}

/* Of a device whose DSP blocks are what is scarce: more products have room in them. */
static void shared_blocks_make_room_for_a_faster_plan(void **state)
{
    (void)state;
    Device few = *device_named("zynq-7010");
    few.dsp = 24;
    FoldingGoal goal = {.clock_mhz = 10, .device = &few};
    FoldingResult alone, shared;
    ResourceEstimate unpacked, packed;
    IntegerModel *model = two_layers();
    Plan *plan = NULL;
    assert_int_equal(folding_choose(model, &goal, &alone), OK);
    model->ops[1].pe = model->ops[1].simd = model->ops[2].pe = model->ops[2].simd = 0;
    goal.pack_dsp = true;
    assert_int_equal(folding_choose(model, &goal, &shared), OK);
    assert_true(shared.interval_cycles < alone.interval_cycles);
    assert_int_equal(plan_new(model, &plan), OK);
    resources_estimate(plan, &few, plan->arena, &unpacked);
    assert_int_equal(packing_apply(plan, &few), OK);
    resources_estimate(plan, &few, plan->arena, &packed);
    assert_true(unpacked.total.dsp > few.dsp);
    assert_true(packed.total.dsp <= few.dsp);
    plan_free(plan);
    integer_model_free(model);
}

static void every_rate_of_a_branched_network_is_met(void **state)
{
    (void)state;
    static const double rates[] = {1, 10, 100, 1000, 10000, 40000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        IntegerModel *model = net_of_blocks("residual", 32, 16, false);
        const FoldingGoal goal = {.target_fps = rates[i], .clock_mhz = 100};
        FoldingResult result;
        assert_int_equal(folding_choose(model, &goal, &result), OK);
        assert_true(result.interval_cycles <= result.wanted_cycles);
        if (i == 3) /* sizing buffers takes its time: once */
            assert_int_equal(result.interval_cycles, interval_of(model));
        integer_model_free(model);
    }
}

static void what_was_asked_for_stays(void **state)
{
    (void)state;
    IntegerModel *model = two_layers();
    const FoldingGoal goal = {.target_fps = 100, .clock_mhz = 1};
    FoldingResult result;
    tiny_fold(&model->ops[1], 3, 9);
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    assert_int_equal(model->ops[1].pe, 3);
    assert_int_equal(model->ops[1].simd, 9);
    assert_true(model->ops[2].pe > 0);
    assert_int_equal(result.chosen, 1);
    integer_model_free(model);
}

static void a_plan_without_a_choice_is_taken_as_it_is(void **state)
{
    (void)state;
    IntegerModel *model = two_layers();
    const FoldingGoal goal = {.clock_mhz = 1, .device = device_named("ecp5-25")};
    FoldingResult result;
    tiny_fold(&model->ops[1], 6, 18); /* far too much for it */
    tiny_fold(&model->ops[2], 4, 6);
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    assert_int_equal(result.chosen, 0);
    assert_int_equal(result.interval_cycles, interval_of(model));
    integer_model_free(model);
}

static void the_bottleneck_is_named(void **state)
{
    (void)state;
    IntegerModel *model = two_layers();
    const FoldingGoal goal = {.target_fps = 100, .clock_mhz = 1};
    FoldingResult result;
    tiny_fold(&model->ops[2], 1, 1);
    tiny_fold(&model->ops[1], 6, 18);
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    assert_string_equal(result.bottleneck, "dense");
    assert_false(result.limited_by_stream);
    integer_model_free(model);
}

static void expect_refusal(IntegerModel *model, FoldingGoal goal, const char *const *words)
{
    FoldingResult result;
    assert_int_equal(folding_choose(model, &goal, &result), ERR_REFUSED);
    for (; *words; words++)
        if (!strstr(error_message(), *words))
            fail_msg("no \"%s\" in \"%s\"", *words, error_message());
    integer_model_free(model);
}

static void a_rate_that_cannot_be(void **state)
{
    (void)state;
    IntegerModel *model = two_layers();
    const FoldingGoal goal = {.target_fps = 1e6, .clock_mhz = 1};
    expect_refusal(model, goal,
                   (const char *const[]){"layer conv takes 64 clocks", "one for each pixel",
                                         "15625 images/s", "--clock", "--target-fps", NULL});
}

static void a_rate_that_an_explicit_folding_forbids(void **state)
{
    (void)state;
    IntegerModel *model = two_layers();
    const FoldingGoal goal = {.target_fps = 10000, .clock_mhz = 1};
    tiny_fold(&model->ops[2], 1, 1);
    expect_refusal(model, goal,
                   (const char *const[]){"layer dense", "leave out --fold dense", NULL});
}

static void a_device_that_is_too_small(void **state)
{
    (void)state;
    IntegerModel *model = net_of_blocks("residual", 32, 16, false);
    const FoldingGoal goal = {.clock_mhz = 1, .device = device_named("ecp5-25")};
    expect_refusal(
        model, goal,
        (const char *const[]){"no folding fits ecp5-25", "1. ", "2. ", "3. ", "--device", NULL});
}

static void a_rate_that_does_not_fit_the_device(void **state)
{
    (void)state;
    const FoldingGoal goal = {
        .target_fps = 15000, .clock_mhz = 1, .device = device_named("ecp5-25")};
    expect_refusal(two_layers(), goal,
                   (const char *const[]){"15000 images/s at 1 MHz do not fit ecp5-25, ",
                                         " would (--target-fps): about ", "DSP", NULL});
}

static void floats_have_no_size(void **state)
{
    (void)state;
    FoldingResult result;
    IntegerModel *model = net_with_a_float_branch();
    const FoldingGoal goal = {.clock_mhz = 1, .device = device_named("ecp5-25")};
    assert_int_equal(folding_choose(model, &goal, &result), OK);
    assert_true(result.size_unknown);
    assert_int_equal(result.chosen, 0);
    const FoldingGoal rate = {.clock_mhz = 1, .target_fps = 10};
    assert_int_equal(folding_choose(model, &rate, &result), OK);
    assert_true(result.chosen > 0);
    assert_true(result.interval_cycles <= 100000);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheapest_plan_of_a_rate),
        cmocka_unit_test(the_fastest_plan_that_fits),
        cmocka_unit_test(shared_blocks_make_room_for_a_faster_plan),
        cmocka_unit_test(every_rate_of_a_branched_network_is_met),
        cmocka_unit_test(what_was_asked_for_stays),
        cmocka_unit_test(a_plan_without_a_choice_is_taken_as_it_is),
        cmocka_unit_test(the_bottleneck_is_named),
        cmocka_unit_test(a_rate_that_cannot_be),
        cmocka_unit_test(a_rate_that_an_explicit_folding_forbids),
        cmocka_unit_test(a_device_that_is_too_small),
        cmocka_unit_test(a_rate_that_does_not_fit_the_device),
        cmocka_unit_test(floats_have_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
