#include "import/keras_write.h"

#include <stddef.h>
#include <string.h>

#include "base/fs.h"
#include "import/keras.h"

enum { MAX_PATCHES = KERAS_MAX_LAYERS * KERAS_MAX_PLACES };

typedef struct Writing {
    const Graph *graph;
    Arena *arena;
    Blockers blockers;
    H5Patch *patches;
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

static Status find_places(const Buffer *bytes, const char *source, Writing *writing)
{
    H5File *file = NULL;
    TRY_IN(h5_open_bytes(bytes->data, bytes->length, &file), "%s", source);
    Graph *twin = graph_new("twin");
    KerasModel model;
    Status status = keras_h5_read(file, source, &model, twin);
    if (status == OK) {
        writing->patches = ARENA_ARRAY(writing->arena, H5Patch, MAX_PATCHES);
        for (int i = 0; i < model.count; i++)
            add_layer(writing, &model.layers[i]);
        check_biases(writing, &model);
        status = blockers_refuse(&writing->blockers, source);
    }
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
