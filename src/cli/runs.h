/* runs.h: the verb `runs`: the history from the command line.
 *
 * To add a word: a row in the table of runs.c.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/verb.h"

/* `runs WORD ...`. ERR_USAGE: no such word, or it takes others. */
Status verb_runs(Invocation *invocation) MUST_CHECK;

/* Its words. */
VerbWords runs_words;

#endif
