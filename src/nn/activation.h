/* activation.h: the non-linear functions of one value, in float64: the only definition of them.
 *
 * The float32 network rounds their result; the integer model's tables are made from it.
 */
#ifndef NN_ACTIVATION_H
#define NN_ACTIVATION_H

#include "graph/graph.h"

/* f(x) for any activation but softmax, which is no function of one value. */
double activation_value(ActivationFunction function, double x);

/* The limit of a ReLU as the kernel sets want it; INFINITY: none. */
float activation_relu_limit(ActivationFunction function);

/* `values` (rows, channels) in place; softmax goes over the channels of each row. */
void activation_apply(ActivationFunction function, float *values, int64_t rows, int64_t channels);

/* d loss / d input in place of d loss / d output; `output` (rows, channels) is f(input). */
void activation_backward(ActivationFunction function, const float *output, float *gradient,
                         int64_t rows, int64_t channels);

#endif
