/* kernels.h: the float32 layers, one image at a time. For forward.c and tests of this room.
 *
 * Tensors are channels-last. Weights are used output channel by output channel in lanes: `packed`
 * holds (taps, lanes) with the channels padded with zeros to a multiple of KERNEL_LANES, so that
 * vector code needs no remainder. Each output is bias + the products in the order of the taps,
 * whatever the vector width: results do not depend on the machine.
 */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include "graph/graph.h"

enum { KERNEL_LANES = 4 };

/* A layer's constants in the order that its kernel wants. */
typedef struct PackedLayer {
    const Layer *layer;
    int64_t lanes;     /* output channels, rounded up to KERNEL_LANES */
    const float *taps; /* conv2d (kh * kw * in, lanes), dense (in, lanes), batch norm (lanes) */
    const float *bias; /* (lanes); zeros when the layer has none */
} PackedLayer;

/* Memory in the arena; taps are NULL for a kind without weights. */
PackedLayer kernel_pack(Arena *arena, const Layer *layer);

/* `input` and `output` are those of one image, before the activation. */
void conv2d_forward(const PackedLayer *packed, const float *input, float *output);
void dense_forward(const PackedLayer *packed, const float *input, float *output);
void batch_norm_forward(const PackedLayer *packed, const float *input, float *output);
void max_pool2d_forward(const PackedLayer *packed, const float *input, float *output);
void average_pool2d_forward(const PackedLayer *packed, const float *input, float *output);

/* The part of a window that lies inside the image, along one axis. */
typedef struct WindowSpan {
    int64_t origin;      /* image position of window position 0; negative in the padding */
    int64_t first, last; /* window positions first .. last-1 are inside */
} WindowSpan;

WindowSpan window_rows(const Layer *layer, int64_t output_row);
WindowSpan window_columns(const Layer *layer, int64_t output_column);

/* sums[0..lanes-1] += sum over t of input[t] * taps[t][0..lanes-1], in order of t. `lanes` is a
 * multiple of KERNEL_LANES, at most KERNEL_BLOCK; a row of taps has `stride` values. */
enum { KERNEL_BLOCK = 16 };
void kernel_accumulate(float *sums, const float *input, int64_t count, const float *taps,
                       int64_t stride, int lanes);

#endif
