/* protocol.h: what the workbench and the engine say to each other: one JSON object a line.
 *
 *     to the engine      {"v":1,"command":"run","options":{...}}     flow/options.h
 *                        {"v":1,"command":"observe","options":{...}} flow_observe()
 *                        {"v":1,"command":"resume","run":7,"database":"..."}
 *                        {"v":1,"command":"job","job":3,"database":"..."}     db/queue.h
 *                        {"v":1,"command":"tap","run":7,"image":3,"database":"..."}  flow/tap.h
 *                        {"v":1,"command":"doctor"}
 *                        {"v":1,"command":"cancel"}
 *                        {"v":1,"command":"pause"}, "continue", "skip" (ends the rung under way),
 *                        "stop" (no further rung: the best so far is taken)
 *                        {"v":1,"command":"quit"}
 *     from the engine    {"v":1,"event":"hello","version":"0.1.0","pid":4711}
 *                        {"v":1,"event":"run_started","run":7,"folder":"..."}
 *                        {"v":1,"event":"stage","stage":"baseline","state":"finished",
 *                         "seconds":1.2,"figures":{...}}
 *                        {"v":1,"event":"progress","stage":"baseline","fraction":0.5,"detail":"..."}
 *                        {"v":1,"event":"figures","stage":"quantize","figures":{...}}
 *                        {"v":1,"event":"log","line":"..."}
 *                        {"v":1,"event":"report","code":0,"message":"","report":{...}}
 *                        {"v":1,"event":"error","code":3,"message":"..."}
 *
 * Reading is strict: another version, an unknown word, a missing, unknown or wrongly typed key,
 * text after the object, a duplicate key or a line that is too long is ERR_REFUSED.
 */
#ifndef FLOW_PROTOCOL_H
#define FLOW_PROTOCOL_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "flow/run.h"

enum {
    PROTOCOL_VERSION = 1,
    PROTOCOL_COMMAND_BYTES = 1 << 16, /* longest line to the engine, newline included */
    PROTOCOL_EVENT_BYTES = 1 << 22    /* longest line from it: a report lists all layers */
};

/* The first ones are jobs: an engine does one of them. */
typedef enum CommandKind {
    COMMAND_RUN,
    COMMAND_OBSERVE,
    COMMAND_RESUME,
    COMMAND_JOB,
    COMMAND_TAP,
    COMMAND_DOCTOR,
    COMMAND_CANCEL,
    COMMAND_PAUSE,
    COMMAND_CONTINUE,
    COMMAND_SKIP,
    COMMAND_STOP,
    COMMAND_QUIT,
    COMMANDS
} CommandKind;

typedef struct Command {
    CommandKind kind;
    RunOptions options;   /* run, observe; strings in the arena of the parse, as the next */
    int64_t run;          /* resume, tap: of the run; job: of the job */
    int64_t image;        /* tap; or TAP_FIRST */
    const char *database; /* resume, job, tap; NULL: the user's history */
} Command;

typedef enum EventKind {
    EVENT_HELLO,
    EVENT_RUN_STARTED,
    EVENT_STAGE,
    EVENT_PROGRESS,
    EVENT_FIGURES, /* what a stage has found so far: RunEvents.figures */
    EVENT_LOG,
    EVENT_REPORT, /* the run is over, well or not; the last event of an engine */
    EVENT_ERROR,  /* a command was not understood or not possible now */
    EVENTS
} EventKind;

/* Which fields mean something depends on the kind; texts are "" where they do not. */
typedef struct Event {
    EventKind kind;
    const char *version; /* hello */
    int64_t pid;         /* hello */
    int64_t run;         /* run_started */
    const char *folder;  /* run_started */
    RunStage stage;      /* stage, progress, figures */
    StageState state;    /* stage */
    double seconds;      /* stage */
    double fraction;     /* progress, 0..1 */
    const char *text;    /* progress: detail; log: line; report, error: message */
    Status code;         /* report, error */
    const json_t
        *json; /* figures; stage: figures or NULL; report: the report, or NULL when a run could not
                            be taken up. Borrowed. */
} Event;

/* Appends the line with its newline. */
void protocol_write_command(const Command *command, Buffer *line);
void protocol_write_event(const Event *event, Buffer *line);

/* `line` without its newline. */
Status protocol_read_command(const char *line, size_t length, Arena *arena,
                             Command *command) MUST_CHECK;

/* The event's texts and JSON live as long as `*holder`, which the caller releases with
 * json_decref(); NULL after a failure. */
Status protocol_read_event(const char *line, size_t length, json_t **holder,
                           Event *event) MUST_CHECK;

/* Cuts a stream of bytes into lines. */
typedef struct LineReader {
    Buffer pending;
    size_t cap;    /* longest line */
    bool skipping; /* inside a line that is too long */
} LineReader;

/* Calls `take` for each whole line in the bytes so far; a line beyond the cap is dropped and
 * reported once as (NULL, 0). */
void line_reader_feed(LineReader *reader, const char *bytes, size_t count,
                      void (*take)(void *context, const char *line, size_t length), void *context);
void line_reader_free(LineReader *reader);

#endif
