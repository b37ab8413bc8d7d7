/* tokens.h: the exact simulation behind timing.h and buffers.h: a plan on tokens instead of data.
 *
 * Each layer, fork and buffer does at every clock edge what its VHDL does, on "there is a beat"
 * instead of the beat: handshakes, fold steps, pipelines, positions of padding, joins that wait for
 * all their inputs. Only layers to which something can happen are looked at: one that folds, or
 * waits for a neighbour, sleeps until then. So the cost grows with the beats, not with the edges.
 *
 *     TokenRun run = {.images = 4};
 *     tokens_run(plan, &run);
 *     if (run.end == TOKENS_DONE)
 *         ... run.image_ends[3] ...
 *
 * A layer holds up to three beats, and a pipeline more; but when the source waits it may be stopped
 * with a single one in it. With `one_each` every layer holds one at most: the figures mean nothing
 * then, but buffers with which that run comes to its end never lock, whatever source and sink do.
 *
 * The source offers a beat at every edge until the images are through, the sink takes one at every
 * edge. Edges are counted from 1, the first one after reset.
 */
#ifndef HW_TOKENS_H
#define HW_TOKENS_H

#include "hw/plan.h"

enum { TIMING_IMAGES = 8 }; /* enough for the interval to settle */

typedef enum TokenEnd {
    TOKENS_DONE,
    TOKENS_LATE,  /* an image ended later than allowed */
    TOKENS_LOCKED /* no beat can ever move again */
} TokenEnd;

/* When a stage works on the first image. */
typedef struct TokenSpan {
    int64_t first; /* edge that takes its first beat */
    int64_t last;  /* edge at which the last beat of the image leaves it; 0: it did not */
    int64_t given; /* beats that left it */
} TokenSpan;

typedef struct TokenRun {
    int images;              /* 1..TIMING_IMAGES */
    const int64_t *depths;   /* of the buffers; NULL: the plan's own */
    const int64_t *deadline; /* an edge for each image: gives up when it ends later; NULL: never */
    bool one_each;           /* a layer takes a beat only when it holds none: see above */
    int64_t *peaks;          /* most places taken in each, StreamBuffer.peak; NULL: not wanted */
    int64_t *held;           /* beats in each buffer at the end; NULL: not wanted */
    TokenSpan *spans;        /* of each stage, zeros before; NULL: not wanted */

    TokenEnd end;
    int64_t first_input;               /* edge that takes the first beat */
    int64_t image_ends[TIMING_IMAGES]; /* edge that takes the last output beat of each image */
} TokenRun;

void tokens_run(const Plan *plan, TokenRun *run);

/* Positions that a stage goes through for each image, one edge each (more with fold steps). */
int64_t tokens_positions(const Stage *stage);

#endif
