/* dequantize.h: the weights that a model's integers stand for, back in float. */
#ifndef OPTIMIZE_DEQUANTIZE_H
#define OPTIMIZE_DEQUANTIZE_H

#include "graph/graph.h"
#include "quant/integer_model.h"

/* Sets the weights of `graph`, the network as it was imported and not simplified, so that it
 * computes in float32 what the model's weights say: each kernel and bias is scale * integer;
 * weights that stay floating point are taken over. A batch norm that was folded does nothing any
 * more (gamma 1, mean 0, variance 1 - epsilon), or carries the bias of a layer that has no place
 * for one; one that stayed gets the factors and shifts of its integers. ERR_REFUSED, and the graph
 * is of no use, when the layers have no place for a value. */
Status dequantize_weights(const IntegerModel *model, Graph *graph) MUST_CHECK;

/* What of that can be told before there are integers: ERR_REFUSED when simplifying gave a bias to a
 * layer that has no place for one in `graph`. */
Status dequantize_check(const Graph *graph, const Graph *simplified) MUST_CHECK;

#endif
