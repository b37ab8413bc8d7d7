/* table.h: activation functions as tables of integers. Not for other rooms. */
#ifndef QUANT_TABLE_H
#define QUANT_TABLE_H

#include "graph/graph.h"
#include "quant/fixed.h"

/* One entry for each q of input.low..input.high: f(real value of q), quantized to `output`. */
int32_t *table_make(Arena *arena, ActivationFunction function, QuantParam input, QuantParam output);

/* The |x| beyond which tanh or a sigmoid gives the same integer of `output` for every x: a clip
 * range that reaches further wastes steps. Infinite for other functions. */
double table_saturation(ActivationFunction function, QuantParam output);

#endif
