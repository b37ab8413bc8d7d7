#include "ui/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"

static App *app_now(Jobs *jobs)
{
    jobs->app->now_ms = clock_utc_ms();
    return jobs->app;
}

/* ---- files of choices ------------------------------------------------------------------------ */

static const char *edits_path(const Jobs *jobs, Arena *arena, const char *name)
{
    return arena_printf(arena, "%s/schemes/%.64s.scheme", jobs->folder, name);
}

static Status make_schemes_folder(const Jobs *jobs, Arena *arena)
{
    return fs_make_folders(fs_join(arena, jobs->folder, "schemes"));
}

static const char *steps_path(const Jobs *jobs, Arena *arena, const char *name)
{
    return arena_printf(arena, "%s/schemes/%.64s.undo", jobs->folder, name);
}

static Status write_edits(const Jobs *jobs, Arena *arena)
{
    const Tuning *tuning = jobs->app->tuning;
    const char *path = edits_path(jobs, arena, tuning_identity(tuning));
    TRY(make_schemes_folder(jobs, arena));
    TRY(tuning_write_steps(tuning, steps_path(jobs, arena, tuning_identity(tuning))));
    if (tuning_differences(tuning, NULL) == 0)
        return fs_exists(path) ? fs_remove_tree(path) : OK;
    return tuning_write(tuning, path);
}

Status jobs_save_edits(const Jobs *jobs)
{
    Arena *arena = arena_new();
    Status status = write_edits(jobs, arena);
    arena_free(arena);
    return status;
}

/* The choices are what their file says; that their steps cannot be had again loses no choice. */
Status jobs_restore_edits(const Jobs *jobs, Tuning *tuning, int *count)
{
    Arena *arena = arena_new();
    const char *path = edits_path(jobs, arena, tuning_identity(tuning));
    const char *steps = steps_path(jobs, arena, tuning_identity(tuning));
    if (fs_exists(steps) && tuning_read_steps(tuning, steps) != OK)
        tuning_reset(tuning);
    Status status = OK;
    if (fs_exists(path))
        status = tuning_read(tuning, path);
    else
        tuning_reset(tuning);
    tuning_commit(tuning);
    arena_free(arena);
    *count = status == OK ? tuning_differences(tuning, NULL) : 0;
    return status;
}

/* A run with edits gets a file that nobody changes any more: so it can be taken up again later. */
static Status scheme_of_edits(const Jobs *jobs, Arena *arena, RunOptions *options)
{
    char hash[HASH_HEX_BYTES];
    const Tuning *tuning = jobs->app->tuning;
    if (!tuning || tuning_differences(tuning, NULL) == 0)
        return OK;
    const char *trial =
        arena_printf(arena, "%s/schemes/next-%d.scheme", jobs->folder, (int)getpid());
    TRY(make_schemes_folder(jobs, arena));
    TRY(tuning_write(tuning, trial));
    TRY(hash_file(trial, hash));
    TRY(fs_remove_tree(trial));
    options->scheme = edits_path(jobs, arena, hash);
    options->layer_choice_count = options->float_layer_count = 0; /* the file says all of it */
    return tuning_write(tuning, options->scheme);
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Several workbenches see at once that the next run may begin: the engine of one gets it. */
static bool is_of_others(Jobs *jobs, const Event *event)
{
    return jobs->asked > 0 && event->kind == EVENT_REPORT && event->code == ERR_REFUSED &&
           !queue_has_failed(jobs->app->history.store, jobs->asked);
}

static void on_run_event(void *context, const Event *event)
{
    Jobs *jobs = context;
    bool of_others = is_of_others(jobs, event);
    jobs->asked = 0;
    if (of_others)
        app_job_lost(app_now(jobs));
    else
        app_engine_event(app_now(jobs), event);
}

static void on_run_gone(void *context, const char *message)
{
    Jobs *jobs = context;
    engine_client_close(jobs->runner);
    jobs->runner = NULL;
    jobs->run_gone(jobs->context);
    app_engine_gone(app_now(jobs), message);
    app_begin_next(app_now(jobs));
}

static Status start_runner(Jobs *jobs)
{
    EngineCallbacks callbacks = {on_run_event, on_run_gone, jobs};
    if (jobs->runner) /* an engine that has given its report and is about to end */
        engine_client_close(jobs->runner);
    jobs->runner = NULL;
    jobs->asked = 0;
    return engine_client_start(jobs->loop, NULL, &callbacks, &jobs->runner);
}

static Status check_runner(Jobs *jobs, Status status)
{
    if (status != OK) {
        engine_client_close(jobs->runner);
        jobs->runner = NULL;
    }
    return status;
}

Status jobs_start_run(Jobs *jobs)
{
    Arena *arena = arena_new();
    RunOptions options = jobs->app->settings.run;
    Status status = scheme_of_edits(jobs, arena, &options);
    if (status == OK)
        status = start_runner(jobs);
    if (status == OK)
        status = check_runner(jobs, engine_client_run(jobs->runner, &options));
    arena_free(arena);
    return status;
}

Status jobs_resume_run(Jobs *jobs, int64_t run)
{
    TRY(start_runner(jobs));
    return check_runner(jobs,
                        engine_client_resume(jobs->runner, jobs->app->settings.run.database, run));
}

/* ---- the queue ------------------------------------------------------------------------------- */

static Status queue_options(Jobs *jobs, Arena *arena, JobRecord *job)
{
    RunOptions options = jobs->app->settings.run;
    TRY(scheme_of_edits(jobs, arena, &options));
    json_t *json = run_options_to_json(&options);
    char *text = json_dumps(json, JSON_COMPACT);
    job->options = arena_strdup(arena, text ? text : "{}");
    job->what = options.model;
    free(text);
    json_decref(json);
    return OK;
}

Status jobs_queue_run(Jobs *jobs, JobKind kind, int64_t run)
{
    Arena *arena = arena_new();
    JobRecord job = {.kind = kind, .run = run};
    Status status = OK;
    if (kind == JOB_RUN)
        status = queue_options(jobs, arena, &job);
    else
        job.what = arena_printf(arena, "run %lld", (long long)run);
    if (status == OK)
        status = queue_add(jobs->app->history.store, &job, NULL);
    arena_free(arena);
    return status;
}

/* What the screens show of it until its engine tells more. A run that is no more there is the
 * engine's to refuse: so the job stays with the reason, and the next one begins. */
static Status show_job(Jobs *jobs, Arena *arena, int64_t id)
{
    Store *store = jobs->app->history.store;
    RunOptions options = jobs->app->settings.run;
    JobRecord *queued = NULL;
    RunRecord row;
    int count = 0, at = 0;
    TRY(queue_list(store, arena, &queued, &count));
    while (at < count && queued[at].id != id)
        at++;
    bool of_row =
        at < count && queued[at].run > 0 && store_get(store, queued[at].run, arena, &row) == OK;
    options.model = of_row ? row.model_path : at < count ? queued[at].what : "";
    bool resumed = at < count && queued[at].kind == JOB_RESUME;
    app_job_begins(app_now(jobs), &options, resumed ? queued[at].run : 0);
    return OK;
}

static Status begin_job(Jobs *jobs, int64_t id)
{
    Arena *arena = arena_new();
    Status status = show_job(jobs, arena, id);
    if (status == OK)
        status = engine_client_job(jobs->runner, store_path(jobs->app->history.store), id);
    jobs->asked = id;
    arena_free(arena);
    return check_runner(jobs, status);
}

Status jobs_begin_next(Jobs *jobs)
{
    int64_t id = 0;
    TRY(queue_next(jobs->app->history.store, &id));
    if (id == 0)
        return OK;
    TRY(start_runner(jobs));
    return begin_job(jobs, id);
}

Status jobs_cancel_run(Jobs *jobs)
{
    return engine_client_cancel(jobs->runner);
}

/* Of a run without a row only its engine knows. */
static Status steer_beginning(Jobs *jobs, SteerWish wish)
{
    static const CommandKind COMMAND_OF[] = {[STEER_PAUSE] = COMMAND_PAUSE,
                                             [STEER_CONTINUE] = COMMAND_CONTINUE,
                                             [STEER_END_STEP] = COMMAND_SKIP,
                                             [STEER_FINISH] = COMMAND_STOP};
    if (!jobs->runner)
        return error_set(ERR_REFUSED, "the run did not begin");
    return engine_client_steer(jobs->runner, COMMAND_OF[wish]);
}

Status jobs_steer_run(Jobs *jobs, SteerWish wish)
{
    Store *store = jobs->app->history.store;
    int64_t id = jobs->app->run.id;
    RunRecord record;
    if (id == 0)
        return steer_beginning(jobs, wish);
    Arena *arena = arena_new();
    Status status = store_get(store, id, arena, &record);
    if (status == OK)
        status = flow_steer(store, &record, wish);
    arena_free(arena);
    return status;
}

/* ---- tensors --------------------------------------------------------------------------------- */

/* A folder for this process alone: two workbenches may look at one model. */
static void observation_folder(const Jobs *jobs, char *path, size_t size)
{
    snprintf(path, size, "%s/observed-%d", jobs->folder, (int)getpid());
}

static void stop_observing(Jobs *jobs)
{
    char folder[RUN_PATH_BYTES];
    if (jobs->app->observing.state == OBSERVATION_GOING_ON) {
        Status gone_already = engine_client_cancel(jobs->observer);
        (void)gone_already;
    }
    engine_client_close(jobs->observer);
    jobs->observer = NULL;
    observation_folder(jobs, folder, sizeof folder);
    if (fs_exists(folder) && fs_remove_tree(folder) != OK)
        app_message(app_now(jobs), MESSAGE_WARNING, "%s", error_message());
}

static void on_observation_event(void *context, const Event *event)
{
    app_observation_event(app_now(context), event);
}

static void on_observer_gone(void *context, const char *message)
{
    Jobs *jobs = context;
    stop_observing(jobs);
    app_observation_gone(app_now(jobs), *message ? message : "the engine gave no report");
}

Status jobs_observe(Jobs *jobs)
{
    EngineCallbacks callbacks = {on_observation_event, on_observer_gone, jobs};
    RunOptions options = jobs->app->settings.run;
    char folder[RUN_PATH_BYTES];
    observation_folder(jobs, folder, sizeof folder);
    options.workdir = folder;
    if (jobs->observer) /* one that has given its report and is about to end */
        stop_observing(jobs);
    TRY(engine_client_start(jobs->loop, NULL, &callbacks, &jobs->observer));
    Status status = engine_client_observe(jobs->observer, &options);
    if (status != OK)
        stop_observing(jobs);
    return status;
}

/* ---- programs -------------------------------------------------------------------------------- */

static void on_tools_event(void *context, const Event *event)
{
    if (event->kind == EVENT_REPORT)
        app_tools_known(app_now(context), event->json);
}

static void on_doctor_gone(void *context, const char *message)
{
    Jobs *jobs = context;
    engine_client_close(jobs->doctor);
    jobs->doctor = NULL;
    jobs->app->looking_at_tools = false;
    if (*message)
        app_message(app_now(jobs), MESSAGE_ERROR, "%s", message);
}

Status jobs_look_at_tools(Jobs *jobs)
{
    EngineCallbacks callbacks = {on_tools_event, on_doctor_gone, jobs};
    engine_client_close(jobs->doctor);
    jobs->doctor = NULL;
    TRY(engine_client_start(jobs->loop, NULL, &callbacks, &jobs->doctor));
    Status status = engine_client_doctor(jobs->doctor);
    if (status != OK) {
        engine_client_close(jobs->doctor);
        jobs->doctor = NULL;
    }
    return status;
}

/* ---- an image again -------------------------------------------------------------------------- */

static void stop_tapping(Jobs *jobs)
{
    engine_client_close(jobs->tapper);
    jobs->tapper = NULL;
}

static void on_tap_event(void *context, const Event *event)
{
    app_tap_event(app_now(context), event);
}

static void on_tapper_gone(void *context, const char *message)
{
    Jobs *jobs = context;
    stop_tapping(jobs);
    app_tap_gone(app_now(jobs), *message ? message : "the engine gave no report");
}

Status jobs_tap(Jobs *jobs, int64_t run, int64_t image)
{
    EngineCallbacks callbacks = {on_tap_event, on_tapper_gone, jobs};
    stop_tapping(jobs); /* one that has given its report and is about to end */
    TRY(engine_client_start(jobs->loop, NULL, &callbacks, &jobs->tapper));
    Status status =
        engine_client_tap(jobs->tapper, store_path(jobs->app->history.store), run, image);
    if (status != OK)
        stop_tapping(jobs);
    return status;
}

void jobs_close(Jobs *jobs)
{
    if (jobs->app->tapping.going_on) { /* nobody would see what it finds */
        Status gone_already = engine_client_cancel(jobs->tapper);
        (void)gone_already;
    }
    stop_tapping(jobs);
    engine_client_close(jobs->runner);
    engine_client_close(jobs->doctor);
    if (jobs->observer)
        stop_observing(jobs);
    jobs->runner = jobs->doctor = NULL;
}
