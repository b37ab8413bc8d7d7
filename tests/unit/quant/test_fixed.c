/* fixed.h against values worked out by hand, and against 128-bit integers. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "quant/fixed.h"

__extension__ typedef __int128 Wide;

/* numpy.rint and ONNX QuantizeLinear: ties go to the even integer. */
static void test_quantize_rounds_half_to_even(void **state)
{
    (void)state;
    static const struct {
        double real;
        int32_t integer;
    } rows[] = {
        {0, 0},       {0.5, 0},     {1.5, 2},     {2.5, 2},     {3.5, 4},       {-0.5, 0},
        {-1.5, -2},   {-2.5, -2},   {-3.5, -4},   {0.49999, 0}, {0.50001, 1},   {-0.50001, -1},
        {126.5, 126}, {127.4, 127}, {127.5, 127}, {1e30, 127},  {-127.6, -127}, {-1e30, -127},
    };
    QuantParam format = fixed_symmetric(127, 8);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(fixed_quantize(rows[i].real, format), rows[i].integer);
}

/* The example of the ONNX operator page, QuantizeLinear: scale 2, zero point 128, uint8. */
static void test_quantize_as_onnx(void **state)
{
    (void)state;
    QuantParam format = {.scale = 2, .zero_point = 128, .low = 0, .high = 255, .bits = 8};
    const double x[] = {0, 2, 3, 1000, -254, -1000};
    const int32_t y[] = {128, 129, 130, 255, 1, 0};
    for (int i = 0; i < 6; i++)
        assert_int_equal(fixed_quantize(x[i], format), y[i]);
    assert_float_equal(fixed_dequantize(130, format), 4, 0);
}

static void test_symmetric_formats(void **state)
{
    (void)state;
    for (int bits = FIXED_MIN_BITS; bits <= FIXED_MAX_BITS; bits++) {
        QuantParam format = fixed_symmetric(3.5, bits);
        assert_int_equal(format.high, (1 << (bits - 1)) - 1);
        assert_int_equal(format.low, -format.high);
        assert_int_equal(format.zero_point, 0);
        assert_int_equal(fixed_quantize(3.5, format), format.high);
        assert_int_equal(fixed_quantize(-3.5, format), format.low);
        /* No value within the clip is further off than half a step. */
        for (double r = -3.5; r <= 3.5; r += 0.0137) {
            double back = fixed_dequantize(fixed_quantize(r, format), format);
            assert_true(fabs(back - r) <= format.scale / 2 * (1 + 1e-12));
        }
    }
    assert_float_equal(fixed_symmetric(0, 8).scale, 1, 0);
}

/* floor((a*M + 2^(s-1)) / 2^s) by division that rounds down explicitly. */
static Wide floor_divide(Wide a, Wide b)
{
    Wide q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static int64_t reference_scale(int64_t accumulator, Requantizer r)
{
    Wide product = (Wide)accumulator * r.multiplier + ((Wide)1 << (r.shift - 1));
    return (int64_t)floor_divide(product, (Wide)1 << r.shift);
}

static void test_requantize_small_exhaustive(void **state)
{
    (void)state;
    for (int32_t shift = 1; shift <= 8; shift++)
        for (int32_t multiplier = 1; multiplier <= 64; multiplier++)
            for (int64_t a = -300; a <= 300; a++) {
                Requantizer r = {multiplier, shift};
                assert_int_equal(fixed_scale(a, r), reference_scale(a, r));
            }
}

static void test_requantize_random(void **state)
{
    (void)state;
    Rng rng = rng_seed(7);
    const int64_t limit = (1 << (FIXED_ACCUMULATOR_BITS - 1)) - 1;
    for (int i = 0; i < 300000; i++) {
        Requantizer r = {1 + (int32_t)rng_below(&rng, FIXED_MULTIPLIER_MAX),
                         1 + (int32_t)rng_below(&rng, FIXED_SHIFT_MAX)};
        int64_t a = (int64_t)rng_below(&rng, (uint64_t)(2 * limit + 1)) - limit;
        assert_int_equal(fixed_scale(a, r), reference_scale(a, r));
        int64_t want = reference_scale(a, r) + 3;
        want = want < -100 ? -100 : want > 90 ? 90 : want;
        assert_int_equal(fixed_requantize(a, r, 3, -100, 90), want);
    }
    for (int32_t shift = 1; shift <= FIXED_SHIFT_MAX; shift++) { /* the corners */
        Requantizer r = {FIXED_MULTIPLIER_MAX, shift};
        assert_int_equal(fixed_scale(limit, r), reference_scale(limit, r));
        assert_int_equal(fixed_scale(-limit, r), reference_scale(-limit, r));
    }
}

/* Ties of requantization go up, towards plus infinity: 1.5 -> 2, -1.5 -> -1. */
static void test_requantize_ties(void **state)
{
    (void)state;
    Requantizer half = {1, 1};
    const int64_t a[] = {3, 1, -1, -3, 5, -5};
    const int64_t q[] = {2, 1, 0, -1, 3, -2};
    for (int i = 0; i < 6; i++)
        assert_int_equal(fixed_scale(a[i], half), q[i]);
    /* A fused ReLU is the lower clamp. */
    assert_int_equal(fixed_requantize(-50, half, 0, 0, 127), 0);
    assert_int_equal(fixed_requantize(1000, half, 0, 0, 127), 127);
}

static void test_ratio_error_is_bounded(void **state)
{
    (void)state;
    Rng rng = rng_seed(8);
    const double bound = ldexp(1, -15);
    for (int i = 0; i < 300000; i++) {
        double ratio = exp2(-30.9 + 44.8 * rng_uniform(&rng));
        Requantizer r = {0};
        assert_true(fixed_requantizer(ratio, &r));
        assert_in_range(r.multiplier, 1, FIXED_MULTIPLIER_MAX);
        assert_in_range(r.shift, FIXED_SHIFT_MIN, FIXED_SHIFT_MAX);
        assert_true(fixed_ratio_error(ratio, r) <= bound);
        assert_true(fabs(r.multiplier / exp2(r.shift) - ratio) <= bound * ratio);
    }
}

static void test_ratios_by_hand(void **state)
{
    (void)state;
    Requantizer r;
    assert_true(fixed_requantizer(0.5, &r));
    assert_int_equal(r.multiplier, 16384);
    assert_int_equal(r.shift, 15);
    assert_true(fixed_requantizer(0.99999999, &r)); /* rounds up to 1 */
    assert_int_equal(r.multiplier, 16384);
    assert_int_equal(r.shift, 14);
    assert_true(fixed_requantizer(0.75, &r));
    assert_int_equal(r.multiplier, 24576);
    assert_int_equal(r.shift, 15);
    assert_true(fixed_requantizer(ldexp(1, -31), &r));
    assert_true(fixed_requantizer(ldexp(0.999, 14), &r));
    const double refused[] = {0, -1, ldexp(0.99, -31), ldexp(1, 14), NAN, INFINITY, DBL_MIN, 1e300};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(fixed_requantizer(refused[i], &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantize_rounds_half_to_even),
        cmocka_unit_test(test_quantize_as_onnx),
        cmocka_unit_test(test_symmetric_formats),
        cmocka_unit_test(test_requantize_small_exhaustive),
        cmocka_unit_test(test_requantize_random),
        cmocka_unit_test(test_requantize_ties),
        cmocka_unit_test(test_ratio_error_is_bounded),
        cmocka_unit_test(test_ratios_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
