/* scheme.h: what was chosen for each layer: widths, calibration, granularity.
 *
 * A scheme has one row per layer of the simplified graph, made from the options of a run, an
 * edit in the workbench, or a file. It says what is wanted; quantizer.h does it.
 */
#ifndef QUANT_SCHEME_H
#define QUANT_SCHEME_H

#include "graph/graph.h"
#include "quant/calibrator.h"

typedef enum Granularity { PER_TENSOR, PER_CHANNEL } Granularity;

typedef struct LayerScheme {
    int weight_bits;
    int activation_bits;          /* of the layer's output */
    const Calibrator *calibrator; /* for weights and activations */
    double calibrator_parameter;  /* e.g. the percentile; 0 when it has none */
    Granularity granularity;      /* of the weights */
} LayerScheme;

typedef struct Scheme {
    LayerScheme *layers; /* one per layer of the graph, in its arena */
    int count;
} Scheme;

/* int8 throughout, min/max, per tensor; the last layer's output (the logits) gets LOGIT_BITS:
 * nothing multiplies it further, so more bits cost registers only and keep arg-max from ties. */
enum { LOGIT_BITS = 16 };
Scheme scheme_uniform(Arena *arena, const Graph *graph, LayerScheme choice);

#endif
