/* h5_internal.h: shared by the h5*.c of this room only, the files that call libhdf5. */
#ifndef BASE_H5_INTERNAL_H
#define BASE_H5_INTERNAL_H

#include <hdf5.h>

#include "base/h5.h"
#include "base/h5_heap.h"

struct H5File {
    hid_t id;
    H5Heap heap;     /* the same bytes, for variable-length strings */
    uint8_t *memory; /* owned; NULL for files on disk */
};

/* Gives back any identifier but a file's; negative ones were never opened. */
void h5_release(hid_t id);

/* Opens the group or dataset at `path`, along hard links only. */
Status h5_open_object(const H5File *file, const char *path, hid_t *object) MUST_CHECK;

/* As h5_open_bytes(), but values can be written; the bytes that were given do not change. */
Status h5_open_image_for_writing(const void *bytes, size_t count, H5File **file) MUST_CHECK;

/* Sets the library up as h5.h promises; before anything is opened. */
void h5_prepare(void);

/* Appends the bytes of an open file in memory. */
Status h5_take_image(const H5File *file, Buffer *image) MUST_CHECK;

/* Teaches the library to hand out references to variable-length strings as they are. */
void h5_register_references(void);

#endif
