#include "base/h5_heap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 16,  /* "GCOL", version 1, three zeros, the collection's size */
    ENTRY_BYTES = 16,   /* index 2, references 2, reserved 4, size 8; then the bytes */
    MAX_ENTRIES = 65536 /* indexes have 16 bits */
};

/* A hostile file may make every string load another large collection. */
#define MAX_READ_BYTES ((uint64_t)256 << 20)

static const uint8_t SIGNATURE[8] = {'G', 'C', 'O', 'L', 1, 0, 0, 0};

static Status refuse(const char *what)
{
    return error_set(ERR_REFUSED, "is damaged: %s; save the file again", what);
}

static uint64_t little_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Exactly `count` bytes from `offset`. */
static Status read_at(const H5Heap *heap, uint64_t offset, uint8_t *into, uint64_t count)
{
    if (offset > heap->size || count > heap->size - offset)
        return refuse("its text lies beyond the end of the file");
    if (heap->bytes) {
        memcpy(into, heap->bytes + offset, (size_t)count);
        return OK;
    }
    for (uint64_t done = 0; done < count;) {
        ssize_t got =
            pread(heap->descriptor, into + done, (size_t)(count - done), (off_t)(offset + done));
        if (got <= 0)
            return refuse("its text cannot be read");
        done += (uint64_t)got;
    }
    return OK;
}

/* Makes the collection at `address` the current one. */
static Status load_collection(H5Heap *heap, uint64_t address)
{
    if (heap->collection && heap->address == address)
        return OK;
    uint8_t header[HEADER_BYTES];
    TRY(read_at(heap, address, header, sizeof header));
    uint64_t size = little_endian(header + sizeof SIGNATURE, 8);
    if (memcmp(header, SIGNATURE, sizeof SIGNATURE) != 0 || size < HEADER_BYTES)
        return refuse("there is no text heap where its text should be");
    if (size > MAX_READ_BYTES - heap->read)
        return refuse("its text heaps are too large");
    heap->read += size;
    h5_heap_clear(heap);
    uint8_t *collection = malloc((size_t)size);
    if (!collection)
        abort();
    heap->collection = collection;
    heap->collection_size = size;
    heap->address = address;
    Status status = read_at(heap, address, collection, size);
    if (status != OK)
        h5_heap_clear(heap);
    return status;
}

/* Walks the entries: each must make a step and end inside. Entry 0 is free space, whose size counts
 * its own header; the others are padded to 8 bytes. */
static Status find_entry(const H5Heap *heap, uint64_t index, const uint8_t **bytes, uint64_t *size)
{
    uint64_t at = HEADER_BYTES;
    for (int i = 0; i <= MAX_ENTRIES && heap->collection_size - at >= ENTRY_BYTES; i++) {
        const uint8_t *entry = heap->collection + at;
        uint64_t left = heap->collection_size - at - ENTRY_BYTES;
        uint64_t found = little_endian(entry, 2), length = little_endian(entry + 8, 8);
        if (found == 0)
            break; /* free space is last */
        if (length > left)
            return refuse("an entry of its text heap is longer than the heap");
        if (found == index) {
            *bytes = entry + ENTRY_BYTES;
            *size = length;
            return OK;
        }
        uint64_t step = (length + 7) / 8 * 8;
        at += ENTRY_BYTES + (step < left ? step : left);
    }
    return refuse("its text is not in the text heap");
}

Status h5_heap_find(H5Heap *heap, const uint8_t reference[H5_REFERENCE_BYTES], const char **text,
                    size_t *length)
{
    uint64_t wanted = little_endian(reference, 4);
    uint64_t address = little_endian(reference + 4, 8), index = little_endian(reference + 12, 4);
    *text = "";
    *length = 0;
    if (wanted == 0) /* an empty string has no place */
        return OK;
    const uint8_t *bytes = NULL;
    uint64_t size = 0;
    TRY(load_collection(heap, address));
    TRY(find_entry(heap, index, &bytes, &size));
    if (wanted > size)
        return refuse("its text is longer than its place in the text heap");
    *text = (const char *)bytes;
    *length = (size_t)wanted;
    return OK;
}

void h5_heap_clear(H5Heap *heap)
{
    free(heap->collection);
    heap->collection = NULL;
}
