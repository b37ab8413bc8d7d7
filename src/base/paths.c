#include "base/paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(getuid());
    return entry && entry->pw_dir ? entry->pw_dir : "/";
}

static const char *base_folder(Arena *arena, const char *variable, const char *fallback)
{
    const char *value = getenv(variable);
    if (value && value[0] == '/')
        return value;
    return arena_printf(arena, "%s/%s", home_folder(), fallback);
}

Paths paths_of_user(Arena *arena)
{
    const char *data = base_folder(arena, "XDG_DATA_HOME", ".local/share");
    const char *config = base_folder(arena, "XDG_CONFIG_HOME", ".config");
    const char *state = base_folder(arena, "XDG_STATE_HOME", ".local/state");
    return (Paths){
        .history = arena_printf(arena, "%s/dnn2fpga/history.db", data),
        .runs = arena_printf(arena, "%s/dnn2fpga/runs", data),
        .config = arena_printf(arena, "%s/dnn2fpga/config", config),
        .logs = arena_printf(arena, "%s/dnn2fpga", state),
    };
}
