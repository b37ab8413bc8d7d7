#include "quant/observation.h"

#include <math.h>
#include <string.h>

/* The smallest power of two of which `largest` is less than OBSERVATION_BINS. */
static double width_for(double largest)
{
    int exponent;
    frexp(largest, &exponent); /* largest < 2^exponent */
    return ldexp(1.0 / OBSERVATION_BINS, exponent);
}

/* Each `merge` bins become one. */
static void merge_bins(int64_t *bins, double merge)
{
    int64_t merged[OBSERVATION_BINS] = {0};
    for (int i = 0; i < OBSERVATION_BINS; i++)
        merged[(int)(i / merge)] += bins[i];
    memcpy(bins, merged, sizeof merged);
}

static void grow(Observation *observation)
{
    double width = width_for(observation_largest(observation));
    if (observation->bin_width > 0 && width > observation->bin_width) {
        merge_bins(observation->positive, width / observation->bin_width);
        merge_bins(observation->negative, width / observation->bin_width);
    }
    observation->bin_width = fmax(width, observation->bin_width);
}

static void count_values(Observation *observation, const float *values, int64_t count)
{
    double bins_per_unit = observation->bin_width > 0 ? 1 / observation->bin_width : 0;
    double sum = 0, sum_squares = 0;
    for (int64_t i = 0; i < count; i++) {
        double value = (double)values[i];
        sum += value;
        sum_squares += value * value;
        if (value > 0)
            observation->positive[(int)(value * bins_per_unit)]++;
        else if (value < 0)
            observation->negative[(int)(-value * bins_per_unit)]++;
        else
            observation->zeros++;
    }
    observation->sum += sum;
    observation->sum_squares += sum_squares;
}

void observation_add(Observation *observation, const float *values, int64_t count)
{
    if (count == 0)
        return;
    float minimum = observation->count ? observation->minimum : values[0];
    float maximum = observation->count ? observation->maximum : values[0];
    bool finite = observation_is_finite(observation);
    for (int64_t i = 0; i < count; i++) {
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
        finite &= values[i] - values[i] == 0; /* false for NaN and infinities */
    }
    observation->count += count;
    observation->minimum = finite ? minimum : NAN;
    observation->maximum = finite ? maximum : NAN;
    if (!finite)
        return;
    if (minimum < 0 || maximum > 0)
        grow(observation);
    count_values(observation, values, count);
}

bool observation_is_finite(const Observation *observation)
{
    return isfinite(observation->minimum) && isfinite(observation->maximum);
}

double observation_largest(const Observation *observation)
{
    if (observation->count == 0)
        return 0;
    return fmax(fabs((double)observation->minimum), fabs((double)observation->maximum));
}

double observation_mean(const Observation *observation)
{
    return observation->count ? observation->sum / (double)observation->count : 0;
}

double observation_deviation(const Observation *observation)
{
    if (observation->count == 0)
        return 0;
    double mean = observation_mean(observation);
    return sqrt(fmax(0, observation->sum_squares / (double)observation->count - mean * mean));
}

bool observation_is_one_sided(const Observation *observation)
{
    return observation->count > 0 && observation->minimum >= 0;
}
