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
    const Calibrator *calibrator; /* of the output, and of weights without one of their own */
    double calibrator_parameter;  /* e.g. the percentile; 0: the method's default */
    Granularity granularity;      /* of the weights */
    bool is_float; /* stays floating point, in hardware too: convolutions and dense layers. Where
                      integers follow, activation_bits and the calibrator choose their format */
    const Calibrator *weight_calibrator; /* NULL: the same as for the output */
    double weight_parameter;
    double clip;        /* above 0: the clip of the output, whatever was observed */
    double weight_clip; /* above 0: the clip of the weights; per channel, the most that one gets */
    bool
        correct_bias; /* the bias takes back the mean error of the weights' rounding (build_op.c) */
    bool mean_of_clips; /* calibrate each batch of images, and take the mean of the clips */
    ValueRange range;   /* of the output. RANGE_UNSIGNED: where values cannot be negative */
    bool full_range;    /* symmetric formats as in the paper's Eq. 2 (format.h) */
} LayerScheme;

typedef struct Scheme {
    LayerScheme *layers; /* one per layer of the graph, in its arena */
    int count;
} Scheme;

/* Bits of the logits: nothing multiplies them further, so more bits cost registers only and keep
 * arg-max from ties. And the most bits of a value that a tanh or sigmoid table looks up: tables
 * have at most 4,095 entries, unless they stand on a pooled value or on the input. */
enum { LOGIT_BITS = 16, TABLE_INPUT_BITS = 12 };

/* True when the layer decides the integer format of what it hands on: it has an accumulator or a
 * table. False for a max pool, a zero padding, a flatten, ..., and for a softmax, which is
 * dropped. */
bool layer_sets_format(const Layer *layer);

/* Layer `index` stays floating point, from a real image: when it is the only one that reads it, the
 * network's input gets LOGIT_BITS, symmetric, which cost little where only a bridge reads them. */
void scheme_set_float(Scheme *scheme, const Graph *graph, int index);

/* `choice` for every layer; the last one that sets a format, and those after it, get LOGIT_BITS
 * for their activations, symmetric. */
Scheme scheme_uniform(Arena *arena, const Graph *graph, LayerScheme choice);

#endif
