/* step.c: the stages of a training step and their memory. step_run.c runs them. */
#include "nn/step.h"

#include <string.h>

#include "nn/step_parts.h"

/* ---- checks ------------------------------------------------------------------------------------
 */

static int64_t shard_count(const StepOptions *options)
{
    return (options->batch + STEP_SHARD - 1) / STEP_SHARD;
}

Status step_check(const Graph *graph, const StepOptions *options)
{
    const Layer *last = graph_output(graph);
    if (last->activation != ACTIVATION_SOFTMAX && last->activation != ACTIVATION_LINEAR)
        return error_set(ERR_REFUSED,
                         "%s: layer %s: the last layer has activation %s; cross-entropy needs "
                         "softmax or linear",
                         graph->name, last->name, activation_word(last->activation));
    char shape[SHAPE_TEXT_BYTES];
    if (last->output_shape.rank != 1)
        return error_set(ERR_REFUSED, "%s: layer %s: its output is %s, expected a list of classes",
                         graph->name, last->name, shape_format(last->output_shape, shape));
    if (options->batch < 1)
        return error_set(ERR_REFUSED, "batches of %d images are not possible", options->batch);
    double values = 0;
    for (int i = 0; i < graph->count; i++)
        values += 3.0 * (double)shape_elements(graph->layers[i].output_shape);
    double most =
        (double)shard_count(options) * ((double)graph_parameters(graph) * 2 + STEP_SHARD * values);
    if (most * sizeof(float) > 0x1p34)
        return error_set(ERR_REFUSED,
                         "%s: a batch of %d images needs %.0f GiB of memory; choose a smaller one",
                         graph->name, options->batch, most * sizeof(float) * 0x1p-30);
    return OK;
}

/* ---- stages ------------------------------------------------------------------------------------
 */

static bool is_norm(const StepStage *stage)
{
    return stage->of->kind == LAYER_BATCH_NORM;
}

static bool has_hook(const Step *step)
{
    return step->options.hooks && step->options.hooks->output_forward;
}

static double *norm_values(Step *step, int64_t count)
{
    return ARENA_ARRAY(step->arena, double, count);
}

static void open_norm(Step *step, StepStage *stage)
{
    stage->norm = (Norm){.mean = norm_values(step, stage->channels),
                         .inverse = norm_values(step, stage->channels),
                         .gradient = norm_values(step, stage->channels),
                         .gradient_hat = norm_values(step, stage->channels),
                         .shard_sums = norm_values(step, step->shards * 2 * stage->channels)};
}

static void open_kernel(Step *step, StepStage *stage)
{
    stage->kernel = parameters_find(step->parameters, stage->layer, PARAMETER_KERNEL);
    stage->bias = parameters_find(step->parameters, stage->layer, PARAMETER_BIAS);
    stage->back = kernel_pack_backward(step->arena, stage->of);
    stage->taps_at = step->sum_count;
    step->sum_count += stage->kernel->count / stage->channels * stage->packed.lanes;
    stage->bias_at = step->sum_count;
    step->sum_count += stage->packed.lanes;
    bool hooked = step->options.hooks && step->options.hooks->weights_forward;
    stage->used_kernel =
        hooked ? ARENA_ARRAY(step->arena, float, stage->kernel->count) : stage->kernel->values;
    if (stage->bias)
        stage->used_bias =
            hooked ? ARENA_ARRAY(step->arena, float, stage->bias->count) : stage->bias->values;
}

/* `place`: the stages of layers up to this one. */
static void open_stage(Step *step, int layer, const int *place)
{
    const Layer *of = &step->graph->layers[layer];
    bool last = layer == step->graph->count - 1;
    int index = place[layer];
    StepStage *stage = &step->stages[index];
    *stage = (StepStage){.layer = layer,
                         .of = of,
                         .kind = &STAGE_KINDS[of->kind],
                         .activation = layer_function(of),
                         .elements = shape_elements(of->output_shape),
                         .channels = shape_channels(of->output_shape),
                         .packed = kernel_pack(step->arena, of)};
    if (last && of->activation == ACTIVATION_SOFTMAX)
        stage->activation.kind = ACTIVATION_LINEAR;
    stage->own_output = index == 0 || stage->kind->forward;
    stage->own_after = stage->activation.kind != ACTIVATION_LINEAR || has_hook(step);
    if (stage->kind->has_kernel)
        open_kernel(step, stage);
    if (is_norm(stage))
        open_norm(step, stage);
    stage->learns = has_hook(step) || stage->kind->has_kernel || of->gamma.data || of->beta.data;
    for (int k = 0; k < of->input_count; k++) {
        stage->inputs[k] = place[of->inputs[k]];
        stage->learns = stage->learns || step->stages[stage->inputs[k]].learns;
    }
}

/* Gradients go backward, from the last stage on; a stage's inputs in their order. */
static void open_sums(Step *step)
{
    int *readers = ARENA_ARRAY(step->arena, int, step->stage_count);
    for (int i = step->stage_count - 1; i > 0; i--)
        for (int k = 0; k < step->stages[i].of->input_count; k++)
            step->stages[i].adds[k] = readers[step->stages[i].inputs[k]]++ > 0;
    for (int i = 1; i < step->stage_count; i++) {
        StepStage *stage = &step->stages[i];
        stage->shares = !stage->own_output && readers[stage->inputs[0]] == 1;
    }
}

/* The layers that the last one depends on, in the order of computation. */
static void open_paths(Step *step)
{
    const Graph *graph = step->graph;
    int *place = ARENA_ARRAY(step->arena, int, graph->count);
    bool *needed = ARENA_ARRAY(step->arena, bool, graph->count);
    needed[graph->count - 1] = true;
    for (int i = graph->count - 1; i > 0; i--)
        for (int k = 0; needed[i] && k < graph->layers[i].input_count; k++)
            needed[graph->layers[i].inputs[k]] = true;
    step->stages = ARENA_ARRAY(step->arena, StepStage, graph->count);
    for (int i = 0; i < graph->count; i++)
        if (needed[i]) {
            place[i] = step->stage_count++;
            open_stage(step, i, place);
        }
    open_sums(step);
}

static void open_phases(Step *step)
{
    step->cuts = ARENA_ARRAY(step->arena, int, step->stage_count + 2);
    step->phase_count = 1;
    for (int i = 1; i < step->stage_count; i++)
        if (is_norm(&step->stages[i]))
            step->cuts[step->phase_count++] = i;
    step->cuts[step->phase_count] = step->stage_count;
}

/* ---- slots -------------------------------------------------------------------------------------
 */

static float *shard_values(Step *step, const StepStage *stage)
{
    return ARENA_ARRAY(step->arena, float, STEP_SHARD * stage->elements + KERNEL_SLACK);
}

static void open_buffers(Step *step, StepSlot *slot, int index)
{
    const StepStage *stage = &step->stages[index];
    StageBuffers *own = &slot->buffers[index], *below = &slot->buffers[stage->inputs[0]];
    own->output = stage->own_output ? shard_values(step, stage) : below->after;
    own->after = stage->own_after ? shard_values(step, stage) : own->output;
    if (stage->learns)
        own->gradient =
            stage->shares && below->gradient ? below->gradient : shard_values(step, stage);
    if (stage->of->kind == LAYER_DROPOUT)
        own->mask = shard_values(step, stage);
    own->packed = kernel_share(step->arena, &stage->packed);
    own->back = kernel_share(step->arena, &stage->back);
}

/* The largest of the stages to whose gradient another is added; NULL: there is none. */
static const StepStage *largest_addend(const Step *step)
{
    const StepStage *largest = NULL;
    for (int i = 1; i < step->stage_count; i++)
        for (int k = 0; k < step->stages[i].of->input_count; k++) {
            const StepStage *below = &step->stages[step->stages[i].inputs[k]];
            if (step->stages[i].adds[k] && (!largest || below->elements > largest->elements))
                largest = below;
        }
    return largest;
}

/* A slot for each thread; but for each shard when all shards of a batch are under way at once. */
static void open_slots(Step *step)
{
    step->slot_count = pool_threads(step->pool);
    if (step->phase_count > 1 && step->shards > step->slot_count)
        step->slot_count = step->shards;
    step->slots = ARENA_ARRAY(step->arena, StepSlot, step->slot_count);
    const StepStage *largest = largest_addend(step);
    for (int s = 0; s < step->slot_count; s++) {
        step->slots[s].buffers = ARENA_ARRAY(step->arena, StageBuffers, step->stage_count);
        if (largest)
            step->slots[s].addend = shard_values(step, largest);
        for (int i = 0; i < step->stage_count; i++)
            open_buffers(step, &step->slots[s], i);
    }
}

Step *step_new(Graph *graph, const Parameters *parameters, const StepOptions *options, Pool *pool)
{
    Arena *arena = arena_new();
    Step *step = ARENA_NEW(arena, Step);
    *step = (Step){.arena = arena,
                   .graph = graph,
                   .parameters = parameters,
                   .options = *options,
                   .pool = pool,
                   .kernels = kernels_select(),
                   .shards = (int)shard_count(options)};
    open_paths(step);
    open_phases(step);
    open_slots(step);
    step->shard_sums = ARENA_ARRAY(arena, float, step->shards * step->sum_count);
    step->gradient = ARENA_ARRAY(arena, float, parameters->total);
    step->losses = ARENA_ARRAY(arena, Loss, step->shards);
    return step;
}

void step_free(Step *step)
{
    if (step)
        arena_free(step->arena);
}

const float *step_gradient(const Step *step)
{
    return step->gradient;
}
