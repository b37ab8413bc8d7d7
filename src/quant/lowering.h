/* lowering.h: which operations a graph becomes, before any number is known. Not for other rooms.
 *
 * A layer becomes its operation; a ReLU, with or without a limit, is fused into it as a clamp;
 * other activations become a table behind it, and so does a ReLU where values are only moved.
 * Flatten, reshape and dropout vanish: what comes after them reads the stream of pixels as it is.
 * Zero padding vanishes where only convolutions read it: they have pads of their own. A softmax at
 * the end vanishes too: it does not change which score is the highest. Sequences (steps, channels)
 * are images of one row; a global pool is a pool whose window is the image.
 */
#ifndef QUANT_LOWERING_H
#define QUANT_LOWERING_H

#include "quant/integer_model.h"
#include "quant/scheme.h"

typedef struct LoweredOp {
    Op op;                  /* kind, name, inputs, shapes and window are set */
    int layer;              /* index in the graph of the layer it came from */
    bool before_activation; /* its real values are those before the layer's activation */
    bool fused_relu;
    double limit;                /* of the fused ReLU; 0: none */
    ActivationFunction function; /* of a table */
    bool feeds_table;            /* its only purpose is the table behind it */
} LoweredOp;

typedef struct Lowering {
    LoweredOp *ops; /* in the arena */
    int count;
} Lowering;

/* What stands in the way is added to `blockers`; the lowering is whole when nothing was. */
void lower_graph(const Graph *graph, Arena *arena, Blockers *blockers, Lowering *lowering);

/* Turns the convolutions and dense layers that the scheme leaves in floating point, and the pools
 * between two of them, to their floating-point kinds, and puts bridges where streams change:
 * "conv_1.to_float" before them, "conv_1.to_integer" behind. `lowering` is whole. */
void lower_floats(const Scheme *scheme, Arena *arena, Lowering *lowering);

#endif
