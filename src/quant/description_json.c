/* description_json.c: what model.json holds, written, and the names of the tensors' files. */
#include <ctype.h>
#include <string.h>

#include "quant/description_keys.h"

/* ---- names of files -------------------------------------------------------------------------- */

enum { STEM_BYTES = 80 };

static const char *plain_stem(Arena *arena, const char *name)
{
    char stem[STEM_BYTES + 1];
    size_t length = strnlen(name, STEM_BYTES);
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool plain = isascii(c) && (isalnum((unsigned char)c) || c == '_' || c == '-');
        if (plain)
            stem[i] = c;
        else
            stem[i] = '_';
    }
    stem[length] = '\0';
    return arena_strdup(arena, stem);
}

/* Without regard to case: some file systems have none. */
static bool is_taken(const char *const *stems, int count, const char *stem)
{
    for (int i = 0; i < count; i++)
        if (strcasecmp(stems[i], stem) == 0)
            return true;
    return false;
}

const char **description_stems(Arena *arena, const IntegerModel *model)
{
    const char **stems = ARENA_ARRAY(arena, const char *, model->count);
    for (int i = 0; i < model->count; i++) {
        const char *plain = plain_stem(arena, model->ops[i].name);
        stems[i] = plain;
        for (int n = 2; is_taken(stems, i, stems[i]); n++)
            stems[i] = arena_printf(arena, "%s_%d", plain, n);
    }
    return stems;
}

TensorFile description_tensor(Arena *arena, const Op *op, const char *stem, TensorRole role)
{
    const OpTraits *traits = op_traits(op->kind);
    enum { TABLE_COLUMNS = 16 };
    TensorFile files[ROLES] = {
        [ROLE_WEIGHTS] = {"weights", NULL, op->weights, op_weight_count(op), op_channels(op),
                          traits->reads_float},
        [ROLE_BIAS] = {"bias", NULL, op->bias, traits->has_weights ? op_bias_count(op) : 0, 1,
                       traits->reads_float},
        [ROLE_TABLE] = {"table", NULL, op->table, op_table_count(op), TABLE_COLUMNS, false},
    };
    TensorFile file = files[role];
    file.path = arena_printf(arena, DESCRIPTION_WEIGHTS "/%s.%s.txt", stem, file.key);
    return file;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);
    assert(!failed); /* only without memory, or for a value that is not finite */
    (void)failed;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    put(object, key, text ? json_string(text) : json_null());
}

static json_t *json_of_shape(Shape shape)
{
    json_t *array = json_array();
    for (int i = 0; i < shape.rank; i++)
        json_array_append_new(array, json_integer(shape.dim[i]));
    return array;
}

static json_t *json_of_format(QuantParam format)
{
    json_t *object = json_object();
    put(object, "bits", json_integer(format.bits));
    put(object, "signed", json_boolean(format.is_signed));
    put(object, "low", json_integer(format.low));
    put(object, "high", json_integer(format.high));
    put(object, "zero_point", json_integer(format.zero_point));
    put(object, "scale", json_real(format.scale));
    return object;
}

static json_t *json_of_window(Window window)
{
    json_t *object = json_object();
    put(object, "kernel_height", json_integer(window.kernel_height));
    put(object, "kernel_width", json_integer(window.kernel_width));
    put(object, "stride_height", json_integer(window.stride_height));
    put(object, "stride_width", json_integer(window.stride_width));
    put(object, "same", json_boolean(window.same));
    put(object, "pad_top", json_integer(window.pad_top));
    put(object, "pad_bottom", json_integer(window.pad_bottom));
    put(object, "pad_left", json_integer(window.pad_left));
    put(object, "pad_right", json_integer(window.pad_right));
    return object;
}

static void put_weights(json_t *object, const Op *op)
{
    put(object, "weight_bits", json_integer(op->weight_bits));
    if (!op_traits(op->kind)->requantizes)
        return;
    json_t *scales = json_array();
    for (int i = 0; i < op->requantizer_count; i++)
        json_array_append_new(scales, json_real(op->weight_scales[i]));
    put(object, "weight_clip", json_real(op->weight_clip));
    put(object, "weight_scales", scales);
}

static void put_requantizers(json_t *object, const Op *op)
{
    json_t *multipliers = json_array(), *shifts = json_array();
    for (int i = 0; i < op->requantizer_count; i++) {
        json_array_append_new(multipliers, json_integer(op->requantizers[i].multiplier));
        json_array_append_new(shifts, json_integer(op->requantizers[i].shift));
    }
    put(object, "accumulator_bits", json_integer(op->accumulator_bits));
    put(object, "multipliers", multipliers);
    put(object, "shifts", shifts);
}

static json_t *json_of_op(Arena *arena, const Op *op, const char *stem)
{
    const OpTraits *traits = op_traits(op->kind);
    json_t *object = json_object(), *inputs = json_array();
    for (int i = 0; i < op->input_count; i++)
        json_array_append_new(inputs, json_integer(op->inputs[i]));
    put_text(object, "kind", traits->word);
    put_text(object, "name", op->name);
    put(object, "inputs", inputs);
    put(object, "input_shape", json_of_shape(op->input_shape));
    put(object, "output_shape", json_of_shape(op->output_shape));
    put(object, "input", json_of_format(op->input));
    put(object, "output", json_of_format(op->output));
    put(object, "low", json_integer(op->low));
    put(object, "high", json_integer(op->high));
    put_text(object, "calibration", op->calibration);
    put(object, "clip", json_real(op->clip));
    put(object, "pe", json_integer(op->pe));
    put(object, "simd", json_integer(op->simd));
    if (traits->has_window)
        put(object, "window", json_of_window(op->window));
    if (op->kind == OP_UPSAMPLE2D) {
        put(object, "factor_height", json_integer(op->factor_height));
        put(object, "factor_width", json_integer(op->factor_width));
    }
    if (traits->has_weights)
        put_weights(object, op);
    if (traits->requantizes)
        put_requantizers(object, op);
    for (int role = 0; role < ROLES; role++) {
        TensorFile file = description_tensor(arena, op, stem, (TensorRole)role);
        if (file.count > 0)
            put_text(object, file.key, file.values ? file.path : NULL);
    }
    return object;
}

json_t *description_to_json(const IntegerModel *model)
{
    Arena *scratch = arena_new();
    const char **stems = description_stems(scratch, model);
    json_t *root = json_object(), *ops = json_array();
    for (int i = 0; i < model->count; i++)
        json_array_append_new(ops, json_of_op(scratch, &model->ops[i], stems[i]));
    put_text(root, "format", DESCRIPTION_FORMAT);
    put(root, "version", json_integer(DESCRIPTION_VERSION));
    put_text(root, "name", model->name);
    put_text(root, "source_sha256", model->source_sha256);
    put(root, "input_scale", json_real(model->input_scale));
    put(root, "classes", json_integer(model->classes));
    put(root, "ops", ops);
    arena_free(scratch);
    return root;
}
