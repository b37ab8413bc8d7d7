/* description.c: the folder of a description: written as a whole, read with distrust, hashed. */
#include "quant/description.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "quant/description_keys.h"

enum {
    JSON_CAP = 256 << 20,
    VALUE_MAX_BYTES = 12, /* "-2147483648" and a separator */
    REAL_DIGITS = 17      /* enough to tell any two doubles apart */
};

/* ---- writing --------------------------------------------------------------------------------- */

static Status write_tensor(Arena *arena, const char *folder, TensorFile file)
{
    Buffer text = {0};
    for (int64_t i = 0; i < file.count; i++) {
        bool line_ends = (i + 1) % file.columns == 0 || i + 1 == file.count;
        if (file.is_words)
            buffer_printf(&text, "%08x", (uint32_t)file.values[i]);
        else
            buffer_printf(&text, "%d", file.values[i]);
        buffer_append_text(&text, line_ends ? "\n" : " ");
    }
    Status status = fs_write_atomic(fs_join(arena, folder, file.path), text.data, text.length);
    buffer_free(&text);
    return status;
}

static Status write_json(Arena *arena, const char *folder, const IntegerModel *model)
{
    json_t *root = description_to_json(model);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(root);
    if (!text)
        return error_set(ERR_INTERNAL, "%s: model.json could not be made", folder);
    Buffer file = {0};
    buffer_printf(&file, "%s\n", text);
    free(text);
    Status status =
        fs_write_atomic(fs_join(arena, folder, DESCRIPTION_JSON), file.data, file.length);
    buffer_free(&file);
    return status;
}

static Status write_files(Arena *arena, const char *folder, const IntegerModel *model)
{
    TRY(fs_make_folders(fs_join(arena, folder, DESCRIPTION_WEIGHTS)));
    const char **stems = description_stems(arena, model);
    for (int i = 0; i < model->count; i++)
        for (int role = 0; role < ROLES; role++) {
            TensorFile file = description_tensor(arena, &model->ops[i], stems[i], (TensorRole)role);
            if (file.count > 0 && file.values)
                TRY(write_tensor(arena, folder, file));
        }
    return write_json(arena, folder, model);
}

/* Only an empty folder or an older description may be replaced. */
static Status check_replaceable(const char *folder)
{
    DIR *open = opendir(folder);
    if (!open)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be listed: %s", folder, strerror(errno));
    Status status = OK;
    for (const struct dirent *entry; status == OK && (entry = readdir(open));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            strcmp(name, DESCRIPTION_JSON) != 0 && strcmp(name, DESCRIPTION_WEIGHTS) != 0)
            status = error_set(ERR_REFUSED,
                               "%s: holds %s, which is no part of a model description; name a "
                               "new or an empty folder",
                               folder, name);
    }
    closedir(open);
    return status;
}

/* Puts `fresh` in the place of `folder`; what was there goes. */
static Status move_into_place(const char *fresh, const char *folder)
{
    if (!fs_exists(folder)) {
        if (rename(fresh, folder) == 0)
            return OK;
    } else if (renameat2(AT_FDCWD, fresh, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
        return fs_remove_tree(fresh);
    }
    return error_set(ERR_ENVIRONMENT, "%s: cannot be made from %s: %s", folder, fresh,
                     strerror(errno));
}

static Status write_and_move(Arena *arena, const IntegerModel *model, const char *fresh,
                             const char *folder)
{
    TRY(fs_remove_tree(fresh));
    TRY(write_files(arena, fresh, model));
    return move_into_place(fresh, folder);
}

/* Removes what a failure left half done, and keeps that failure's message. */
static Status discard(Arena *arena, const char *fresh, Status status)
{
    const char *message = arena_strdup(arena, error_message());
    bool removed = fs_remove_tree(fresh) == OK;
    return error_set(status, "%s%s%s", message,
                     removed ? "" : "; left behind: ", removed ? "" : fresh);
}

Status description_write(const IntegerModel *model, const char *folder)
{
    TRY(integer_model_check_structure(model));
    TRY(integer_model_check_values(model));
    if (fs_exists(folder))
        TRY(check_replaceable(folder));
    Arena *arena = arena_new();
    char *path = arena_strdup(arena, folder);
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
        path[end - 1] = '\0';
    const char *fresh = arena_printf(arena, "%s.%ld.tmp", path, (long)getpid());
    Status status = write_and_move(arena, model, fresh, path);
    if (status != OK)
        status = discard(arena, fresh, status);
    arena_free(arena);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A value and the separator behind it, at `*text`. */
typedef Status ParseValue(const char **text, const char *end, int32_t *value);

/* Eight hexadecimal digits, lower case: there is one way to write a number. */
static Status parse_word(const char **text, const char *end, int32_t *value)
{
    enum { DIGITS = 8 };
    static const char digits[] = "0123456789abcdef";
    const char *at = *text;
    uint32_t word = 0;
    int read = 0;
    for (const char *digit; read < DIGITS && at < end && *at; read++, at++) {
        digit = strchr(digits, *at);
        if (!digit)
            break;
        word = word << 4 | (uint32_t)(digit - digits);
    }
    if (read < DIGITS || at == end || (*at != ' ' && *at != '\n'))
        return error_set(ERR_REFUSED, "is not 8 hexadecimal digits and one space or newline");
    memcpy(value, &word, sizeof *value);
    *text = at + 1;
    return OK;
}

static Status parse_integer(const char **text, const char *end, int32_t *value)
{
    const char *at = *text;
    bool negative = at < end && *at == '-';
    at += negative;
    int64_t magnitude = 0;
    int digits = 0;
    for (; at < end && *at >= '0' && *at <= '9' && digits < 11; at++, digits++)
        magnitude = magnitude * 10 + (*at - '0');
    int64_t wide = negative ? -magnitude : magnitude;
    if (digits == 0 || wide < INT32_MIN || wide > INT32_MAX || at == end ||
        (*at != ' ' && *at != '\n'))
        return error_set(ERR_REFUSED, "is not a 32-bit integer and one space or newline");
    *value = (int32_t)wide;
    *text = at + 1;
    return OK;
}

static Status parse_values(const Buffer *text, ParseValue *parse, int32_t *values, int64_t count)
{
    const char *at = text->data, *end = text->data + text->length;
    for (int64_t i = 0; i < count; i++)
        TRY_IN(parse(&at, end, &values[i]), "value %lld", (long long)i);
    if (at != end)
        return error_set(ERR_REFUSED, "holds more than %lld values", (long long)count);
    return OK;
}

static Status read_tensor(Arena *arena, const char *path, const TensorFile *file,
                          const int32_t **values)
{
    int64_t count = file->count;
    /* Two bytes are the least a value takes: the file's size tells whether memory is worth it. */
    int64_t size = fs_size(path);
    if (size < 2 * count || size > VALUE_MAX_BYTES * count)
        return error_set(ERR_REFUSED, "%s: has %lld bytes, which cannot be %lld values", path,
                         (long long)size, (long long)count);
    Buffer text = {0};
    int32_t *fresh = ARENA_ARRAY(arena, int32_t, count);
    Status status = fs_read_file(path, (size_t)size, &text);
    if (status == OK)
        status = parse_values(&text, file->is_words ? parse_word : parse_integer, fresh, count);
    if (status != OK)
        error_context(status, "%s", path);
    buffer_free(&text);
    *values = fresh;
    return status;
}

static Status read_tensors(const char *folder, IntegerModel *model, const bool *has_bias)
{
    const char **stems = description_stems(model->arena, model);
    for (int i = 0; i < model->count; i++) {
        Op *op = &model->ops[i];
        const int32_t **slots[ROLES] = {&op->weights, &op->bias, &op->table};
        for (int role = 0; role < ROLES; role++) {
            TensorFile file = description_tensor(model->arena, op, stems[i], (TensorRole)role);
            if (file.count == 0 || (role == ROLE_BIAS && !has_bias[i]))
                continue;
            TRY(read_tensor(model->arena, fs_join(model->arena, folder, file.path), &file,
                            slots[role]));
        }
    }
    return OK;
}

/* The recorded widths must be those that the weights prove. */
static Status prove_again(IntegerModel *model)
{
    int *recorded = ARENA_ARRAY(model->arena, int, model->count);
    for (int i = 0; i < model->count; i++)
        recorded[i] = model->ops[i].accumulator_bits;
    TRY(integer_model_prove(model));
    for (int i = 0; i < model->count; i++)
        if (model->ops[i].accumulator_bits != recorded[i])
            return error_set(ERR_REFUSED,
                             "layer %s: accumulator_bits is %d, but its weights need %d",
                             model->ops[i].name, recorded[i], model->ops[i].accumulator_bits);
    return OK;
}

static Status read_json(const char *folder, IntegerModel **model, bool **has_bias)
{
    Buffer text = {0};
    Arena *arena = arena_new();
    const char *path = fs_join(arena, folder, DESCRIPTION_JSON);
    json_error_t error;
    json_t *root = NULL;
    Status status = fs_read_file(path, JSON_CAP, &text);
    if (status == OK) {
        root = json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &error);
        status = root ? description_from_json(root, model, has_bias)
                      : error_set(ERR_REFUSED, "line %d: %s", error.line, error.text);
        if (status != OK)
            error_context(status, "%s", path);
    }
    json_decref(root);
    buffer_free(&text);
    arena_free(arena);
    return status;
}

Status description_read(const char *folder, IntegerModel **model)
{
    IntegerModel *fresh = NULL;
    bool *has_bias = NULL;
    TRY(read_json(folder, &fresh, &has_bias));
    Status status = read_tensors(folder, fresh, has_bias);
    if (status == OK)
        status = integer_model_check_values(fresh);
    if (status == OK)
        status = prove_again(fresh);
    if (status != OK) {
        integer_model_free(fresh);
        return error_context(status, "%s", folder);
    }
    *model = fresh;
    return OK;
}

/* ---- the hash -------------------------------------------------------------------------------- */

static Status hash_one(Hash *hash, const char *folder, const char *name)
{
    Arena *arena = arena_new();
    Buffer bytes = {0};
    const char *path = fs_join(arena, folder, name);
    Status status = fs_read_file(path, (size_t)VALUE_MAX_BYTES * TENSOR_MAX_ELEMENTS, &bytes);
    if (status == OK) {
        const char *head = arena_printf(arena, "%s %zu\n", name, bytes.length);
        hash_update(hash, head, strlen(head));
        hash_update(hash, bytes.data, bytes.length);
    }
    buffer_free(&bytes);
    arena_free(arena);
    return status;
}

static int is_text_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

/* In order of bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

Status description_hash(const char *folder, char hex[HASH_HEX_BYTES])
{
    Arena *arena = arena_new();
    const char *weights = fs_join(arena, folder, DESCRIPTION_WEIGHTS);
    Hash *hash = hash_new();
    Status status = hash_one(hash, folder, DESCRIPTION_JSON);
    struct dirent **entries = NULL;
    int count = status == OK ? scandir(weights, &entries, is_text_file, by_name) : 0;
    if (count < 0)
        status = error_set(ERR_REFUSED, "%s: cannot be listed: %s", weights, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (status == OK)
            status = hash_one(hash, weights, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    hash_finish(hash, hex);
    arena_free(arena);
    return status;
}
