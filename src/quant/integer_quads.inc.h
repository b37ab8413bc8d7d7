/* integer_quads.inc.h: products of bytes for few channels; part of integer_kernels_avx512.c.
 *
 * A vector of 16 sums is four rows (pixels) by four channels, one row in each 128-bit part. So 12
 * channels fill three vectors for four rows, where a vector of 16 channels leaves a quarter of the
 * multipliers without work; and one operand vector serves all channels.
 */

enum {
    QUAD = 4,       /* rows, and channels, in a vector */
    TILE_QUADS = 6, /* quads of rows that are summed in registers at a time */
    PART_BYTES = 16,
    QUAD_REACH = 64 /* bytes that a load covers */
};

/* How the operands of four rows come together: from 16 bytes, or from 64 in steps of four. */
typedef struct QuadGather {
    bool near;
    __m512i order;
} QuadGather;

static bool quads_fit(const IntegerProduct *p)
{
    bool near = p->step <= QUAD;
    bool steps = p->step % QUAD == 0 && (QUAD - 1) * p->step + TAP_BYTES <= QUAD_REACH;
    return p->lanes == INTEGER_BLOCK && p->rows >= QUAD && p->step > 0 && (near || steps) &&
           p->rescale->storage.kind == STORE_BYTES;
}

static QuadGather quad_gather(int64_t step)
{
    const __m512i rows = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    if (step > QUAD)
        return (QuadGather){false,
                            _mm512_mullo_epi32(rows, _mm512_set1_epi32((int)step / TAP_BYTES))};
    __m512i firsts = _mm512_mullo_epi32(rows, _mm512_set1_epi32((int)step * 0x01010101));
    return (QuadGather){true, _mm512_add_epi32(firsts, _mm512_set1_epi32(0x03020100))};
}

INLINE __m512i quad_operands(const uint8_t *from, __m512i order, const bool near)
{
    if (near) {
        __m128i part = _mm_loadu_si128((const __m128i *)from);
        return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(part), order);
    }
    return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(from));
}

INLINE __m512i four_in_each_part(const void *from)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128(from));
}

/* Words of four channels, brought together from four parts; by words in a row. */
static const int32_t DENSE_ORDERS[QUAD + 1][INTEGER_BLOCK] = {
    [1] = {0, 4, 8, 12},
    [2] = {0, 1, 4, 5, 8, 9, 12, 13},
    [3] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14},
    [4] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};

/* Each part of `bytes` is a row's up to 16 channels: to `columns` bytes for each row. */
INLINE void store_quad(__m512i bytes, int64_t columns, uint8_t *output)
{
    if (columns % QUAD == 0) {
        const int words = (int)columns / QUAD;
        __m512i order = _mm512_loadu_si512(DENSE_ORDERS[words]);
        _mm512_mask_storeu_epi32(output, (__mmask16)((1u << (QUAD * words)) - 1),
                                 _mm512_permutexvar_epi32(order, bytes));
        return;
    }
    _mm_storeu_si128((__m128i *)output, _mm512_castsi512_si128(bytes));
    _mm_storeu_si128((__m128i *)(output + columns), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128((__m128i *)(output + 2 * columns), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128((__m128i *)(output + 3 * columns), _mm512_extracti32x4_epi32(bytes, 3));
}

/* Sums up to RESCALE_SMALL are exact as floats. Their product with M / 2^s, plus a half, is rounded
 * once, downwards: that does not pass an integer, so the floor of it is the floor of the exact
 * value. From 2^24 on it may lose bits, but there the clamp decides. */
INLINE __m512i rescale_quad(__m512i sums, const Rescale *r, int channel, const Scales *scales)
{
    if (!r->small_ratios) {
        __m512d ratios = _mm512_broadcast_f64x4(_mm256_loadu_pd(r->ratios + channel));
        return rescale_halves(sums, ratios, ratios, scales);
    }
    enum { DOWN = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC };
    __m512 ratios = _mm512_broadcast_f32x4(_mm_loadu_ps(r->small_ratios + channel));
    __m512 value = _mm512_cvtepi32_ps(sums), half = _mm512_set1_ps(0.5F);
    value = _mm512_fmadd_round_ps(value, ratios, half, DOWN);
    value = _mm512_min_ps(value, _mm512_set1_ps((float)(r->high - r->zero_point) + 0.5F));
    __m512i q = _mm512_cvt_roundps_epi32(value, DOWN);
    return _mm512_add_epi32(_mm512_max_epi32(q, scales->bottom), scales->to_storage);
}

/* The row where quad `index` begins: the last one may take rows again that the one before it had.
 */
INLINE int64_t quad_row(const IntegerProduct *p, int64_t index)
{
    return index * QUAD + QUAD <= p->rows ? index * QUAD : p->rows - QUAD;
}

/* `quads` quads of rows for `vectors` vectors of four channels; constants at every call. */
INLINE void quad_tile(const IntegerProduct *p, int64_t first, __m512i order, const int quads,
                      const int vectors, const bool near)
{
    __m512i sums[TILE_QUADS][QUAD];
    const uint8_t *inputs[TILE_QUADS], *taps = p->taps;
    UNROLL
    for (int q = 0; q < quads; q++) {
        inputs[q] = (const uint8_t *)p->input + quad_row(p, first + q) * p->step;
        UNROLL
        for (int v = 0; v < QUAD; v++)
            sums[q][v] =
                v < vectors ? four_in_each_part(p->bias + v * QUAD) : _mm512_setzero_si512();
    }
    for (int64_t s = 0; s < p->segments; s++) {
        int64_t at = s * p->segment_stride;
        for (int64_t g = 0; g < p->groups; g++, at += TAP_BYTES, taps += QUAD_REACH)
            UNROLL
        for (int q = 0; q < quads; q++) {
            __m512i operands = quad_operands(inputs[q] + at, order, near);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[q][v] = dot8(sums[q][v], operands, four_in_each_part(taps + v * PART_BYTES));
        }
    }
    Scales scales = scales_of(p->rescale);
    UNROLL
    for (int q = 0; q < quads; q++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            sums[q][v] = rescale_quad(sums[q][v], p->rescale, v * QUAD, &scales);
        }
        __m512i bytes = _mm512_packus_epi16(_mm512_packus_epi32(sums[q][0], sums[q][1]),
                                            _mm512_packus_epi32(sums[q][2], sums[q][3]));
        store_quad(bytes, p->columns, (uint8_t *)p->output + quad_row(p, first + q) * p->columns);
    }
}

typedef void QuadTile(const IntegerProduct *p, int64_t first, __m512i order);

#define QUAD_TILE(quads, vectors, near)                                                            \
    static void quad_tile_##quads##_##vectors##_##near(const IntegerProduct *p, int64_t first,     \
                                                       __m512i order)                              \
    {                                                                                              \
        quad_tile(p, first, order, quads, vectors, near);                                          \
    }
#define EACH_QUAD_TILE(m, vectors, near)                                                           \
    m(1, vectors, near) m(2, vectors, near) m(3, vectors, near) m(4, vectors, near)                \
        m(5, vectors, near) m(6, vectors, near)
#define QUAD_ENTRY(quads, vectors, near) quad_tile_##quads##_##vectors##_##near,

EACH_QUAD_TILE(QUAD_TILE, 2, 0)
EACH_QUAD_TILE(QUAD_TILE, 3, 0)
EACH_QUAD_TILE(QUAD_TILE, 4, 0)
EACH_QUAD_TILE(QUAD_TILE, 2, 1)
EACH_QUAD_TILE(QUAD_TILE, 3, 1)
EACH_QUAD_TILE(QUAD_TILE, 4, 1)

/* [near][vectors - 2][quads - 1] */
static QuadTile *const QUAD_TILES[2][QUAD - 1][TILE_QUADS] = {
    {{EACH_QUAD_TILE(QUAD_ENTRY, 2, 0)},
     {EACH_QUAD_TILE(QUAD_ENTRY, 3, 0)},
     {EACH_QUAD_TILE(QUAD_ENTRY, 4, 0)}},
    {{EACH_QUAD_TILE(QUAD_ENTRY, 2, 1)},
     {EACH_QUAD_TILE(QUAD_ENTRY, 3, 1)},
     {EACH_QUAD_TILE(QUAD_ENTRY, 4, 1)}},
};

/* Tiles as even as can be. */
static void multiply_quads(const IntegerProduct *p)
{
    QuadGather gather = quad_gather(p->step);
    int64_t count = (p->rows + QUAD - 1) / QUAD, vectors = (p->columns + QUAD - 1) / QUAD;
    QuadTile *const *tiles = QUAD_TILES[gather.near][vectors < 2 ? 0 : vectors - 2];
    int64_t left = (count + TILE_QUADS - 1) / TILE_QUADS;
    for (int64_t first = 0; left > 0; left--) {
        int64_t quads = (count - first + left - 1) / left;
        tiles[quads - 1](p, first, gather.order);
        first += quads;
    }
}
