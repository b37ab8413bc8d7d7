#include "ui/workbench.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "flow/wave_viewer.h"
#include "ui/key.h"
#include "ui/workbench_parts.h"

enum {
    FRAME_MS = 50,  /* events draw at most this often; keys draw at once */
    TICK_MS = 500,  /* while a run goes on: elapsed times, and changes that no event told */
    SWEEP_TICKS = 8 /* dead runs are looked for every so many ticks */
};

/* What a test is told: a frame begins, and ends with few bytes, or whole; and all is drawn that was
 * asked for. */
enum { SYNC_BEGIN = 'b', SYNC_FRAME = 'f', SYNC_WHOLE = 'w', SYNC_ANSWER = '.' };

static const int SIGNAL_OF[SIGNAL_USES] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT};

App *workbench_app(Workbench *bench)
{
    bench->app->now_ms = clock_utc_ms();
    return bench->app;
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void stop(Workbench *bench)
{
    bench->stopping = true;
    uv_stop(&bench->loop);
}

/* ---- history --------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    Workbench *bench = timer->data;
    if (++bench->ticks % SWEEP_TICKS == 0 && bench->app->history.running.id > 0)
        history_watch_sweep(&bench->watch);
    history_watch_look(&bench->watch);
    app_tick(workbench_app(bench));
}

/* ---- engines --------------------------------------------------------------------------------- */

static void on_run_gone(void *context)
{
    Workbench *bench = context;
    history_watch_sweep(&bench->watch); /* it may have died in the middle of a run */
    history_watch_look(&bench->watch);
}

/* ---- terminal -------------------------------------------------------------------------------- */

void workbench_take_size(Workbench *bench)
{
    int rows, columns;
    terminal_size(bench->terminal, &rows, &columns);
    canvas_reset(bench->canvas, rows, columns);
    app_resized(workbench_app(bench), rows, columns);
    bench->urgent = bench->answer = true;
}

static void on_signal(uv_signal_t *signal, int number);

/* As the tty's own ^Z does it: the whole process group stops, with the default action. */
void workbench_suspend(Workbench *bench)
{
    if (bench->walk.unattended)
        return;
    uv_signal_stop(&bench->signals[ON_STOP]);
    terminal_leave(bench->terminal);
    kill(0, SIGTSTP);
    terminal_return(bench->terminal);
    uv_signal_start(&bench->signals[ON_STOP], on_signal, SIGTSTP);
    workbench_take_size(bench);
}

static void on_signal(uv_signal_t *signal, int number)
{
    Workbench *bench = signal->data;
    if (number == SIGWINCH) {
        terminal_take_size(bench->terminal);
        workbench_take_size(bench);
    } else if (number == SIGTSTP) {
        workbench_suspend(bench);
    } else if (number == SIGCONT) {
        terminal_return(bench->terminal);
        workbench_take_size(bench);
    } else {
        bench->status = number == SIGHUP ? OK : ERR_CANCELLED;
        bench->killed_by = number;
        stop(bench);
    }
}

static void click(Workbench *bench)
{
    int row, column;
    terminal_click(bench->terminal, &row, &column);
    app_click(workbench_app(bench), bench->canvas, row, column);
}

static void on_tty(uv_poll_t *poll, int status, int events)
{
    Workbench *bench = poll->data;
    int key, taken = 0;
    bool gone = status != 0 || (events & UV_DISCONNECT) || terminal_hung_up(bench->terminal);
    while (status == 0 && terminal_next_key(bench->terminal, &key)) {
        if (key == KEY_CLICKED)
            click(bench);
        else
            app_key(workbench_app(bench), key);
        taken++;
    }
    if (gone)
        stop(bench);
    if (taken > 0)
        history_watch_look(&bench->watch);
    if (bench->app->quit)
        stop(bench);
    bench->urgent = bench->answer = true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void on_frame(uv_timer_t *timer)
{
    (void)timer; /* the loop wakes up, and draws before it sleeps again */
}

static void tell_test(Workbench *bench, char what)
{
    if (bench->sync >= 0 && write(bench->sync, &what, 1) != 1)
        bench->sync = -1;
}

/* What a key did, and the end of a run, are there at once; what else happens comes in frames of few
 * bytes. */
static void draw(Workbench *bench, bool at_once)
{
    App *app = workbench_app(bench);
    bool whole = at_once || app->at_once;
    app_draw(app, bench->canvas);
    tell_test(bench, SYNC_BEGIN);
    bool all = terminal_show(bench->terminal, bench->canvas, whole);
    tell_test(bench, whole ? SYNC_WHOLE : SYNC_FRAME);
    app->dirty = !all;
    app->at_once = bench->urgent = false;
    bench->drawn_ms = uv_now(&bench->loop);
    if (!all)
        uv_timer_start(&bench->frame, on_frame, FRAME_MS, 0);
}

static void keep_ticking(Workbench *bench)
{
    bool active = uv_is_active((uv_handle_t *)&bench->tick);
    bool needed = app_needs_ticks(workbench_app(bench));
    if (needed && !active)
        uv_timer_start(&bench->tick, on_tick, TICK_MS, TICK_MS);
    if (!needed && active)
        uv_timer_stop(&bench->tick);
}

/* Does steps of the script until one must wait. */
static void go_on_with_walk(Workbench *bench)
{
    ScriptState state = SCRIPT_GOES_ON;
    while (state == SCRIPT_GOES_ON && !bench->stopping) {
        state = walk_advance(&bench->walk, workbench_app(bench));
        if (state != SCRIPT_GOES_ON)
            break;
        history_watch_look(&bench->watch);
        draw(bench, true);
        if (bench->app->quit)
            stop(bench);
    }
    if (state == SCRIPT_FAILED) {
        bench->status = ERR_UNMET;
        app_message(workbench_app(bench), MESSAGE_ERROR, "%s", bench->walk.failure);
    }
    if (bench->walk.unattended && state != SCRIPT_WAITS)
        stop(bench);
}

static void on_before_sleep(uv_prepare_t *prepare)
{
    Workbench *bench = prepare->data;
    if (bench->walk.recorder)
        recorder_look(bench->walk.recorder, bench->app);
    go_on_with_walk(bench);
    if (bench->app->quit && !bench->stopping) /* by what an engine said */
        stop(bench);
    uint64_t since = uv_now(&bench->loop) - bench->drawn_ms;
    keep_ticking(bench);
    if (bench->app->dirty && (bench->urgent || since >= FRAME_MS))
        draw(bench, bench->urgent);
    else if (bench->app->dirty)
        uv_timer_start(&bench->frame, on_frame, FRAME_MS - since, 0);
    bool done = !bench->app->dirty && !bench->is_reading && bench->app->working == 0;
    if (bench->sync >= 0 && bench->answer && done) {
        bench->answer = false;
        tell_test(bench, SYNC_ANSWER);
    }
}

/* ---- the model ------------------------------------------------------------------------------- */

static void read_model(uv_work_t *work)
{
    Workbench *bench = work->data;
    const RunOptions *options = &bench->app->settings.run;
    bench->read = model_view_read(options->model);
    if (bench->read.state != MODEL_READY || tuning_open(options, &bench->tuned) != OK)
        return;
    /* Messages belong to a thread: this one's goes over as a text. */
    if (jobs_restore_edits(&bench->jobs, bench->tuned, &bench->restored) != OK)
        snprintf(bench->unrestored, sizeof bench->unrestored, "%s", error_message());
}

static void on_model_read(uv_work_t *work, int status)
{
    Workbench *bench = work->data;
    bench->is_reading = false;
    if (status != 0)
        return;
    app_model_loaded(workbench_app(bench), bench->read);
    if (bench->tuned)
        app_tuning_opened(workbench_app(bench), bench->tuned, bench->restored);
    if (*bench->unrestored)
        app_message(workbench_app(bench), MESSAGE_WARNING, "earlier edits are lost: %s",
                    bench->unrestored);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static Status uv_status(int result, const char *what)
{
    if (result == 0)
        return OK;
    return error_set(ERR_ENVIRONMENT, "%s: %s", what, uv_strerror(result));
}

static int sync_file(void)
{
    const char *number = getenv("DNN2FPGA_SYNC_FD");
    return number && *number ? atoi(number) : -1;
}

static void start_timers(Workbench *bench)
{
    uv_timer_t *timers[] = {&bench->tick, &bench->frame};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        uv_timer_init(&bench->loop, timers[i]);
        timers[i]->data = bench;
    }
    uv_prepare_init(&bench->loop, &bench->before_sleep);
    bench->before_sleep.data = bench;
    uv_prepare_start(&bench->before_sleep, on_before_sleep);
}

static Status start_tty(Workbench *bench)
{
    int file = terminal_file(bench->terminal);
    if (file < 0)
        return OK;
    TRY(uv_status(uv_poll_init(&bench->loop, &bench->tty, file), "terminal"));
    bench->tty.data = bench;
    return uv_status(uv_poll_start(&bench->tty, UV_READABLE | UV_DISCONNECT, on_tty), "terminal");
}

static Status start_handles(Workbench *bench)
{
    TRY(start_tty(bench));
    for (int i = 0; i < SIGNAL_USES; i++) {
        uv_signal_init(&bench->loop, &bench->signals[i]);
        bench->signals[i].data = bench;
        TRY(uv_status(uv_signal_start(&bench->signals[i], on_signal, SIGNAL_OF[i]), "signals"));
    }
    start_timers(bench);
    bench->reading.data = bench;
    if (!bench->app->settings.run.model)
        return OK;
    bench->is_reading = true;
    return uv_status(uv_queue_work(&bench->loop, &bench->reading, read_model, on_model_read),
                     "reading the model");
}

static void make_app(Workbench *bench, const WorkbenchOptions *options)
{
    AppSettings settings = {.run = options->run,
                            .readonly = options->readonly,
                            .ascii = terminal_ascii(bench->terminal),
                            .mouse = bench->settings.mouse,
                            .theme = bench->settings.theme,
                            .history = bench->settings.history,
                            .no_viewer = wave_viewer_missing()};
    const AppPorts ports = workbench_ports(bench);
    bench->app = app_new(&settings, &ports, bench->store);
    bench->settings.history = app_history_choice(bench->app);
    bench->jobs = (Jobs){.loop = &bench->loop,
                         .app = bench->app,
                         .folder = fs_folder_of(bench->arena, store_path(bench->store)),
                         .run_gone = on_run_gone,
                         .context = bench};
    bench->viewer = viewer_of(&bench->loop, bench->app);
    bench->watch = (HistoryWatch){.app = bench->app, .store = bench->store};
    bench->canvas = canvas_new(1, 1, settings.ascii);
    bench->answer = true;
    workbench_take_size(bench);
}

static void open_messages(Workbench *bench)
{
    if (fs_make_folders(bench->paths.logs) != OK ||
        messages_open(&bench->app->messages,
                      fs_join(bench->arena, bench->paths.logs, "messages.log")) != OK)
        app_message(workbench_app(bench), MESSAGE_WARNING,
                    "messages are kept until the end only: %s", error_message());
}

static const char *log_path(Workbench *bench)
{
    bool has_folder = fs_make_folders(bench->paths.logs) == OK;
    return has_folder ? fs_join(bench->arena, bench->paths.logs, "workbench.log") : NULL;
}

static Status open_terminal(Workbench *bench)
{
    const Settings *settings = &bench->settings;
    const Walk *walk = &bench->walk;
    if (walk->unattended) {
        bench->terminal = terminal_in_memory(walk->rows, walk->columns, settings->ascii);
        return OK;
    }
    TerminalOptions terminal = {.ascii = settings->ascii,
                                .no_color = !settings->color,
                                .no_mouse = !settings->mouse,
                                .theme = settings->theme,
                                .log = log_path(bench)};
    return terminal_open(&terminal, &bench->terminal);
}

static void show_warnings(Workbench *bench, Buffer *warnings)
{
    if (warnings->length > 0)
        app_message(workbench_app(bench), MESSAGE_WARNING, "%s, %s", bench->paths.config,
                    warnings->data);
}

static Status open_screen(Workbench *bench, const WorkbenchOptions *options)
{
    Buffer warnings = {0};
    bench->settings = settings_default();
    settings_read(bench->paths.config, &bench->settings, &warnings);
    Status status = settings_choose(&options->look, &bench->settings);
    if (status == OK)
        status = open_terminal(bench);
    if (status == OK) {
        make_app(bench, options);
        show_warnings(bench, &warnings);
    }
    buffer_free(&warnings);
    return status;
}

static Status run_workbench(Workbench *bench, const WorkbenchOptions *options)
{
    TRY(walk_open(&bench->walk, &options->walk));
    TRY(store_open(options->run.database, &bench->store));
    TRY(open_screen(bench, options));
    open_messages(bench);
    TRY(history_watch_start(&bench->watch, &bench->loop, bench->jobs.folder));
    TRY(start_handles(bench));
    app_begin_next(workbench_app(bench)); /* what an earlier workbench left */
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    app_commit_edits(workbench_app(bench)); /* however it ended */
    workbench_keep_settings(bench);
    Status recorded = walk_close(&bench->walk);
    return bench->status == OK ? recorded : bench->status;
}

/* What is at work in other threads may take seconds, and nobody waits for it: the program ends
 * around it, with everything written that is to be kept. */
static void leave_work_behind(Workbench *bench, Status status)
{
    if (!bench->is_reading && (!bench->app || bench->app->working == 0))
        return;
    messages_free(&bench->app->messages);
    store_close(bench->store);
    fflush(NULL);
    _exit((int)status);
}

static void close_outside(Workbench *bench)
{
    terminal_close(bench->terminal);
    if (bench->app) {
        jobs_close(&bench->jobs);
        viewer_close(&bench->viewer);
    }
}

static void free_workbench(Workbench *bench)
{
    uv_walk(&bench->loop, close_handle, NULL);
    while (uv_run(&bench->loop, UV_RUN_DEFAULT) != 0)
        continue;
    uv_loop_close(&bench->loop);
    app_free(bench->app);
    canvas_free(bench->canvas);
    store_close(bench->store);
    arena_free(bench->arena);
    free(bench);
}

int workbench_main(const WorkbenchOptions *options)
{
    setlocale(LC_ALL, "");
    Workbench *bench = calloc(1, sizeof *bench);
    if (!bench)
        abort();
    bench->arena = arena_new();
    bench->paths = paths_of_user(bench->arena);
    bench->sync = sync_file();
    uv_loop_init(&bench->loop);
    Status status = run_workbench(bench, options);
    Buffer last_words = {0};
    if (bench->killed_by)
        buffer_printf(&last_words, "ended by signal %d (%s); logs are in %s", bench->killed_by,
                      strsignal(bench->killed_by), bench->paths.logs);
    else if (bench->walk.failure[0])
        buffer_append_text(&last_words, bench->walk.failure);
    else if (status != OK && !bench->stopping)
        buffer_append_text(&last_words, error_message());
    close_outside(bench);
    if (last_words.length > 0)
        fprintf(stderr, "dnn2fpga: %s\n", last_words.data);
    buffer_free(&last_words);
    leave_work_behind(bench, status);
    free_workbench(bench);
    return (int)status;
}
