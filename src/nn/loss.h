/* loss.h: soft-max and cross-entropy in one (Keras: SparseCategoricalCrossentropy). */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stdint.h>

typedef struct Loss {
    double sum;      /* of -ln p(label) */
    int64_t correct; /* images whose highest score is the label's; ties go to the lowest index */
} Loss;

/* `scores` (images, classes) before the soft-max. Writes (p - [c == label]) * scale to `gradient`
 * (images, classes); NULL: not wanted. */
typedef struct LossBatch {
    const float *scores;
    const int32_t *labels;
    int images, classes;
    double scale;
    float *gradient;
} LossBatch;

Loss loss_cross_entropy(const LossBatch *batch);

#endif
