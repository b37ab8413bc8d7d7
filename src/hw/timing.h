/* timing.h: how many clock edges a design takes: the cycle model.
 *
 * The figures come from an exact simulation on tokens (tokens.h): the source offers a beat and the
 * sink takes one on every edge.
 *
 * The figures are those that the generated bench measures; the proof demands that they are equal.
 *     latency   edges from the one that takes the first beat of an image to the one that takes its
 *               last output beat, both counted
 *     interval  edges from the last output beat of one image to that of the next
 */
#ifndef HW_TIMING_H
#define HW_TIMING_H

#include "hw/plan.h"
#include "hw/tokens.h"

typedef struct LayerTiming {
    int64_t interval_cycles; /* edges per image if it were alone */
    int64_t busy_cycles;     /* of these, edges with a fold step */
    /* Of the first image in the design, counted as the latency: the edge that takes the first beat of
     * it into the layer, and the one at which its last beat leaves. 0 for a layer alone. */
    int64_t first_cycle, last_cycle;
} LayerTiming;

typedef struct Timing {
    int64_t latency_cycles; /* of the first image, into an empty design */
    int images;
    int64_t intervals[TIMING_IMAGES]; /* between image i and i+1; images-1 of them */
    int64_t interval_cycles;          /* the last of them; that of the bottleneck for one image */
    int64_t interval_min, interval_max;
    LayerTiming *layers; /* one per stage, in the plan's arena */
    int64_t *peaks;      /* most beats in each buffer, likewise */
    int bottleneck;      /* index of the stage with the longest own interval, the first of equals */
} Timing;

/* Predicts `images` images (1..TIMING_IMAGES, other values are brought into that range).
 * ERR_REFUSED: the buffers are too small, and the layers wait for each other; says where. */
Status timing_predict(const Plan *plan, int images, Timing *timing) MUST_CHECK;

/* Edges per image of one stage if it were alone. */
LayerTiming timing_of_stage(const Stage *stage);

/* The interval that the plan has with buffers as deep as they need to be, whatever depths it has:
 * that of plan_new(). ERR_REFUSED as above. */
Status timing_unbuffered(const Plan *plan, int64_t *interval_cycles) MUST_CHECK;

#endif
