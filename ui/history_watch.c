#include "ui/history_watch.h"

#include "base/clock.h"

enum { SETTLE_MS = 100 }; /* a burst of writes to the history is one change */

static App *app_now(HistoryWatch *watch)
{
    watch->app->now_ms = clock_utc_ms();
    return watch->app;
}

static void history_failed(HistoryWatch *watch)
{
    app_message(app_now(watch), MESSAGE_ERROR, "history: %s", error_message());
}

void history_watch_look(HistoryWatch *watch)
{
    int64_t version = store_version(watch->store);
    if (version == watch->version)
        return;
    watch->version = version;
    if (history_update(&watch->app->history) != OK)
        history_failed(watch);
    app_history_changed(app_now(watch));
    app_begin_next(app_now(watch));
}

static void on_settled(uv_timer_t *timer)
{
    history_watch_look(timer->data);
}

static void on_file_changed(uv_fs_event_t *changes, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    HistoryWatch *watch = changes->data;
    if (status == 0 && !uv_is_active((uv_handle_t *)&watch->settle))
        uv_timer_start(&watch->settle, on_settled, SETTLE_MS, 0);
}

void history_watch_sweep(HistoryWatch *watch)
{
    int swept = 0;
    if (store_sweep(watch->store, &swept) != OK)
        history_failed(watch);
    if (swept > 0)
        watch->version = -1; /* our own writes do not change it */
}

Status history_watch_load_run(const HistoryWatch *watch, int64_t id, RunView *view)
{
    Arena *arena = arena_new();
    RunRecord record;
    StageRecord *stages = NULL;
    int count = 0;
    Status status = store_get(watch->store, id, arena, &record);
    if (status == OK)
        status = store_stages(watch->store, id, arena, &stages, &count);
    if (status == OK)
        *view = run_view_of_record(&record, stages, count);
    arena_free(arena);
    return status;
}

Status history_watch_cancel_run(const HistoryWatch *watch, int64_t id)
{
    Arena *arena = arena_new();
    RunRecord record;
    Status status = store_get(watch->store, id, arena, &record);
    if (status == OK)
        status = flow_cancel(&record);
    arena_free(arena);
    return status;
}

Status history_watch_start(HistoryWatch *watch, uv_loop_t *loop, const char *folder)
{
    watch->version = store_version(watch->store);
    TRY(history_load(&watch->app->history));
    app_history_changed(app_now(watch));
    uv_timer_init(loop, &watch->settle);
    uv_fs_event_init(loop, &watch->changes);
    watch->settle.data = watch->changes.data = watch;
    uv_fs_event_start(&watch->changes, on_file_changed, folder, 0);
    return OK;
}
