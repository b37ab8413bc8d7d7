/* differences.h: `runs differences`: where a run's hardware and software part, down to the
 * value. */
#ifndef CLI_DIFFERENCES_H
#define CLI_DIFFERENCES_H

#include "cli/invocation.h"

/* Prints the layers of the run's tapped images; with a layer among the words its channels, with a
 * channel too its values. `--again` simulates an image first. ERR_ENVIRONMENT: nothing is kept. */
Status differences_show(Invocation *invocation, const RunRecord *run) MUST_CHECK;

#endif
