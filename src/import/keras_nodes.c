/* keras_nodes.c: which layers the layers of a Functional model read, and the order of computation.
 *
 * A layer's inbound_nodes name the tensors that it reads. tf.keras writes
 *     [[["conv_1", 0, 0, {}], ["conv_2", 0, 0, {}]]]
 * and Keras 3
 *     [{"args": [{"class_name": "__keras_tensor__",
 *                 "config": {"keras_history": ["conv_1", 0, 0], ...}}], "kwargs": {...}}]
 * with one more list round the tensors of a layer that joins several. The zeros are the call and
 * the output that are meant; others occur with shared layers only. */
#include "import/keras.h"

#include <string.h>

static bool is_zero(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) == 0;
}

/* The name in a "keras history": [name, 0, 0]; NULL when it is not one. */
static const char *history_name(const json_t *history)
{
    const char *name = json_string_value(json_array_get(history, 0));
    if (!name || !keras_is_name(name) || json_array_size(history) < 3 ||
        !is_zero(json_array_get(history, 1)) || !is_zero(json_array_get(history, 2)))
        return NULL;
    return name;
}

/* ---- what one layer reads ----------------------------------------------------------------------
 */

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

static void check_arguments(json_t *arguments, const KerasLayer *layer, Blockers *blockers)
{
    char text[KERAS_VALUE_BYTES];
    if (!are_harmless(arguments))
        blockers_add(blockers, "layer %s: is called with %s; accepted is training false, mask null",
                     layer->name, keras_value_text(arguments, text));
}

/* The list of tensors in a call, whose elements are histories (tf.keras) or tensors (Keras 3);
 * borrowed, NULL when there is none. */
static const json_t *tensors_of_call(const json_t *call)
{
    if (json_is_array(call))
        return call;
    const json_t *list = json_object_get(call, "args");
    if (json_array_size(list) != 1)
        return NULL;
    return json_is_array(json_array_get(list, 0)) ? json_array_get(list, 0) : list;
}

static void refuse_sources(const json_t *call, const KerasLayer *layer, Blockers *blockers)
{
    char text[KERAS_VALUE_BYTES];
    blockers_add(
        blockers,
        "layer %s: what it reads is %s; expected outputs of layers, each called once (x + y "
        "is no layer, Add is)",
        layer->name, keras_value_text(call, text));
}

static void read_call(const json_t *call, KerasLayer *layer, KerasModel *model)
{
    const json_t *tensors = tensors_of_call(call);
    size_t count = json_array_size(tensors);
    if (count > LAYER_MAX_INPUTS) {
        blockers_add(model->blockers, "layer %s: reads %zu layers; at most %d are read together",
                     layer->name, count, LAYER_MAX_INPUTS);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *tensor = json_array_get(tensors, i);
        bool bare = json_is_array(tensor);
        const char *name = history_name(
            bare ? tensor : json_object_get(json_object_get(tensor, "config"), "keras_history"));
        if (!name)
            break;
        if (bare)
            check_arguments(json_array_get(tensor, 3), layer, model->blockers);
        layer->sources[layer->source_count++] = arena_strdup(model->arena, name);
    }
    bool whole = count > 0 && layer->source_count == (int)count;
    if (!whole && !model->bad_names) /* a bad name is a blocker already */
        refuse_sources(call, layer, model->blockers);
    check_arguments(json_object_get(call, "kwargs"), layer, model->blockers);
}

void keras_read_sources(json_t *nodes, KerasLayer *layer, KerasModel *model)
{
    bool is_input = strcmp(layer->class_name, "InputLayer") == 0;
    size_t calls = json_array_size(nodes);
    if (is_input && calls == 0)
        return;
    if (calls == 1 && !is_input)
        read_call(json_array_get(nodes, 0), layer, model);
    else
        blockers_add(model->blockers, "layer %s: is called %zu times, expected %s", layer->name,
                     calls,
                     is_input ? "an input that reads nothing" : "once: layers cannot be shared");
}

/* ---- separable convolutions --------------------------------------------------------------------
 */

static KerasLayer depthwise_part(const KerasLayer *whole, Arena *arena)
{
    KerasLayer part = *whole;
    part.name = part.layer.name = arena_printf(arena, "%s.depthwise", whole->name);
    part.separable = false;
    part.no_bias = true;
    part.layer.kind = LAYER_DEPTHWISE_CONV2D;
    layer_set_function(&part.layer, (ActivationFunction){0});
    return part;
}

static KerasLayer pointwise_part(const KerasLayer *whole, const KerasLayer *depthwise)
{
    KerasLayer part = *whole;
    part.separable = false;
    part.given = (Shape){0};
    part.layer.window = (Window){1, 1, 1, 1, .same = false};
    part.sources[0] = depthwise->name;
    part.source_count = 1;
    return part;
}

void keras_split_separable(KerasModel *model)
{
    for (int i = 0; i < model->count; i++) {
        if (!model->layers[i].separable)
            continue;
        KerasLayer *place = &model->layers[i];
        KerasLayer depthwise = depthwise_part(place, model->arena);
        KerasLayer pointwise = pointwise_part(place, &depthwise);
        memmove(place + 2, place + 1, (size_t)(model->count - i - 1) * sizeof *place);
        place[0] = depthwise;
        place[1] = pointwise;
        model->count++;
        i++;
    }
}

bool keras_is_part(const KerasLayer *layer)
{
    return strcmp(layer->group, layer->name) != 0;
}

/* ---- the order of computation ------------------------------------------------------------------
 */

static int find_layer(const KerasModel *model, const char *name)
{
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return i;
    return -1;
}

/* The names of a list as "a, b, c". */
static const char *append_name(const char *names, const char *name, Arena *arena)
{
    return *names ? arena_printf(arena, "%s, %s", names, name) : name;
}

static void expect_one_input(KerasModel *model)
{
    const char *names = "";
    int count = 0;
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->layers[i].class_name, "InputLayer") == 0) {
            names = append_name(names, model->layers[i].name, model->arena);
            count++;
        }
    if (count != 1)
        blockers_add(model->blockers, "the model has %d input layers%s%s%s, expected 1", count,
                     count ? " (" : "", names, count ? ")" : "");
}

/* The only output: [name, 0, 0], alone or in a list; NULL and a blocker when it is not so. */
static const char *output_name(const json_t *outputs, KerasModel *model)
{
    bool listed = json_is_array(json_array_get(outputs, 0));
    size_t count = listed ? json_array_size(outputs) : 1;
    const char *names = "", *name = NULL;
    for (size_t i = 0; i < count; i++) {
        name = history_name(listed ? json_array_get(outputs, i) : outputs);
        if (!name)
            break;
        names = append_name(names, name, model->arena);
    }
    if (name && count == 1)
        return name;
    char text[KERAS_VALUE_BYTES];
    if (name)
        blockers_add(model->blockers, "the model has %zu outputs (%s), expected 1", count, names);
    else
        blockers_add(model->blockers, "the output is %s, expected one layer's",
                     keras_value_text(outputs, text));
    return NULL;
}

/* False when a blocker says of a layer why it is not known what it reads. */
static bool all_read(const KerasModel *model)
{
    for (int i = 0; i < model->count; i++)
        if (model->layers[i].source_count == 0 &&
            strcmp(model->layers[i].class_name, "InputLayer") != 0)
            return false;
    return true;
}

/* Every source is a layer, and every layer but the output is read. */
static void check_readers(KerasModel *model, const char *output)
{
    bool *read = ARENA_ARRAY(model->arena, bool, model->count);
    for (int i = 0; i < model->count; i++)
        for (int k = 0; k < model->layers[i].source_count; k++) {
            int source = find_layer(model, model->layers[i].sources[k]);
            if (source >= 0)
                read[source] = true;
            else
                blockers_add(model->blockers, "layer %s: reads %s, which is no layer of the model",
                             model->layers[i].name, model->layers[i].sources[k]);
        }
    int last = find_layer(model, output);
    if (last < 0)
        blockers_add(model->blockers, "the output is %s, which is no layer of the model", output);
    else if (read[last])
        blockers_add(model->blockers,
                     "layer %s: is the model's output, and other layers read it; expected an "
                     "output at the end",
                     output);
    for (int i = 0; i < model->count; i++)
        if (!read[i] && i != last)
            blockers_add(model->blockers, "layer %s: nothing reads it, and the output is %s",
                         model->layers[i].name, output);
}

/* (layers, LAYER_MAX_INPUTS): the indexes of what each layer reads. */
static int *source_indexes(const KerasModel *model)
{
    int *indexes = ARENA_ARRAY(model->arena, int, model->count *LAYER_MAX_INPUTS);
    for (int i = 0; i < model->count; i++)
        for (int k = 0; k < model->layers[i].source_count; k++)
            indexes[i * LAYER_MAX_INPUTS + k] = find_layer(model, model->layers[i].sources[k]);
    return indexes;
}

static bool all_placed(const int *sources, int count, const bool *placed)
{
    for (int k = 0; k < count; k++)
        if (!placed[sources[k]])
            return false;
    return true;
}

/* One after the other, the first in the file whose sources are there. */
static void sort_layers(KerasModel *model)
{
    const int *sources = source_indexes(model);
    bool *placed = ARENA_ARRAY(model->arena, bool, model->count);
    int *order = ARENA_ARRAY(model->arena, int, model->count);
    int count = 0, before = -1;
    while (count != before) {
        before = count;
        for (int i = 0; i < model->count; i++)
            if (!placed[i] &&
                all_placed(sources + i * LAYER_MAX_INPUTS, model->layers[i].source_count, placed)) {
                placed[i] = true;
                order[count++] = i;
            }
    }
    for (int i = 0; i < model->count; i++)
        if (!placed[i]) {
            blockers_add(model->blockers, "layer %s: reads its own output, perhaps through others",
                         model->layers[i].name);
            return;
        }
    model->order = order;
    model->order_count = count;
}

void keras_order_layers(KerasModel *model, const json_t *outputs)
{
    int found = model->blockers->count;
    expect_one_input(model);
    const char *output = output_name(outputs, model);
    if (output && model->blockers->count == found && !model->bad_names && all_read(model))
        check_readers(model, output);
    if (model->blockers->count == 0)
        sort_layers(model);
}
