/* integer_moves.h: operations that only move stored values: zero padding, upsampling,
 * concatenation. A part of integer_op.h, not for others. */
#ifndef QUANT_INTEGER_MOVES_H
#define QUANT_INTEGER_MOVES_H

#include "quant/integer_op.h"

typedef struct IntegerMoves IntegerMoves;

/* `op`, and the sources of the setup, must outlive it. */
IntegerMoves *integer_moves_new(Arena *arena, const Op *op, const IntegerOpSetup *setup);

/* One image. */
void integer_moves_run(const IntegerMoves *moves, const void *const *inputs, void *output);

#endif
