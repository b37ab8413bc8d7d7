#include "flow/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/cancel.h"
#include "base/paths.h"
#include "base/steer.h"
#include "flow/job.h"
#include "flow/protocol.h"
#include "flow/tap.h"

enum {
    READ_BYTES = 1 << 16,
    BACKLOG_BYTES = 1 << 16, /* beyond it, a reader is too slow for progress and log lines */
    FAREWELL_MS = 5000,      /* how long the last events may take to leave */
    HISTORY_POLL_MS = 1000
};

typedef enum EnginePhase { PHASE_WAITING, PHASE_RUNNING, PHASE_OVER } EnginePhase;

typedef struct Engine {
    uv_loop_t loop;
    uv_pipe_t input, output;
    uv_signal_t terminate, interrupt;
    uv_async_t wake; /* the worker has written to the outbox, or is done */
    uv_timer_t farewell;
    uv_timer_t history_poll;
    uv_thread_t worker;
    EnginePhase phase; /* the loop's thread only */
    bool deaf;         /* nobody reads our output any more */
    LineReader reader;
    char bytes[READ_BYTES];

    Arena *arena; /* of the job */
    Command job;
    const char *history; /* the file that the job's row is in */
    atomic_bool has_row; /* it is there */
    Status status;       /* of the job, once done */

    uv_mutex_t lock; /* guards the outbox */
    Buffer outbox;
    atomic_size_t backlog; /* bytes on their way out */
    atomic_bool done;
} Engine;

/* ---- events, from either thread -------------------------------------------------------------- */

static void post(Engine *engine, const Event *event)
{
    bool may_be_dropped = event->kind == EVENT_PROGRESS || event->kind == EVENT_LOG;
    if (may_be_dropped && atomic_load(&engine->backlog) > BACKLOG_BYTES)
        return;
    uv_mutex_lock(&engine->lock);
    size_t before = engine->outbox.length;
    protocol_write_event(event, &engine->outbox);
    atomic_fetch_add(&engine->backlog, engine->outbox.length - before);
    uv_mutex_unlock(&engine->lock);
    uv_async_send(&engine->wake);
}

static void on_started(void *context, int64_t run, const char *folder)
{
    atomic_store(&((Engine *)context)->has_row, true);
    post(context, &(Event){.kind = EVENT_RUN_STARTED, .run = run, .folder = folder});
}

static void on_stage(void *context, RunStage stage, StageState state, double seconds,
                     const json_t *figures)
{
    post(context, &(Event){.kind = EVENT_STAGE,
                           .stage = stage,
                           .state = state,
                           .seconds = seconds,
                           .json = figures});
}

static void on_progress(void *context, RunStage stage, double fraction, const char *detail)
{
    post(context,
         &(Event){.kind = EVENT_PROGRESS, .stage = stage, .fraction = fraction, .text = detail});
}

static void on_figures(void *context, RunStage stage, const json_t *figures)
{
    post(context, &(Event){.kind = EVENT_FIGURES, .stage = stage, .json = figures});
}

static void on_log(void *context, const char *line)
{
    post(context, &(Event){.kind = EVENT_LOG, .text = line});
}

static void on_finished(void *context, Status status, const char *message, const json_t *report)
{
    post(context, &(Event){.kind = EVENT_REPORT, .code = status, .text = message, .json = report});
}

static void post_error(Engine *engine, Status code, const char *message)
{
    post(engine, &(Event){.kind = EVENT_ERROR, .code = code, .text = message});
}

/* ---- the worker ------------------------------------------------------------------------------ */

static Status do_run(const Command *job, const RunEvents *events, json_t **report)
{
    return flow_run(&job->options, events, report);
}

static Status do_observe(const Command *job, const RunEvents *events, json_t **report)
{
    return flow_observe(&job->options, events, report);
}

static Status do_resume(const Command *job, const RunEvents *events, json_t **report)
{
    Status status = flow_resume(job->database, job->run, events, report);
    if (!*report) /* refused from its row alone: nobody was told yet */
        events->finished(events->context, status, error_message(), NULL);
    return status;
}

static Status do_tap(const Command *job, const RunEvents *events, json_t **report)
{
    Status status = flow_tap(job->database, job->run, job->image, events, report);
    if (!*report) /* as above */
        events->finished(events->context, status, error_message(), NULL);
    return status;
}

static Status do_job(const Command *job, const RunEvents *events, json_t **report)
{
    Store *store = NULL;
    Status status = store_open(job->database, &store);
    if (status == OK)
        status = flow_job(store, job->run, events, report);
    else
        events->finished(events->context, status, error_message(), NULL);
    store_close(store);
    return status;
}

static Status do_doctor(const Command *job, const RunEvents *events, json_t **report)
{
    (void)job;
    return flow_doctor(events, report);
}

static Status (*const JOBS[COMMANDS])(const Command *job, const RunEvents *events,
                                      json_t **report) = {
    [COMMAND_RUN] = do_run, [COMMAND_OBSERVE] = do_observe, [COMMAND_RESUME] = do_resume,
    [COMMAND_JOB] = do_job, [COMMAND_DOCTOR] = do_doctor,   [COMMAND_TAP] = do_tap,
};

static void work(void *context)
{
    Engine *engine = context;
    const RunEvents events = {.started = on_started,
                              .stage = on_stage,
                              .progress = on_progress,
                              .figures = on_figures,
                              .log = on_log,
                              .finished = on_finished,
                              .context = engine};
    json_t *report = NULL;
    engine->status = JOBS[engine->job.kind](&engine->job, &events, &report);
    json_decref(report);
    atomic_store(&engine->done, true);
    uv_async_send(&engine->wake);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void hang_up(Engine *engine)
{
    close_handle((uv_handle_t *)&engine->output);
    close_handle((uv_handle_t *)&engine->farewell);
}

static void on_farewell(uv_timer_t *timer)
{
    hang_up(timer->data);
}

static void on_shutdown(uv_shutdown_t *request, int result)
{
    (void)result;
    hang_up(request->data);
    free(request);
}

/* Nothing more will be read or done; what is written already still leaves. */
static void leave(Engine *engine)
{
    if (engine->phase == PHASE_OVER)
        return;
    engine->phase = PHASE_OVER;
    close_handle((uv_handle_t *)&engine->input);
    close_handle((uv_handle_t *)&engine->terminate);
    close_handle((uv_handle_t *)&engine->interrupt);
    close_handle((uv_handle_t *)&engine->wake);
    close_handle((uv_handle_t *)&engine->history_poll);
    uv_shutdown_t *request = calloc(1, sizeof *request);
    if (request)
        request->data = engine;
    if (engine->deaf || !request ||
        uv_shutdown(request, (uv_stream_t *)&engine->output, on_shutdown) != 0) {
        free(request);
        hang_up(engine);
        return;
    }
    uv_timer_start(&engine->farewell, on_farewell, FAREWELL_MS, 0);
}

/* ---- output ---------------------------------------------------------------------------------- */

typedef struct Parcel {
    uv_write_t request;
    Engine *engine;
    Buffer bytes;
} Parcel;

static void on_written(uv_write_t *request, int result)
{
    Parcel *parcel = request->data;
    atomic_fetch_sub(&parcel->engine->backlog, parcel->bytes.length);
    if (result < 0)
        parcel->engine->deaf = true; /* the run goes on in silence */
    buffer_free(&parcel->bytes);
    free(parcel);
}

static void send_parcel(Engine *engine, Buffer bytes)
{
    Parcel *parcel = calloc(1, sizeof *parcel);
    uv_buf_t view = uv_buf_init(bytes.data, (unsigned)bytes.length);
    if (parcel) {
        *parcel = (Parcel){.engine = engine, .bytes = bytes};
        parcel->request.data = parcel;
        if (uv_write(&parcel->request, (uv_stream_t *)&engine->output, &view, 1, on_written) == 0)
            return;
    }
    atomic_fetch_sub(&engine->backlog, bytes.length);
    buffer_free(&bytes);
    free(parcel);
    engine->deaf = true;
}

static void flush_outbox(Engine *engine)
{
    uv_mutex_lock(&engine->lock);
    Buffer bytes = engine->outbox;
    engine->outbox = (Buffer){0};
    uv_mutex_unlock(&engine->lock);
    if (bytes.length > 0 && !engine->deaf) {
        send_parcel(engine, bytes);
        return;
    }
    atomic_fetch_sub(&engine->backlog, bytes.length);
    buffer_free(&bytes);
}

static void on_wake(uv_async_t *handle)
{
    Engine *engine = handle->data;
    /* Looked at first: what was posted before "done" is in the outbox then. */
    bool done = atomic_load(&engine->done);
    flush_outbox(engine);
    if (done && engine->phase == PHASE_RUNNING) {
        uv_thread_join(&engine->worker);
        leave(engine);
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

/* A run whose history was deleted is in nobody's list: paused, it would wait for ever. */
static void on_history_poll(uv_timer_t *timer)
{
    Engine *engine = timer->data;
    if (atomic_load(&engine->has_row) && access(engine->history, F_OK) != 0 && errno == ENOENT)
        cancel_request();
}

static void watch_history(Engine *engine)
{
    const Command *job = &engine->job;
    const char *named = job->kind == COMMAND_RUN ? job->options.database : job->database;
    engine->history = named ? named : paths_of_user(engine->arena).history;
    uv_timer_start(&engine->history_poll, on_history_poll, HISTORY_POLL_MS, HISTORY_POLL_MS);
}

static void begin_job(Engine *engine, const Command *command)
{
    if (engine->phase != PHASE_WAITING) {
        post_error(engine, ERR_USAGE, "an engine does one job: start another engine");
        return;
    }
    engine->job = *command;
    engine->phase = PHASE_RUNNING;
    watch_history(engine);
    if (uv_thread_create(&engine->worker, work, engine) == 0)
        return;
    engine->phase = PHASE_WAITING;
    post_error(engine, ERR_ENVIRONMENT, "the system gives no thread for the run");
}

static void cancel_run(Engine *engine, const Command *command)
{
    (void)command;
    if (engine->phase == PHASE_RUNNING)
        cancel_request();
    else
        post_error(engine, ERR_USAGE, "there is no run to cancel");
}

static void steer(Engine *engine, const Command *command)
{
    if (engine->phase != PHASE_RUNNING)
        post_error(engine, ERR_USAGE, "there is no run to steer");
    else if (command->kind == COMMAND_SKIP)
        steer_end_step();
    else if (command->kind == COMMAND_STOP)
        steer_finish();
    else
        steer_pause(command->kind == COMMAND_PAUSE);
}

static void quit(Engine *engine, const Command *command)
{
    (void)command;
    if (engine->phase == PHASE_WAITING) {
        flush_outbox(engine);
        leave(engine);
    }
}

static void on_line(void *context, const char *line, size_t length)
{
    static void (*const ACTIONS[COMMANDS])(Engine * engine, const Command *command) = {
        [COMMAND_RUN] = begin_job, [COMMAND_OBSERVE] = begin_job, [COMMAND_RESUME] = begin_job,
        [COMMAND_JOB] = begin_job, [COMMAND_DOCTOR] = begin_job,  [COMMAND_CANCEL] = cancel_run,
        [COMMAND_PAUSE] = steer,   [COMMAND_CONTINUE] = steer,    [COMMAND_SKIP] = steer,
        [COMMAND_STOP] = steer,    [COMMAND_QUIT] = quit,         [COMMAND_TAP] = begin_job};
    Engine *engine = context;
    Command command;
    if (engine->phase == PHASE_OVER)
        return;
    if (!line)
        post_error(engine, ERR_REFUSED, "protocol: the line is too long");
    else if (protocol_read_command(line, length, engine->arena, &command) != OK)
        post_error(engine, ERR_REFUSED, error_message());
    else
        ACTIONS[command.kind](engine, &command);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    Engine *engine = handle->data;
    (void)suggested;
    *room = uv_buf_init(engine->bytes, sizeof engine->bytes);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    Engine *engine = stream->data;
    if (count > 0)
        line_reader_feed(&engine->reader, bytes->base, (size_t)count, on_line, engine);
    if (count >= 0 || engine->phase == PHASE_OVER)
        return;
    /* The workbench is gone or has let go. */
    uv_read_stop(stream);
    quit(engine, NULL);
}

static void on_signal(uv_signal_t *handle, int signal_number)
{
    Engine *engine = handle->data;
    (void)signal_number;
    if (engine->phase == PHASE_RUNNING)
        cancel_request();
    else
        leave(engine);
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static Status open_pipe(Engine *engine, uv_pipe_t *pipe, int file)
{
    uv_pipe_init(&engine->loop, pipe, 0);
    pipe->data = engine;
    int result = uv_guess_handle(file) == UV_NAMED_PIPE ? uv_pipe_open(pipe, file) : UV_EINVAL;
    if (result == 0)
        return OK;
    return error_set(ERR_USAGE, "engine: standard input and output must be pipes: the workbench "
                                "starts it so");
}

static Status open_handles(Engine *engine)
{
    uv_async_init(&engine->loop, &engine->wake, on_wake);
    uv_timer_init(&engine->loop, &engine->farewell);
    uv_timer_init(&engine->loop, &engine->history_poll);
    uv_signal_init(&engine->loop, &engine->terminate);
    uv_signal_init(&engine->loop, &engine->interrupt);
    engine->wake.data = engine->farewell.data = engine->history_poll.data = engine;
    engine->terminate.data = engine->interrupt.data = engine;
    Status input = open_pipe(engine, &engine->input, STDIN_FILENO);
    Status output = open_pipe(engine, &engine->output, STDOUT_FILENO);
    return input != OK ? input : output;
}

static void serve(Engine *engine)
{
    uv_signal_start(&engine->terminate, on_signal, SIGTERM);
    uv_signal_start(&engine->interrupt, on_signal, SIGINT);
    post(engine, &(Event){.kind = EVENT_HELLO, .version = DNN2FPGA_VERSION, .pid = getpid()});
    uv_read_start((uv_stream_t *)&engine->input, give_room, on_read);
}

int engine_main(void)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of the write, no more */
    steer_install_signal();
    signal(SIGHUP, SIG_IGN); /* the terminal is the workbench's, not ours */
    Engine *engine = calloc(1, sizeof *engine);
    if (!engine || uv_loop_init(&engine->loop) != 0) {
        fprintf(stderr, "dnn2fpga: engine: the system gives no memory or event loop\n");
        free(engine);
        return ERR_ENVIRONMENT;
    }
    engine->arena = arena_new();
    engine->reader.cap = PROTOCOL_COMMAND_BYTES;
    uv_mutex_init(&engine->lock);
    engine->status = open_handles(engine);
    if (engine->status == OK) {
        serve(engine);
    } else {
        fprintf(stderr, "dnn2fpga: %s\n", error_message());
        engine->deaf = true;
        leave(engine);
    }
    uv_run(&engine->loop, UV_RUN_DEFAULT);
    uv_loop_close(&engine->loop);
    uv_mutex_destroy(&engine->lock);
    line_reader_free(&engine->reader);
    buffer_free(&engine->outbox);
    arena_free(engine->arena);
    int status = (int)engine->status;
    free(engine);
    return status;
}
