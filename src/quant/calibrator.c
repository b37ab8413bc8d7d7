#include "quant/calibrator.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* ---- min/max, percentile, mean and sigma ----------------------------------------------------- */

static double clip_minmax(const Observation *seen, FormatRule rule, double parameter)
{
    (void)rule;
    (void)parameter;
    return observation_largest(seen);
}

static int64_t bin_count(const Observation *seen, int bin)
{
    return seen->positive[bin] + seen->negative[bin];
}

/* The magnitude below which `percent` of all values lie; values spread evenly inside a bin. */
static double clip_percentile(const Observation *seen, FormatRule rule, double percent)
{
    (void)rule;
    if (percent >= 100)
        return observation_largest(seen);
    double wanted = percent / 100 * (double)seen->count - (double)seen->zeros;
    for (int i = 0; wanted > 0 && i < OBSERVATION_BINS; i++) {
        double count = (double)bin_count(seen, i);
        if (count >= wanted)
            return (i + wanted / count) * seen->bin_width;
        wanted -= count;
    }
    /* All but a few values are 0: the smallest range that holds something else. */
    return wanted > 0 ? observation_largest(seen) : seen->bin_width;
}

static double clip_mean_sigma(const Observation *seen, FormatRule rule, double factor)
{
    (void)rule;
    return fabs(observation_mean(seen)) + factor * observation_deviation(seen);
}

/* ---- squared error: a line search over clips ------------------------------------------------- */

/* Squared error of `count` values about `middle`, spread over a bin of width `width`. */
static double bin_error(QuantParam format, double middle, double width, double count)
{
    double error = fixed_dequantize(fixed_quantize(middle, format), format) - middle;
    double lowest = format.scale * (format.low - format.zero_point);
    double highest = format.scale * (format.high - format.zero_point);
    bool inside = middle >= lowest && middle <= highest;
    if (inside && format.scale < 2 * width) /* steps finer than bins: uniform in a step */
        return count * format.scale * format.scale / 12;
    return count * error * error;
}

double calibrator_squared_error(const Observation *seen, QuantParam format)
{
    double sum = 0;
    for (int i = 0; i < OBSERVATION_BINS; i++) {
        double middle = (i + 0.5) * seen->bin_width;
        if (seen->positive[i])
            sum += bin_error(format, middle, seen->bin_width, (double)seen->positive[i]);
        if (seen->negative[i])
            sum += bin_error(format, -middle, seen->bin_width, (double)seen->negative[i]);
    }
    return sum;
}

/* The best of `count` clips from low to high, ends included. */
static double search_clip(const Observation *seen, FormatRule rule, double low, double high)
{
    enum { CLIPS = 100 };
    double best = high, least = INFINITY;
    for (int i = CLIPS; i >= 0; i--) { /* from above: of two equals, the wider */
        double clip = low + (high - low) * i / CLIPS;
        double error = calibrator_squared_error(
            seen, format_make(rule, (double)seen->minimum, (double)seen->maximum, clip));
        if (clip > 0 && error < least) {
            least = error;
            best = clip;
        }
    }
    return best;
}

static double clip_mse(const Observation *seen, FormatRule rule, double parameter)
{
    (void)parameter;
    double largest = observation_largest(seen), step = largest / 100;
    double coarse = search_clip(seen, rule, 0, largest);
    return search_clip(seen, rule, coarse - step, fmin(coarse + step, largest));
}

/* ---- entropy: the least information lost, as TensorRT does ----------------------------------- */

/* Kullback-Leibler divergence of the first `used` bins, values beyond counted in the last, from the
 * same bins rounded to `levels` levels. Infinite when rounding leaves a bin empty that was not. */
static double divergence(const double *bins, int used, int levels, double beyond)
{
    double total = beyond, rounded_total = 0, sum = 0;
    for (int i = 0; i < used; i++)
        rounded_total += bins[i];
    total += rounded_total;
    if (rounded_total == 0 || (beyond > 0 && bins[used - 1] == 0))
        return INFINITY;
    for (int level = 0; level < levels; level++) {
        int first = (int)((int64_t)level * used / levels);
        int last = (int)((int64_t)(level + 1) * used / levels);
        double mass = 0;
        int filled = 0;
        for (int i = first; i < last; i++) {
            mass += bins[i];
            filled += bins[i] > 0;
        }
        for (int i = first; i < last; i++) {
            if (bins[i] == 0)
                continue;
            double p = (bins[i] + (i == used - 1 ? beyond : 0)) / total;
            sum += p * log(p * filled * rounded_total / mass);
        }
    }
    return sum;
}

static double clip_entropy(const Observation *seen, FormatRule rule, double parameter)
{
    enum { FEWEST_BINS = 128, STEP = 8 };
    (void)parameter;
    if (rule.range == RANGE_AFFINE && seen->minimum < 0)
        rule.range = RANGE_SYMMETRIC; /* its levels are shared by both signs */
    int levels = format_steps(rule) + 1;
    double bins[OBSERVATION_BINS], beyond = 0, least = INFINITY;
    for (int i = 0; i < OBSERVATION_BINS; i++)
        bins[i] = (double)bin_count(seen, i);
    int best = OBSERVATION_BINS, fewest = levels > FEWEST_BINS ? levels : FEWEST_BINS;
    for (int used = OBSERVATION_BINS; used >= fewest; used -= STEP) {
        double found = divergence(bins, used, levels, beyond);
        if (found < least) {
            least = found;
            best = used;
        }
        for (int i = used - STEP; i < used; i++)
            beyond += bins[i];
    }
    return best * seen->bin_width;
}

/* ---- ACIQ: closed forms for two distributions ------------------------------------------------ */

/* The root of a function that falls from above 0 to below 0. */
static double root(double (*function)(double, int), int bits)
{
    double low = 0, high = 64;
    for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2;
        if (function(middle, bits) > 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Derivatives of the expected error, clipped part against rounded part: Banner et al. 2019, the
 * Laplace case and the Gauss case, each with scale 1. */
static double laplace_slope(double k, int bits)
{
    return exp(-k) - k / (3 * ldexp(1, 2 * bits));
}

static double gauss_slope(double k, int bits)
{
    const double pi = 3.14159265358979323846;
    return sqrt(2 / pi) * exp(-k * k / 2) - k * erfc(k / sqrt(2)) - k / (3 * ldexp(1, 2 * bits));
}

double aciq_laplace_factor(int bits)
{
    return root(laplace_slope, bits);
}

double aciq_gauss_factor(int bits)
{
    return root(gauss_slope, bits);
}

/* A step over 0..clip is that of one bit more over -clip..clip. */
static int two_sided_bits(const Observation *seen, FormatRule rule)
{
    bool half = rule.range == RANGE_UNSIGNED ||
                (rule.range == RANGE_AFFINE && observation_is_one_sided(seen));
    return rule.bits + half;
}

/* Mean |x - centre|, values in the middle of their bins. */
static double mean_distance(const Observation *seen, double centre)
{
    double sum = (double)seen->zeros * fabs(centre);
    for (int i = 0; i < OBSERVATION_BINS; i++) {
        double middle = (i + 0.5) * seen->bin_width;
        sum += (double)seen->positive[i] * fabs(middle - centre) +
               (double)seen->negative[i] * fabs(-middle - centre);
    }
    return sum / (double)seen->count;
}

/* One-sided values are half of a distribution about 0 of which a ReLU cut the other half: the
 * zeros are what was cut. */
static double clip_aciq_laplace(const Observation *seen, FormatRule rule, double parameter)
{
    (void)parameter;
    double factor = aciq_laplace_factor(two_sided_bits(seen, rule));
    if (observation_is_one_sided(seen))
        return factor * seen->sum / (double)(seen->count - seen->zeros);
    double mean = observation_mean(seen);
    return fabs(mean) + factor * mean_distance(seen, mean);
}

static double clip_aciq_gauss(const Observation *seen, FormatRule rule, double parameter)
{
    (void)parameter;
    double factor = aciq_gauss_factor(two_sided_bits(seen, rule));
    if (observation_is_one_sided(seen))
        return factor * sqrt(seen->sum_squares / (double)(seen->count - seen->zeros));
    return fabs(observation_mean(seen)) + factor * observation_deviation(seen);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const Calibrator CALIBRATORS[] = {
    {.name = "minmax",
     .help = "the largest magnitude that was seen: nothing is clipped",
     .clip = clip_minmax},
    {"percentile", "the magnitude below which P percent of the values lie", "percent", 99.99, 0,
     100, clip_percentile},
    {.name = "mse", .help = "the least squared error, searched for", .clip = clip_mse},
    {.name = "entropy",
     .help = "the least information lost (Kullback-Leibler, as TensorRT)",
     .clip = clip_entropy},
    {.name = "aciq-laplace",
     .help = "the least squared error if values are Laplacian (ACIQ)",
     .clip = clip_aciq_laplace},
    {.name = "aciq-gauss",
     .help = "the least squared error if values are Gaussian (ACIQ)",
     .clip = clip_aciq_gauss},
    {"mean-sigma", "|mean| + K standard deviations", "K", 3, 0, 100, clip_mean_sigma},
};

const Calibrator *calibrator_at(int index)
{
    int count = sizeof CALIBRATORS / sizeof *CALIBRATORS;
    return index >= 0 && index < count ? &CALIBRATORS[index] : NULL;
}

const Calibrator *calibrator_find(const char *name)
{
    for (int i = 0; calibrator_at(i); i++)
        if (strcmp(calibrator_at(i)->name, name) == 0)
            return calibrator_at(i);
    return NULL;
}

double calibrator_clip(const Calibrator *calibrator, const Observation *observation,
                       FormatRule rule, double parameter)
{
    double largest = observation_largest(observation);
    if (!(largest > 0))
        return 0;
    if (isnan(parameter) || parameter == 0)
        parameter = calibrator->parameter_default;
    return fmin(calibrator->clip(observation, rule, parameter), largest);
}

bool calibrator_accepts(const Calibrator *calibrator, double parameter)
{
    if (isnan(parameter))
        return true;
    if (!calibrator->parameter)
        return false;
    return parameter > calibrator->parameter_above && parameter <= calibrator->parameter_most;
}

Status calibrator_check(const Calibrator *calibrator, double parameter)
{
    if (calibrator_accepts(calibrator, parameter))
        return OK;
    if (!calibrator->parameter)
        return error_set(ERR_USAGE, "calibration %s takes no parameter, not %g", calibrator->name,
                         parameter);
    return error_set(ERR_USAGE, "calibration %s:%g: the %s must be above %g and at most %g",
                     calibrator->name, parameter, calibrator->parameter,
                     calibrator->parameter_above, calibrator->parameter_most);
}

static Status unknown_calibration(const char *text)
{
    Buffer names = {0};
    for (int i = 0; calibrator_at(i); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", calibrator_at(i)->name);
    Status status = error_set(ERR_USAGE, "%s is not known, expected one of: %s", text, names.data);
    buffer_free(&names);
    return status;
}

Status calibrator_parse(const char *text, const Calibrator **calibrator, double *parameter)
{
    char name[40];
    size_t length = strcspn(text, ":");
    if (length >= sizeof name)
        return unknown_calibration(text);
    memcpy(name, text, length);
    name[length] = '\0';
    *calibrator = calibrator_find(name);
    if (!*calibrator)
        return unknown_calibration(name);
    *parameter = NAN;
    if (text[length] == '\0')
        return OK;
    char *end;
    *parameter = strtod(text + length + 1, &end);
    if (end == text + length + 1 || *end != '\0' || !isfinite(*parameter))
        return error_set(ERR_USAGE, "calibration %s: '%s' is not a number", name,
                         text + length + 1);
    return calibrator_check(*calibrator, *parameter);
}
