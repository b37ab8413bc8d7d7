/* keras_h5.c: a full model in one HDF5 file, as model.save("x.h5") writes it. */
#include "import/keras.h"

#include <string.h>

/* ---- the graph ---------------------------------------------------------------------------------
 */

/* Fills in the open dimension of a reshape. */
static bool resolve_target(const KerasLayer *layer, Shape input, Shape *output, Blockers *blockers)
{
    *output = layer->target;
    int64_t known = 1;
    int open = -1;
    for (int i = 0; i < output->rank; i++) {
        if (output->dim[i] == -1)
            open = i;
        else if (output->dim[i] <= TENSOR_MAX_ELEMENTS / known)
            known *= output->dim[i];
        else
            known = TENSOR_MAX_ELEMENTS;
    }
    int64_t elements = shape_elements(input);
    if (open >= 0)
        output->dim[open] = elements / known;
    if (shape_elements(*output) == elements)
        return true;
    char text[SHAPE_TEXT_BYTES];
    blockers_add(blockers,
                 "layer %s (Reshape): %lld values of its input of %s do not fill the "
                 "target shape",
                 layer->name, (long long)elements, shape_format(input, text));
    return false;
}

static void check_axis(const KerasLayer *layer, Shape input, Blockers *blockers)
{
    bool has_axis = layer->layer.kind == LAYER_BATCH_NORM || layer->layer.kind == LAYER_CONCATENATE;
    if (has_axis && layer->axis != 0 && layer->axis != input.rank)
        blockers_add(blockers, "layer %s (%s): attribute axis is %d; accepted is the last, %d",
                     layer->name, layer->class_name, layer->axis, input.rank);
}

/* Keras ignores a shape that is given further down, unless somebody edited the file. */
static void check_given(const KerasLayer *layer, Shape input, bool first, Blockers *blockers)
{
    if (!first || layer->given.rank == 0 || shape_equal(layer->given, input))
        return;
    char given[SHAPE_TEXT_BYTES], found[SHAPE_TEXT_BYTES];
    blockers_add(blockers, "layer %s: batch_input_shape says %s, the input layer %s", layer->name,
                 shape_format(layer->given, given), shape_format(input, found));
}

/* Checks what depends on the input's shape; false when the layer cannot be added. */
static bool prepare(KerasLayer *layer, Shape input, bool first, Blockers *blockers)
{
    check_axis(layer, input, blockers);
    check_given(layer, input, first, blockers);
    if (layer->layer.kind == LAYER_RESHAPE)
        return resolve_target(layer, input, &layer->layer.output_shape, blockers);
    return true;
}

/* Appends one layer, and finds its output's shape; false after a blocker. */
static bool append(KerasLayer *layer, Graph *graph, Blockers *blockers)
{
    if (layer->layer.kind == LAYER_INPUT)
        layer->layer.output_shape = layer->given;
    for (int k = 0; k < layer->source_count; k++)
        layer->layer.inputs[k] = graph_find(graph, layer->sources[k]);
    layer->layer.input_count = layer->source_count;
    graph_add(graph, layer->layer);
    if (graph_infer_shapes(graph) == OK)
        return true;
    blockers_add(blockers, "%s", error_message());
    return false;
}

static Shape first_input(const KerasLayer *layer, const Graph *graph)
{
    if (layer->source_count == 0)
        return (Shape){0};
    return graph->layers[graph_find(graph, layer->sources[0])].output_shape;
}

/* Reads weights and adds layers in their order. Once a layer is in doubt the shapes behind it are
 * not known; the rest is still read for its own faults. */
void keras_build(H5File *file, KerasModel *model, bool matched, Graph *graph)
{
    Blockers *blockers = model->blockers;
    int64_t budget = TENSOR_MAX_ELEMENTS;
    bool known = model->order_count > 0 && blockers->count == 0;
    for (int i = 0; i < model->count; i++) {
        KerasLayer *layer = &model->layers[model->order_count ? model->order[i] : i];
        Shape input = known ? first_input(layer, graph) : (Shape){0};
        if (!layer->supported)
            continue;
        if (known && graph->count)
            known = prepare(layer, input, graph->count == 1, blockers);
        if (!file)
            keras_new_weights(layer, known ? input : (Shape){0}, &budget, model);
        else if (matched)
            keras_read_weights(file, layer, input, &budget, model);
        known = known && blockers->count == 0 && append(layer, graph, blockers);
    }
    if (known && graph->count < 2)
        blockers_add(blockers, "the model has no layers after its input");
}

/* ---- the container -----------------------------------------------------------------------------
 */

static Status read_config(H5File *file, Buffer *text)
{
    if (h5_has_attribute(file, "", "model_config"))
        return h5_read_text(file, "", "model_config", KERAS_MAX_CONFIG_BYTES, text);
    bool weights_only = h5_has_attribute(file, "", "layer_names") || h5_has(file, "layers") ||
                        h5_has(file, "_layer_checkpoint_dependencies");
    if (weights_only)
        return error_set(
            ERR_REFUSED,
            "has no attribute \"model_config\": this looks like weights only "
            "(save_weights); expected a full model: save it with model.save(\"x.h5\")");
    return error_set(ERR_REFUSED,
                     "has no attribute \"model_config\": the HDF5 file is not a Keras model; "
                     "expected one saved with model.save(\"x.h5\")");
}

/* The version of Keras that the file names; 0: none. What it says is needed by few layers only. */
static int read_version(H5File *file)
{
    enum { MAX_VERSION_BYTES = 64 };
    Buffer text = {0};
    int version = 0;
    if (h5_has_attribute(file, "", "keras_version") &&
        h5_read_text(file, "", "keras_version", MAX_VERSION_BYTES, &text) == OK)
        version = keras_version_of(text.data);
    buffer_free(&text);
    return version;
}

static Status build_checked(H5File *file, const char *path, KerasModel *model, Graph *graph)
{
    bool matched = false;
    if (h5_has(file, "model_weights"))
        matched = !model->bad_names && keras_match_weights(file, model);
    else
        blockers_add(model->blockers, "the group \"model_weights\" is missing; save the full "
                                      "model with model.save(\"x.h5\")");
    keras_build(file, model, matched, graph);
    graph->name = model->name;
    TRY(blockers_refuse(model->blockers, path));
    TRY_IN(graph_infer_shapes(graph), "%s", path);
    return OK;
}

Status keras_h5_read(H5File *file, const char *path, KerasModel *model, Graph *graph)
{
    Buffer text = {0};
    Blockers blockers = {0};
    *model = (KerasModel){
        .arena = graph->arena, .blockers = &blockers, .keras_version = read_version(file)};
    Status status = read_config(file, &text);
    if (status == OK)
        status = keras_parse(text.data, text.length, model);
    if (status != OK)
        error_context(status, "%s", path);
    else
        status = build_checked(file, path, model, graph);
    model->blockers = NULL;
    blockers_free(&blockers);
    buffer_free(&text);
    return status;
}

static Status import_open(H5File *file, const char *path, Graph **graph)
{
    Graph *fresh = graph_new("model");
    KerasModel model;
    Status status = keras_h5_read(file, path, &model, fresh);
    if (status == OK)
        *graph = fresh;
    else
        graph_free(fresh);
    h5_close(file);
    return status;
}

Status keras_h5_import(const char *path, Graph **graph)
{
    H5File *file = NULL;
    TRY_IN(h5_open(path, &file), "%s", path);
    return import_open(file, path, graph);
}

Status keras_h5_import_bytes(const void *bytes, size_t count, Graph **graph)
{
    H5File *file = NULL;
    TRY_IN(h5_open_bytes(bytes, count, &file), "memory");
    return import_open(file, "memory", graph);
}
