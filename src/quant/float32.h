/* float32.h: the arithmetic of layers that stay floating point. It is defined here and nowhere
 * else; the VHDL package hdl_templates/lib/dnn_float_pkg.vhd mirrors it, and a property test ties
 * the two, bit for bit.
 *
 * IEEE-754 binary32, round to nearest even, no fused multiply-add, with two departures that save
 * hardware and leave out every special value:
 *
 *   - no subnormals: the correctly rounded result, as IEEE has it with gradual underflow, becomes
 *     zero of its sign when its magnitude is below 2^-126. So what rounds up to 2^-126 stays.
 *     Subnormal operands count as zero of their sign.
 *   - no infinity: where IEEE overflows, the result is the largest finite number of that sign
 *     (FLT_MAX). So inf - inf and 0 * inf cannot come up, and NaN with them.
 *
 * A number is legal when it is zero (of either sign) or normal. Operands are finite, which whoever
 * lets numbers in checks (float32_is_legal after float32_flush); every result is then legal.
 * Zeros have the signs of IEEE: x - x is +0, -0 + -0 is -0, and a product has the product of the
 * signs. +0 and -0 compare equal.
 *
 * Native float operations do the work: the build has no contraction (-ffp-contract=off) and no
 * -ffast-math, and a platform that computes in wider registers is refused here.
 */
#ifndef QUANT_FLOAT32_H
#define QUANT_FLOAT32_H

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static_assert(sizeof(float) == 4 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128, "binary32");
static_assert(FLT_EVAL_METHOD == 0, "float operations must round to float");

/* The bits of a number, as the VHDL holds them: two's complement of the IEEE pattern. */
static inline int32_t float32_word(float value)
{
    int32_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

static inline float float32_of_word(int32_t word)
{
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* Subnormals become zero of their sign. */
static inline float float32_flush(float value)
{
    return fabsf(value) < FLT_MIN ? copysignf(0.0F, value) : value;
}

/* What a native result becomes: no subnormal, no infinity. */
static inline float float32_settle(float result)
{
    float flushed = float32_flush(result);
    return flushed > FLT_MAX ? FLT_MAX : flushed < -FLT_MAX ? -FLT_MAX : flushed;
}

/* Zero or normal: what may travel between layers. */
static inline bool float32_is_legal(float value)
{
    return value == 0 ? true : isnormal(value);
}

static inline float float32_multiply(float a, float b)
{
    return float32_settle(float32_flush(a) * float32_flush(b));
}

static inline float float32_add(float a, float b)
{
    return float32_settle(float32_flush(a) + float32_flush(b));
}

/* a > b; zeros are equal. */
static inline bool float32_is_greater(float a, float b)
{
    return float32_flush(a) > float32_flush(b);
}

/* The greater one; the first of equals, which matters for zeros of different sign. Operands are
 * legal. */
static inline float float32_maximum(float a, float b)
{
    return float32_is_greater(b, a) ? b : a;
}

/* max(value, +0): -0 becomes +0. Operand is legal. */
static inline float float32_relu(float value)
{
    return value > 0 ? value : 0.0F;
}

/* scale * (q - zero_point). |q - zero_point| <= 65535 is exact, so there is one rounding. */
static inline float float32_from_integer(int32_t q, int32_t zero_point, float scale)
{
    return float32_multiply((float)(q - zero_point), scale);
}

/* clamp(rint(value * inverse_scale) + zero_point), rint half to even. The bounds and the zero point
 * have at most 16 bits. */
static inline int32_t float32_to_integer(float value, float inverse_scale, int32_t zero_point,
                                         int32_t low, int32_t high)
{
    float rounded = rintf(float32_multiply(value, inverse_scale)); /* default rounding mode */
    if (rounded <= (float)(low - zero_point))
        return low;
    if (rounded >= (float)(high - zero_point))
        return high;
    return (int32_t)rounded + zero_point;
}

#endif
