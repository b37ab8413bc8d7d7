/* runs_export.h: runs of the history as a file to keep or to show.
 *
 *     json  {"runs": [record, ...], "comparison": {...}}: all that the history has
 *     csv   one line a run: number, time, model, status, the headline figures, hashes, tags, note
 *     html  one page without scripts or links, that opens without a network: figures side by side,
 *           a plot of accuracy against size, and for each run its stages, ladder, training curves
 *           and layers
 */
#ifndef REPORT_RUNS_EXPORT_H
#define REPORT_RUNS_EXPORT_H

#include <jansson.h>

#include "base/buffer.h"
#include "db/store.h"

typedef enum RunsFormat { RUNS_JSON, RUNS_CSV, RUNS_HTML, RUNS_FORMATS } RunsFormat;

bool runs_format_parse(const char *word, RunsFormat *format);

/* Appends to `text`. `count` from 1 to COMPARE_MAX_RUNS. ERR_REFUSED: there is no such run. */
Status runs_export(Store *store, const int64_t *ids, int count, RunsFormat format,
                   Buffer *text) MUST_CHECK;

/* The same as a new file; its ending says the format. ERR_USAGE: another ending, or a file that is
 * there already: nothing is written over. */
Status runs_export_file(Store *store, const int64_t *ids, int count, const char *path) MUST_CHECK;

/* A row of the history as an object, its report as an object in it. The caller's. */
json_t *runs_record_to_json(const RunRecord *run);

#endif
