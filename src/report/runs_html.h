/* runs_html.h: runs of the history as one self-contained page. */
#ifndef REPORT_RUNS_HTML_H
#define REPORT_RUNS_HTML_H

#include <jansson.h>

#include "base/buffer.h"
#include "db/store.h"

typedef struct RunsPage {
    const RunRecord *runs; /* with reports */
    int count;
    const json_t *comparison; /* flow/compare.h */
} RunsPage;

/* Appends the page: HTML 5, no script, no link, nothing loaded. Texts from the history are
 * escaped. */
void runs_html(const RunsPage *page, Buffer *html);

#endif
