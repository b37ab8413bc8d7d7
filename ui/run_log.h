/* run_log.h: what a run said, and every command that it ran, with times: its file run.log.
 *
 *     RunLog log = {0};
 *     TRY(run_log_read(&log, run, LOG_ALL)); // before each draw: reads what changed, if anything
 *     pager_layout(&log.pager, area.rows);
 *     pager_draw(&log.pager, area, run_log_style);
 *     run_log_free(&log);
 */
#ifndef UI_RUN_LOG_H
#define UI_RUN_LOG_H

#include "ui/pager.h"
#include "ui/run_view.h"

/* Which lines are kept. */
typedef enum LogLevel { LOG_ALL, LOG_COMMANDS, LOG_FAILURES, LOG_LEVELS } LogLevel;

typedef struct RunLog {
    Pager pager;  /* at its end, until it is moved */
    int64_t run;  /* that the text is of */
    int64_t size; /* of the file when it was read; 0: it was not */
} RunLog;

void run_log_free(RunLog *log);

/* Takes the file over when it has another size than before, or other lines are wanted; else asks
 * for its size only. What was read stays when the file goes. A file that cannot be read is an error
 * once, and then again when it has another size. */
Status run_log_read(RunLog *log, const RunView *run, LogLevel level) MUST_CHECK;

Style run_log_style(const char *line);

/* Draws the lines that the pager was laid out for, short: paths below `folder` (of the run; "": none)
 * are relative to it, and what is still too long loses its middle. */
void run_log_draw_brief(const RunLog *log, const char *folder, Area area);

#endif
