/* netlist_sim.h: netlists in Verilog run by a simulator that shares nothing with GHDL: Icarus
 * Verilog or Verilator.
 *
 *     NetlistSim sim;
 *     TRY(netlist_sim_find(arena, &work, &sim));
 *     NetlistRun run = {.sources = sources, .top = "net_netlist_bench", .folder = "run/netlist",
 *                       .arguments = arguments, .sentinel = "NETLIST-RESULT", ...};
 *     TRY(netlist_sim_run(arena, &sim, &run));
 *
 * The top is a module whose only port is `clk`, which it gets from here. A run has passed only when
 * its status is 0 and its sentinel line came.
 */
#ifndef TOOLS_NETLIST_SIM_H
#define TOOLS_NETLIST_SIM_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "tools/tool.h"

typedef enum NetlistSimKind { NETLIST_ICARUS, NETLIST_VERILATOR } NetlistSimKind;

typedef struct NetlistSim {
    NetlistSimKind kind;
    Tool compiler;
    Tool runner; /* vvp; Verilator makes a program of its own */
} NetlistSim;

/* What there is to simulate. */
typedef struct NetlistWork {
    int64_t clocks;
    int64_t products; /* multiplications in all these clocks */
    int64_t bytes;    /* of the netlist */
} NetlistWork;

/* The one that will be done sooner with that work, or the one that there is. NULL: is there one?
 * ERR_ENVIRONMENT: none is installed. */
Status netlist_sim_find(Arena *arena, const NetlistWork *work, NetlistSim *sim) MUST_CHECK;

typedef struct NetlistRun {
    const char *const *sources; /* Verilog files, absolute, NULL-terminated */
    const char *top;
    const char *folder;                               /* absolute; made when missing */
    const char *const *arguments;                     /* "+images=8", NULL-terminated */
    const char *sentinel;                             /* first word of the line that must come */
    void (*on_line)(void *context, const char *line); /* NULL: not wanted */
    void *context;
    double deadline_s; /* for each program */
    const char *log_path;

    char *sentinel_line;               /* filled in, in the arena */
    double build_seconds, run_seconds; /* filled in */
} NetlistRun;

/* ERR_ENVIRONMENT as tool_step(), and when the sentinel never came. */
Status netlist_sim_run(Arena *arena, const NetlistSim *sim, NetlistRun *run) MUST_CHECK;

#endif
