/* keras_path.c: the one path through a Functional model.
 *
 * A layer's inbound_nodes name the tensors that it reads. tf.keras writes
 *     [[["conv_1", 0, 0, {}]]]
 * and Keras 3
 *     [{"args": [{"class_name": "__keras_tensor__",
 *                 "config": {"keras_history": ["conv_1", 0, 0], ...}}], "kwargs": {...}}]
 * The zeros are the call and the output that are meant; others occur with shared layers only. */
#include "import/keras.h"

#include <string.h>

static bool is_zero(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) == 0;
}

const char *keras_history_name(const json_t *history)
{
    if (json_array_size(history) == 1 && json_is_array(json_array_get(history, 0)))
        history = json_array_get(history, 0);
    if (json_array_size(history) < 3 || !is_zero(json_array_get(history, 1)) ||
        !is_zero(json_array_get(history, 2)))
        return NULL;
    return json_string_value(json_array_get(history, 0));
}

/* Arguments of a call that change nothing at inference. */
static bool are_harmless(json_t *arguments)
{
    const char *name;
    json_t *value;
    json_object_foreach (arguments, name, value) {
        bool known = strcmp(name, "training") == 0 || strcmp(name, "mask") == 0;
        if (!known || !(json_is_null(value) || json_is_false(value)))
            return false;
    }
    return true;
}

/* The name of the only tensor that a call reads; NULL when there are several, or other things. */
static const char *single_source(const json_t *node, json_t **arguments)
{
    const json_t *history = NULL;
    if (json_is_array(node) && json_array_size(node) == 1) {
        history = json_array_get(node, 0);
        *arguments = json_array_get(history, 3);
    } else if (json_is_object(node) && json_array_size(json_object_get(node, "args")) == 1) {
        const json_t *tensor = json_array_get(json_object_get(node, "args"), 0);
        history = json_object_get(json_object_get(tensor, "config"), "keras_history");
        *arguments = json_object_get(node, "kwargs");
    }
    return keras_history_name(history);
}

void keras_read_source(json_t *nodes, KerasLayer *layer, KerasModel *model)
{
    Blockers *blockers = model->blockers;
    bool is_input = strcmp(layer->class_name, "InputLayer") == 0;
    size_t calls = json_array_size(nodes);
    if (is_input && calls == 0)
        return;
    if (calls != 1 || is_input) {
        blockers_add(blockers, "layer %s: is called %zu times, expected %s", layer->name, calls,
                     is_input ? "an input that reads nothing" : "once: layers cannot be shared");
        return;
    }
    json_t *arguments = NULL;
    const char *source = single_source(json_array_get(nodes, 0), &arguments);
    if (!source || !keras_is_name(source)) {
        blockers_add(blockers,
                     "layer %s: reads several tensors; a model of one path is expected, where each "
                     "layer reads the one before it",
                     layer->name);
        return;
    }
    if (!are_harmless(arguments)) {
        char text[KERAS_VALUE_BYTES];
        blockers_add(blockers, "layer %s: is called with %s; accepted is training false, mask null",
                     layer->name, keras_value_text(arguments, text));
    }
    layer->source = arena_strdup(model->arena, source);
}

/* The layer that reads `name`; -1: none. A second reader is a blocker. */
static int find_reader(KerasModel *model, const char *name)
{
    int reader = -1;
    for (int i = 0; i < model->count; i++) {
        if (!model->layers[i].source || strcmp(model->layers[i].source, name) != 0)
            continue;
        if (reader >= 0) {
            blockers_add(model->blockers,
                         "layer %s: is read by %s and by %s; a model of one path is expected", name,
                         model->layers[reader].name, model->layers[i].name);
            return -1;
        }
        reader = i;
    }
    return reader;
}

/* The only layer without a source; -1 and a blocker when that is not so. */
static int find_input(KerasModel *model)
{
    int found = -1, count = 0;
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->layers[i].class_name, "InputLayer") == 0) {
            found = i;
            count++;
        }
    if (count == 1)
        return found;
    blockers_add(model->blockers, "the model has %d input layers, expected 1", count);
    return -1;
}

void keras_order_path(KerasModel *model, const char *output)
{
    int found = model->blockers->count;
    int *path = ARENA_ARRAY(model->arena, int, model->count);
    int length = 0;
    for (int at = find_input(model); at >= 0 && length < model->count;
         at = find_reader(model, model->layers[at].name))
        path[length++] = at;
    if (model->blockers->count > found)
        return;
    const char *last = length ? model->layers[path[length - 1]].name : "";
    if (length != model->count)
        blockers_add(model->blockers,
                     "%d of %d layers are on the path from the input to %s; a model of one path is "
                     "expected",
                     length, model->count, last);
    else if (!output || strcmp(output, last) != 0)
        blockers_add(model->blockers, "the output is %s, expected one output, that of layer %s",
                     output && keras_is_name(output) ? output : "not one layer", last);
    if (model->blockers->count > found)
        return;
    model->path = path;
    model->path_count = length;
}
