#include "import/keras_write.h"

#include <stddef.h>
#include <string.h>

#include "base/fs.h"
#include "import/keras.h"

enum { MAX_PATCHES = 2 * KERAS_MAX_LAYERS * KERAS_MAX_PLACES }; /* a layer may be two */

typedef struct Writing {
    const Graph *graph;
    Arena *arena;
    Blockers blockers;
    H5Patch *patches;
    Shape *shapes; /* of each patch */
    int count;
} Writing;

/* The tensor of `layer` that stands where `tensor` stands in `twin`. */
static const Tensor *same_member(const Layer *layer, const Layer *twin, const Tensor *tensor)
{
    ptrdiff_t offset = (const char *)tensor - (const char *)twin;
    return (const Tensor *)(const void *)((const char *)layer + offset);
}

static void add_layer(Writing *writing, KerasLayer *source)
{
    KerasPlace places[KERAS_MAX_PLACES];
    int count = keras_places(source, writing->arena, places);
    int found = graph_find(writing->graph, source->name);
    if (count > 0 && found < 0)
        blockers_add(&writing->blockers,
                     "layer %s: has weights in the file, and is not in the "
                     "network any more",
                     source->name);
    for (int i = 0; i < count && found >= 0; i++) {
        const Tensor *tensor =
            same_member(&writing->graph->layers[found], &source->layer, places[i].tensor);
        if (!tensor->data || !shape_equal(tensor->shape, places[i].tensor->shape)) {
            blockers_add(&writing->blockers, "layer %s: its %s has another shape than in the file",
                         source->name, places[i].word);
            continue;
        }
        writing->shapes[writing->count] = places[i].shape;
        writing->patches[writing->count++] =
            (H5Patch){places[i].path, tensor->data, shape_elements(tensor->shape)};
    }
}

/* A bias that the network has and the file has no place for. */
static void check_biases(Writing *writing, const KerasModel *model)
{
    for (int i = 0; i < model->count; i++) {
        const KerasLayer *source = &model->layers[i];
        int found = graph_find(writing->graph, source->name);
        if (found >= 0 && source->no_bias && writing->graph->layers[found].bias.data)
            blockers_add(&writing->blockers,
                         "layer %s: has a bias now, and the file has no place for it",
                         source->name);
    }
}

/* Finds the values of every layer of `model`. */
static Status collect(KerasModel *model, const char *source, Writing *writing)
{
    writing->patches = ARENA_ARRAY(writing->arena, H5Patch, MAX_PATCHES);
    writing->shapes = ARENA_ARRAY(writing->arena, Shape, MAX_PATCHES);
    for (int i = 0; i < model->count; i++)
        add_layer(writing, &model->layers[i]);
    check_biases(writing, model);
    return blockers_refuse(&writing->blockers, source);
}

static Status find_places(const Buffer *bytes, const char *source, Writing *writing)
{
    H5File *file = NULL;
    TRY_IN(h5_open_bytes(bytes->data, bytes->length, &file), "%s", source);
    Graph *twin = graph_new("twin");
    KerasModel model;
    Status status = keras_h5_read(file, source, &model, twin);
    if (status == OK)
        status = collect(&model, source, writing);
    graph_free(twin);
    h5_close(file);
    return status;
}

static Status write_patched(const Buffer *bytes, const char *source, const char *target,
                            const Writing *writing)
{
    Buffer patched = {0};
    Status status =
        h5_patch_bytes(bytes->data, bytes->length, writing->patches, writing->count, &patched);
    if (status != OK)
        status = error_context(status, "%s", source);
    else
        status = fs_write_atomic(target, patched.data, patched.length);
    buffer_free(&patched);
    return status;
}

Status keras_write(const char *source, const char *target, const Graph *graph)
{
    Buffer bytes = {0};
    Writing writing = {.graph = graph, .arena = arena_new()};
    int64_t size = fs_size(source);
    Status status = size < 0 ? error_set(ERR_REFUSED, "%s: is no file", source)
                             : fs_read_file(source, (size_t)size, &bytes);
    if (status == OK)
        status = find_places(&bytes, source, &writing);
    if (status == OK)
        status = write_patched(&bytes, source, target, &writing);
    blockers_free(&writing.blockers);
    arena_free(writing.arena);
    buffer_free(&bytes);
    return status;
}

/* ---- a new file --------------------------------------------------------------------------------
 */

/* The first words of a version decide how Keras reads weights; without one it assumes Keras 1. */
static const char *version_of(const json_t *root)
{
    const char *version = json_string_value(json_object_get(root, "keras_version"));
    if (version)
        return version;
    return json_object_get(root, "module") ? "3.0.0" : "2.2.0";
}

/* Attributes that Keras wants at the root and at the group of weights. */
static Status make_versions(H5File *file, const json_t *root)
{
    const char *backend = json_string_value(json_object_get(root, "backend"));
    static const char *const OBJECTS[] = {"", "model_weights"};
    for (int i = 0; i < 2; i++) {
        TRY(h5_make_text(file, OBJECTS[i], "keras_version", version_of(root)));
        TRY(h5_make_text(file, OBJECTS[i], "backend", backend ? backend : "tensorflow"));
    }
    return OK;
}

/* The weights of a group: of a separable convolution those of both parts. */
static H5Texts group_weights(const KerasLayer *layer, bool has_part, Arena *arena)
{
    if (!has_part)
        return layer->weight_names;
    const H5Texts *first = &layer[-1].weight_names, *second = &layer->weight_names;
    H5Texts all = {ARENA_ARRAY(arena, char *, first->count + second->count), 0};
    for (int i = 0; i < first->count; i++)
        all.items[all.count++] = first->items[i];
    for (int i = 0; i < second->count; i++)
        all.items[all.count++] = second->items[i];
    return all;
}

static Status make_layer(H5File *file, const KerasModel *model, int index, Arena *arena)
{
    const KerasLayer *layer = &model->layers[index];
    H5Texts names = group_weights(layer, index > 0 && keras_is_part(layer - 1), arena);
    const char *group = arena_printf(arena, "model_weights/%s", layer->group);
    TRY(h5_make_group(file, group));
    return h5_make_texts(file, group, "weight_names", &names);
}

static Status make_values(H5File *file, const Writing *writing)
{
    for (int i = 0; i < writing->count; i++) {
        const H5Patch *patch = &writing->patches[i];
        H5Array array = {.path = patch->path, .rank = writing->shapes[i].rank};
        for (int d = 0; d < array.rank; d++)
            array.dim[d] = writing->shapes[i].dim[d];
        TRY(h5_make_floats(file, &array, patch->values));
    }
    return OK;
}

static Status make_parts(H5File *file, const Buffer *text, const KerasModel *model,
                         const Writing *writing)
{
    json_t *root = json_loadb(text->data, text->length, 0, NULL);
    H5Texts names = {ARENA_ARRAY(writing->arena, char *, model->count), 0};
    for (int i = 0; i < model->count; i++)
        if (!keras_is_part(&model->layers[i]))
            names.items[names.count++] = arena_strdup(writing->arena, model->layers[i].name);
    Status status = h5_make_group(file, "model_weights");
    if (status == OK)
        status = make_versions(file, root);
    json_decref(root);
    TRY(status);
    TRY(h5_make_text(file, "", "model_config", text->data));
    TRY(h5_make_texts(file, "model_weights", "layer_names", &names));
    for (int i = 0; i < model->count; i++)
        if (!keras_is_part(&model->layers[i]))
            TRY(make_layer(file, model, i, writing->arena));
    return make_values(file, writing);
}

static Status make_file(const char *target, const Buffer *text, const KerasModel *model,
                        const Writing *writing)
{
    H5File *file = NULL;
    Buffer bytes = {0};
    TRY(h5_make(&file));
    Status status = make_parts(file, text, model, writing);
    if (status == OK)
        status = h5_make_finish(file, &bytes);
    if (status == OK)
        status = fs_write_atomic(target, bytes.data, bytes.length);
    buffer_free(&bytes);
    h5_close(file);
    return status;
}

Status keras_write_new(const char *architecture, const char *target, const Graph *graph)
{
    Buffer text = {0};
    Writing writing = {.graph = graph, .arena = arena_new()};
    Graph *twin = graph_new("twin");
    KerasModel model;
    Status status = keras_json_read(architecture, &text, &model, twin);
    if (status == OK)
        status = collect(&model, architecture, &writing);
    if (status == OK)
        status = make_file(target, &text, &model, &writing);
    blockers_free(&writing.blockers);
    graph_free(twin);
    arena_free(writing.arena);
    buffer_free(&text);
    return status;
}
