/* engine_client.h: starts an engine process and talks to it, on the caller's libuv loop.
 *
 * One engine does one job, mostly a run: start one for each. It lives in a session of its own and
 * outlives the caller: closing the client, or dying, lets the run go on to its end (it is in the
 * history).
 *
 *     EngineClient *client = NULL;
 *     TRY(engine_client_start(loop, NULL, &(EngineCallbacks){on_event, on_gone, screen}, &client));
 *     TRY(engine_client_run(client, &options));
 *     uv_run(loop, ...);          // on_event is called: hello, run_started, stage, ..., report
 *     engine_client_close(client);
 *
 * Callbacks come from the loop's thread, never from inside a call to this header.
 */
#ifndef FLOW_ENGINE_CLIENT_H
#define FLOW_ENGINE_CLIENT_H

#include <uv.h>

#include "flow/protocol.h"

typedef struct EngineClient EngineClient;

typedef struct EngineCallbacks {
    /* The event's texts are valid during the call only. */
    void (*event)(void *context, const Event *event);
    /* The process ended: called once, after its last event. `message` is "" when it ended after its
     * report, else says how it died. Not called after engine_client_close(). */
    void (*gone)(void *context, const char *message);
    void *context;
} EngineCallbacks;

/* Runs "`program` engine"; NULL: the running program itself. Its standard error is appended to
 * $XDG_STATE_HOME/dnn2fpga/engine.log. */
Status engine_client_start(uv_loop_t *loop, const char *program, const EngineCallbacks *callbacks,
                           EngineClient **client) MUST_CHECK;

/* The jobs. ERR_ENVIRONMENT when the engine is gone. `database` NULL: the user's history. */
Status engine_client_run(EngineClient *client, const RunOptions *options) MUST_CHECK;
Status engine_client_observe(EngineClient *client, const RunOptions *options) MUST_CHECK;
Status engine_client_resume(EngineClient *client, const char *database, int64_t run) MUST_CHECK;
/* A job of the queue (db/queue.h). */
Status engine_client_job(EngineClient *client, const char *database, int64_t job) MUST_CHECK;
/* flow_tap() */
Status engine_client_tap(EngineClient *client, const char *database, int64_t run,
                         int64_t image) MUST_CHECK;
Status engine_client_doctor(EngineClient *client) MUST_CHECK;

/* COMMAND_PAUSE, COMMAND_CONTINUE, COMMAND_SKIP or COMMAND_STOP. */
Status engine_client_steer(EngineClient *client, CommandKind wish) MUST_CHECK;
Status engine_client_cancel(EngineClient *client) MUST_CHECK;

int64_t engine_client_pid(const EngineClient *client);

/* Lets the engine go; its memory is freed by the loop, which must run once more (or be closed with
 * uv_run until it is empty). NULL is allowed. May be called from a callback. */
void engine_client_close(EngineClient *client);

#endif
