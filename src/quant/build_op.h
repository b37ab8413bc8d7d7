/* build_op.h: numbers for a lowered operation: formats, weights, biases, requantizers, tables. Not
 * for other rooms. */
#ifndef QUANT_BUILD_OP_H
#define QUANT_BUILD_OP_H

#include "quant/lowering.h"
#include "quant/scheme.h"

typedef struct Builder {
    const Graph *graph;
    const Scheme *scheme;
    const Lowering *lowering;
    const Observation *observations; /* one per operation: its real output values */
    const double *const
        *means;          /* one per operation: of each output value over the images; or NULL */
    const double *clips; /* one per operation: mean of the clips of its batches */
    IntegerModel *model; /* operations 0 .. index-1 are built */
    Blockers *blockers;
} Builder;

/* The clip that the calibrator of operation `index` chooses for `seen`; needs no model. */
double build_op_clip(const Builder *builder, int index, const Observation *seen);

/* The format that the output of operation `index` gets; needs no model either. */
QuantParam build_op_format(const Builder *builder, int index);

/* How the weights of a layer are calibrated: one group of channels at a time. */
FormatRule build_op_weight_rule(const LayerScheme *scheme);
double build_op_weight_clip(const LayerScheme *scheme, const Observation *seen);

/* Fills in operation `index` of the model. */
void build_op(const Builder *builder, int index);

#endif
