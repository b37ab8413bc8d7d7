/* One run: the stages in their order, with its row and folder around them. */
#include "flow/run.h"

#include "base/clock.h"
#include "flow/report.h"
#include "flow/resume.h"
#include "flow/session.h"

static StageFunction *const WORK[STAGES] = {
    [STAGE_IMPORT] = stage_import,     [STAGE_BASELINE] = stage_baseline,
    [STAGE_QUANTIZE] = stage_quantize, [STAGE_DESCRIBE] = stage_describe,
    [STAGE_PLAN] = stage_plan,         [STAGE_EMIT] = stage_emit,
    [STAGE_SIMULATE] = stage_simulate, [STAGE_SYNTH] = stage_synth,
};

static Status run_stages(Session *session)
{
    int64_t started_ms = clock_utc_ms();
    TRY(session_run_stage(session, STAGE_IMPORT, WORK[STAGE_IMPORT]));
    TRY(resume_identify(session));
    if (session->resumed)
        TRY(resume_check(session));
    TRY(session_open_row(session, started_ms));
    for (int i = STAGE_IMPORT + 1; i <= (int)session->options->stop_after; i++)
        TRY(session_run_stage(session, (RunStage)i, WORK[i]));
    return OK;
}

/* `resumed` NULL: a new run. */
static Status run_or_resume(const VerbCall *call, const RunRecord *resumed, json_t **report)
{
    Session session;
    Status status = session_open(&session, call->options, call->events);
    session.keeps_log = true;
    session.resumed = resumed;
    if (status == OK)
        status = run_stages(&session);
    status = session_finish(&session, status);
    *report = session.report;
    session_close(&session);
    return status;
}

Status flow_run(const RunOptions *options, const RunEvents *events, json_t **report)
{
    return run_or_resume(&(VerbCall){.options = options, .events = events}, NULL, report);
}

Status flow_resume(const char *database, int64_t id, const RunEvents *events, json_t **report)
{
    Arena *arena = arena_new();
    RunRecord run;
    RowOptions options = {0};
    *report = NULL;
    Status status = store_read_run(database, id, arena, &run);
    if (status == OK)
        status = resume_options(&run, arena, &options);
    options.run.database = database;
    const VerbCall call = {&options.run, events, options.is_training ? &options.train : NULL};
    if (status == OK)
        status = (options.is_training ? train_or_resume : run_or_resume)(&call, &run, report);
    arena_free(arena);
    return status;
}

Status flow_quantize(const RunOptions *options, const RunEvents *events, json_t **report)
{
    RunOptions until_described = *options;
    until_described.stop_after = STAGE_DESCRIBE;
    return flow_run(&until_described, events, report);
}
