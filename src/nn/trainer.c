/* trainer.c: one epoch after the other. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/rng.h"
#include "nn/trainer_parts.h"

/* ---- options -----------------------------------------------------------------------------------
 */

static const char *const SCHEDULE_WORDS[SCHEDULES] = {
    [SCHEDULE_CONSTANT] = "constant", [SCHEDULE_STEP] = "step", [SCHEDULE_COSINE] = "cosine"};

const char *schedule_word(ScheduleKind kind)
{
    assert(kind < SCHEDULES);
    return SCHEDULE_WORDS[kind];
}

bool schedule_parse(const char *word, ScheduleKind *kind)
{
    for (int i = 0; i < SCHEDULES; i++)
        if (strcmp(SCHEDULE_WORDS[i], word) == 0) {
            *kind = (ScheduleKind)i;
            return true;
        }
    return false;
}

TrainOptions train_defaults(void)
{
    return (TrainOptions){
        .epochs = 10,
        .batch = 500,
        .rate = 0.001,
        .optimizer = {.kind = OPTIMIZER_ADAM,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .epsilon = 1e-7,
                      .momentum = 0.9},
        .schedule = {.kind = SCHEDULE_CONSTANT, .factor = 0.1, .every = 10},
        .seed = 1,
        .moving_momentum = 0.99,
    };
}

static void check_range(Blockers *blockers, const char *what, double value, double low, double high)
{
    if (!(value >= low && value < high))
        blockers_add(blockers, "%s is %g, expected a number from %g to below %g", what, value, low,
                     high);
}

static void check_options(const TrainOptions *o, Blockers *blockers)
{
    if (o->epochs < 1)
        blockers_add(blockers, "%d epochs, expected at least 1", o->epochs);
    if (!(isfinite(o->rate) && o->rate > 0))
        blockers_add(blockers, "the learning rate is %g, expected a number above 0", o->rate);
    check_range(blockers, "validation split", o->validation_split, 0, 1);
    check_range(blockers, "dropout", o->dropout, 0, 1);
    check_range(blockers, "batch norm momentum", o->moving_momentum, 0, 1);
    check_range(blockers, "beta1", o->optimizer.beta1, 0, 1);
    check_range(blockers, "beta2", o->optimizer.beta2, 0, 1);
    check_range(blockers, "momentum", o->optimizer.momentum, 0, 1);
    if (!(isfinite(o->optimizer.epsilon) && o->optimizer.epsilon > 0))
        blockers_add(blockers, "epsilon is %g, expected a number above 0", o->optimizer.epsilon);
    if (o->schedule.kind == SCHEDULE_STEP &&
        !(o->schedule.every > 0 && o->schedule.factor > 0 && o->schedule.factor <= 1))
        blockers_add(blockers, "the rate times %g every %d epochs is no schedule",
                     o->schedule.factor, o->schedule.every);
    if (o->validation && o->validation_split > 0)
        blockers_add(blockers, "validation images and a validation split: choose one");
    if (o->patience < 0)
        blockers_add(blockers, "patience is %d, expected 0 or more epochs", o->patience);
    if (o->resume && !o->checkpoint)
        blockers_add(blockers, "there is no checkpoint file to resume from");
}

static void check_images(const Graph *graph, const Dataset *dataset, Blockers *blockers)
{
    int64_t pixels = shape_elements(graph_input_shape(graph));
    int64_t classes = shape_elements(graph_output(graph)->output_shape);
    if (dataset->count < 1)
        blockers_add(blockers, "%s: holds no images", dataset->path);
    if (shape_elements(dataset->shape) != pixels)
        blockers_add(blockers, "%s: images have %lld values, the model reads %lld", dataset->path,
                     (long long)shape_elements(dataset->shape), (long long)pixels);
    if (dataset->classes > classes)
        blockers_add(blockers, "%s: labels go up to %d, the model has %lld classes", dataset->path,
                     dataset->classes - 1, (long long)classes);
}

static Status check(const Graph *graph, const Dataset *dataset, const TrainOptions *options)
{
    Blockers blockers = {0};
    check_options(options, &blockers);
    check_images(graph, dataset, &blockers);
    if (options->validation)
        check_images(graph, options->validation, &blockers);
    int64_t kept = dataset->count - (int64_t)(options->validation_split * (double)dataset->count);
    if (dataset->count > 0 && kept < 1)
        blockers_add(&blockers, "%s: a validation split of %g leaves no images to learn from",
                     dataset->path, options->validation_split);
    Status status = blockers_refuse(&blockers, "training");
    blockers_free(&blockers);
    return status;
}

/* ---- a trainer ---------------------------------------------------------------------------------
 */

static StepOptions step_options(const TrainOptions *options)
{
    return (StepOptions){.batch = options->batch,
                         .dropout = options->dropout,
                         .moving_momentum = options->moving_momentum,
                         .seed = options->seed,
                         .hooks = options->hooks};
}

static void open_images(Trainer *trainer)
{
    const TrainOptions *o = &trainer->options;
    int64_t count = trainer->dataset->count;
    int64_t held_out = (int64_t)(o->validation_split * (double)count);
    trainer->train_count = count - held_out;
    trainer->validation = o->validation ? o->validation : held_out ? trainer->dataset : NULL;
    trainer->validation_count = o->validation ? o->validation->count : held_out;
    trainer->order = ARENA_ARRAY(trainer->arena, int64_t, trainer->train_count);
    trainer->validation_order = ARENA_ARRAY(trainer->arena, int64_t, trainer->validation_count);
    int64_t first = o->validation ? 0 : trainer->train_count;
    for (int64_t i = 0; i < trainer->validation_count; i++)
        trainer->validation_order[i] = first + i;
}

Status trainer_new(Graph *graph, const Dataset *dataset, const TrainOptions *options, Pool *pool,
                   Trainer **trainer)
{
    StepOptions for_step = step_options(options);
    TRY(step_check(graph, &for_step));
    TRY(check(graph, dataset, options));
    Arena *arena = arena_new();
    Trainer *fresh = ARENA_NEW(arena, Trainer);
    *fresh = (Trainer){.arena = arena, .graph = graph, .dataset = dataset, .options = *options};
    const TrainHooks *hooks = options->hooks;
    fresh->parameters =
        parameters_of(arena, graph, hooks ? hooks->extra : NULL, hooks ? hooks->extra_count : 0);
    fresh->optimizer = optimizer_new(arena, &options->optimizer, fresh->parameters.total);
    fresh->step = step_new(graph, &fresh->parameters, &for_step, pool);
    open_images(fresh);
    fresh->good = ARENA_ARRAY(arena, float, fresh->parameters.total);
    fresh->best = ARENA_ARRAY(arena, float, fresh->parameters.total);
    parameters_save(&fresh->parameters, fresh->good);
    trainer_fingerprint(fresh);
    *trainer = fresh;
    return OK;
}

void trainer_free(Trainer *trainer)
{
    if (!trainer)
        return;
    step_free(trainer->step);
    arena_free(trainer->arena);
}

int trainer_epochs(const Trainer *trainer)
{
    return trainer->track.epochs;
}

int trainer_best(const Trainer *trainer)
{
    return trainer->track.best;
}

bool trainer_should_stop(const Trainer *trainer)
{
    int waited = trainer->track.epochs - trainer->track.best;
    return trainer->options.patience > 0 && waited >= trainer->options.patience;
}

void trainer_restore_best(Trainer *trainer)
{
    if (trainer->track.best > 0)
        parameters_restore(&trainer->parameters, trainer->best);
}

/* ---- an epoch ----------------------------------------------------------------------------------
 */

static int64_t batch_count(const Trainer *trainer)
{
    return (trainer->train_count + trainer->options.batch - 1) / trainer->options.batch;
}

/* From seed and epoch alone, so that a resumed training needs no random state. */
static void shuffle(Trainer *trainer)
{
    Rng seeds = rng_seed(trainer->options.seed);
    Rng rng = rng_seed(rng_next(&seeds) + (uint64_t)trainer->track.epochs);
    for (int64_t i = 0; i < trainer->train_count; i++)
        trainer->order[i] = i;
    rng_shuffle(&rng, trainer->order, trainer->train_count);
}

static double rate_at(const Trainer *trainer, int64_t batch)
{
    const TrainOptions *o = &trainer->options;
    int epoch = trainer->track.epochs;
    if (o->schedule.kind == SCHEDULE_STEP) {
        int times = epoch / o->schedule.every;
        return o->rate * pow(o->schedule.factor, times);
    }
    if (o->schedule.kind == SCHEDULE_COSINE) {
        double done = (double)epoch + (double)batch / (double)batch_count(trainer);
        return o->rate * (1 + cos(acos(-1) * fmin(done / o->epochs, 1))) / 2;
    }
    return o->rate;
}

static StepBatch batch_at(const Trainer *trainer, int64_t batch)
{
    int64_t first = batch * trainer->options.batch, left = trainer->train_count - first;
    return (StepBatch){.dataset = trainer->dataset,
                       .order = trainer->order + first,
                       .count = left < trainer->options.batch ? (int)left : trainer->options.batch,
                       .number = (uint64_t)(trainer->track.epochs * batch_count(trainer) + batch)};
}

static bool all_finite(const float *values, int64_t count)
{
    bool finite = true;
    for (int64_t i = 0; i < count; i++)
        finite &= isfinite(values[i]) != 0;
    return finite;
}

/* A ReLU hides what is not a number, so the gradient is looked at too. */
static Status check_numbers(const Trainer *trainer, Loss loss, int64_t batch)
{
    if (isfinite(loss.sum) && all_finite(step_gradient(trainer->step), trainer->parameters.total))
        return OK;
    return error_set(ERR_REFUSED,
                     "training: the loss is not a number any more in epoch %d, batch %lld; the "
                     "weights are those after epoch %d; try a lower learning rate than %g",
                     trainer->track.epochs + 1, (long long)batch + 1, trainer->track.epochs,
                     rate_at(trainer, batch));
}

static void tell(const Trainer *trainer, int64_t batch, double loss)
{
    char detail[96];
    int epoch = trainer->track.epochs;
    double part = (double)batch / (double)batch_count(trainer);
    snprintf(detail, sizeof detail, "epoch %d of %d, loss %.4f", epoch + 1, trainer->options.epochs,
             loss);
    progress_report(trainer->options.progress, fmin((epoch + part) / trainer->options.epochs, 1),
                    detail);
}

static Status learn(Trainer *trainer, TrainEpoch *epoch)
{
    double sum = 0;
    int64_t correct = 0, seen = 0;
    for (int64_t b = 0; b < batch_count(trainer); b++) {
        TRY(cancel_check());
        StepBatch batch = batch_at(trainer, b);
        Loss loss = step_learn(trainer->step, &batch);
        TRY(check_numbers(trainer, loss, b));
        epoch->rate = rate_at(trainer, b);
        optimizer_step(&trainer->optimizer, &trainer->parameters, step_gradient(trainer->step),
                       epoch->rate);
        sum += loss.sum;
        correct += loss.correct;
        seen += batch.count;
        tell(trainer, b + 1, sum / (double)seen);
    }
    epoch->loss = sum / (double)seen;
    epoch->accuracy = (double)correct / (double)seen;
    return OK;
}

static Status validate(Trainer *trainer, TrainEpoch *epoch)
{
    double sum = 0;
    int64_t correct = 0, count = trainer->validation_count;
    for (int64_t first = 0; first < count; first += trainer->options.batch) {
        TRY(cancel_check());
        int64_t left = count - first;
        StepBatch batch = {.dataset = trainer->validation,
                           .order = trainer->validation_order + first,
                           .count =
                               left < trainer->options.batch ? (int)left : trainer->options.batch};
        Loss loss = step_evaluate(trainer->step, &batch);
        sum += loss.sum;
        correct += loss.correct;
    }
    epoch->validated = count > 0;
    if (epoch->validated) {
        epoch->validation_loss = sum / (double)count;
        epoch->validation_accuracy = (double)correct / (double)count;
    }
    return OK;
}

static Status check_weights(const Trainer *trainer, const TrainEpoch *epoch)
{
    const Parameters *parameters = &trainer->parameters;
    bool finite = !epoch->validated || isfinite(epoch->validation_loss);
    for (int i = 0; i < parameters->count; i++)
        finite &= all_finite(parameters->items[i].values, parameters->items[i].count);
    if (finite)
        return OK;
    return error_set(ERR_REFUSED,
                     "training: epoch %d ends in weights that are not numbers; the weights are "
                     "those after epoch %d; try a lower learning rate",
                     trainer->track.epochs + 1, trainer->track.epochs);
}

static Status run_epoch(Trainer *trainer, TrainEpoch *epoch)
{
    shuffle(trainer);
    TRY(learn(trainer, epoch));
    TRY(validate(trainer, epoch));
    return check_weights(trainer, epoch);
}

static void note_epoch(Trainer *trainer, const TrainEpoch *epoch)
{
    Track *track = &trainer->track;
    double loss = epoch->validated ? epoch->validation_loss : epoch->loss;
    track->epochs = epoch->epoch;
    parameters_save(&trainer->parameters, trainer->good);
    if (track->best == 0 || loss < track->best_loss - trainer->options.least_gain) {
        track->best = track->epochs;
        track->best_loss = loss;
        parameters_save(&trainer->parameters, trainer->best);
    }
}

Status trainer_epoch(Trainer *trainer, TrainEpoch *epoch)
{
    int64_t start = clock_monotonic_ns();
    *epoch = (TrainEpoch){.epoch = trainer->track.epochs + 1};
    Status status = run_epoch(trainer, epoch);
    epoch->seconds = clock_seconds_since(start);
    if (status == OK)
        note_epoch(trainer, epoch);
    else
        parameters_restore(&trainer->parameters, trainer->good);
    return status;
}
