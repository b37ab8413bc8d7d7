/* completion.h: what a shell needs to complete verbs, their words and options, made from the tables
 * of verbs and options. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/buffer.h"

/* `shell` is bash, zsh or fish; ERR_USAGE otherwise. Appends a script to be sourced. */
Status completion_write(const char *shell, Buffer *script) MUST_CHECK;

#endif
