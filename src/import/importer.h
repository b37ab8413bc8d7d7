/* importer.h: a model file becomes a graph.
 *
 *     Graph *graph = NULL;
 *     TRY(import_model("model.h5", &graph));
 *     ...
 *     graph_free(graph);
 *
 * What is not understood in full is refused (ERR_REFUSED), with all blockers in one list: an
 * unknown layer, an attribute that is not known to be harmless, a tensor of the wrong shape, a
 * weight that is not finite. Files are hostile until validated.
 */
#ifndef IMPORT_IMPORTER_H
#define IMPORT_IMPORTER_H

#include "graph/graph.h"

/* Picks the reader by the file's content. The graph has its shapes inferred. */
Status import_model(const char *path, Graph **graph) MUST_CHECK;

/* True for a JSON file: an architecture without weights, as Keras' model.to_json() writes it. */
bool import_is_architecture(const char *path);

/* The graph of such a file, with the checks of import_model(). Its weights have learned nothing:
 * gamma and variance of batch norms are 1, all else 0; nn/initialize.h makes a start of them. */
Status import_architecture(const char *path, Graph **graph) MUST_CHECK;

#endif
