/* integer_kernels.h: the inner loops of the integer model, once for each level of the processor.
 *
 *     level    products                                  vector of sums
 *     scalar   16-bit operands, plain C: the reference   1
 *     sse2     pmaddwd, 16-bit operands                  4
 *     avx2     vpmaddwd, 16-bit operands                 8
 *     avx512   vpdpbusd (VNNI), 8-bit operands;          16
 *              vpdpwssd where they have 9 to 16 bits
 *
 * All give the same integers. A sum of integers does not depend on its order, and sums are taken
 * modulo 2^32: what passes the range on the way comes back, since the result is proven to fit
 * (integer_model.h). vpmaddubsw is not used: it saturates where activations pass 127.
 *
 * Values are stored compactly between operations: q as q - offset, in an unsigned byte or an int16.
 * What the offset adds to a sum is taken back in the bias (integer_op.c), so an unsigned byte holds
 * signed activations too, which is what vpdpbusd asks for.
 *
 *     const IntegerKernels *kernels = integer_kernels_select();
 *     kernels->multiply16(&product);
 *
 * DNN2FPGA_KERNELS=scalar|sse2|avx2|avx512 picks a level, as it does for float (nn/kernel_set.h).
 */
#ifndef QUANT_INTEGER_KERNELS_H
#define QUANT_INTEGER_KERNELS_H

#include "base/error.h"
#include "quant/fixed.h"

enum {
    /* Channels are laid out in blocks of this many, padded. Kernels read and write up to a block
     * less one element beyond the end of inputs and outputs: buffers have room for it. */
    INTEGER_BLOCK = 16,
    RESCALE_SMALL = 1 << 24, /* floats hold every integer up to it */
    TAP_BYTES = 4            /* operands are taken in groups of four 8-bit or two 16-bit ones */
};

typedef enum StorageKind {
    STORE_WORDS, /* int32, as they are */
    STORE_BYTES, /* uint8 */
    STORE_SHORTS /* int16 */
} StorageKind;

/* How a tensor's values lie in memory: q as q - offset. */
typedef struct Storage {
    StorageKind kind;
    int32_t offset;
} Storage;

/* From sums to stored values, for each channel: clamp(floor((sum*M + 2^(s-1)) / 2^s) + zero point)
 * to low..high, less the storage's offset. A sum times M has at most 46 bits, so that doubles
 * compute it exactly too. */
typedef struct Rescale {
    const Requantizer *requantizers; /* (lanes) */
    const double *ratios;            /* (lanes) M / 2^s */
    const float *small_ratios;       /* the same; NULL where sums pass RESCALE_SMALL */
    int32_t zero_point, low, high;
    Storage storage; /* of the output */
} Rescale;

/* output[r][c] = rescale(bias[c] + sum over s, t of input[r*step + s*segment_stride + t] *
 *                                                   taps[s, t][c])
 * where t runs over `groups` groups. A convolution's row of pixels: segments are the kernel's rows,
 * a run is a kernel row of all channels. A dense layer: one segment, rows are images. Rows that do
 * not end at a block's end are written in ascending order, each over what the one before it wrote
 * past its own end. */
typedef struct IntegerProduct {
    const void *input;
    int64_t step; /* elements from one row's input to the next one's */
    int64_t segments, segment_stride;
    int64_t groups;
    const void *taps; /* (segments * groups, lanes, group): int8, or int16 */
    int64_t lanes;    /* a multiple of INTEGER_BLOCK */
    const int32_t *bias;
    const Rescale *rescale;
    int64_t rows, columns;
    void *output; /* (rows, columns) */
} IntegerProduct;

/* A row of windows, all of the same part of the kernel:
 * output[x][c] = clamp of the maximum, or rescale(bias + the sum), over y, k of
 *                input[y*row_stride + x*step + k*channels + c] */
typedef struct IntegerPool {
    const void *input;
    int64_t row_stride, step;
    int64_t height, width; /* of the part */
    int64_t channels;
    int32_t bias;
    const Rescale *rescale;
    int64_t positions;
    void *output; /* (positions, channels) */
} IntegerPool;

/* Channel by channel, each by itself:
 * output[r][c] = rescale(bias[c] + sum over t of inputs[t][r*step + c] * taps[t][c])
 * A depthwise convolution's row of pixels: the inputs are the positions of the window. An addition:
 * the inputs are those of the operation, a row is a block of values. */
typedef struct IntegerLanes {
    const void *const *inputs;
    int64_t step;
    int64_t pairs;       /* of inputs and taps: an odd one out has a tap of 0 beside it */
    const int16_t *taps; /* (pairs, lanes, 2) */
    int64_t lanes;       /* a multiple of INTEGER_BLOCK */
    const int32_t *bias;
    const Rescale *rescale;
    int64_t rows, columns;
    void *output; /* (rows, columns) */
} IntegerLanes;

typedef void IntegerMultiply(const IntegerProduct *product);
typedef void IntegerMultiplyLanes(const IntegerLanes *lanes);
typedef void IntegerPooling(const IntegerPool *pool);

typedef struct IntegerKernels {
    const char *name;
    const char *instruction; /* that multiplies: for reports */
    IntegerMultiply
        *multiply8; /* uint8 operands, int8 taps; NULL: values are never kept as bytes */
    IntegerMultiply *multiply16;            /* int16 operands and taps */
    IntegerMultiplyLanes *lanes8, *lanes16; /* uint8 or int16 operands, int16 taps */
    IntegerPooling *max_pool8, *max_pool16;
    IntegerPooling *sum_pool8, *sum_pool16;
    /* The image: fixed_quantize() of each, less the offset. */
    void (*quantize)(const float *values, int64_t count, QuantParam format, Storage storage,
                     void *output);
} IntegerKernels;

/* The level of that name; refused, with the names that this machine has, when it is not here. */
Status integer_kernels_find(const char *name, const IntegerKernels **kernels) MUST_CHECK;

/* The widest level of this machine, or the one that the environment names if it is here. */
const IntegerKernels *integer_kernels_select(void);

/* Level `index` of this machine, from "scalar" on to the widest; NULL after the last. */
const IntegerKernels *integer_kernels_at(int index);

#endif
