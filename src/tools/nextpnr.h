/* nextpnr.h: place and route for iCE40 and ECP5, and the bitstream.
 *
 *     NextpnrJob job = {.family = "ice40", .device = "--hx8k", .package = "ct256",
 *                       .netlist = yosys.netlist, .folder = "run/synth", ...};
 *     NextpnrResult result;
 *     TRY(nextpnr_run(arena, &job, &result));
 *     if (!result.fits) ... result.reason ...
 *
 * Without `pin_file`, pins are placed where nextpnr likes. The clock that was asked for steers the
 * placer; missing it is no failure, as the reached one is what counts. Programs run in `folder` and
 * get names of files from there: builds in WebAssembly, whose /tmp is another one, find them.
 */
#ifndef TOOLS_NEXTPNR_H
#define TOOLS_NEXTPNR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/progress.h"
#include "tools/tool.h"

typedef struct NextpnrTools {
    Tool router; /* nextpnr-ice40 or nextpnr-ecp5 */
    Tool packer; /* icepack or ecppack; no path: no bitstream is wanted */
} NextpnrTools;

/* `family` is "ice40" or "ecp5"; `packs`: the packer is needed, too. ERR_ENVIRONMENT: one of what is
 * needed is missing. */
Status nextpnr_find(Arena *arena, const char *family, bool packs, NextpnrTools *tools) MUST_CHECK;

typedef struct NextpnrJob {
    const NextpnrTools *tools;
    const char *family;
    const char *device, *package; /* "--hx8k", "ct256" */
    const char *grade;            /* speed grade "6"; NULL: the device has one */
    const char *netlist;          /* of Yosys; absolute path */
    const char *pin_file;         /* PCF (ice40) or LPF (ecp5); NULL: any pins */
    const char *folder;           /* absolute */
    double target_mhz;
    int64_t seed;
    double deadline_s;
    const char *log_path;
    const Progress *progress;
} NextpnrJob;

typedef struct NextpnrUse {
    const char *name; /* "ICESTORM_LC" */
    int64_t used, available;
} NextpnrUse;

typedef struct NextpnrResult {
    bool fits;
    const char *reason;                    /* why it does not; in the arena */
    double fmax_mhz;                       /* the least of all clocks */
    const char *slowest_from, *slowest_to; /* cells at the ends of the longest path; "" unknown */
    NextpnrUse *uses;                      /* in the arena; none when it does not fit */
    int use_count;
    const char *bitstream; /* path; NULL when it does not fit, or none is wanted */
    double seconds;
} NextpnrResult;

/* OK: routed, or too big for the device (see `fits`). ERR_ENVIRONMENT as tool_step(), and when the
 * report cannot be read. */
Status nextpnr_run(Arena *arena, const NextpnrJob *job, NextpnrResult *result) MUST_CHECK;

#endif
