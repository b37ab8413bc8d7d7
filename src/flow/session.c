#include "flow/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/fs.h"
#include "flow/report.h"

enum { EVENT_INTERVAL_NS = 100000000, ROW_INTERVAL_NS = 500000000, LOG_LINE_BYTES = 2048 };

static const char *const STATE_WORDS[STAGE_STATES] = {
    [STAGE_STARTED] = "started", [STAGE_FINISHED] = "finished",   [STAGE_UNMET] = "unmet",
    [STAGE_FAILED] = "failed",   [STAGE_CANCELLED] = "cancelled",
};

const char *stage_state_word(StageState state)
{
    return STATE_WORDS[state];
}

bool stage_state_parse(const char *word, StageState *state)
{
    for (int i = 0; i < STAGE_STATES; i++) {
        if (strcmp(STATE_WORDS[i], word) == 0) {
            *state = (StageState)i;
            return true;
        }
    }
    return false;
}

/* ---- progress -------------------------------------------------------------------------------- */

static bool due(int64_t *last_ns, int64_t interval_ns)
{
    int64_t now = clock_monotonic_ns();
    if (*last_ns && now - *last_ns < interval_ns)
        return false;
    *last_ns = now;
    return true;
}

static void on_progress(void *context, double fraction, const char *detail)
{
    Session *session = context;
    double bounded = fraction > 0 ? fmin(fraction, 1) : 0; /* NaN becomes 0 */
    bounded = session->part_start + session->part_length * bounded;
    const char *text = detail ? detail : "";
    if (session->events.progress && due(&session->last_event_ns, EVENT_INTERVAL_NS))
        session->events.progress(session->events.context, session->stage, bounded, text);
    if (!session->store || !due(&session->last_row_ns, ROW_INTERVAL_NS))
        return;
    /* Progress is a courtesy: a history that is busy or full shows when the stage ends. */
    Status ignored = store_progress(session->store, session->run, bounded, text);
    (void)ignored;
}

void session_part(Session *session, double start, double length)
{
    session->part_start = start;
    session->part_length = length;
}

/* Appends a line to the run's own log; until there is a folder, it waits. */
static void write_log(Session *session, const char *line)
{
    char date[32];
    time_t now = (time_t)(clock_utc_ms() / 1000);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    buffer_printf(&session->log, "%s %s\n", date, line);
    FILE *file = session->folder && session->keeps_log
                     ? fopen(session_path(session, "run.log"), "ae")
                     : NULL;
    if (!file)
        return;
    /* A log that cannot be written is no reason to stop a run. */
    fwrite(session->log.data, 1, session->log.length, file);
    fclose(file);
    buffer_clear(&session->log);
}

static void log_line(Session *session, const char *line)
{
    write_log(session, line);
    if (session->events.log)
        session->events.log(session->events.context, line);
}

void session_log(Session *session, const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_line(session, line);
}

/* ---- programs that are started --------------------------------------------------------------- */

static void on_process_started(void *context, const ProcessSpec *spec)
{
    Session *session = context;
    Arena *scratch = arena_new();
    log_line(session, arena_printf(scratch, "$ %s", process_command_line(scratch, spec)));
    arena_free(scratch);
}

static void on_process_ended(void *context, const ProcessSpec *spec, const ProcessResult *result)
{
    char end[64];
    session_log(context, "= %s: %s, %.3f s", spec->argv[0],
                process_end_text(result, end, sizeof end), result->seconds);
}

/* ---- life ------------------------------------------------------------------------------------ */

#ifdef __clang__
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "gcc " __VERSION__
#endif

static json_t *own_versions(void)
{
    return json_pack("{s:s, s:s, s:s}", "dnn2fpga", DNN2FPGA_VERSION, "compiler", COMPILER,
                     "jansson", JANSSON_VERSION);
}

Status session_open(Session *session, const RunOptions *options, const RunEvents *events)
{
    *session = (Session){.options = options, .arena = arena_new(), .report = report_new()};
    if (events)
        session->events = *events;
    session->progress = (Progress){.report = on_progress, .context = session};
    session->witness = (ProcessWitness){on_process_started, on_process_ended, session};
    process_set_witness(&session->witness);

    json_object_set_new(session->report, "tools", own_versions());
    json_object_set_new(session->report, "seed", json_integer(options->seed));
    TRY(run_options_check(options));
    session->pool = pool_new(options->jobs);
    return OK;
}

void session_close(Session *session)
{
    process_set_witness(NULL);
    json_decref(session->climb);
    plan_free(session->plan);
    integer_model_free(session->described);
    integer_model_free(session->quantized.model);
    if (session->calibration != session->test)
        dataset_free(session->calibration);
    dataset_free(session->training);
    dataset_free(session->test);
    graph_free(session->trained);
    graph_free(session->simplified);
    graph_free(session->unequalized);
    graph_free(session->graph);
    store_close(session->store);
    pool_free(session->pool);
    buffer_free(&session->log);
    arena_free(session->arena);
}

const char *session_path(const Session *session, const char *name)
{
    return fs_join(session->arena, session->folder, name);
}

Status session_use_folder(Session *session, const char *folder)
{
    TRY(fs_make_folders(folder));
    session->folder = fs_resolve(session->arena, folder);
    if (!session->folder)
        return error_set(ERR_ENVIRONMENT, "folder %s: it was made, and is gone", folder);
    return OK;
}

void session_miss(Session *session, const char *format, ...)
{
    if (session->unmet != OK)
        return;
    char reason[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    session->unmet = ERR_UNMET;
    session->unmet_reason = arena_strdup(session->arena, reason);
}

Status session_conclude(Session *session, Status status)
{
    if (status == OK && session->unmet != OK)
        status = error_set(session->unmet, "%s", session->unmet_reason);
    json_object_set_new(session->report, "status", json_string(error_status_word(status)));
    if (status != OK)
        write_log(session, error_message());
    json_object_set_new(session->report, "message",
                        status == OK ? json_null() : report_string(error_message()));
    return status;
}

/* ---- stages ---------------------------------------------------------------------------------- */

static const char *name_of_stage(const Session *session)
{
    return session->stage_name ? session->stage_name : stage_word(session->stage);
}

static void tell(Session *session, StageState state, double seconds, const json_t *figures)
{
    if (session->events.stage && !session->stage_name) /* of a verb: events know only RunStages */
        session->events.stage(session->events.context, session->stage, state, seconds, figures);
    char line[64];
    snprintf(line, sizeof line, "%s %s, %.3f s", name_of_stage(session), stage_state_word(state),
             seconds);
    write_log(session, line);
}

/* How a stage ended: the state for the events, and the word for history and report. */
static StageState state_of(Status status)
{
    return status == OK              ? STAGE_FINISHED
           : status == ERR_UNMET     ? STAGE_UNMET
           : status == ERR_CANCELLED ? STAGE_CANCELLED
                                     : STAGE_FAILED;
}

static const char *word_of(Status status)
{
    return status == ERR_REFUSED || status == ERR_USAGE ? "failed" : error_status_word(status);
}

static Status save_stage(Session *session, Status end, const json_t *figures)
{
    if (!session->store)
        return OK;
    char *text = report_format(figures, false);
    const StageEnd row = {.name = name_of_stage(session), .status = word_of(end), .figures = text};
    Status status = store_finish_stage(session->store, session->run, &row);
    const RunFigures headline = report_figures(session->report);
    if (status == OK)
        status = store_set_figures(session->store, session->run, &headline);
    free(text);
    return status;
}

static void add_to_report(Session *session, Status status, double seconds)
{
    json_t *row = json_pack("{s:s, s:s, s:f}", "name", name_of_stage(session), "status",
                            word_of(status), "seconds", seconds);
    json_array_append_new(json_object_get(session->report, "stages"), row);
}

Status session_run_stage(Session *session, RunStage stage, StageFunction *work)
{
    session->stage = stage;
    session->last_event_ns = session->last_row_ns = 0;
    session_part(session, 0, 1);
    TRY(cancel_check());
    if (session->store)
        TRY(store_begin_stage(session->store, session->run, name_of_stage(session)));
    tell(session, STAGE_STARTED, 0, NULL);
    int64_t start = clock_monotonic_ns();
    json_t *figures = json_object();
    Status missed_before = session->unmet;
    Status status = work(session, figures);
    double seconds = clock_seconds_since(start);
    Status shown = status == OK && session->unmet != missed_before ? ERR_UNMET : status;
    add_to_report(session, shown, seconds);
    /* The stage's own failure is the one to tell: a failure to save it must not hide it. */
    char *message = arena_strdup(session->arena, error_message());
    Status saved = save_stage(session, shown, figures);
    if (status != OK)
        error_set(status, "%s", message);
    tell(session, state_of(shown), seconds, figures);
    json_decref(figures);
    return status != OK ? status : saved;
}
