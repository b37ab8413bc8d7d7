/* effects.h: what the preparation of a network did to it: batch-norm folding, cross-layer
 * equalization (quant/equalize.h), bias correction. Measured on models as they would be built.
 *
 *     TRY(effect_of_folding(unfolded, folded, images, &difference));
 *     TRY(effect_measure(&input, graph, &scheme, arena, &after));   // and before
 */
#ifndef OPTIMIZE_EFFECTS_H
#define OPTIMIZE_EFFECTS_H

#include "nn/evaluate.h"
#include "quant/quantizer.h"

enum { EFFECT_IMAGES = LOSS_IMAGES };

/* Largest |difference| between the outputs of two float networks on the first EFFECT_IMAGES
 * images. */
Status effect_of_folding(const Graph *unfolded, const Graph *folded, const Dataset *images,
                         double *largest) MUST_CHECK;

typedef struct EffectInput {
    const Dataset *calibration, *test;
    Pool *pool;
} EffectInput;

/* A network after post-training quantization. */
typedef struct Effect {
    double accuracy; /* on all test images */
    double sqnr_db;  /* of the logits, on the first calibration images, as the next */
    int count;       /* of operations with weights */
    const char **names;
    double *mean_errors; /* of their outputs: losses_mean_errors() in losses.h */
} Effect;

/* Names and errors are in the arena. */
Status effect_measure(const EffectInput *input, const Graph *simplified, const Scheme *scheme,
                      Arena *arena, Effect *effect) MUST_CHECK;

#endif
