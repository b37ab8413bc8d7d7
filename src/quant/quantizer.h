/* quantizer.h: float graph + calibration images + scheme -> integer model (post-training).
 *
 * Algorithm 1 of the paper, first rung: every parameter of every layer goes through Eq. 1, with the
 * scale of Eq. 2 from the clip range that the layer's calibrator chose.
 */
#ifndef QUANT_QUANTIZER_H
#define QUANT_QUANTIZER_H

#include "base/progress.h"
#include "data/dataset.h"
#include "quant/integer_model.h"
#include "quant/observation.h"
#include "quant/scheme.h"

enum { SQNR_MAX_DB = 200, LOSS_IMAGES = 256, CALIBRATION_BATCH = 25 };

/* Per operation, beside the model: how much was lost, on the first LOSS_IMAGES calibration images,
 * integers against float32. Before a tanh or sigmoid table, values that the function cannot tell
 * apart count as equal. */
typedef struct LayerLoss {
    double sqnr_db; /* signal to quantization noise of the output, dB, within +-SQNR_MAX_DB */
    double clipped_fraction; /* of output values more than half a step beyond the format's */
} LayerLoss;

typedef struct Quantized {
    IntegerModel *model;  /* owned by the caller: integer_model_free() */
    LayerLoss *losses;    /* one per op, in the model's arena; so are the next two */
    Observation *outputs; /* the real values of each op on the calibration images */
    Observation *weights; /* the real kernel of each op; of count 0 where it has none */
} Quantized;

/* What cannot be built on integers today (softmax in mid-network, average pooling over partial
 * windows, ...), one sentence each; nothing added: the graph can become hardware, whatever the
 * scheme. Two faults depend on scheme and images, and are found by quantize_graph(): sums that need
 * too many bits, and scales too far apart to requantize. */
void quantizer_blockers(const Graph *simplified, Blockers *blockers);

/* The model's source_sha256 is left empty, for the caller to fill in. Refuses what
 * quantizer_blockers() lists, images that do not fit, values that are not finite. */
Status quantize_graph(const Graph *simplified, const Dataset *calibration, const Scheme *scheme,
                      const Progress *progress, Quantized *quantized) MUST_CHECK;

#endif
