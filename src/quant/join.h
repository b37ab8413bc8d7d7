/* join.h: the numbers of additions and concatenations, which bring values of several scales to one.
 * For the quantizer, and for training that moves the scales.
 *
 *     acc = bias + sum over inputs of w[i] * x_i,    y = requantize(acc)
 *
 * w[i] is S_i / S_0 in steps of the weight scale, the largest weight being as wide as 16 bits and
 * the accumulator allow: so what an addition loses lies far below a step of its output. Where all
 * inputs have one scale, all weights are the same.
 */
#ifndef QUANT_JOIN_H
#define QUANT_JOIN_H

#include "quant/integer_model.h"

typedef struct JoinNumbers {
    int32_t weights[OP_MAX_INPUTS]; /* of an addition */
    int32_t bias;
    int weight_bits;
    double weight_scale;
} JoinNumbers;

/* Of the addition `index`, from the output formats of its inputs. */
JoinNumbers join_add_numbers(const IntegerModel *model, int index);

/* What requantizer `k` of a join stands for: of an addition the only one, from the accumulator,
 * whose weights have `weight_scale`; of a concatenation that of input `k`. */
double join_ratio(const IntegerModel *model, int index, int k, double weight_scale);

#endif
