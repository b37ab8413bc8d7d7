#include "flow/engine_client.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/paths.h"

enum { READ_BYTES = 1 << 16, HANDLES = 3, MESSAGE_BYTES = 256 };

struct EngineClient {
    EngineCallbacks callbacks;
    uv_process_t process;
    uv_pipe_t commands, events;
    LineReader reader;
    int open_handles;
    bool closed;   /* by the caller: no more callbacks */
    bool exited;   /* the process has ended */
    bool drained;  /* its output has ended */
    bool told;     /* gone() was called */
    bool reported; /* the report has come */
    int exit_status, exit_signal;
    char bytes[READ_BYTES];
};

/* ---- the engine's death ---------------------------------------------------------------------- */

static void tell_gone(EngineClient *client)
{
    if (client->closed || client->told || !client->exited || !client->drained)
        return;
    client->told = true;
    char message[MESSAGE_BYTES] = "";
    if (!client->reported && client->exit_signal)
        snprintf(message, sizeof message,
                 "the engine was ended by signal %d (%s); its run is marked as interrupted",
                 client->exit_signal, strsignal(client->exit_signal));
    else if (!client->reported)
        snprintf(message, sizeof message,
                 "the engine ended with status %d and no report; see engine.log, which \"dnn2fpga "
                 "paths\" finds",
                 client->exit_status);
    if (client->callbacks.gone)
        client->callbacks.gone(client->callbacks.context, message);
}

static void on_ended(uv_process_t *process, int64_t status, int signal_number)
{
    EngineClient *client = process->data;
    client->exited = true;
    client->exit_status = (int)status;
    client->exit_signal = signal_number;
    tell_gone(client);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void pass_on(EngineClient *client, const Event *event)
{
    if (client->callbacks.event && !client->closed)
        client->callbacks.event(client->callbacks.context, event);
}

static void on_line(void *context, const char *line, size_t length)
{
    EngineClient *client = context;
    json_t *holder = NULL;
    Event event = {0};
    if (client->closed)
        return;
    Status status = line ? protocol_read_event(line, length, &holder, &event)
                         : error_set(ERR_REFUSED, "protocol: the line is too long");
    if (status != OK)
        event = (Event){
            .kind = EVENT_ERROR, .code = ERR_INTERNAL, .text = error_message(), .version = ""};
    if (event.kind == EVENT_REPORT)
        client->reported = true;
    pass_on(client, &event);
    json_decref(holder);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    EngineClient *client = handle->data;
    (void)suggested;
    *room = uv_buf_init(client->bytes, sizeof client->bytes);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    EngineClient *client = stream->data;
    if (count > 0)
        line_reader_feed(&client->reader, bytes->base, (size_t)count, on_line, client);
    if (count >= 0 || client->closed)
        return;
    uv_read_stop(stream);
    client->drained = true;
    tell_gone(client);
}

/* ---- start and end --------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    EngineClient *client = handle->data;
    if (--client->open_handles > 0)
        return;
    line_reader_free(&client->reader);
    free(client);
}

void engine_client_close(EngineClient *client)
{
    if (!client || client->closed)
        return;
    client->closed = true;
    uv_close((uv_handle_t *)&client->commands, on_closed);
    uv_close((uv_handle_t *)&client->events, on_closed);
    uv_close((uv_handle_t *)&client->process, on_closed);
}

/* Where the engine's standard error goes; -1: nowhere. */
static int open_log(void)
{
    Arena *arena = arena_new();
    const char *folder = paths_of_user(arena).logs;
    int file = -1;
    if (fs_make_folders(folder) == OK)
        file = open(fs_join(arena, folder, "engine.log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                    0600);
    arena_free(arena);
    return file;
}

static int spawn(uv_loop_t *loop, const char *program, EngineClient *client)
{
    char name[] = "dnn2fpga", verb[] = "engine";
    char *arguments[] = {name, verb, NULL};
    int log = open_log();
    uv_stdio_container_t streams[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&client->commands},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&client->events},
        {.flags = log >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = log},
    };
    const uv_process_options_t options = {.file = program ? program : "/proc/self/exe",
                                          .args = arguments,
                                          .exit_cb = on_ended,
                                          .flags = UV_PROCESS_DETACHED, /* a session of its own */
                                          .stdio = streams,
                                          .stdio_count = 3};
    int result = uv_spawn(loop, &client->process, &options);
    if (log >= 0)
        close(log);
    return result;
}

Status engine_client_start(uv_loop_t *loop, const char *program, const EngineCallbacks *callbacks,
                           EngineClient **started)
{
    EngineClient *client = calloc(1, sizeof *client);
    if (!client)
        return error_set(ERR_ENVIRONMENT, "engine: out of memory");
    /* A write to an engine that died must be an error, not our death. */
    signal(SIGPIPE, SIG_IGN);
    client->callbacks = *callbacks;
    client->reader.cap = PROTOCOL_EVENT_BYTES;
    client->open_handles = HANDLES;
    uv_pipe_init(loop, &client->commands, 0);
    uv_pipe_init(loop, &client->events, 0);
    client->commands.data = client->events.data = client->process.data = client;
    int result = spawn(loop, program, client);
    if (result != 0) {
        engine_client_close(client); /* uv_spawn() has initialized the process handle */
        return error_set(ERR_ENVIRONMENT, "engine: %s cannot be started: %s",
                         program ? program : "the program", uv_strerror(result));
    }
    uv_read_start((uv_stream_t *)&client->events, give_room, on_read);
    *started = client;
    return OK;
}

int64_t engine_client_pid(const EngineClient *client)
{
    return client->process.pid;
}

/* ---- commands -------------------------------------------------------------------------------- */

typedef struct Parcel {
    uv_write_t request;
    Buffer bytes;
} Parcel;

static void on_written(uv_write_t *request, int result)
{
    Parcel *parcel = request->data;
    (void)result; /* an engine that is gone is told of by on_ended() */
    buffer_free(&parcel->bytes);
    free(parcel);
}

static Status send_command(EngineClient *client, const Command *command)
{
    if (client->exited || client->closed)
        return error_set(ERR_ENVIRONMENT, "the engine is gone: begin a new run");
    Parcel *parcel = calloc(1, sizeof *parcel);
    if (!parcel)
        return error_set(ERR_ENVIRONMENT, "engine: out of memory");
    parcel->request.data = parcel;
    protocol_write_command(command, &parcel->bytes);
    uv_buf_t view = uv_buf_init(parcel->bytes.data, (unsigned)parcel->bytes.length);
    int result = uv_write(&parcel->request, (uv_stream_t *)&client->commands, &view, 1, on_written);
    if (result == 0)
        return OK;
    on_written(&parcel->request, result);
    return error_set(ERR_ENVIRONMENT, "the engine does not listen: %s", uv_strerror(result));
}

Status engine_client_run(EngineClient *client, const RunOptions *options)
{
    TRY(run_options_check(options));
    return send_command(client, &(Command){.kind = COMMAND_RUN, .options = *options});
}

Status engine_client_observe(EngineClient *client, const RunOptions *options)
{
    TRY(run_options_check(options));
    return send_command(client, &(Command){.kind = COMMAND_OBSERVE, .options = *options});
}

Status engine_client_resume(EngineClient *client, const char *database, int64_t run)
{
    return send_command(client,
                        &(Command){.kind = COMMAND_RESUME, .run = run, .database = database});
}

Status engine_client_job(EngineClient *client, const char *database, int64_t job)
{
    return send_command(client, &(Command){.kind = COMMAND_JOB, .run = job, .database = database});
}

Status engine_client_tap(EngineClient *client, const char *database, int64_t run, int64_t image)
{
    return send_command(
        client, &(Command){.kind = COMMAND_TAP, .run = run, .image = image, .database = database});
}

Status engine_client_doctor(EngineClient *client)
{
    return send_command(client, &(Command){.kind = COMMAND_DOCTOR});
}

Status engine_client_steer(EngineClient *client, CommandKind wish)
{
    return send_command(client, &(Command){.kind = wish});
}

Status engine_client_cancel(EngineClient *client)
{
    return send_command(client, &(Command){.kind = COMMAND_CANCEL});
}
