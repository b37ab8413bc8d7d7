/* h5_text.c: string attributes, of fixed and of variable length. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5_internal.h"

enum {
    MAX_TEXTS = 10000,        /* strings in one list */
    MAX_PARTS = 1000,         /* NAME0, NAME1, ... */
    MAX_LIST_BYTES = 64 << 20 /* of fixed-length strings in one attribute */
};

/* A "conversion" that leaves references to variable-length strings as they are in the file: what
 * they refer to is read by h5_heap.c, as the library would trust them. */
static herr_t keep_references(hid_t from, hid_t to, H5T_cdata_t *state, size_t count, size_t stride,
                              size_t background_stride, void *values, void *background, hid_t list)
{
    (void)count, (void)stride, (void)background_stride, (void)values, (void)background, (void)list;
    if (state->command != H5T_CONV_INIT)
        return 0;
    state->need_bkg = H5T_BKG_NO;
    return H5Tget_size(from) == H5_REFERENCE_BYTES && H5Tget_size(to) == H5_REFERENCE_BYTES ? 0
                                                                                            : -1;
}

void h5_register_references(void)
{
    hid_t text = H5Tcopy(H5T_C_S1), raw = H5Tcreate(H5T_OPAQUE, H5_REFERENCE_BYTES);
    H5Tset_size(text, H5T_VARIABLE);
    H5Tregister(H5T_PERS_SOFT, "references", text, raw, keep_references);
    h5_release(raw);
    h5_release(text);
}

/* An open string attribute. */
typedef struct TextAttribute {
    hid_t id, type, space;
    int64_t count;
    bool variable;
    size_t size; /* of one fixed-length string */
} TextAttribute;

static void text_attribute_close(TextAttribute *attribute)
{
    h5_release(attribute->space);
    h5_release(attribute->type);
    h5_release(attribute->id);
}

/* Looks at an attribute whose identifiers are open. */
static Status text_attribute_check(TextAttribute *a)
{
    if (a->type < 0 || a->space < 0)
        return error_set(ERR_REFUSED, "is damaged: HDF5 cannot read its type");
    a->count = H5Sget_simple_extent_npoints(a->space);
    if (a->count == 0) /* an empty list: h5py gives it the type float64 */
        return OK;
    if (H5Tget_class(a->type) != H5T_STRING)
        return error_set(ERR_REFUSED, "is not text");
    if (a->count < 1 || a->count > MAX_TEXTS)
        return error_set(ERR_REFUSED, "claims %lld strings; at most %d are read",
                         (long long)a->count, MAX_TEXTS);
    a->variable = H5Tis_variable_str(a->type) > 0;
    a->size = a->variable ? H5_REFERENCE_BYTES : H5Tget_size(a->type);
    if (!a->variable && (a->size == 0 || a->size > (size_t)(MAX_LIST_BYTES / a->count)))
        return error_set(ERR_REFUSED, "claims %lld strings of %zu bytes; at most %d bytes are read",
                         (long long)a->count, a->size, MAX_LIST_BYTES);
    /* The library copies what type and count say, whatever was stored. */
    uint64_t stored = H5Aget_storage_size(a->id);
    if (stored != (uint64_t)a->count * a->size)
        return error_set(ERR_REFUSED, "is damaged: %llu bytes are stored for %lld strings",
                         (unsigned long long)stored, (long long)a->count);
    return OK;
}

static Status text_attribute_open(hid_t object, const char *name, TextAttribute *attribute)
{
    *attribute = (TextAttribute){.id = -1, .type = -1, .space = -1};
    if (H5Aexists(object, name) <= 0)
        return error_set(ERR_REFUSED, "is missing");
    attribute->id = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute->id < 0)
        return error_set(ERR_REFUSED, "is damaged: HDF5 cannot open it");
    attribute->type = H5Aget_type(attribute->id);
    attribute->space = H5Aget_space(attribute->id);
    return text_attribute_check(attribute);
}

/* Receives each string of an attribute; `length` excludes any NUL. */
typedef Status TakeText(void *context, const char *text, size_t length);

static Status take_fixed_texts(const TextAttribute *a, TakeText *take, void *context)
{
    assert(a->count > 0 && a->size > 0);
    char *bytes = calloc((size_t)a->count, a->size);
    if (!bytes)
        abort();
    /* Reading with the file's own type: fixed strings need not end with a NUL. */
    Status status = H5Aread(a->id, a->type, bytes) < 0
                        ? error_set(ERR_REFUSED, "is damaged: HDF5 cannot read it")
                        : OK;
    for (int64_t i = 0; status == OK && i < a->count; i++) {
        const char *text = bytes + (size_t)i * a->size;
        status = take(context, text, strnlen(text, a->size));
    }
    free(bytes);
    return status;
}

static Status take_variable_texts(H5File *file, const TextAttribute *a, TakeText *take,
                                  void *context)
{
    uint8_t *references = calloc((size_t)a->count, H5_REFERENCE_BYTES);
    if (!references)
        abort();
    hid_t raw = H5Tcreate(H5T_OPAQUE, H5_REFERENCE_BYTES);
    Status status = H5Aread(a->id, raw, references) < 0
                        ? error_set(ERR_REFUSED, "is damaged: HDF5 cannot read it")
                        : OK;
    h5_release(raw);
    for (int64_t i = 0; status == OK && i < a->count; i++) {
        const char *text;
        size_t length;
        status = h5_heap_find(&file->heap, references + i * H5_REFERENCE_BYTES, &text, &length);
        if (status == OK)
            status = take(context, text, strnlen(text, length));
    }
    free(references);
    return status;
}

/* Opens object and attribute, and hands each string to `take`. */
static Status take_texts(H5File *file, const char *object, const char *attribute, TakeText *take,
                         void *context)
{
    hid_t id = -1;
    TRY(h5_open_object(file, object, &id));
    TextAttribute a;
    Status status = text_attribute_open(id, attribute, &a);
    if (status == OK && a.count > 0)
        status = a.variable ? take_variable_texts(file, &a, take, context)
                            : take_fixed_texts(&a, take, context);
    text_attribute_close(&a);
    h5_release(id);
    if (status != OK)
        return error_context(status, "attribute \"%s\" of \"/%s\"", attribute, object);
    return OK;
}

typedef struct SingleText {
    Buffer *text;
    size_t cap;
    int seen;
} SingleText;

static Status take_single(void *context, const char *text, size_t length)
{
    SingleText *single = context;
    if (single->seen++ > 0)
        return error_set(ERR_REFUSED, "has several strings, expected one");
    if (length > single->cap)
        return error_set(ERR_REFUSED, "has %zu bytes; at most %zu are read", length, single->cap);
    buffer_append(single->text, text, length);
    return OK;
}

Status h5_read_text(H5File *file, const char *object, const char *attribute, size_t cap,
                    Buffer *text)
{
    SingleText single = {text, cap, 0};
    TRY(take_texts(file, object, attribute, take_single, &single));
    if (single.seen == 0)
        return error_set(ERR_REFUSED, "attribute \"%s\" of \"/%s\": is empty", attribute, object);
    return OK;
}

typedef struct TextList {
    Arena *arena;
    H5Texts *texts;
    int capacity;
} TextList;

static Status take_listed(void *context, const char *text, size_t length)
{
    TextList *list = context;
    H5Texts *texts = list->texts;
    if (texts->count == MAX_TEXTS)
        return error_set(ERR_REFUSED, "the list has more than %d strings", MAX_TEXTS);
    if (texts->count == list->capacity) {
        int capacity = list->capacity ? list->capacity * 2 : 16;
        char **items = ARENA_ARRAY(list->arena, char *, capacity);
        if (texts->count)
            memcpy(items, texts->items, (size_t)texts->count * sizeof *items);
        texts->items = items;
        list->capacity = capacity;
    }
    char *copy = arena_alloc(list->arena, length + 1);
    memcpy(copy, text, length);
    texts->items[texts->count++] = copy;
    return OK;
}

Status h5_read_texts(H5File *file, const char *object, const char *attribute, Arena *arena,
                     H5Texts *texts)
{
    *texts = (H5Texts){0};
    TextList list = {arena, texts, 0};
    char part[256];
    snprintf(part, sizeof part, "%s0", attribute);
    if (h5_has_attribute(file, object, attribute) || !h5_has_attribute(file, object, part))
        return take_texts(file, object, attribute, take_listed, &list);
    for (int i = 0; i < MAX_PARTS; i++) {
        snprintf(part, sizeof part, "%s%d", attribute, i);
        if (!h5_has_attribute(file, object, part))
            return OK;
        TRY(take_texts(file, object, part, take_listed, &list));
    }
    return error_set(ERR_REFUSED, "attribute \"%s\" of \"/%s\": has more than %d parts", attribute,
                     object, MAX_PARTS);
}
