#include "ui/messages.h"

#include <stdio.h>
#include <stdlib.h>

const char *message_level_word(MessageLevel level)
{
    static const char *const WORDS[MESSAGE_LEVELS] = {"info", "warning", "error"};
    return WORDS[level];
}

void messages_add(Messages *messages, MessageLevel level, int64_t utc_ms, const char *format, ...)
{
    if (!messages->ring)
        messages->ring = calloc(MESSAGES_KEPT, sizeof *messages->ring);
    if (!messages->ring)
        abort();
    Message *message = &messages->ring[messages->total % MESSAGES_KEPT];
    *message = (Message){.number = ++messages->total, .utc_ms = utc_ms, .level = level};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message->text, sizeof message->text, format, arguments);
    va_end(arguments);
    messages->showing = true;
}

void messages_free(Messages *messages)
{
    free(messages->ring);
    *messages = (Messages){0};
}

int messages_count(const Messages *messages)
{
    return messages->total < MESSAGES_KEPT ? (int)messages->total : MESSAGES_KEPT;
}

const Message *messages_at(const Messages *messages, int index)
{
    return &messages->ring[(messages->total - 1 - index) % MESSAGES_KEPT];
}

const Message *messages_shown(const Messages *messages, int64_t now_ms)
{
    if (!messages->showing)
        return NULL;
    const Message *newest = messages_at(messages, 0);
    bool expired = newest->level == MESSAGE_INFO && now_ms - newest->utc_ms >= MESSAGE_SHOWN_MS;
    return expired ? NULL : newest;
}

void messages_acknowledge(Messages *messages)
{
    messages->showing = false;
}
