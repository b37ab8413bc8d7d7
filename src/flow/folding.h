/* folding.h: how parallel each layer of described hardware is, while somebody tries other values:
 * the clock edges that each choice takes are known at once, and only legal values can be chosen.
 *
 *     Folding *folding = NULL;
 *     TRY(folding_open("run/description", &folding));
 *     TRY(folding_step(folding, row, FOLD_SIMD, -1));      // the next smaller one
 *     ... folding_timing(folding).interval_cycles ...
 *     folding_free(folding);
 *
 * Rows are the stages of the plan (hw/plan.h), in its order.
 */
#ifndef FLOW_FOLDING_H
#define FLOW_FOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct Folding Folding;

typedef enum FoldAxis { FOLD_PE, FOLD_SIMD } FoldAxis;

typedef struct FoldingRow {
    const char *name, *entity;
    bool folds;               /* there is something to choose */
    int pe, simd;             /* as tried */
    int most_pe, most_simd;   /* all divisors of these are legal */
    int built_pe, built_simd; /* as described */
    int64_t fold_steps;       /* clock edges for each window or beat */
    int64_t multipliers;      /* 0: none */
    int64_t interval_cycles;  /* for an image, were it alone */
    int64_t busy_cycles;      /* of these, clock edges at which it computes */
    /* The first image in the design: clock edges that take its first beat, and give its last
     * one. */
    int64_t first_cycle, last_cycle;
    bool bottleneck;
} FoldingRow;

typedef struct FoldingTiming {
    int64_t latency_cycles, interval_cycles; /* predicted */
    int64_t multipliers;
} FoldingTiming;

/* What the design takes of a device, before synthesis. */
typedef struct FoldingShares {
    bool known;            /* false: of the family, or of floating-point layers, nothing is */
    double lut, dsp, bram; /* 1: all that there is; more than all does not fit. Of what a device has
                              not, 0 or INFINITY */
    double lut_error; /* largest error of `lut` on designs that were synthesized, as a fraction */
} FoldingShares;

/* Reads the description; fails as the stage plan of a run does. */
Status folding_open(const char *description, Folding **folding) MUST_CHECK;
void folding_free(Folding *folding);

int folding_count(const Folding *folding);
FoldingRow folding_row(const Folding *folding, int row);
FoldingTiming folding_timing(const Folding *folding);

/* ERR_USAGE: not legal, and everything stays as it was. */
Status folding_set(Folding *folding, int row, int pe, int simd) MUST_CHECK;

/* `step` legal values on; stays at the ends. */
Status folding_step(Folding *folding, int row, FoldAxis axis, int step) MUST_CHECK;

/* Chooses all foldings anew: as cheap as reaches the rate (0: as fast as fits the device; NULL: any
 * device). ERR_USAGE: no such device. ERR_REFUSED: impossible, with the reason and what to do. Then
 * everything stays as it was. */
Status folding_balance(Folding *folding, double images_per_s, double clock_mhz,
                       const char *device) MUST_CHECK;

/* The same in two steps, the first of them for another thread, as it takes a while. It looks at a
 * copy of the foldings; the Folding must outlive it. */
typedef struct BalanceTask BalanceTask;

BalanceTask *balance_task_new(const Folding *folding, double images_per_s, double clock_mhz,
                              const char *device);
void balance_task_do(BalanceTask *task);
Status folding_take(Folding *folding, const BalanceTask *task) MUST_CHECK;
void balance_task_free(BalanceTask *task);

/* ERR_USAGE: no such device. */
Status folding_shares(const Folding *folding, const char *device, FoldingShares *shares) MUST_CHECK;

/* The device after that one in the list of all; NULL comes before the first and after the last. */
const char *folding_next_device(const char *device);

#endif
