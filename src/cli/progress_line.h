/* progress_line.h: a run's progress on standard error: one line that is rewritten on a terminal,
 * one line per stage elsewhere. */
#ifndef CLI_PROGRESS_LINE_H
#define CLI_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/run.h"

typedef struct ProgressLine {
    bool quiet;
    bool terminal;
    bool drawn; /* a line is on the screen that must be wiped before the next */
    int64_t start_ns;
} ProgressLine;

void progress_line_init(ProgressLine *line, bool quiet);

/* Callbacks that draw on `line`, which must outlive the run. */
RunEvents progress_line_events(ProgressLine *line);

/* Wipes what is on the screen, so that other text can follow. */
void progress_line_clear(ProgressLine *line);

#endif
