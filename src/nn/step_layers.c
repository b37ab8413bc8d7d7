/* step_layers.c: what a training step does at each kind of layer. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "nn/step_parts.h"

static int64_t value_count(const StageRun *run)
{
    return run->images * run->stage->elements;
}

/* ---- convolution and dense ---------------------------------------------------------------------
 */

static void conv2d(const StageRun *run)
{
    conv2d_forward(run->packed, run->input, run->images, run->output);
}

static void conv2d_back(const StageRun *run)
{
    conv2d_backward_weights(run->packed, run->input, run->gradient, run->images, run->sums);
    if (run->input_gradient)
        conv2d_backward_input(run->back, run->gradient, run->images, run->input_gradient);
}

static void depthwise(const StageRun *run)
{
    depthwise_conv2d_forward(run->packed, run->input, run->images, run->output);
}

static void depthwise_back(const StageRun *run)
{
    depthwise_conv2d_backward_weights(run->packed, run->input, run->gradient, run->images,
                                      run->sums);
    if (run->input_gradient)
        depthwise_conv2d_backward_input(run->back, run->gradient, run->images, run->input_gradient);
}

static void dense(const StageRun *run)
{
    dense_forward(run->packed, run->input, run->images, run->output);
}

static void dense_back(const StageRun *run)
{
    dense_backward_weights(run->packed, run->input, run->gradient, run->images, run->sums);
    if (run->input_gradient)
        dense_backward_input(run->back, run->gradient, run->images, run->input_gradient);
}

/* ---- pools -------------------------------------------------------------------------------------
 */

static void max_pool(const StageRun *run)
{
    max_pool2d_forward(run->packed, run->input, run->images, run->output);
}

static void max_pool_back(const StageRun *run)
{
    if (run->input_gradient)
        max_pool2d_backward(run->packed->layer, run->input, run->gradient, run->images,
                            run->input_gradient);
}

static void average_pool(const StageRun *run)
{
    average_pool2d_forward(run->packed, run->input, run->images, run->output);
}

static void average_pool_back(const StageRun *run)
{
    if (run->input_gradient)
        average_pool2d_backward(run->packed->layer, run->gradient, run->images,
                                run->input_gradient);
}

/* ---- padding and upsampling --------------------------------------------------------------------
 */

static void zero_pad(const StageRun *run)
{
    zero_pad2d_forward(run->packed, run->input, run->images, run->output);
}

static void zero_pad_back(const StageRun *run)
{
    if (run->input_gradient)
        zero_pad2d_backward(run->packed->layer, run->gradient, run->images, run->input_gradient);
}

static void upsample(const StageRun *run)
{
    upsample2d_forward(run->packed, run->input, run->images, run->output);
}

static void upsample_back(const StageRun *run)
{
    if (run->input_gradient)
        upsample2d_backward(run->packed->layer, run->gradient, run->images, run->input_gradient);
}

/* ---- joins -------------------------------------------------------------------------------------
 */

static Join join_of(const StageRun *run)
{
    Join join = {.layer = run->stage->of, .kernels = run->packed->kernels, .images = run->images};
    for (int k = 0; k < join.layer->input_count; k++) {
        join.inputs[k] = run->inputs[k];
        join.channels[k] = run->step->stages[run->stage->inputs[k]].channels;
    }
    return join;
}

static void sum(const StageRun *run)
{
    Join join = join_of(run);
    add_forward(&join, run->output);
}

static void sum_back(const StageRun *run)
{
    Join join = join_of(run);
    if (run->input_gradient)
        add_backward(&join, run->from, run->gradient, run->input_gradient);
}

static void concatenate(const StageRun *run)
{
    Join join = join_of(run);
    concatenate_forward(&join, run->output);
}

static void concatenate_back(const StageRun *run)
{
    Join join = join_of(run);
    if (run->input_gradient)
        concatenate_backward(&join, run->from, run->gradient, run->input_gradient);
}

/* ---- dropout -----------------------------------------------------------------------------------
 */

/* The seed of one image at one layer: the same whichever thread has it. */
static Rng dropout_rng(const StageRun *run, int image)
{
    uint64_t place = run->step->batch->number * (uint64_t)run->step->shards + (uint64_t)run->shard;
    place = place * STEP_SHARD + (uint64_t)(run->first + image);
    place = place * (uint64_t)run->step->graph->count + (uint64_t)run->stage->layer;
    Rng seeds = rng_seed(run->step->options.seed);
    return rng_seed(rng_next(&seeds) ^ place);
}

/* Inverted: what is kept grows by 1 / (1 - rate), so that use needs no factor. */
static void dropout(const StageRun *run)
{
    double rate = run->step->options.dropout;
    if (!run->training || rate <= 0) {
        memcpy(run->output, run->input, (size_t)value_count(run) * sizeof *run->output);
        return;
    }
    float kept = (float)(1 / (1 - rate));
    for (int image = 0; image < run->images; image++) {
        Rng rng = dropout_rng(run, image);
        int64_t at = image * run->stage->elements;
        for (int64_t i = at; i < at + run->stage->elements; i++) {
            run->mask[i] = rng_uniform(&rng) < rate ? 0 : kept;
            run->output[i] = run->input[i] * run->mask[i];
        }
    }
}

static void dropout_back(const StageRun *run)
{
    bool dropped = run->step->options.dropout > 0;
    if (run->input_gradient)
        for (int64_t i = 0; i < value_count(run); i++)
            run->input_gradient[i] = dropped ? run->gradient[i] * run->mask[i] : run->gradient[i];
}

/* ---- batch norm --------------------------------------------------------------------------------
 * In float64: its sums go over a whole batch. */

static double hat(const StageRun *run, int64_t pixel, int64_t channel)
{
    const Norm *norm = &run->stage->norm;
    double x = (double)run->input[pixel * run->stage->channels + channel];
    return (x - norm->mean[channel]) * norm->inverse[channel];
}

static double gamma_of(const Layer *layer, int64_t channel)
{
    return layer->gamma.data ? (double)layer->gamma.data[channel] : 1;
}

static void norm_forward(const StageRun *run)
{
    const Layer *layer = run->stage->of;
    int64_t channels = run->stage->channels, pixels = value_count(run) / channels;
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < channels; c++) {
            double beta = layer->beta.data ? (double)layer->beta.data[c] : 0;
            run->output[p * channels + c] = (float)(hat(run, p, c) * gamma_of(layer, c) + beta);
        }
}

static double *shard_sums(const StageRun *run)
{
    return run->stage->norm.shard_sums + run->shard * 2 * run->stage->channels;
}

void norm_collect_input(const StageRun *run)
{
    int64_t channels = run->stage->channels, pixels = value_count(run) / channels;
    double *sums = shard_sums(run);
    memset(sums, 0, (size_t)(2 * channels) * sizeof *sums);
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < channels; c++) {
            double x = (double)run->input[p * channels + c];
            sums[c] += x;
            sums[channels + c] += x * x;
        }
}

void norm_collect_gradient(const StageRun *run)
{
    int64_t channels = run->stage->channels, pixels = value_count(run) / channels;
    double *sums = shard_sums(run);
    memset(sums, 0, (size_t)(2 * channels) * sizeof *sums);
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < channels; c++) {
            double dy = (double)run->gradient[p * channels + c];
            sums[c] += dy;
            sums[channels + c] += dy * hat(run, p, c);
        }
}

static double sum_of_shards(const StepStage *stage, int shards, int64_t at)
{
    double sum = 0;
    for (int s = 0; s < shards; s++)
        sum += stage->norm.shard_sums[s * 2 * stage->channels + at];
    return sum;
}

static void move(Tensor moving, int64_t channel, double value, double momentum)
{
    float *place = &moving.data[channel];
    *place = (float)((double)*place * momentum + value * (1 - momentum));
}

/* The variance is the mean square deviation, also for the moving one (Keras 3). */
void norm_reduce_input(const StepStage *stage, int shards, int64_t images, double momentum)
{
    int64_t per_image = stage->elements / stage->channels;
    double pixels = (double)(images * per_image);
    for (int64_t c = 0; c < stage->channels; c++) {
        double mean = sum_of_shards(stage, shards, c) / pixels;
        double variance = sum_of_shards(stage, shards, stage->channels + c) / pixels - mean * mean;
        variance = variance > 0 ? variance : 0;
        stage->norm.mean[c] = mean;
        stage->norm.inverse[c] = 1 / sqrt(variance + stage->of->epsilon);
        move(stage->of->mean, c, mean, momentum);
        move(stage->of->variance, c, variance, momentum);
    }
}

void norm_use_moving(const StepStage *stage)
{
    for (int64_t c = 0; c < stage->channels; c++) {
        stage->norm.mean[c] = (double)stage->of->mean.data[c];
        stage->norm.inverse[c] = 1 / sqrt((double)stage->of->variance.data[c] + stage->of->epsilon);
    }
}

void norm_reduce_gradient(const StepStage *stage, int shards, int64_t images, float *gamma,
                          float *beta)
{
    int64_t per_image = stage->elements / stage->channels;
    double pixels = (double)(images * per_image);
    for (int64_t c = 0; c < stage->channels; c++) {
        double sum = sum_of_shards(stage, shards, c);
        double sum_hat = sum_of_shards(stage, shards, stage->channels + c);
        stage->norm.gradient[c] = sum / pixels;
        stage->norm.gradient_hat[c] = sum_hat / pixels;
        if (beta)
            beta[c] = (float)sum;
        if (gamma)
            gamma[c] = (float)sum_hat;
    }
}

/* Ioffe and Szegedy (2015), section 3: mean and variance depend on every input of the batch. */
void norm_backward(const StageRun *run)
{
    const Norm *norm = &run->stage->norm;
    int64_t channels = run->stage->channels, pixels = value_count(run) / channels;
    for (int64_t p = 0; run->input_gradient && p < pixels; p++)
        for (int64_t c = 0; c < channels; c++) {
            int64_t i = p * channels + c;
            double rest = (double)run->gradient[i] - norm->gradient[c] -
                          hat(run, p, c) * norm->gradient_hat[c];
            run->input_gradient[i] = (float)(gamma_of(run->stage->of, c) * norm->inverse[c] * rest);
        }
}

/* Batch norm's backward pass is in two parts round a meeting of all shards: step.c calls them. */
const StageKind STAGE_KINDS[LAYER_KINDS] = {
    [LAYER_CONV2D] = {.forward = conv2d, .backward = conv2d_back, .has_kernel = true},
    [LAYER_DENSE] = {.forward = dense, .backward = dense_back, .whole = true, .has_kernel = true},
    [LAYER_MAX_POOL2D] = {.forward = max_pool, .backward = max_pool_back},
    [LAYER_AVERAGE_POOL2D] = {.forward = average_pool, .backward = average_pool_back},
    [LAYER_DROPOUT] = {.forward = dropout, .backward = dropout_back},
    [LAYER_BATCH_NORM] = {.forward = norm_forward, .whole = true},
    [LAYER_DEPTHWISE_CONV2D] = {.forward = depthwise,
                                .backward = depthwise_back,
                                .has_kernel = true},
    [LAYER_ZERO_PAD2D] = {.forward = zero_pad, .backward = zero_pad_back},
    [LAYER_GLOBAL_AVERAGE_POOL2D] = {.forward = average_pool, .backward = average_pool_back},
    [LAYER_GLOBAL_MAX_POOL2D] = {.forward = max_pool, .backward = max_pool_back},
    [LAYER_ADD] = {.forward = sum, .backward = sum_back},
    [LAYER_CONCATENATE] = {.forward = concatenate, .backward = concatenate_back},
    [LAYER_UPSAMPLE2D] = {.forward = upsample, .backward = upsample_back},
};
