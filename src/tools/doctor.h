/* doctor.h: the outside programs that are used: found or not, and what that means. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct DoctorTool {
    const char *name; /* "GHDL (llvm)" */
    bool found;
    const char *path;    /* "" when not found */
    const char *version; /* "" when not found */
    const char *enables; /* what it is good for, one sentence */
    const char *install; /* how to get it on Debian or Ubuntu */
} DoctorTool;

typedef struct DoctorReport {
    DoctorTool *tools; /* in the arena */
    int count;
    bool can_simulate;   /* at least one GHDL */
    bool can_synthesize; /* a GHDL and Yosys */
} DoctorReport;

/* Never fails: a missing program is a row that says so. */
DoctorReport doctor_look(Arena *arena);

#endif
