/* pareto.h: which of many runs none beats: in accuracy (more is better), size and latency (less is).
 *
 * A figure that a run has not counts as the worst there is; a run without accuracy is left out. */
#ifndef UI_PARETO_H
#define UI_PARETO_H

#include <stdbool.h>

#include "db/store.h"

/* best[i]: no other run is at least as good in all three and better in one. How many there are. */
int pareto_mark(const RunPoint *points, int count, bool *best);

#endif
