/* Trying foldings on a description: legal values, their cycles, and what a plan makes of them. */
#include "tests/unit/flow/place.h"

#include "flow/folding.h"
#include "flow/report.h"
#include "flow/run.h"

static Folding *open_folding(Place *place)
{
    const RunOptions options = place_options(place);
    json_t *report = NULL;
    Folding *folding = NULL;
    if (flow_run(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    json_decref(report);
    if (folding_open(fs_join(place->arena, place->paths.runs, "1/description"), &folding) != OK)
        fail_msg("%s", error_message());
    return folding;
}

static int find_row(const Folding *folding, const char *name)
{
    for (int i = 0; i < folding_count(folding); i++)
        if (strcmp(folding_row(folding, i).name, name) == 0)
            return i;
    fail_msg("no row %s", name);
    return -1;
}

static void test_steps_are_legal(void **state)
{
    Folding *folding = open_folding(*state);
    int row = find_row(folding, "conv2d_1");
    FoldingRow start = folding_row(folding, row);
    assert_true(start.folds && start.most_pe == 3 && start.most_simd == 18);
    assert_int_equal(start.pe, start.built_pe);
    FoldingRow last = folding_row(folding, folding_count(folding) - 1);
    assert_int_equal(folding_row(folding, 0).first_cycle, 1);
    assert_int_equal(last.last_cycle, folding_timing(folding).latency_cycles);
    assert_true(start.busy_cycles > 0 && start.busy_cycles <= start.interval_cycles);
    const int simds[] = {18, 9, 6, 3, 2, 1, 1};
    for (size_t i = 0; i < sizeof simds / sizeof *simds; i++) {
        assert_int_equal(folding_row(folding, row).simd, simds[i]);
        assert_int_equal(folding_step(folding, row, FOLD_SIMD, -1), OK);
    }
    assert_int_equal(folding_step(folding, row, FOLD_PE, -1), OK);
    FoldingRow small = folding_row(folding, row);
    assert_int_equal(small.pe, 1);
    assert_int_equal(small.fold_steps, 3 * 18);
    assert_int_equal(small.multipliers, 1);
    assert_true(small.bottleneck && small.interval_cycles > start.interval_cycles);
    assert_int_equal(small.built_simd, 18);
    assert_int_equal(folding_step(folding, row, FOLD_PE, 1), OK);
    assert_int_equal(folding_row(folding, row).pe, 3);
    folding_free(folding);
}

static void test_illegal_values_change_nothing(void **state)
{
    Folding *folding = open_folding(*state);
    int row = find_row(folding, "conv2d_1");
    FoldingTiming before = folding_timing(folding);
    assert_int_equal(folding_set(folding, row, 2, 18), ERR_USAGE);
    assert_int_equal(folding_row(folding, row).pe, 3);
    FoldingTiming after = folding_timing(folding);
    assert_true(before.latency_cycles == after.latency_cycles &&
                before.interval_cycles == after.interval_cycles);
    int pool = find_row(folding, "max_pooling2d");
    assert_false(folding_row(folding, pool).folds);
    assert_int_equal(folding_step(folding, pool, FOLD_PE, 1), OK);
    assert_int_equal(folding_row(folding, pool).pe, 1);
    folding_free(folding);
}

/* The figures are those of a run with the same foldings. */
static void test_prediction_is_that_of_a_run(void **state)
{
    Place *place = *state;
    Folding *folding = open_folding(place);
    assert_int_equal(folding_set(folding, find_row(folding, "conv2d_1"), 1, 6), OK);
    const FoldChoice fold = {"conv2d_1", 1, 6};
    RunOptions options = place_options(place);
    options.folds = &fold;
    options.fold_count = 1;
    options.stop_after = STAGE_PLAN;
    json_t *report = NULL;
    assert_int_equal(flow_run(&options, NULL, &report), OK);
    FoldingTiming timing = folding_timing(folding);
    assert_true(report_number(report, "hardware.predicted_latency_cycles", 0) ==
                (double)timing.latency_cycles);
    assert_true(report_number(report, "hardware.predicted_interval_cycles", 0) ==
                (double)timing.interval_cycles);
    json_decref(report);
    folding_free(folding);
}

/* A rate is reached, and what cannot be reached changes nothing. */
static void test_balance(void **state)
{
    Folding *folding = open_folding(*state);
    int64_t parallel = folding_timing(folding).interval_cycles;
    double rate = 1e6 / (double)(8 * parallel);
    assert_int_equal(folding_balance(folding, rate, 1, NULL), OK);
    FoldingTiming slow = folding_timing(folding);
    assert_true(slow.interval_cycles > parallel && slow.interval_cycles <= 8 * parallel);
    assert_int_equal(folding_balance(folding, 1e9, 1, NULL), ERR_REFUSED);
    assert_int_equal(folding_balance(folding, rate, 1, "nothing"), ERR_USAGE);
    FoldingTiming after = folding_timing(folding);
    assert_true(after.interval_cycles == slow.interval_cycles &&
                after.multipliers == slow.multipliers);
    assert_int_equal(folding_balance(folding, 0, 1, "ecp5-85"), OK);
    assert_int_equal(folding_timing(folding).interval_cycles, parallel);
    folding_free(folding);
}

/* Every device of the list takes a share, and fewer multipliers take a smaller one. */
static void test_shares(void **state)
{
    Folding *folding = open_folding(*state);
    FoldingShares parallel, folded;
    int devices = 0, known = 0;
    for (const char *name = folding_next_device(NULL); name; name = folding_next_device(name)) {
        assert_int_equal(folding_shares(folding, name, &parallel), OK);
        assert_true(!parallel.known || (parallel.lut > 0 && parallel.lut_error > 0));
        devices++;
        known += parallel.known;
    }
    assert_true(devices > 3 && known > 0);
    assert_int_equal(folding_shares(folding, "ECP5-25", &parallel), OK);
    assert_int_equal(folding_set(folding, find_row(folding, "conv2d_1"), 1, 1), OK);
    assert_int_equal(folding_shares(folding, "ecp5-25", &folded), OK);
    assert_true(folded.lut < parallel.lut);
    assert_int_equal(folding_shares(folding, "nothing", &folded), ERR_USAGE);
    folding_free(folding);
}

static void test_no_description(void **state)
{
    Place *place = *state;
    Folding *folding = NULL;
    assert_int_not_equal(folding_open(place->folder, &folding), OK);
    assert_null(folding);
    folding_free(folding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_steps_are_legal),
        PLACED(test_illegal_values_change_nothing),
        PLACED(test_prediction_is_that_of_a_run),
        PLACED(test_balance),
        PLACED(test_shares),
        PLACED(test_no_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
