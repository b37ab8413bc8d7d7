/* float32.h against arithmetic on integers only, which knows nothing of the machine's floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "quant/float32.h"

/* ---- the reference ----------------------------------------------------------------------------
 */

enum { LARGEST = 0x7f7fffff, SMALLEST = 0x00800000, FRACTION = 0x007fffff };
static const uint32_t MINUS = 0x80000000;

/* (negative ? -1 : 1) * count * 2^power; a set last bit of `count` may stand for any rest. */
typedef struct Exact {
    bool negative;
    uint64_t count;
    int power;
} Exact;

static int top_bit(uint64_t value)
{
    int bit = -1;
    for (; value; value >>= 1)
        bit++;
    return bit;
}

static Exact exact_of(uint32_t word)
{
    int exponent = (int)(word >> 23 & 255);
    return (Exact){.negative = (word & MINUS) != 0,
                   .count = exponent ? (word & FRACTION) + SMALLEST : 0,
                   .power = exponent - 150};
}

/* value / 2^places to an integer, half to even. */
static uint64_t round_shift(uint64_t value, int places)
{
    if (places <= 0)
        return value << -places;
    if (places > 62)
        return 0;
    uint64_t whole = value >> places, rest = value & ((UINT64_C(1) << places) - 1);
    uint64_t half = UINT64_C(1) << (places - 1);
    return whole + (rest > half || (rest == half && (whole & 1)));
}

static uint32_t word_of(Exact exact)
{
    uint32_t sign = exact.negative ? MINUS : 0;
    int unit = top_bit(exact.count) + exact.power - 23; /* power of the last place */
    if (unit < -149)
        unit = -149; /* gradual underflow */
    uint64_t count = exact.count ? round_shift(exact.count, unit - exact.power) : 0;
    if (count == UINT64_C(1) << 24) {
        count >>= 1;
        unit++;
    }
    if (count < SMALLEST)
        return sign;
    if (unit > 104)
        return sign | LARGEST;
    return sign | (uint32_t)((unit + 150) << 23 | (int)(count & FRACTION));
}

static uint32_t reference_multiply(uint32_t a, uint32_t b)
{
    Exact x = exact_of(a), y = exact_of(b);
    return word_of((Exact){x.negative != y.negative, x.count * y.count, x.power + y.power});
}

static uint32_t reference_add(uint32_t a, uint32_t b)
{
    Exact x = exact_of(a), y = exact_of(b);
    if (!x.count && !y.count)
        return a & b & MINUS;
    if (!x.count || (y.count && y.power > x.power)) {
        Exact swap = x;
        x = y;
        y = swap;
    }
    /* 37 places below the larger one; what lies further down only matters as not zero. */
    int distance = y.count ? x.power - y.power : 0;
    uint64_t larger = x.count << 37, smaller = y.count << 37, shifted = 0;
    if (distance < 62)
        shifted = smaller >> distance | ((smaller & ((UINT64_C(1) << distance) - 1)) != 0);
    else
        shifted = smaller != 0;
    Exact sum = {.negative = x.negative, .power = x.power - 37};
    if (x.negative == y.negative || !y.count)
        sum.count = larger + shifted;
    else if (larger >= shifted)
        sum.count = larger - shifted;
    else
        sum = (Exact){y.negative, shifted - larger, sum.power};
    sum.negative = sum.negative && sum.count;
    return word_of(sum);
}

/* clamp(rint(a * b) + zero) */
static int64_t reference_to_integer(uint32_t a, uint32_t b, int64_t zero, int64_t low, int64_t high)
{
    Exact x = exact_of(reference_multiply(a, b));
    int64_t magnitude = x.power > 0 ? INT32_MAX : (int64_t)round_shift(x.count, -x.power);
    int64_t sum = (x.negative ? -magnitude : magnitude) + zero;
    return sum < low ? low : sum > high ? high : sum;
}

/* ---- cases ------------------------------------------------------------------------------------
 */

static float of(uint32_t word)
{
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static uint32_t bits(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

static void compare(uint32_t a, uint32_t b)
{
    uint32_t product = bits(float32_multiply(of(a), of(b)));
    uint32_t sum = bits(float32_add(of(a), of(b)));
    if (product != reference_multiply(a, b))
        fail_msg("%08x * %08x is %08x, expected %08x", a, b, product, reference_multiply(a, b));
    if (sum != reference_add(a, b))
        fail_msg("%08x + %08x is %08x, expected %08x", a, b, sum, reference_add(a, b));
    if (!float32_is_legal(of(product)) || !float32_is_legal(of(sum)))
        fail_msg("%08x, %08x: a result is not legal", a, b);
}

/* Every pair of exponents with every pair of these fractions. */
static void test_all_exponents(void **state)
{
    (void)state;
    static const uint32_t fractions[] = {0, 1, 2, 0x3fffff, 0x400000, 0x7ffffe, 0x7fffff};
    enum { FRACTIONS = sizeof fractions / sizeof fractions[0] };
    for (uint32_t a = 0; a < 255; a++)
        for (uint32_t b = 0; b < 255; b++)
            for (int f = 0; f < FRACTIONS * FRACTIONS; f++) {
                uint32_t x = a << 23 | fractions[f / FRACTIONS];
                uint32_t y = b << 23 | fractions[f % FRACTIONS];
                compare(x, y);
                compare(x, y | MINUS);
                compare(x | MINUS, y | MINUS);
            }
}

static void test_random_pairs(void **state)
{
    (void)state;
    Rng rng = rng_seed(32);
    for (int i = 0; i < 2000000; i++) {
        uint64_t drawn = rng_next(&rng);
        uint32_t a = (uint32_t)drawn, b = (uint32_t)(drawn >> 32);
        uint32_t exponent = a >> 23 & 255;
        if (i % 3 == 1) /* close to each other: sums cancel */
            b = (b & MINUS) | (((a & ~MINUS) + b % 7 - 3) & ~MINUS);
        if (i % 3 == 2) /* products at one of the ends of the range */
            b = (b & (MINUS | FRACTION)) |
                (((b & 1 ? 381 : 127) + (b >> 1) % 5 - 2 - exponent) & 255) << 23;
        if ((a >> 23 & 255) != 255 && (b >> 23 & 255) != 255)
            compare(a, b);
    }
}

static void test_what_departs_from_ieee(void **state)
{
    (void)state;
    assert_int_equal(bits(float32_multiply(of(1), FLT_MAX)), 0); /* subnormal operand */
    assert_int_equal(bits(float32_add(of(1), of(1))), 0);
    assert_int_equal(bits(float32_multiply(-FLT_MIN, 0.5F)), MINUS);
    assert_int_equal(bits(float32_add(of(0x00800001), -FLT_MIN)), 0);
    assert_int_equal(bits(float32_add(FLT_MIN, of(0x80800001))), MINUS);
    /* (1 - 2^-24) * 2^-126 has no place of its own below 2^-126 and rounds up to it. */
    assert_int_equal(bits(float32_multiply(FLT_MIN, of(0x3f7fffff))), SMALLEST);
    assert_int_equal(bits(float32_multiply(FLT_MIN, of(0x3f7ffffe))), 0);
    assert_int_equal(bits(float32_add(FLT_MAX, FLT_MAX)), LARGEST);
    assert_int_equal(bits(float32_multiply(-FLT_MAX, 2)), MINUS | LARGEST);
    assert_int_equal(bits(float32_add(float32_multiply(FLT_MAX, 4), -FLT_MAX)), 0);
}

static void test_zeros(void **state)
{
    (void)state;
    assert_int_equal(bits(float32_add(2.5F, -2.5F)), 0);
    assert_int_equal(bits(float32_add(-0.0F, -0.0F)), MINUS);
    assert_int_equal(bits(float32_add(-0.0F, 0.0F)), 0);
    assert_int_equal(bits(float32_multiply(-0.0F, 3)), MINUS);
    assert_int_equal(bits(float32_relu(-0.0F)), 0);
    assert_int_equal(bits(float32_relu(-1)), 0);
    assert_int_equal(bits(float32_relu(FLT_MIN)), SMALLEST);
    assert_int_equal(bits(float32_maximum(-0.0F, 0.0F)), MINUS); /* the first of equals */
    assert_int_equal(bits(float32_maximum(0.0F, -0.0F)), 0);
    assert_false(float32_is_greater(0.0F, -0.0F));
    assert_false(float32_is_greater(of(1), -0.0F));
    assert_true(float32_is_greater(-1, -2));
}

static void test_from_integer(void **state)
{
    (void)state;
    for (int32_t q = -65535; q <= 65535; q++) {
        uint32_t magnitude = (uint32_t)(q < 0 ? -q : q);
        uint32_t exact = word_of((Exact){q < 0, magnitude, 0});
        int32_t zero = q < 0 ? -32768 : 32767;
        uint32_t scale = 0x3c23d70a + magnitude; /* about 0.01 */
        assert_int_equal(bits(float32_from_integer(q, 0, 1)), exact);
        assert_int_equal(bits(float32_from_integer(q + zero, zero, of(scale))),
                         reference_multiply(exact, scale));
    }
}

static void test_to_integer(void **state)
{
    (void)state;
    Rng rng = rng_seed(33);
    for (int i = 0; i < 500000; i++) {
        /* Multiples of a quarter, or anything from 2^-3 to 2^19, or anything at all. */
        float value = (float)((int)rng_below(&rng, 600000) - 300000) / 4;
        if (i % 8 == 0)
            value = of((uint32_t)(rng_below(&rng, 2) << 31 | rng_below(&rng, 255U << 23)));
        else if (i % 8 == 4)
            value = of((uint32_t)((124U << 23) + rng_below(&rng, 22U << 23)));
        float scale = i % 3 ? 1 : (float)(1 + rng_below(&rng, 1000)) / 512;
        int32_t zero = i % 2 ? (int32_t)rng_below(&rng, 65536) - 32768 : 0;
        int32_t low = i % 5 ? -32768 : -100, high = i % 5 ? 32767 : 101;
        int32_t got = float32_to_integer(value, scale, zero, low, high);
        int64_t want = reference_to_integer(bits(value), bits(scale), zero, low, high);
        if (got != want)
            fail_msg("%a * %a to integer with zero %d is %d, expected %lld", (double)value,
                     (double)scale, zero, got, (long long)want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_exponents),          cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_what_departs_from_ieee), cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_from_integer),           cmocka_unit_test(test_to_integer),
    };
    return cmocka_run_group_tests_name("float32", tests, NULL, NULL);
}
