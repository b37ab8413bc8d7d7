#include "base/csv.h"

#include <string.h>

void csv_append_field(Buffer *text, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        buffer_append_text(text, field);
        return;
    }
    buffer_append_text(text, "\"");
    for (; *field; field++)
        buffer_append(text, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    buffer_append_text(text, "\"");
}
