/* paths.h: where dnn2fpga keeps its files (XDG Base Directory Specification 0.8).
 *
 *     history   $XDG_DATA_HOME/dnn2fpga/history.db     (~/.local/share)
 *     runs      $XDG_DATA_HOME/dnn2fpga/runs/ID/
 *     config    $XDG_CONFIG_HOME/dnn2fpga/config       (~/.config)
 *     logs      $XDG_STATE_HOME/dnn2fpga/              (~/.local/state)
 *
 * The functions only name the places; who writes there makes the folder.
 */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include "base/arena.h"

typedef struct Paths {
    const char *history; /* file */
    const char *runs;    /* folder */
    const char *config;  /* file */
    const char *logs;    /* folder */
} Paths;

/* Strings live in the arena. A relative XDG value is ignored, as the specification says. */
Paths paths_of_user(Arena *arena);

#endif
