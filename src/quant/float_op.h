/* float_op.h: runs one floating-point operation, or a bridge, of an integer model. Not for other
 * rooms.
 *
 * Values pass as the model holds them: integers, or the bit patterns of binary32.
 */
#ifndef QUANT_FLOAT_OP_H
#define QUANT_FLOAT_OP_H

#include "quant/integer_model.h"

typedef struct FloatOp FloatOp;

/* Weights are repacked into `arena`, which also keeps room for one image: not for two threads at
 * once. The model is checked (integer_model_check_structure, integer_model_check_values). */
FloatOp *float_op_new(Arena *arena, const Op *op);

/* One image. */
void float_op_run(const FloatOp *prepared, const int32_t *input, int32_t *output);

#endif
