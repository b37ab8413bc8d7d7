/* rebuild.h: the integers of a model, made again from weights that training moves. Not for other
 * rooms.
 *
 * A Rebuild takes over an integer model that the quantizer made of a graph: operations, formats and
 * clip ranges stay, but each scale may be multiplied by exp(step) of its own: learned step sizes
 * (LSQ, Esser et al. 2020, on a logarithmic scale, so that one learning rate fits all scales). With
 * the quantizer's weights and steps of 0 the model keeps every integer.
 */
#ifndef OPTIMIZE_REBUILD_H
#define OPTIMIZE_REBUILD_H

#include "graph/graph.h"
#include "quant/integer_model.h"

/* An operation and what can be learned of it. */
typedef struct RebuildOp {
    Op *op;
    int layer;       /* in the graph: where its weights come from, whose output it is part of */
    int output_step; /* index of the step of its output's scale; -1: the scale is not learned */
    int weight_step; /* of the first of its weight scales; -1: none */
    double output_scale, clip;   /* as calibrated, for a step of 0 */
    double limit;                /* of a ReLU that is its clamp; 0: none */
    const double *weight_scales; /* the same */
    int32_t weight_low, weight_high;
    int32_t *weights, *bias; /* what op->weights and op->bias point to */
    Requantizer *requantizers;
    double *scales;
} RebuildOp;

typedef struct Rebuild {
    const Graph *graph;
    IntegerModel *model;
    RebuildOp *ops; /* one for each operation, in the model's arena */
    int *last;      /* for each layer its last operation; -1: none, it hands its input on */
    float *steps;   /* natural logarithms of the learned factors; 0 at first */
    int step_count; /* 0: nothing is learned but weights */
} Rebuild;

/* The layer of that name, or the one whose name stands before a dot: "conv_1.tanh". -1: none. */
int layer_of_op(const Graph *graph, const char *name);

/* `model` is changed from now on; `graph` is the one it was made of, with batch norms that are
 * still there replaced by diagonal layers (diagonal.h). */
Status rebuild_open(Rebuild *rebuild, const Graph *graph, IntegerModel *model,
                    bool learn_steps) MUST_CHECK;

/* All integers from the graph's weights and the steps. Refused, and the model is of no use, when
 * sums may overflow or a scale is out of reach. */
Status rebuild_integers(Rebuild *rebuild) MUST_CHECK;

/* The real values that the integers of a layer's kernel or bias stand for. */
void rebuild_used_kernel(const Rebuild *rebuild, int layer, float *used);
void rebuild_used_bias(const Rebuild *rebuild, int layer, float *used);

/* The operation that holds the layer's weights; NULL: none. */
const RebuildOp *rebuild_weights_of(const Rebuild *rebuild, int layer);

#endif
