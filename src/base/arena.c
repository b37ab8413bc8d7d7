#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, CHUNK_BYTES = 256 * 1024 };

typedef struct Chunk {
    struct Chunk *next;
    size_t capacity;
    size_t used;
} Chunk;

struct Arena {
    Chunk *chunks; /* the first one is the one being filled */
};

static _Noreturn void out_of_memory(size_t bytes)
{
    fprintf(stderr, "dnn2fpga: out of memory (%zu bytes wanted)\n", bytes);
    exit(ERR_ENVIRONMENT);
}

static size_t round_up(size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT)
        out_of_memory(bytes);
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

Arena *arena_new(void)
{
    Arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        out_of_memory(sizeof *arena);
    return arena;
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    for (Chunk *chunk = arena->chunks; chunk;) {
        Chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

static Chunk *chunk_new(size_t capacity)
{
    size_t header = round_up(sizeof(Chunk));
    size_t bytes = round_up(header + capacity);
    Chunk *chunk = aligned_alloc(ALIGNMENT, bytes);
    if (!chunk)
        out_of_memory(bytes);
    *chunk = (Chunk){.capacity = bytes, .used = header};
    return chunk;
}

void *arena_alloc(Arena *arena, size_t bytes)
{
    bytes = round_up(bytes ? bytes : 1);
    Chunk *chunk = arena->chunks;
    if (!chunk || chunk->capacity - chunk->used < bytes) {
        chunk = chunk_new(bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES);
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *block = (char *)chunk + chunk->used;
    chunk->used += bytes;
    return memset(block, 0, bytes);
}

void *arena_alloc_array(Arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, count * size);
}

char *arena_strdup(Arena *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(arena_alloc(arena, bytes), text, bytes);
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = arena_alloc(arena, (size_t)(length > 0 ? length : 0) + 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
