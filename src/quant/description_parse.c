/* description_parse.c: model.json to an integer model without its tensors. Nothing is trusted. */
#include <limits.h>
#include <string.h>

#include "quant/description_keys.h"

/* ---- typed values ---------------------------------------------------------------------------- */

static Status get(const json_t *object, const char *key, json_type type, json_t **value)
{
    static const char *const WORDS[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array", [JSON_STRING] = "a text",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a number",  [JSON_TRUE] = "true or false",
    };
    *value = json_object_get(object, key);
    if (!*value)
        return error_set(ERR_REFUSED, "key %s is missing", key);
    json_type found = json_typeof(*value);
    bool fits = found == type || (type == JSON_TRUE && found == JSON_FALSE) ||
                (type == JSON_REAL && found == JSON_INTEGER);
    return fits ? OK : error_set(ERR_REFUSED, "key %s must be %s", key, WORDS[type]);
}

static Status get_text(const json_t *object, const char *key, const char **text)
{
    json_t *value;
    TRY(get(object, key, JSON_STRING, &value));
    *text = json_string_value(value);
    return strlen(*text) == json_string_length(value)
               ? OK
               : error_set(ERR_REFUSED, "key %s holds a NUL", key);
}

static Status get_number(const json_t *object, const char *key, double *number)
{
    json_t *value;
    TRY(get(object, key, JSON_REAL, &value));
    *number = json_number_value(value);
    return OK;
}

static Status get_bool(const json_t *object, const char *key, bool *flag)
{
    json_t *value;
    TRY(get(object, key, JSON_TRUE, &value));
    *flag = json_is_true(value);
    return OK;
}

static Status int_of(const json_t *value, const char *key, int *number)
{
    if (!json_is_integer(value))
        return error_set(ERR_REFUSED, "key %s must be an integer", key);
    json_int_t wide = json_integer_value(value);
    if (wide < INT_MIN || wide > INT_MAX)
        return error_set(ERR_REFUSED, "key %s is %lld: it does not fit in 32 bits", key,
                         (long long)wide);
    *number = (int)wide;
    return OK;
}

static Status get_int(const json_t *object, const char *key, int *number)
{
    json_t *value;
    TRY(get(object, key, JSON_INTEGER, &value));
    return int_of(value, key, number);
}

/* An array of at most `capacity` integers. */
static Status get_ints(const json_t *object, const char *key, int capacity, int *numbers,
                       int *count)
{
    json_t *array;
    TRY(get(object, key, JSON_ARRAY, &array));
    if (json_array_size(array) > (size_t)capacity)
        return error_set(ERR_REFUSED, "key %s has %zu entries, at most %d are expected", key,
                         json_array_size(array), capacity);
    *count = (int)json_array_size(array);
    for (int i = 0; i < *count; i++)
        TRY(int_of(json_array_get(array, (size_t)i), key, &numbers[i]));
    return OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Refuses a key that is in none of the lists: what is not understood might matter. */
static Status expect_keys(json_t *object, const char *const *const *lists)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        bool known = false;
        for (const char *const *const *list = lists; *list && !known; list++)
            for (const char *const *word = *list; *word && !known; word++)
                known = strcmp(*word, key) == 0;
        if (!known)
            return error_set(ERR_REFUSED, "key %s is not known here", key);
    }
    return OK;
}

static const char *const ROOT_KEYS[] = {"format",      "version", "name", "source_sha256",
                                        "input_scale", "classes", "ops",  NULL};
static const char *const FORMAT_KEYS[] = {"bits",       "signed", "low", "high",
                                          "zero_point", "scale",  NULL};
static const char *const WINDOW_KEYS[] = {
    "kernel_height", "kernel_width", "stride_height", "stride_width", "same",
    "pad_top",       "pad_bottom",   "pad_left",      "pad_right",    NULL};
static const char *const OP_KEYS[] = {"kind",  "name",   "inputs", "input_shape", "output_shape",
                                      "input", "output", "low",    "high",        "calibration",
                                      "clip",  "pe",     "simd",   NULL};
static const char *const WITH_WINDOW[] = {"window", NULL};
static const char *const WITH_WEIGHTS[] = {"weight_bits", "weights", "bias", NULL};
static const char *const WITH_SCALES[] = {"weight_clip", "weight_scales", NULL};
static const char *const WITH_REQUANTIZERS[] = {"accumulator_bits", "multipliers", "shifts", NULL};
static const char *const WITH_TABLE[] = {"table", NULL};
static const char *const WITH_FACTORS[] = {"factor_height", "factor_width", NULL};

static Status expect_op_keys(json_t *object, OpKind kind)
{
    const OpTraits *traits = op_traits(kind);
    const char *const *lists[8] = {OP_KEYS};
    int count = 1;
    if (traits->has_window)
        lists[count++] = WITH_WINDOW;
    if (traits->has_weights)
        lists[count++] = WITH_WEIGHTS;
    if (traits->has_weights && traits->requantizes)
        lists[count++] = WITH_SCALES;
    if (traits->requantizes)
        lists[count++] = WITH_REQUANTIZERS;
    if (traits->has_table)
        lists[count++] = WITH_TABLE;
    if (kind == OP_UPSAMPLE2D)
        lists[count++] = WITH_FACTORS;
    return expect_keys(object, lists);
}

static Status get_object(const json_t *parent, const char *key, const char *const *keys,
                         json_t **object)
{
    TRY(get(parent, key, JSON_OBJECT, object));
    const char *const *lists[] = {keys, NULL};
    TRY_IN(expect_keys(*object, lists), "%s", key);
    return OK;
}

/* ---- parts of an operation ------------------------------------------------------------------- */

static Status parse_shape(const json_t *object, const char *key, Shape *shape)
{
    int dimensions[SHAPE_MAX_RANK];
    *shape = (Shape){0};
    TRY(get_ints(object, key, SHAPE_MAX_RANK, dimensions, &shape->rank));
    for (int i = 0; i < shape->rank; i++)
        shape->dim[i] = dimensions[i];
    return OK;
}

static Status parse_format(const json_t *parent, const char *key, QuantParam *format)
{
    json_t *object;
    TRY(get_object(parent, key, FORMAT_KEYS, &object));
    TRY(get_int(object, "bits", &format->bits));
    TRY(get_bool(object, "signed", &format->is_signed));
    TRY(get_int(object, "low", &format->low));
    TRY(get_int(object, "high", &format->high));
    TRY(get_int(object, "zero_point", &format->zero_point));
    return get_number(object, "scale", &format->scale);
}

static Status parse_window(const json_t *parent, Window *window)
{
    json_t *object;
    TRY(get_object(parent, "window", WINDOW_KEYS, &object));
    TRY(get_int(object, "kernel_height", &window->kernel_height));
    TRY(get_int(object, "kernel_width", &window->kernel_width));
    TRY(get_int(object, "stride_height", &window->stride_height));
    TRY(get_int(object, "stride_width", &window->stride_width));
    TRY(get_bool(object, "same", &window->same));
    TRY(get_int(object, "pad_top", &window->pad_top));
    TRY(get_int(object, "pad_bottom", &window->pad_bottom));
    TRY(get_int(object, "pad_left", &window->pad_left));
    return get_int(object, "pad_right", &window->pad_right);
}

static Status expect_length(const char *key, const json_t *array, int count)
{
    if (json_array_size(array) == (size_t)count)
        return OK;
    return error_set(ERR_REFUSED, "key %s has %zu entries, expected %d", key,
                     json_array_size(array), count);
}

static Status parse_requantizers(Arena *arena, const json_t *object, Op *op)
{
    json_t *multipliers, *shifts;
    TRY(get_int(object, "accumulator_bits", &op->accumulator_bits));
    TRY(get(object, "multipliers", JSON_ARRAY, &multipliers));
    TRY(get(object, "shifts", JSON_ARRAY, &shifts));
    if (json_array_size(multipliers) > OP_MAX_ELEMENTS)
        return error_set(ERR_REFUSED, "key multipliers has too many entries");
    int count = (int)json_array_size(multipliers);
    TRY(expect_length("shifts", shifts, count));
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, count);
    for (int i = 0; i < count; i++) {
        Requantizer *requantizer = &requantizers[i];
        TRY(int_of(json_array_get(multipliers, (size_t)i), "multipliers",
                   &requantizer->multiplier));
        TRY(int_of(json_array_get(shifts, (size_t)i), "shifts", &requantizer->shift));
    }
    op->requantizers = requantizers;
    op->requantizer_count = count;
    return OK;
}

/* After the requantizers: there are as many scales. */
static Status parse_weights(Arena *arena, const json_t *object, Op *op)
{
    json_t *array;
    TRY(get_int(object, "weight_bits", &op->weight_bits));
    if (!op_traits(op->kind)->requantizes)
        return OK;
    TRY(get_number(object, "weight_clip", &op->weight_clip));
    TRY(get(object, "weight_scales", JSON_ARRAY, &array));
    TRY(expect_length("weight_scales", array, op->requantizer_count));
    double *scales = ARENA_ARRAY(arena, double, op->requantizer_count);
    for (int i = 0; i < op->requantizer_count; i++) {
        const json_t *value = json_array_get(array, (size_t)i);
        if (!json_is_number(value))
            return error_set(ERR_REFUSED, "key weight_scales must hold numbers");
        scales[i] = json_number_value(value);
    }
    op->weight_scales = scales;
    return OK;
}

static Status parse_name(Arena *arena, const json_t *object, const char *key, const char **name)
{
    const char *text;
    TRY(get_text(object, key, &text));
    *name = arena_strdup(arena, text);
    return OK;
}

static Status parse_calibration(Arena *arena, const json_t *object, Op *op)
{
    if (json_is_null(json_object_get(object, "calibration")))
        return OK;
    return parse_name(arena, object, "calibration", &op->calibration);
}

/* ---- an operation, the model ----------------------------------------------------------------- */

static Status parse_common(Arena *arena, const json_t *object, Op *op)
{
    TRY(parse_name(arena, object, "name", &op->name));
    TRY(get_ints(object, "inputs", OP_MAX_INPUTS, op->inputs, &op->input_count));
    TRY(parse_shape(object, "input_shape", &op->input_shape));
    TRY(parse_shape(object, "output_shape", &op->output_shape));
    TRY(parse_format(object, "input", &op->input));
    TRY(parse_format(object, "output", &op->output));
    TRY(get_int(object, "low", &op->low));
    TRY(get_int(object, "high", &op->high));
    TRY(parse_calibration(arena, object, op));
    TRY(get_number(object, "clip", &op->clip));
    TRY(get_int(object, "pe", &op->pe));
    return get_int(object, "simd", &op->simd);
}

static Status parse_factors(const json_t *object, Op *op)
{
    TRY(get_int(object, "factor_height", &op->factor_height));
    return get_int(object, "factor_width", &op->factor_width);
}

static Status parse_op(Arena *arena, json_t *object, Op *op)
{
    if (!json_is_object(object))
        return error_set(ERR_REFUSED, "must be an object");
    const char *word;
    TRY(get_text(object, "kind", &word));
    if (!op_kind_parse(word, &op->kind))
        return error_set(ERR_REFUSED, "kind %s is not known", word);
    TRY(expect_op_keys(object, op->kind));
    TRY(parse_common(arena, object, op));
    const OpTraits *traits = op_traits(op->kind);
    if (traits->has_window)
        TRY(parse_window(object, &op->window));
    if (op->kind == OP_UPSAMPLE2D)
        TRY(parse_factors(object, op));
    if (traits->requantizes)
        TRY(parse_requantizers(arena, object, op));
    if (traits->has_weights)
        TRY(parse_weights(arena, object, op));
    return OK;
}

/* The paths in model.json are for people; the reader goes where the names lead, and only checks
 * that model.json says the same. */
static Status check_paths(const json_t *ops, IntegerModel *model, bool *has_bias)
{
    const char **stems = description_stems(model->arena, model);
    for (int i = 0; i < model->count; i++)
        for (int role = 0; role < ROLES; role++) {
            TensorFile file =
                description_tensor(model->arena, &model->ops[i], stems[i], (TensorRole)role);
            if (file.count == 0)
                continue;
            const json_t *value = json_object_get(json_array_get(ops, (size_t)i), file.key);
            if (role == ROLE_BIAS && json_is_null(value))
                continue;
            if (!json_is_string(value) || strcmp(json_string_value(value), file.path) != 0)
                return error_set(ERR_REFUSED, "layer %s: key %s must be %s", model->ops[i].name,
                                 file.key, file.path);
            has_bias[i] |= role == ROLE_BIAS;
        }
    return OK;
}

static Status parse_root(json_t *root, IntegerModel *model, json_t **ops)
{
    if (!json_is_object(root))
        return error_set(ERR_REFUSED, "must be an object");
    const char *const *lists[] = {ROOT_KEYS, NULL};
    const char *format = NULL, *sha256 = NULL;
    int version = 0;
    TRY(get_text(root, "format", &format));
    TRY(get_int(root, "version", &version));
    if (strcmp(format, DESCRIPTION_FORMAT) != 0 || version < DESCRIPTION_OLDEST ||
        version > DESCRIPTION_VERSION)
        return error_set(ERR_REFUSED,
                         "is \"%.80s\" version %d, expected \"%s\" version %d to %d; quantize the "
                         "model again with this version of the program",
                         format, version, DESCRIPTION_FORMAT, DESCRIPTION_OLDEST,
                         DESCRIPTION_VERSION);
    TRY(expect_keys(root, lists));
    TRY(parse_name(model->arena, root, "name", &model->name));
    TRY(get_text(root, "source_sha256", &sha256));
    size_t bytes = strlen(sha256) + 1;
    if (bytes > sizeof model->source_sha256)
        return error_set(ERR_REFUSED, "key source_sha256 is too long");
    memcpy(model->source_sha256, sha256, bytes);
    TRY(get_number(root, "input_scale", &model->input_scale));
    TRY(get_int(root, "classes", &model->classes));
    TRY(get(root, "ops", JSON_ARRAY, ops));
    if (json_array_size(*ops) > MODEL_MAX_OPS)
        return error_set(ERR_REFUSED, "has more than %d operations", MODEL_MAX_OPS);
    return OK;
}

static Status parse_model(json_t *root, IntegerModel *model, bool **has_bias)
{
    json_t *ops = NULL;
    TRY(parse_root(root, model, &ops));
    model->count = (int)json_array_size(ops);
    model->ops = ARENA_ARRAY(model->arena, Op, model->count);
    for (int i = 0; i < model->count; i++)
        TRY_IN(parse_op(model->arena, json_array_get(ops, (size_t)i), &model->ops[i]),
               "operation %d", i);
    TRY(integer_model_check_structure(model));
    *has_bias = ARENA_ARRAY(model->arena, bool, model->count);
    return check_paths(ops, model, *has_bias);
}

Status description_from_json(json_t *root, IntegerModel **model, bool **has_bias)
{
    Arena *arena = arena_new();
    IntegerModel *fresh = ARENA_NEW(arena, IntegerModel);
    fresh->arena = arena;
    Status status = parse_model(root, fresh, has_bias);
    if (status != OK)
        integer_model_free(fresh);
    else
        *model = fresh;
    return status;
}
