/* fit_synth.c: fits the coefficients of hw/resources.h on recorded runs of Yosys and writes them
 * as the table of C that the program is built with.
 *
 *     fit_synth RUNS.csv [FAMILY...] > src/hw/resources_coefficients.h
 *
 * Least squares, of errors as shares of the run's total: that of the total, and those of its
 * stages where they were recorded. No coefficient is below zero (each feature takes space).
 * There are about as many features as runs of a family, so that the families lean on each other:
 * coefficients are fitted on all of them first, and those of a family are held near these,
 * scaled to it. How strongly is found by cross-validation in the family's own runs. Those marked
 * "held" take no part in any of this; the largest and the median error on them are written
 * beside the coefficients. Errors of the families that are named go to standard error, run by
 * run; those of all in sum.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/unit/hw/synth_runs.h"

enum { ROUNDS = 4000, KINDS = 2, FOLDS = 8, NO_FOLD = -1 };

static const char *const KIND_WORDS[KINDS] = {"lut", "ff"};

/* Prices of coefficients, as shares of what a feature explains alone: of their squares in the
 * fit on all families, and of the squares of their distances from that. */
static const double COMMON_PRICE = 0.3;
static const double PRICES[] = {0.01, 0.03, 0.1, 0.3, 1};

enum { PRICE_COUNT = sizeof PRICES / sizeof *PRICES };

/* How far off, as fractions: of the runs that were fitted, or of those that were held out. */
typedef struct Errors {
    double list[SYNTH_MAX_RUNS];
    int count;
    double largest, median;
} Errors;

typedef struct Fit {
    double coefficients[FEATURES];
    double price;
    Errors fitted, held;
} Fit;

/* Least squares as equations: matrix * coefficients = right. */
typedef struct Equations {
    double matrix[FEATURES][FEATURES], right[FEATURES];
} Equations;

static double figure_of(FitCells cells, int kind)
{
    return (double)(kind == 0 ? cells.lut : cells.ff);
}

static double predicted(const double coefficients[FEATURES], const double features[FEATURES])
{
    double sum = 0;
    for (int i = 0; i < FEATURES; i++)
        sum += coefficients[i] * features[i];
    return sum;
}

/* ---- least squares --------------------------------------------------------------------------- */

static void add_figure(Equations *equations, const double features[FEATURES], double figure,
                       double total)
{
    for (int i = 0; i < FEATURES; i++) {
        for (int k = 0; k < FEATURES; k++)
            equations->matrix[i][k] += features[i] / total * (features[k] / total);
        equations->right[i] += features[i] / total * (figure / total);
    }
}

/* Networks, not runs, are dealt to the folds: one that several families have is in one. */
static int fold_of(const SynthRun *run)
{
    char hex[HASH_HEX_BYTES];
    hash_bytes(run->network, strlen(run->network), hex);
    hex[2] = '\0'; /* a byte of it is enough */
    return (int)(strtol(hex, NULL, 16) % FOLDS);
}

static bool is_held(const SynthRuns *runs, const char *network)
{
    bool held = false;
    for (int i = 0; i < runs->count && !held; i++)
        held = runs->runs[i].held && strcmp(runs->runs[i].network, network) == 0;
    return held;
}

typedef struct Task {
    const SynthRuns *families; /* RESOURCE_TARGETS of them */
    int target, kind;
} Task;

/* What the task's family holds out is not taken from the others, either. */
static void add_runs(Equations *equations, const Task *task, int family, int without_fold)
{
    const SynthRuns *runs = &task->families[family];
    int kind = task->kind;
    for (int i = 0; i < runs->count; i++) {
        const SynthRun *run = &runs->runs[i];
        double total = figure_of(run->cells, kind);
        if (run->held || fold_of(run) == without_fold ||
            is_held(&task->families[task->target], run->network))
            continue;
        add_figure(equations, run->features, total, total);
        for (int k = 0; run->knows_parts && k < run->part_count; k++)
            add_figure(equations, run->parts[k].features, figure_of(run->parts[k].cells, kind),
                       total);
    }
}

/* Coordinate descent, which ends at the only minimum; `wanted` are the coefficients that cost
 * nothing. */
static void solve(const Equations *equations, double price, const double wanted[FEATURES],
                  double coefficients[FEATURES])
{
    memcpy(coefficients, wanted, FEATURES * sizeof *coefficients);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < FEATURES; i++) {
            double own = equations->matrix[i][i];
            double rest = equations->right[i] + own * coefficients[i];
            for (int k = 0; k < FEATURES; k++)
                rest -= equations->matrix[i][k] * coefficients[k];
            if (own > 0)
                coefficients[i] = fmax(0, (rest + price * own * wanted[i]) / (own * (1 + price)));
        }
}

/* The common coefficients, in the proportion that suits a family best. */
static void scale_to(const Equations *equations, double coefficients[FEATURES])
{
    double both = 0, square = 0;
    for (int i = 0; i < FEATURES; i++) {
        both += coefficients[i] * equations->right[i];
        for (int k = 0; k < FEATURES; k++)
            square += coefficients[i] * equations->matrix[i][k] * coefficients[k];
    }
    for (int i = 0; i < FEATURES && square > 0; i++)
        coefficients[i] *= both / square;
}

static void fit_without(const Task *task, int without_fold, double price,
                        double coefficients[FEATURES])
{
    static const double nothing[FEATURES];
    Equations all = {.right = {0}}, own = {.right = {0}};
    double common[FEATURES];
    for (int i = 0; i < RESOURCE_TARGETS; i++)
        add_runs(&all, task, i, without_fold);
    add_runs(&own, task, task->target, without_fold);
    solve(&all, COMMON_PRICE, nothing, common);
    scale_to(&own, common);
    solve(&own, price, common, coefficients);
}

/* Sum of the squares of errors on the family's runs, each fitted without its fold. */
static double cross_validated(const Task *task, double price)
{
    const SynthRuns *runs = &task->families[task->target];
    double sum = 0, coefficients[FEATURES];
    for (int fold = 0; fold < FOLDS; fold++) {
        fit_without(task, fold, price, coefficients);
        for (int i = 0; i < runs->count; i++) {
            const SynthRun *run = &runs->runs[i];
            double error =
                predicted(coefficients, run->features) / figure_of(run->cells, task->kind) - 1;
            if (!run->held && fold_of(run) == fold)
                sum += error * error;
        }
    }
    return sum;
}

/* ---- what comes out -------------------------------------------------------------------------- */

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
        double figure = figure_of(run->cells, kind);
        double estimate = predicted(fit->coefficients, run->features);
        Errors *errors = run->held ? &fit->held : &fit->fitted;
        errors->list[errors->count++] = fabs(estimate / figure - 1);
        if (shows)
            fprintf(stderr, "%-9s %-4s %-3s %7.0f, estimated %7.0f: %+6.1f %%  %s\n",
                    resources_target_word(runs->target), run->held ? "held" : "fit",
                    KIND_WORDS[kind], figure, estimate, 100 * (estimate / figure - 1),
                    run->network);
    }
    sum_up(&fit->fitted);
    sum_up(&fit->held);
    fprintf(stderr,
            "%-9s %-3s price %.2f; largest error %.1f %% (median %.1f %%) of %d fitted, %.1f %% "
            "(median %.1f %%) of %d held out\n",
            resources_target_word(runs->target), KIND_WORDS[kind], fit->price,
            100 * fit->fitted.largest, 100 * fit->fitted.median, fit->fitted.count,
            100 * fit->held.largest, 100 * fit->held.median, fit->held.count);
}

static void fit_task(const Task *task, bool shows, Fit *fit)
{
    const SynthRuns *runs = &task->families[task->target];
    double least = INFINITY;
    int fitted = 0;
    *fit = (Fit){.price = 0};
    for (int i = 0; i < PRICE_COUNT; i++) {
        double error = cross_validated(task, PRICES[i]);
        if (error < least) {
            least = error;
            fit->price = PRICES[i];
        }
    }
    for (int i = 0; i < runs->count; i++)
        fitted += !runs->runs[i].held;
    fprintf(stderr, "%-9s %-3s cross-validated %.1f %%\n", resources_target_word(runs->target),
            KIND_WORDS[task->kind], 100 * sqrt(least / fitted));
    fit_without(task, NO_FOLD, fit->price, fit->coefficients);
    measure(fit, runs, task->kind, shows);
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
    SynthRuns families[RESOURCE_TARGETS];
    for (int target = 0; target < RESOURCE_TARGETS; target++)
        families[target] = synth_runs_read(argv[1], (ResourceTarget)target);
    for (int target = 0; target < RESOURCE_TARGETS; target++) {
        const char *family = resources_target_word((ResourceTarget)target);
        printf("    { /* %s */\n", family);
        for (int kind = 0; kind < KINDS; kind++) {
            const Task task = {families, target, kind};
            Fit fit;
            fit_task(&task, is_named(family, argv + 2, argc - 2), &fit);
            print_coefficients(&fit, kind);
        }
        printf("    },\n");
    }
    for (int target = 0; target < RESOURCE_TARGETS; target++)
        synth_runs_free(&families[target]);
    printf("};\n/* clang-format on */\n\n#endif\n");
    return 0;
}
