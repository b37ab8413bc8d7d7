/* timing.h: how many clock edges a design takes: the cycle model.
 *
 * An exact simulation of the chain of a Plan, edge by edge, on tokens instead of data: the
 * handshakes, fold steps, padding positions and register stages that the VHDL has. The source
 * offers a beat and the sink takes one on every edge. Edges on which nothing but fold steps happens
 * are skipped in one go, so that a strongly folded layer costs no more than a parallel one.
 *
 * The figures are those that the generated bench measures; the proof demands that they are equal.
 *     latency   edges from the one that takes the first beat of an image to the one that takes its
 *               last output beat, both counted
 *     interval  edges from the last output beat of one image to that of the next
 */
#ifndef HW_TIMING_H
#define HW_TIMING_H

#include "hw/plan.h"

enum { TIMING_IMAGES = 8 }; /* enough for the interval to settle */

typedef struct LayerTiming {
    int64_t interval_cycles; /* edges per image if it were alone */
    int64_t busy_cycles;     /* of these, edges with a fold step */
} LayerTiming;

typedef struct Timing {
    int64_t latency_cycles; /* of the first image, into an empty chain */
    int images;
    int64_t intervals[TIMING_IMAGES]; /* between image i and i+1; images-1 of them */
    int64_t interval_cycles;          /* the last of them; that of the bottleneck for one image */
    int64_t interval_min, interval_max;
    LayerTiming *layers; /* one per stage, in the plan's arena */
    int bottleneck;      /* index of the stage with the longest own interval, the first of equals */
} Timing;

/* Predicts `images` images (1..TIMING_IMAGES, other values are brought into that range). */
void timing_predict(const Plan *plan, int images, Timing *timing);

#endif
