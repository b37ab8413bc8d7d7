/* ghdl.h: the VHDL simulator: which ones are installed, and how they are run.
 *
 *     GhdlTools tools;
 *     TRY(ghdl_find(arena, &tools));
 *     GhdlDesign design = {.backend = tools.fast, .folder = "run/sim", .files = files,
 *                          .top = "mnist_cnn_bench", .deadline_s = 600};
 *     TRY(ghdl_build(arena, &design));                       // once
 *     GhdlRun run = {.generics = generics, .sentinel = "RESULT"};
 *     TRY(ghdl_run_many(arena, &design, &run, 1, 1));  // many times
 *
 * Back ends that translate (llvm, gcc) make an executable in the work folder and are 3 to 8 times
 * faster; mcode runs from memory and stops at every 32-bit overflow, which llvm does not notice, so
 * it serves as the overflow check when both are installed.
 *
 * GHDL ends with status 0 when a design hangs until a stop time. So a run has passed only when the
 * exit status is 0 AND the bench has printed its sentinel line; the caller compares the counts in
 * it.
 */
#ifndef TOOLS_GHDL_H
#define TOOLS_GHDL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/progress.h"
#include "tools/process.h"

typedef enum GhdlCode { GHDL_LLVM, GHDL_GCC, GHDL_MCODE, GHDL_CODES } GhdlCode;

typedef struct GhdlBackend {
    const char *path;
    const char *version; /* "2.0.0" */
    int major;
    GhdlCode code;
} GhdlBackend;

enum { GHDL_MAX_BACKENDS = 4, GHDL_MIN_MAJOR = 2 };

typedef struct GhdlTools {
    GhdlBackend found[GHDL_MAX_BACKENDS]; /* version 2.0 or later, one per code generator */
    int count;
    const GhdlBackend *fast;    /* for the many images: llvm, gcc, else mcode */
    const GhdlBackend *checker; /* mcode, when another one is `fast`; else NULL */
} GhdlTools;

const char *ghdl_code_word(GhdlCode code); /* "llvm" */

/* Looks for ghdl-llvm, ghdl-gcc, ghdl-mcode and ghdl on PATH and asks each for its version, once; a
 * `ghdl` beside one of the others starts that one, and is not asked.
 * ERR_ENVIRONMENT, with the command that installs one, when there is none of version 2.0 or later.
 * Strings live in the arena. `tools` must not be copied: it points into itself. */
Status ghdl_find(Arena *arena, GhdlTools *tools) MUST_CHECK;

/* Reads what `ghdl --version` prints; false when that is not GHDL's. `path` is left alone. */
bool ghdl_parse_version(Arena *arena, const char *text, GhdlBackend *backend);

typedef struct GhdlMessage {
    char file[128];
    int line, column;
    char time[32];     /* "@15ns"; "" in messages of the analysis */
    char severity[32]; /* "note", "warning", "error", "failure", ... */
    const char *text;  /* points into the parsed line */
} GhdlMessage;

/* Takes apart `file:line:col:@time:(report note): text` and `file:line:col:[warning:] text`. */
bool ghdl_parse_message(const char *line, GhdlMessage *message);

/* Value of `name=` in a sentinel such as "RESULT images=8 values=80"; false when not there. */
bool ghdl_sentinel_value(const char *sentinel, const char *name, int64_t *value);

typedef struct GhdlDesign {
    const GhdlBackend *backend;
    const char *folder;       /* work folder, made when missing: libraries, object files */
    const char *const *files; /* in order of analysis, NULL-terminated; absolute paths */
    const char *top;          /* lower-case name of the top entity */
    double deadline_s;        /* for each program that is run */
    const char *log_path;     /* NULL: none */
} GhdlDesign;

/* Analyses the files and elaborates the top. ERR_INTERNAL with GHDL's first message when it
 * refuses them, for they are ours. */
Status ghdl_build(Arena *arena, const GhdlDesign *design) MUST_CHECK;

/* Analyses the files and writes the top as a netlist in Verilog, as GHDL has it: verilog.h mends
 * its faults. The path is absolute. ERR_INTERNAL as above. */
Status ghdl_synthesize(Arena *arena, const GhdlDesign *design, const char *verilog_path) MUST_CHECK;

typedef struct GhdlRun {
    const char *const *generics; /* "NAME=value", NULL-terminated; NULL: none */
    const char *folder;          /* where relative file names lead; NULL: the design's folder */
    const char *wave;            /* waveforms go to this file (.ghw), absolute; NULL: none */
    const char *sentinel;        /* first word of the line that must come */
    void (*on_line)(void *context, const char *line); /* whole line; NULL: not wanted */
    void *context;

    ProcessResult result; /* filled in */
    char *sentinel_line;  /* from the sentinel's first word on, in the arena; NULL: never came */
} GhdlRun;

/* Runs the built design `count` times, at most `at_once` at the same time. OK: all ran to their own
 * end; ghdl_run_passed() tells how each ended. One that fails stops the others. */
Status ghdl_run_many(Arena *arena, const GhdlDesign *design, GhdlRun *runs, int count,
                     int at_once) MUST_CHECK;

/* Exit status 0 and the sentinel. */
bool ghdl_run_passed(const GhdlRun *run);

#endif
