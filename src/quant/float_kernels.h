/* float_kernels.h: the golden model of layers that stay floating point, in the arithmetic of
 * float32.h and in the order of the VHDL entities: the two give the same words, bit for bit.
 *
 * For the one who wires it into the integer model: a float layer is a FloatLayer, filled with its
 * shapes, window and `relu`, then packed once; it is constant from then on, and threads may share
 * it. Between an integer and a float operation stands a FloatBridge, made from the integer side's
 * format; so before the output, which stays integer (arg-max is).
 *
 *     FloatLayer layer = {.input_shape = shape, .output_shape = out, .window = w, .relu = true};
 *     TRY_IN(float_layer_pack(arena, &layer, kernel, bias), "layer %s", name);
 *     FloatBridge in, out;
 *     TRY(float_bridge_make(before->output, &in));
 *     TRY(float_bridge_make(after->input, &out));
 *     float_from_integers(&in, integers, images * elements, floats);
 *     float_conv2d(&layer, floats, images, results);
 *     float_to_integers(&out, results, images * filters, integers);
 *
 *     kernel here             entity                      fold steps F for each window or beat
 *     float_conv2d            conv2d_float_stream         FILTERS/PE * KERNEL_HEIGHT*WIDTH*CHANNELS
 *     float_dense             dense_float_stream          OUTPUTS/PE * IN_LANES
 *     float_max_pool2d        max_pool_float_stream       1
 *     float_average_pool2d    average_pool_float_stream   KERNEL_HEIGHT * KERNEL_WIDTH
 *     float_relu              their generic RELU
 *     float_from_integers     int_to_float_stream         1
 *     float_to_integers       float_to_int_stream         1
 *
 * Tensors are channels-last; `images` of them lie one after the other. Every value that goes in is
 * legal (zero or normal, float32.h), which the bridges and these kernels see to; so is what comes
 * out. A sum starts at its bias and takes its products in the order of the weights (kernel row,
 * kernel column, channel; or input element). Pixels of a border take part as +0: a product of 0 can
 * turn a sum of -0 into +0.
 *
 * Words for the ROMs: row `step` of the generic WEIGHTS has the PE words float32_word(
 * taps[k * lanes + group * PE + p]), with step = group * K + k for a convolution, and
 * step = (beat * groups + group) * IN_LANES + lane, k = beat * IN_LANES + lane for a dense layer.
 */
#ifndef QUANT_FLOAT_KERNELS_H
#define QUANT_FLOAT_KERNELS_H

#include "base/arena.h"
#include "base/error.h"
#include "graph/graph.h"
#include "quant/fixed.h"
#include "quant/float32.h"

/* Output channels lie in blocks of this many, padded with zeros. */
enum { FLOAT_BLOCK = 16 };

typedef struct FloatLayer {
    Shape input_shape, output_shape; /* (height, width, channels); dense: any, taken flat */
    Window window;                   /* conv, pools; dense: all zeros */
    bool relu;                       /* fused */

    /* Set by float_layer_pack(), memory in its arena. */
    int64_t lanes;       /* output channels, rounded up to FLOAT_BLOCK */
    const float *taps;   /* conv (kh * kw * in, lanes), dense (in, lanes); NULL for pools */
    const float *bias;   /* (lanes) */
    const float *border; /* a pixel of +0 */
    float scale;         /* 1/n of an average pool */
} FloatLayer;

/* Prepares a layer. `weights` as in Keras: conv (kh, kw, in, out), dense (in, out); NULL for pools.
 * `bias` (out), NULL: zeros. Subnormals among them become zeros. Refused: infinity and NaN. */
Status float_layer_pack(Arena *arena, FloatLayer *layer, const float *weights,
                        const float *bias) MUST_CHECK;

/* 1/n of an average pool. */
float float_average_scale(const Window *window);

typedef void FloatKernel(const FloatLayer *layer, const float *input, int images, float *output);

/* The average has no padding; of equals the first of the window is the maximum. */
FloatKernel float_conv2d, float_dense, float_max_pool2d, float_average_pool2d;

/* From and to the integers of a format. */
typedef struct FloatBridge {
    float scale, inverse_scale; /* generics SCALE of one bridge, INVERSE_SCALE of the other */
    int32_t zero_point, low, high;
} FloatBridge;

/* Refused: a scale that is not normal in binary32, or whose inverse is not. */
Status float_bridge_make(QuantParam format, FloatBridge *bridge) MUST_CHECK;

void float_from_integers(const FloatBridge *bridge, const int32_t *integers, int64_t count,
                         float *values);
void float_to_integers(const FloatBridge *bridge, const float *values, int64_t count,
                       int32_t *integers);

#endif
