#include "ui/model_view.h"

#include <string.h>

#include "flow/report.h"
#include "flow/run.h"

static ModelView view_in_state(ModelState state, const char *path)
{
    ModelView view = {.state = state, .arena = arena_new(), .message = ""};
    view.path = arena_strdup(view.arena, path);
    return view;
}

ModelView model_view_none(void)
{
    return view_in_state(MODEL_NONE, "");
}

ModelView model_view_loading(const char *path)
{
    return view_in_state(MODEL_LOADING, path);
}

/* "28x28x1" */
static const char *shape_text(Arena *arena, const json_t *shape)
{
    const char *text = "";
    size_t i;
    const json_t *size;
    json_array_foreach (shape, i, size) {
        text = arena_printf(arena, "%s%s%" JSON_INTEGER_FORMAT, text, i ? "x" : "",
                            json_integer_value(size));
    }
    return text;
}

static LayerRow row_of_layer(Arena *arena, const json_t *layer)
{
    const char *activation = report_text(layer, "activation", "linear");
    bool plain = strcmp(activation, "linear") == 0;
    return (LayerRow){
        .name = arena_strdup(arena, report_text(layer, "name", "")),
        .kind = arena_strdup(arena, report_text(layer, "kind", "")),
        .activation = plain ? "" : arena_strdup(arena, activation),
        .shape = shape_text(arena, json_object_get(layer, "output_shape")),
        .parameters = (int64_t)report_number(layer, "parameters", 0),
        .macs = (int64_t)report_number(layer, "macs", 0),
    };
}

/* A sentence names its layer first: "layer NAME: ...". Returns what follows the name, or NULL. */
static const char *blocker_of_layer(const char *sentence, const char *name)
{
    const char *at = strstr(sentence, "layer ");
    size_t length = strlen(name);
    if (!at || strncmp(at + 6, name, length) != 0 || at[6 + length] != ':')
        return NULL;
    at += 6 + length + 1;
    return *at == ' ' ? at + 1 : at;
}

static void mark_blockers(ModelView *view, const json_t *blockers)
{
    size_t i;
    const json_t *item;
    json_array_foreach (blockers, i, item) {
        const char *sentence = json_string_value(item), *found = NULL;
        view->blockers++;
        for (int row = 0; sentence && row < view->count && !found; row++) {
            found = blocker_of_layer(sentence, view->layers[row].name);
            if (found && !view->layers[row].blocker)
                view->layers[row].blocker = arena_strdup(view->arena, found);
        }
        if (sentence && !found)
            view->message = arena_printf(view->arena, "%s%s%s", view->message,
                                         *view->message ? "\n" : "", sentence);
    }
}

ModelView model_view_of_report(const char *path, const json_t *report)
{
    ModelView view = view_in_state(MODEL_READY, path);
    const json_t *layers = report_at(report, "model.layers");
    view.layers = ARENA_ARRAY(view.arena, LayerRow, json_array_size(layers) + 1);
    size_t i;
    const json_t *layer;
    json_array_foreach (layers, i, layer) {
        LayerRow *row = &view.layers[view.count++];
        *row = row_of_layer(view.arena, layer);
        view.parameters += row->parameters;
        view.macs += row->macs;
    }
    mark_blockers(&view, report_at(report, "blockers"));
    return view;
}

ModelView model_view_read(const char *path)
{
    RunOptions options = run_options_default();
    options.model = path;
    json_t *report = NULL;
    ModelView view;
    if (flow_inspect(&options, &report) == OK) {
        view = model_view_of_report(path, report);
    } else {
        view = view_in_state(MODEL_REFUSED, path);
        view.message = arena_strdup(view.arena, error_message());
    }
    json_decref(report);
    return view;
}

void model_view_free(ModelView *view)
{
    arena_free(view->arena);
    *view = (ModelView){.state = MODEL_NONE};
}

const char *model_view_name(const ModelView *view)
{
    const char *slash = strrchr(view->path, '/');
    return slash ? slash + 1 : view->path;
}
