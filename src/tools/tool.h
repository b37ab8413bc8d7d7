/* tool.h: programs for synthesis and netlists: which ones we know, where they are, and one step of
 * them with every way it can go wrong put into words.
 *
 *     Tool yosys;
 *     TRY(tool_find(arena, TOOL_YOSYS, &yosys));            // missing: how to install it
 *     const char *const argv[] = {yosys.path, "-s", "synth.ys", NULL};
 *     ToolStep step = {.title = yosys.title, .spec = {.argv = argv, .deadline_s = 600, ...}};
 *     TRY(tool_step(&step));                                // failed, killed, out of time: the log
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "tools/process.h"

typedef enum ToolKind {
    TOOL_YOSYS,
    TOOL_NEXTPNR_ICE40,
    TOOL_ICEPACK,
    TOOL_NEXTPNR_ECP5,
    TOOL_ECPPACK,
    TOOL_IVERILOG,
    TOOL_VVP,
    TOOL_VERILATOR,
    TOOL_ICEPROG,
    TOOL_OPENFPGALOADER,
    TOOLS
} ToolKind;

typedef struct Tool {
    const char *title;   /* "Yosys" */
    const char *program; /* "yosys" */
    const char *path;    /* NULL: not on PATH */
    const char *version; /* "0.23"; "": it does not tell */
    const char *enables; /* what it is good for, one sentence */
    const char *install; /* how to get it on Debian or Ubuntu */
} Tool;

/* Looks on PATH, and asks for the version. Never fails: see `path`. */
Tool tool_look(Arena *arena, ToolKind kind);

/* The same; ERR_ENVIRONMENT with the command that installs it when it is missing. */
Status tool_find(Arena *arena, ToolKind kind, Tool *tool) MUST_CHECK;

/* True when the program is on PATH; asks it nothing. */
bool tool_is_there(ToolKind kind);

/* First number with a point in it, "5.006", in the arena, without a v before it; "" when there is
 * none. */
const char *tool_parse_version(Arena *arena, const char *text);

typedef struct ToolStep {
    const char *title;    /* for messages */
    ProcessSpec spec;     /* its log_path is named in messages */
    ProcessResult result; /* filled in */
    char complaint[1024]; /* filled in: the first line with "error" in it, else "" */
} ToolStep;

/* Runs it. OK: it ended with status 0. ERR_ENVIRONMENT: missing, failed, killed, or out of time;
 * the message says which, the program's own words, where its log is and what to do. */
Status tool_step(ToolStep *step) MUST_CHECK;

/* The same, but an exit status other than 0 is the caller's to judge: see `result`. */
Status tool_step_judged(ToolStep *step) MUST_CHECK;

/* The words of a step that ended with another status than 0. */
Status tool_step_failed(const ToolStep *step) MUST_CHECK;

#endif
