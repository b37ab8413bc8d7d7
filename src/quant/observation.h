/* observation.h: what was seen of a tensor: range, moments and one histogram of magnitudes, from
 * which every calibrator chooses its clip.
 *
 *     Observation seen = {0};
 *     observation_add(&seen, values, count);      // as often as there are batches
 *     double largest = observation_largest(&seen);
 *
 * One pass, whatever comes. The width of a bin is a power of two, so that the range grows by
 * merging whole bins: the histogram depends on the values, not on how they were cut into batches.
 * Exact zeros are counted apart: every format has a zero.
 */
#ifndef QUANT_OBSERVATION_H
#define QUANT_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

enum { OBSERVATION_BINS = 2048 };

/* {0} has seen nothing. 32 KB; owns nothing. */
typedef struct Observation {
    int64_t count, zeros;
    float minimum, maximum; /* NaN once a value was not finite */
    double sum, sum_squares;
    double bin_width; /* 0 before the first value other than 0 */
    /* Bin i holds the magnitudes i*bin_width <= |x| < (i+1)*bin_width, by sign. The highest one
     * used is at least half of the bins. */
    int64_t positive[OBSERVATION_BINS], negative[OBSERVATION_BINS];
} Observation;

void observation_add(Observation *observation, const float *values, int64_t count);

/* False when a NaN or an infinity was among the values. */
bool observation_is_finite(const Observation *observation);

/* The largest |x|; 0 when nothing was seen. */
double observation_largest(const Observation *observation);

double observation_mean(const Observation *observation);
double observation_deviation(const Observation *observation); /* of all values, not of a sample */

/* True when nothing below 0 was seen: after a ReLU, or pixels. */
bool observation_is_one_sided(const Observation *observation);

#endif
