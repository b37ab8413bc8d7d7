/* arena.h: memory that lives and dies together.
 *
 * One arena per imported model, dataset, run or drawn frame. Blocks are zeroed, aligned to
 * 64 bytes (a cache line, and the widest vector register), and freed all at once.
 *
 * arena_alloc() never returns NULL: when memory is exhausted the program says so and ends with
 * ERR_ENVIRONMENT. So a size that comes from a file is checked against a cap *before* it gets here.
 *
 *     Arena *arena = arena_new();
 *     float *kernel = ARENA_ARRAY(arena, float, count);
 *     ...
 *     arena_free(arena);
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

typedef struct Arena Arena;

Arena *arena_new(void);

/* Frees the arena and every block in it; NULL is allowed. */
void arena_free(Arena *arena);

/* `bytes` zeroed bytes, aligned to 64. */
void *arena_alloc(Arena *arena, size_t bytes);

/* Room for `count` values of `size` bytes; an overflowing product counts as exhausted memory. */
void *arena_alloc_array(Arena *arena, size_t count, size_t size);

char *arena_strdup(Arena *arena, const char *text);
char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count)                                                            \
    ((type *)arena_alloc_array((arena), (size_t)(count), sizeof(type)))

#endif
