/* fake_quant.h: training hooks (nn/hooks.h) whose forward pass IS the integer golden model.
 *
 * At each batch the integers are made again from the master weights; every image then goes through
 * integer_forward, and what a layer hands on is what its integers stand for. So rounding, clamping
 * and requantization are those of the hardware, bit for bit, at any width: nothing is imitated in
 * floating point. The float kernels of the step compute on the same used weights and inputs; their
 * sums say which values were clipped, and carry the gradients:
 *
 *   - a weight: 1 where it was rounded, 0 where it was clipped (straight-through estimator);
 *   - an output: 1 within its format's range (with a fused ReLU from 0 on), 0 where it was clipped;
 *     times the derivative of a tanh or sigmoid that became a table;
 *   - a learned step e of a scale s = s0 * exp(e): sum g * (r~ - r) where r was rounded to r~, and
 *     sum g * r~ where it was clipped.
 *
 *     FakeQuant *fake = NULL;
 *     TRY(fake_quant_new(graph, model, &options, &fake));
 *     train_options.hooks = fake_quant_hooks(fake);
 *     TRY(train(graph, images, &train_options, pool, &result));
 *     TRY(fake_quant_settle(fake));           // `model` now has the integers of the last weights
 *     fake_quant_free(fake);
 */
#ifndef OPTIMIZE_FAKE_QUANT_H
#define OPTIMIZE_FAKE_QUANT_H

#include "nn/hooks.h"
#include "quant/integer_model.h"

typedef struct FakeQuant FakeQuant;

typedef struct FakeQuantOptions {
    int batch;        /* most images in a batch */
    bool learn_steps; /* the scales learn too (LSQ) */
} FakeQuantOptions;

/* `graph` is trained in place; `model` was quantized from it, before its batch norms were
 * replaced (diagonal.h), and stays the caller's. Both must outlive the hooks. */
Status fake_quant_new(Graph *graph, IntegerModel *model, const FakeQuantOptions *options,
                      FakeQuant **fake) MUST_CHECK;
void fake_quant_free(FakeQuant *fake);

const TrainHooks *fake_quant_hooks(FakeQuant *fake);

/* Makes the integers from the graph's present weights and steps, and proves them. */
Status fake_quant_settle(FakeQuant *fake) MUST_CHECK;

/* Why a batch could not be made into integers; NULL: every one could. What was learned since then
 * is worthless: its loss is not a number, so that the trainer stops. */
const char *fake_quant_fault(const FakeQuant *fake);

#endif
