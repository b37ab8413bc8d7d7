/* folding.h: chooses PE and SIMD of each layer, for a rate, for a device, or for both.
 *
 *     FoldingGoal goal = {.target_fps = 1000, .clock_mhz = 50, .device = device};
 *     FoldingResult result;
 *     TRY(folding_choose(model, &goal, &result));   // sets pe and simd of the model's ops
 *     TRY(plan_new(model, &plan));
 *
 * With a rate: the cheapest plan that reaches it. With a device alone: the fastest plan that fits.
 * With both: the cheapest that reaches the rate and fits. Cheap is what takes the smallest share of
 * the device (hw/resources.h); without one, of an ECP5-25.
 *
 * Layers that have a folding stay as they are; when all have one, nothing is refused for a device.
 * Only divisors are chosen (plan_fold_limits()).
 *
 * A layer's own interval follows from its folding, so each layer takes the cheapest folding with an
 * interval below a bound; the bound is then searched. The chain's interval is that of the exact
 * simulation (timing.h): the bound is lowered until that meets the rate.
 */
#ifndef HW_FOLDING_H
#define HW_FOLDING_H

#include "hw/device.h"
#include "hw/plan.h"
#include "hw/resources.h"

typedef struct FoldingGoal {
    double target_fps; /* 0: as fast as fits */
    double clock_mhz;
    const Device *device; /* NULL: any; one of the two must be there */
    bool pack_dsp; /* layers that can will share DSP blocks (packing.h): they need half of them */
} FoldingGoal;

typedef struct FoldingResult {
    const char *bottleneck; /* the layer with the longest interval; the model's string */
    int chosen;             /* layers whose folding was chosen here */
    int64_t interval_cycles, wanted_cycles; /* 0 wanted: no rate was */
    bool size_unknown;      /* a device was given, but not resources_known(): not looked at */
    bool limited_by_stream; /* the bottleneck takes a clock a pixel: no folding changes that */
} FoldingResult;

/* Part of a device's LUTs that a plan may take: the estimate is not exact, and a device that is
 * full is hard to route. When nothing fits below it, plans up to the whole device are taken. */
#define FOLDING_FILL 0.85

/* Sets `pe` and `simd` of the ops that have none; of none, where nothing but a device is given and
 * the size of the plan is not known. ERR_REFUSED: no folding reaches the rate, with the
 * layer that limits it, what the most parallel plan reaches, and what to change; or none fits the
 * device, with the cheapest ways to make it fit. The model is then as it was. */
Status folding_choose(IntegerModel *model, const FoldingGoal *goal,
                      FoldingResult *result) MUST_CHECK;

#endif
