/* integer_op.h: an operation of an integer model on stored values, laid out for the kernels of one
 * level: weights in groups, what the storage of its inputs adds to sums in the bias, padding in a
 * frame around the image.
 *
 *     IntegerOpSetup setup = {.kernels = kernels, .sources = {&model->ops[0]},
 *                             .bound = op_accumulator_bound(model, 1), .max_batch = 25};
 *     IntegerOp *packed = integer_op_new(arena, &model->ops[1], &setup);
 *     integer_op_run(packed, (const void *[]){pixels}, 25, results);
 */
#ifndef QUANT_INTEGER_OP_H
#define QUANT_INTEGER_OP_H

#include "quant/integer_kernels.h"
#include "quant/integer_model.h"

typedef struct IntegerOp IntegerOp;

typedef struct IntegerOpSetup {
    const IntegerKernels *kernels;
    const Op *sources[OP_MAX_INPUTS]; /* the operations that stand at the inputs */
    int64_t bound;                    /* op_accumulator_bound() */
    int max_batch;
} IntegerOpSetup;

/* How the output of `op` is kept: bytes where its format has at most 8 bits and the level
 * multiplies bytes, else shorts. */
Storage integer_storage(const Op *op, const IntegerKernels *kernels);

/* Bytes of a stored value. */
int64_t integer_storage_width(Storage storage);

/* Bytes of a buffer for `count` stored values, with the room that kernels need behind. */
int64_t integer_storage_bytes(int64_t count);

/* Stored values to integers, and back. */
void integer_storage_widen(Storage storage, const void *stored, int64_t first, int64_t count,
                           int32_t *values);
void integer_storage_narrow(Storage storage, const int32_t *values, int64_t first, int64_t count,
                            void *stored);

/* Whether `kind` is done here; other operations work on int32. */
bool integer_op_is_packed(OpKind kind);

/* `op`, and what it points to, must outlive the packed one, which is in `arena`. Not for use by two
 * threads at a time. */
IntegerOp *integer_op_new(Arena *arena, const Op *op, const IntegerOpSetup *setup);

/* `inputs` (one for each input) and `output`: stored values of the first of `images` images, in
 * buffers of integer_storage_bytes(). What is behind the output, up to a block, is lost. */
void integer_op_run(const IntegerOp *packed, const void *const *inputs, int images, void *output);

#endif
