/* What is too much for a device, the ways to make it fit, and files for other flows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "hw/emit_vendor.h"
#include "hw/fit.h"
#include "tests/unit/hw/tiny_model.h"

static const Device *device(const char *name)
{
    const Device *found = NULL;
    assert_int_equal(device_find(name, &found), OK);
    return found;
}

typedef struct Bed {
    IntegerModel *model;
    Plan *plan;
    Arena *arena;
} Bed;

static Bed bed_open(void)
{
    Tiny tiny = tiny_new("net", shape_of(3, 6, 6, 2), 1);
    tiny_conv2d(&tiny, "conv", 12, tiny_window(3, 3, 1, 1));
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_fold(tiny_dense(&tiny, "dense", 6), 2, 4);
    Bed bed = {.model = tiny_finish(&tiny), .arena = arena_new()};
    if (plan_new(bed.model, &bed.plan) != OK)
        fail_msg("%s", error_message());
    return bed;
}

static void bed_close(Bed *bed)
{
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
}

static void what_is_too_much_is_said(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Device *up5k = device("up5k");
    assert_null(fit_excess(up5k, &(FitCells){5280, 5280, 8, 30}, arena));
    assert_string_equal(fit_excess(up5k, &(FitCells){5281, 1, 1, 1}, arena), "5281 LUTs of 5280");
    assert_string_equal(fit_excess(up5k, &(FitCells){1, 6000, 9, 31}, arena),
                        "6000 flip-flops of 5280, 9 DSP blocks of 8, 31 block RAMs of 30");
    arena_free(arena);
}

/* conv has 216 multipliers and most of the LUTs, dense 8. */
static void ways_to_fit_begin_with_the_fastest_folding(void **state)
{
    (void)state;
    Bed bed = bed_open();
    const FitCells stages[] = {{9000, 100, 216, 0}, {50, 50, 0, 0}, {700, 100, 8, 1}};
    const FitNeed need = {{10000, 300, 0, 1}, stages};
    const char *ways[FIT_WAYS];
    assert_int_equal(fit_ways(bed.plan, device("hx8k"), &need, bed.arena, ways), FIT_WAYS);
    /* 10,000 - 7,680 = 2,320 of 9,000 * 0.7: 136 of 216 multipliers may stay; 12 * 9 is the most */
    assert_non_null(strstr(ways[0], "--fold conv:pe="));
    int pe = 0, simd = 0;
    assert_int_equal(sscanf(strstr(ways[0], "pe="), "pe=%d,simd=%d", &pe, &simd), 2);
    assert_int_equal(pe * simd, 108);
    assert_null(strstr(ways[0], "not enough"));
    assert_non_null(strstr(ways[1], "--device ecp5-25"));
    assert_non_null(strstr(ways[2], "--bits 6"));
    bed_close(&bed);
}

static void without_multipliers_to_fold_other_ways_are_named(void **state)
{
    (void)state;
    Bed bed = bed_open();
    const FitCells stages[] = {{10, 10, 0, 40}, {10, 10, 0, 0}, {10, 10, 0, 1}};
    const FitNeed need = {{30, 30, 0, 300}, stages}; /* block RAM: no folding saves it */
    const char *ways[FIT_WAYS];
    int count = fit_ways(bed.plan, device("ecp5-85"), &need, bed.arena, ways);
    assert_int_equal(count, FIT_WAYS);
    assert_non_null(strstr(ways[0], "--bits 6")); /* and no device has as many */
    assert_non_null(strstr(ways[1], "not enough alone"));
    bed_close(&bed);
}

/* ---- files for other flows ------------------------------------------------------------------- */

static void expect_in_file(const char *path, const char *words)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 1 << 20, &text), OK);
    if (!strstr(text.data, words))
        fail_msg("\"%s\" is not in %s:\n%s", words, path, text.data);
    buffer_free(&text);
}

static void other_flows_get_all_files_but_the_bench(void **state)
{
    (void)state;
    static const struct {
        Vendor vendor;
        const char *source, *period;
    } cases[] = {
        {VENDOR_VIVADO, "read_vhdl -vhdl2008 {../hdl/net_top.vhd}", "-period 20.000"},
        {VENDOR_QUARTUS, "VHDL_FILE {../hdl/net_top.vhd}", "-period 20.000"},
        {VENDOR_FUSESOC, "- \"hdl/net_top.vhd\"", NULL},
    };
    Bed bed = bed_open();
    char scratch[] = "/tmp/test_fit_XXXXXX";
    assert_non_null(mkdtemp(scratch));
    const char *folder = fs_join(bed.arena, scratch, "synthesis");
    Design design;
    Pins pins;
    assert_int_equal(emit_design(bed.plan, bed.arena, fs_join(bed.arena, scratch, "hdl"), &design),
                     OK);
    assert_int_equal(emit_pins(bed.plan, bed.arena, folder, &pins), OK);
    VendorSetup setup = {bed.plan, &design, &pins, device("artix7-35t"), 50, folder};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *files[VENDOR_MAX_FILES + 1];
        if (emit_vendor(&setup, cases[i].vendor, bed.arena, files) != OK)
            fail_msg("%s", error_message());
        expect_in_file(files[0], cases[i].source);
        expect_in_file(files[0], "net_pins.vhd");
        if (cases[i].period)
            expect_in_file(files[0], "UNTESTED");
        Buffer text = {0};
        assert_int_equal(fs_read_file(files[0], 1 << 20, &text), OK);
        assert_null(strstr(text.data, "net_bench"));
        buffer_free(&text);
        if (cases[i].period)
            expect_in_file(files[1], cases[i].period);
    }
    setup.folder = "/tmp/a{b";
    design.files = (const char *const[]){"/tmp/a{b/x.vhd", "/tmp/a{b/bench.vhd", NULL};
    design.file_count = 2;
    pins.vhdl = "/tmp/{pins.vhd";
    const char *files[VENDOR_MAX_FILES + 1];
    assert_int_equal(emit_vendor(&setup, VENDOR_VIVADO, bed.arena, files), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "--workdir"));
    assert_int_equal(fs_remove_tree(scratch), OK);
    bed_close(&bed);
}

static void an_unknown_flow_lists_the_known(void **state)
{
    (void)state;
    Vendor vendor;
    assert_int_equal(vendor_parse("quartus", &vendor), OK);
    assert_int_equal(vendor, VENDOR_QUARTUS);
    assert_int_equal(vendor_parse("ise", &vendor), ERR_USAGE);
    assert_non_null(strstr(error_message(), "vivado, quartus or fusesoc"));
    assert_int_equal(vendor_takes_device(VENDOR_VIVADO, device("hx8k")), ERR_USAGE);
    assert_non_null(strstr(error_message(), "Vivado has no hx8k (iCE40HX8K-CT256)"));
    assert_int_equal(vendor_takes_device(VENDOR_VIVADO, device("zynq-7010")), OK);
    assert_int_equal(vendor_takes_device(VENDOR_FUSESOC, device("hx8k")), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_said),
        cmocka_unit_test(ways_to_fit_begin_with_the_fastest_folding),
        cmocka_unit_test(without_multipliers_to_fold_other_ways_are_named),
        cmocka_unit_test(other_flows_get_all_files_but_the_bench),
        cmocka_unit_test(an_unknown_flow_lists_the_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
