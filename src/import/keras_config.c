/* keras_config.c: the model_config JSON as written by Keras 2.x, tf.keras and Keras 3. */
#include "import/keras.h"

#include <stdlib.h>
#include <string.h>

/* ---- names and values --------------------------------------------------------------------------
 */

/* Control characters beyond ASCII, that would move or hide text on a terminal: C1, and the
 * direction and line separators of U+2028..202E and U+2066..2069. `at` has 3 readable bytes, as
 * the text is valid UTF-8 with a NUL behind it. */
static bool is_wide_control(const unsigned char *at)
{
    if (at[0] == 0xC2)
        return at[1] >= 0x80 && at[1] <= 0x9F;
    if (at[0] != 0xE2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE) ||
           (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9);
}

bool keras_is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > KERAS_MAX_NAME || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    json_t *decoded = json_string(name); /* NULL when it is not UTF-8 */
    bool good = decoded != NULL;
    json_decref(decoded);
    for (const unsigned char *at = (const unsigned char *)name; good && *at; at++)
        good = *at >= ' ' && *at != 0x7F && *at != '/' && *at != '\\' && !is_wide_control(at);
    return good;
}

const char *keras_value_text(const json_t *value, char text[KERAS_VALUE_BYTES])
{
    char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
    if (!dump)
        return memcpy(text, "missing", sizeof "missing");
    size_t length = strlen(dump);
    bool cut = length >= KERAS_VALUE_BYTES;
    size_t kept = cut ? KERAS_VALUE_BYTES - 4 : length;
    memcpy(text, dump, kept);
    memcpy(text + kept, cut ? "..." : "", cut ? 4 : 1);
    free(dump);
    return text;
}

/* A name from the file, or "layer 3" style words when it is not usable. */
static const char *take_name(const json_t *value, int place, KerasModel *model)
{
    const char *name = json_string_value(value);
    if (name && keras_is_name(name))
        return arena_strdup(model->arena, name);
    char text[KERAS_VALUE_BYTES];
    model->bad_names = true;
    blockers_add(model->blockers,
                 "layer %d of the list: its name is %s; expected 1 to %d bytes of UTF-8 text "
                 "without control characters and slashes",
                 place + 1, keras_value_text(value, text), KERAS_MAX_NAME);
    return arena_printf(model->arena, "number %d", place + 1);
}

/* ---- keys around a layer or a model ------------------------------------------------------------
 */

static bool is_listed(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, key) == 0)
            return true;
    return false;
}

/* Adds a blocker for each key of `object` that is not in `known`. */
static void expect_keys(json_t *object, const char *const *known, const char *where,
                        Blockers *blockers)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        if (is_listed(key, known))
            continue;
        char key_text[KERAS_VALUE_BYTES], value_text[KERAS_VALUE_BYTES];
        json_t *quoted = json_string(key);
        blockers_add(blockers, "%s: the entry %s with value %s is not known; remove it", where,
                     keras_value_text(quoted, key_text), keras_value_text(value, value_text));
        json_decref(quoted);
    }
}

/* A class of that name by somebody else is not the one that we know. */
static void expect_keras_origin(const json_t *object, const KerasLayer *layer, Blockers *blockers)
{
    const char *module = json_string_value(json_object_get(object, "module"));
    const char *registered = json_string_value(json_object_get(object, "registered_name"));
    bool keras = !module || strncmp(module, "keras.", 6) == 0 ||
                 strncmp(module, "tensorflow.keras.", 17) == 0;
    if (keras && (!registered || strcmp(registered, layer->class_name) == 0))
        return;
    char module_text[KERAS_VALUE_BYTES], registered_text[KERAS_VALUE_BYTES];
    blockers_add(blockers,
                 "layer %s: %s is a class of module %s, registered as %s; only layers of Keras "
                 "itself are supported",
                 layer->name, layer->class_name,
                 keras_value_text(json_object_get(object, "module"), module_text),
                 keras_value_text(json_object_get(object, "registered_name"), registered_text));
}

/* ---- layers ------------------------------------------------------------------------------------
 */

static void expect_unique_names(KerasModel *model)
{
    for (int i = 0; i < model->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(model->layers[i].name, model->layers[k].name) == 0) {
                blockers_add(model->blockers, "layers %d and %d of the list have the same name %s",
                             k + 1, i + 1, model->layers[i].name);
                model->bad_names = true;
                break;
            }
}

static void parse_layer(json_t *object, int index, KerasModel *model)
{
    static const char *const KEYS[] = {
        "class_name",      "config",       "name",           "inbound_nodes",    "module",
        "registered_name", "build_config", "compile_config", "shared_object_id", NULL};
    KerasLayer *layer = &model->layers[index];
    json_t *config = json_object_get(object, "config");
    const char *class_name = json_string_value(json_object_get(object, "class_name"));
    const json_t *outer_name = json_object_get(object, "name");
    const json_t *inner_name = json_object_get(config, "name");
    layer->class_name = "";
    layer->name = take_name(inner_name ? inner_name : outer_name, index, model);
    layer->group = layer->name;
    if (!class_name || !keras_is_name(class_name) || !json_is_object(config)) {
        blockers_add(model->blockers, "layer %s: has no class_name and config", layer->name);
        return;
    }
    layer->class_name = arena_strdup(model->arena, class_name);
    if (outer_name && inner_name && !json_equal(outer_name, inner_name))
        blockers_add(model->blockers, "layer %s: has two different names", layer->name);
    expect_keys(object, KEYS, layer->name, model->blockers);
    expect_keras_origin(object, layer, model->blockers);
    keras_read_attributes(config, layer, model);
}

/* ---- models ------------------------------------------------------------------------------------
 */

/* The input layer that old files leave out. */
static void add_input(KerasModel *model, const json_t *build_shape)
{
    const char *name = arena_printf(model->arena, "%s_input", model->layers[0].name);
    KerasLayer input = {
        .name = name, .group = name, .class_name = "InputLayer", .given = model->layers[0].given};
    if (input.given.rank == 0 && json_is_array(build_shape)) {
        json_t *config = json_pack("{s:O}", "batch_shape", build_shape);
        keras_read_attributes(config, &input, model);
        json_decref(config);
    } else if (input.given.rank == 0) {
        blockers_add(model->blockers, "the model does not say its input shape; give it an Input "
                                      "layer, and save it again");
    }
    input.supported = true;
    input.layer = (Layer){.kind = LAYER_INPUT, .name = name};
    memmove(&model->layers[1], &model->layers[0], (size_t)model->count * sizeof input);
    model->layers[0] = input;
    model->count++;
}

/* A Sequential model is in order already. */
static void order_sequential(KerasModel *model, const json_t *build_shape)
{
    for (int i = 1; i < model->count; i++)
        if (strcmp(model->layers[i].class_name, "InputLayer") == 0)
            blockers_add(model->blockers, "layer %s: an input layer after the first layer",
                         model->layers[i].name);
    if (strcmp(model->layers[0].class_name, "InputLayer") != 0)
        add_input(model, build_shape);
    model->order = ARENA_ARRAY(model->arena, int, model->count);
    for (int i = 0; i < model->count; i++) {
        model->order[i] = i;
        model->layers[i].sources[0] = i ? model->layers[i - 1].name : NULL;
        model->layers[i].source_count = i > 0;
    }
    model->order_count = model->count;
}

static Status parse_layers(const json_t *list, KerasModel *model)
{
    size_t count = json_array_size(list);
    if (count == 0)
        return error_set(ERR_REFUSED, "model_config: has no layers");
    if (count > KERAS_MAX_LAYERS)
        return error_set(ERR_REFUSED, "model_config: has %zu layers; at most %d are read", count,
                         KERAS_MAX_LAYERS);
    /* Room for two parts of each, and the input layer that a Sequential model may leave out. */
    model->layers = ARENA_ARRAY(model->arena, KerasLayer, 2 * count + 1);
    model->count = (int)count;
    for (int i = 0; i < model->count; i++)
        parse_layer(json_array_get(list, (size_t)i), i, model);
    return OK;
}

static Status parse_sequential(json_t *config, KerasModel *model)
{
    static const char *const KEYS[] = {"name",      "layers", "build_input_shape",
                                       "trainable", "dtype",  NULL};
    /* Before Keras 2.2.3 the list itself was the config. */
    bool bare = json_is_array(config);
    if (!bare)
        expect_keys(config, KEYS, "the Sequential model", model->blockers);
    TRY(parse_layers(bare ? config : json_object_get(config, "layers"), model));
    keras_split_separable(model);
    expect_unique_names(model);
    order_sequential(model, json_object_get(config, "build_input_shape"));
    return OK;
}

static Status parse_functional(json_t *config, KerasModel *model)
{
    static const char *const KEYS[] = {
        "name", "layers", "input_layers", "output_layers", "trainable", "dtype", NULL};
    expect_keys(config, KEYS, "the Functional model", model->blockers);
    const json_t *list = json_object_get(config, "layers");
    TRY(parse_layers(list, model));
    for (int i = 0; i < model->count; i++)
        keras_read_sources(json_object_get(json_array_get(list, (size_t)i), "inbound_nodes"),
                           &model->layers[i], model);
    keras_split_separable(model);
    expect_unique_names(model);
    keras_order_layers(model, json_object_get(config, "output_layers"));
    return OK;
}

/* The ways to write a model down. */
static const struct ModelClass {
    const char *name;
    Status (*parse)(json_t *config, KerasModel *model);
} MODEL_CLASSES[] = {
    {"Sequential", parse_sequential},
    {"Functional", parse_functional},
    {"Model", parse_functional}, /* what Keras 2 calls a Functional model */
};

int keras_version_of(const char *text)
{
    int first = text && text[0] >= '1' && text[0] <= '3' && text[1] == '.' ? text[0] - '0' : 0;
    return first == 1 ? 2 : first;
}

/* What the text says of the version, where the file around it does not. */
static int stated_version(const json_t *root)
{
    int version = keras_version_of(json_string_value(json_object_get(root, "keras_version")));
    const char *module = json_string_value(json_object_get(root, "module"));
    bool is_three = module && strncmp(module, "keras.src.", 10) == 0;
    return version == 0 && is_three ? 3 : version;
}

static Status parse_model(const json_t *root, KerasModel *model)
{
    if (model->keras_version == 0)
        model->keras_version = stated_version(root);
    const char *class_name = json_string_value(json_object_get(root, "class_name"));
    json_t *config = json_object_get(root, "config");
    const char *name = json_string_value(json_object_get(config, "name"));
    model->name = arena_strdup(model->arena, name && keras_is_name(name) ? name : "model");
    for (size_t i = 0; class_name && i < sizeof MODEL_CLASSES / sizeof MODEL_CLASSES[0]; i++)
        if (strcmp(MODEL_CLASSES[i].name, class_name) == 0)
            return MODEL_CLASSES[i].parse(config, model);
    char text[KERAS_VALUE_BYTES];
    return error_set(ERR_REFUSED,
                     "model_config: the model is of class %s; expected Sequential or Functional",
                     keras_value_text(json_object_get(root, "class_name"), text));
}

Status keras_parse(const char *text, size_t length, KerasModel *model)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return error_set(ERR_REFUSED, "model_config: is not JSON (line %d, column %d)", error.line,
                         error.column);
    Status status = parse_model(root, model);
    json_decref(root);
    return status;
}
