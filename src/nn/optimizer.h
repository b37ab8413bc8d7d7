/* optimizer.h: from gradients to new weights: Adam and SGD with momentum, as Keras computes them.
 *
 * Adam (Kingma and Ba, 2015, algorithm 1 in the order of section 2's last paragraph):
 *     m += (g - m) * (1 - beta1)       v += (g^2 - v) * (1 - beta2)
 *     w -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
 * SGD: m = momentum * m - rate * g     w += m
 */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include "nn/parameters.h"

typedef enum OptimizerKind { OPTIMIZER_ADAM, OPTIMIZER_SGD, OPTIMIZERS } OptimizerKind;

typedef struct OptimizerOptions {
    OptimizerKind kind;
    double beta1, beta2, epsilon; /* Adam */
    double momentum;              /* SGD */
} OptimizerOptions;

typedef struct Optimizer {
    OptimizerOptions options;
    int64_t steps;         /* done so far */
    int64_t total;         /* values */
    float *first, *second; /* (total): Adam's moments; SGD uses the first */
} Optimizer;

/* "adam", "sgd" */
const char *optimizer_word(OptimizerKind kind);
bool optimizer_parse(const char *word, OptimizerKind *kind);

Optimizer optimizer_new(Arena *arena, const OptimizerOptions *options, int64_t total);

/* One step of all trained parameters; `gradient` has parameters->total values. */
void optimizer_step(Optimizer *optimizer, const Parameters *parameters, const float *gradient,
                    double rate);

#endif
