#include "tools/line_splitter.h"

#include <stdbool.h>
#include <string.h>

static void give(LineSplitter *splitter)
{
    Buffer *line = &splitter->partial;
    buffer_append(line, "", 0); /* an empty line is text too */
    if (line->length && line->data[line->length - 1] == '\r')
        line->data[--line->length] = '\0';
    for (size_t i = 0; i < line->length; i++)
        if (line->data[i] == '\0')
            line->data[i] = '?';
    splitter->on_line(splitter->context, line->data);
    buffer_clear(line);
}

void line_splitter_feed(LineSplitter *splitter, const char *bytes, size_t count)
{
    while (count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t piece = end ? (size_t)(end - bytes) : count;
        size_t room = LINE_MAX_BYTES - splitter->partial.length;
        bool full = piece > room;
        if (full)
            piece = room;
        buffer_append(&splitter->partial, bytes, piece);
        if (full || end)
            give(splitter);
        piece += end && !full; /* the newline itself */
        bytes += piece;
        count -= piece;
    }
}

void line_splitter_finish(LineSplitter *splitter)
{
    if (splitter->partial.length)
        give(splitter);
    buffer_free(&splitter->partial);
}
