/* h5_heap.h: looks at the global heaps of an HDF5 file before the library does.
 *
 * Variable-length strings live in "global heap collections". libhdf5 1.10 trusts the sizes inside
 * them: a free-space entry of size 0 makes it loop for ever, a large size makes it read beyond the
 * collection. So every collection in the file (found by its signature) is walked here first.
 * Format: HDF5 File Format Specification 3.0, III.E "Level 1E - Global Heap", with 8-byte lengths.
 */
#ifndef BASE_H5_HEAP_H
#define BASE_H5_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Where the file's bytes are: an open descriptor, or memory when `bytes` is set. */
typedef struct H5Source {
    int descriptor;
    const uint8_t *bytes;
    uint64_t size;
} H5Source;

/* ERR_REFUSED when a collection's entries do not fit into it. */
Status h5_heap_check(const H5Source *source) MUST_CHECK;

#endif
