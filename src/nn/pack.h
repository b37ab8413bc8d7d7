/* pack.h: how a convolution's images lie in memory with their padding. For pack.c and conv2d.c. */
#ifndef NN_PACK_H
#define NN_PACK_H

#include "graph/graph.h"

/* An image inside a larger one of zeros. */
typedef struct Spread {
    int64_t height, width;           /* of the larger one */
    int64_t top, left;               /* where its first pixel comes to lie */
    int stride_height, stride_width; /* from pixel to pixel */
} Spread;

/* A convolution's input with its padding. */
Spread spread_of_input(const Layer *layer);

/* Its output's gradient, so that a convolution of stride 1 gives the input's gradient. */
Spread spread_of_gradient(const Layer *layer);

#endif
