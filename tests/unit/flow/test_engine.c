/* The engine process and its client. This test program is the engine too: called with the word
 * "engine" it becomes one. */
#include "tests/unit/flow/place.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "flow/engine.h"
#include "flow/engine_client.h"
#include "flow/report.h"

/* ---- a watcher that writes down what it is told ---------------------------------------------- */

typedef struct Watcher {
    uv_loop_t loop;
    EngineClient *client;
    Buffer heard; /* one word an event, progress left out */
    int progress;
    Status code;
    int64_t run;
    pid_t engine; /* of one that is let go */
    char error[512], gone[256];
    bool is_gone;
    /* what to do when an event of that kind comes; NULL: nothing */
    EventKind trigger;
    void (*act)(struct Watcher *watcher);
} Watcher;

static void note_event(Watcher *watcher, const Event *event)
{
    static const char *const WORDS[EVENTS] = {"hello",   "run_started", "stage",  "progress",
                                              "figures", "log",         "report", "error"};
    if (event->kind == EVENT_PROGRESS || event->kind == EVENT_FIGURES)
        watcher->progress++;
    else if (event->kind == EVENT_STAGE)
        buffer_printf(&watcher->heard, "%s:%s ", stage_word(event->stage),
                      stage_state_word(event->state));
    else
        buffer_printf(&watcher->heard, "%s ", WORDS[event->kind]);
    if (event->kind == EVENT_RUN_STARTED)
        watcher->run = event->run;
    if (event->kind == EVENT_REPORT || event->kind == EVENT_ERROR) {
        watcher->code = event->code;
        snprintf(watcher->error, sizeof watcher->error, "%s", event->text);
    }
}

static void on_event(void *context, const Event *event)
{
    Watcher *watcher = context;
    note_event(watcher, event);
    if (watcher->act && event->kind == watcher->trigger)
        watcher->act(watcher);
}

static void on_gone(void *context, const char *message)
{
    Watcher *watcher = context;
    watcher->is_gone = true;
    snprintf(watcher->gone, sizeof watcher->gone, "%s", message);
    engine_client_close(watcher->client);
}

/* This program by its path: what /proc/self/exe leads to is the checker when one runs us. */
static const char *self(Arena *arena)
{
    char *path = fs_resolve(arena, "/proc/self/exe");
    assert_non_null(path);
    return path;
}

static void watch(Watcher *watcher, const char *program)
{
    *watcher = (Watcher){.code = OK};
    uv_loop_init(&watcher->loop);
    const EngineCallbacks callbacks = {.event = on_event, .gone = on_gone, .context = watcher};
    if (engine_client_start(&watcher->loop, program, &callbacks, &watcher->client) != OK)
        fail_msg("%s", error_message());
}

/* Runs the loop until nothing is left, which is after engine_client_close(). */
static void finish_watching(Watcher *watcher)
{
    uv_run(&watcher->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&watcher->loop), 0);
}

static RunRecord row_of(Place *place, int64_t id)
{
    Store *store = NULL;
    RunRecord row;
    assert_int_equal(store_open(NULL, &store), OK);
    if (store_get(store, id, place->arena, &row) != OK)
        row = (RunRecord){.status = RUN_STATUSES};
    store_close(store);
    return row;
}

/* Waits until the run has that status, at most 60 seconds. */
static RunRecord wait_for(Place *place, int64_t id, RunStatus status)
{
    RunRecord row = row_of(place, id);
    for (int i = 0; i < 6000 && row.status != status; i++) {
        usleep(10000);
        row = row_of(place, id);
    }
    assert_int_equal(row.status, status);
    return row;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_run_through_the_engine(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    Watcher watcher;
    watch(&watcher, self(place->arena));
    assert_true(engine_client_pid(watcher.client) > 0);
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_string_equal(watcher.heard.data,
                        "hello import:started import:finished run_started baseline:started "
                        "baseline:finished quantize:started log quantize:finished describe:started "
                        "describe:finished report ");
    assert_true(watcher.is_gone);
    assert_string_equal(watcher.gone, "");
    assert_int_equal(watcher.code, OK);
    assert_int_equal(row_of(place, watcher.run).status, RUN_OK);
    buffer_free(&watcher.heard);
}

static void test_refusal_comes_as_a_report(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.model = "tests/fixtures/refused/empty.h5";
    Watcher watcher;
    watch(&watcher, self(place->arena));
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_string_equal(watcher.heard.data, "hello import:started import:failed report ");
    assert_int_equal(watcher.code, ERR_REFUSED);
    assert_non_null(strstr(watcher.error, "empty.h5"));
    assert_false(fs_exists(place->paths.history));
    buffer_free(&watcher.heard);
    options.weight_bits = 99; /* seen before anything is sent */
    watch(&watcher, self(place->arena));
    assert_int_equal(engine_client_run(watcher.client, &options), ERR_USAGE);
    engine_client_close(watcher.client);
    finish_watching(&watcher);
    buffer_free(&watcher.heard);
}

static void send_cancel(Watcher *watcher)
{
    assert_int_equal(engine_client_cancel(watcher->client), OK);
}

/* Enough images that a run lasts for seconds: there is time to interfere. */
static RunOptions long_options(Place *place)
{
    write_split(place, "t10k", 60000);
    return place_options(place);
}

static void test_cancel_through_the_engine(void **state)
{
    Place *place = *state;
    const RunOptions options = long_options(place);
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_RUN_STARTED;
    watcher.act = send_cancel;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_int_equal(watcher.code, ERR_CANCELLED);
    assert_string_equal(watcher.gone, "");
    assert_int_equal(row_of(place, watcher.run).status, RUN_CANCELLED);
    buffer_free(&watcher.heard);
}

static void let_go(Watcher *watcher)
{
    engine_client_close(watcher->client);
}

static void test_run_outlives_its_watcher(void **state)
{
    Place *place = *state;
    const RunOptions options = long_options(place);
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_RUN_STARTED;
    watcher.act = let_go;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_false(watcher.is_gone);
    assert_true(watcher.run > 0);
    RunRecord row = wait_for(place, watcher.run, RUN_OK);
    assert_non_null(row.report);
    waitpid((pid_t)row.owner.pid, NULL, 0);
    buffer_free(&watcher.heard);
}

static void pause_and_let_go(Watcher *watcher)
{
    watcher->engine = (pid_t)engine_client_pid(watcher->client);
    assert_int_equal(engine_client_steer(watcher->client, COMMAND_PAUSE), OK);
    engine_client_close(watcher->client);
}

/* Paused, it stays for whoever opens its history; without a history there is nobody. */
static void test_deleted_history_ends_a_paused_run(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.target_accuracy = 1;
    options.qat_epochs = 1000; /* it does not end by itself */
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_RUN_STARTED;
    watcher.act = pause_and_let_go;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_int_equal(row_of(place, watcher.run).status, RUN_RUNNING);
    assert_int_equal(waitpid(watcher.engine, NULL, WNOHANG), 0);
    assert_int_equal(unlink(place->paths.history), 0);
    int status = -1;
    assert_int_equal(waitpid(watcher.engine, &status, 0), watcher.engine);
    assert_true(WIFEXITED(status));
    buffer_free(&watcher.heard);
}

static void kill_engine(Watcher *watcher)
{
    kill((pid_t)engine_client_pid(watcher->client), SIGKILL);
}

static void test_killed_engine_is_noticed(void **state)
{
    Place *place = *state;
    const RunOptions options = long_options(place);
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_RUN_STARTED;
    watcher.act = kill_engine;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_true(watcher.is_gone);
    assert_non_null(strstr(watcher.gone, "signal 9"));
    assert_int_equal(row_of(place, watcher.run).status, RUN_INTERRUPTED);
    buffer_free(&watcher.heard);
}

static void terminate_engine(Watcher *watcher)
{
    kill((pid_t)engine_client_pid(watcher->client), SIGTERM);
}

static void test_sigterm_cancels(void **state)
{
    Place *place = *state;
    const RunOptions options = long_options(place);
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_RUN_STARTED;
    watcher.act = terminate_engine;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_int_equal(watcher.code, ERR_CANCELLED);
    assert_int_equal(row_of(place, watcher.run).status, RUN_CANCELLED);
    buffer_free(&watcher.heard);
}

static void test_program_that_is_not_there(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    const EngineCallbacks callbacks = {0};
    EngineClient *client = NULL;
    assert_int_equal(engine_client_start(&loop, "/nowhere/dnn2fpga", &callbacks, &client),
                     ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "/nowhere/dnn2fpga"));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_program_that_is_no_engine(void **state)
{
    (void)state;
    Watcher watcher;
    watch(&watcher, "/bin/echo"); /* prints "engine" and ends */
    finish_watching(&watcher);
    assert_true(watcher.is_gone);
    assert_string_equal(watcher.heard.data, "error ");
    assert_int_equal(watcher.code, ERR_INTERNAL);
    assert_non_null(strstr(watcher.gone, "no report"));
    buffer_free(&watcher.heard);
}

/* ---- raw lines to an engine ------------------------------------------------------------------ */

/* Starts an engine, writes `lines` to it, closes, and gives all that it says; its exit status. */
static int say(const Place *place, const char *lines, Buffer *answer)
{
    const char *program = self(place->arena);
    int in[2], out[2], status = -1;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(program, "test_engine", "engine", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    size_t left = strlen(lines);
    for (const char *at = lines; left > 0;) {
        ssize_t sent = write(in[1], at, left);
        assert_true(sent > 0);
        at += sent;
        left -= (size_t)sent;
    }
    close(in[1]);
    for (;;) {
        ssize_t got = read(out[0], buffer_reserve(answer, 4096), 4096);
        if (got <= 0)
            break;
        answer->length += (size_t)got;
        answer->data[answer->length] = '\0';
    }
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_broken_commands_are_answered(void **state)
{
    Place *place = *state;
    Buffer lines = {0}, answer = {0};
    buffer_append_text(&lines, "nonsense\n{\"v\":1,\"command\":\"cancel\"}\n");
    for (int i = 0; i < PROTOCOL_COMMAND_BYTES; i++)
        buffer_append_text(&lines, "x");
    buffer_append_text(&lines, "\n{\"v\":1,\"command\":\"quit\"}\n");
    assert_int_equal(say(place, lines.data, &answer), 0);
    assert_non_null(strstr(answer.data, "\"event\":\"hello\""));
    assert_non_null(strstr(answer.data, "not JSON"));
    assert_non_null(strstr(answer.data, "no run to cancel"));
    assert_non_null(strstr(answer.data, "the line is too long"));
    buffer_free(&lines);
    buffer_free(&answer);
}

static void test_end_of_input_without_a_run(void **state)
{
    Place *place = *state;
    Buffer answer = {0};
    assert_int_equal(say(place, "", &answer), 0);
    assert_non_null(strstr(answer.data, "hello"));
    buffer_free(&answer);
}

static void test_second_run_is_told_off(void **state)
{
    Place *place = *state;
    const Command command = {.kind = COMMAND_RUN, .options = place_options(place)};
    Buffer lines = {0}, answer = {0};
    protocol_write_command(&command, &lines);
    protocol_write_command(&command, &lines);
    assert_int_equal(say(place, lines.data, &answer), 0);
    assert_non_null(strstr(answer.data, "start another engine"));
    assert_non_null(strstr(answer.data, "\"event\":\"report\",\"code\":0"));
    buffer_free(&lines);
    buffer_free(&answer);
}

/* The jobs that are no runs leave no row. */
static void test_observe_and_doctor_through_the_engine(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.workdir = fs_join(place->arena, place->folder, "seen");
    Watcher watcher;
    watch(&watcher, self(place->arena));
    assert_int_equal(engine_client_observe(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_string_equal(watcher.heard.data, "hello import:started import:finished report ");
    assert_int_equal(watcher.code, OK);
    assert_true(fs_exists(fs_join(place->arena, options.workdir, "histograms.json")));
    buffer_free(&watcher.heard);
    watch(&watcher, self(place->arena));
    assert_int_equal(engine_client_doctor(watcher.client), OK);
    finish_watching(&watcher);
    assert_string_equal(watcher.heard.data, "hello report ");
    buffer_free(&watcher.heard);
    assert_int_equal(row_of(place, 1).status, RUN_STATUSES);
}

static void stop_climbing(Watcher *watcher)
{
    assert_int_equal(engine_client_steer(watcher->client, COMMAND_STOP), OK);
    watcher->act = NULL;
}

/* A target out of reach, and a user who is content with the first rung. */
static void test_stop_ends_the_climb(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.target_accuracy = 1;
    options.qat_epochs = 1000;
    Watcher watcher;
    watch(&watcher, self(place->arena));
    watcher.trigger = EVENT_FIGURES; /* the first rung begins */
    watcher.act = stop_climbing;
    assert_int_equal(engine_client_run(watcher.client, &options), OK);
    finish_watching(&watcher);
    assert_int_equal(watcher.code, ERR_UNMET);
    assert_int_equal(row_of(place, watcher.run).status, RUN_UNMET);
    buffer_free(&watcher.heard);
}

static void test_resume_of_no_run_is_refused(void **state)
{
    Place *place = *state;
    Watcher watcher;
    watch(&watcher, self(place->arena));
    assert_int_equal(engine_client_resume(watcher.client, NULL, 7), OK);
    finish_watching(&watcher);
    assert_int_equal(watcher.code, ERR_REFUSED);
    buffer_free(&watcher.heard);
}

static void test_files_are_no_pipes(void **state)
{
    Place *place = *state;
    const char *program = self(place->arena);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(program, "test_engine", "engine", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_USAGE);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "engine") == 0)
        return engine_main();
    const struct CMUnitTest tests[] = {
        PLACED(test_run_through_the_engine),
        PLACED(test_refusal_comes_as_a_report),
        PLACED(test_cancel_through_the_engine),
        PLACED(test_run_outlives_its_watcher),
        PLACED(test_deleted_history_ends_a_paused_run),
        PLACED(test_killed_engine_is_noticed),
        PLACED(test_sigterm_cancels),
        PLACED(test_program_that_is_not_there),
        PLACED(test_program_that_is_no_engine),
        PLACED(test_broken_commands_are_answered),
        PLACED(test_end_of_input_without_a_run),
        PLACED(test_second_run_is_told_off),
        PLACED(test_observe_and_doctor_through_the_engine),
        PLACED(test_resume_of_no_run_is_refused),
        PLACED(test_stop_ends_the_climb),
        PLACED(test_files_are_no_pipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
