/* rng.h: seeded random numbers, the same on every machine: xoshiro256** (Blackman and Vigna,
 * 2018), seeded through splitmix64. Never used for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

typedef struct Rng {
    uint64_t state[4];
} Rng;

Rng rng_seed(uint64_t seed);
uint64_t rng_next(Rng *rng);

/* Uniform in 0 .. bound-1, without bias; bound > 0. */
uint64_t rng_below(Rng *rng, uint64_t bound);

/* Uniform in [0, 1), a multiple of 2^-53. */
double rng_uniform(Rng *rng);

/* Fisher-Yates. */
void rng_shuffle(Rng *rng, int64_t *values, int64_t count);

#endif
