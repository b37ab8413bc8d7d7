/* train.h: weights learned from images: epochs, batches, validation, checkpoints.
 *
 * Cross-entropy on soft-max; see step.h for how a batch is computed. All randomness comes from
 * `seed`, and an epoch's order of images from seed and epoch alone: the same graph, images and
 * options give the same weights, bit for bit, for any number of threads, any set of kernels, and
 * however often the training was interrupted and resumed.
 *
 *     TrainOptions options = train_defaults();          // the paper's Table 1
 *     options.validation_split = 0.1;
 *     initialize_weights(graph, options.seed);          // or go on from the weights that are there
 *     TRY(train(graph, images, &options, pool, &result));
 *
 * train() changes the weights in the graph it is given (not a simplified one: batch norm and
 * dropout must still be there); keep a copy to keep the old ones. When it stops early, for whatever
 * reason, the graph holds the weights of a finished epoch:
 *   - a loss or gradient that is not a number: ERR_REFUSED, those after the last good epoch;
 *   - cancelled: ERR_CANCELLED, those after the last finished epoch, as in the checkpoint;
 *   - no better for `patience` epochs: OK, the best ones if `restore_best`, else the last ones.
 *
 * Quantization-aware training: hooks (hooks.h) replace what a layer computes with, and what it
 * hands on, by fake-quantized values, with the gradients that belong to them; a room above needs to
 * touch nothing here. In short, for a straight-through estimator on weights with scale s:
 *
 *     static void quantize(void *context, const Parameter *p, float *used)
 *     {   for (int64_t i = 0; i < p->count; i++)
 *             used[i] = s * clamp(rintf(p->values[i] / s), -127, 127);   }
 *     static void pass_through(void *context, const Parameter *p, float *gradient)
 *     {   for (int64_t i = 0; i < p->count; i++)
 *             gradient[i] *= fabsf(p->values[i]) <= 127 * s;             }
 *     options.hooks = &(TrainHooks){.weights_forward = quantize, .weights_backward = pass_through};
 */
#ifndef NN_TRAIN_H
#define NN_TRAIN_H

#include "base/buffer.h"
#include "base/pool.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "nn/hooks.h"
#include "nn/optimizer.h"

typedef enum ScheduleKind {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP,
    SCHEDULE_COSINE,
    SCHEDULES
} ScheduleKind;

/* The learning rate: constant; times `factor` after every `every` epochs; or half a cosine from the
 * first rate down to 0 at the end of the last epoch. */
typedef struct Schedule {
    ScheduleKind kind;
    double factor;
    int every;
} Schedule;

/* "constant", "step", "cosine" */
const char *schedule_word(ScheduleKind kind);
bool schedule_parse(const char *word, ScheduleKind *kind);

/* One finished epoch. */
typedef struct TrainEpoch {
    int epoch; /* from 1 */
    double rate;
    double loss, accuracy; /* over the epoch's batches, while the weights changed */
    bool validated;
    double validation_loss, validation_accuracy;
    double seconds;
} TrainEpoch;

typedef struct TrainOptions {
    int epochs, batch;
    double rate;
    OptimizerOptions optimizer;
    Schedule schedule;
    uint64_t seed;
    double validation_split;   /* this fraction of the images, from the end, as in Keras */
    const Dataset *validation; /* or these images; NULL: none */
    int patience;              /* epochs without a better validation loss (or loss); 0: no limit */
    double least_gain;         /* what counts as better */
    bool restore_best;         /* end with the weights of the best epoch */
    double dropout;            /* rate of all dropout layers */
    double moving_momentum;    /* batch norm */
    const char *checkpoint;    /* file that is written after every epoch; NULL: none */
    bool resume;               /* go on from that file when it is there */
    const TrainHooks *hooks;   /* NULL: plain float training */
    const Progress *progress;
    /* An epoch is done; its checkpoint is written next. NULL: silence. */
    void (*on_epoch)(void *context, const TrainEpoch *epoch);
    void *context;
} TrainOptions;

typedef struct TrainResult {
    int epochs;      /* finished, with those before a resume */
    bool early;      /* stopped by `patience` */
    int best;        /* epoch of the lowest validation loss (or loss); 0: none finished */
    TrainEpoch last; /* zeros when a resumed training had no epoch left to do */
    char sha256[HASH_HEX_BYTES]; /* of the weights that the graph is left with */
} TrainResult;

/* Adam at 0.001, batches of 500, 10 epochs, constant rate, seed 1, no validation. */
TrainOptions train_defaults(void);

/* Refuses options and images that do not fit, a checkpoint of another training, and a training
 * that ends in values that are not numbers. `result` is filled in whatever happens. */
Status train(Graph *graph, const Dataset *dataset, const TrainOptions *options, Pool *pool,
             TrainResult *result) MUST_CHECK;

/* ---- epoch by epoch ----------------------------------------------------------------------------
 */

typedef struct Trainer Trainer;

/* Graph, dataset, pool and what `options` points to must outlive the trainer. */
Status trainer_new(Graph *graph, const Dataset *dataset, const TrainOptions *options, Pool *pool,
                   Trainer **trainer) MUST_CHECK;
void trainer_free(Trainer *trainer);

/* The next epoch. On failure the graph holds the weights that it had before. */
Status trainer_epoch(Trainer *trainer, TrainEpoch *epoch) MUST_CHECK;
int trainer_epochs(const Trainer *trainer);

/* True when `patience` is used up. */
bool trainer_should_stop(const Trainer *trainer);
int trainer_best(const Trainer *trainer);

/* Puts the weights of the best epoch into the graph; no effect before the first epoch. */
void trainer_restore_best(Trainer *trainer);

/* All of its state, appended to `buffer`: weights, moments, epoch, best weights. Whoever loads it
 * into a trainer of the same graph, images and options goes on as if nothing had happened. */
void trainer_save(const Trainer *trainer, Buffer *buffer);
/* Refuses what is damaged or of another training; then the trainer and the graph are unchanged. */
Status trainer_load(Trainer *trainer, const char *bytes, size_t count) MUST_CHECK;

#endif
