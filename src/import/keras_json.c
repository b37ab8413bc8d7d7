/* keras_json.c: an architecture without weights, as Keras' model.to_json() writes it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "import/importer.h"
#include "import/keras.h"

bool import_is_architecture(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    int first = fgetc(file);
    while (first != EOF && isspace(first))
        first = fgetc(file);
    fclose(file);
    return first == '{';
}

/* A file made of this lists weights in the order of the layers; Keras reads them in the order of
 * computation. Keras itself writes both the same. */
static void expect_order(const KerasModel *model)
{
    for (int i = 0; i < model->order_count; i++)
        if (model->order[i] != i) {
            blockers_add(model->blockers,
                         "layer %s: is not listed in the order of computation; sort the layers",
                         model->layers[i].name);
            return;
        }
}

static Status build_checked(const char *path, KerasModel *model, Graph *graph)
{
    expect_order(model);
    keras_build(NULL, model, false, graph);
    graph->name = model->name;
    TRY(blockers_refuse(model->blockers, path));
    for (int i = 0; i < model->count; i++)
        keras_name_weights(&model->layers[i], model->arena);
    TRY_IN(graph_infer_shapes(graph), "%s", path);
    return OK;
}

Status keras_json_read(const char *path, Buffer *text, KerasModel *model, Graph *graph)
{
    Blockers blockers = {0};
    *model = (KerasModel){.arena = graph->arena, .blockers = &blockers};
    TRY(fs_read_file(path, KERAS_MAX_CONFIG_BYTES, text));
    Status status = keras_parse(text->data, text->length, model);
    if (status != OK)
        error_context(status, "%s", path);
    else
        status = build_checked(path, model, graph);
    model->blockers = NULL;
    blockers_free(&blockers);
    return status;
}

Status import_architecture(const char *path, Graph **graph)
{
    Graph *fresh = graph_new("model");
    Buffer text = {0};
    KerasModel model;
    Status status = keras_json_read(path, &text, &model, fresh);
    buffer_free(&text);
    if (status == OK)
        *graph = fresh;
    else
        graph_free(fresh);
    return status;
}
