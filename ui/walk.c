#include "ui/walk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/fs.h"

enum { SCRIPT_CAP = 1 << 20, MOST_CELLS = 1000 };

static Status open_script(Walk *walk, const WalkOptions *options)
{
    Buffer text = {0};
    if (options->tour)
        return script_open("tour", tours[0].bytes, &walk->script);
    TRY_IN(fs_read_file(options->script, SCRIPT_CAP, &text), "--script");
    Status status = script_open(options->script, text.data ? text.data : "", &walk->script);
    buffer_free(&text);
    return status;
}

static Status parse_size(Walk *walk, const char *size)
{
    int end = 0;
    walk->rows = WALK_ROWS;
    walk->columns = WALK_COLUMNS;
    if (!size)
        return OK;
    bool read = sscanf(size, "%dx%d%n", &walk->columns, &walk->rows, &end) == 2 && !size[end];
    bool fits = walk->rows > 0 && walk->columns > 0 && walk->rows <= MOST_CELLS &&
                walk->columns <= MOST_CELLS;
    return read && fits ? OK
                        : error_set(ERR_USAGE, "--size %s: expected COLUMNSxROWS, as 120x40", size);
}

Status walk_open(Walk *walk, const WalkOptions *options)
{
    *walk = (Walk){0};
    if (options->size && !options->script)
        return error_set(ERR_USAGE, "--size is for --script");
    TRY(parse_size(walk, options->size));
    if (options->script || options->tour)
        TRY(open_script(walk, options));
    if (options->record)
        TRY(recorder_open(options->record, &walk->recorder));
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !options->size;
    walk->unattended = options->script && !terminal;
    if (walk->unattended)
        script_set_unattended(walk->script);
    return OK;
}

Status walk_close(Walk *walk)
{
    script_free(walk->script);
    Status status = recorder_close(walk->recorder);
    walk->script = NULL;
    walk->recorder = NULL;
    return status;
}

static void tell_wait(Walk *walk, const App *app)
{
    char waiting[WALK_WAITING_BYTES];
    script_waits_for(walk->script, app, waiting, sizeof waiting);
    if (strcmp(waiting, walk->waiting) != 0) {
        snprintf(walk->waiting, sizeof walk->waiting, "%s", waiting);
        walk->waiting_since_ms = app->now_ms;
        walk->told = false;
    } else if (*waiting && !walk->told &&
               app->now_ms - walk->waiting_since_ms >= WALK_PATIENCE_MS) {
        fprintf(stderr, "dnn2fpga: the script waits for %s\n", waiting);
        walk->told = true;
    }
}

ScriptState walk_advance(Walk *walk, App *app)
{
    if (!walk->script)
        return SCRIPT_WAITS;
    ScriptState state = script_advance(walk->script, app);
    if (walk->unattended && state == SCRIPT_WAITS)
        tell_wait(walk, app);
    if (state == SCRIPT_FAILED)
        snprintf(walk->failure, sizeof walk->failure, "%s", script_failure(walk->script));
    if (state == SCRIPT_ENDED || state == SCRIPT_FAILED) {
        script_free(walk->script);
        walk->script = NULL;
    }
    return state;
}
