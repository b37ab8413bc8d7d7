/* yosys.h: a netlist in Verilog onto the cells of a device family, counted in all and per layer.
 *
 *     YosysJob job = {.family = "ice40", .verilog = "net.v", .top = "net_pins",
 *                     .folder = "run/synth", .instances = names, .instance_count = 3, ...};
 *     YosysResult result;
 *     TRY(yosys_run(arena, &job, &result));
 *
 * The design is flattened, so that constants and unused bits go through the borders of layers;
 * cells keep the name of the instance they come from (or, for logic between registers, of the net
 * they drive), and that is how they are counted per layer: to be read as shares, not as borders.
 *
 * Block RAMs are counted in whole ones of the device: two halves of a Xilinx block are one.
 */
#ifndef TOOLS_YOSYS_H
#define TOOLS_YOSYS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/progress.h"
#include "tools/tool.h"

typedef struct YosysCells {
    int64_t lut, ff, dsp, bram;
} YosysCells;

typedef struct YosysJob {
    const Tool *tool;
    const char *family;  /* "ice40", "ecp5" or "xilinx7" */
    bool use_dsp;        /* the device has DSP blocks */
    const char *verilog; /* name of a file in the folder, without spaces */
    const char *top;
    const char *folder;           /* absolute; script, figures and netlist go there */
    const char *const *instances; /* names in the hierarchy: "network.conv_1" */
    int instance_count;
    double deadline_s;
    const char *log_path;
    const Progress *progress;
} YosysJob;

typedef struct YosysResult {
    YosysCells total;
    YosysCells *instances; /* in the arena */
    YosysCells rest;       /* of no instance */
    const char *netlist;   /* JSON, for nextpnr; in the arena */
    double seconds;
} YosysResult;

/* ERR_ENVIRONMENT as tool_step(), and when its figures cannot be read. */
Status yosys_run(Arena *arena, const YosysJob *job, YosysResult *result) MUST_CHECK;

/* The index of the instance that a cell belongs to, by its flattened name; -1: none. Where one
 * instance's name begins with another's, the longer one counts. */
int yosys_owner(const char *cell, const char *const *instances, int count);

#endif
