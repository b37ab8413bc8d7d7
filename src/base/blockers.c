#include "base/blockers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

void blockers_add(Blockers *blockers, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    if (blockers->count == blockers->capacity) {
        int capacity = blockers->capacity ? blockers->capacity * 2 : 8;
        char **items = realloc(blockers->items, (size_t)capacity * sizeof *items);
        if (!items)
            abort();
        blockers->items = items;
        blockers->capacity = capacity;
    }
    Buffer copy = {0};
    buffer_append_text(&copy, text);
    blockers->items[blockers->count++] = copy.data;
}

Status blockers_refuse(const Blockers *blockers, const char *subject)
{
    if (blockers->count == 0)
        return OK;
    if (blockers->count == 1)
        return error_set(ERR_REFUSED, "%s: %s", subject, blockers->items[0]);
    Buffer text = {0};
    buffer_printf(&text, "%s: %d things stand in the way", subject, blockers->count);
    for (int i = 0; i < blockers->count; i++)
        buffer_printf(&text, "\n  - %s", blockers->items[i]);
    Status status = error_set(ERR_REFUSED, "%s", text.data);
    buffer_free(&text);
    return status;
}

void blockers_free(Blockers *blockers)
{
    for (int i = 0; i < blockers->count; i++)
        free(blockers->items[i]);
    free(blockers->items);
    *blockers = (Blockers){0};
}
