/* sensitivity.h: what each layer costs: accuracy and noise with only this layer quantized, and with
 * only this layer in floating point.
 *
 * Every figure is measured on a model as it would be built (quant/quantizer.h), float layers
 * included, not estimated. It also explains a drop: where values are clipped, where outputs sit at
 * the end of their range, which channels never answer, and which output is the noisiest.
 *
 *     Sensitivity sensitivity;
 *     TRY(sensitivity_measure(&input, arena, &sensitivity));
 *     sensitivity.layers[sensitivity.worst].name ...
 */
#ifndef OPTIMIZE_SENSITIVITY_H
#define OPTIMIZE_SENSITIVITY_H

#include "nn/evaluate.h"
#include "quant/quantizer.h"

typedef struct SensitivityInput {
    const Graph *simplified;
    const Scheme *scheme; /* what quantized means */
    const Dataset *calibration;
    const Dataset *images; /* the accuracies are measured on these */
    Pool *pool;
    const Progress *progress;
} SensitivityInput;

/* A layer that can stay in floating point: a convolution or a dense layer. */
typedef struct LayerSensitivity {
    const char *name;
    int layer; /* index in the graph */
    int64_t parameters;
    double only_quantized_accuracy; /* all other layers in float */
    double only_quantized_sqnr_db;  /* of the logits, against the float network */
    double only_float_accuracy;     /* all other layers quantized */
    double only_float_sqnr_db;
    double gain; /* only_float_accuracy - all_quantized_accuracy */
    /* with all layers quantized: */
    double sqnr_db;                  /* of its output */
    double clipped_fraction;         /* of its output's values, beyond the calibrated clip */
    double saturated_fraction;       /* of its output's integers, at the high end of the range */
    int64_t channels, dead_channels; /* always the same integer, on SENSITIVITY_IMAGES images */
} LayerSensitivity;

enum { SENSITIVITY_IMAGES = 256 };

typedef struct Sensitivity {
    double float_accuracy, all_quantized_accuracy;
    int64_t images;
    LayerSensitivity *layers; /* in the order of the graph */
    int count;
    int *ranking;         /* indexes into layers: what gains most in float comes first; ties go
                                to the earlier layer */
    int worst;            /* ranking[0] */
    const char *noisiest; /* of all layers, those that cannot be float too: whose output has the
                                least signal to noise with all layers quantized */
    double noisiest_sqnr_db;
    const char *explanation; /* one or two sentences */
} Sensitivity;

/* True for layers that can stay in floating point. */
bool layer_can_be_float(const Layer *layer);

/* A copy of `scheme` in which layer i is float where is_float[i], and no other. */
Scheme scheme_with_floats(Arena *arena, const Graph *graph, const Scheme *scheme,
                          const bool *is_float);

Status sensitivity_measure(const SensitivityInput *input, Arena *arena,
                           Sensitivity *sensitivity) MUST_CHECK;

#endif
