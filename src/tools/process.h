/* process.h: the one door to child processes.
 *
 *     const char *argv[] = {"ghdl-llvm", "--version", NULL};
 *     ProcessResult result;
 *     TRY(process_run(&(ProcessSpec){.argv = argv, .deadline_s = 10, .on_line = keep}, &result));
 *     if (result.exit_status != 0) ...
 *
 * No shell is ever involved. A child gets its own session and process group, default signal
 * handlers, an empty signal mask, /dev/null as standard input, and one pipe for standard output and
 * error, which arrives here line by line. When its deadline passes, or cancel.h asks to stop, the
 * whole group gets SIGTERM and, GRACE_S seconds later, SIGKILL. All children are gone when a
 * function of this file returns. While steer.h has the work paused, the groups are stopped (SIGSTOP),
 * and that time counts for no deadline.
 *
 * A child also dies with us, even when we are killed with -9: main() announces a trampoline, our
 * own binary run as `/proc/self/exe --exec-child PARENT_PID argv...`, which asks the kernel for
 * that and then becomes the program. Without the announcement (unit tests) programs are started
 * directly.
 */
#ifndef TOOLS_PROCESS_H
#define TOOLS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { PROCESS_TAIL_BYTES = 2048 };

typedef struct ProcessSpec {
    const char *const *argv;        /* NULL-terminated; argv[0] without a slash is sought on PATH */
    const char *folder;             /* working folder; NULL: ours */
    const char *const *environment; /* "NAME=value", NULL-terminated, on top of ours; NULL: none */
    double deadline_s;              /* 0: none */
    const char *log_path;           /* output is appended to this file; NULL: none */
    const char *stdout_path; /* standard output goes to this file, as it is; NULL: to the pipe */
    void (*on_line)(void *context, const char *line); /* without its newline; NULL: not wanted */
    void *context;
} ProcessSpec;

typedef enum ProcessEnd {
    PROCESS_NOT_STARTED, /* not found, or another one failed first */
    PROCESS_EXITED,
    PROCESS_SIGNALLED, /* ended by a signal that was not ours */
    PROCESS_TIMED_OUT,
    PROCESS_CANCELLED /* by the user, or because another one failed */
} ProcessEnd;

typedef struct ProcessResult {
    ProcessEnd end;
    int exit_status; /* when PROCESS_EXITED; else -1 */
    int signal;      /* that ended it, or 0 */
    double seconds;
    char tail[PROCESS_TAIL_BYTES]; /* the last lines of output, for messages */
} ProcessResult;

/* OK: the program ran and ended by itself, with whatever exit status. ERR_ENVIRONMENT: not found,
 * not started, ended by a signal, or out of time. ERR_CANCELLED: cancel.h asked for it. */
Status process_run(const ProcessSpec *spec, ProcessResult *result) MUST_CHECK;

/* Runs `count` programs, at most `at_once` at the same time (at least 1). The first one that fails,
 * an exit status other than 0 included, stops the others. Callbacks come one at a time, from this
 * thread. OK: none failed in a way that process_run() would report; look at every exit status. */
Status process_run_many(const ProcessSpec *specs, int count, int at_once,
                        ProcessResult *results) MUST_CHECK;

/* Hears of every program that the calling thread starts from now on, and how each ended. NULL: no
 * longer. It must live until then. */
typedef struct ProcessWitness {
    void (*started)(void *context, const ProcessSpec *spec);
    void (*ended)(void *context, const ProcessSpec *spec, const ProcessResult *result);
    void *context;
} ProcessWitness;

void process_set_witness(const ProcessWitness *witness);

/* The command as one would type it in a shell, folder and quotes included. In the arena. */
char *process_command_line(Arena *arena, const ProcessSpec *spec);

/* "exit status 0", "ended by signal 9", "stopped after its deadline", ... */
const char *process_end_text(const ProcessResult *result, char *text, size_t size);

/* Full path of a program on PATH (or of a path as it is), in the arena; NULL: there is none. */
char *process_find_program(Arena *arena, const char *name);

/* Says which program understands --exec-child: "/proc/self/exe", from main(), before any thread.
 * The text is kept, not copied. */
void process_set_trampoline(const char *path);

/* To be called first in main(). -1: the arguments are not `--exec-child PID PROGRAM...`. Otherwise
 * it becomes that program and does not return, or returns the exit status of the failure. */
int process_exec_child(int argc, char **argv);

#endif
