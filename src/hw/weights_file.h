/* weights_file.h: the weights of a design whose weights are loaded, as the bytes that it takes.
 *
 *     Buffer bytes = {0};
 *     weights_file_write(plan, &bytes);           (what emit_design() puts into weights.bin)
 *     uint32_t sum = weights_checksum(bytes.data, bytes.length);
 *
 * Format of weights.bin: nothing but weights, in the order of the plan's stages that load them
 * (convolutions, depthwise convolutions, dense layers). A stage has `rows` rows, one for each fold
 * step; a row has the weights of its PE sums one after the other, SIMD for each: the order of the
 * entity's WEIGHTS. A weight is one byte when its layer's weights have at most 8 bits, otherwise
 * two, the low one first; in two's complement. Biases, multipliers and shifts are constants of the
 * design: another model fits when those are equal, and shapes and folding as well.
 */
#ifndef HW_WEIGHTS_FILE_H
#define HW_WEIGHTS_FILE_H

#include "base/buffer.h"
#include "hw/plan.h"

#define WEIGHTS_FILE_NAME "weights.bin"

/* True when this stage has a memory that is loaded. */
bool weights_are_loaded(const Plan *plan, const Stage *stage);

/* Of all stages together. */
int64_t weights_file_bytes(const Plan *plan);

void weights_file_write(const Plan *plan, Buffer *into);

/* Gives weight `index` (in the order of the file) of a stage that loads them another value, in what
 * weights_file_write() wrote. */
void weights_file_change(const Plan *plan, int stage, int64_t index, int32_t value, Buffer *bytes);

/* What the hardware says its memories hold. Starting from a = 1 and b = 0, each byte makes
 * a = a + byte and b = b + a, both modulo 65536; the sum is b * 65536 + a. (Fletcher's checksum
 * with the start of Adler-32 and a modulus that costs nothing.) Any single byte that differs changes
 * it. The hardware's twin is weight_loader.vhd. */
uint32_t weights_checksum(const void *bytes, size_t count);

#endif
