/* What the app asks of the world, as a workbench on a terminal does it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/workbench_parts.h"

/* ---- engines and the history ----------------------------------------------------------------- */

static Status load_run(void *host, int64_t id, RunView *view)
{
    return history_watch_load_run(&((Workbench *)host)->watch, id, view);
}

static Status start_run(void *host)
{
    return jobs_start_run(&((Workbench *)host)->jobs);
}

static Status resume_run(void *host, int64_t id)
{
    return jobs_resume_run(&((Workbench *)host)->jobs, id);
}

static Status queue_run(void *host, JobKind kind, int64_t run)
{
    return jobs_queue_run(&((Workbench *)host)->jobs, kind, run);
}

static Status begin_next(void *host)
{
    return jobs_begin_next(&((Workbench *)host)->jobs);
}

static Status cancel_run(void *host, int64_t id)
{
    Workbench *bench = host;
    if (bench->jobs.runner && bench->app->run_is_ours)
        return jobs_cancel_run(&bench->jobs);
    return history_watch_cancel_run(&bench->watch, id);
}

static Status steer_run(void *host, SteerWish wish)
{
    return jobs_steer_run(&((Workbench *)host)->jobs, wish);
}

static Status observe(void *host)
{
    return jobs_observe(&((Workbench *)host)->jobs);
}

static Status save_edits(void *host)
{
    return jobs_save_edits(&((Workbench *)host)->jobs);
}

static Status look_at_tools(void *host)
{
    return jobs_look_at_tools(&((Workbench *)host)->jobs);
}

static Status tap(void *host, int64_t run, int64_t image)
{
    return jobs_tap(&((Workbench *)host)->jobs, run, image);
}

static Status show_wave(void *host, const char *file)
{
    return viewer_show(&((Workbench *)host)->viewer, file);
}

/* ---- work in another thread ------------------------------------------------------------------ */

typedef struct Errand {
    uv_work_t request;
    Workbench *bench;
    Work work;
} Errand;

static void do_errand(uv_work_t *request)
{
    const Errand *errand = request->data;
    errand->work.run(errand->work.task);
}

static void on_errand_done(uv_work_t *request, int status)
{
    Errand *errand = request->data;
    Workbench *bench = errand->bench;
    (void)status; /* nobody cancels it */
    app_work_done(workbench_app(bench), &errand->work);
    bench->urgent = true;
    free(errand);
}

static Status begin_work(void *host, const Work *work)
{
    Workbench *bench = host;
    Errand *errand = calloc(1, sizeof *errand);
    if (!errand)
        abort();
    *errand = (Errand){.bench = bench, .work = *work};
    errand->request.data = errand;
    int result = uv_queue_work(&bench->loop, &errand->request, do_errand, on_errand_done);
    if (result == 0)
        return OK;
    free(errand);
    return error_set(ERR_ENVIRONMENT, "no thread for it: %s", uv_strerror(result));
}

/* ---- the terminal ---------------------------------------------------------------------------- */

static void forget_keys(void *host)
{
    terminal_forget_keys(((Workbench *)host)->terminal);
}

static void repaint(void *host)
{
    terminal_repaint(((Workbench *)host)->terminal);
}

static void set_theme(void *host, Theme theme)
{
    terminal_set_theme(((Workbench *)host)->terminal, theme);
}

static void set_mouse(void *host, bool on)
{
    terminal_set_mouse(((Workbench *)host)->terminal, on);
}

static Status save_settings(void *host)
{
    Workbench *bench = host;
    bench->settings.theme = bench->app->settings.theme;
    bench->settings.mouse = bench->app->settings.mouse;
    bench->settings.history = bench->app->settings.history;
    return settings_write(bench->paths.config, &bench->settings);
}

void workbench_keep_settings(const Workbench *bench)
{
    const AppSettings *now = &bench->app->settings;
    const Settings *begun = &bench->settings;
    TableChoice history = app_history_choice(bench->app);
    bool theme = now->theme != begun->theme, mouse = now->mouse != begun->mouse;
    bool table = strcmp(history.hidden, begun->history.hidden) != 0 ||
                 strcmp(history.sort, begun->history.sort) != 0;
    if (now->readonly || bench->walk.unattended || !(theme || mouse || table))
        return;
    Buffer known_already = {0};
    Settings kept = settings_default(); /* the file's own, as another workbench may have left it */
    settings_read(bench->paths.config, &kept, &known_already);
    buffer_free(&known_already);
    kept.theme = theme ? now->theme : kept.theme;
    kept.mouse = mouse ? now->mouse : kept.mouse;
    kept.history = table ? history : kept.history;
    if (settings_write(bench->paths.config, &kept) != OK)
        app_message(bench->app, MESSAGE_ERROR, "settings are not kept: %s", error_message());
}

static void set_size(void *host, int rows, int columns)
{
    terminal_set_size(((Workbench *)host)->terminal, rows, columns);
    workbench_take_size(host);
}

/* While the screen is up, standard error is the log. */
static void said(void *host, MessageLevel level, const char *text)
{
    char time[CLOCK_TEXT_BYTES];
    clock_utc_text(((Workbench *)host)->app->now_ms, time);
    fprintf(stderr, "%s %s: %s\n", time, message_level_word(level), text);
}

static void acted(void *host, const char *step)
{
    Workbench *bench = host;
    recorder_step(bench->walk.recorder, bench->app, step);
}

static void suspend(void *host)
{
    workbench_suspend(host);
}

AppPorts workbench_ports(Workbench *bench)
{
    return (AppPorts){.start_run = start_run,
                      .resume_run = resume_run,
                      .queue_run = queue_run,
                      .begin_next = begin_next,
                      .cancel_run = cancel_run,
                      .load_run = load_run,
                      .steer_run = steer_run,
                      .observe = observe,
                      .save_edits = save_edits,
                      .look_at_tools = look_at_tools,
                      .show_wave = show_wave,
                      .tap = tap,
                      .forget_keys = forget_keys,
                      .repaint = repaint,
                      .set_theme = set_theme,
                      .set_mouse = set_mouse,
                      .save_settings = save_settings,
                      .suspend = suspend,
                      .begin_work = begin_work,
                      .set_size = set_size,
                      .said = bench->walk.unattended ? NULL : said,
                      .acted = bench->walk.recorder ? acted : NULL,
                      .host = bench};
}
