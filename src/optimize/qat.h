/* qat.h: quantization-aware training: the third rung of the ladder.
 *
 * Starts from the float weights of a graph and from the scheme of a rung before: the same widths,
 * the same calibration, and so the very integers that this rung had. The forward pass is the
 * integer golden model (fake_quant.h), so what the training sees is what the hardware computes. The
 * last tenth of the training images is held out; the weights of its best epoch are kept. The test
 * images play no part.
 *
 *     QatOptions options = qat_defaults();
 *     options.epochs = 3;
 *     TRY(qat_train(&input, &options, &result));
 *     ...                              // result.quantized.model, result.graph
 *     qat_free(&result);
 */
#ifndef OPTIMIZE_QAT_H
#define OPTIMIZE_QAT_H

#include "nn/train.h"
#include "quant/quantizer.h"

typedef struct QatOptions {
    int epochs, batch;
    double rate;            /* of the first batch; half a cosine leads it to 0 */
    bool learn_steps;       /* scales are learned too (LSQ) */
    uint64_t seed;          /* order of the images */
    double validation;      /* fraction of the training images that is held out */
    const char *checkpoint; /* file that is written after every epoch, and that a training goes on
                               from when it is there; NULL: none */
    const Progress *progress;
    /* All epochs so far, those of before a resume too; after each. NULL: silence. */
    void (*on_epoch)(void *context, const TrainEpoch *epochs, int count);
    void *context;
} QatOptions;

typedef struct QatInput {
    const Graph *simplified; /* not changed */
    const Scheme *scheme;
    const Dataset *calibration, *training;
    Pool *pool;
} QatInput;

typedef struct QatResult {
    Quantized quantized; /* model and losses, against the trained float weights */
    Graph *graph;        /* with the trained weights */
    TrainEpoch *epochs;  /* in the model's arena */
    int epoch_count;
    int best;            /* epoch, from 1, whose weights these are; 0: the weights of the start */
    const char *stopped; /* why it ended early, in the model's arena; NULL: it did not */
} QatResult;

/* 8 epochs of batches of 100 with Adam at 0.002, learned steps, a tenth held out. */
QatOptions qat_defaults(void);

/* A loss that is not a number ends the training early, and the last good epochs count; so does a
 * user who asks for it between epochs (base/steer.h). Cancelled
 * between batches: ERR_CANCELLED. Deterministic: the seed, not the number of threads, decides. */
Status qat_train(const QatInput *input, const QatOptions *options, QatResult *result) MUST_CHECK;

/* Frees what is still there; a model that was taken over is set to NULL before. */
void qat_free(QatResult *result);

#endif
