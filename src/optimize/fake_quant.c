#include "optimize/fake_quant.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "nn/activation.h"
#include "nn/step.h"
#include "optimize/rebuild.h"
#include "quant/integer_forward.h"

/* A golden model ready to run, of the integers of one batch. */
typedef struct Runner {
    struct Runner *next;
    IntegerForward *forward;
    uint64_t batch;
} Runner;

/* What the golden model said about the images of one shard. */
typedef struct Shard {
    int32_t *values; /* (ops) blocks of (STEP_SHARD, elements of the op) */
    int *given;      /* for each layer: images handed out in this pass */
    double *sums;    /* for each step: its gradient */
} Shard;

struct FakeQuant {
    Arena *arena;
    Graph *graph;
    Rebuild rebuild;
    TrainHooks hooks;
    Shard *shards;
    int shard_count;
    int64_t *at; /* where an op's block begins in Shard.values */
    int64_t *elements;
    int first_layer; /* whose weights come first in a batch */
    uint64_t batch;
    char *fault; /* in the arena; NULL: none */
    pthread_mutex_t lock;
    Runner *idle;
};

/* ---- golden models, one for each thread that wants one -----------------------------------------
 */

static Runner *take_runner(FakeQuant *fake)
{
    pthread_mutex_lock(&fake->lock);
    Runner *runner = fake->idle;
    if (runner)
        fake->idle = runner->next;
    pthread_mutex_unlock(&fake->lock);
    if (!runner && !(runner = calloc(1, sizeof *runner)))
        abort();
    if (!runner->forward || runner->batch != fake->batch) {
        integer_forward_free(runner->forward);
        runner->forward = integer_forward_new(fake->rebuild.model, STEP_SHARD);
        runner->batch = fake->batch;
    }
    return runner;
}

static void give_back(FakeQuant *fake, Runner *runner)
{
    pthread_mutex_lock(&fake->lock);
    runner->next = fake->idle;
    fake->idle = runner;
    pthread_mutex_unlock(&fake->lock);
}

/* ---- weights -----------------------------------------------------------------------------------
 */

static void begin_batch(FakeQuant *fake)
{
    fake->batch++;
    if (rebuild_integers(&fake->rebuild) != OK && !fake->fault)
        fake->fault = arena_strdup(fake->arena, error_message());
    for (int s = 0; s < fake->shard_count; s++) {
        memset(fake->shards[s].given, 0, (size_t)fake->graph->count * sizeof(int));
        memset(fake->shards[s].sums, 0, (size_t)fake->rebuild.step_count * sizeof(double));
    }
}

static void weights_forward(void *context, const Parameter *parameter, float *used)
{
    FakeQuant *fake = context;
    bool kernel = parameter->role == PARAMETER_KERNEL;
    if (kernel && parameter->layer == fake->first_layer)
        begin_batch(fake);
    if (fake->fault) /* not a number: the trainer stops at once */
        for (int64_t i = 0; i < parameter->count; i++)
            used[i] = NAN;
    else if (kernel)
        rebuild_used_kernel(&fake->rebuild, parameter->layer, used);
    else
        rebuild_used_bias(&fake->rebuild, parameter->layer, used);
}

/* Also leaves the gradients of the weights' steps with the first shard. */
static void weights_backward(void *context, const Parameter *parameter, float *gradient)
{
    FakeQuant *fake = context;
    const RebuildOp *own = rebuild_weights_of(&fake->rebuild, parameter->layer);
    if (parameter->role != PARAMETER_KERNEL || !own || !own->scales)
        return;
    int64_t channels = op_channels(own->op), width = channels / own->op->requantizer_count;
    bool diagonal = own->op->kind == OP_AFFINE;
    for (int64_t i = 0; i < parameter->count; i++) {
        int64_t group = i % channels / width;
        bool learns = !diagonal || i / channels == i % channels;
        double scale = own->scales[group], real = (double)parameter->values[i];
        double steps = real / scale;
        bool rounded = steps > own->weight_low - 0.5 && steps < own->weight_high + 0.5;
        int32_t integer = own->weights[diagonal ? i % channels : i];
        if (!learns)
            gradient[i] = 0;
        if (own->weight_step >= 0)
            fake->shards[0].sums[own->weight_step + group] +=
                (double)gradient[i] * (scale * integer - (rounded ? real : 0));
        if (!rounded)
            gradient[i] = 0;
    }
}

static void extra_gradient(void *context, float *gradient)
{
    FakeQuant *fake = context;
    for (int i = 0; i < fake->rebuild.step_count; i++) {
        double sum = 0;
        for (int s = 0; s < fake->shard_count; s++)
            sum += fake->shards[s].sums[i];
        gradient[i] = (float)sum;
    }
}

/* ---- outputs -----------------------------------------------------------------------------------
 */

/* The images of layer 0 go through the golden model; all its integers are kept. */
static void run_golden(FakeQuant *fake, Shard *shard, const float *images, int first, int count)
{
    Runner *runner = take_runner(fake);
    integer_forward_run(runner->forward, images, count);
    for (int i = 0; i < fake->rebuild.model->count; i++)
        memcpy(shard->values + fake->at[i] + first * fake->elements[i],
               integer_forward_op(runner->forward, i),
               (size_t)(count * fake->elements[i]) * sizeof *shard->values);
    give_back(fake, runner);
}

static void output_forward(void *context, const HookOutput *output, float *after)
{
    FakeQuant *fake = context;
    Shard *shard = &fake->shards[output->shard];
    int64_t count = output->rows * output->channels;
    int index = fake->rebuild.last[output->layer];
    if (index < 0 || fake->fault) { /* hands its input on */
        memcpy(after, output->before, (size_t)count * sizeof *after);
        return;
    }
    int64_t elements = fake->elements[index];
    int images = (int)(count / elements), first = shard->given[output->layer];
    if (output->layer == 0)
        run_golden(fake, shard, output->before, first, images);
    shard->given[output->layer] += images;
    const Op *op = &fake->rebuild.model->ops[index];
    const int32_t *values = shard->values + fake->at[index] + first * elements;
    for (int64_t i = 0; i < count; i++)
        after[i] = (float)op_real(op, values[i]);
}

/* Clipped outputs get no gradient; the rest that of the format's rounding, which is 1. */
static void straight_through(const FakeQuant *fake, const RebuildOp *own, const HookOutput *output,
                             const float *after, float *gradient)
{
    const Op *op = own->op;
    double low = fixed_dequantize(op->low, op->output),
           high = fixed_dequantize(op->high, op->output);
    double sum = 0;
    bool limited = op->high < op->output.high; /* by the ReLU, whatever the scale */
    bool relu = op->kind == OP_TO_INTEGER && output->activation.kind == ACTIVATION_RELU;
    for (int64_t i = 0; i < output->rows * output->channels; i++) {
        double real = (double)output->before[i];
        if (relu && !(real > 0))
            real = gradient[i] = 0;
        bool rounded = real >= low && real <= high;
        if (!limited || real <= high)
            sum += (double)gradient[i] * ((double)after[i] - (rounded ? real : 0));
        if (!rounded)
            gradient[i] = 0;
    }
    if (own->output_step >= 0)
        fake->shards[output->shard].sums[own->output_step] += sum;
}

/* A table, or a floating-point layer without a bridge behind it. */
static void through_function(const FakeQuant *fake, const RebuildOp *own, const HookOutput *output,
                             const float *after, float *gradient)
{
    activation_backward(output->activation, after, gradient, output->rows, output->channels);
    const Op *before = &fake->rebuild.model->ops[own->op->inputs[0]];
    bool clipped = own->op->kind == OP_TABLE && op_traits(before->kind)->requantizes;
    double limit = clipped ? before->clip : INFINITY;
    for (int64_t i = 0; i < output->rows * output->channels; i++)
        if (!(fabs((double)output->before[i]) <= limit))
            gradient[i] = 0;
}

static void output_backward(void *context, const HookOutput *output, const float *after,
                            float *gradient)
{
    FakeQuant *fake = context;
    int index = fake->rebuild.last[output->layer];
    if (index < 0)
        return;
    const RebuildOp *own = &fake->rebuild.ops[index];
    const OpTraits *traits = op_traits(own->op->kind);
    bool clamps = own->op->low > own->op->output.low || own->op->high < own->op->output.high;
    if (traits->keeps_format && !traits->writes_float && !clamps)
        return; /* hands on what it was given */
    if (own->op->kind == OP_TABLE || traits->writes_float)
        through_function(fake, own, output, after, gradient);
    else
        straight_through(fake, own, output, after, gradient);
}

/* ---- life --------------------------------------------------------------------------------------
 */

static void open_shards(FakeQuant *fake, int batch)
{
    const IntegerModel *model = fake->rebuild.model;
    int64_t values = 0;
    fake->at = ARENA_ARRAY(fake->arena, int64_t, model->count);
    fake->elements = ARENA_ARRAY(fake->arena, int64_t, model->count);
    for (int i = 0; i < model->count; i++) {
        fake->at[i] = values;
        fake->elements[i] = shape_elements(model->ops[i].output_shape);
        values += STEP_SHARD * fake->elements[i];
    }
    fake->shard_count = (batch + STEP_SHARD - 1) / STEP_SHARD;
    fake->shards = ARENA_ARRAY(fake->arena, Shard, fake->shard_count);
    for (int s = 0; s < fake->shard_count; s++)
        fake->shards[s] =
            (Shard){.values = ARENA_ARRAY(fake->arena, int32_t, values),
                    .given = ARENA_ARRAY(fake->arena, int, fake->graph->count),
                    .sums = ARENA_ARRAY(fake->arena, double, fake->rebuild.step_count + 1)};
}

static int first_with_weights(const Graph *graph)
{
    int layer = 0;
    while (layer < graph->count && !graph->layers[layer].kernel.data)
        layer++;
    return layer;
}

Status fake_quant_new(Graph *graph, IntegerModel *model, const FakeQuantOptions *options,
                      FakeQuant **fake)
{
    Rebuild rebuild;
    TRY(rebuild_open(&rebuild, graph, model, options->learn_steps));
    Arena *arena = arena_new();
    FakeQuant *fresh = ARENA_NEW(arena, FakeQuant);
    *fresh = (FakeQuant){.arena = arena,
                         .graph = graph,
                         .rebuild = rebuild,
                         .first_layer = first_with_weights(graph),
                         .hooks = {.context = fresh,
                                   .weights_forward = weights_forward,
                                   .weights_backward = weights_backward,
                                   .output_forward = output_forward,
                                   .output_backward = output_backward}};
    pthread_mutex_init(&fresh->lock, NULL);
    if (rebuild.step_count > 0) {
        fresh->hooks.extra = rebuild.steps;
        fresh->hooks.extra_count = rebuild.step_count;
        fresh->hooks.extra_gradient = extra_gradient;
    }
    open_shards(fresh, options->batch);
    *fake = fresh;
    return OK;
}

void fake_quant_free(FakeQuant *fake)
{
    if (!fake)
        return;
    while (fake->idle) {
        Runner *runner = fake->idle;
        fake->idle = runner->next;
        integer_forward_free(runner->forward);
        free(runner);
    }
    pthread_mutex_destroy(&fake->lock);
    arena_free(fake->arena);
}

const TrainHooks *fake_quant_hooks(FakeQuant *fake)
{
    return &fake->hooks;
}

Status fake_quant_settle(FakeQuant *fake)
{
    TRY(rebuild_integers(&fake->rebuild));
    TRY(integer_model_check_structure(fake->rebuild.model));
    return integer_model_check_values(fake->rebuild.model);
}

const char *fake_quant_fault(const FakeQuant *fake)
{
    return fake->fault;
}
