#include "ui/viewer.h"

#include <stdio.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "flow/wave_viewer.h"

Viewer viewer_of(uv_loop_t *loop, App *app)
{
    return (Viewer){.loop = loop, .app = app};
}

/* On a thread of the pool. Messages belong to a thread: this one's goes over as a text. */
static void show(uv_work_t *work)
{
    Viewer *viewer = work->data;
    if (wave_viewer_show(viewer->file) != OK)
        snprintf(viewer->message, sizeof viewer->message, "%s", error_message());
}

static void on_closed(uv_work_t *work, int status)
{
    Viewer *viewer = work->data;
    (void)status; /* what is at work is never taken out of the pool */
    viewer->app->now_ms = clock_utc_ms();
    app_viewer_closed(viewer->app, viewer->message);
}

Status viewer_show(Viewer *viewer, const char *file)
{
    viewer->work.data = viewer;
    viewer->message[0] = '\0';
    snprintf(viewer->file, sizeof viewer->file, "%s", file);
    int result = uv_queue_work(viewer->loop, &viewer->work, show, on_closed);
    return result == 0 ? OK : error_set(ERR_ENVIRONMENT, "viewer: %s", uv_strerror(result));
}

void viewer_close(Viewer *viewer)
{
    if (viewer->app->viewing)
        cancel_request(); /* the program ends: nothing else is under way that it could stop */
}
