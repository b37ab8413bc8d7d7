/* kernel_set.h: the inner loops, once for each vector width, chosen when the program runs.
 *
 * One source, kernels.inc.h, is compiled for 1, 4, 8 and 16 floats at a time ("scalar", "sse2",
 * "avx2", "avx512"). Vectors run over output channels, never over a sum, and nothing is contracted
 * to fused multiply-add: every set gives the same bits. "scalar" is there on every machine.
 *
 *     const Kernels *kernels = kernels_select();
 *     kernels->multiply(&product);
 *
 * DNN2FPGA_KERNELS=scalar|sse2|avx2|avx512 in the environment picks a set, for tests and benches.
 */
#ifndef NN_KERNEL_SET_H
#define NN_KERNEL_SET_H

#include <stdint.h>

#include "base/error.h"

/* Output channels are laid out in blocks of this many floats, padded with zeros. */
enum { KERNEL_BLOCK = 16 };

/* output[r][c] = bias[c] + sum over s, t of input[r*step + s*segment_stride + t] * taps[s*run+t][c]
 * added in the order of (s, t). A convolution's row of pixels: segments are the kernel's rows, a
 * run is a kernel row of all channels. A dense layer: one segment, rows are images. */
typedef struct Product {
    const float *input;
    int64_t step; /* floats from one row's input to the next one's */
    int64_t segments, segment_stride;
    int64_t run;
    const float *taps; /* (segments * run, lanes) */
    int64_t lanes;     /* a multiple of KERNEL_BLOCK */
    const float *bias; /* (lanes) */
    int64_t rows, columns;
    float *output; /* (rows, columns) */
} Product;

/* Of multiply_each() a Product is a depthwise convolution's: pixels have `lanes` floats, and
 * channel c of the output sees channel c of the input only:
 * output[r][c] = bias[c] + sum over s, t of input[r*step + s*segment_stride + t*lanes + c] *
 *                taps[s*run+t][c], in the same order. */

/* The gradient of a Product's taps:
 * sums[s*run+t][c] += sum over y, x of input[y*row_stride + x*step + s*segment_stride + t] *
 *                     gradient[y*columns+x][c], in the order of (y, x).
 * Reads up to KERNEL_BLOCK - 1 floats beyond the end of `gradient`: they must be there. The
 * padding lanes of `sums` get values without meaning. */
typedef struct Correlation {
    const float *input;
    int64_t row_stride, step;
    int64_t segments, segment_stride;
    int64_t run;
    int64_t rows, columns;
    const float *gradient; /* (rows * columns, channels) */
    int64_t channels;
    float *sums; /* (segments * run, lanes) */
    int64_t lanes;
} Correlation;

typedef struct Kernels {
    const char *name;
    int lanes; /* floats in a vector */
    void (*multiply)(const Product *product);
    void (*multiply_each)(const Product *product);
    void (*correlate)(const Correlation *correlation);
    /* The gradient of the taps of multiply_each(): channel c sees input ... + t*lanes + c. */
    void (*correlate_each)(const Correlation *correlation);
    /* sums[i] += values[i] */
    void (*add)(const float *values, int64_t count, float *sums);
    /* output[i] = min(max(input[i], 0), limit); the two may be the same; limit INFINITY: none */
    void (*relu)(const float *input, int64_t count, float limit, float *output);
    /* gradient[i] = 0 where output[i] is not above 0 and below limit */
    void (*relu_gradient)(const float *output, int64_t count, float limit, float *gradient);
} Kernels;

/* The set of that name; refused, with the names that this machine has, when it is not here. */
Status kernels_find(const char *name, const Kernels **kernels) MUST_CHECK;

/* The widest set of this machine, or the one that the environment names if it is here. */
const Kernels *kernels_select(void);

/* Set `index` of this machine, from "scalar" on to the widest; NULL after the last. */
const Kernels *kernels_at(int index);

#endif
