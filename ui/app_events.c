/* What happens to the app by itself: a model is read, work in other threads is done, time passes. */
#include "ui/app.h"

void app_model_loaded(App *app, ModelView view)
{
    model_view_free(&app->model);
    app->model = view;
    if (view.state == MODEL_REFUSED)
        app_message(app, MESSAGE_ERROR, "%s", view.message);
    app_tell(app, SCREEN_MODEL_CHANGED);
    app_history_changed(app);
}

bool app_work(App *app, const Work *work)
{
    app->working++;
    if (app->ports.begin_work(app->ports.host, work) == OK)
        return true;
    app->working--;
    app_message(app, MESSAGE_ERROR, "%s", error_message());
    return false;
}

void app_work_done(App *app, const Work *work)
{
    app->working--;
    app->dirty = true;
    work->done(app, work->task);
}

bool app_busy(const App *app)
{
    return app->model.state == MODEL_LOADING || app->looking_at_tools || app->working > 0 ||
           app->observing.state == OBSERVATION_GOING_ON || app->tapping.going_on;
}

void app_tick(App *app)
{
    app->dirty = true;
}

bool app_needs_ticks(const App *app)
{
    const Message *shown = messages_shown(&app->messages, app->now_ms);
    return run_view_active(&app->run) || app->history.running.id > 0 || app_busy(app) ||
           (shown && shown->level == MESSAGE_INFO);
}
