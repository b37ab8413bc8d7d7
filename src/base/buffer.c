#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *buffer_reserve(Buffer *buffer, size_t extra)
{
    size_t wanted = buffer->length + extra + 1;
    if (wanted > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < wanted)
            capacity *= 2;
        char *data = realloc(buffer->data, capacity);
        if (!data) {
            fprintf(stderr, "dnn2fpga: out of memory (%zu bytes wanted)\n", capacity);
            exit(ERR_ENVIRONMENT);
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    buffer->data[wanted - 1] = '\0';
    return buffer->data + buffer->length;
}

void buffer_append(Buffer *buffer, const void *bytes, size_t count)
{
    char *end = buffer_reserve(buffer, count);
    if (count)
        memcpy(end, bytes, count);
    buffer->length += count;
    buffer->data[buffer->length] = '\0';
}

void buffer_append_text(Buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(Buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        vsnprintf(buffer_reserve(buffer, (size_t)length), (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void buffer_clear(Buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_free(Buffer *buffer)
{
    free(buffer->data);
    *buffer = (Buffer){0};
}
