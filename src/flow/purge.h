/* purge.h: a run gone for good: its row, and its folder when it is one of ours. */
#ifndef FLOW_PURGE_H
#define FLOW_PURGE_H

#include "db/store.h"

/* Removes a run that is in the bin. Its folder goes with it when it is in the folder of runs
 * (base/paths.h); a --workdir is the user's and stays. ERR_REFUSED: it is not in the bin. */
Status runs_purge(Store *store, int64_t id) MUST_CHECK;

#endif
