/* main.c: picks what this process is: a trampoline to a child program, the engine, one verb, or the
 * workbench. */
#include <string.h>

#include "cli/cli.h"
#include "flow/engine.h"
#include "tools/process.h"
#include "ui/action.h"
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

static bool key_help(int index, KeyHelp *help)
{
    if (index + ACTION_NONE + 1 >= ACTIONS)
        return false;
    const ActionInfo *info = action_info((ActionId)(index + ACTION_NONE + 1));
    *help = (KeyHelp){action_scope_name(info->scope),
                      info->keys,
                      info->name,
                      info->help,
                      info->argument,
                      info->twin};
    return true;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--exec-child") == 0)
        return process_exec_child(argc, argv);
    process_set_trampoline("/proc/self/exe");
    if (argc == 2 && strcmp(argv[1], "engine") == 0)
        return engine_main();
    return cli_main(argc, argv, &(WorkbenchDoor){open_workbench, key_help});
}
