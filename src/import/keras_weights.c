/* keras_weights.c: the weights of a .h5 file, by the order that the file records.
 *
 * The group "model_weights" has the attribute layer_names; each layer's group below it has
 * weight_names, which are paths of datasets below that group. Keras fills a layer's weights in
 * this order, whatever the links are called, and so do we. */
#include "import/keras.h"

#include <math.h>
#include <string.h>

#define WEIGHTS_GROUP "model_weights"

/* One tensor that a layer must have. */
typedef struct Slot {
    const char *word;
    Tensor *tensor;
    Shape shape; /* in the file; a dimension of 0 is not known */
    bool flat;   /* a sequence's kernel, which has no height in the file */
} Slot;

enum { MAX_SLOTS = 4 };

/* A kernel of the layer's window; `inputs` and `outputs` are its last two dimensions. */
static Slot kernel_slot(const char *word, KerasLayer *layer, int64_t inputs, int64_t outputs)
{
    const Window *window = &layer->layer.window;
    Slot slot = {.word = word, .tensor = &layer->layer.kernel, .flat = layer->layer.sequence};
    slot.shape = slot.flat
                     ? (Shape){3, {window->kernel_width, inputs, outputs}}
                     : (Shape){4, {window->kernel_height, window->kernel_width, inputs, outputs}};
    return slot;
}

/* 0: not known. */
static int64_t image_channels(const KerasLayer *layer, Shape input)
{
    return input.rank == (layer->layer.sequence ? 2 : 3) ? shape_channels(input) : 0;
}

static int conv2d_slots(KerasLayer *layer, Shape input, Slot slots[MAX_SLOTS])
{
    slots[0] = kernel_slot("kernel", layer, image_channels(layer, input), layer->outputs);
    slots[1] = (Slot){"bias", &layer->layer.bias, {1, {layer->outputs}}, .flat = false};
    return layer->no_bias ? 1 : 2;
}

static int depthwise_slots(KerasLayer *layer, Shape input, Slot slots[MAX_SLOTS])
{
    int64_t channels = image_channels(layer, input);
    Shape bias = {1, {channels * layer->multiplier}};
    slots[0] = kernel_slot("depthwise kernel", layer, channels, layer->multiplier);
    slots[1] = (Slot){"bias", &layer->layer.bias, bias, .flat = false};
    return layer->no_bias ? 1 : 2;
}

static int dense_slots(KerasLayer *layer, Shape input, Slot slots[MAX_SLOTS])
{
    int64_t inputs = input.rank ? shape_channels(input) : 0;
    slots[0] = (Slot){"kernel", &layer->layer.kernel, {2, {inputs, layer->outputs}}, .flat = false};
    slots[1] = (Slot){"bias", &layer->layer.bias, {1, {layer->outputs}}, .flat = false};
    return layer->no_bias ? 1 : 2;
}

static int batch_norm_slots(KerasLayer *layer, Shape input, Slot slots[MAX_SLOTS])
{
    Shape channels = {1, {input.rank ? shape_channels(input) : 0}};
    int count = 0;
    if (!layer->no_gamma)
        slots[count++] = (Slot){"gamma", &layer->layer.gamma, channels, .flat = false};
    if (!layer->no_beta)
        slots[count++] = (Slot){"beta", &layer->layer.beta, channels, .flat = false};
    slots[count++] = (Slot){"moving mean", &layer->layer.mean, channels, .flat = false};
    slots[count++] = (Slot){"moving variance", &layer->layer.variance, channels, .flat = false};
    return count;
}

/* Kinds that have weights. */
static int (*const SLOTS[LAYER_KINDS])(KerasLayer *, Shape, Slot *) = {
    [LAYER_CONV2D] = conv2d_slots,
    [LAYER_DENSE] = dense_slots,
    [LAYER_BATCH_NORM] = batch_norm_slots,
    [LAYER_DEPTHWISE_CONV2D] = depthwise_slots,
};

/* The graph's shape of a tensor that the file has as `shape`: a sequence is an image of one row. */
static Shape lifted(const Slot *slot, Shape shape)
{
    if (!slot->flat)
        return shape;
    return (Shape){4, {1, shape.dim[0], shape.dim[1], shape.dim[2]}};
}

static Shape flattened(const Slot *slot, Shape shape)
{
    if (!slot->flat)
        return shape;
    return (Shape){3, {shape.dim[1], shape.dim[2], shape.dim[3]}};
}

/* ---- the recorded order ------------------------------------------------------------------------
 */

/* Paths from the file reach messages: refuse what a terminal would obey. */
static bool is_printable(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return strlen(text) <= 4 * KERAS_MAX_NAME;
}

/* The weight names of a group; printable ones only. */
static Status read_weight_names(H5File *file, const char *layer, KerasModel *model, H5Texts *names)
{
    const char *group = arena_printf(model->arena, WEIGHTS_GROUP "/%s", layer);
    TRY(h5_read_texts(file, group, "weight_names", model->arena, names));
    for (int i = 0; i < names->count; i++)
        if (!is_printable(names->items[i]))
            return error_set(ERR_REFUSED,
                             "weight name %d is too long or has characters that cannot be printed",
                             i + 1);
    return OK;
}

/* The next layer of the model that has weights, from `index` on; model->count: none. */
static int next_with_weights(const KerasModel *model, int index)
{
    while (index < model->count) {
        const KerasLayer *layer = &model->layers[index];
        if (layer->supported && SLOTS[layer->layer.kind])
            break;
        index++;
    }
    return index;
}

static int find_layer(const KerasModel *model, const char *name)
{
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return i;
    return -1;
}

/* Gives a group's weights to the layer at `index`; of a separable convolution the first to its
 * depthwise part, the others to the part behind it. Returns the next index. */
static int give_weights(KerasModel *model, int index, H5Texts names)
{
    KerasLayer *layer = &model->layers[index];
    if (!keras_is_part(layer)) {
        layer->weight_names = names;
        return index + 1;
    }
    layer[0].weight_names = (H5Texts){names.items, 1};
    layer[1].weight_names = (H5Texts){names.items + 1, names.count - 1};
    return index + 2;
}

/* One entry of layer_names: gives its weights to the layer that is due. */
static bool match_entry(const char *name, H5File *file, KerasModel *model, int *next)
{
    Blockers *blockers = model->blockers;
    if (!keras_is_name(name)) {
        blockers_add(blockers, "layer_names: has a name that is not usable as a layer's name");
        return false;
    }
    H5Texts names;
    if (read_weight_names(file, name, model, &names) != OK) {
        blockers_add(blockers, "layer %s: %s", name, error_message());
        return false;
    }
    int found = find_layer(model, name);
    if (names.count == 0 || (found >= 0 && !model->layers[found].supported))
        return true; /* an unsupported layer is a blocker already */
    *next = next_with_weights(model, *next);
    if (*next >= model->count || strcmp(model->layers[*next].group, name) != 0) {
        blockers_add(blockers, "layer_names: has weights of %s where the model has layer %s", name,
                     *next < model->count ? model->layers[*next].group : "(none)");
        return false;
    }
    *next = give_weights(model, *next, names);
    return true;
}

bool keras_match_weights(H5File *file, KerasModel *model)
{
    H5Texts layers;
    if (h5_read_texts(file, WEIGHTS_GROUP, "layer_names", model->arena, &layers) != OK) {
        blockers_add(model->blockers, "%s", error_message());
        return false;
    }
    int next = 0;
    for (int i = 0; i < layers.count; i++)
        if (!match_entry(layers.items[i], file, model, &next))
            return false;
    return true;
}

/* ---- tensors -----------------------------------------------------------------------------------
 */

static const char *expected_text(Shape shape, char text[SHAPE_TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < shape.rank; i++) {
        char number[24] = "?";
        if (shape.dim[i] > 0)
            snprintf(number, sizeof number, "%lld", (long long)shape.dim[i]);
        used +=
            (size_t)snprintf(text + used, SHAPE_TEXT_BYTES - used, "%s%s", i ? "x" : "", number);
    }
    return text;
}

static const char *found_text(const H5Array *array, Arena *arena)
{
    const char *text = "";
    for (int i = 0; i < array->rank; i++)
        text = arena_printf(arena, "%s%s%lld", text, i ? "x" : "", (long long)array->dim[i]);
    return array->rank ? text : "a single value";
}

/* Takes the dataset's dimensions over into `shape` when they are the expected ones. */
static bool adopt_shape(const H5Array *array, Shape *shape)
{
    if (array->rank != shape->rank)
        return false;
    for (int i = 0; i < shape->rank; i++) {
        if (array->dim[i] < 1 || (shape->dim[i] != 0 && shape->dim[i] != array->dim[i]))
            return false;
        shape->dim[i] = array->dim[i];
    }
    return true;
}

static Status check_array(const H5Array *array, Slot *slot, int64_t budget, Arena *arena)
{
    char expected[SHAPE_TEXT_BYTES];
    expected_text(slot->shape, expected);
    if (array->kind != H5_FLOAT32)
        return error_set(ERR_REFUSED, "%s (%s) has values of type %s, expected float32", slot->word,
                         array->path, array->type);
    if (!adopt_shape(array, &slot->shape))
        return error_set(ERR_REFUSED, "%s (%s) has shape %s, expected %s", slot->word, array->path,
                         found_text(array, arena), expected);
    if (array->elements > budget)
        return error_set(ERR_REFUSED, "%s (%s) has %lld values, which passes the %lld of a model",
                         slot->word, array->path, (long long)array->elements,
                         (long long)TENSOR_MAX_ELEMENTS);
    return OK;
}

static Status check_finite(const Tensor *tensor, const Slot *slot, const char *path)
{
    int64_t count = shape_elements(tensor->shape);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(tensor->data[i]))
            return error_set(ERR_REFUSED,
                             "%s (%s): value %lld is %s, expected finite numbers; train again",
                             slot->word, path, (long long)i,
                             isnan(tensor->data[i]) ? "not a number (NaN)" : "infinite");
    return OK;
}

static Status read_slot(H5File *file, const char *path, Slot *slot, int64_t *budget, Arena *arena)
{
    H5Array array;
    TRY_IN(h5_describe(file, path, &array), "%s", slot->word);
    TRY(check_array(&array, slot, *budget, arena));
    *budget -= array.elements;
    Tensor tensor = tensor_new(arena, slot->shape);
    TRY_IN(h5_read_floats(file, &array, tensor.data), "%s", slot->word);
    TRY(check_finite(&tensor, slot, path));
    tensor.shape = lifted(slot, tensor.shape);
    *slot->tensor = tensor;
    return OK;
}

/* A batch norm divides by sqrt(variance + epsilon). */
static void check_variance(const KerasLayer *layer, Blockers *blockers)
{
    Tensor variance = layer->layer.variance;
    for (int64_t i = 0; variance.data && i < shape_elements(variance.shape); i++)
        if (!((double)variance.data[i] + layer->layer.epsilon > 0)) {
            blockers_add(blockers,
                         "layer %s: moving variance %g of channel %lld plus epsilon %g is not "
                         "above 0",
                         layer->name, (double)variance.data[i], (long long)i, layer->layer.epsilon);
            return;
        }
}

void keras_read_weights(H5File *file, KerasLayer *layer, Shape input, int64_t *budget,
                        KerasModel *model)
{
    if (!SLOTS[layer->layer.kind])
        return;
    Slot slots[MAX_SLOTS];
    int count = SLOTS[layer->layer.kind](layer, input, slots);
    if (layer->weight_names.count != count) {
        blockers_add(model->blockers, "layer %s (%s): %d weights are recorded, expected %d",
                     layer->name, layer->class_name, layer->weight_names.count, count);
        return;
    }
    for (int i = 0; i < count; i++) {
        const char *path = arena_printf(model->arena, WEIGHTS_GROUP "/%s/%s", layer->group,
                                        layer->weight_names.items[i]);
        if (read_slot(file, path, &slots[i], budget, model->arena) != OK)
            blockers_add(model->blockers, "layer %s: %s", layer->name, error_message());
    }
    if (layer->layer.kind == LAYER_BATCH_NORM)
        check_variance(layer, model->blockers);
}

/* The values of a shape whose dimensions are all known; -1 when not, or beyond `budget`. */
static int64_t values_of(Shape shape, int64_t budget)
{
    int64_t values = 1;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 1 || shape.dim[i] > budget / values)
            return -1;
        values *= shape.dim[i];
    }
    return values;
}

void keras_new_weights(KerasLayer *layer, Shape input, int64_t *budget, KerasModel *model)
{
    if (!SLOTS[layer->layer.kind] || input.rank == 0)
        return;
    Slot slots[MAX_SLOTS];
    int count = SLOTS[layer->layer.kind](layer, input, slots);
    for (int i = 0; i < count; i++) {
        int64_t values = values_of(slots[i].shape, *budget);
        if (values < 0) {
            blockers_add(model->blockers, "layer %s: its %s passes the %lld values of a model",
                         layer->name, slots[i].word, (long long)TENSOR_MAX_ELEMENTS);
            return;
        }
        *budget -= values;
        Tensor tensor = tensor_new(model->arena, slots[i].shape);
        bool is_one =
            slots[i].tensor == &layer->layer.gamma || slots[i].tensor == &layer->layer.variance;
        for (int64_t v = 0; is_one && v < values; v++)
            tensor.data[v] = 1;
        tensor.shape = lifted(&slots[i], tensor.shape);
        *slots[i].tensor = tensor;
    }
}

/* "moving mean" is called moving_mean:0 in files. */
static char *dataset_name(const char *word, Arena *arena)
{
    char *name = arena_printf(arena, "%s:0", word);
    for (char *at = name; *at; at++)
        if (*at == ' ')
            *at = '_';
    return name;
}

void keras_name_weights(KerasLayer *layer, Arena *arena)
{
    layer->weight_names = (H5Texts){0};
    if (!layer->supported || !SLOTS[layer->layer.kind])
        return;
    Slot slots[MAX_SLOTS];
    int count = SLOTS[layer->layer.kind](layer, (Shape){0}, slots);
    layer->weight_names = (H5Texts){ARENA_ARRAY(arena, char *, count), count};
    for (int i = 0; i < count; i++)
        layer->weight_names.items[i] = dataset_name(slots[i].word, arena);
}

int keras_places(KerasLayer *layer, Arena *arena, KerasPlace places[KERAS_MAX_PLACES])
{
    if (!layer->supported || !SLOTS[layer->layer.kind])
        return 0;
    Slot slots[MAX_SLOTS];
    int count = SLOTS[layer->layer.kind](layer, (Shape){0}, slots);
    for (int i = 0; i < count; i++) {
        const char *path =
            arena_printf(arena, WEIGHTS_GROUP "/%s/%s", layer->group, layer->weight_names.items[i]);
        Shape shape = flattened(&slots[i], slots[i].tensor->shape);
        places[i] = (KerasPlace){path, slots[i].word, slots[i].tensor, shape};
    }
    return count;
}
