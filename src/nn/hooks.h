/* hooks.h: where quantization-aware training reaches into a training step.
 *
 * A step computes with "used" weights, and a layer hands on "after" values. Without hooks, used
 * weights are the weights, and after = activation(before). Each pair of hooks replaces one of these
 * two functions and its gradient; master weights stay float and belong to the optimizer.
 *
 *   weights_forward   once per batch and tensor (kernel, bias), before the forward pass: writes the
 *                     values to compute with. To compute on integers, write them as floats: sums
 *                     are exact while they stay below 2^24.
 *   weights_backward  once per batch and tensor, after all gradients are added up: turns the
 *                     gradient of the used values into that of the master values, in place. The
 *                     straight-through estimator multiplies by 0 where the value was clipped and by
 *                     1 (or by 1 / scale, on integers) elsewhere.
 *   output_forward    for every layer, also for the images (layer 0): after = f(before), where f
 *                     includes the layer's activation (`HookOutput.activation`; soft-max of the
 *                     last layer is part of the loss and shows as linear here).
 *                     activation_apply() is the plain one.
 *   output_backward   turns d loss / d after into d loss / d before, in place.
 *                     activation_backward() is the plain one.
 *   extra             trained values that are in no layer, such as learned step sizes (LSQ): they
 *                     get moments, are part of checkpoints and snapshots, and are in the hash.
 *   extra_gradient    once per batch: their gradient. What it sums over the images must be
 *                     collected by shard (`HookOutput.shard`) and added in the order of shards.
 *
 * output_ hooks of different shards run at the same time, those of one shard in the order of its
 * images; a call has some of its images. weights_ and extra_ hooks run on the calling thread. All
 * must give the same result whenever called with the same values. During validation
 * `HookOutput.training` is false and no backward hook is called.
 */
#ifndef NN_HOOKS_H
#define NN_HOOKS_H

#include "graph/graph.h"
#include "nn/parameters.h"

typedef struct HookOutput {
    int layer; /* index in the graph */
    int shard; /* of the batch: 25 images */
    bool training;
    ActivationFunction activation;
    int64_t rows, channels; /* pixels of all images of the call, and their channels */
    const float *before;    /* (rows, channels) */
} HookOutput;

/* Both functions of a pair are set, or none. */
typedef struct TrainHooks {
    void *context;
    void (*weights_forward)(void *context, const Parameter *parameter, float *used);
    void (*weights_backward)(void *context, const Parameter *parameter, float *gradient);
    void (*output_forward)(void *context, const HookOutput *output, float *after);
    void (*output_backward)(void *context, const HookOutput *output, const float *after,
                            float *gradient);
    float *extra;
    int64_t extra_count;
    void (*extra_gradient)(void *context, float *gradient);
} TrainHooks;

#endif
