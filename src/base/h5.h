/* h5.h: HDF5 files read safely, and written. Only h5*.c of this room call libhdf5.
 *
 * A file is hostile until validated. Here is what is always refused: links that are not hard links
 * (an external link reads any local file), datasets whose bytes lie in other files (external
 * storage, virtual layout), filters other than deflate, shuffle and fletcher32, arrays that claim
 * far more values than their stored bytes can hold, and plugins. Sizes are known before memory is
 * taken. The library's own error printing is off.
 *
 * Messages name the place inside the file, not the file: the caller puts it in front.
 *
 *     H5File *file = NULL;
 *     TRY(h5_open("model.h5", &file));
 *     H5Array array;
 *     Status status = h5_describe(file, "model_weights/conv/kernel:0", &array);
 *     if (status == OK && array.kind == H5_FLOAT32 && array.elements == expected)
 *         status = h5_read_floats(file, &array, values);
 *     h5_close(file);
 */
#ifndef BASE_H5_H
#define BASE_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum { H5_MAX_RANK = 8 };

typedef struct H5File H5File;

typedef enum H5Kind {
    H5_UINT8,   /* unsigned 8-bit integers */
    H5_INTEGER, /* any other integers */
    H5_FLOAT32, /* IEEE binary32, either byte order */
    H5_OTHER    /* everything else: float16, float64, text, records */
} H5Kind;

/* A dataset that passed the checks above. */
typedef struct H5Array {
    const char *path; /* as given to h5_describe(), not copied */
    int rank;         /* 0: a single value */
    int64_t dim[H5_MAX_RANK];
    int64_t elements; /* product of the dimensions, 0 .. 2^40 */
    H5Kind kind;
    char type[24]; /* for messages: "float64", "uint8" */
} H5Array;

typedef struct H5Texts {
    char **items; /* in the arena */
    int count;
} H5Texts;

/* True when the file starts with the HDF5 signature. */
bool h5_is_h5(const char *path);

/* Opens for reading. `*file` is closed with h5_close(), which allows NULL. */
Status h5_open(const char *path, H5File **file) MUST_CHECK;
/* The same for bytes in memory; they are copied. */
Status h5_open_bytes(const void *bytes, size_t count, H5File **file) MUST_CHECK;
void h5_close(H5File *file);

/* `path` is "group/group/dataset"; "" is the root. A link of any kind counts as being there. */
bool h5_has(const H5File *file, const char *path);
bool h5_has_attribute(const H5File *file, const char *object, const char *attribute);

/* One string attribute, appended to `text`: fixed or variable length, of at most `cap` bytes. */
Status h5_read_text(H5File *file, const char *object, const char *attribute, size_t cap,
                    Buffer *text) MUST_CHECK;

/* A list of strings: one attribute, or its parts NAME0, NAME1, ... as Keras splits long lists. */
Status h5_read_texts(H5File *file, const char *object, const char *attribute, Arena *arena,
                     H5Texts *texts) MUST_CHECK;

Status h5_describe(const H5File *file, const char *path, H5Array *array) MUST_CHECK;

/* Read array->elements values; `values` has room for them. The kind must be the one in the name,
 * h5_read_integers() takes any integers; values beyond int64 are clamped. */
Status h5_read_floats(const H5File *file, const H5Array *array, float *values) MUST_CHECK;
Status h5_read_bytes(const H5File *file, const H5Array *array, uint8_t *values) MUST_CHECK;
Status h5_read_integers(const H5File *file, const H5Array *array, int64_t *values) MUST_CHECK;

/* New values for a dataset of float32. */
typedef struct H5Patch {
    const char *path;
    const float *values; /* `count` of them, in the order of the file */
    int64_t count;
} H5Patch;

/* The file `bytes` with other values in some of its datasets, everything else as it was; appended
 * to `patched`. Works in memory. ERR_REFUSED when a dataset is missing, not float32, or of another
 * length. */
Status h5_patch_bytes(const void *bytes, size_t count, const H5Patch *patches, int patch_count,
                      Buffer *patched) MUST_CHECK;

/* A new file, made in memory: parts in any order, each parent made as needed; at the end its bytes.
 * The same parts give the same bytes. Close it with h5_close().
 *
 *     TRY(h5_make(&file));
 *     Status status = h5_make_group(file, "model_weights");
 *     ...
 *     status = h5_make_finish(file, &bytes);
 */
Status h5_make(H5File **file) MUST_CHECK;
Status h5_make_group(H5File *file, const char *path) MUST_CHECK;
/* A string attribute of `object`, "" being the root; UTF-8, of variable length as h5py has it. */
Status h5_make_text(H5File *file, const char *object, const char *attribute,
                    const char *text) MUST_CHECK;
/* A list of strings; may be empty. */
Status h5_make_texts(H5File *file, const char *object, const char *attribute,
                     const H5Texts *texts) MUST_CHECK;
/* A dataset of float32 with array->path, array->rank and array->dim. */
Status h5_make_floats(H5File *file, const H5Array *array, const float *values) MUST_CHECK;
/* Appends the whole file to `bytes`. */
Status h5_make_finish(const H5File *file, Buffer *bytes) MUST_CHECK;

#endif
