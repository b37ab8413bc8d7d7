/* forward.h: a graph evaluated in float32.
 *
 * A Forward holds the buffers of every layer for a batch of images; one per thread.
 * Arithmetic is plain C, in a fixed order of accumulation, without contraction to fused
 * multiply-add: one graph and one image give the same bits on every machine and thread count.
 *
 *     Forward *forward = forward_new(graph, 25);
 *     const float *scores = forward_run(forward, images, 25);   // (25, classes)
 *     forward_free(forward);
 */
#ifndef NN_FORWARD_H
#define NN_FORWARD_H

#include "graph/graph.h"

typedef struct Forward Forward;

/* The graph must outlive the Forward. */
Forward *forward_new(const Graph *graph, int max_batch);
void forward_free(Forward *forward);

/* `images` (batch, input elements); returns the network's output (batch, output elements), valid
 * until the next run. */
const float *forward_run(Forward *forward, const float *images, int batch);

/* Output of layer `index` after its activation, of the latest run: (batch, elements). */
const float *forward_layer(const Forward *forward, int index);

/* Output of layer `index` before its activation; equals forward_layer() for linear layers. */
const float *forward_preactivation(const Forward *forward, int index);

#endif
