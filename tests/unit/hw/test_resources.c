/* Estimates of resources against recorded runs of Yosys: blocks are exact, LUTs within a fifth on
 * the runs that took no part in the fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hw/resources_memory.h"
#include "tests/unit/hw/synth_runs.h"

#define RUNS_PATH "tests/fixtures/synth/runs.csv"

static const char *const DEVICES[RESOURCE_TARGETS] = {"hx8k", "up5k", "ecp5-25", "artix7-35t"};

static const double MOST_LUT_ERROR = 0.2;

static ResourceEstimate estimate_of(const SynthRun *run, ResourceTarget target)
{
    const Device *device = NULL;
    ResourceEstimate estimate;
    assert_int_equal(device_find(DEVICES[target], &device), OK);
    assert_int_equal(resources_target(device), target);
    assert_true(resources_known(run->plan, target));
    resources_estimate(run->plan, device, run->plan->arena, &estimate);
    return estimate;
}

static void blocks_are_exact(void **state)
{
    (void)state;
    int count = 0;
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        SynthRuns runs = synth_runs_read(RUNS_PATH, (ResourceTarget)target);
        for (int i = 0; i < runs.count; i++) {
            const SynthRun *run = &runs.runs[i];
            FitCells total = estimate_of(run, runs.target).total;
            if (total.dsp != run->cells.dsp || total.bram != run->cells.bram)
                fail_msg("%s, %s: %lld DSP and %lld BRAM, estimated %lld and %lld",
                         resources_target_word(runs.target), run->network,
                         (long long)run->cells.dsp, (long long)run->cells.bram,
                         (long long)total.dsp, (long long)total.bram);
        }
        count += runs.count;
        synth_runs_free(&runs);
    }
    print_message("%d recorded runs\n", count);
}

static double error_of(int64_t estimated, int64_t counted)
{
    return fabs((double)estimated / (double)counted - 1);
}

static void luts_are_near_on_runs_that_were_held_out(void **state)
{
    (void)state;
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        SynthRuns runs = synth_runs_read(RUNS_PATH, (ResourceTarget)target);
        double lut_error = 0, ff_error = 0, said_lut = 0, said_ff = 0;
        int held = 0;
        for (int i = 0; i < runs.count; i++) {
            const SynthRun *run = &runs.runs[i];
            ResourceEstimate estimate = estimate_of(run, runs.target);
            if (!run->held)
                continue;
            lut_error = fmax(lut_error, error_of(estimate.total.lut, run->cells.lut));
            ff_error = fmax(ff_error, error_of(estimate.total.ff, run->cells.ff));
            said_lut = estimate.lut_error;
            said_ff = estimate.ff_error;
            held++;
        }
        print_message("%s: LUT within %.1f %%, FF within %.1f %%\n",
                      resources_target_word(runs.target), 100 * lut_error, 100 * ff_error);
        assert_true(held >= 12);
        assert_true(lut_error <= MOST_LUT_ERROR);
        /* what is shown with an estimate is what was measured; figures of parts are rounded */
        assert_float_equal(said_lut, lut_error, 0.01);
        assert_float_equal(said_ff, ff_error, 0.01);
        synth_runs_free(&runs);
    }
}

static void what_is_held_out_is_not_fitted(void **state)
{
    (void)state;
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        SynthRuns runs = synth_runs_read(RUNS_PATH, (ResourceTarget)target);
        for (int i = 0; i < runs.count; i++)
            for (int k = 0; k < i; k++)
                if (strcmp(runs.runs[i].network, runs.runs[k].network) == 0)
                    fail_msg("%s has two runs of %s", resources_target_word(runs.target),
                             runs.runs[i].network);
        synth_runs_free(&runs);
    }
}

static void a_family_without_runs_is_not_known(void **state)
{
    (void)state;
    IntegerModel *model = synth_net("in 4 dense 2");
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        SynthRuns runs = synth_runs_read(RUNS_PATH, (ResourceTarget)target);
        assert_int_equal(resources_known(plan, (ResourceTarget)target), runs.count > 0);
        synth_runs_free(&runs);
    }
    plan_free(plan);
    integer_model_free(model);
}

static void a_total_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    SynthRuns runs = synth_runs_read(RUNS_PATH, RESOURCES_ECP5);
    const SynthRun *run = &runs.runs[0];
    ResourceEstimate estimate = estimate_of(run, RESOURCES_ECP5);
    FitCells sum = estimate.rest;
    for (int i = 0; i < run->plan->count; i++) {
        sum.lut += estimate.stages[i].lut;
        sum.dsp += estimate.stages[i].dsp;
    }
    assert_int_equal(sum.lut, estimate.total.lut);
    assert_int_equal(sum.dsp, estimate.total.dsp);
    synth_runs_free(&runs);
}

/* A handful of memory_libmap's choices, Yosys 0.23, each beside one that differs. */
static void memories_go_where_yosys_puts_them(void **state)
{
    (void)state;
    static const struct {
        Memory memory;
        ResourceTarget target;
        double blocks;
        int64_t cells;
    } rows[] = {
        {{64, 16, true, 0}, RESOURCES_ICE40, 0, 0},
        {{72, 16, true, 0}, RESOURCES_ICE40, 1, 0},
        {{96, 18, true, 0}, RESOURCES_ICE40, 0, 0},
        {{128, 18, true, 0}, RESOURCES_ICE40, 2, 0},
        {{7, 17, false, 1}, RESOURCES_ICE40, 0, 0},
        {{9, 17, false, 1}, RESOURCES_ICE40, 1, 0},
        {{6, 9, false, 0}, RESOURCES_ICE40_DSP, 0, 0},
        {{6, 14, false, 0}, RESOURCES_ICE40_DSP, 1, 0},
        {{64, 32, true, 0}, RESOURCES_ECP5, 0, 0},
        {{64, 36, true, 0}, RESOURCES_ECP5, 1, 0},
        {{32, 32, false, 0}, RESOURCES_ECP5, 0, 16},
        {{33, 32, false, 0}, RESOURCES_ECP5, 1, 0},
        {{128, 8, false, 0}, RESOURCES_ECP5, 0, 16},
        {{128, 9, false, 0}, RESOURCES_ECP5, 1, 0},
        {{64, 24, false, 0}, RESOURCES_XILINX7, 0, 8},
        {{128, 24, false, 0}, RESOURCES_XILINX7, 0.5, 0},
        {{17280, 8, true, 0}, RESOURCES_ECP5, 8, 0}, /* its parts lie side by side, in 2,048 x 72 */
        {{1500, 12, true, 0}, RESOURCES_ECP5, 1, 0},
        {{1500, 12, false, 0}, RESOURCES_ECP5, 2, 0},
        {{1500, 12, true, 0}, RESOURCES_ICE40, 5, 0},
        {{1500, 12, true, 0}, RESOURCES_XILINX7, 0.5, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MemoryUse use = memory_place(rows[i].memory, rows[i].target);
        if (use.blocks != rows[i].blocks || use.cells != rows[i].cells)
            fail_msg("row %zu: %g blocks and %lld cells", i, use.blocks, (long long)use.cells);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memories_go_where_yosys_puts_them),
        cmocka_unit_test(a_family_without_runs_is_not_known),
        cmocka_unit_test(blocks_are_exact),
        cmocka_unit_test(what_is_held_out_is_not_fitted),
        cmocka_unit_test(luts_are_near_on_runs_that_were_held_out),
        cmocka_unit_test(a_total_is_the_sum_of_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
