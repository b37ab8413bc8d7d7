/* main.c: picks what this process is: a trampoline to a child program, the engine, one verb, or the
 * workbench. */
#include <string.h>

#include "cli/cli.h"
#include "flow/engine.h"
#include "tools/process.h"
#include "ui/workbench.h"

static int open_workbench(const WorkbenchRequest *request)
{
    const WorkbenchOptions options = {
        .run = request->options,
        .readonly = request->readonly,
        .look = {.theme = request->theme,
                 .ascii = request->ascii,
                 .no_color = request->no_color,
                 .no_mouse = request->no_mouse},
        .walk = {.script = request->script,
                 .record = request->record,
                 .size = request->size,
                 .tour = request->tour},
    };
    return workbench_main(&options);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--exec-child") == 0)
        return process_exec_child(argc, argv);
    process_set_trampoline("/proc/self/exe");
    if (argc == 2 && strcmp(argv[1], "engine") == 0)
        return engine_main();
    return cli_main(argc, argv, open_workbench);
}
