/* model_view.h: what the model screen shows, as plain values.
 *
 * Made once from the report of flow_inspect(): its "model" and its "blockers". Reading a model may
 * take a while, so that happens on a worker thread (workbench.c) and the finished view is handed
 * over.
 */
#ifndef UI_MODEL_VIEW_H
#define UI_MODEL_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"

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

/* From a report of flow_inspect(). */
ModelView model_view_of_report(const char *path, const json_t *report);

void model_view_free(ModelView *view);

/* The file's name without its folder. */
const char *model_view_name(const ModelView *view);

#endif
