/* quarantine.h: tries something dangerous in a process that may die of it.
 *
 * libhdf5 1.10 reads out of bounds on some damaged files, and no check of ours can come before all
 * of its own reads. So a file from outside is read once in a forked copy of this process, with
 * limits on memory and time. If the copy dies, the file is refused; if it ends well, the same read
 * is done here.
 *
 *     TRY(quarantine_try(read_and_forget, (void *)path, path));
 *
 * The copy shares nothing back but its Status and message.
 */
#ifndef BASE_QUARANTINE_H
#define BASE_QUARANTINE_H

#include "base/error.h"

enum { QUARANTINE_SECONDS = 60 };

/* What to try; must leave no file behind, and need not free what it takes. */
typedef Status QuarantinedTask(const char *path);

/* The task's own Status and message; ERR_REFUSED naming `path` when it crashed, took longer than
 * QUARANTINE_SECONDS or more memory than there is. */
Status quarantine_try(QuarantinedTask *task, const char *path) MUST_CHECK;

#endif
