/* blockers.h: everything that is wrong with an input, in one list.
 *
 * A checker adds each fault it finds and goes on; at the end the whole list is the refusal, so
 * that a user mends a model once and not once per fault.
 *
 *     Blockers blockers = {0};
 *     blockers_add(&blockers, "layer %s: kind LSTM is not supported", name);
 *     ...
 *     Status status = blockers_refuse(&blockers, "model.h5");
 *     blockers_free(&blockers);
 */
#ifndef BASE_BLOCKERS_H
#define BASE_BLOCKERS_H

#include "base/error.h"

typedef struct Blockers {
    char **items; /* owned, one sentence each */
    int count;
    int capacity;
} Blockers;

void blockers_add(Blockers *blockers, const char *format, ...) PRINTF_LIKE(2, 3);

/* OK when the list is empty; else ERR_REFUSED with "subject: N things ...", a line a fault. */
Status blockers_refuse(const Blockers *blockers, const char *subject) MUST_CHECK;

void blockers_free(Blockers *blockers);

#endif
