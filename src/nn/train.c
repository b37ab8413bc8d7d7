/* train.c: a whole training: epochs until done, with checkpoints. */
#include "nn/train.h"

#include "base/fs.h"
#include "nn/parameters.h"
#include "nn/trainer_parts.h"

/* A checkpoint holds four vectors of the weights' size and a short head. */
static size_t checkpoint_cap(const Trainer *trainer)
{
    return (size_t)trainer->parameters.total * 4 * sizeof(float) + 4096;
}

static Status resume(Trainer *trainer)
{
    const char *path = trainer->options.checkpoint;
    if (!trainer->options.resume || !fs_exists(path))
        return OK;
    Buffer bytes = {0};
    Status status = fs_read_file(path, checkpoint_cap(trainer), &bytes);
    if (status == OK)
        status = trainer_load(trainer, bytes.data ? bytes.data : "", bytes.length);
    if (status != OK)
        status = error_context(status, "%s", path);
    buffer_free(&bytes);
    return status;
}

static Status write_checkpoint(const Trainer *trainer)
{
    if (!trainer->options.checkpoint)
        return OK;
    Buffer bytes = {0};
    trainer_save(trainer, &bytes);
    Status status = fs_write_atomic(trainer->options.checkpoint, bytes.data, bytes.length);
    buffer_free(&bytes);
    return status;
}

static Status run(Trainer *trainer, TrainResult *result)
{
    const TrainOptions *options = &trainer->options;
    TRY(resume(trainer));
    result->early = trainer_should_stop(trainer);
    while (trainer_epochs(trainer) < options->epochs && !result->early) {
        TrainEpoch epoch;
        TRY(trainer_epoch(trainer, &epoch));
        result->last = epoch;
        if (options->on_epoch)
            options->on_epoch(options->context, &epoch);
        TRY(write_checkpoint(trainer));
        result->early = trainer_should_stop(trainer);
    }
    if (options->restore_best)
        trainer_restore_best(trainer);
    return OK;
}

Status train(Graph *graph, const Dataset *dataset, const TrainOptions *options, Pool *pool,
             TrainResult *result)
{
    *result = (TrainResult){0};
    Trainer *trainer = NULL;
    TRY(trainer_new(graph, dataset, options, pool, &trainer));
    Status status = run(trainer, result);
    result->epochs = trainer_epochs(trainer);
    result->best = trainer_best(trainer);
    parameters_hash(&trainer->parameters, result->sha256);
    trainer_free(trainer);
    return status;
}
