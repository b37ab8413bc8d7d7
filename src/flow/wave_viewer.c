#include "flow/wave_viewer.h"

#include <stdlib.h>

#include "base/fs.h"
#include "tools/process.h"

static const char VIEWER[] = "gtkwave";

static bool has_display(void)
{
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x11 && *x11) || (wayland && *wayland);
}

const char *wave_viewer_missing(void)
{
    if (!has_display())
        return "no display for GTKWave: neither DISPLAY nor WAYLAND_DISPLAY is set";
    Arena *arena = arena_new();
    bool found = process_find_program(arena, VIEWER) != NULL;
    arena_free(arena);
    return found ? NULL : "GTKWave is not installed: apt-get install gtkwave";
}

Status wave_viewer_show(const char *file)
{
    const char *argv[] = {VIEWER, file, NULL};
    ProcessResult result;
    if (!fs_exists(file))
        return error_set(ERR_ENVIRONMENT, "%s: the waveforms are gone: run it again", file);
    Status status = process_run(&(ProcessSpec){.argv = argv}, &result);
    if (status == ERR_CANCELLED)
        return OK;
    if (status == OK && result.exit_status != 0)
        return error_set(ERR_ENVIRONMENT, "%s %s: exit status %d: %s", VIEWER, file,
                         result.exit_status, result.tail);
    return status;
}
