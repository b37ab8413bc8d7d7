/* What an image takes, counted, and the table of what that costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "hw/energy.h"
#include "tests/unit/hw/nets.h"

static EnergyUse use_of(IntegerModel *model, const EnergyTable *table)
{
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    EnergyUse use = energy_of_plan(plan, table);
    plan_free(plan);
    integer_model_free(model);
    return use;
}

static IntegerModel *small(int pe, int simd)
{
    Tiny tiny = tiny_new("small", shape_of(3, 6, 6, 2), 1);
    tiny_fold(tiny_conv2d(&tiny, "conv", 4, tiny_window(3, 3, 1, 1)), pe, simd);
    return tiny_finish(&tiny);
}

static void counts_of_a_convolution(void **state)
{
    (void)state;
    EnergyTable table = energy_table_default();
    EnergyUse use = use_of(small(2, 9), &table);
    const double macs = 16 * 18 * 4; /* windows, values, filters */
    assert_int_equal(use.width_count, 1);
    assert_int_equal(use.macs[0].count, (int64_t)macs);
    assert_int_equal(use.macs[0].weight_bits, 8);
    assert_float_equal(use.weight_words, macs * 8 / 32, 1e-9);
    assert_float_equal(use.value_words, 2 * 36 * 2 * 2 * 8.0 / 32, 1e-9); /* two lines */
    assert_float_equal((float)use.integer_pj,
                       (float)(macs * (0.2 + 0.1) + (use.weight_words + use.value_words) * 5), 1);
    assert_float_equal((float)use.float_pj,
                       (float)(macs * (3.7 + 0.9) + (use.weight_words + use.value_words) * 20), 1);
}

static void constants_in_logic_are_not_read(void **state)
{
    (void)state;
    EnergyTable table = energy_table_default();
    EnergyUse use = use_of(small(0, 0), &table);
    assert_float_equal(use.weight_words, 0, 0);
    assert_int_equal(use.macs[0].count, 16 * 18 * 4);
}

static void every_product_is_counted_once(void **state)
{
    (void)state;
    EnergyTable table = energy_table_default();
    EnergyUse serial = use_of(net_resnet8(), &table);
    EnergyUse parallel = use_of(net_of_blocks("resnet8", 32, 16, false), &table);
    assert_int_equal(serial.width_count, parallel.width_count);
    for (int i = 0; i < serial.width_count; i++)
        assert_int_equal(serial.macs[i].count, parallel.macs[i].count);
}

/* More pairs of widths than anybody has: none is lost. */
static void every_width_has_its_count(void **state)
{
    enum { LAYERS = 40, UNITS = 2 };
    (void)state;
    EnergyTable table = energy_table_default();
    Plan *plan = NULL;
    Tiny tiny = tiny_new("widths", shape_of(1, UNITS), 1);
    for (int i = 0; i < LAYERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "dense_%d", i);
        tiny_dense(&tiny, name, UNITS);
    }
    IntegerModel *model = tiny_finish(&tiny);
    assert_int_equal(plan_new(model, &plan), OK);
    for (int i = 0; i < LAYERS; i++) {
        model->ops[i + 1].weight_bits = FIXED_MIN_BITS + i % 13;
        model->ops[i + 1].input.bits = FIXED_MIN_BITS + i % 11;
    }
    EnergyUse use = energy_of_plan(plan, &table);
    assert_int_equal(use.width_count, LAYERS);
    for (int i = 0; i < use.width_count; i++)
        assert_int_equal(use.macs[i].count, UNITS * UNITS);
    plan_free(plan);
    integer_model_free(model);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *write_table(const char *text)
{
    static char path[32];
    strcpy(path, "/tmp/energy-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    return path;
}

static void a_table_replaces_what_it_names(void **state)
{
    (void)state;
    EnergyTable table;
    const char *path =
        write_table("# a newer process\nadd_int32 0.05\n\naccess_32_bits = 2.5 # pJ\n");
    assert_int_equal(energy_table_read(path, &table), OK);
    unlink(path);
    assert_float_equal(table.picojoules[ENERGY_ADD_INT32], 0.05, 0);
    assert_float_equal(table.picojoules[ENERGY_ACCESS], 2.5, 0);
    assert_float_equal(table.picojoules[ENERGY_MULTIPLY_INT8], 0.2, 0);
}

static void a_table_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"add_int32 0.05\nadd_int64 1\n", ":2: no operation 'add_int64'"},
        {"add_int32\n", ":1: expected 'add_int32 PICOJOULES'"},
        {"add_int32 much\n", ":1: expected"},
        {"add_int32 -1\n", "from 0 on"},
        {"add_int32 nan\n", "from 0 on"},
        {"add_int32 1 2\n", ":1: expected"},
    };
    EnergyTable table;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *path = write_table(texts[i][0]);
        assert_int_equal(energy_table_read(path, &table), ERR_REFUSED);
        unlink(path);
        assert_non_null(strstr(error_message(), texts[i][1]));
    }
    assert_int_not_equal(energy_table_read("no-such-table", &table), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_a_convolution),
        cmocka_unit_test(constants_in_logic_are_not_read),
        cmocka_unit_test(every_product_is_counted_once),
        cmocka_unit_test(every_width_has_its_count),
        cmocka_unit_test(a_table_replaces_what_it_names),
        cmocka_unit_test(a_table_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
