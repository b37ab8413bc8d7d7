/* workbench.h: the interactive program: screens on a terminal, an engine in another process.
 *
 *     WorkbenchOptions options = {.run = run_options_default()};
 *     options.run.model = "samples/mnist_cnn.h5";
 *     options.run.data = "samples/mnist";
 *     return workbench_main(&options);
 *
 * Nothing slow happens here: models are read on a worker thread, runs are an engine's, and the loop
 * sleeps until there is something to do. Closing the workbench, or losing its terminal, leaves a
 * run to go on; the next workbench shows it.
 */
#ifndef UI_WORKBENCH_H
#define UI_WORKBENCH_H

#include <stdbool.h>

#include "flow/options.h"
#include "ui/settings.h"
#include "ui/walk.h"

typedef struct WorkbenchOptions {
    RunOptions run; /* model (NULL: history only), data, database, and the defaults of a run */
    bool readonly;  /* nothing can be started or cancelled */
    SettingsChoice look;
    WalkOptions walk;
} WorkbenchOptions;

/* Returns the exit status; what went wrong was printed on standard error. */
int workbench_main(const WorkbenchOptions *options);

#endif
