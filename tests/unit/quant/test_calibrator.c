/* Observations and calibrators, against values computed another way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "quant/calibrator.h"

enum { COUNT = 40000 };

static const FormatRule INT4 = {.bits = 4}, INT8 = {.bits = 8};

static void assert_near(double found, double expected, double relative)
{
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("found %.6g, expected %.6g", found, expected);
}

static double clip_of(const char *name, const Observation *seen, FormatRule rule, double parameter)
{
    return calibrator_clip(calibrator_find(name), seen, rule, parameter);
}

/* ---- samples --------------------------------------------------------------------------------- */

static double laplace(Rng *rng)
{
    double u = rng_uniform(rng) - 0.5;
    return (u < 0 ? 1 : -1) * log(1 - 2 * fabs(u));
}

static double gauss(Rng *rng) /* Box and Muller */
{
    return sqrt(-2 * log(1 - rng_uniform(rng))) * cos(6.28318530717958648 * rng_uniform(rng));
}

static void draw(double (*distribution)(Rng *), double scale, float *values)
{
    Rng rng = rng_seed(7);
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)(scale * distribution(&rng));
}

static void relu(float *values)
{
    for (int i = 0; i < COUNT; i++)
        values[i] = fmaxf(values[i], 0);
}

/* ---- observations ---------------------------------------------------------------------------- */

/* One call, or many small ones in another order: one histogram. */
static void test_batches_do_not_matter(void **state)
{
    (void)state;
    static float values[COUNT];
    static Observation whole, parts;
    draw(laplace, 0.003, values);
    whole = parts = (Observation){0};
    observation_add(&whole, values, COUNT);
    for (int i = COUNT - 100; i >= 0; i -= 100)
        observation_add(&parts, values + i, 100);
    assert_memory_equal(whole.positive, parts.positive, sizeof whole.positive);
    assert_memory_equal(whole.negative, parts.negative, sizeof whole.negative);
    assert_true(whole.bin_width == parts.bin_width);
    assert_near(parts.sum_squares, whole.sum_squares, 1e-9);
}

static void test_histogram_by_hand(void **state)
{
    (void)state;
    Observation seen = {0};
    observation_add(&seen, (const float[]){0, 0, 0}, 3);
    assert_true(seen.bin_width == 0 && seen.zeros == 3);
    observation_add(&seen, (const float[]){1.5F, -0.25F}, 2); /* up to 2: 2048 bins of 1/1024 */
    assert_true(seen.bin_width == 1.0 / 1024);
    assert_int_equal(seen.positive[1536], 1);
    assert_int_equal(seen.negative[256], 1);
    observation_add(&seen, (const float[]){-1000, 1.5F}, 2); /* up to 1024: bins of 1/2 */
    assert_true(seen.bin_width == 0.5);
    assert_int_equal(seen.positive[3], 2);
    assert_int_equal(seen.negative[0], 1);
    assert_int_equal(seen.negative[2000], 1);
    assert_int_equal(seen.count, 7);
    assert_near(observation_mean(&seen), (1.5 - 0.25 - 1000 + 1.5) / 7, 1e-12);
    assert_false(observation_is_one_sided(&seen));
}

static void test_extreme_magnitudes(void **state)
{
    (void)state;
    const float values[] = {1e-45F, 3.4e38F, -1e-38F, 1, -3.4e38F};
    Observation seen = {0};
    for (int i = 0; i < 5; i++)
        observation_add(&seen, values + i, 1);
    int64_t counted = seen.zeros;
    for (int i = 0; i < OBSERVATION_BINS; i++)
        counted += seen.positive[i] + seen.negative[i];
    assert_int_equal(counted, 5);
    for (int i = 0; calibrator_at(i); i++) {
        double clip = calibrator_clip(calibrator_at(i), &seen, INT8, NAN);
        assert_true(clip >= 0 && clip <= (double)3.4e38F);
    }
}

/* ---- calibrators ----------------------------------------------------------------------------- */

static int by_magnitude(const void *a, const void *b)
{
    double x = fabs((double)*(const float *)a), y = fabs((double)*(const float *)b);
    return (x > y) - (x < y);
}

static void test_percentile(void **state)
{
    (void)state;
    static float values[COUNT];
    static Observation seen;
    draw(gauss, 2, values);
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    qsort(values, COUNT, sizeof *values, by_magnitude);
    const double percents[] = {0.5, 50, 90, 99, 99.9};
    for (int i = 0; i < 5; i++) {
        double expected = fabs((double)values[(int)(percents[i] / 100 * COUNT)]);
        double found = clip_of("percentile", &seen, INT8, percents[i]);
        assert_true(fabs(found - expected) < 2 * seen.bin_width);
    }
    assert_true(clip_of("percentile", &seen, INT8, 100) == observation_largest(&seen));
    assert_true(clip_of("percentile", &seen, INT8, NAN) ==
                clip_of("percentile", &seen, INT8, 99.99));
    /* Most are 0: the smallest range that is one. */
    Observation sparse = {0};
    for (int i = 0; i < 999; i++)
        observation_add(&sparse, (const float[]){0}, 1);
    observation_add(&sparse, (const float[]){8}, 1);
    assert_true(clip_of("percentile", &sparse, INT8, 50) == sparse.bin_width);
    assert_true(clip_of("percentile", &sparse, INT8, 100) == 8);
}

static void test_parameters(void **state)
{
    (void)state;
    const Calibrator *percentile = calibrator_find("percentile");
    assert_false(calibrator_accepts(percentile, 0));
    assert_false(calibrator_accepts(percentile, -1));
    assert_false(calibrator_accepts(percentile, 101));
    assert_false(calibrator_accepts(percentile, 100.0001));
    assert_true(calibrator_accepts(percentile, 100));
    assert_true(calibrator_accepts(percentile, 1e-9));
    assert_true(calibrator_accepts(percentile, NAN));
    assert_false(calibrator_accepts(calibrator_find("minmax"), 3));
    assert_true(calibrator_accepts(calibrator_find("minmax"), NAN));
    assert_false(calibrator_accepts(calibrator_find("mean-sigma"), 0));
}

/* k of Banner et al. 2019 as their code publishes it, 2 to 8 bits. */
static void test_aciq_factors(void **state)
{
    (void)state;
    const double laplaces[] = {2.83, 3.89, 5.03, 6.20, 7.41, 8.64, 9.89};
    const double gausses[] = {1.71, 2.15, 2.55, 2.93, 3.28, 3.61, 3.92};
    for (int bits = 2; bits <= 8; bits++) {
        assert_true(fabs(aciq_laplace_factor(bits) - laplaces[bits - 2]) < 0.012);
        assert_true(fabs(aciq_gauss_factor(bits) - gausses[bits - 2]) < 0.012);
    }
}

static void test_aciq_clips(void **state)
{
    (void)state;
    static float values[COUNT];
    static Observation seen;
    draw(laplace, 0.5, values);
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    assert_near(clip_of("aciq-laplace", &seen, INT4, NAN), 5.03 * 0.5, 0.03);
    draw(gauss, 3, values);
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    assert_near(clip_of("aciq-gauss", &seen, INT4, NAN), 2.55 * 3, 0.03);
    /* After a ReLU: the same in a signed format, the next bit's factor in an unsigned one. */
    relu(values);
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    FormatRule half = {.bits = 4, .range = RANGE_UNSIGNED};
    assert_near(clip_of("aciq-gauss", &seen, INT4, NAN), 2.55 * 3, 0.03);
    assert_near(clip_of("aciq-gauss", &seen, half, NAN), 2.93 * 3, 0.03);
    half.range = RANGE_AFFINE;
    assert_near(clip_of("aciq-gauss", &seen, half, NAN), 2.93 * 3, 0.03);
}

static void test_mean_sigma(void **state)
{
    (void)state;
    static float values[COUNT];
    draw(gauss, 2, values);
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        values[i] -= 5;
        sum += (double)values[i];
    }
    for (int i = 0; i < COUNT; i++)
        squares += pow((double)values[i] - sum / COUNT, 2);
    static Observation seen;
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    double expected = -sum / COUNT + 2.5 * sqrt(squares / COUNT);
    assert_near(clip_of("mean-sigma", &seen, INT8, 2.5), expected, 1e-9);
    assert_true(clip_of("mean-sigma", &seen, INT8, 90) == observation_largest(&seen));
}

/* Squared error of the values themselves, not of their histogram. */
static double true_error(const float *values, FormatRule rule, double clip)
{
    double minimum = 0, maximum = 0, sum = 0;
    for (int i = 0; i < COUNT; i++) {
        minimum = fmin(minimum, (double)values[i]);
        maximum = fmax(maximum, (double)values[i]);
    }
    QuantParam format = format_make(rule, minimum, maximum, clip);
    for (int i = 0; i < COUNT; i++) {
        double q = rint((double)values[i] / format.scale) + format.zero_point;
        q = fmin(fmax(q, format.low), format.high);
        sum += pow((q - format.zero_point) * format.scale - (double)values[i], 2);
    }
    return sum;
}

static void check_mse(const float *values, FormatRule rule)
{
    static Observation seen;
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    double best = INFINITY;
    for (int i = 1; i <= 150; i++)
        best = fmin(best, true_error(values, rule, observation_largest(&seen) * i / 150));
    double found = true_error(values, rule, clip_of("mse", &seen, rule, NAN));
    if (!(found <= 1.01 * best))
        fail_msg("%d bits, range %d: error %g, brute force finds %g", rule.bits, (int)rule.range,
                 found, best);
}

static void test_mse_against_brute_force(void **state)
{
    (void)state;
    static float values[COUNT];
    draw(laplace, 0.7, values);
    for (int bits = 2; bits <= 8; bits += 2) {
        check_mse(values, (FormatRule){.bits = bits});
        check_mse(values, (FormatRule){.bits = bits, .full = true});
        check_mse(values, (FormatRule){.bits = bits, .range = RANGE_AFFINE});
    }
    values[0] = 300; /* an outlier, and steps finer than a bin */
    check_mse(values, (FormatRule){.bits = 12});
    check_mse(values, (FormatRule){.bits = 16});
    relu(values);
    check_mse(values, (FormatRule){.bits = 4, .range = RANGE_UNSIGNED});
}

/* Divergence of distributions, written down as in TensorRT's presentation. */
static double naive_divergence(const double *bins, int used, int levels)
{
    double p[OBSERVATION_BINS], q[OBSERVATION_BINS], p_sum = 0, q_sum = 0, sum = 0;
    memcpy(p, bins, sizeof p);
    for (int i = used; i < OBSERVATION_BINS; i++)
        p[used - 1] += bins[i];
    for (int i = 0; i < used; i++) {
        int level = 0; /* of bin i */
        while ((level + 1) * used / levels <= i)
            level++;
        double mass = 0, filled = 0;
        for (int k = level * used / levels; k < (level + 1) * used / levels; k++) {
            mass += bins[k];
            filled += bins[k] > 0;
        }
        q[i] = bins[i] > 0 ? mass / filled : 0;
        p_sum += p[i];
        q_sum += q[i];
    }
    for (int i = 0; i < used; i++)
        if (p[i] > 0)
            sum += q[i] > 0 ? p[i] / p_sum * log((p[i] / p_sum) / (q[i] / q_sum)) : INFINITY;
    return sum;
}

static void test_entropy(void **state)
{
    (void)state;
    static float values[COUNT];
    static Observation seen;
    draw(laplace, 1, values);
    seen = (Observation){0};
    observation_add(&seen, values, COUNT);
    double bins[OBSERVATION_BINS], least = INFINITY, best = 0;
    for (int i = 0; i < OBSERVATION_BINS; i++)
        bins[i] = (double)(seen.positive[i] + seen.negative[i]);
    for (int used = OBSERVATION_BINS; used >= 128; used -= 8) {
        double found = naive_divergence(bins, used, 8);
        if (found < least) {
            least = found;
            best = used * seen.bin_width;
        }
    }
    assert_near(clip_of("entropy", &seen, INT4, NAN), best, 1e-9);
    assert_true(best < 0.95 * observation_largest(&seen));
}

/* No calibrator gives more than was seen, or nothing for something. */
static void test_all_within_what_was_seen(void **state)
{
    (void)state;
    const float samples[][4] = {{1, 1, 1, 1}, {0, 0, 0, 5}, {-3, -3, -3, -3}, {-1, 1, 2, 1e-6F}};
    for (int s = 0; s < 4; s++)
        for (int c = 0; calibrator_at(c); c++)
            for (int bits = 2; bits <= 15; bits++)
                for (int range = 0; range < VALUE_RANGES; range++) {
                    if (range == RANGE_UNSIGNED && samples[s][0] < 0)
                        continue;
                    static Observation seen;
                    seen = (Observation){0};
                    observation_add(&seen, samples[s], 4);
                    FormatRule rule = {.bits = bits, .range = (ValueRange)range};
                    double clip = calibrator_clip(calibrator_at(c), &seen, rule, NAN);
                    if (!(clip > 0 && clip <= observation_largest(&seen)))
                        fail_msg("%s, %d bits, samples %d: clip %g", calibrator_at(c)->name, bits,
                                 s, clip);
                }
    static const Observation nothing;
    for (int c = 0; calibrator_at(c); c++)
        assert_true(calibrator_clip(calibrator_at(c), &nothing, INT8, NAN) == 0);
}

/* ---- formats --------------------------------------------------------------------------------- */

static void test_formats_by_hand(void **state)
{
    (void)state;
    QuantParam full = format_make((FormatRule){.bits = 4, .full = true}, -1, 1, 1.5);
    assert_true(full.scale == 0.2 && full.low == -8 && full.high == 7); /* 3 / 15 */
    QuantParam half = format_make((FormatRule){8, RANGE_UNSIGNED, false}, 0, 9, 5.1);
    assert_near(half.scale, 0.02, 1e-12);
    assert_true(half.low == 0 && half.high == 255 && half.zero_point == 0 && !half.is_signed);
    /* -1..3 on 0..255 has its zero at 63.75. */
    QuantParam affine = format_make((FormatRule){8, RANGE_AFFINE, false}, -1, 9, 3);
    assert_near(affine.scale, 4.0 / 255, 1e-12);
    assert_true(affine.low == -128 && affine.high == 127 && affine.zero_point == -64);
    assert_true(fixed_dequantize(fixed_quantize(0, affine), affine) == 0);
    QuantParam negative = fixed_affine(-5, -2, 8); /* widened to 0 */
    assert_true(negative.zero_point == 127);
    assert_int_equal(format_steps((FormatRule){.bits = 8}), 127);
    assert_int_equal(format_steps((FormatRule){8, RANGE_UNSIGNED, false}), 255);
    ValueRange range;
    for (int i = 0; i < VALUE_RANGES; i++) {
        assert_true(value_range_parse(value_range_word((ValueRange)i), &range));
        assert_int_equal((int)range, i);
    }
    assert_false(value_range_parse("log", &range));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_do_not_matter),
        cmocka_unit_test(test_histogram_by_hand),
        cmocka_unit_test(test_extreme_magnitudes),
        cmocka_unit_test(test_percentile),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_aciq_factors),
        cmocka_unit_test(test_aciq_clips),
        cmocka_unit_test(test_mean_sigma),
        cmocka_unit_test(test_mse_against_brute_force),
        cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_all_within_what_was_seen),
        cmocka_unit_test(test_formats_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
