/* fit_synth.c: fits the coefficients of hw/resources.h on recorded runs of Yosys and writes them as
 * the table of C that the program is built with.
 *
 *     fit_synth RUNS.csv [FAMILY...] > src/hw/resources_coefficients.h
 *
 * Least squares of the relative errors, with no coefficient below zero (each feature takes space) and
 * a price on large ones (a ridge).
 * Coordinate descent, which ends at the only minimum. The runs marked "held" take no part; the
 * largest and the median error on them are written beside the coefficients. Errors of the families
 * that are named go to standard error, run by run; those of all in sum.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/hw/synth_runs.h"

enum { ROUNDS = 4000, KINDS = 2 };

static const char *const KIND_WORDS[KINDS] = {"lut", "ff"};

/* There are as many features as runs: without a price of coefficients they would learn the runs by
 * heart. The price is this share of what a feature explains alone. */
static const double RIDGE = 0.1;

/* Whose runs are fitted, too: UltraPlus has the LUTs of the other iCE40, and smaller runs, as its
 * products are in DSP blocks; those have features of their own. */
static const ResourceTarget KIN[RESOURCE_TARGETS] = {[RESOURCES_ICE40] = RESOURCES_ICE40_DSP,
                                                     [RESOURCES_ICE40_DSP] = RESOURCES_ICE40_DSP,
                                                     [RESOURCES_ECP5] = RESOURCES_ECP5,
                                                     [RESOURCES_XILINX7] = RESOURCES_XILINX7};

/* How far off, as fractions: of the runs that were fitted, or of those that were held out. */
typedef struct Errors {
    double list[SYNTH_MAX_RUNS];
    int count;
    double largest, median;
} Errors;

typedef struct Fit {
    double coefficients[FEATURES];
    Errors fitted, held;
} Fit;

static double figure_of(const SynthRun *run, int kind)
{
    return (double)(kind == 0 ? run->cells.lut : run->cells.ff);
}

static double predicted(const Fit *fit, const SynthRun *run)
{
    double sum = 0;
    for (int i = 0; i < FEATURES; i++)
        sum += fit->coefficients[i] * run->features[i];
    return sum;
}

/* What the runs say of one coefficient, the others being as they are. */
static void weigh(const Fit *fit, const SynthRuns *runs, int kind, int feature, double sums[2])
{
    for (int i = 0; i < runs->count; i++) {
        const SynthRun *run = &runs->runs[i];
        if (run->held)
            continue;
        double x = run->features[feature] / figure_of(run, kind);
        double rest =
            1 - (predicted(fit, run) / figure_of(run, kind) - fit->coefficients[feature] * x);
        sums[0] += x * rest;
        sums[1] += x * x;
    }
}

/* Its best value. */
static void improve(Fit *fit, const SynthRuns runs[2], int kind, int feature)
{
    double sums[2] = {0};
    weigh(fit, &runs[0], kind, feature, sums);
    weigh(fit, &runs[1], kind, feature, sums);
    fit->coefficients[feature] = sums[0] > 0 ? sums[0] / (sums[1] * (1 + RIDGE)) : 0;
}

static int compare_errors(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void sum_up(Errors *errors)
{
    if (errors->count == 0)
        return;
    qsort(errors->list, (size_t)errors->count, sizeof *errors->list, compare_errors);
    int middle = errors->count / 2;
    errors->largest = errors->list[errors->count - 1];
    errors->median = errors->count % 2 ? errors->list[middle]
                                       : (errors->list[middle - 1] + errors->list[middle]) / 2;
}

static void measure(Fit *fit, const SynthRuns *runs, int kind, bool shows)
{
    for (int i = 0; i < runs->count; i++) {
        const SynthRun *run = &runs->runs[i];
        double error = predicted(fit, run) / figure_of(run, kind) - 1;
        Errors *errors = run->held ? &fit->held : &fit->fitted;
        errors->list[errors->count++] = fabs(error);
        if (shows)
            fprintf(stderr, "%-9s %-4s %-3s %7.0f, estimated %7.0f: %+6.1f %%  %s\n",
                    resources_target_word(runs->target), run->held ? "held" : "fit",
                    KIND_WORDS[kind], figure_of(run, kind), predicted(fit, run), 100 * error,
                    run->network);
    }
    sum_up(&fit->fitted);
    sum_up(&fit->held);
    fprintf(stderr,
            "%-9s %-3s largest error %.1f %% (median %.1f %%) of %d fitted, %.1f %% (median %.1f "
            "%%) of %d held out\n",
            resources_target_word(runs->target), KIND_WORDS[kind], 100 * fit->fitted.largest,
            100 * fit->fitted.median, fit->fitted.count, 100 * fit->held.largest,
            100 * fit->held.median, fit->held.count);
}

/* The first runs are of the target itself. */
static void fit_kind(const SynthRuns runs[2], int kind, bool shows, Fit *fit)
{
    *fit = (Fit){.fitted = {.count = 0}};
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < FEATURES; i++)
            improve(fit, runs, kind, i);
    measure(fit, &runs[0], kind, shows);
}

static void print_coefficients(const Fit *fit, int kind)
{
    printf("        .%s = {", KIND_WORDS[kind]);
    for (int i = 0; i < FEATURES; i++)
        printf("%s%.5g", i % 8 ? ", " : i ? ",\n                " : "", fit->coefficients[i]);
    printf("},\n        .%s_error = %.3f, /* of %d; the median is %.3f */\n", KIND_WORDS[kind],
           fit->held.largest, fit->held.count, fit->held.median);
}

/* No words: all families. */
static bool is_named(const char *family, char **words, int count)
{
    bool named = count == 0;
    for (int i = 0; i < count && !named; i++)
        named = strcmp(words[i], family) == 0;
    return named;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr,
                "usage: fit_synth RUNS.csv [FAMILY...] > src/hw/resources_coefficients.h\n");
        return ERR_USAGE;
    }
    printf("/* resources_coefficients.h: written by `make fit` from tests/fixtures/synth/runs.csv, "
           "with\n"
           " * Yosys 0.23; in the order of ResourceFeature. The errors are the largest on the runs "
           "that\n"
           " * were held out. */\n"
           "#ifndef HW_RESOURCES_COEFFICIENTS_H\n#define HW_RESOURCES_COEFFICIENTS_H\n\n"
           "#include \"hw/resources.h\"\n\n"
           "typedef struct ResourceCoefficients {\n"
           "    double lut[FEATURES], ff[FEATURES];\n    double lut_error, ff_error;\n"
           "} ResourceCoefficients;\n\n"
           "/* clang-format off */\n"
           "static const ResourceCoefficients RESOURCE_COEFFICIENTS[RESOURCE_TARGETS] = {\n");
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        const char *family = resources_target_word((ResourceTarget)target);
        SynthRuns runs[2] = {synth_runs_read(argv[1], (ResourceTarget)target)};
        if (KIN[target] != (ResourceTarget)target)
            runs[1] = synth_runs_read(argv[1], KIN[target]);
        printf("    { /* %s */\n", family);
        for (int kind = 0; kind < KINDS; kind++) {
            Fit fit;
            fit_kind(runs, kind, is_named(family, argv + 2, argc - 2), &fit);
            print_coefficients(&fit, kind);
        }
        printf("    },\n");
        synth_runs_free(&runs[0]);
        synth_runs_free(&runs[1]);
    }
    printf("};\n/* clang-format on */\n\n#endif\n");
    return 0;
}
