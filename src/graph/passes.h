/* passes.h: rewrites that keep the function of a network and make it simpler.
 *
 * graph_simplify() returns a new graph in which
 *   - dropout layers and linear activation layers are gone;
 *   - a batch norm is folded into the convolution or dense layer before it when nothing non-linear
 *     lies between, else into the one after it when that one pads nothing, else it stays, as a
 *     per-channel affine layer;
 *   - an activation layer is fused into the layer before it when that one has none yet.
 * Names of the remaining layers are unchanged. The source graph is not touched.
 */
#ifndef GRAPH_PASSES_H
#define GRAPH_PASSES_H

#include "graph/graph.h"

/* `*simplified` is owned by the caller. */
Status graph_simplify(const Graph *source, Graph **simplified) MUST_CHECK;

/* The same, but every batch norm stays a layer of its own. */
Status graph_simplify_unfolded(const Graph *source, Graph **simplified) MUST_CHECK;

/* As it is, with weights of its own; owned by the caller. */
Graph *graph_copy(const Graph *source);

#endif
