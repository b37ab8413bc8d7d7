/* losses.h: what an integer model loses against the float network that it stands for. Not for other
 * rooms. */
#ifndef OPTIMIZE_LOSSES_H
#define OPTIMIZE_LOSSES_H

#include "quant/quantizer.h"

/* Each operation against its layer of `graph`, on the first LOSS_IMAGES images; as the quantizer
 * measures its own. `losses` (model->count) are made in the model's arena. */
Status losses_measure(const Graph *graph, const IntegerModel *model, const Dataset *images,
                      LayerLoss **losses) MUST_CHECK;

/* How far each operation's outputs are off on average, in real units: the mean over its channels of
 * |mean of integer - float|, on the first LOSS_IMAGES images. Errors that cancel out, as rounding
 * does, leave 0; a channel that is always too high does not. `errors` has model->count places. */
Status losses_mean_errors(const Graph *graph, const IntegerModel *model, const Dataset *images,
                          double *errors) MUST_CHECK;

#endif
