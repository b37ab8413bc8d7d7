/* model_view.h: what the model screen shows, as plain values.
 *
 * Made once from an imported graph and from what flow_inspect() found to block hardware; reading a
 * model may take a while, so that happens on a worker thread (workbench.c) and the finished view is
 * handed over.
 */
#ifndef UI_MODEL_VIEW_H
#define UI_MODEL_VIEW_H

#include <jansson.h>

#include "graph/graph.h"

typedef enum ModelState {
    MODEL_NONE, /* the workbench was started without one */
    MODEL_LOADING,
    MODEL_READY,
    MODEL_REFUSED /* `message` says why, with all blockers */
} ModelState;

typedef struct LayerRow {
    const char *name, *kind, *activation, *shape; /* in the view's arena */
    int64_t parameters, macs;
    const char *blocker; /* what keeps it from becoming hardware; NULL: nothing */
} LayerRow;

typedef struct ModelView {
    ModelState state;
    const char *path;    /* "" without a model */
    const char *message; /* why it was refused, or what blocks hardware as a whole; "" if nothing */
    LayerRow *layers;
    int count;
    int blockers; /* sentences that flow_inspect() gave */
    int64_t parameters, macs;
    Arena *arena; /* owns all of the above */
} ModelView;

ModelView model_view_none(void);
ModelView model_view_loading(const char *path);

/* Blocking: reads the file. The state is MODEL_READY or MODEL_REFUSED afterwards. */
ModelView model_view_read(const char *path);

/* From a graph and the "blockers" list of flow_inspect() (NULL: none). */
ModelView model_view_of(const char *path, const Graph *graph, const json_t *blockers);

void model_view_free(ModelView *view);

/* The file's name without its folder. */
const char *model_view_name(const ModelView *view);

#endif
