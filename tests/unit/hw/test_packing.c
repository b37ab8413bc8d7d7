/* Two products in each DSP block: which widths fit, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw/packing.h"
#include "hw/resources.h"
#include "tests/unit/hw/tiny_model.h"

/* A convolution with 8 filters, nine products of `pe` of them at once; inputs of -top..top. */
static IntegerModel *model_of(int weight_bits, int top, int pe)
{
    Tiny tiny = tiny_new("packed", shape_of(3, 4, 4, 2), 1);
    tiny_fold(tiny_conv2d(&tiny, "conv", 8, tiny_window(3, 3, 1, 1)), pe, 9);
    IntegerModel *model = tiny_finish(&tiny);
    model->ops[1].weight_bits = weight_bits;
    model->ops[1].input.low = -top;
    model->ops[1].input.high = top;
    return model;
}

static Status pack(int weight_bits, int top, int pe, const char *device_name)
{
    IntegerModel *model = model_of(weight_bits, top, pe);
    Plan *plan = NULL;
    const Device *device = NULL;
    if (plan_new(model, &plan) != OK || device_find(device_name, &device) != OK)
        fail_msg("%s", error_message());
    Status status = packing_apply(plan, device);
    assert_int_equal(plan->stages[0].packed, status == OK);
    plan_free(plan);
    integer_model_free(model);
    return status;
}

/* 255 * 255 is below 2**16, 15 * 7 below 2**7. */
static void widths_follow_from_the_lifted_ranges(void **state)
{
    (void)state;
    IntegerModel *model = model_of(8, 127, 2);
    PackedWidths bytes = packing_widths(&model->ops[1]);
    assert_int_equal(bytes.product, 16);
    assert_int_equal(bytes.weights, 24);
    assert_int_equal(bytes.sample, 8);
    assert_int_equal(bytes.adders, 2 * 9); /* of multiples of 128 */
    model->ops[1].weight_bits = 4;
    model->ops[1].input.low = 0;
    model->ops[1].input.high = 7;
    PackedWidths positive = packing_widths(&model->ops[1]);
    assert_int_equal(positive.product, 7);
    assert_int_equal(positive.weights, 11);
    assert_int_equal(positive.sample, 3);
    assert_int_equal(positive.adders, 7 - 3);
    integer_model_free(model);
}

static void a_block_must_be_wide_enough(void **state)
{
    (void)state;
    assert_int_equal(pack(8, 127, 2, "zynq-7010"), OK);
    assert_int_equal(pack(8, 127, 2, "ecp5-25"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "needs factors of 24 and 8 bits, a DSP block of "
                                            "ecp5-25 takes 18 and 18"));
    assert_int_equal(pack(4, 7, 2, "ecp5-25"), OK);
    assert_int_equal(pack(4, 7, 2, "up5k"), OK);
    assert_int_equal(pack(4, 7, 2, "hx8k"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "hx8k has no DSP blocks"));
}

static void other_reasons_are_named(void **state)
{
    (void)state;
    assert_int_equal(pack(8, 127, 1, "zynq-7010"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv: pe is 1, an odd number"));
    assert_int_equal(pack(10, 127, 2, "zynq-7010"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "a product has 18 bits"));
}

/* 18 products of the layer in 9 blocks; its requantizers keep theirs. */
static void the_estimate_has_half_the_blocks(void **state)
{
    (void)state;
    IntegerModel *model = model_of(8, 127, 2);
    Plan *plan = NULL;
    const Device *device = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    assert_int_equal(device_find("zynq-7010", &device), OK);
    ResourceEstimate before, after;
    resources_estimate(plan, device, plan->arena, &before);
    assert_int_equal(packing_apply(plan, device), OK);
    resources_estimate(plan, device, plan->arena, &after);
    assert_int_equal(before.total.dsp - after.total.dsp, 9);
    assert_int_equal(after.total.lut - before.total.lut, 18 * 2 * 9);
    plan_free(plan);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_follow_from_the_lifted_ranges),
        cmocka_unit_test(a_block_must_be_wide_enough),
        cmocka_unit_test(other_reasons_are_named),
        cmocka_unit_test(the_estimate_has_half_the_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
