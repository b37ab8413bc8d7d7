#include "hw/template.h"

#include <stdbool.h>
#include <string.h>

#include "base/embedded.h"

static Status find_value(const char *name, const TemplateKey *keys, const char *key, size_t length,
                         const char **value)
{
    for (const TemplateKey *at = keys; at->key; at++)
        if (strlen(at->key) == length && strncmp(at->key, key, length) == 0) {
            *value = at->value;
            return OK;
        }
    return error_set(ERR_INTERNAL, "template %s: nobody gave {{%.*s}} a value", name, (int)length,
                     key);
}

/* One line, with its newline. */
static Status expand_line(const char *name, const char *line, size_t length,
                          const TemplateKey *keys, Buffer *into)
{
    const char *end = line + length;
    while (line < end) {
        const char *open = memmem(line, (size_t)(end - line), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        if (!close) {
            buffer_append(into, line, (size_t)(end - line));
            return OK;
        }
        buffer_append(into, line, (size_t)(open - line));
        const char *value = "";
        bool condition = open[2] == '?';
        const char *key = open + 2 + condition;
        TRY(find_value(name, keys, key, (size_t)(close - key), &value));
        if (condition && !*value)
            return OK;
        if (!condition)
            buffer_append_text(into, value);
        line = close + 2;
    }
    return OK;
}

Status template_expand_text(const char *name, const char *text, const TemplateKey *keys,
                            Buffer *into)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        TRY(expand_line(name, text, length, keys, into));
        text += length;
    }
    return OK;
}

Status template_expand(const char *name, const TemplateKey *keys, Buffer *into)
{
    for (const EmbeddedFile *file = hdl_library; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return template_expand_text(name, file->bytes, keys, into);
    return error_set(ERR_INTERNAL, "template %s is not part of this program", name);
}
