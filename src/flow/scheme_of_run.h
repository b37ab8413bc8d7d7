/* scheme_of_run.h: what the options of a run want for each layer. Not for other rooms. */
#ifndef FLOW_SCHEME_OF_RUN_H
#define FLOW_SCHEME_OF_RUN_H

#include "base/blockers.h"
#include "flow/options.h"
#include "quant/scheme.h"

/* The choice that holds for every layer without one of its own. The options are checked. */
LayerScheme scheme_row_of_run(const RunOptions *options);

/* All choices, in the graph's arena: that one, then --float, then the scheme file, then --layer,
 * each over what was there before. ERR_USAGE: a layer that is not there. */
Status scheme_of_run(const RunOptions *options, const Graph *graph, Scheme *scheme) MUST_CHECK;

/* The options that concern the scheme: calibrations, ranges, what --dynamic rules out. */
void scheme_options_check(const RunOptions *options, Blockers *faults);

#endif
