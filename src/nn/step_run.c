/* step_run.c: a batch goes through the stages of a step, shard by shard, forward and backward. */
#include <assert.h>
#include <string.h>

#include "nn/activation.h"
#include "nn/step_parts.h"

/* One shard in one slot. */
typedef struct Work {
    const Step *step;
    StepSlot *slot;
    int shard, images;
} Work;

static Work work_of(const Step *step, int64_t shard, int worker)
{
    int64_t left = step->batch->count - shard * STEP_SHARD;
    bool all_at_once = step->training && step->phase_count > 1;
    return (Work){.step = step,
                  .slot = &step->slots[all_at_once ? shard : worker],
                  .shard = (int)shard,
                  .images = left < STEP_SHARD ? (int)left : STEP_SHARD};
}

/* Images first .. first+images-1 of the shard at a stage. */
static StageRun run_of(const Work *work, int index, int first, int images)
{
    const Step *step = work->step;
    const StepStage *stage = &step->stages[index];
    StageBuffers *own = &work->slot->buffers[index];
    float *sums = step->shard_sums + work->shard * step->sum_count;
    int64_t at = first * stage->elements;
    StageRun run = {.step = step,
                    .stage = stage,
                    .packed = &own->packed,
                    .back = &own->back,
                    .output = own->output + at,
                    .gradient = own->gradient ? own->gradient + at : NULL,
                    .mask = own->mask ? own->mask + at : NULL,
                    .sums = {sums + stage->taps_at, sums + stage->bias_at},
                    .images = images,
                    .shard = work->shard,
                    .first = first,
                    .training = step->training};
    for (int k = 0; k < stage->of->input_count; k++) {
        int below = stage->inputs[k];
        run.inputs[k] = work->slot->buffers[below].after + first * step->stages[below].elements;
    }
    run.input = run.inputs[0];
    return run;
}

static float *after_of(const Work *work, const StageRun *run)
{
    ptrdiff_t index = run->stage - work->step->stages;
    return work->slot->buffers[index].after + run->first * run->stage->elements;
}

/* ---- activations and their hooks ---------------------------------------------------------------
 */

static HookOutput hook_output(const StageRun *run)
{
    return (HookOutput){.layer = run->stage->layer,
                        .shard = run->shard,
                        .training = run->training,
                        .activation = run->stage->activation,
                        .rows = run->images * run->stage->elements / run->stage->channels,
                        .channels = run->stage->channels,
                        .before = run->output};
}

static void activate(const Work *work, const StageRun *run)
{
    const StepStage *stage = run->stage;
    const TrainHooks *hooks = run->step->options.hooks;
    int64_t count = run->images * stage->elements;
    float *after = after_of(work, run);
    if (hooks && hooks->output_forward) {
        HookOutput output = hook_output(run);
        hooks->output_forward(hooks->context, &output, after);
    } else if (stage->activation.kind == ACTIVATION_RELU) {
        float limit = activation_relu_limit(stage->activation);
        run->step->kernels->relu(run->output, count, limit, after);
    } else if (stage->own_after) {
        memcpy(after, run->output, (size_t)count * sizeof *after);
        activation_apply(stage->activation, after, count / stage->channels, stage->channels);
    }
}

static void activate_backward(const Work *work, const StageRun *run)
{
    const StepStage *stage = run->stage;
    const TrainHooks *hooks = run->step->options.hooks;
    int64_t count = run->images * stage->elements;
    const float *after = after_of(work, run);
    if (hooks && hooks->output_backward) {
        HookOutput output = hook_output(run);
        hooks->output_backward(hooks->context, &output, after, run->gradient);
    } else if (stage->activation.kind == ACTIVATION_RELU) {
        float limit = activation_relu_limit(stage->activation);
        run->step->kernels->relu_gradient(after, count, limit, run->gradient);
    } else {
        activation_backward(stage->activation, after, run->gradient, count / stage->channels,
                            stage->channels);
    }
}

/* ---- one shard ---------------------------------------------------------------------------------
 */

static void forward_one(const Work *work, int index, int first, int images)
{
    StageRun run = run_of(work, index, first, images);
    if (run.stage->kind->forward)
        run.stage->kind->forward(&run);
    activate(work, &run);
}

/* Gradients of what the stage reads, by `backward`; NULL: the stage hands its own on. */
static void give_back(const Work *work, StageRun *run, StageFunction *backward)
{
    const StepStage *stage = run->stage;
    for (int k = 0; k < stage->of->input_count; k++) {
        const StepStage *below = &work->step->stages[stage->inputs[k]];
        float *gradient = work->slot->buffers[stage->inputs[k]].gradient;
        int64_t count = run->images * below->elements;
        float *place = gradient ? gradient + run->first * below->elements : NULL;
        bool adds = place && stage->adds[k];
        run->from = k;
        run->input_gradient = adds ? work->slot->addend : place;
        if (backward)
            backward(run);
        else if (place && !stage->shares)
            memcpy(run->input_gradient, run->gradient, (size_t)count * sizeof *place);
        if (adds)
            work->step->kernels->add(run->input_gradient, count, place);
    }
}

static void backward_one(const Work *work, int index, int first, int images)
{
    if (!work->step->stages[index].learns)
        return;
    StageRun run = run_of(work, index, first, images);
    activate_backward(work, &run);
    if (run.stage->of->kind == LAYER_BATCH_NORM)
        norm_collect_gradient(&run);
    else
        give_back(work, &run, run.stage->kind->backward);
}

/* Image by image, so that what one stage leaves is in the cache for the next; but stages that want
 * all images of the shard get them. */
static void forward_stages(const Work *work, int first, int last)
{
    const StepStage *stages = work->step->stages;
    while (first < last) {
        int end = first + 1;
        if (stages[first].kind->whole) {
            forward_one(work, first, 0, work->images);
        } else {
            while (end < last && !stages[end].kind->whole)
                end++;
            for (int image = 0; image < work->images; image++)
                for (int i = first; i < end; i++)
                    forward_one(work, i, image, 1);
        }
        first = end;
    }
}

static void backward_stages(const Work *work, int first, int last)
{
    const StepStage *stages = work->step->stages;
    while (last > first) {
        int begin = last - 1;
        if (stages[begin].kind->whole) {
            backward_one(work, begin, 0, work->images);
        } else {
            while (begin > first && !stages[begin - 1].kind->whole)
                begin--;
            for (int image = 0; image < work->images; image++)
                for (int i = last - 1; i >= begin; i--)
                    backward_one(work, i, image, 1);
        }
        last = begin;
    }
}

static void load_images(const Work *work)
{
    const StepBatch *batch = work->step->batch;
    float *images = work->slot->buffers[0].output;
    int64_t elements = work->step->stages[0].elements;
    for (int i = 0; i < work->images; i++) {
        int64_t image = batch->order[work->shard * STEP_SHARD + i];
        dataset_read(batch->dataset, image, 1, images + i * elements);
        work->slot->labels[i] = batch->dataset->labels[image];
    }
}

static void take_loss(const Work *work)
{
    const Step *step = work->step;
    const StageBuffers *last = &work->slot->buffers[step->stage_count - 1];
    LossBatch batch = {.scores = last->after,
                       .labels = work->slot->labels,
                       .images = work->images,
                       .classes = (int)step->stages[step->stage_count - 1].elements,
                       .scale = 1.0 / step->batch->count,
                       .gradient = step->training ? last->gradient : NULL};
    step->losses[work->shard] = loss_cross_entropy(&batch);
}

/* ---- phases: what all shards do before they meet ------------------------------------------------
 */

static void forward_task(void *context, int64_t shard, int worker)
{
    const Step *step = context;
    Work work = work_of(step, shard, worker);
    if (step->phase == 0) {
        memset(step->shard_sums + shard * step->sum_count, 0,
               (size_t)step->sum_count * sizeof(float));
        load_images(&work);
    }
    forward_stages(&work, step->cuts[step->phase], step->cuts[step->phase + 1]);
    if (step->phase + 1 < step->phase_count) {
        StageRun next = run_of(&work, step->cuts[step->phase + 1], 0, work.images);
        norm_collect_input(&next);
    } else {
        take_loss(&work);
    }
}

static void backward_task(void *context, int64_t shard, int worker)
{
    const Step *step = context;
    Work work = work_of(step, shard, worker);
    int last = step->cuts[step->phase + 1];
    if (last < step->stage_count) {
        StageRun above = run_of(&work, last, 0, work.images);
        give_back(&work, &above, norm_backward);
    }
    backward_stages(&work, step->cuts[step->phase], last);
}

static void turn_task(void *context, int64_t shard, int worker)
{
    forward_task(context, shard, worker);
    backward_task(context, shard, worker);
}

static void evaluate_task(void *context, int64_t shard, int worker)
{
    const Step *step = context;
    Work work = work_of(step, shard, worker);
    load_images(&work);
    forward_stages(&work, 0, step->stage_count);
    take_loss(&work);
}

/* ---- a batch -----------------------------------------------------------------------------------
 */

static int batch_shards(const Step *step)
{
    return (step->batch->count + STEP_SHARD - 1) / STEP_SHARD;
}

static void prepare_weights(Step *step)
{
    const TrainHooks *hooks = step->options.hooks;
    for (int i = 0; i < step->stage_count; i++) {
        StepStage *stage = &step->stages[i];
        if (!stage->kind->has_kernel)
            continue;
        if (hooks && hooks->weights_forward) {
            hooks->weights_forward(hooks->context, stage->kernel, stage->used_kernel);
            if (stage->bias)
                hooks->weights_forward(hooks->context, stage->bias, stage->used_bias);
        }
        kernel_fill(&stage->packed, stage->used_kernel, stage->used_bias);
        kernel_fill_backward(&stage->back, stage->used_kernel);
    }
}

static float *gradient_of(Step *step, int layer, ParameterRole role)
{
    const Parameter *parameter = parameters_find(step->parameters, layer, role);
    return parameter ? step->gradient + parameter->offset : NULL;
}

static void finish_norm(Step *step, int index, bool forward)
{
    const StepStage *stage = &step->stages[index];
    int shards = batch_shards(step);
    if (forward)
        norm_reduce_input(stage, shards, step->batch->count, step->options.moving_momentum);
    else
        norm_reduce_gradient(stage, shards, step->batch->count,
                             gradient_of(step, stage->layer, PARAMETER_GAMMA),
                             gradient_of(step, stage->layer, PARAMETER_BETA));
}

/* The sums of the shards in their order; without the padding lanes. */
static void reduce_weights(Step *step)
{
    for (int shard = 1; shard < batch_shards(step); shard++)
        step->kernels->add(step->shard_sums + shard * step->sum_count, step->sum_count,
                           step->shard_sums);
    for (int i = 0; i < step->stage_count; i++) {
        const StepStage *stage = &step->stages[i];
        if (!stage->kind->has_kernel)
            continue;
        const float *taps = step->shard_sums + stage->taps_at;
        float *gradient = step->gradient + stage->kernel->offset;
        size_t row = (size_t)stage->channels * sizeof *gradient;
        for (int64_t r = 0; r < stage->kernel->count / stage->channels; r++)
            memcpy(gradient + r * stage->channels, taps + r * stage->packed.lanes, row);
        if (stage->bias)
            memcpy(step->gradient + stage->bias->offset, step->shard_sums + stage->bias_at, row);
    }
}

static void finish_hooks(Step *step)
{
    const TrainHooks *hooks = step->options.hooks;
    for (int i = 0; hooks && hooks->weights_backward && i < step->parameters->count; i++) {
        const Parameter *p = &step->parameters->items[i];
        if (p->role == PARAMETER_KERNEL || p->role == PARAMETER_BIAS)
            hooks->weights_backward(hooks->context, p, step->gradient + p->offset);
    }
    if (hooks && hooks->extra_gradient)
        hooks->extra_gradient(hooks->context, gradient_of(step, -1, PARAMETER_EXTRA));
}

static void begin(Step *step, const StepBatch *batch, bool training)
{
    assert(batch->count > 0 && batch->count <= step->options.batch);
    step->batch = batch;
    step->training = training;
    prepare_weights(step);
}

static Loss sum_losses(const Step *step)
{
    Loss loss = {0};
    for (int shard = 0; shard < batch_shards(step); shard++) {
        loss.sum += step->losses[shard].sum;
        loss.correct += step->losses[shard].correct;
    }
    return loss;
}

Loss step_learn(Step *step, const StepBatch *batch)
{
    begin(step, batch, true);
    int shards = batch_shards(step), last = step->phase_count - 1;
    for (step->phase = 0; step->phase < last; step->phase++) {
        pool_run(step->pool, shards, forward_task, step);
        finish_norm(step, step->cuts[step->phase + 1], true);
    }
    pool_run(step->pool, shards, turn_task, step);
    while (step->phase > 0) {
        finish_norm(step, step->cuts[step->phase], false);
        step->phase--;
        pool_run(step->pool, shards, backward_task, step);
    }
    reduce_weights(step);
    finish_hooks(step);
    return sum_losses(step);
}

Loss step_evaluate(Step *step, const StepBatch *batch)
{
    begin(step, batch, false);
    for (int i = 0; i < step->stage_count; i++)
        if (step->stages[i].of->kind == LAYER_BATCH_NORM)
            norm_use_moving(&step->stages[i]);
    pool_run(step->pool, batch_shards(step), evaluate_task, step);
    return sum_losses(step);
}
