/* Children end, fail, flood, hang and are stopped; nothing of them stays. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/steer.h"
#include "tools/process.h"

#define ARGV(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define SH(script) ARGV("sh", "-c", script)

static void gather(void *context, const char *line)
{
    buffer_printf(context, "%s|", line);
}

static void exit_status_and_output_arrive(void **state)
{
    (void)state;
    Buffer seen = {0};
    ProcessSpec spec = {.argv = SH("echo one; echo two >&2; printf three; exit 7"),
                        .on_line = gather,
                        .context = &seen};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), OK);
    assert_int_equal(result.end, PROCESS_EXITED);
    assert_int_equal(result.exit_status, 7);
    assert_string_equal(seen.data, "one|two|three|");
    assert_string_equal(result.tail, "one\ntwo\nthree\n");
    buffer_free(&seen);
}

static void standard_output_goes_to_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/test_process_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    Buffer seen = {0}, written = {0};
    ProcessSpec spec = {.argv = SH("echo note >&2; printf 'a\\nb'"),
                        .stdout_path = path,
                        .on_line = gather,
                        .context = &seen};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), OK);
    assert_string_equal(seen.data, "note|");
    assert_int_equal(fs_read_file(path, 100, &written), OK);
    assert_string_equal(written.data, "a\nb");
    unlink(path);
    spec.stdout_path = "/no/such/folder/file";
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    buffer_free(&seen);
    buffer_free(&written);
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    ProcessSpec spec = {.argv = ARGV("no-such-program-here")};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    assert_int_equal(result.end, PROCESS_NOT_STARTED);
    assert_non_null(strstr(error_message(), "no-such-program-here"));
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    ProcessSpec spec = {.argv = ARGV("true"), .folder = "/no/such/folder"};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "/no/such/folder"));
}

static void folder_and_environment_are_set(void **state)
{
    (void)state;
    setenv("KEPT_VARIABLE", "kept", 1);
    setenv("CHANGED_VARIABLE", "old", 1);
    Buffer seen = {0};
    ProcessSpec spec = {.argv = SH("pwd; echo $KEPT_VARIABLE $CHANGED_VARIABLE"),
                        .folder = "/usr",
                        .environment = ARGV("CHANGED_VARIABLE=new"),
                        .on_line = gather,
                        .context = &seen};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), OK);
    assert_string_equal(seen.data, "/usr|kept new|");
    buffer_free(&seen);
}

static void count_line(void *context, const char *line)
{
    (void)line;
    ++*(int *)context;
}

static void big_output_is_complete(void **state)
{
    (void)state;
    int lines = 0;
    ProcessSpec spec = {.argv = ARGV("seq", "1000000"), .on_line = count_line, .context = &lines};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), OK);
    assert_int_equal(lines, 1000000);
    assert_true(strlen(result.tail) < PROCESS_TAIL_BYTES);
    assert_non_null(strstr(result.tail, "999999\n1000000\n"));
}

static void the_log_keeps_what_was_there(void **state)
{
    (void)state;
    char path[] = "/tmp/process-log-XXXXXX";
    int descriptor = mkstemp(path);
    assert_int_equal(write(descriptor, "before\n", 7), 7);
    close(descriptor);
    ProcessSpec spec = {.argv = SH("echo out; echo err >&2"), .log_path = path};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), OK);
    Buffer log = {0};
    assert_int_equal(fs_read_file(path, 1000, &log), OK);
    assert_string_equal(log.data, "before\nout\nerr\n");
    buffer_free(&log);
    unlink(path);
}

/* First seen stopped, then let go: "T" is a stopped process (proc(5)). */
typedef struct Pausing {
    pid_t child; /* the shell's own child: the whole group is stopped */
    bool was_stopped;
} Pausing;

static void remember_child(void *context, const char *line)
{
    ((Pausing *)context)->child = (pid_t)strtol(line, NULL, 10);
    steer_pause(true);
}

static bool is_stopped(pid_t pid)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d %*s %c", &state) != 1)
        state = '?';
    if (file)
        fclose(file);
    return state == 'T';
}

/* Waits for the stop as long as it takes, then for longer than the deadline, and lets it go on. */
static void *let_go_on(void *context)
{
    Pausing *pausing = context;
    for (int i = 0; i < 2000 && !steer_is_paused(); i++)
        usleep(10000);
    for (int i = 0; i < 2000 && !is_stopped(pausing->child); i++)
        usleep(10000);
    usleep(2500000);
    pausing->was_stopped = is_stopped(pausing->child);
    steer_pause(false);
    return NULL;
}

static void a_pause_stops_the_group_and_its_deadline(void **state)
{
    (void)state;
    pthread_t thread;
    Pausing pausing = {0};
    ProcessResult result;
    ProcessSpec spec = {.argv = SH("sleep 1 & echo $!; wait"),
                        .deadline_s = 2.5,
                        .on_line = remember_child,
                        .context = &pausing};
    assert_int_equal(pthread_create(&thread, NULL, let_go_on, &pausing), 0);
    int64_t start = clock_monotonic_ns();
    assert_int_equal(process_run(&spec, &result), OK);
    pthread_join(thread, NULL);
    assert_true(pausing.was_stopped);
    assert_int_equal(result.exit_status, 0);
    assert_true(clock_seconds_since(start) > 2.5);
    assert_true(result.seconds < clock_seconds_since(start) - 2);
    steer_reset();
}

/* Waits until a process that nobody here waits for is gone, or a zombie that init has not reaped. */
static bool is_gone(pid_t process)
{
    char path[64];
    bool gone = false;
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process);
    for (int i = 0; i < 1500 && !gone; i++) {
        Buffer words = {0};
        gone = !fs_exists(path) || fs_read_file(path, 1000, &words) != OK || words.length == 0;
        buffer_free(&words);
        if (!gone)
            usleep(20000);
    }
    return gone;
}

static void a_deadline_stops_the_whole_group(void **state)
{
    (void)state;
    int64_t start = clock_monotonic_ns();
    Buffer seen = {0};
    ProcessSpec spec = {.argv = SH("sleep 60 & echo $!; wait"),
                        .deadline_s = 2, /* a busy machine starts it late */
                        .on_line = gather,
                        .context = &seen};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    assert_int_equal(result.end, PROCESS_TIMED_OUT);
    assert_true(clock_seconds_since(start) < 50);
    assert_non_null(strstr(error_message(), "deadline of 2 s"));
    assert_non_null(seen.data);
    assert_true(is_gone((pid_t)strtol(seen.data, NULL, 10)));
    buffer_free(&seen);
}

static void who_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    int64_t start = clock_monotonic_ns();
    ProcessSpec spec = {.argv = SH("trap '' TERM; while :; do sleep 0.1; done"), .deadline_s = 2};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    assert_int_equal(result.end, PROCESS_TIMED_OUT);
    assert_int_equal(result.signal, SIGKILL);
    assert_true(clock_seconds_since(start) < 50);
}

static void a_signal_is_a_failure_with_its_name(void **state)
{
    (void)state;
    ProcessSpec spec = {.argv = SH("kill -SEGV $$")};
    ProcessResult result;
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    assert_int_equal(result.end, PROCESS_SIGNALLED);
    assert_int_equal(result.signal, SIGSEGV);
}

/* Each of four waits until all four are there; of two at a time, the second pair starts later. */
static void several_run_at_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/dnn2fpga-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *const meeting[] = {
        "sh", "-c", ": >\"$0/$$\"; until set -- \"$0\"/*; [ $# -ge 4 ]; do sleep 0.02; done",
        folder, NULL};
    const char *const pause[] = {"sleep", "0.4", NULL};
    ProcessSpec specs[4];
    ProcessResult results[4];
    for (int i = 0; i < 4; i++)
        specs[i] = (ProcessSpec){.argv = meeting, .deadline_s = 120};
    assert_int_equal(process_run_many(specs, 4, 4, results), OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(results[i].exit_status, 0);
        specs[i] = (ProcessSpec){.argv = pause};
    }
    assert_int_equal(fs_remove_tree(folder), OK);
    int64_t start = clock_monotonic_ns();
    assert_int_equal(process_run_many(specs, 4, 2, results), OK);
    assert_true(clock_seconds_since(start) > 0.75);
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i].exit_status, 0);
}

static void one_failure_stops_the_others(void **state)
{
    (void)state;
    ProcessSpec specs[] = {
        {.argv = SH("sleep 60")}, {.argv = SH("exit 3")}, {.argv = SH("sleep 60")}};
    ProcessResult results[3];
    int64_t start = clock_monotonic_ns();
    assert_int_equal(process_run_many(specs, 3, 2, results), OK);
    assert_true(clock_seconds_since(start) < 50);
    assert_int_equal(results[0].end, PROCESS_CANCELLED);
    assert_int_equal(results[1].exit_status, 3);
    assert_int_equal(results[2].end, PROCESS_NOT_STARTED);
}

static void the_group_is_new_and_signals_are_default(void **state)
{
    (void)state;
    Buffer seen = {0};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    /* The last seven digits: signals from 32 on belong to the C library. Field 5 is the group. */
    ProcessSpec spec = {.argv = SH("sed -nE 's/^(SigBlk|SigIgn):.*(.{7})$/\\1 \\2/p' "
                                   "/proc/self/status; read -r all </proc/$$/stat; set -- $all; "
                                   "test $5 -eq $$ && echo leader"),
                        .on_line = gather,
                        .context = &seen};
    ProcessResult result;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(process_run(&spec, &result), OK);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    assert_string_equal(seen.data, "SigBlk 0000000|SigIgn 0000000|leader|");
    buffer_free(&seen);
}

/* Kills a middle process with -9 and looks whether its child goes with it. */
static void a_child_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t middle = fork();
    if (middle == 0) {
        process_set_trampoline("/proc/self/exe");
        dup2(ends[1], 3);
        ProcessSpec spec = {.argv = ARGV("sh", "-c", "echo $$ > /proc/$PPID/fd/3; exec sleep 60")};
        ProcessResult result;
        Status status = process_run(&spec, &result);
        _exit(status == OK ? 0 : 1);
    }
    char text[32] = {0};
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    pid_t child = (pid_t)strtol(text, NULL, 10);
    assert_int_equal(kill(child, 0), 0);
    kill(middle, SIGKILL);
    waitpid(middle, NULL, 0);
    assert_true(is_gone(child));
    close(ends[0]);
}

typedef struct Witnessed {
    Buffer text;
    Arena *arena;
} Witnessed;

static void see_start(void *context, const ProcessSpec *spec)
{
    Witnessed *seen = context;
    buffer_printf(&seen->text, "$ %s|", process_command_line(seen->arena, spec));
}

static void see_end(void *context, const ProcessSpec *spec, const ProcessResult *result)
{
    Witnessed *seen = context;
    char end[64];
    buffer_printf(&seen->text, "%s: %s|", spec->argv[0], process_end_text(result, end, sizeof end));
}

static void a_witness_hears_of_every_program(void **state)
{
    (void)state;
    Witnessed seen = {.arena = arena_new()};
    const ProcessWitness witness = {see_start, see_end, &seen};
    ProcessSpec spec = {.argv = ARGV("sh", "-c", "test \"$A\" = 'b c' # it's"),
                        .folder = "/tmp",
                        .environment = ARGV("A=b c")};
    ProcessResult result;
    process_set_witness(&witness);
    assert_int_equal(process_run(&spec, &result), OK);
    spec = (ProcessSpec){.argv = SH("kill -9 $$")};
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    spec = (ProcessSpec){.argv = ARGV("no-such-program")};
    assert_int_equal(process_run(&spec, &result), ERR_ENVIRONMENT);
    process_set_witness(NULL);
    spec = (ProcessSpec){.argv = ARGV("true")};
    assert_int_equal(process_run(&spec, &result), OK); /* unseen */
    assert_string_equal(seen.text.data,
                        "$ cd /tmp && 'A=b c' sh -c 'test \"$A\" = '\\''b c'\\'' # it'\\''s'|"
                        "sh: exit status 0|$ sh -c 'kill -9 $$'|sh: ended by signal 9|");
    buffer_free(&seen.text);
    arena_free(seen.arena);
}

static void other_arguments_are_not_for_the_trampoline(void **state)
{
    (void)state;
    char program[] = "dnn2fpga", verb[] = "run", model[] = "model.h5", more[] = "x";
    char *argv[] = {program, verb, model, more, NULL};
    assert_int_equal(process_exec_child(4, argv), -1);
    assert_int_equal(process_exec_child(1, argv), -1);
}

int main(int argc, char **argv)
{
    int child = process_exec_child(argc, argv);
    if (child >= 0)
        return child;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_status_and_output_arrive),
        cmocka_unit_test(standard_output_goes_to_a_file),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(a_missing_folder_is_named),
        cmocka_unit_test(folder_and_environment_are_set),
        cmocka_unit_test(big_output_is_complete),
        cmocka_unit_test(the_log_keeps_what_was_there),
        cmocka_unit_test(a_deadline_stops_the_whole_group),
        cmocka_unit_test(a_pause_stops_the_group_and_its_deadline),
        cmocka_unit_test(who_ignores_sigterm_is_killed),
        cmocka_unit_test(a_signal_is_a_failure_with_its_name),
        cmocka_unit_test(several_run_at_once),
        cmocka_unit_test(one_failure_stops_the_others),
        cmocka_unit_test(the_group_is_new_and_signals_are_default),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(a_witness_hears_of_every_program),
        cmocka_unit_test(other_arguments_are_not_for_the_trampoline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
