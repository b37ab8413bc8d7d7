/* integer_kernels.inc.h: the body of one vector level. An integer_kernels_LEVEL.c defines
 *
 *     LEVEL, LEVEL_NAME, LEVEL_INSTRUCTION  the IntegerKernels that it makes
 *     LANES                                 int32 sums in a vector
 *     TILE_ROWS                             rows of a product that are summed in registers at a
 * time HAS_BYTES                             1: 8-bit operands too
 *
 *     Ints                                  a vector of LANES sums
 *     Scales                                what rescale_lanes() wants to know, in registers
 *     ints_load(p), ints_set1(x), ints_add(a, b)
 *     dot16(sums, pairs, taps), dot8(sums, quads, taps)     sums + products, modulo 2^32
 *     widen16(p), widen8(p), pair_up(a, b)                  LANES values, 16 bits of each; pairs
 *     scales_of(rescale), rescale_lanes(sums, ratios, &scales)
 *     quantize_lanes(floats, &format)                       before the zero point
 *     narrow16(block, int16 *), narrow8(block, uint8_t *)   BLOCK_VECTORS vectors at once
 *     quads_fit(product), multiply_quads(product)           with HAS_BYTES: a faster way for some
 *
 * and includes this file once, after immintrin.h, string.h and integer_kernel_levels.h. INLINE and
 * UNROLL (loops of constant length are written out, so that what they index is registers) are in
 * integer_kernel_levels.h.
 */
enum { BLOCK_VECTORS = INTEGER_BLOCK / LANES };

INLINE void narrow(const Ints block[BLOCK_VECTORS], void *output, const int bytes)
{
#if HAS_BYTES
    if (bytes == 1) {
        narrow8(block, output);
        return;
    }
#endif
    (void)bytes;
    narrow16(block, output);
}

/* One block of channels of one row, of which `left` are wanted. A row of one block may be written
 * past its end: the next row, or the room behind the buffer, is there. */
INLINE void store_channels(const Ints block[BLOCK_VECTORS], int64_t column, int64_t left,
                           uint8_t *output, const int bytes)
{
    if (left >= INTEGER_BLOCK || column == 0) {
        narrow(block, output, bytes);
    } else {
        int16_t whole[INTEGER_BLOCK];
        narrow(block, whole, bytes);
        memcpy(output, whole, (size_t)(left * bytes));
    }
}

INLINE void store_rescaled(Ints sums[BLOCK_VECTORS], const Rescale *rescale, int64_t column,
                           int64_t columns, void *output, int64_t row)
{
    Scales scales = scales_of(rescale);
    UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[v] = rescale_lanes(sums[v], rescale->ratios + column + v * LANES, &scales);
    const int bytes = HAS_BYTES && rescale->storage.kind == STORE_BYTES ? 1 : 2;
    uint8_t *to = (uint8_t *)output + (row * columns + column) * bytes;
    if (bytes == 1)
        store_channels(sums, column, columns - column, to, 1);
    else
        store_channels(sums, column, columns - column, to, 2);
}

/* ---- products ----------------------------------------------------------------------------------
 */

INLINE int32_t word_at(const uint8_t *bytes)
{
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

INLINE Ints dot(Ints sums, Ints operands, Ints taps, const int bytes)
{
#if HAS_BYTES
    if (bytes == 1)
        return dot8(sums, operands, taps);
#endif
    (void)bytes;
    return dot16(sums, operands, taps);
}

/* `rows` and `bytes` are constants at every call, so that the sums stay in registers. */
INLINE void product_tile(const IntegerProduct *p, int64_t row, int64_t column, const int rows,
                         const int bytes)
{
    Ints sums[TILE_ROWS][BLOCK_VECTORS];
    const uint8_t *input = (const uint8_t *)p->input + row * p->step * bytes;
    const uint8_t *taps = (const uint8_t *)p->taps + column * TAP_BYTES;
    const int64_t step = p->step * bytes, tap_step = p->lanes * TAP_BYTES;
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[r][v] = ints_load(p->bias + column + v * LANES);
    for (int64_t s = 0; s < p->segments; s++) {
        const uint8_t *from = input + s * p->segment_stride * bytes;
        for (int64_t g = 0; g < p->groups; g++, from += TAP_BYTES, taps += tap_step) {
            const uint8_t *at = from;
            UNROLL
            for (int r = 0; r < rows; r++, at += step) {
                Ints operands = ints_set1(word_at(at));
                UNROLL
                for (int v = 0; v < BLOCK_VECTORS; v++)
                    sums[r][v] =
                        dot(sums[r][v], operands, ints_load(taps + v * LANES * TAP_BYTES), bytes);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        store_rescaled(sums[r], p->rescale, column, p->columns, p->output, row + r);
}

/* A single row, such as one image before a dense layer, sums in chains that do not wait for each
 * other. */
INLINE void product_row(const IntegerProduct *p, int64_t row, int64_t column, const int bytes)
{
    enum { CHAINS = 4 };
    Ints sums[CHAINS][BLOCK_VECTORS];
    const uint8_t *input = (const uint8_t *)p->input + row * p->step * bytes;
    const uint8_t *taps = (const uint8_t *)p->taps + column * TAP_BYTES;
    const int64_t tap_step = p->lanes * TAP_BYTES;
    UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++) {
        sums[0][v] = ints_load(p->bias + column + v * LANES);
        sums[1][v] = sums[2][v] = sums[3][v] = ints_set1(0);
    }
    for (int64_t s = 0; s < p->segments; s++) {
        const uint8_t *from = input + s * p->segment_stride * bytes;
        int64_t g = 0;
        for (; g + CHAINS <= p->groups; g += CHAINS)
            UNROLL
        for (int k = 0; k < CHAINS; k++, from += TAP_BYTES, taps += tap_step)
            UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++)
            sums[k][v] = dot(sums[k][v], ints_set1(word_at(from)),
                             ints_load(taps + v * LANES * TAP_BYTES), bytes);
        for (; g < p->groups; g++, from += TAP_BYTES, taps += tap_step)
            UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++)
            sums[0][v] = dot(sums[0][v], ints_set1(word_at(from)),
                             ints_load(taps + v * LANES * TAP_BYTES), bytes);
    }
    UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[0][v] = ints_add(ints_add(sums[0][v], sums[1][v]), ints_add(sums[2][v], sums[3][v]));
    store_rescaled(sums[0], p->rescale, column, p->columns, p->output, row);
}

typedef void ProductTile(const IntegerProduct *p, int64_t row, int64_t column);

#define PRODUCT_TILE(rows, bytes)                                                                  \
    static void product##bytes##_tile_##rows(const IntegerProduct *p, int64_t row, int64_t column) \
    {                                                                                              \
        product_tile(p, row, column, rows, bytes);                                                 \
    }

#if TILE_ROWS == 2
#define EACH_TILE(m, bytes) m(2, bytes)
#elif TILE_ROWS == 5
#define EACH_TILE(m, bytes) m(2, bytes) m(3, bytes) m(4, bytes) m(5, bytes)
#else
#define EACH_TILE(m, bytes)                                                                        \
    m(2, bytes) m(3, bytes) m(4, bytes) m(5, bytes) m(6, bytes) m(7, bytes) m(8, bytes)            \
        m(9, bytes) m(10, bytes) m(11, bytes) m(12, bytes) m(13, bytes)
#endif
#define TILE_ENTRY(rows, bytes) [rows] = product##bytes##_tile_##rows,

/* Tiles as even as can be: 26 rows are 13 + 13, since a narrow tile waits for its additions. */
INLINE void multiply(const IntegerProduct *p, ProductTile *const tiles[TILE_ROWS + 1])
{
    for (int64_t column = 0; column < p->columns; column += INTEGER_BLOCK) {
        int64_t left = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
        for (int64_t row = 0; left > 0; left--) {
            int64_t rows = (p->rows - row + left - 1) / left;
            tiles[rows](p, row, column);
            row += rows;
        }
    }
}

#define MULTIPLY(bytes, name)                                                                      \
    static void product##bytes##_tile_1(const IntegerProduct *p, int64_t row, int64_t column)      \
    {                                                                                              \
        product_row(p, row, column, bytes);                                                        \
    }                                                                                              \
    EACH_TILE(PRODUCT_TILE, bytes)                                                                 \
    static ProductTile *const name##_TILES[TILE_ROWS + 1] = {TILE_ENTRY(1, bytes)                  \
                                                                 EACH_TILE(TILE_ENTRY, bytes)};    \
    static void name(const IntegerProduct *p)                                                      \
    {                                                                                              \
        multiply(p, name##_TILES);                                                                 \
    }

MULTIPLY(2, multiply16)
#if HAS_BYTES
MULTIPLY(1, multiply_rows)

static void multiply8(const IntegerProduct *p)
{
    if (quads_fit(p))
        multiply_quads(p);
    else
        multiply_rows(p);
}
#endif

/* ---- channels by themselves ---------------------------------------------------------------------
 */

INLINE Ints widened(const uint8_t *from, const int bytes)
{
#if HAS_BYTES
    if (bytes == 1)
        return widen8(from);
#endif
    (void)bytes;
    return widen16(from);
}

INLINE void lanes_block(const IntegerLanes *p, int64_t row, int64_t column, const int bytes)
{
    enum { PAIR_BYTES = 4 };
    Ints sums[BLOCK_VECTORS];
    const int64_t at = (row * p->step + column) * bytes;
    const uint8_t *taps = (const uint8_t *)p->taps + column * PAIR_BYTES;
    UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[v] = ints_load(p->bias + column + v * LANES);
    for (int64_t t = 0; t < p->pairs; t++, taps += p->lanes * PAIR_BYTES) {
        const uint8_t *first = (const uint8_t *)p->inputs[2 * t] + at;
        const uint8_t *second = (const uint8_t *)p->inputs[2 * t + 1] + at;
        UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++) {
            Ints pairs = pair_up(widened(first + v * LANES * bytes, bytes),
                                 widened(second + v * LANES * bytes, bytes));
            sums[v] = dot16(sums[v], pairs, ints_load(taps + v * LANES * PAIR_BYTES));
        }
    }
    store_rescaled(sums, p->rescale, column, p->columns, p->output, row);
}

static void lanes16(const IntegerLanes *p)
{
    for (int64_t row = 0; row < p->rows; row++)
        for (int64_t column = 0; column < p->columns; column += INTEGER_BLOCK)
            lanes_block(p, row, column, 2);
}

#if HAS_BYTES
static void lanes8(const IntegerLanes *p)
{
    for (int64_t row = 0; row < p->rows; row++)
        for (int64_t column = 0; column < p->columns; column += INTEGER_BLOCK)
            lanes_block(p, row, column, 1);
}
#endif

/* ---- pools ------------------------------------------------------------------------------------
 */

/* The larger of 16 bytes, or of 8 shorts. */
INLINE __m128i larger(__m128i a, __m128i b, const int bytes)
{
    return bytes == 1 ? _mm_max_epu8(a, b) : _mm_max_epi16(a, b);
}

INLINE __m128i smaller(__m128i a, __m128i b, const int bytes)
{
    return bytes == 1 ? _mm_min_epu8(a, b) : _mm_min_epi16(a, b);
}

INLINE __m128i same_in_all(int32_t value, const int bytes)
{
    return bytes == 1 ? _mm_set1_epi8((char)value) : _mm_set1_epi16((short)value);
}

/* Stored values keep the order of those that they stand for. */
INLINE void max_pool(const IntegerPool *p, const int bytes)
{
    const Rescale *r = p->rescale;
    const int64_t per_vector = (int64_t)sizeof(__m128i) / bytes;
    __m128i low = same_in_all(r->low - r->storage.offset, bytes);
    __m128i high = same_in_all(r->high - r->storage.offset, bytes);
    for (int64_t x = 0; x < p->positions; x++)
        for (int64_t c = 0; c < p->channels; c += per_vector) {
            const uint8_t *from = (const uint8_t *)p->input + (x * p->step + c) * bytes;
            __m128i best = low;
            for (int64_t y = 0; y < p->height; y++)
                for (int64_t k = 0; k < p->width; k++) {
                    int64_t at = (y * p->row_stride + k * p->channels) * bytes;
                    best = larger(best, _mm_loadu_si128((const __m128i *)(from + at)), bytes);
                }
            best = smaller(best, high, bytes);
            uint8_t *to = (uint8_t *)p->output + (x * p->channels + c) * bytes;
            _mm_storeu_si128((__m128i *)to, best);
        }
}

INLINE uint32_t sign_extended(int32_t value)
{
    return (uint32_t)value;
}

/* The loops over a block have a constant length: compilers make vectors of them. */
INLINE void add_block(const uint8_t *from, uint32_t sums[INTEGER_BLOCK], const int bytes)
{
    int16_t values[INTEGER_BLOCK];
    uint8_t small[INTEGER_BLOCK];
    if (bytes == 1) {
        memcpy(small, from, sizeof small);
        for (int lane = 0; lane < INTEGER_BLOCK; lane++)
            sums[lane] += small[lane];
    } else {
        memcpy(values, from, sizeof values);
        for (int lane = 0; lane < INTEGER_BLOCK; lane++)
            sums[lane] += sign_extended(values[lane]);
    }
}

INLINE void sum_pool(const IntegerPool *p, const int bytes)
{
    for (int64_t x = 0; x < p->positions; x++)
        for (int64_t c = 0; c < p->channels; c += INTEGER_BLOCK) {
            const uint8_t *from = (const uint8_t *)p->input + (x * p->step + c) * bytes;
            uint32_t sums[INTEGER_BLOCK];
            for (int lane = 0; lane < INTEGER_BLOCK; lane++)
                sums[lane] = (uint32_t)p->bias;
            for (int64_t y = 0; y < p->height; y++)
                for (int64_t k = 0; k < p->width; k++)
                    add_block(from + (y * p->row_stride + k * p->channels) * bytes, sums, bytes);
            Ints block[BLOCK_VECTORS];
            UNROLL
            for (int v = 0; v < BLOCK_VECTORS; v++)
                block[v] = ints_load(sums + v * LANES);
            store_rescaled(block, p->rescale, c, p->channels, p->output, x);
        }
}

static void max_pool16(const IntegerPool *p)
{
    max_pool(p, 2);
}

static void sum_pool16(const IntegerPool *p)
{
    sum_pool(p, 2);
}

#if HAS_BYTES
static void max_pool8(const IntegerPool *p)
{
    max_pool(p, 1);
}

static void sum_pool8(const IntegerPool *p)
{
    sum_pool(p, 1);
}
#endif

/* ---- images -----------------------------------------------------------------------------------
 */

static void quantize(const float *values, int64_t count, QuantParam format, Storage storage,
                     void *output)
{
    const int bytes = HAS_BYTES && storage.kind == STORE_BYTES ? 1 : 2;
    Ints offset = ints_set1(format.zero_point - storage.offset);
    for (int64_t i = 0; i < count; i += INTEGER_BLOCK) {
        float tail[INTEGER_BLOCK] = {0};
        const float *from = values + i;
        if (count - i < INTEGER_BLOCK)
            from = memcpy(tail, from, (size_t)(count - i) * sizeof *from);
        Ints block[BLOCK_VECTORS];
        UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++)
            block[v] = ints_add(quantize_lanes(from + v * LANES, &format), offset);
        if (bytes == 1)
            narrow(block, (uint8_t *)output + i, 1);
        else
            narrow(block, (int16_t *)output + i, 2);
    }
}

const IntegerKernels LEVEL = {
    .name = LEVEL_NAME,
    .instruction = LEVEL_INSTRUCTION,
#if HAS_BYTES
    .multiply8 = multiply8,
    .max_pool8 = max_pool8,
    .sum_pool8 = sum_pool8,
    .lanes8 = lanes8,
#endif
    .multiply16 = multiply16,
    .max_pool16 = max_pool16,
    .sum_pool16 = sum_pool16,
    .lanes16 = lanes16,
    .quantize = quantize,
};
