/* earlier_runs.h: runs of the same model before the one that is shown: what their stages took, and
 * what came of them. */
#ifndef UI_EARLIER_RUNS_H
#define UI_EARLIER_RUNS_H

#include "ui/run_view.h"

enum { EARLIER_RUNS = 8 };

typedef struct EarlierRun {
    int64_t id;
    double seconds[STAGES]; /* NAN: that stage did not come to its end */
    RunFigures figures;
} EarlierRun;

typedef struct EarlierRuns {
    int64_t of;                    /* the run that they are earlier than; -1: nothing was read */
    EarlierRun runs[EARLIER_RUNS]; /* the newest first */
    int count;
} EarlierRuns;

/* Reads them where they are not those already. `store` NULL: there are none. */
void earlier_runs_read(EarlierRuns *earlier, Store *store, const RunView *run);

#endif
