/* messages.h: everything that the workbench told its user, kept, over a restart too.
 *
 * With a file (messages_open()) each message is appended to it as a line, and the latest of earlier
 * sessions are there again. The file is of any number of workbenches; beyond MESSAGES_FILE_BYTES it
 * becomes FILE.old, and a new one begins.
 *
 * The newest message also shows on the status row: information for three seconds, a warning or an
 * error until the next key. So no text is lost because it was there for a moment only.
 */
#ifndef UI_MESSAGES_H
#define UI_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
    MESSAGE_BYTES = 1024,
    MESSAGES_KEPT = 500,
    MESSAGE_SHOWN_MS = 3000,
    MESSAGES_FILE_BYTES = 1 << 20
};

typedef enum MessageLevel {
    MESSAGE_INFO,
    MESSAGE_WARNING,
    MESSAGE_ERROR,
    MESSAGE_LEVELS
} MessageLevel;

typedef struct Message {
    int64_t number; /* 1, 2, 3 ...: never used twice */
    int64_t utc_ms;
    MessageLevel level;
    char text[MESSAGE_BYTES];
} Message;

typedef struct Messages {
    Message *ring; /* MESSAGES_KEPT places, made by the first message */
    int64_t total; /* ever added */
    bool showing;  /* the newest one is on the status row */
    char *file;    /* owned; NULL: they are kept for the session only */
} Messages;

const char *message_level_word(MessageLevel level); /* "error" */

void messages_add(Messages *messages, MessageLevel level, int64_t utc_ms, const char *format, ...)
    PRINTF_LIKE(4, 5);
void messages_free(Messages *messages);

/* Takes the latest messages of a file up, and adds to it from now on. ERR_ENVIRONMENT when it can
 * be neither read nor made: messages are then kept for the session. */
Status messages_open(Messages *messages, const char *path) MUST_CHECK;

/* How many are kept, and the i-th, newest first. */
int messages_count(const Messages *messages);
const Message *messages_at(const Messages *messages, int index);

/* The one for the status row at this moment, or NULL. */
const Message *messages_shown(const Messages *messages, int64_t now_ms);

/* A key was pressed: what had to be seen was seen. */
void messages_acknowledge(Messages *messages);

#endif
