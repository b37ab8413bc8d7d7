/* queue.h: `runs queue`: the runs that wait for their turn, from the command line.
 *
 * To add a word: a row in the table of queue.c.
 */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include "cli/invocation.h"
#include "db/store.h"

/* `run MODEL ... --queue`: at the end of the queue, with absolute paths. */
Status queue_add_run(Invocation *invocation) MUST_CHECK;

/* `runs queue [WORD [NUMBER]]`. */
Status runs_queue(Invocation *invocation, Store *store) MUST_CHECK;

#endif
