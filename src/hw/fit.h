/* fit.h: what a design needs of a device, and how a design that is too big may be made to fit.
 *
 *     FitNeed need = {.lut = 9000, .ff = 4000, .dsp = 0, .bram = 9, .layers = per_stage};
 *     if (!fit_check(device, &need.total, &reason)) fit_ways(plan, device, &need, arena, ways);
 */
#ifndef HW_FIT_H
#define HW_FIT_H

#include <stdbool.h>

#include "hw/device.h"
#include "hw/plan.h"

typedef struct FitCells {
    int64_t lut, ff, dsp, bram;
} FitCells;

typedef struct FitNeed {
    FitCells total;
    const FitCells *stages; /* one for each stage of the plan */
} FitNeed;

/* NULL: nothing is more than there is. Otherwise "9,000 LUTs of 7,680", in the arena. */
const char *fit_excess(const Device *device, const FitCells *cells, Arena *arena);

enum { FIT_WAYS = 3 };

/* The cheapest ways, at most FIT_WAYS sentences in the arena, best first; returns how many. First
 * single layers that are folded more, by the rate that is left, where that is enough: multipliers
 * and what belongs to them go with the parallelism (that share of a layer is estimated). Then a
 * bigger device, and fewer bits; then foldings that are not enough alone. */
int fit_ways(const Plan *plan, const Device *device, const FitNeed *need, Arena *arena,
             const char *ways[FIT_WAYS]);

#endif
