/* step.h: one batch: its loss, and the gradient of every weight.
 *
 * The images are cut into shards of 25. A thread takes a shard forward and backward; the shards'
 * gradients are then added in their order: the same bits for any number of threads and any set of
 * kernels. Batch norm needs the statistics of the whole batch, so there all shards wait for each
 * other. Only the layers from the last one back to the input are computed.
 *
 *     Step *step = step_new(graph, &parameters, &options, pool);
 *     Loss loss = step_learn(step, &batch);
 *     optimizer_step(&optimizer, &parameters, step_gradient(step), 0.001);
 *     step_free(step);
 */
#ifndef NN_STEP_H
#define NN_STEP_H

#include "base/pool.h"
#include "data/dataset.h"
#include "nn/hooks.h"
#include "nn/loss.h"
#include "nn/parameters.h"

enum { STEP_SHARD = 25 };

typedef struct Step Step;

typedef struct StepOptions {
    int batch;               /* most images in a batch */
    double dropout;          /* rate of all dropout layers, 0 to below 1 */
    double moving_momentum;  /* batch norm: moving = moving * momentum + batch * (1 - momentum) */
    uint64_t seed;           /* of dropout */
    const TrainHooks *hooks; /* NULL: none */
} StepOptions;

typedef struct StepBatch {
    const Dataset *dataset;
    const int64_t *order; /* `count` indexes of images */
    int count;
    uint64_t number; /* of the batch since the beginning: dropout differs from batch to batch */
} StepBatch;

/* Refuses a graph whose loss is not defined: its last layer must be soft-max or linear, and a
 * vector; and a batch that would need more than 16 GiB. */
Status step_check(const Graph *graph, const StepOptions *options) MUST_CHECK;

/* After step_check(). Graph, parameters, hooks and pool must outlive the step. */
Step *step_new(Graph *graph, const Parameters *parameters, const StepOptions *options, Pool *pool);
void step_free(Step *step);

/* Forward and backward as in training; also moves the statistics of batch norm. The loss is summed
 * over the images, the gradient is that of their mean loss. */
Loss step_learn(Step *step, const StepBatch *batch);

/* (parameters->total) of the latest step_learn(); zeros for what is not trained. */
const float *step_gradient(const Step *step);

/* Forward as in use: no dropout, moving statistics. */
Loss step_evaluate(Step *step, const StepBatch *batch);

#endif
