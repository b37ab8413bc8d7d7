/* kernels.h: the float32 layers, forward and backward. For this room and its tests.
 *
 * Tensors are channels-last; `images` of them lie one after the other. Weights are used in lanes,
 * an output channel each: `taps` holds (taps, lanes) with the channels padded with zeros to whole
 * blocks, so that vector code needs no remainder. Each output is its bias plus its products in the
 * order of the taps; pixels of the padding take part as zeros. Each gradient of a weight is its sum
 * in the order of images, rows and columns. The vector width changes none of these sums.
 */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include "graph/graph.h"
#include "nn/kernel_set.h"

/* Floats that must be there after the end of a gradient buffer, because whole blocks are read. */
enum { KERNEL_SLACK = KERNEL_BLOCK };

/* A layer's constants in the order that its kernel wants, and memory to work in: one per thread. */
typedef struct PackedLayer {
    const Layer *layer; /* a copy: its shapes are images, a global pool's window is the image */
    const Kernels *kernels;
    int64_t lanes;  /* output channels, rounded up to KERNEL_BLOCK */
    float *taps;    /* conv2d (kh * kw * in, lanes), depthwise (kh * kw, lanes), dense (in, lanes),
                       batch norm (lanes) */
    float *bias;    /* (lanes); zeros when the layer has none */
    float *scratch; /* conv2d: an image with its padding, NULL when there is none; depthwise: the
                       same in lanes, always */
} PackedLayer;

/* Memory in the arena; taps are NULL for a kind without weights. */
PackedLayer kernel_pack(Arena *arena, const Layer *layer);

/* For the gradient of the input of a layer with a kernel: the kernel turned round. */
PackedLayer kernel_pack_backward(Arena *arena, const Layer *layer);

/* The same constants with scratch memory of its own, for another thread. */
PackedLayer kernel_share(Arena *arena, const PackedLayer *packed);

/* New values for a packed layer with a kernel, in the order of the layer's tensors. `bias` NULL:
 * zeros. */
void kernel_fill(PackedLayer *packed, const float *kernel, const float *bias);
void kernel_fill_backward(PackedLayer *packed, const float *kernel);

/* ---- forward: the outputs before the activation ------------------------------------------------
 */

typedef void LayerForward(const PackedLayer *packed, const float *input, int images, float *output);

LayerForward conv2d_forward, depthwise_conv2d_forward, dense_forward, batch_norm_forward,
    max_pool2d_forward, average_pool2d_forward, zero_pad2d_forward, upsample2d_forward;

/* A layer that reads several others, on some images. */
typedef struct Join {
    const Layer *layer;
    const Kernels *kernels;
    const float *inputs[LAYER_MAX_INPUTS];
    int64_t channels[LAYER_MAX_INPUTS]; /* of each input */
    int images;
} Join;

typedef void JoinForward(const Join *join, float *output);

JoinForward add_forward, concatenate_forward;

/* ---- backward ----------------------------------------------------------------------------------
 */

/* d loss / d input from d loss / d output, by the layer's kernel_pack_backward(). */
void conv2d_backward_input(const PackedLayer *packed, const float *gradient, int images,
                           float *input_gradient);
void depthwise_conv2d_backward_input(const PackedLayer *packed, const float *gradient, int images,
                                     float *input_gradient);
void dense_backward_input(const PackedLayer *packed, const float *gradient, int images,
                          float *input_gradient);

/* Where the gradients of weights are added up, in the layout of PackedLayer. */
typedef struct WeightSums {
    float *taps, *bias;
} WeightSums;

/* The taps of a convolution, but for `input` and `run`: a pixel of its input has `pixel` values. */
Correlation window_correlation(const PackedLayer *packed, int64_t pixel, const float *gradient,
                               WeightSums sums);
/* The bias beside those taps: one tap that always sees a one. */
Correlation bias_correlation(const Correlation *taps, WeightSums sums);

/* Adds d loss / d weights. `gradient` has KERNEL_SLACK. */
void conv2d_backward_weights(const PackedLayer *packed, const float *input, const float *gradient,
                             int images, WeightSums sums);
void depthwise_conv2d_backward_weights(const PackedLayer *packed, const float *input,
                                       const float *gradient, int images, WeightSums sums);
void dense_backward_weights(const PackedLayer *packed, const float *input, const float *gradient,
                            int images, WeightSums sums);

/* d loss / d input number `from` of a join. */
typedef void JoinBackward(const Join *join, int from, const float *gradient, float *input_gradient);

JoinBackward add_backward, concatenate_backward;

/* The layers of these have images as shapes, as PackedLayer.layer. */
void zero_pad2d_backward(const Layer *layer, const float *gradient, int images,
                         float *input_gradient);
void upsample2d_backward(const Layer *layer, const float *gradient, int images,
                         float *input_gradient);

/* The gradient goes to the first of the largest values in the window, as in Keras. */
void max_pool2d_backward(const Layer *layer, const float *input, const float *gradient, int images,
                         float *input_gradient);
void average_pool2d_backward(const Layer *layer, const float *gradient, int images,
                             float *input_gradient);

/* ---- windows -----------------------------------------------------------------------------------
 */

/* The part of a window that lies inside the image, along one axis. */
typedef struct WindowSpan {
    int64_t origin;      /* image position of window position 0; negative in the padding */
    int64_t first, last; /* window positions first .. last-1 are inside */
} WindowSpan;

WindowSpan window_rows(const Layer *layer, int64_t output_row);
WindowSpan window_columns(const Layer *layer, int64_t output_column);

#endif
