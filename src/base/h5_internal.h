/* h5_internal.h: shared by h5.c and h5_text.c only, the two files that call libhdf5. */
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

/* Teaches the library to hand out references to variable-length strings as they are. */
void h5_register_references(void);

#endif
