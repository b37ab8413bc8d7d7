/* diagonal.h: batch norms that could not be folded, as layers that training can move. Not for other
 * rooms.
 *
 * A batch norm in use is y = factor * x + shift per channel: a 1x1 convolution (or a dense layer)
 * with a diagonal kernel. On integers its statistics are fixed, factor and shift learn; what is off
 * the diagonal stays 0 (rebuild.h, fake_quant.c). */
#ifndef OPTIMIZE_DIAGONAL_H
#define OPTIMIZE_DIAGONAL_H

#include "graph/graph.h"

/* Replaces each batch norm of `graph` in its place, with its name and activation. Refuses one that
 * works on neither a vector nor an image. */
Status diagonal_replace_norms(Graph *graph) MUST_CHECK;

#endif
