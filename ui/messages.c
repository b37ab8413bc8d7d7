#include "ui/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

enum { LINE_BYTES = 2 * MESSAGE_BYTES + 64 };

const char *message_level_word(MessageLevel level)
{
    static const char *const WORDS[MESSAGE_LEVELS] = {"info", "warning", "error"};
    return WORDS[level];
}

/* ---- the file --------------------------------------------------------------------------------- */

/* A line: milliseconds, level, text; in the text a backslash stands before itself and before n. */
static size_t write_line(const Message *message, char line[LINE_BYTES])
{
    int start = snprintf(line, LINE_BYTES, "%lld %s ", (long long)message->utc_ms,
                         message_level_word(message->level));
    size_t at = (size_t)start;
    for (const char *text = message->text; *text && at + 3 < LINE_BYTES; text++) {
        if (*text == '\n' || *text == '\\')
            line[at++] = '\\';
        char plain = *text;
        if (plain == '\n')
            plain = 'n';
        line[at++] = plain;
    }
    line[at++] = '\n';
    return at;
}

static void read_text(const char *line, char text[MESSAGE_BYTES])
{
    size_t at = 0;
    for (; *line && at + 1 < MESSAGE_BYTES; line++) {
        bool escaped = *line == '\\' && line[1];
        line += escaped;
        char plain = *line;
        if (escaped && plain == 'n')
            plain = '\n';
        text[at++] = plain;
    }
    text[at] = '\0';
}

/* One write a line, so that workbenches do not mix theirs. A full disk takes no message away from
 * the screen. */
static void append_bytes(const Messages *messages, const char *line, size_t length)
{
    int file = open(messages->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    if (write(file, line, length) < 0)
        errno = 0;
    close(file);
}

/* ---- the ring -------------------------------------------------------------------------------- */

static Message *next_place(Messages *messages)
{
    if (!messages->ring)
        messages->ring = calloc(MESSAGES_KEPT, sizeof *messages->ring);
    if (!messages->ring)
        abort();
    Message *message = &messages->ring[messages->total % MESSAGES_KEPT];
    *message = (Message){.number = ++messages->total};
    return message;
}

static void take_line(Messages *messages, const char *line)
{
    char level[16], text[MESSAGE_BYTES];
    long long utc_ms;
    int length = 0, known = MESSAGE_INFO;
    if (sscanf(line, "%lld %15s%n", &utc_ms, level, &length) != 2 || line[length] != ' ')
        return; /* cut off by a crash, or not ours */
    while (known < MESSAGE_LEVELS && strcmp(message_level_word((MessageLevel)known), level) != 0)
        known++;
    if (known == MESSAGE_LEVELS)
        return;
    read_text(line + length + 1, text);
    Message *message = next_place(messages);
    message->utc_ms = utc_ms;
    message->level = (MessageLevel)known;
    memcpy(message->text, text, sizeof text);
}

Status messages_open(Messages *messages, const char *path)
{
    Buffer bytes = {0};
    char *rest = NULL;
    if (fs_exists(path))
        TRY(fs_read_file(path, (size_t)2 * MESSAGES_FILE_BYTES, &bytes));
    bool ends_a_line = bytes.length > 0 && bytes.data[bytes.length - 1] == '\n';
    for (char *line = bytes.data ? strtok_r(bytes.data, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest))
        take_line(messages, line);
    bool full = bytes.length > MESSAGES_FILE_BYTES;
    bool cut_off = bytes.length > 0 && !ends_a_line;
    buffer_free(&bytes);
    messages->file = strdup(path);
    if (!messages->file)
        abort();
    char old[4096];
    snprintf(old, sizeof old, "%s.old", path);
    if (full && rename(path, old) != 0)
        return error_set(ERR_ENVIRONMENT, "messages %s: cannot be renamed: %s", path,
                         strerror(errno));
    if (cut_off && !full)
        append_bytes(messages, "\n", 1);
    return OK;
}

void messages_add(Messages *messages, MessageLevel level, int64_t utc_ms, const char *format, ...)
{
    Message *message = next_place(messages);
    message->utc_ms = utc_ms;
    message->level = level;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message->text, sizeof message->text, format, arguments);
    va_end(arguments);
    messages->showing = true;
    if (messages->file) {
        char line[LINE_BYTES];
        append_bytes(messages, line, write_line(message, line));
    }
}

void messages_free(Messages *messages)
{
    free(messages->ring);
    free(messages->file);
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
