/* trainer_parts.h: what trainer.c and train_state.c share. */
#ifndef NN_TRAINER_PARTS_H
#define NN_TRAINER_PARTS_H

#include "nn/step.h"
#include "nn/train.h"

/* What changes from epoch to epoch, but for the vectors. */
typedef struct Track {
    int epochs;       /* finished */
    int best;         /* epoch; 0: none */
    double best_loss; /* of that epoch */
} Track;

struct Trainer {
    Arena *arena;
    Graph *graph;
    const Dataset *dataset;
    TrainOptions options;
    Parameters parameters;
    Step *step;
    Optimizer optimizer;
    Track track;
    int64_t train_count; /* images before the validation split */
    int64_t *order;      /* (train_count) */
    int64_t *validation_order;
    int64_t validation_count;
    const Dataset *validation;
    float *good;                      /* weights after the last finished epoch */
    float *best;                      /* weights after the best one */
    char fingerprint[HASH_HEX_BYTES]; /* of what must be the same to go on */
};

/* Of graph, images and those options that change the result. */
void trainer_fingerprint(Trainer *trainer);

#endif
