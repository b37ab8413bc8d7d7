#include "ui/model_view.h"

#include <string.h>

#include "flow/run.h"
#include "import/importer.h"

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

static LayerRow row_of_layer(Arena *arena, const Layer *layer)
{
    char shape[SHAPE_TEXT_BYTES];
    bool plain = layer->activation == ACTIVATION_LINEAR;
    return (LayerRow){
        .name = arena_strdup(arena, layer->name),
        .kind = layer_info(layer->kind)->word,
        .activation = plain ? "" : activation_word(layer->activation),
        .shape = arena_strdup(arena, shape_format(layer->output_shape, shape)),
        .parameters = layer_parameters(layer),
        .macs = layer_macs(layer),
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

ModelView model_view_of(const char *path, const Graph *graph, const json_t *blockers)
{
    ModelView view = view_in_state(MODEL_READY, path);
    view.layers = ARENA_ARRAY(view.arena, LayerRow, graph->count);
    view.count = graph->count;
    for (int i = 0; i < graph->count; i++) {
        view.layers[i] = row_of_layer(view.arena, &graph->layers[i]);
        view.parameters += view.layers[i].parameters;
        view.macs += view.layers[i].macs;
    }
    mark_blockers(&view, blockers);
    return view;
}

static ModelView view_of_refusal(const char *path)
{
    ModelView view = view_in_state(MODEL_REFUSED, path);
    view.message = arena_strdup(view.arena, error_message());
    return view;
}

ModelView model_view_read(const char *path)
{
    Graph *graph = NULL;
    if (import_model(path, &graph) != OK)
        return view_of_refusal(path);
    RunOptions options = run_options_default();
    options.model = path;
    json_t *report = NULL;
    Status status = flow_inspect(&options, &report);
    ModelView view = status == OK ? model_view_of(path, graph, json_object_get(report, "blockers"))
                                  : view_of_refusal(path);
    json_decref(report);
    graph_free(graph);
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
