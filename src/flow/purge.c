#include "flow/purge.h"

#include <string.h>

#include "base/fs.h"
#include "base/paths.h"

/* The resolved folder when it is right in the folder of runs; else NULL. */
static const char *own_folder(const RunRecord *run, Arena *arena)
{
    const char *folder = run->folder[0] ? fs_resolve(arena, run->folder) : NULL;
    const char *runs = fs_resolve(arena, paths_of_user(arena).runs);
    if (!folder || !runs)
        return NULL;
    size_t length = strlen(runs);
    bool inside = strncmp(folder, runs, length) == 0 && folder[length] == '/' &&
                  folder[length + 1] && !strchr(folder + length + 1, '/');
    return inside ? folder : NULL;
}

Status runs_purge(Store *store, int64_t id)
{
    Arena *arena = arena_new();
    RunRecord run;
    Status status = store_get(store, id, arena, &run);
    const char *folder = status == OK ? own_folder(&run, arena) : NULL;
    if (status == OK)
        status = store_purge(store, id);
    if (status == OK && folder)
        status = fs_remove_tree(folder);
    arena_free(arena);
    return status;
}
