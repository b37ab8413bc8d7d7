/* runs.h: the verb `runs`: the history from the command line.
 *
 * To add a word: a row in the table of runs.c.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/invocation.h"

/* `runs WORD ...`. ERR_USAGE: no such word, or it takes others. */
Status verb_runs(Invocation *invocation) MUST_CHECK;

/* What it takes, for --help. */
#define RUNS_WORDS                                                                                 \
    "list | show ID | log ID | compare ID... | export ID... | note ID TEXT | tag ID TAG... |\n"    \
    "       differences ID [LAYER [CHANNEL]] | cancel ID | delete ID... | undelete ID... |\n"      \
    "       purge ID... | reproduce ID | resume ID | check |\n"                                    \
    "       pause ID | continue ID | skip ID | stop ID |\n"                                        \
    "       queue [list | remove JOB | up JOB | down JOB | retry JOB | resume ID | reproduce ID "  \
    "| "                                                                                           \
    "start]"

#endif
