#include "cli/progress_line.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

void progress_line_init(ProgressLine *line, bool quiet)
{
    *line = (ProgressLine){
        .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .start_ns = clock_monotonic_ns()};
}

void progress_line_clear(ProgressLine *line)
{
    if (line->drawn)
        fputs("\r\033[K", stderr);
    line->drawn = false;
}

static void on_started(void *context, int64_t run, const char *folder)
{
    ProgressLine *line = context;
    if (!line->quiet)
        fprintf(stderr, "run %lld, files in %s\n", (long long)run, folder);
}

static void on_stage(void *context, RunStage stage, StageState state, double seconds,
                     const json_t *figures)
{
    ProgressLine *line = context;
    (void)figures;
    if (line->quiet || state == STAGE_STARTED)
        return;
    progress_line_clear(line);
    fprintf(stderr, "%-9s %-9s %6.1f s\n", stage_word(stage), stage_state_word(state), seconds);
}

static void on_progress(void *context, RunStage stage, double fraction, const char *detail)
{
    ProgressLine *line = context;
    if (line->quiet || !line->terminal)
        return;
    fprintf(stderr, "\r%-9s %3.0f %%  %5.0f s  %.48s\033[K", stage_word(stage), fraction * 100,
            clock_seconds_since(line->start_ns), detail);
    line->drawn = true;
    fflush(stderr);
}

RunEvents progress_line_events(ProgressLine *line)
{
    return (RunEvents){
        .started = on_started, .stage = on_stage, .progress = on_progress, .context = line};
}
