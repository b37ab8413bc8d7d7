/* Vectors of 16 sums, with VNNI: four products of 8 bits, or two of 16, are added to each at once.
 * The headers come first: what they define keeps the machine's base level. */
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#include "quant/integer_kernel_levels.h"

#ifdef __clang__
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni")
#endif
#define LEVEL             INTEGER_KERNELS_AVX512
#define LEVEL_NAME        "avx512"
#define LEVEL_INSTRUCTION "vpdpbusd"
#define LANES             16
#define TILE_ROWS         13
#define HAS_BYTES         1

typedef __m512i Ints;

typedef struct Scales {
    __m512d half, top;
    __m512i bottom, to_storage;
} Scales;

INLINE Ints ints_load(const void *from)
{
    return _mm512_loadu_si512(from);
}

INLINE Ints ints_set1(int32_t value)
{
    return _mm512_set1_epi32(value);
}

INLINE Ints ints_add(Ints a, Ints b)
{
    return _mm512_add_epi32(a, b);
}

INLINE Ints dot16(Ints sums, Ints pairs, Ints taps)
{
    return _mm512_dpwssd_epi32(sums, pairs, taps);
}

INLINE Ints dot8(Ints sums, Ints quads, Ints taps)
{
    return _mm512_dpbusd_epi32(sums, quads, taps);
}

INLINE Ints widen16(const void *from)
{
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(from));
}

INLINE Ints widen8(const void *from)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(from));
}

INLINE Ints pair_up(Ints first, Ints second)
{
    return _mm512_or_si512(first, _mm512_slli_epi32(second, 16));
}

INLINE Scales scales_of(const Rescale *r)
{
    return (Scales){.half = _mm512_set1_pd(0.5),
                    .top = _mm512_set1_pd(r->high - r->zero_point + 0.5),
                    .bottom = _mm512_set1_epi32(r->low - r->zero_point),
                    .to_storage = _mm512_set1_epi32(r->zero_point - r->storage.offset)};
}

/* The sum with a half is exact, and so is the fused operation. Below the range of int32 the
 * conversion gives the least int32, which is below `bottom` too. */
INLINE __m256i rescale_eight(__m256i sums, __m512d ratios, const Scales *scales)
{
    __m512d exact = _mm512_fmadd_pd(_mm512_cvtepi32_pd(sums), ratios, scales->half);
    return _mm512_cvt_roundpd_epi32(_mm512_min_pd(exact, scales->top),
                                    _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

/* The ratios of the lower and the upper eight sums. */
INLINE Ints rescale_halves(Ints sums, __m512d low, __m512d high, const Scales *scales)
{
    __m256i lower = rescale_eight(_mm512_castsi512_si256(sums), low, scales);
    __m256i upper = rescale_eight(_mm512_extracti64x4_epi64(sums, 1), high, scales);
    Ints q = _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
    return _mm512_add_epi32(_mm512_max_epi32(q, scales->bottom), scales->to_storage);
}

INLINE Ints rescale_lanes(Ints sums, const double *ratios, const Scales *scales)
{
    return rescale_halves(sums, _mm512_loadu_pd(ratios), _mm512_loadu_pd(ratios + 8), scales);
}

INLINE __m256i quantize_eight(const float *values, const QuantParam *format)
{
    __m512d q =
        _mm512_div_pd(_mm512_cvtps_pd(_mm256_loadu_ps(values)), _mm512_set1_pd(format->scale));
    q = _mm512_max_pd(q, _mm512_set1_pd(format->low - format->zero_point));
    return _mm512_cvtpd_epi32(_mm512_min_pd(q, _mm512_set1_pd(format->high - format->zero_point)));
}

INLINE Ints quantize_lanes(const float *values, const QuantParam *format)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(quantize_eight(values, format)),
                              quantize_eight(values + 8, format), 1);
}

INLINE void narrow16(const Ints block[1], void *output)
{
    _mm256_storeu_si256(output, _mm512_cvtepi32_epi16(block[0]));
}

INLINE void narrow8(const Ints block[1], void *output)
{
    _mm_storeu_si128(output, _mm512_cvtepi32_epi8(block[0]));
}

#include "quant/integer_quads.inc.h"

#include "quant/integer_kernels.inc.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
