/* integer_model.h: the golden reference: a network on integers, but for layers that were left in
 * floating point.
 *
 * It is what the hardware is: every operation below has one VHDL entity, and the two give the same
 * integers, bit for bit. The values and weights of a floating-point operation are binary32
 * (float32.h), held as the integers of their bit patterns; OP_TO_FLOAT and OP_TO_INTEGER stand
 * where the two kinds of streams meet. Input and output of a model are integers in any case.
 * Operations are listed in order of computation: op i reads earlier ones, and several may read the
 * same one (a stream that forks). One input, one output, the last operation's.
 *
 * Proven when built (integer_model_prove): every accumulator fits in `accumulator_bits`, from the
 * actual weights and the input format, whatever the image, and so does every partial sum, in
 * whatever order the products are added.
 *
 * Invariants (integer_model_check_structure, integer_model_check_values):
 *   - op 0 is the only OP_INPUT; `inputs[k]` of op i is below i; `input` is the `output` format and
 *     `input_shape` the `output_shape` of inputs[0]. A reshape in between may give the shape other
 *     heights and widths, never other channels. Every op but the last is read by one at least;
 *   - only OP_ADD and OP_CONCAT have several inputs (2 to OP_MAX_INPUTS), which may have a format
 *     each: op_input() gives the operation that stands at an input. Operands of an addition have
 *     the same pixels and channels, those of a concatenation the same number of pixels;
 *   - the pads of a pool are 0 or those of Keras' 'same'; those of a convolution may be any that
 *     are smaller than its kernel, as zero padding before it is merged into them;
 *   - shapes are (n) or (height, width, channels), of at most OP_MAX_ELEMENTS elements;
 *   - the formats of floating-point streams are QUANT_FLOAT, and what streams an operation reads
 *     and writes is in its traits; other formats have FIXED_MIN_BITS to FIXED_MAX_BITS bits with
 *     their sign (FIXED_MAX_UNSIGNED_BITS without one), and a zero point within low..high. Weights
 *     have zero point 0 and are within -2^(weight_bits-1) .. 2^(weight_bits-1) - 1. So every
 *     operand fits in 16 bits;
 *   - output.low <= low <= high <= output.high.
 */
#ifndef QUANT_INTEGER_MODEL_H
#define QUANT_INTEGER_MODEL_H

#include "base/hash.h"
#include "graph/graph.h"
#include "quant/fixed.h"

typedef enum OpKind {
    OP_INPUT,      /* quantizes the image: the first quantizer is part of the model */
    OP_CONV2D,     /* acc = bias + sum w*x; requantize */
    OP_DENSE,      /* acc = bias + sum w*x over the flattened input; requantize */
    OP_AFFINE,     /* acc[c] = bias[c] + w[c]*x[c]; requantize: a batch norm that was not folded */
    OP_MAX_POOL2D, /* maximum; keeps the input's format; clamp to low..high */
    OP_AVERAGE_POOL2D,   /* acc = sum; requantize, with 1/n in M */
    OP_TABLE,            /* y = table[x - input low]: tanh, sigmoid, any function of one value */
    OP_DEPTHWISE_CONV2D, /* a convolution of each channel by itself: output channel c * multiplier
                            + m sums over channel c */
    OP_ZERO_PAD2D,       /* a border of the zero point, as wide as the pads; keeps the format */
    OP_ADD,              /* acc = bias + sum over inputs of w[i]*x_i; requantize */
    OP_CONCAT,           /* the channels of one input after those of the other, each at the output's
                            scale: y = clamp(scale(x_i - z_i, M_i, s_i) + z) */
    OP_UPSAMPLE2D,       /* every pixel factor_height x factor_width times; keeps the format */
    OP_FLOAT_CONV2D,     /* float_kernels.h, these four */
    OP_FLOAT_DENSE,
    OP_FLOAT_MAX_POOL2D,
    OP_FLOAT_AVERAGE_POOL2D,
    OP_TO_FLOAT,   /* integers of the input format to binary32 */
    OP_TO_INTEGER, /* binary32 to integers of the output format */
    OP_KINDS
} OpKind;

enum { OP_MAX_INPUTS = 8, OP_MAX_ELEMENTS = 1 << 24, MODEL_MAX_OPS = 256, OP_NAME_MAX_BYTES = 200 };

enum { FLOAT_BITS = 32 };
#define CALIBRATION_FLOAT "float"
#define CALIBRATION_GIVEN "given"

/* The format of floating-point streams. */
#define QUANT_FLOAT                                                                                \
    ((QuantParam){                                                                                 \
        .scale = 1, .low = -INT32_MAX, .high = INT32_MAX, .bits = FLOAT_BITS, .is_signed = true})

/* What an operation has beside shapes and formats; one row per kind. */
typedef struct OpTraits {
    const char *word; /* "conv2d": descriptions, reports */
    bool has_window;
    bool has_weights; /* and bias; weight_scales and weight_clip when it requantizes */
    bool requantizes; /* has an accumulator and requantizers */
    bool has_table;
    bool is_dense;                  /* every output value is a sum over the whole input */
    bool joins;                     /* has several inputs */
    bool keeps_format;              /* output has the input's format: values are moved or chosen */
    bool reads_float, writes_float; /* input, output stream */
} OpTraits;

typedef struct Op {
    OpKind kind;
    const char *name; /* of the layer it came from; "dense_1.tanh" for an activation table */
    int inputs[OP_MAX_INPUTS];
    int input_count;
    Shape input_shape, output_shape;
    QuantParam input, output; /* formats */
    int32_t low, high; /* final clamp; low is the zero point when a ReLU is fused. 0, the bits
                          of +0, says so for a floating-point output as well */

    Window window; /* conv, pools; zero padding: kernel 1, stride 1 and the pads */
    int factor_height, factor_width; /* OP_UPSAMPLE2D; 0 otherwise */
    const int32_t *weights; /* conv (kh, kw, in, out); depthwise (kh, kw, in, multiplier), rows of
                               output channels; dense (in, out); affine (channels); add (inputs) */
    const int32_t *bias;    /* (out), add (1), at accumulator width, with -zero point * sum of
                               weights in it; or binary32; NULL: none */
    const Requantizer *requantizers; /* `requantizer_count` of them: 1, or one per output channel;
                                        add: 1; concat: one per input */
    int requantizer_count;
    int weight_bits;      /* FLOAT_BITS: binary32 */
    int accumulator_bits; /* proven, sign included */
    const int32_t *table; /* OP_TABLE: one entry for each q of input.low..input.high */

    const char *calibration; /* name of the calibrator that chose `clip`; NULL: taken over;
                                CALIBRATION_GIVEN: asked for as it is;
                                CALIBRATION_FLOAT: the output has no integer format */
    double clip;             /* |output| beyond it was cut off, in real units */
    double weight_clip;
    const double *weight_scales; /* requantizer_count of them; NULL when it has no weights. A unit
                                    of the accumulator is input.scale * weight scale; so weight i
                                    of an addition stands for the scale of input i over that of
                                    input 0 */

    int pe, simd; /* folding asked for; 0: fully parallel (plan.h decides) */
} Op;

typedef struct IntegerModel {
    Arena *arena;
    const char *name;
    char source_sha256[HASH_HEX_BYTES]; /* of the model file */
    Op *ops;
    int count;
    int classes;        /* elements of the output */
    double input_scale; /* preprocessing: image values were multiplied with this before */
} IntegerModel;

const OpTraits *op_traits(OpKind kind);
const char *op_word(OpKind kind); /* "conv2d" */

/* False when there is no kind of that word. */
bool op_kind_parse(const char *word, OpKind *kind);

/* The operation whose output is input `k` of op `index`. */
const Op *op_input(const IntegerModel *model, int index, int k);

/* How often the output of op `index` is read: the branches of its stream. */
int op_reader_count(const IntegerModel *model, int index);

/* Channels of the output. */
int64_t op_channels(const Op *op);

/* Elements of `bias`, where it has one: a channel's each, and one of an addition. */
int64_t op_bias_count(const Op *op);

/* Elements of `weights`; -1 when they pass TENSOR_MAX_ELEMENTS. 0 for an op without weights. */
int64_t op_weight_count(const Op *op);

/* Entries of `table`; 0 for an op without one. */
int64_t op_table_count(const Op *op);

/* What an average pool adds to its sum: minus the zero point of every value in the window. 0 for
 * other operations: their `bias` holds it. */
int32_t op_pool_bias(const Op *op);

/* The requantizer of output channel `channel`; of a concatenation that of input `channel`. */
Requantizer op_requantizer(const Op *op, int64_t channel);

/* What an integer (or bit pattern) that the operation puts out stands for. */
double op_real(const Op *op, int32_t value);

/* True when max(value, 0) is part of a floating-point operation. */
bool op_float_relu(const Op *op);

/* Weights, biases, tables and requantizers as a file or ROM would hold them, in bytes: weights and
 * tables at their width, biases at 4 bytes, M and s at 3. */
int64_t integer_model_bytes(const IntegerModel *model);
int64_t op_bytes(const Op *op);

/* The largest |accumulator| of op `index` that weights and input formats allow, for any image and
 * any order of addition: max over channels of |bias| + sum |w| * max |x|; of a concatenation the
 * largest |x - z|. 0 for an op without accumulator. */
int64_t op_accumulator_bound(const IntegerModel *model, int index);

/* Sets accumulator_bits of every op from its actual weights. Refuses a model that would need more
 * than FIXED_ACCUMULATOR_BITS, naming the layers. */
Status integer_model_prove(IntegerModel *model) MUST_CHECK;

/* Checks the invariants above, and every number that another room relies on: names, shapes,
 * windows, formats, counts, ranges. `structure` looks at everything but the arrays, so that a
 * reader knows how long they must be before it reads them; `values` looks at those. */
Status integer_model_check_structure(const IntegerModel *model) MUST_CHECK;
Status integer_model_check_values(const IntegerModel *model) MUST_CHECK;

/* NULL is allowed. */
void integer_model_free(IntegerModel *model);

#endif
