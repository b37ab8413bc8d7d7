/* train_state.c: a trainer as bytes.
 *
 *     "dnn2fpga training 1\n"
 *     Head            fixed fields, and the fingerprint of the training
 *     float32[total]  weights, first moments, second moments, best weights
 *     64 digits       SHA-256 of all that stands before
 *
 * Numbers are as this machine has them; the fingerprint holds a number, so that a machine with
 * another order of bytes refuses the file.
 */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "nn/trainer_parts.h"

static const char MAGIC[] = "dnn2fpga training 1\n";
enum { MAGIC_BYTES = sizeof MAGIC - 1, DIGEST_BYTES = HASH_HEX_BYTES - 1 };

typedef struct Head {
    char fingerprint[HASH_HEX_BYTES + 7]; /* padded with zeros */
    int64_t steps, epochs, best;
    double best_loss;
} Head;

static void hash_number(Hash *hash, double number)
{
    hash_update(hash, &number, sizeof number);
}

static void hash_images(Hash *hash, const Dataset *dataset)
{
    hash_update(hash, dataset->sha256, strlen(dataset->sha256));
    hash_number(hash, (double)dataset->count);
    hash_number(hash, dataset->scale);
}

/* What a chain of plain layers has not; for one the fingerprint is as it always was. */
static void hash_branches(Hash *hash, const Layer *layer, int index)
{
    ActivationFunction function = layer_function(layer);
    if (function.limit != 0 || function.slope != 0) {
        hash_number(hash, function.limit);
        hash_number(hash, function.slope);
    }
    for (int k = 0; k < layer->input_count; k++)
        if (layer->input_count > 1 || layer->inputs[k] != index - 1)
            hash_number(hash, layer->inputs[k]);
}

void trainer_fingerprint(Trainer *trainer)
{
    const TrainOptions *o = &trainer->options;
    Hash *hash = hash_new();
    for (int i = 0; i < trainer->graph->count; i++) {
        const Layer *layer = &trainer->graph->layers[i];
        char shape[SHAPE_TEXT_BYTES];
        shape_format(layer->output_shape, shape);
        hash_update(hash, shape, strlen(shape) + 1);
        hash_number(hash, layer->kind);
        hash_number(hash, layer->activation);
        hash_branches(hash, layer, i);
        hash_number(hash, (double)layer_parameters(layer));
    }
    hash_images(hash, trainer->dataset);
    if (o->validation)
        hash_images(hash, o->validation);
    const double numbers[] = {o->batch,
                              o->rate,
                              o->optimizer.kind,
                              o->optimizer.beta1,
                              o->optimizer.beta2,
                              o->optimizer.epsilon,
                              o->optimizer.momentum,
                              o->schedule.kind,
                              o->schedule.factor,
                              o->schedule.every,
                              o->validation_split,
                              o->dropout,
                              o->moving_momentum,
                              o->hooks != NULL,
                              (double)trainer->parameters.total};
    hash_update(hash, numbers, sizeof numbers);
    hash_update(hash, &o->seed, sizeof o->seed);
    if (o->schedule.kind == SCHEDULE_COSINE) /* others may be made longer */
        hash_number(hash, o->epochs);
    hash_finish(hash, trainer->fingerprint);
}

void trainer_save(const Trainer *trainer, Buffer *buffer)
{
    size_t start = buffer->length, vector = (size_t)trainer->parameters.total * sizeof(float);
    Head head = {.steps = trainer->optimizer.steps,
                 .epochs = trainer->track.epochs,
                 .best = trainer->track.best,
                 .best_loss = trainer->track.best_loss};
    memcpy(head.fingerprint, trainer->fingerprint, HASH_HEX_BYTES);
    buffer_append(buffer, MAGIC, MAGIC_BYTES);
    buffer_append(buffer, &head, sizeof head);
    buffer_append(buffer, trainer->good, vector);
    buffer_append(buffer, trainer->optimizer.first, vector);
    buffer_append(buffer, trainer->optimizer.second, vector);
    buffer_append(buffer, trainer->best, vector);
    char digest[HASH_HEX_BYTES];
    hash_bytes(buffer->data + start, buffer->length - start, digest);
    buffer_append(buffer, digest, DIGEST_BYTES);
}

static Status check_bytes(const Trainer *trainer, const char *bytes, size_t count)
{
    size_t vectors = (size_t)trainer->parameters.total * 4 * sizeof(float);
    if (count < MAGIC_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return error_set(ERR_REFUSED, "is not a checkpoint of a training");
    if (count < MAGIC_BYTES + sizeof(Head) + DIGEST_BYTES)
        return error_set(ERR_REFUSED, "the checkpoint is cut short: %zu bytes", count);
    char digest[HASH_HEX_BYTES];
    hash_bytes(bytes, count - DIGEST_BYTES, digest);
    if (memcmp(bytes + count - DIGEST_BYTES, digest, DIGEST_BYTES) != 0)
        return error_set(ERR_REFUSED, "the checkpoint is damaged: its SHA-256 does not fit; delete "
                                      "it to start anew");
    Head head;
    memcpy(&head, bytes + MAGIC_BYTES, sizeof head);
    if (memcmp(head.fingerprint, trainer->fingerprint, HASH_HEX_BYTES) != 0 ||
        count != MAGIC_BYTES + sizeof head + vectors + DIGEST_BYTES)
        return error_set(ERR_REFUSED,
                         "the checkpoint belongs to another training: model, images and options "
                         "must be the same; delete it to start anew");
    if (head.steps < 0 || head.epochs < 0 || head.epochs > INT32_MAX || head.best < 0 ||
        head.best > head.epochs || !isfinite(head.best_loss))
        return error_set(ERR_REFUSED, "the checkpoint has impossible numbers");
    return OK;
}

static const char *take(const char *bytes, float *vector, int64_t total)
{
    memcpy(vector, bytes, (size_t)total * sizeof *vector);
    return bytes + (size_t)total * sizeof *vector;
}

Status trainer_load(Trainer *trainer, const char *bytes, size_t count)
{
    TRY(check_bytes(trainer, bytes, count));
    Head head;
    memcpy(&head, bytes + MAGIC_BYTES, sizeof head);
    int64_t total = trainer->parameters.total;
    bytes += MAGIC_BYTES + sizeof head;
    bytes = take(bytes, trainer->good, total);
    bytes = take(bytes, trainer->optimizer.first, total);
    bytes = take(bytes, trainer->optimizer.second, total);
    take(bytes, trainer->best, total);
    trainer->optimizer.steps = head.steps;
    trainer->track =
        (Track){.epochs = (int)head.epochs, .best = (int)head.best, .best_loss = head.best_loss};
    parameters_restore(&trainer->parameters, trainer->good);
    return OK;
}
