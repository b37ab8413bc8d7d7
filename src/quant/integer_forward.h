/* integer_forward.h: runs the golden model, and keeps every layer's integers for inspection. The
 * same integers at every level of the processor (integer_kernels.h). One for each thread. */
#ifndef QUANT_INTEGER_FORWARD_H
#define QUANT_INTEGER_FORWARD_H

#include "nn/evaluate.h"
#include "quant/integer_kernels.h"
#include "quant/integer_model.h"

typedef struct IntegerForward IntegerForward;

/* The model must outlive it. */
IntegerForward *integer_forward_new(const IntegerModel *model, int max_batch);

/* With the kernels of a level that was chosen by the caller. */
IntegerForward *integer_forward_new_with(const IntegerModel *model, int max_batch,
                                         const IntegerKernels *kernels);
void integer_forward_free(IntegerForward *forward);

/* `images` (batch, input elements) float32, preprocessed. Returns the output's integers (batch,
 * output elements), valid until the next run. */
const int32_t *integer_forward_run(IntegerForward *forward, const float *images, int batch);

/* Integers of op `index` in the latest run: (batch, elements), valid until the next one. Index 0:
 * the quantized image. Those of a floating-point operation are bit patterns: float32_of_word()
 * makes numbers of them. */
const int32_t *integer_forward_op(const IntegerForward *forward, int index);

/* Lowest index of the highest value. */
int32_t integer_arg_max(const int32_t *scores, int count);

Classifier classifier_of_integer_model(const IntegerModel *model);

#endif
