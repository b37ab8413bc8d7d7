/* error.h: how every function below main() says that it failed.
 *
 * A function that can fail returns a Status, which is also the exit status of the program.
 * The words go to a record of the calling thread: error_set() starts it, error_context() puts
 * "where" in front of it as the failure travels up, error_message() reads it.
 *
 *     if (size > CAP)
 *         return error_set(ERR_REFUSED, "kernel has %lld values, expected %lld", got, want);
 *     ...
 *     TRY_IN(read_kernel(file, &kernel), "%s: layer %s", path, name);
 *     -> "model.h5: layer conv_1: kernel has 12 values, expected 108"
 *
 * A message names the file, the layer, what was expected, what was found and what to do.
 * Nothing below main() prints or exits; a broken invariant of ours is an assert().
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

typedef enum Status {
    OK = 0,
    ERR_UNMET = 1,       /* done, but below the target: accuracy, hardware differs, does not fit */
    ERR_USAGE = 2,       /* the command line is wrong */
    ERR_REFUSED = 3,     /* an input is not what it must be */
    ERR_ENVIRONMENT = 4, /* a tool, the disk, the memory or the database failed */
    ERR_INTERNAL = 70,   /* our bug */
    ERR_CANCELLED = 130  /* the user stopped it; state is saved */
} Status;

/* Every Status must be looked at. */
#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Starts this thread's record with a message; returns `code`, to be returned at once. */
Status error_set(Status code, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " in front of the record; returns `code` unchanged. */
Status error_context(Status code, const char *format, ...) PRINTF_LIKE(2, 3);

/* The record of this thread; "" when nothing failed yet. Valid until the next error_ call. */
const char *error_message(void);

/* The word of the report for a status: "ok", "unmet", "refused", "failed", "cancelled". */
const char *error_status_word(Status code);

/* Returns from the calling function when `expression` is not OK. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        Status try_status_ = (expression);                                                         \
        if (try_status_ != OK)                                                                     \
            return try_status_;                                                                    \
    } while (0)

/* The same, with context in front of the message. */
#define TRY_IN(expression, ...)                                                                    \
    do {                                                                                           \
        Status try_status_ = (expression);                                                         \
        if (try_status_ != OK)                                                                     \
            return error_context(try_status_, __VA_ARGS__);                                        \
    } while (0)

#endif
