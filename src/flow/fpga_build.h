/* fpga_build.h: from VHDL files to cells, and to places and a bitstream: GHDL, Yosys, nextpnr.
 *
 *     FpgaBuild build = {.arena = arena, .device = device, .routes = true, .files = files,
 *                        .top = "net_pins", .folder = folder, ...};
 *     TRY(fpga_find_tools(&build));      // before anything is made
 *     TRY(fpga_write_netlist(&build));   // build.verilog
 *     TRY(fpga_map(&build));             // build.mapped: how many cells
 *     TRY(fpga_route(&build));           // build.routed: clock, bitstream
 *
 * Strings that a step leaves live in the arena, and its files in the folder.
 */
#ifndef FLOW_FPGA_BUILD_H
#define FLOW_FPGA_BUILD_H

#include "base/progress.h"
#include "hw/device.h"
#include "tools/ghdl.h"
#include "tools/nextpnr.h"
#include "tools/yosys.h"

typedef struct FpgaBuild {
    Arena *arena;
    const Device *device;
    bool routes;              /* places and routes are wanted, too */
    bool packs;               /* and a bitstream of them */
    const char *const *files; /* VHDL in compile order, absolute, NULL-terminated */
    const char *top;
    const char *pin_file;         /* PCF; NULL: any pins */
    const char *folder;           /* absolute; exists */
    const char *const *instances; /* whose cells are counted: yosys.h */
    int instance_count;
    double clock_mhz; /* that nextpnr aims at */
    int64_t seed;     /* of its places */
    double timeout_s; /* for each program */
    const Progress *progress;

    GhdlTools ghdl; /* found by fpga_find_tools() */
    Tool yosys;
    NextpnrTools nextpnr; /* when it routes */

    /* what the steps leave */
    const char *verilog;
    YosysResult mapped;
    NextpnrResult routed;
    const char *ghdl_log, *yosys_log, *nextpnr_log; /* NULL: it did not run */
} FpgaBuild;

/* All programs that the build needs. ERR_ENVIRONMENT: one is missing. */
Status fpga_find_tools(FpgaBuild *build) MUST_CHECK;

/* The steps. ERR_ENVIRONMENT: a program failed, or took too long. */
Status fpga_write_netlist(FpgaBuild *build) MUST_CHECK;
Status fpga_map(FpgaBuild *build) MUST_CHECK;
/* OK though it does not fit: build->routed.fits. */
Status fpga_route(FpgaBuild *build) MUST_CHECK;

#endif
