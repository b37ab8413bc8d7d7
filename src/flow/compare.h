/* compare.h: several runs of the history side by side.
 *
 *     json_t *comparison = NULL;
 *     TRY(runs_compare(store, (int64_t[]){3, 7}, 2, &comparison));
 *
 * gives
 *
 *     {"runs": [{"run": 3, "status": "ok", "model": "net", "created_ms": ...}, ...],
 *      "rows": [{"section": "figures", "name": "quantized_accuracy", "values": [0.98, 0.97],
 *                "differs": true, "best": 0}, ...]}
 *
 * Sections, in this order: figures, inputs (hashes and seed), options, layers ("conv_1
 * weight_bits"), tools. A value that a run has not is null. `best` is the column of the best
 * figure: null where there is no better or worse, where all are equal, or where only one run has
 * it.
 */
#ifndef FLOW_COMPARE_H
#define FLOW_COMPARE_H

#include <jansson.h>

#include "db/store.h"

enum { COMPARE_MAX_RUNS = 64 };

/* `count` from 1 to COMPARE_MAX_RUNS. ERR_REFUSED: there is no such run. The comparison is the
 * caller's. */
Status runs_compare(Store *store, const int64_t *ids, int count, json_t **comparison) MUST_CHECK;

/* What differs in the options of two runs: [{"name", "from", "to"}], empty when nothing does. Names
 * of files that decide nothing (workdir, database) are left out. The caller's. */
json_t *runs_edits(const RunRecord *from, const RunRecord *to);

#endif
