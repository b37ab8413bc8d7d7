#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_BYTES = 8192 };

/* The one piece of per-thread state: the message of the failure under way. */
static _Thread_local char record[RECORD_BYTES];

Status error_set(Status code, const char *format, ...)
{
    char fresh[RECORD_BYTES]; /* the arguments may point into the record */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fresh, sizeof fresh, format, arguments);
    va_end(arguments);
    memcpy(record, fresh, strlen(fresh) + 1);
    return code;
}

Status error_context(Status code, const char *format, ...)
{
    char fresh[RECORD_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(fresh, sizeof fresh, format, arguments);
    va_end(arguments);
    size_t room = used < 0 || (size_t)used >= sizeof fresh ? 0 : sizeof fresh - (size_t)used;
    if (room > 3) { /* ": ", at least one character, NUL; a longer tail is cut */
        memcpy(fresh + used, ": ", 2);
        size_t tail = strnlen(record, room - 3);
        memcpy(fresh + used + 2, record, tail);
        fresh[(size_t)used + 2 + tail] = '\0';
    }
    memcpy(record, fresh, strlen(fresh) + 1);
    return code;
}

const char *error_message(void)
{
    return record;
}

const char *error_status_word(Status code)
{
    switch (code) {
    case OK:
        return "ok";
    case ERR_UNMET:
        return "unmet";
    case ERR_USAGE:
    case ERR_REFUSED:
        return "refused";
    case ERR_CANCELLED:
        return "cancelled";
    case ERR_ENVIRONMENT:
    case ERR_INTERNAL:
        return "failed";
    }
    return "failed";
}
