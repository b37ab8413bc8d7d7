/* Vectors of 8 sums. The headers come first: what they define keeps the machine's base level. */
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#include "quant/integer_kernel_levels.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define LEVEL             INTEGER_KERNELS_AVX2
#define LEVEL_NAME        "avx2"
#define LEVEL_INSTRUCTION "vpmaddwd"
#define LANES             8
#define TILE_ROWS         5
#define HAS_BYTES         0

typedef __m256i Ints;

typedef struct Scales {
    __m256d half, bottom, top;
    __m256i to_storage;
} Scales;

INLINE Ints ints_load(const void *from)
{
    return _mm256_loadu_si256(from);
}

INLINE Ints ints_set1(int32_t value)
{
    return _mm256_set1_epi32(value);
}

INLINE Ints ints_add(Ints a, Ints b)
{
    return _mm256_add_epi32(a, b);
}

INLINE Ints dot16(Ints sums, Ints pairs, Ints taps)
{
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, taps));
}

INLINE Ints widen16(const void *from)
{
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(from));
}

INLINE Ints pair_up(Ints first, Ints second)
{
    return _mm256_or_si256(first, _mm256_slli_epi32(second, 16));
}

INLINE Scales scales_of(const Rescale *r)
{
    return (Scales){.half = _mm256_set1_pd(0.5),
                    .bottom = _mm256_set1_pd(r->low - r->zero_point),
                    .top = _mm256_set1_pd(r->high - r->zero_point + 0.5),
                    .to_storage = _mm256_set1_epi32(r->zero_point - r->storage.offset)};
}

INLINE __m128i rescale_quad(__m128i sums, const double *ratios, const Scales *scales)
{
    __m256d exact = _mm256_mul_pd(_mm256_cvtepi32_pd(sums), _mm256_loadu_pd(ratios));
    exact = _mm256_min_pd(_mm256_add_pd(exact, scales->half), scales->top);
    return _mm256_cvttpd_epi32(_mm256_floor_pd(_mm256_max_pd(exact, scales->bottom)));
}

INLINE Ints rescale_lanes(Ints sums, const double *ratios, const Scales *scales)
{
    __m128i lower = rescale_quad(_mm256_castsi256_si128(sums), ratios, scales);
    __m128i upper = rescale_quad(_mm256_extracti128_si256(sums, 1), ratios + 4, scales);
    return _mm256_add_epi32(_mm256_set_m128i(upper, lower), scales->to_storage);
}

INLINE __m128i quantize_quad(const float *values, const QuantParam *format)
{
    __m256d q = _mm256_div_pd(_mm256_cvtps_pd(_mm_loadu_ps(values)), _mm256_set1_pd(format->scale));
    q = _mm256_max_pd(q, _mm256_set1_pd(format->low - format->zero_point));
    return _mm256_cvtpd_epi32(_mm256_min_pd(q, _mm256_set1_pd(format->high - format->zero_point)));
}

INLINE Ints quantize_lanes(const float *values, const QuantParam *format)
{
    return _mm256_set_m128i(quantize_quad(values + 4, format), quantize_quad(values, format));
}

/* Packing works in each half of 128 bits: the quarters come out as 0, 2, 1, 3. */
INLINE void narrow16(const Ints block[2], void *output)
{
    __m256i packed = _mm256_packs_epi32(block[0], block[1]);
    _mm256_storeu_si256(output, _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0)));
}

#include "quant/integer_kernels.inc.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
