/* dequantize.h: the weights that a model's integers stand for, back in float. */
#ifndef OPTIMIZE_DEQUANTIZE_H
#define OPTIMIZE_DEQUANTIZE_H

#include "graph/graph.h"
#include "quant/integer_model.h"

/* Sets kernel and bias of each layer of `graph` to scale * integer, as float32; weights that stay
 * floating point are taken over. `graph` is the simplified graph that the model was made of; a
 * batch norm in it is left as it is. */
void dequantize_weights(const IntegerModel *model, Graph *graph);

#endif
