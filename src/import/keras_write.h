/* keras_write.h: new weights in a copy of the Keras file that a network came from, or in a new
 * file.
 *
 * Everything else in the file (architecture, names, options) stays as Keras wrote it, so Keras
 * loads the copy as it loads the source. Only values change: the network must have the layers and
 * shapes of the source.
 *
 *     TRY(import_model("model.h5", &graph));
 *     ...                                           // graph's weights are trained
 *     TRY(keras_write("model.h5", "trained.h5", graph));
 */
#ifndef IMPORT_KERAS_WRITE_H
#define IMPORT_KERAS_WRITE_H

#include "graph/graph.h"

/* Every layer of the source that has weights must be in `graph` with tensors of the same shapes;
 * ERR_REFUSED names those that are not. `target` is written as a whole or not at all. */
Status keras_write(const char *source, const char *target, const Graph *graph) MUST_CHECK;

/* A full model file from an architecture in JSON (import_architecture()) and the weights of
 * `graph`. Keras loads it as one that it saved itself. Refuses as keras_write(). */
Status keras_write_new(const char *architecture, const char *target, const Graph *graph) MUST_CHECK;

#endif
