/* kernels.inc.h: the body of one kernel set. A kernels_LEVEL.c defines
 *
 *     SET, SET_NAME  the Kernels that it makes, and their name
 *     LANES          floats in a vector
 *     TILE_ROWS      output rows of a Product that are summed in registers at a time
 *     TILE_TAPS      taps of a Correlation that are summed in registers at a time
 *
 * and includes this file once, after kernel_levels.h and string.h. The tiles only choose which sums
 * are under way together; the order within each sum is the same for all.
 */
#if LANES == 1
typedef float Lanes;
typedef float LooseLanes;
#else
typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef float LooseLanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#endif

enum { BLOCK_VECTORS = KERNEL_BLOCK / LANES };

#define INLINE static inline __attribute__((always_inline))
/* Asks for loops of constant length to be written out, so that what they index is registers. */
#define UNROLL _Pragma("GCC unroll 16")

/* ---- products ----------------------------------------------------------------------------------
 */

/* One block of columns of one row. A whole block may be written past the row's end when the rows
 * that follow in this product are written later. */
INLINE void store_block(const Product *p, int64_t row, int64_t column,
                        const Lanes sums[BLOCK_VECTORS])
{
    float *output = p->output + row * p->columns + column;
    int64_t left = p->columns - column;
    int64_t after = (p->rows - row) * p->columns - column;
    if (left >= KERNEL_BLOCK || (column == 0 && after >= KERNEL_BLOCK)) {
        UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++)
            ((LooseLanes *)output)[v] = sums[v];
    } else {
        float block[KERNEL_BLOCK];
        UNROLL
        for (int v = 0; v < BLOCK_VECTORS; v++)
            ((LooseLanes *)block)[v] = sums[v];
        memcpy(output, block, (size_t)left * sizeof *output);
    }
}

/* `rows` is a constant at every call, so that the sums stay in registers. */
INLINE void product_tile(const Product *p, int64_t row, int64_t column, const int rows)
{
    Lanes sums[TILE_ROWS][BLOCK_VECTORS];
    const float *input = p->input + row * p->step, *taps = p->taps + column;
    const int64_t step = p->step, lanes = p->lanes, run = p->run;
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[r][v] = ((const LooseLanes *)(p->bias + column))[v];
    for (int64_t s = 0; s < p->segments; s++) {
        const float *from = input + s * p->segment_stride;
        for (int64_t t = 0; t < run; t++, from++, taps += lanes) {
            UNROLL
            for (int r = 0; r < rows; r++)
                UNROLL
            for (int v = 0; v < BLOCK_VECTORS; v++)
                sums[r][v] += from[r * step] * ((const LooseLanes *)taps)[v];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        store_block(p, row + r, column, sums[r]);
}

typedef void ProductTile(const Product *p, int64_t row, int64_t column);

#define PRODUCT_TILE(rows)                                                                         \
    static void product_tile_##rows(const Product *p, int64_t row, int64_t column)                 \
    {                                                                                              \
        product_tile(p, row, column, rows);                                                        \
    }

PRODUCT_TILE(1)
#if TILE_ROWS >= 2
PRODUCT_TILE(2)
#endif
#if TILE_ROWS >= 6
PRODUCT_TILE(3)
PRODUCT_TILE(4)
PRODUCT_TILE(5)
PRODUCT_TILE(6)
#endif
#if TILE_ROWS >= 8
PRODUCT_TILE(7)
PRODUCT_TILE(8)
#endif

static ProductTile *const PRODUCT_TILES[TILE_ROWS + 1] = {
    NULL,           product_tile_1,
#if TILE_ROWS >= 2
    product_tile_2,
#endif
#if TILE_ROWS >= 6
    product_tile_3, product_tile_4, product_tile_5, product_tile_6,
#endif
#if TILE_ROWS >= 8
    product_tile_7, product_tile_8,
#endif
};

/* Tiles as even as can be: 26 rows are 7 + 7 + 6 + 6 and not 8 + 8 + 8 + 2, since a narrow tile
 * waits for its additions. */
static void multiply(const Product *p)
{
    for (int64_t column = 0; column < p->columns; column += KERNEL_BLOCK) {
        int64_t tiles = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
        for (int64_t row = 0; tiles > 0; tiles--) {
            int64_t rows = (p->rows - row + tiles - 1) / tiles;
            PRODUCT_TILES[rows](p, row, column);
            row += rows;
        }
    }
}

/* ---- products of each channel with itself ------------------------------------------------------
 */

/* Rows that are summed together: enough sums to wait for none. */
enum { EACH_ROWS = BLOCK_VECTORS <= 2 ? 4 : 1 };

INLINE void each_tile(const Product *p, int64_t row, int64_t column, const int rows)
{
    Lanes sums[EACH_ROWS][BLOCK_VECTORS];
    const float *input = p->input + row * p->step + column, *taps = p->taps + column;
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[r][v] = ((const LooseLanes *)(p->bias + column))[v];
    for (int64_t s = 0; s < p->segments; s++) {
        const float *from = input + s * p->segment_stride;
        for (int64_t t = 0; t < p->run; t++, from += p->lanes, taps += p->lanes) {
            UNROLL
            for (int r = 0; r < rows; r++)
                UNROLL
            for (int v = 0; v < BLOCK_VECTORS; v++)
                sums[r][v] +=
                    ((const LooseLanes *)(from + r * p->step))[v] * ((const LooseLanes *)taps)[v];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        store_block(p, row + r, column, sums[r]);
}

static void multiply_each(const Product *p)
{
    for (int64_t column = 0; column < p->columns; column += KERNEL_BLOCK) {
        int64_t row = 0;
        for (; row + EACH_ROWS <= p->rows; row += EACH_ROWS)
            each_tile(p, row, column, EACH_ROWS);
        for (; row < p->rows; row++)
            each_tile(p, row, column, 1);
    }
}

/* ---- correlations ------------------------------------------------------------------------------
 */

/* Taps tap .. tap+taps-1 of one segment, for one block of channels. */
INLINE void correlation_tile(const Correlation *p, int64_t segment, int64_t tap, int64_t channel,
                             const int taps)
{
    Lanes sums[TILE_TAPS][BLOCK_VECTORS];
    float *place = p->sums + (segment * p->run + tap) * p->lanes + channel;
    const float *input = p->input + segment * p->segment_stride + tap;
    const float *gradient = p->gradient + channel;
    UNROLL
    for (int t = 0; t < taps; t++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[t][v] = ((const LooseLanes *)(place + t * p->lanes))[v];
    for (int64_t y = 0; y < p->rows; y++, input += p->row_stride) {
        const float *from = input;
        for (int64_t x = 0; x < p->columns; x++, from += p->step, gradient += p->channels) {
            UNROLL
            for (int t = 0; t < taps; t++)
                UNROLL
            for (int v = 0; v < BLOCK_VECTORS; v++)
                sums[t][v] += from[t] * ((const LooseLanes *)gradient)[v];
        }
    }
    UNROLL
    for (int t = 0; t < taps; t++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        ((LooseLanes *)(place + t * p->lanes))[v] = sums[t][v];
}

typedef void CorrelationTile(const Correlation *p, int64_t segment, int64_t tap, int64_t channel);

#define CORRELATION_TILE(taps)                                                                     \
    static void correlation_tile_##taps(const Correlation *p, int64_t segment, int64_t tap,        \
                                        int64_t channel)                                           \
    {                                                                                              \
        correlation_tile(p, segment, tap, channel, taps);                                          \
    }

CORRELATION_TILE(1)
#if TILE_TAPS >= 2
CORRELATION_TILE(2)
#endif
#if TILE_TAPS >= 6
CORRELATION_TILE(3)
CORRELATION_TILE(4)
CORRELATION_TILE(5)
CORRELATION_TILE(6)
#endif
#if TILE_TAPS >= 12
CORRELATION_TILE(7)
CORRELATION_TILE(8)
CORRELATION_TILE(9)
CORRELATION_TILE(10)
CORRELATION_TILE(11)
CORRELATION_TILE(12)
#endif

static CorrelationTile *const CORRELATION_TILES[TILE_TAPS + 1] = {
    NULL,
    correlation_tile_1,
#if TILE_TAPS >= 2
    correlation_tile_2,
#endif
#if TILE_TAPS >= 6
    correlation_tile_3,
    correlation_tile_4,
    correlation_tile_5,
    correlation_tile_6,
#endif
#if TILE_TAPS >= 12
    correlation_tile_7,
    correlation_tile_8,
    correlation_tile_9,
    correlation_tile_10,
    correlation_tile_11,
    correlation_tile_12,
#endif
};

static void correlate(const Correlation *p)
{
    for (int64_t segment = 0; segment < p->segments; segment++)
        for (int64_t channel = 0; channel < p->channels; channel += KERNEL_BLOCK) {
            int64_t tiles = (p->run + TILE_TAPS - 1) / TILE_TAPS;
            for (int64_t tap = 0; tiles > 0; tiles--) {
                int64_t taps = (p->run - tap + tiles - 1) / tiles;
                CORRELATION_TILES[taps](p, segment, tap, channel);
                tap += taps;
            }
        }
}

/* Taps that are summed together. */
enum { EACH_TAPS = BLOCK_VECTORS <= 2 ? 3 : 1 };

INLINE void each_correlation_tile(const Correlation *p, int64_t segment, int64_t tap,
                                  int64_t channel, const int taps)
{
    Lanes sums[EACH_TAPS][BLOCK_VECTORS];
    float *place = p->sums + (segment * p->run + tap) * p->lanes + channel;
    const float *input = p->input + segment * p->segment_stride + tap * p->lanes + channel;
    const float *gradient = p->gradient + channel;
    UNROLL
    for (int t = 0; t < taps; t++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        sums[t][v] = ((const LooseLanes *)(place + t * p->lanes))[v];
    for (int64_t y = 0; y < p->rows; y++, input += p->row_stride) {
        const float *from = input;
        for (int64_t x = 0; x < p->columns; x++, from += p->step, gradient += p->channels) {
            UNROLL
            for (int t = 0; t < taps; t++)
                UNROLL
            for (int v = 0; v < BLOCK_VECTORS; v++)
                sums[t][v] += ((const LooseLanes *)(from + t * p->lanes))[v] *
                              ((const LooseLanes *)gradient)[v];
        }
    }
    UNROLL
    for (int t = 0; t < taps; t++)
        UNROLL
    for (int v = 0; v < BLOCK_VECTORS; v++)
        ((LooseLanes *)(place + t * p->lanes))[v] = sums[t][v];
}

static void correlate_each(const Correlation *p)
{
    for (int64_t segment = 0; segment < p->segments; segment++)
        for (int64_t channel = 0; channel < p->channels; channel += KERNEL_BLOCK) {
            int64_t tap = 0;
            for (; tap + EACH_TAPS <= p->run; tap += EACH_TAPS)
                each_correlation_tile(p, segment, tap, channel, EACH_TAPS);
            for (; tap < p->run; tap++)
                each_correlation_tile(p, segment, tap, channel, 1);
        }
}

/* ---- one value at a time -----------------------------------------------------------------------
 */

/* The inner loops have a constant length: compilers make vectors of them. */
static void add(const float *restrict values, int64_t count, float *restrict sums)
{
    int64_t i = 0;
    for (; i + KERNEL_BLOCK <= count; i += KERNEL_BLOCK)
        for (int lane = 0; lane < KERNEL_BLOCK; lane++)
            sums[i + lane] += values[i + lane];
    for (; i < count; i++)
        sums[i] += values[i];
}

INLINE float clamp(float value, float limit)
{
    float positive = value > 0 ? value : 0;
    return positive < limit ? positive : limit;
}

static void relu(const float *input, int64_t count, float limit, float *output)
{
    int64_t i = 0;
    for (; i + KERNEL_BLOCK <= count; i += KERNEL_BLOCK) {
        float block[KERNEL_BLOCK]; /* input and output may be the same, but do not half overlap */
        memcpy(block, input + i, sizeof block);
        for (int lane = 0; lane < KERNEL_BLOCK; lane++)
            block[lane] = clamp(block[lane], limit);
        memcpy(output + i, block, sizeof block);
    }
    for (; i < count; i++)
        output[i] = clamp(input[i], limit);
}

INLINE float pass(float gradient, float output, float limit)
{
    float above = output > 0 ? gradient : 0;
    return output < limit ? above : 0;
}

static void relu_gradient(const float *restrict output, int64_t count, float limit,
                          float *restrict gradient)
{
    int64_t i = 0;
    for (; i + KERNEL_BLOCK <= count; i += KERNEL_BLOCK)
        for (int lane = 0; lane < KERNEL_BLOCK; lane++)
            gradient[i + lane] = pass(gradient[i + lane], output[i + lane], limit);
    for (; i < count; i++)
        gradient[i] = pass(gradient[i], output[i], limit);
}

const Kernels SET = {
    .name = SET_NAME,
    .lanes = LANES,
    .multiply = multiply,
    .multiply_each = multiply_each,
    .correlate = correlate,
    .correlate_each = correlate_each,
    .add = add,
    .relu = relu,
    .relu_gradient = relu_gradient,
};
