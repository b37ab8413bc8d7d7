#include "optimize/qat.h"

#include "base/steer.h"
#include "graph/passes.h"
#include "optimize/diagonal.h"
#include "optimize/fake_quant.h"
#include "optimize/losses.h"
#include "optimize/qat_state.h"

QatOptions qat_defaults(void)
{
    return (QatOptions){
        .epochs = 8,
        .batch = 100,
        .rate = 0.002,
        .learn_steps = true,
        .seed = 1,
        .validation = 0.1,
    };
}

static TrainOptions train_options(const QatOptions *options, FakeQuant *fake)
{
    TrainOptions train = train_defaults();
    train.epochs = options->epochs;
    train.batch = options->batch;
    train.rate = options->rate;
    train.schedule.kind = SCHEDULE_COSINE;
    train.seed = options->seed;
    train.validation_split = options->validation;
    train.hooks = fake_quant_hooks(fake);
    train.progress = options->progress;
    return train;
}

/* Notes why it ended early; whatever can be lived with is OK. */
static Status end_early(Status status, const FakeQuant *fake, QatResult *result)
{
    if (status != ERR_REFUSED)
        return status;
    const char *deeper = fake_quant_fault(fake);
    result->stopped =
        arena_strdup(result->quantized.model->arena, deeper ? deeper : error_message());
    return OK;
}

static void tell_epochs(const QatOptions *options, const QatResult *result)
{
    if (options->on_epoch && result->epoch_count > 0)
        options->on_epoch(options->context, result->epochs, result->epoch_count);
}

static Status run_epochs(Trainer *trainer, const QatOptions *options, const FakeQuant *fake,
                         QatResult *result)
{
    const QatState state =
        qat_state_of(options->checkpoint, trainer, result->quantized.model, options->epochs);
    TRY(qat_state_load(&state, trainer, result->epochs, &result->epoch_count));
    tell_epochs(options, result);
    while (result->epoch_count < options->epochs && !result->stopped) {
        TrainEpoch *epoch = &result->epochs[result->epoch_count];
        Status status = trainer_epoch(trainer, epoch);
        if (status == OK)
            result->epoch_count++;
        TRY(end_early(status, fake, result));
        if (status == OK)
            TRY(qat_state_save(&state, trainer, result->epochs, result->epoch_count));
        tell_epochs(options, result);
        if (steer_ends_step() && !result->stopped)
            result->stopped = arena_printf(result->quantized.model->arena,
                                           "ended on request after epoch %d", result->epoch_count);
    }
    result->best = trainer_best(trainer);
    trainer_restore_best(trainer);
    return OK;
}

static Status learn(const QatInput *input, const QatOptions *options, FakeQuant *fake,
                    QatResult *result)
{
    TrainOptions train = train_options(options, fake);
    Trainer *trainer = NULL;
    TRY(trainer_new(result->graph, input->training, &train, input->pool, &trainer));
    result->epochs = ARENA_ARRAY(result->quantized.model->arena, TrainEpoch, options->epochs);
    Status status = run_epochs(trainer, options, fake, result);
    trainer_free(trainer);
    return status;
}

static Status train_fake(const QatInput *input, const QatOptions *options, QatResult *result)
{
    const FakeQuantOptions fake_options = {.batch = options->batch,
                                           .learn_steps = options->learn_steps};
    FakeQuant *fake = NULL;
    TRY(fake_quant_new(result->graph, result->quantized.model, &fake_options, &fake));
    Status status = learn(input, options, fake, result);
    if (status == OK)
        status = fake_quant_settle(fake);
    fake_quant_free(fake);
    TRY(status);
    return losses_measure(result->graph, result->quantized.model, input->calibration,
                          &result->quantized.losses);
}

Status qat_train(const QatInput *input, const QatOptions *options, QatResult *result)
{
    *result = (QatResult){0};
    result->graph = graph_copy(input->simplified);
    Status status =
        quantize_graph(result->graph, input->calibration, input->scheme, NULL, &result->quantized);
    if (status == OK)
        status = diagonal_replace_norms(result->graph);
    if (status == OK)
        status = train_fake(input, options, result);
    if (status != OK)
        qat_free(result);
    return status;
}

void qat_free(QatResult *result)
{
    integer_model_free(result->quantized.model);
    graph_free(result->graph);
    *result = (QatResult){0};
}
