/* buffers.h: how deep the buffers between layers must be.
 *
 * The planned depths are the smallest for which no image ends later than it would with buffers
 * without end, and no source or sink that waits can lock them: each is found by the exact simulation
 * (tokens.h), and with one beat less in any of them some image would end later, or the layers could
 * come to wait for each other for ever. The most expensive buffers, those with
 * the most samples of an image, are made small first. Floating-point streams have register stages,
 * whatever comes.
 *
 * Where a stream forks and its branches join, the short branch must hold the beats that the long
 * one has under way. Where a layer takes beats in bursts (the top of an image completes no windows)
 * or gives them so (a pool), the buffer between it and a slower one keeps both at work.
 */
#ifndef HW_BUFFERS_H
#define HW_BUFFERS_H

#include "hw/plan.h"

/* Whether a source that waits at the wrong time can bring the layers to wait for each other for ever,
 * with buffers of these depths; NULL: the plan's own. */
bool buffers_can_lock(const Plan *plan, const int64_t *depths);

/* Sets depth and peak of every buffer of a plan that is complete but for these. */
Status buffers_size(Plan *plan) MUST_CHECK;

/* What stands in a buffer. */
typedef struct BufferUse {
    int64_t held;
    bool full;
} BufferUse;

/* "full: conv_1 to add_1 (2 beats); empty: conv_3 to add_1": the streams before a join that lacks
 * some of its inputs, or all when there is no such join. `uses`: one for each buffer. */
const char *buffers_explain(const Plan *plan, Arena *arena, const BufferUse *uses);

/* Reports a design that stands still; `held`: beats in each buffer. Returns ERR_REFUSED. */
Status buffers_locked(const Plan *plan, const int64_t *held) MUST_CHECK;

#endif
