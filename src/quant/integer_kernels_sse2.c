/* Vectors of 4 sums: every x86-64 has them. */
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#include "quant/integer_kernel_levels.h"

#define LEVEL             INTEGER_KERNELS_SSE2
#define LEVEL_NAME        "sse2"
#define LEVEL_INSTRUCTION "pmaddwd"
#define LANES             4
#define TILE_ROWS         2
#define HAS_BYTES         0

typedef __m128i Ints;

typedef struct Scales {
    __m128d half, bottom, top;
    __m128i to_storage;
} Scales;

INLINE Ints ints_load(const void *from)
{
    return _mm_loadu_si128(from);
}

INLINE Ints ints_set1(int32_t value)
{
    return _mm_set1_epi32(value);
}

INLINE Ints ints_add(Ints a, Ints b)
{
    return _mm_add_epi32(a, b);
}

INLINE Ints dot16(Ints sums, Ints pairs, Ints taps)
{
    return _mm_add_epi32(sums, _mm_madd_epi16(pairs, taps));
}

INLINE Ints widen16(const void *from)
{
    return _mm_unpacklo_epi16(_mm_loadl_epi64(from), _mm_setzero_si128());
}

INLINE Ints pair_up(Ints first, Ints second)
{
    return _mm_or_si128(first, _mm_slli_epi32(second, 16));
}

INLINE Scales scales_of(const Rescale *r)
{
    return (Scales){.half = _mm_set1_pd(0.5),
                    .bottom = _mm_set1_pd(r->low - r->zero_point),
                    .top = _mm_set1_pd(r->high - r->zero_point + 0.5),
                    .to_storage = _mm_set1_epi32(r->zero_point - r->storage.offset)};
}

/* Conversion cuts towards zero: what it raised goes down by one again. */
INLINE __m128i rescale_pair(__m128i sums, const double *ratios, const Scales *scales)
{
    __m128d exact = _mm_mul_pd(_mm_cvtepi32_pd(sums), _mm_loadu_pd(ratios));
    exact = _mm_max_pd(_mm_min_pd(_mm_add_pd(exact, scales->half), scales->top), scales->bottom);
    __m128i cut = _mm_cvttpd_epi32(exact);
    __m128d raised = _mm_cmplt_pd(exact, _mm_cvtepi32_pd(cut));
    __m128i one = _mm_shuffle_epi32(_mm_castpd_si128(raised), _MM_SHUFFLE(2, 0, 2, 0));
    return _mm_add_epi32(cut, one);
}

INLINE Ints rescale_lanes(Ints sums, const double *ratios, const Scales *scales)
{
    __m128i upper = _mm_unpackhi_epi64(sums, sums);
    return _mm_add_epi32(_mm_unpacklo_epi64(rescale_pair(sums, ratios, scales),
                                            rescale_pair(upper, ratios + 2, scales)),
                         scales->to_storage);
}

INLINE __m128i quantize_pair(__m128 values, const QuantParam *format)
{
    __m128d q = _mm_div_pd(_mm_cvtps_pd(values), _mm_set1_pd(format->scale));
    q = _mm_max_pd(q, _mm_set1_pd(format->low - format->zero_point));
    return _mm_cvtpd_epi32(_mm_min_pd(q, _mm_set1_pd(format->high - format->zero_point)));
}

INLINE Ints quantize_lanes(const float *values, const QuantParam *format)
{
    __m128 four = _mm_loadu_ps(values);
    return _mm_unpacklo_epi64(quantize_pair(four, format),
                              quantize_pair(_mm_movehl_ps(four, four), format));
}

INLINE void narrow16(const Ints block[4], void *output)
{
    _mm_storeu_si128(output, _mm_packs_epi32(block[0], block[1]));
    _mm_storeu_si128((__m128i *)output + 1, _mm_packs_epi32(block[2], block[3]));
}

#include "quant/integer_kernels.inc.h"
#endif
