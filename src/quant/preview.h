/* preview.h: what a choice would do to a tensor, before anything is quantized.
 *
 * For whoever chooses by hand: the clip that a choice comes to, and what rounding and clipping
 * then cost this one tensor. Activations are judged by their histogram (histograms.h), weights by
 * their values. What a layer loses in the whole network, with the errors of those before it, is
 * known only once it was quantized (quantizer.h, LayerLoss).
 *
 *     PreviewModel *model = NULL;
 *     TRY(preview_model_new(graph, &model));
 *     TRY(preview_model_take(model, "histograms.json"));
 *     Preview effect = preview_choice(model, &scheme, layer, TENSOR_OUTPUTS);
 *     ... effect.clip, effect.sqnr_db ...
 *     preview_model_free(model);
 */
#ifndef QUANT_PREVIEW_H
#define QUANT_PREVIEW_H

#include "quant/observation.h"
#include "quant/scheme.h"

typedef enum PreviewTensor { TENSOR_WEIGHTS, TENSOR_OUTPUTS, PREVIEW_TENSORS } PreviewTensor;

/* Of weights per channel: clip and step are those of the channel with the widest range. */
typedef struct Preview {
    bool known;              /* false: nothing was seen, or the layer has no such tensor */
    double clip;             /* where the format ends */
    double step;             /* its scale */
    double sqnr_db;          /* within +-SQNR_MAX_DB (quantizer.h) */
    double clipped_fraction; /* of values more than half a step beyond the format's */
} Preview;

typedef struct PreviewModel PreviewModel;

/* The simplified graph must outlive the model. ERR_REFUSED: it cannot be built on integers. */
Status preview_model_new(const Graph *simplified, PreviewModel **model) MUST_CHECK;
void preview_model_free(PreviewModel *model);

/* Takes over what was seen of the same network; what was known before is forgotten. ERR_REFUSED,
 * and nothing is known: no such file, or that of another network. */
Status preview_model_take(PreviewModel *model, const char *path) MUST_CHECK;

/* The model as it is now, in the arena, for a thread of its own: what the model takes later is not
 * in it. The model must outlive it. */
const PreviewModel *preview_model_snapshot(const PreviewModel *model, Arena *arena);

/* The histogram of a tensor of a layer; NULL when nothing is known. Those of weights are known
 * without a file. */
const Observation *preview_seen(const PreviewModel *model, int layer, PreviewTensor tensor);

/* The effect on a tensor of layer `layer`, were it on integers. */
Preview preview_choice(const PreviewModel *model, const Scheme *scheme, int layer,
                       PreviewTensor tensor);

/* Counts of `columns` equal parts of low..high; the values of a bin lie evenly in it. */
void preview_columns(const Observation *seen, double low, double high, int columns, double *counts);

#endif
