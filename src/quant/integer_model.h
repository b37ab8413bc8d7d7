/* integer_model.h: the golden reference: a network on integers only.
 *
 * It is what the hardware is: every operation below has one VHDL entity, and the two give the same
 * integers, bit for bit. Operations are listed in order of computation and read earlier ones.
 *
 * Proven when built (integer_model_prove): every accumulator fits in `accumulator_bits`, from the
 * actual weights and the input format, whatever the image.
 */
#ifndef QUANT_INTEGER_MODEL_H
#define QUANT_INTEGER_MODEL_H

#include "base/hash.h"
#include "graph/graph.h"
#include "quant/fixed.h"

typedef enum OpKind {
    OP_INPUT,        /* quantizes the image: the first quantizer is part of the model */
    OP_CONV2D,       /* acc = bias + sum w*x; requantize */
    OP_DENSE,        /* acc = bias + sum w*x over the flattened input; requantize */
    OP_AFFINE,       /* acc[c] = bias[c] + w[c]*x[c]; requantize: a batch norm that was not folded */
    OP_MAX_POOL2D,   /* maximum; keeps the input's format; clamp to low..high */
    OP_AVERAGE_POOL2D, /* acc = sum; requantize, with 1/n in M */
    OP_TABLE,        /* y = table[x - input low]: tanh, sigmoid, any function of one value */
    OP_KINDS
} OpKind;

enum { OP_MAX_INPUTS = 2 };

typedef struct Op {
    OpKind kind;
    const char *name;   /* of the layer it came from; "dense_1.tanh" for an activation table */
    int inputs[OP_MAX_INPUTS];
    int input_count;
    Shape input_shape, output_shape;
    QuantParam input, output;  /* formats */
    int32_t low, high;         /* final clamp; low is the zero point when a ReLU is fused */

    Window window;             /* conv, pools */
    const int32_t *weights;    /* conv (kh, kw, in, out); dense (in, out); affine (channels) */
    const int32_t *bias;       /* (out), at accumulator width; NULL: none */
    const Requantizer *requantizers; /* `requantizer_count` of them: 1, or one per output channel */
    int requantizer_count;
    int weight_bits;
    int accumulator_bits;      /* proven, sign included */
    const int32_t *table;      /* OP_TABLE: one entry for each q of input.low..input.high */

    const char *calibration;   /* name of the calibrator that chose the output's clip */
    double clip;               /* the chosen clip of the output, in real units */
    double weight_clip;
    const double *weight_scales; /* requantizer_count of them; NULL when it has no weights */

    int pe, simd;              /* folding asked for; 0: fully parallel (plan.h decides) */
} Op;

typedef struct IntegerModel {
    Arena *arena;
    const char *name;
    char source_sha256[HASH_HEX_BYTES]; /* of the model file */
    Op *ops;
    int count;
    int classes;      /* elements of the output */
    double input_scale; /* preprocessing: image values were multiplied with this before */
} IntegerModel;

const char *op_word(OpKind kind); /* "conv2d" */

/* Weights, biases, tables and requantizers as a file or ROM would hold them, in bytes: weights and
 * tables at their width, biases at 4 bytes, M and s at 3. */
int64_t integer_model_bytes(const IntegerModel *model);
int64_t op_bytes(const Op *op);

/* Sets accumulator_bits of every op from its actual weights. Refuses a model that would need more
 * than FIXED_ACCUMULATOR_BITS, naming the layers. */
Status integer_model_prove(IntegerModel *model) MUST_CHECK;

void integer_model_free(IntegerModel *model);

#endif
