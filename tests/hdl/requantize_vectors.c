/* requantize_vectors: writes vectors "accumulator multiplier shift zero low high expected" to
 * standard output, for dnn_fixed_pkg_bench: every combination of edge values, and random ones over
 * the whole legal range of fixed.h. `expected` is fixed_requantize(): the C half of the property
 * that VHDL and C compute the same. Deterministic. */
#include <stdio.h>

#include "quant/fixed.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { RANDOM_VECTORS = 40000, ACCUMULATOR_LIMIT = 1 << 30 };

typedef struct Clamp {
    int32_t zero, low, high;
} Clamp;

static const Clamp clamps[] = {
    {0, -32768, 32767}, {0, -127, 127},         {-128, -128, 127},
    {3, 3, 255},        {32767, -32768, 32767}, {-32768, -32768, 32767},
};

static void write_vector(int32_t accumulator, Requantizer requantizer, Clamp clamp)
{
    printf("%d %d %d %d %d %d %d\n", accumulator, requantizer.multiplier, requantizer.shift,
           clamp.zero, clamp.low, clamp.high,
           fixed_requantize(accumulator, requantizer, clamp.zero, clamp.low, clamp.high));
}

static void write_edges(void)
{
    static const int32_t accumulators[] = {0,
                                           1,
                                           -1,
                                           2,
                                           -2,
                                           3,
                                           -3,
                                           32767,
                                           -32768,
                                           65535,
                                           65536,
                                           -65535,
                                           -65536,
                                           -65537,
                                           98304,
                                           (1 << 29) + 12345,
                                           -(1 << 29) - 54321,
                                           ACCUMULATOR_LIMIT - 1,
                                           1 - ACCUMULATOR_LIMIT};
    static const int32_t multipliers[] = {1, 2, 3, 16383, 16384, 16385, 23170, 32766, 32767};
    for (size_t a = 0; a < COUNT(accumulators); a++)
        for (size_t m = 0; m < COUNT(multipliers); m++)
            for (int32_t s = FIXED_SHIFT_MIN; s <= FIXED_SHIFT_MAX; s++)
                for (size_t c = 0; c < COUNT(clamps); c++)
                    write_vector(accumulators[a], (Requantizer){multipliers[m], s}, clamps[c]);
}

/* 64-bit linear congruential generator (Knuth's MMIX constants); its high half. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* Accumulators of every magnitude: a full-range value, moved right by a random distance. */
static int32_t random_accumulator(uint64_t *state)
{
    int32_t magnitude = (int32_t)(next_random(state) & (ACCUMULATOR_LIMIT - 1));
    magnitude >>= next_random(state) % 30;
    return next_random(state) & 1 ? -magnitude : magnitude;
}

/* Results near a rounding boundary: acc * M is just below, at and above an odd multiple of half. */
static void write_near_half(Requantizer requantizer, uint64_t *state)
{
    int64_t half = (int64_t)1 << (requantizer.shift - 1);
    int64_t odd = 2 * (int64_t)(next_random(state) % 4096) + 1;
    int64_t accumulator = half * odd / requantizer.multiplier;
    if (accumulator >= ACCUMULATOR_LIMIT - 1)
        return;
    for (int64_t delta = -1; delta <= 1; delta++) {
        write_vector((int32_t)(accumulator + delta), requantizer, clamps[0]);
        write_vector((int32_t)(-accumulator - delta), requantizer, clamps[0]);
    }
}

static void write_random(void)
{
    uint64_t state = 2026;
    for (int i = 0; i < RANDOM_VECTORS; i++) {
        Requantizer requantizer = {(int32_t)(1 + next_random(&state) % FIXED_MULTIPLIER_MAX),
                                   (int32_t)(1 + next_random(&state) % FIXED_SHIFT_MAX)};
        write_vector(random_accumulator(&state), requantizer,
                     clamps[next_random(&state) % COUNT(clamps)]);
        write_near_half(requantizer, &state);
    }
}

int main(void)
{
    write_edges();
    write_random();
    return ferror(stdout) || fflush(stdout) != 0;
}
