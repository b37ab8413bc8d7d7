/* vectors.h: what goes into a design and what must come out, and where the two first differ.
 *
 * Files hold samples of 16 bits, little-endian, two's complement (taps of floating-point streams:
 * bit patterns of 32 bits), image after image in the order of
 * the streams; tensors are channels-last, so that is also their order in memory.
 */
#ifndef HW_VECTORS_H
#define HW_VECTORS_H

#include "data/dataset.h"
#include "hw/plan.h"
#include "quant/integer_forward.h"

enum { VECTORS_BATCH = 32 }; /* images that the forward must have room for */

typedef struct VectorFiles {
    const char *stimulus;
    const char *expected;
    int64_t first, count; /* images of the dataset */
} VectorFiles;

/* Runs the golden model (made with room for VECTORS_BATCH images) and writes both files. `labels`,
 * when not NULL, gets the golden label of each image. */
Status vectors_write(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                     const VectorFiles *files, int32_t *labels) MUST_CHECK;

/* Reads `count` samples from a file; `*got` says how many were there. */
Status vectors_read(const char *path, int64_t count, int32_t *samples, int64_t *got) MUST_CHECK;

/* The first place where hardware and golden model differ. */
typedef struct Difference {
    bool found;
    const char *layer; /* name in the model; "" when only the output is known to differ */
    int64_t image;     /* of the dataset */
    int64_t element;   /* of the layer's output, channels-last */
    bool missing;      /* the hardware put out nothing there */
    bool is_float;     /* got and expected are bit patterns of binary32 */
    int32_t got, expected;
} Difference;

typedef struct TapRun {
    const char *folder;   /* with the tap files of a run ... */
    int64_t first, count; /* ... over these images of the dataset */
    int suspect;          /* stage that the simulator blamed when it gave up; -1: none */
} TapRun;

/* Compares the tap files with the golden model's integers: first image that differs, in it the
 * first layer in stream order with a wrong value. When values are only missing, the suspect, or
 * else the first layer that lacks some. */
Status vectors_compare_taps(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                            const TapRun *run, Difference *difference) MUST_CHECK;

/* What one layer put out for one image, and what it must be. */
typedef struct TapOutput {
    const Stage *stage;
    int64_t image;           /* of the dataset */
    int64_t elements;        /* channels-last */
    int64_t there;           /* elements that came; the others are missing */
    const int32_t *got;      /* (there) */
    const int32_t *expected; /* (elements) */
} TapOutput;

typedef struct TapVisitor {
    Status (*visit)(void *context, const TapOutput *output);
    void *context;
} TapVisitor;

/* Everything that was tapped: image by image, in each the layers in stream order. A visit that fails
 * is the last. `run->suspect` means nothing here. */
Status vectors_visit_taps(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                          const TapRun *run, TapVisitor visitor) MUST_CHECK;

#endif
