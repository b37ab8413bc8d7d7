/* initialize.h: first weights, as Keras chooses them by default, from a seed.
 *
 * Kernels: Glorot uniform (Glorot and Bengio, 2010), in -limit..limit with
 * limit = sqrt(6 / (fan_in + fan_out)), a fan being channels times window positions. Biases 0;
 * batch norm: gamma 1, beta 0, moving mean 0, moving variance 1.
 */
#ifndef NN_INITIALIZE_H
#define NN_INITIALIZE_H

#include <stdint.h>

#include "graph/graph.h"

/* Overwrites all weights of the graph; shapes must be inferred. */
void initialize_weights(Graph *graph, uint64_t seed);

#endif
