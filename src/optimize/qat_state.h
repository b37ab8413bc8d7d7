/* qat_state.h: a training on integers as a file, so that it can be taken up again.
 *
 *     "dnn2fpga qat 1\n"
 *     64 digits       identity: SHA-256 of the trainer at its start, and of the integers' formats
 *     int64           epochs finished
 *     double[8]       of each of them: what TrainEpoch holds
 *     bytes           the trainer (nn/train.h): weights, learned steps, moments, best weights
 *     64 digits       SHA-256 of all that stands before
 *
 * The file is replaced as a whole after every epoch. Whoever goes on from it ends with the same
 * bits as a training that was never interrupted.
 */
#ifndef OPTIMIZE_QAT_STATE_H
#define OPTIMIZE_QAT_STATE_H

#include "nn/train.h"
#include "quant/integer_model.h"

typedef struct QatState {
    const char *path; /* NULL: nothing is kept */
    char identity[HASH_HEX_BYTES];
    size_t trainer_bytes;
    int most_epochs;
} QatState;

/* Of a trainer that has done nothing yet, and the model whose integers it trains. */
QatState qat_state_of(const char *path, const Trainer *trainer, const IntegerModel *model,
                      int most_epochs);

/* Puts the trainer where the file left it, and fills `epochs` (room for most_epochs); `*count` is
 * 0 when there is no file. ERR_ENVIRONMENT: damaged, or of another training. */
Status qat_state_load(const QatState *state, Trainer *trainer, TrainEpoch *epochs,
                      int *count) MUST_CHECK;

Status qat_state_save(const QatState *state, const Trainer *trainer, const TrainEpoch *epochs,
                      int count) MUST_CHECK;

#endif
