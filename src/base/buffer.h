/* buffer.h: bytes that grow: text being written, a file being read.
 *
 * `data` is always NUL-terminated after the first append, so it can be used as a string.
 *
 *     Buffer text = {0};
 *     buffer_printf(&text, "signal %s : std_logic;\n", name);
 *     fs_write_atomic(path, text.data, text.length);
 *     buffer_free(&text);
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

#include "base/error.h"

typedef struct Buffer {
    char *data;
    size_t length; /* without the NUL */
    size_t capacity;
} Buffer;

void buffer_append(Buffer *buffer, const void *bytes, size_t count);
void buffer_append_text(Buffer *buffer, const char *text);
void buffer_printf(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for `extra` more bytes; their address, to be filled and added to `length`. */
char *buffer_reserve(Buffer *buffer, size_t extra);

/* Empties the buffer and keeps its memory. */
void buffer_clear(Buffer *buffer);
void buffer_free(Buffer *buffer);

#endif
