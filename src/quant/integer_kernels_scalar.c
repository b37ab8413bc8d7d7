/* The reference: one value at a time, on any machine, with the arithmetic of fixed.h. */
#include "quant/integer_kernel_levels.h"

static int16_t rescale(uint32_t sum, const Rescale *r, int64_t channel)
{
    int32_t q =
        fixed_requantize((int32_t)sum, r->requantizers[channel], r->zero_point, r->low, r->high);
    return (int16_t)(q - r->storage.offset);
}

/* One block of channels of one row. The loop over a block has a constant length. */
static void multiply_block(const IntegerProduct *p, int64_t row, int64_t column,
                           uint32_t sums[INTEGER_BLOCK])
{
    enum { PAIR = 2 };
    const int16_t *taps = (const int16_t *)p->taps + column * PAIR;
    for (int lane = 0; lane < INTEGER_BLOCK; lane++)
        sums[lane] = (uint32_t)p->bias[column + lane];
    for (int64_t s = 0; s < p->segments; s++) {
        const int16_t *from = (const int16_t *)p->input + row * p->step + s * p->segment_stride;
        for (int64_t g = 0; g < p->groups; g++, from += PAIR, taps += p->lanes * PAIR) {
            int32_t first = from[0], second = from[1];
            for (int lane = 0; lane < INTEGER_BLOCK; lane++)
                sums[lane] += (uint32_t)(first * taps[PAIR * lane]) +
                              (uint32_t)(second * taps[PAIR * lane + 1]);
        }
    }
}

static void multiply16(const IntegerProduct *p)
{
    int16_t *output = p->output;
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t column = 0; column < p->columns; column += INTEGER_BLOCK) {
            uint32_t sums[INTEGER_BLOCK];
            int64_t left = p->columns - column;
            multiply_block(p, r, column, sums);
            for (int lane = 0; lane < INTEGER_BLOCK && lane < left; lane++)
                *output++ = rescale(sums[lane], p->rescale, column + lane);
        }
}

static void lanes_block(const IntegerLanes *p, int64_t at, int64_t column,
                        uint32_t sums[INTEGER_BLOCK])
{
    enum { PAIR = 2 };
    for (int lane = 0; lane < INTEGER_BLOCK; lane++)
        sums[lane] = (uint32_t)p->bias[column + lane];
    for (int64_t t = 0; t < PAIR * p->pairs; t++) {
        const int16_t *from = (const int16_t *)p->inputs[t] + at + column;
        const int16_t *taps = p->taps + (t / PAIR * p->lanes + column) * PAIR + t % PAIR;
        for (int lane = 0; lane < INTEGER_BLOCK; lane++)
            sums[lane] += (uint32_t)((int32_t)from[lane] * taps[PAIR * lane]);
    }
}

static void lanes16(const IntegerLanes *p)
{
    int16_t *output = p->output;
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t column = 0; column < p->columns; column += INTEGER_BLOCK) {
            uint32_t sums[INTEGER_BLOCK];
            int64_t left = p->columns - column;
            lanes_block(p, r * p->step, column, sums);
            for (int lane = 0; lane < INTEGER_BLOCK && lane < left; lane++)
                *output++ = rescale(sums[lane], p->rescale, column + lane);
        }
}

static void max_pool16(const IntegerPool *p)
{
    int16_t *output = p->output;
    const Rescale *r = p->rescale;
    for (int64_t x = 0; x < p->positions; x++)
        for (int64_t c = 0; c < p->channels; c++) {
            const int16_t *from = (const int16_t *)p->input + x * p->step + c;
            int16_t best = INT16_MIN;
            for (int64_t y = 0; y < p->height; y++)
                for (int64_t k = 0; k < p->width; k++) {
                    int16_t value = from[y * p->row_stride + k * p->channels];
                    if (value > best)
                        best = value;
                }
            int64_t q = fixed_clamp(best + (int64_t)r->storage.offset, r->low, r->high);
            *output++ = (int16_t)(q - r->storage.offset);
        }
}

static void sum_pool16(const IntegerPool *p)
{
    int16_t *output = p->output;
    for (int64_t x = 0; x < p->positions; x++)
        for (int64_t c = 0; c < p->channels; c++) {
            const int16_t *from = (const int16_t *)p->input + x * p->step + c;
            uint32_t sum = (uint32_t)p->bias;
            for (int64_t y = 0; y < p->height; y++)
                for (int64_t k = 0; k < p->width; k++) {
                    int32_t value = from[y * p->row_stride + k * p->channels];
                    sum += (uint32_t)value;
                }
            *output++ = rescale(sum, p->rescale, c);
        }
}

static void quantize(const float *values, int64_t count, QuantParam format, Storage storage,
                     void *output)
{
    int16_t *to = output;
    for (int64_t i = 0; i < count; i++)
        to[i] = (int16_t)(fixed_quantize((double)values[i], format) - storage.offset);
}

const IntegerKernels INTEGER_KERNELS_SCALAR = {
    .name = "scalar",
    .instruction = "imul",
    .multiply16 = multiply16,
    .max_pool16 = max_pool16,
    .sum_pool16 = sum_pool16,
    .lanes16 = lanes16,
    .quantize = quantize,
};
