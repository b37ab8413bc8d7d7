/* dynamic.h: ranges of activations from each image by itself, in software only: shows what ranges
 * fixed beforehand cost. Hardware needs those: its multipliers and shifts are constants. */
#ifndef QUANT_DYNAMIC_H
#define QUANT_DYNAMIC_H

#include "nn/evaluate.h"
#include "quant/quantizer.h"

typedef struct DynamicModel {
    const Graph *graph; /* simplified */
    const Scheme *scheme;
    const IntegerModel *fixed; /* answers for an image that gives a layer no range */
} DynamicModel;

/* Calibrates a model anew on every image. The parts must outlive the classifier. */
Classifier classifier_of_dynamic_model(const DynamicModel *model);

#endif
