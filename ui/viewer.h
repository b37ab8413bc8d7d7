/* viewer.h: waveforms in a window beside the terminal, one at a time, while the loop goes on.
 *
 *     Viewer viewer = viewer_of(loop, app);
 *     TRY(viewer_show(&viewer, "run/difference.ghw"));   // app_viewer_closed() tells the end
 *     viewer_close(&viewer);
 */
#ifndef UI_VIEWER_H
#define UI_VIEWER_H

#include <uv.h>

#include "ui/app.h"

typedef struct Viewer {
    uv_loop_t *loop;
    App *app;
    uv_work_t work;
    char file[RUN_PATH_BYTES];
    char message[MESSAGE_BYTES]; /* why it failed; "" */
} Viewer;

/* Must not move while something is shown. */
Viewer viewer_of(uv_loop_t *loop, App *app);

/* The app does not ask for a second one before the first is closed. */
Status viewer_show(Viewer *viewer, const char *file) MUST_CHECK;

/* Closes the window; the loop must run until it is empty afterwards. */
void viewer_close(Viewer *viewer);

#endif
