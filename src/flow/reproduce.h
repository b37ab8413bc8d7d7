/* reproduce.h: a run of the history done again, and its results compared hash by hash.
 *
 *     Status status = flow_reproduce(NULL, 12, &events, &report);
 *     // report: that of the new run, and "reproduced": {"of": 12, "equal": true, "checks": [
 *     //     {"name": "hdl_sha256", "then": "...", "now": "...", "equal": true}, ...]}
 *
 * The new run is a row of its own, whose parent is the old one, in a folder of its own; files that
 * the old one wrote elsewhere (scheme, Keras file) are left alone.
 */
#ifndef FLOW_REPRODUCE_H
#define FLOW_REPRODUCE_H

#include "flow/run.h"

/* Results beside those of flow_run():
 *     ERR_REFUSED  there is no such run; it is running, or has no description to compare; its model
 *                  is no more what it was
 *     ERR_UNMET    done again, but a hash differs; the message names the first
 * `database` NULL: the user's history. */
Status flow_reproduce(const char *database, int64_t id, const RunEvents *events,
                      json_t **report) MUST_CHECK;

#endif
