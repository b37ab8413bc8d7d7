#include "base/h5_heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SIGNATURE_BYTES = 8, /* "GCOL", version 1, three zeros */
    HEADER_BYTES = 16,   /* the signature and the collection's size */
    ENTRY_BYTES = 16,    /* index, references, reserved, size */
    WINDOW_BYTES = 1 << 20
};
#define MAX_COLLECTION_BYTES ((uint64_t)256 << 20)

static const uint8_t SIGNATURE[SIGNATURE_BYTES] = {'G', 'C', 'O', 'L', 1, 0, 0, 0};

/* Up to `count` bytes from `offset`; the number that were there. */
static size_t read_at(const H5Source *source, uint64_t offset, uint8_t *into, size_t count)
{
    if (offset >= source->size)
        return 0;
    if (count > source->size - offset)
        count = (size_t)(source->size - offset);
    if (source->bytes) {
        memcpy(into, source->bytes + offset, count);
        return count;
    }
    size_t done = 0;
    while (done < count) {
        ssize_t got = pread(source->descriptor, into + done, count - done, (off_t)(offset + done));
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

static uint64_t little_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Walks the entries as the library does: each must make a step, and end inside. Entry 0 is free
 * space, whose size counts its own header; the others are padded to 8 bytes. */
static bool entries_fit(const uint8_t *collection, uint64_t size)
{
    uint64_t at = HEADER_BYTES;
    while (at + ENTRY_BYTES <= size) {
        uint64_t index = little_endian(collection + at, 2);
        uint64_t length = little_endian(collection + at + 8, 8);
        if (length > size)
            return false;
        uint64_t step = index == 0 ? length : ENTRY_BYTES + (length + 7) / 8 * 8;
        if (step < ENTRY_BYTES || step > size - at)
            return false;
        at += step;
    }
    return true;
}

static bool collection_is_sound(const H5Source *source, uint64_t offset)
{
    uint8_t header[HEADER_BYTES];
    if (read_at(source, offset, header, sizeof header) != sizeof header)
        return false;
    uint64_t size = little_endian(header + SIGNATURE_BYTES, 8);
    if (size < HEADER_BYTES || size > MAX_COLLECTION_BYTES || size > source->size - offset)
        return false;
    uint8_t *collection = malloc((size_t)size);
    if (!collection)
        abort();
    bool sound =
        read_at(source, offset, collection, (size_t)size) == size && entries_fit(collection, size);
    free(collection);
    return sound;
}

/* Checks the collections that start in a window of the file. */
static Status check_window(const H5Source *source, const uint8_t *window, size_t count,
                           uint64_t offset)
{
    const uint8_t *at = window, *end = window + count;
    while ((at = memmem(at, (size_t)(end - at), SIGNATURE, SIGNATURE_BYTES)) != NULL) {
        if (!collection_is_sound(source, offset + (uint64_t)(at - window)))
            return error_set(ERR_REFUSED, "the file is damaged: its text heap is not sound; save "
                                          "the model again");
        at += SIGNATURE_BYTES;
    }
    return OK;
}

Status h5_heap_check(const H5Source *source)
{
    uint8_t *window = malloc(WINDOW_BYTES);
    if (!window)
        abort();
    Status status = OK;
    /* Windows overlap, so that a signature across a border is seen. */
    for (uint64_t offset = 0; status == OK && offset < source->size;
         offset += WINDOW_BYTES - SIGNATURE_BYTES) {
        size_t count = read_at(source, offset, window, WINDOW_BYTES);
        status = check_window(source, window, count, offset);
        if (count < WINDOW_BYTES)
            break;
    }
    free(window);
    return status;
}
