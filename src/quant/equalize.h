/* equalize.h: cross-layer equalization (Nagel et al. 2019, "Data-Free Quantization", section 4.1).
 *
 * Where one convolution (depthwise or not) or dense layer feeds the next, and nothing else,
 * through nothing but a ReLU, pools, padding, upsampling, flatten or dropout, channel c of the
 * first can be divided by s > 0 and the weights that read it multiplied by s: the network computes
 * the same, but with s = sqrt(r1 / r2) both see channel ranges r1, r2 that are alike, and one
 * scale per tensor loses less.
 */
#ifndef QUANT_EQUALIZE_H
#define QUANT_EQUALIZE_H

#include "graph/graph.h"

typedef struct Equalization {
    int pairs;            /* of layers */
    double before, after; /* largest ratio of two channels' weight ranges in one of the layers */
} Equalization;

/* Gives the layers of a simplified graph new kernels and biases, in its arena. */
Equalization equalize_layers(Graph *simplified);

#endif
