#include "tools/process.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/steer.h"
#include "tools/line_splitter.h"

enum {
    GRACE_MS = 2000,      /* between SIGTERM and SIGKILL */
    LINGER_MS = 500,      /* for output of grandchildren after the program's own end */
    POLL_MS = 50,         /* how often cancel.h and steer.h are asked */
    EXEC_FAILED = 127,    /* as shells have it */
    TRAMPOLINE_WORDS = 3, /* /proc/self/exe --exec-child PID */
    READ_BYTES = 65536
};

/* Set once by main(), before any thread; the kernel's name of our own binary. */
static const char *trampoline;

typedef struct Run Run;

typedef struct Child {
    Run *run;
    const ProcessSpec *spec;
    ProcessResult *result;
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t timer; /* the deadline, then the grace, then the linger */
    int open_handles;
    bool exited, output_ended, stopping;
    int64_t start_ns;
    uint64_t left_ms; /* of the timer, while it is held; 0: it was not running */
    LineSplitter splitter;
    FILE *log, *stdout_file;
    char *buffer; /* READ_BYTES, in the arena */
} Child;

struct Run {
    uv_loop_t loop;
    uv_timer_t wishes;
    Arena *arena;
    const ProcessSpec *specs;
    ProcessResult *results;
    Child *children;
    int count, at_once, next, running;
    bool stopping, paused;
    int64_t paused_ns; /* since then */
    Status status;     /* of the first failure */
};

static void start_more(Run *run);

/* Each thread has its own, as it has its own last error. */
static _Thread_local const ProcessWitness *witness;

void process_set_witness(const ProcessWitness *given)
{
    witness = given;
}

void process_set_trampoline(const char *path)
{
    trampoline = path;
}

/* As far as we may: GHDL keeps constants on its stack while it elaborates. */
static void raise_stack_limit(void)
{
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)1 << 30;
    if (getrlimit(RLIMIT_STACK, &limit) != 0)
        return;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_STACK, &limit);
}

int process_exec_child(int argc, char **argv)
{
    if (argc <= TRAMPOLINE_WORDS || strcmp(argv[1], "--exec-child") != 0)
        return -1;
    long parent = strtol(argv[2], NULL, 10);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != (pid_t)parent)
        return EXEC_FAILED; /* the parent died before the request could count */
    raise_stack_limit();
    execvp(argv[TRAMPOLINE_WORDS], argv + TRAMPOLINE_WORDS);
    fprintf(stderr, "%s: cannot be started: %s\n", argv[TRAMPOLINE_WORDS], strerror(errno));
    return EXEC_FAILED;
}

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

char *process_find_program(Arena *arena, const char *name)
{
    if (strchr(name, '/'))
        return is_program(name) ? arena_strdup(arena, name) : NULL;
    const char *path = getenv("PATH");
    for (const char *at = path; at && *at;) {
        size_t length = strcspn(at, ":");
        char candidate[PATH_MAX];
        int written = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, at, name);
        if (length && written > 0 && (size_t)written < sizeof candidate && is_program(candidate))
            return arena_strdup(arena, candidate);
        at += length + (at[length] == ':');
    }
    return NULL;
}

/* ---- ends and stops -------------------------------------------------------------------------- */

static void signal_group(Child *child, int signal_number)
{
    /* After the program's own end the group may live on; its number stays taken until it is empty.
     */
    if (child->process.pid > 0)
        kill(-child->process.pid, signal_number);
}

static void on_grace_over(uv_timer_t *timer)
{
    signal_group(timer->data, SIGKILL);
}

static void stop_child(Child *child, ProcessEnd reason)
{
    if (child->stopping || child->exited)
        return;
    child->stopping = true;
    child->result->end = reason;
    signal_group(child, SIGTERM);
    if (child->run->paused)
        signal_group(child, SIGCONT); /* else it would not hear of it */
    uv_timer_start(&child->timer, on_grace_over, GRACE_MS, 0);
}

static void stop_all(Run *run)
{
    run->stopping = true;
    for (int i = 0; i < run->next; i++)
        if (run->children[i].open_handles > 0)
            stop_child(&run->children[i], PROCESS_CANCELLED);
}

static void on_deadline(uv_timer_t *timer);

static void pause_child(Child *child)
{
    uv_handle_t *timer = (uv_handle_t *)&child->timer;
    child->left_ms = uv_is_active(timer) ? uv_timer_get_due_in(&child->timer) + 1 : 0;
    uv_timer_stop(&child->timer);
    signal_group(child, SIGSTOP);
}

static void continue_child(Child *child, int64_t paused_ns)
{
    child->start_ns += paused_ns;
    signal_group(child, SIGCONT);
    if (child->left_ms > 0)
        uv_timer_start(&child->timer, on_deadline, child->left_ms, 0);
}

/* Those that end by themselves or were told to are left alone. */
static void set_paused(Run *run, bool paused)
{
    int64_t now = clock_monotonic_ns();
    run->paused = paused;
    for (int i = 0; i < run->next; i++) {
        Child *child = &run->children[i];
        if (child->open_handles == 0 || child->exited || child->stopping)
            continue;
        if (paused)
            pause_child(child);
        else
            continue_child(child, now - run->paused_ns);
    }
    run->paused_ns = now;
}

static void look_at_wishes(uv_timer_t *timer)
{
    Run *run = timer->data;
    if (run->stopping)
        return;
    if (cancel_requested()) {
        run->status = cancel_check();
        stop_all(run);
        start_more(run); /* none: but the loop may end */
    } else if (steer_is_paused() != run->paused) {
        set_paused(run, !run->paused);
        start_more(run);
    }
}

static void on_deadline(uv_timer_t *timer)
{
    stop_child(timer->data, PROCESS_TIMED_OUT);
}

/* The words of a failure; an exit status is the caller's to judge. */
static Status judge(const Child *child)
{
    const char *program = child->spec->argv[0];
    switch (child->result->end) {
    case PROCESS_TIMED_OUT:
        return error_set(ERR_ENVIRONMENT, "%s: stopped after its deadline of %g s", program,
                         child->spec->deadline_s);
    case PROCESS_SIGNALLED:
        return error_set(ERR_ENVIRONMENT, "%s: ended by signal %d (%s)", program,
                         child->result->signal, strsignal(child->result->signal));
    case PROCESS_NOT_STARTED:
    case PROCESS_EXITED:
    case PROCESS_CANCELLED:
        return OK;
    }
    return OK;
}

static void close_files(Child *child)
{
    FILE *files[] = {child->log, child->stdout_file};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i])
            fclose(files[i]);
}

static void on_handle_closed(uv_handle_t *handle)
{
    Child *child = handle->data;
    if (--child->open_handles > 0)
        return;
    Run *run = child->run;
    line_splitter_finish(&child->splitter);
    close_files(child);
    run->running--;
    start_more(run);
}

static void close_child(Child *child)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&child->process, (uv_handle_t *)&child->output,
                              (uv_handle_t *)&child->timer};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], on_handle_closed);
}

static void finish_child(Child *child)
{
    if (!child->exited || !child->output_ended)
        return;
    Run *run = child->run;
    child->result->seconds = clock_seconds_since(child->start_ns);
    if (witness)
        witness->ended(witness->context, child->spec, child->result);
    if (child->stopping)
        signal_group(child, SIGKILL); /* what closed the pipe but did not heed SIGTERM */
    bool failed = child->result->end != PROCESS_EXITED || child->result->exit_status != 0;
    if (run->status == OK)
        run->status = judge(child);
    close_child(child);
    if (failed && !run->stopping)
        stop_all(run);
}

static void on_linger_over(uv_timer_t *timer)
{
    Child *child = timer->data;
    signal_group(child, SIGKILL); /* grandchildren that hold on to the pipe */
    child->output_ended = true;
    finish_child(child);
}

static void on_child_exit(uv_process_t *process, int64_t exit_status, int signal_number)
{
    Child *child = process->data;
    child->exited = true;
    child->result->signal = signal_number;
    if (!child->stopping) {
        child->result->end = signal_number ? PROCESS_SIGNALLED : PROCESS_EXITED;
        child->result->exit_status = signal_number ? -1 : (int)exit_status;
    }
    uv_timer_start(&child->timer, on_linger_over, LINGER_MS, 0);
    finish_child(child);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void keep_tail(ProcessResult *result, const char *line)
{
    size_t used = strlen(result->tail);
    size_t length = strlen(line);
    if (length + 2 > sizeof result->tail)
        length = sizeof result->tail - 2;
    while (used + length + 2 > sizeof result->tail) { /* drop the oldest line */
        char *end = strchr(result->tail, '\n');
        size_t cut = end ? (size_t)(end - result->tail) + 1 : used;
        used -= cut;
        memmove(result->tail, result->tail + cut, used + 1);
    }
    memcpy(result->tail + used, line, length);
    memcpy(result->tail + used + length, "\n", 2);
}

static void on_line(void *context, const char *line)
{
    Child *child = context;
    keep_tail(child->result, line);
    if (child->log)
        fprintf(child->log, "%s\n", line);
    if (child->spec->on_line)
        child->spec->on_line(child->spec->context, line);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    Child *child = handle->data;
    *buffer = uv_buf_init(child->buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    Child *child = stream->data;
    if (count > 0)
        line_splitter_feed(&child->splitter, buffer->base, (size_t)count);
    if (count >= 0)
        return;
    uv_read_stop(stream);
    child->output_ended = true;
    finish_child(child);
}

/* ---- start ----------------------------------------------------------------------------------- */

static int words_in(const char *const *words)
{
    int count = 0;
    while (words && words[count])
        count++;
    return count;
}

/* uv_process_options_t wants char **, and promises not to write. */
static char *unconst(const char *text)
{
    union {
        const char *in;
        char *out;
    } same = {text};
    return same.out;
}

static char **make_argv(Run *run, const ProcessSpec *spec, const char *program)
{
    int count = words_in(spec->argv);
    char **argv = ARENA_ARRAY(run->arena, char *, TRAMPOLINE_WORDS + count + 1);
    int used = 0;
    if (trampoline) {
        argv[used++] = unconst(trampoline);
        argv[used++] = unconst("--exec-child");
        argv[used++] = arena_printf(run->arena, "%ld", (long)getpid());
    }
    argv[used++] = unconst(program);
    for (int i = 1; i < count; i++)
        argv[used++] = unconst(spec->argv[i]);
    return argv;
}

static bool same_variable(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length + 1) == 0;
}

static char **make_environment(Run *run, const ProcessSpec *spec)
{
    const char *const *ours = (const char *const *)environ;
    int additions = words_in(spec->environment);
    char **result = ARENA_ARRAY(run->arena, char *, words_in(ours) + additions + 1);
    int used = 0;
    for (int i = 0; ours[i]; i++) {
        bool replaced = false;
        for (int j = 0; j < additions; j++)
            replaced = replaced || same_variable(spec->environment[j], ours[i]);
        if (!replaced)
            result[used++] = unconst(ours[i]);
    }
    for (int j = 0; j < additions; j++)
        result[used++] = unconst(spec->environment[j]);
    return result;
}

static int spawn(Child *child, char *program)
{
    uv_file ends[2];
    int code = uv_pipe(ends, UV_NONBLOCK_PIPE, 0); /* the child writes blocking */
    if (code != 0)
        return code;
    uv_pipe_open(&child->output, ends[0]);
    int standard_output = child->stdout_file ? fileno(child->stdout_file) : ends[1];
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = standard_output},
        {.flags = UV_INHERIT_FD, .data.fd = ends[1]},
    };
    char **argv = make_argv(child->run, child->spec, program);
    uv_process_options_t options = {
        .file = argv[0],
        .args = argv,
        .env = make_environment(child->run, child->spec),
        .cwd = child->spec->folder,
        .flags = UV_PROCESS_DETACHED, /* setsid(): a process group of its own */
        .stdio = stdio,
        .stdio_count = 3,
        .exit_cb = on_child_exit,
    };
    code = uv_spawn(&child->run->loop, &child->process, &options);
    close(ends[1]);
    return code;
}

static void start_failed(Child *child, Status status)
{
    Run *run = child->run;
    if (run->status == OK)
        run->status = status;
    stop_all(run);
}

static Status open_file(const char *path, const char *mode, FILE **file)
{
    *file = path ? fopen(path, mode) : NULL;
    if (path && !*file)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno));
    return OK;
}

static Status open_files(Child *child)
{
    TRY(open_file(child->spec->log_path, "ae", &child->log));
    return open_file(child->spec->stdout_path, "we", &child->stdout_file);
}

static void start_child(Child *child)
{
    Run *run = child->run;
    const ProcessSpec *spec = child->spec;
    char *program = process_find_program(run->arena, spec->argv[0]);
    if (!program) {
        start_failed(child,
                     error_set(ERR_ENVIRONMENT, "%s: no such program on PATH", spec->argv[0]));
        return;
    }
    Status opened = open_files(child);
    if (opened != OK) {
        close_files(child);
        start_failed(child, opened);
        return;
    }
    child->buffer = arena_alloc(run->arena, READ_BYTES);
    child->splitter = (LineSplitter){.on_line = on_line, .context = child};
    child->start_ns = clock_monotonic_ns();
    child->process.data = child->output.data = child->timer.data = child;
    uv_pipe_init(&run->loop, &child->output, 0);
    uv_timer_init(&run->loop, &child->timer);
    child->open_handles = 3;
    run->running++;
    int code = spawn(child, program);
    if (code != 0) {
        child->exited = true;
        close_child(child);
        start_failed(child,
                     error_set(ERR_ENVIRONMENT, "%s: cannot be started in %s: %s", program,
                               spec->folder ? spec->folder : "this folder", uv_strerror(code)));
        return;
    }
    if (witness)
        witness->started(witness->context, spec);
    uv_read_start((uv_stream_t *)&child->output, give_buffer, on_read);
    if (spec->deadline_s > 0)
        uv_timer_start(&child->timer, on_deadline, (uint64_t)(spec->deadline_s * 1000), 0);
}

static void start_more(Run *run)
{
    bool waits = run->paused && !run->stopping && run->next < run->count;
    while (!run->stopping && !waits && run->next < run->count && run->running < run->at_once) {
        Child *child = &run->children[run->next];
        *child =
            (Child){.run = run, .spec = &run->specs[run->next], .result = &run->results[run->next]};
        run->next++;
        start_child(child);
    }
    if (run->running == 0 && !waits && !uv_is_closing((uv_handle_t *)&run->wishes))
        uv_close((uv_handle_t *)&run->wishes, NULL);
}

Status process_run_many(const ProcessSpec *specs, int count, int at_once, ProcessResult *results)
{
    for (int i = 0; i < count; i++)
        results[i] = (ProcessResult){.end = PROCESS_NOT_STARTED, .exit_status = -1};
    TRY(cancel_check());
    Arena *arena = arena_new();
    Run run = {.arena = arena,
               .specs = specs,
               .results = results,
               .children = ARENA_ARRAY(arena, Child, count),
               .count = count,
               .at_once = at_once > 1 ? at_once : 1};
    int code = uv_loop_init(&run.loop);
    if (code != 0) {
        arena_free(arena);
        return error_set(ERR_ENVIRONMENT, "event loop: %s", uv_strerror(code));
    }
    uv_timer_init(&run.loop, &run.wishes);
    run.wishes.data = &run;
    uv_timer_start(&run.wishes, look_at_wishes, POLL_MS, POLL_MS);
    start_more(&run);
    uv_run(&run.loop, UV_RUN_DEFAULT);
    uv_loop_close(&run.loop);
    arena_free(arena);
    return run.status;
}

Status process_run(const ProcessSpec *spec, ProcessResult *result)
{
    return process_run_many(spec, 1, 1, result);
}
