/* fixed.h: THE arithmetic. Rounding, saturation and requantization are defined here and nowhere
 * else; the VHDL package hdl_templates/lib/dnn_fixed_pkg.vhd mirrors this file, and a property
 * test ties the two.
 *
 *     r ~ S * (q - Z)                real value, scale, integer, zero point
 *     q = clamp(rint(r / S) + Z)     round half to even (ONNX QuantizeLinear, NumPy)
 *
 * The paper's Eq. 1 writes Int(r/S) - Z: the same map with the sign of Z turned.
 *
 * Requantization, from accumulator to the next layer's integers, is
 *
 *     q = clamp(floor((acc * M + 2^(s-1)) / 2^s) + Z)
 *
 * with M / 2^s ~ S_in * S_w / S_out, 1 <= M <= 32767 and 1 <= s <= 45. M has 15 bits, because two
 * products of at most 31 bits then do it in hardware; M / 2^s differs from the wanted ratio by at
 * most 2^-15 of it, which fixed_ratio_error() reports. An accumulator has at most 31 bits with its
 * sign: its range is proven from the weights (integer_model.h), it never wraps.
 */
#ifndef QUANT_FIXED_H
#define QUANT_FIXED_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    FIXED_MIN_BITS = 2,
    FIXED_MAX_BITS = 16,
    FIXED_MAX_UNSIGNED_BITS = 15,
    FIXED_MULTIPLIER_BITS = 15,
    FIXED_MULTIPLIER_MAX = 32767,
    FIXED_SHIFT_MIN = 1,
    FIXED_SHIFT_MAX = 45,
    FIXED_ACCUMULATOR_BITS = 31 /* widest accumulator, sign included */
};

/* An integer format: q in low..high stands for scale * (q - zero_point). */
typedef struct QuantParam {
    double scale;
    int32_t zero_point;
    int32_t low, high;
    int bits;
    bool is_signed;
} QuantParam;

/* M and s. */
typedef struct Requantizer {
    int32_t multiplier;
    int32_t shift;
} Requantizer;

static inline int64_t fixed_clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Real to integer. NaN has no integer: it is refused long before it gets here. */
static inline int32_t fixed_quantize(double real, QuantParam format)
{
    double q = rint(real / format.scale) + format.zero_point; /* half to even */
    if (q < format.low)
        return format.low;
    if (q > format.high)
        return format.high;
    return (int32_t)q;
}

static inline double fixed_dequantize(int32_t q, QuantParam format)
{
    return format.scale * (double)(q - format.zero_point);
}

/* Accumulator to integer, before the zero point and the clamp: floor((acc*M + 2^(s-1)) / 2^s). */
static inline int64_t fixed_scale(int64_t accumulator, Requantizer requantizer)
{
    int64_t half = (int64_t)1 << (requantizer.shift - 1);
    /* >> of a negative value is arithmetic in gcc and clang: it rounds towards minus infinity. */
    return (accumulator * requantizer.multiplier + half) >> requantizer.shift;
}

/* Accumulator to an integer of `low`..`high`. A fused ReLU is a `low` raised to the zero point. */
static inline int32_t fixed_requantize(int64_t accumulator, Requantizer requantizer,
                                       int32_t zero_point, int32_t low, int32_t high)
{
    return (int32_t)fixed_clamp(fixed_scale(accumulator, requantizer) + zero_point, low, high);
}

/* The symmetric format (the paper's, Z = 0) of `bits` bits that reaches |r| = `clip`:
 * S = clip / (2^(b-1) - 1), q in -(2^(b-1)-1) .. 2^(b-1)-1. clip 0 gives scale 1. */
static inline QuantParam fixed_symmetric(double clip, int bits)
{
    assert(bits >= FIXED_MIN_BITS && bits <= FIXED_MAX_BITS);
    int32_t high = ((int32_t)1 << (bits - 1)) - 1;
    double scale = clip > 0 ? clip / high : 1.0;
    return (QuantParam){
        .scale = scale, .low = -high, .high = high, .bits = bits, .is_signed = true};
}

/* The symmetric format of the paper's Eq. 2 with alpha = -beta = -clip: S = 2*clip / (2^b - 1), q
 * in -2^(b-1) .. 2^(b-1)-1. Its highest value is half a step below the clip. */
static inline QuantParam fixed_symmetric_full(double clip, int bits)
{
    assert(bits >= FIXED_MIN_BITS && bits <= FIXED_MAX_BITS);
    int32_t reach = (int32_t)1 << (bits - 1);
    double scale = clip > 0 ? 2 * clip / (2 * (double)reach - 1) : 1.0;
    return (QuantParam){
        .scale = scale, .low = -reach, .high = reach - 1, .bits = bits, .is_signed = true};
}

/* 0..clip on 0 .. 2^b-1, zero point 0. At most FIXED_MAX_UNSIGNED_BITS: samples are 16 bits wide,
 * with their sign. */
static inline QuantParam fixed_unsigned(double clip, int bits)
{
    assert(bits >= FIXED_MIN_BITS && bits <= FIXED_MAX_UNSIGNED_BITS);
    int32_t high = ((int32_t)1 << bits) - 1;
    return (QuantParam){.scale = clip > 0 ? clip / high : 1.0, .high = high, .bits = bits};
}

/* low..high on -2^(b-1) .. 2^(b-1)-1 with the zero point at an integer: the range is widened to
 * hold 0, and 0 is exact. */
static inline QuantParam fixed_affine(double low, double high, int bits)
{
    assert(bits >= FIXED_MIN_BITS && bits <= FIXED_MAX_BITS);
    int32_t reach = (int32_t)1 << (bits - 1);
    low = fmin(low, 0);
    high = fmax(high, 0);
    double scale = high > low ? (high - low) / (2 * (double)reach - 1) : 1.0;
    return (QuantParam){.scale = scale,
                        .zero_point = (int32_t)rint(-reach - low / scale),
                        .low = -reach,
                        .high = reach - 1,
                        .bits = bits,
                        .is_signed = true};
}

/* M and s nearest to `ratio`; false when the ratio is outside what they reach
 * (2^-31 <= ratio < 2^14). */
static inline bool fixed_requantizer(double ratio, Requantizer *requantizer)
{
    int exponent;
    if (!(ratio > 0) || !isfinite(ratio))
        return false;
    double fraction = frexp(ratio, &exponent); /* ratio = fraction * 2^exponent, 0.5 <= f < 1 */
    double multiplier = rint(ldexp(fraction, FIXED_MULTIPLIER_BITS));
    int shift = FIXED_MULTIPLIER_BITS - exponent;
    if (multiplier > FIXED_MULTIPLIER_MAX) { /* 0.99999 rounds up to 1.0 */
        multiplier /= 2;
        shift--;
    }
    if (shift < FIXED_SHIFT_MIN || shift > FIXED_SHIFT_MAX)
        return false;
    *requantizer = (Requantizer){.multiplier = (int32_t)multiplier, .shift = shift};
    return true;
}

/* |M/2^s - ratio| / ratio, at most 2^-15. */
static inline double fixed_ratio_error(double ratio, Requantizer requantizer)
{
    return fabs(ldexp(requantizer.multiplier, -requantizer.shift) - ratio) / ratio;
}

#endif
