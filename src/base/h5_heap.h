/* h5_heap.h: variable-length strings of an HDF5 file, read without libhdf5.
 *
 * Such strings live in "global heap collections"; what refers to one holds its length, the address
 * of the collection and an index in it. libhdf5 1.10 trusts all of these: a damaged file makes it
 * loop for ever or read beyond its memory (both found by fuzzing). So h5.c takes the references as
 * they are in the file, and the collections are walked here, with every size checked.
 * Format: HDF5 File Format Specification 3.0, III.E "Level 1E - Global Heap", with 8-byte addresses
 * and lengths.
 */
#ifndef BASE_H5_HEAP_H
#define BASE_H5_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { H5_REFERENCE_BYTES = 16 }; /* length 4, address 8, index 4; little-endian */

/* The file's bytes, and the collection that was read last. */
typedef struct H5Heap {
    int descriptor;       /* an open file, or -1 when `bytes` is set */
    const uint8_t *bytes; /* not owned */
    uint64_t size;
    uint64_t address;    /* of the collection */
    uint8_t *collection; /* owned; NULL: none yet */
    uint64_t collection_size;
    uint64_t read; /* bytes of all collections so far; capped */
} H5Heap;

/* The string that a reference means: `*text` lies in the heap and is valid until the next call. */
Status h5_heap_find(H5Heap *heap, const uint8_t reference[H5_REFERENCE_BYTES], const char **text,
                    size_t *length) MUST_CHECK;

/* Frees the collection. */
void h5_heap_clear(H5Heap *heap);

#endif
