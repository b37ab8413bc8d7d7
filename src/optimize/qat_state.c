#include "optimize/qat_state.h"

#include <string.h>

#include "base/fs.h"

static const char MAGIC[] = "dnn2fpga qat 1\n";
enum {
    MAGIC_BYTES = sizeof MAGIC - 1,
    DIGEST_BYTES = HASH_HEX_BYTES - 1,
    EPOCH_NUMBERS = 8,
    EPOCH_BYTES = EPOCH_NUMBERS * sizeof(double),
    HEAD_BYTES = MAGIC_BYTES + DIGEST_BYTES + sizeof(int64_t)
};

/* ---- whose state it is ------------------------------------------------------------------------
 */

static void hash_op(Hash *hash, const Op *op)
{
    const double numbers[] = {op->kind,        op->input.scale,       op->output.scale,
                              op->output.bits, op->output.zero_point, op->low,
                              op->high,        op->weight_bits,       op->clip,
                              op->weight_clip, op->requantizer_count};
    hash_update(hash, numbers, sizeof numbers);
    if (op->weight_scales)
        hash_update(hash, op->weight_scales,
                    (size_t)op->requantizer_count * sizeof *op->weight_scales);
}

QatState qat_state_of(const char *path, const Trainer *trainer, const IntegerModel *model,
                      int most_epochs)
{
    QatState state = {.path = path, .most_epochs = most_epochs};
    if (!path)
        return state;
    Buffer start = {0};
    trainer_save(trainer, &start);
    state.trainer_bytes = start.length;
    Hash *hash = hash_new();
    hash_update(hash, start.data, start.length);
    for (int i = 0; i < model->count; i++)
        hash_op(hash, &model->ops[i]);
    hash_finish(hash, state.identity);
    buffer_free(&start);
    return state;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void append_epoch(Buffer *bytes, const TrainEpoch *epoch)
{
    const double numbers[EPOCH_NUMBERS] = {epoch->epoch,
                                           epoch->rate,
                                           epoch->loss,
                                           epoch->accuracy,
                                           epoch->validated,
                                           epoch->validation_loss,
                                           epoch->validation_accuracy,
                                           epoch->seconds};
    buffer_append(bytes, numbers, sizeof numbers);
}

Status qat_state_save(const QatState *state, const Trainer *trainer, const TrainEpoch *epochs,
                      int count)
{
    if (!state->path)
        return OK;
    Buffer bytes = {0};
    const int64_t finished = count;
    buffer_append(&bytes, MAGIC, MAGIC_BYTES);
    buffer_append(&bytes, state->identity, DIGEST_BYTES);
    buffer_append(&bytes, &finished, sizeof finished);
    for (int i = 0; i < count; i++)
        append_epoch(&bytes, &epochs[i]);
    trainer_save(trainer, &bytes);
    char digest[HASH_HEX_BYTES];
    hash_bytes(bytes.data, bytes.length, digest);
    buffer_append(&bytes, digest, DIGEST_BYTES);
    Status status = fs_write_atomic(state->path, bytes.data, bytes.length);
    buffer_free(&bytes);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static TrainEpoch epoch_at(const char *bytes)
{
    double numbers[EPOCH_NUMBERS];
    memcpy(numbers, bytes, sizeof numbers);
    return (TrainEpoch){.rate = numbers[1],
                        .loss = numbers[2],
                        .accuracy = numbers[3],
                        .validated = numbers[4] != 0,
                        .validation_loss = numbers[5],
                        .validation_accuracy = numbers[6],
                        .seconds = numbers[7]};
}

static Status misfit(const char *what)
{
    return error_set(ERR_ENVIRONMENT, "%s; remove the file to train this rung from its start",
                     what);
}

static Status check_bytes(const QatState *state, const Buffer *bytes, int64_t *count)
{
    if (bytes->length < HEAD_BYTES + DIGEST_BYTES || memcmp(bytes->data, MAGIC, MAGIC_BYTES) != 0)
        return misfit("is not the state of a training on integers");
    char digest[HASH_HEX_BYTES];
    size_t hashed = bytes->length - DIGEST_BYTES;
    hash_bytes(bytes->data, hashed, digest);
    if (memcmp(bytes->data + hashed, digest, DIGEST_BYTES) != 0)
        return misfit("is damaged: its SHA-256 does not fit");
    memcpy(count, bytes->data + MAGIC_BYTES + DIGEST_BYTES, sizeof *count);
    if (memcmp(bytes->data + MAGIC_BYTES, state->identity, DIGEST_BYTES) != 0 || *count < 0 ||
        *count > state->most_epochs ||
        hashed != HEAD_BYTES + (size_t)*count * EPOCH_BYTES + state->trainer_bytes)
        return misfit("belongs to another training");
    return OK;
}

static Status take(const QatState *state, const Buffer *bytes, Trainer *trainer, TrainEpoch *epochs,
                   int *count)
{
    int64_t finished = 0;
    TRY(check_bytes(state, bytes, &finished));
    const char *at = bytes->data + HEAD_BYTES;
    for (int64_t i = 0; i < finished; i++, at += EPOCH_BYTES) {
        epochs[i] = epoch_at(at);
        epochs[i].epoch = (int)i + 1;
    }
    if (trainer_load(trainer, at, state->trainer_bytes) != OK ||
        trainer_epochs(trainer) != finished)
        return misfit("holds a trainer that does not fit");
    *count = (int)finished;
    return OK;
}

Status qat_state_load(const QatState *state, Trainer *trainer, TrainEpoch *epochs, int *count)
{
    *count = 0;
    if (!state->path || !fs_exists(state->path))
        return OK;
    size_t cap =
        HEAD_BYTES + (size_t)state->most_epochs * EPOCH_BYTES + state->trainer_bytes + DIGEST_BYTES;
    Buffer bytes = {0};
    Status status = fs_read_file(state->path, cap, &bytes);
    if (status == OK)
        status = take(state, &bytes, trainer, epochs, count);
    buffer_free(&bytes);
    TRY_IN(status == OK ? OK : ERR_ENVIRONMENT, "%s", state->path);
    return OK;
}
