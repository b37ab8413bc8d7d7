#include "flow/board_build.h"

#include "base/fs.h"
#include "hw/device.h"
#include "tools/ghdl.h"
#include "tools/nextpnr.h"
#include "tools/tool.h"
#include "tools/verilog.h"
#include "tools/yosys.h"

static ToolKind loader_of(const Board *board)
{
    return board->openfpgaloader ? TOOL_OPENFPGALOADER : TOOL_ICEPROG;
}

Status board_build_check(const BoardBuild *build, Arena *arena)
{
    const Device *device = NULL;
    GhdlTools ghdl;
    Tool yosys, loader;
    NextpnrTools nextpnr;
    TRY(device_find(build->board->device, &device));
    TRY(ghdl_find(arena, &ghdl));
    TRY(tool_find(arena, TOOL_YOSYS, &yosys));
    TRY(nextpnr_find(arena, device_family_word(device->family), &nextpnr));
    return tool_find(arena, loader_of(build->board), &loader);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static Status write_netlist(const BoardBuild *build, Arena *arena, const char *verilog)
{
    GhdlTools ghdl;
    TRY(ghdl_find(arena, &ghdl));
    const GhdlDesign job = {.backend = ghdl.checker ? ghdl.checker : ghdl.fast, /* no objects */
                            .folder = fs_join(arena, build->folder, "ghdl"),
                            .files = build->design->files,
                            .top = build->design->top,
                            .deadline_s = build->timeout_s,
                            .log_path = fs_join(arena, build->folder, "ghdl.log")};
    const char *raw = fs_join(arena, build->folder, "ghdl.v");
    progress_report(build->progress, 0, "GHDL: netlist");
    TRY(ghdl_synthesize(arena, &job, raw));
    return verilog_mend_file(raw, verilog);
}

static Status run_yosys(const BoardBuild *build, const Device *device, Arena *arena,
                        const char *verilog, YosysResult *result)
{
    Tool yosys;
    TRY(tool_find(arena, TOOL_YOSYS, &yosys));
    const YosysJob job = {.tool = &yosys,
                          .family = device_family_word(device->family),
                          .use_dsp = device->dsp > 0,
                          .verilog = verilog,
                          .top = build->design->top,
                          .folder = build->folder,
                          .deadline_s = build->timeout_s,
                          .log_path = fs_join(arena, build->folder, "yosys.log"),
                          .progress = build->progress};
    return yosys_run(arena, &job, result);
}

static Status run_nextpnr(const BoardBuild *build, const Device *device, Arena *arena,
                          const char *netlist, NextpnrResult *result)
{
    NextpnrTools nextpnr;
    const char *family = device_family_word(device->family);
    TRY(nextpnr_find(arena, family, &nextpnr));
    const NextpnrJob job = {.tools = &nextpnr,
                            .family = family,
                            .device = device->nextpnr,
                            .package = device->nextpnr_package,
                            .netlist = netlist,
                            .pin_file = build->design->pin_file,
                            .folder = build->folder,
                            .target_mhz = build->board->clock_hz / 1e6,
                            .seed = 1,
                            .deadline_s = build->timeout_s,
                            .log_path = fs_join(arena, build->folder, "nextpnr.log"),
                            .progress = build->progress};
    return nextpnr_run(arena, &job, result);
}

Status board_build(BoardBuild *build, Arena *arena)
{
    const Device *device = NULL;
    YosysResult yosys;
    NextpnrResult routed;
    TRY(device_find(build->board->device, &device));
    TRY(fs_remove_tree(build->folder)); /* nothing of an earlier one may be taken for this one's */
    TRY(fs_make_folders(build->folder));
    const char *verilog = arena_printf(arena, "%s/%s.v", build->folder, build->design->top);
    TRY(write_netlist(build, arena, verilog));
    TRY(run_yosys(build, device, arena, verilog, &yosys));
    TRY(run_nextpnr(build, device, arena, yosys.netlist, &routed));
    if (!routed.fits)
        return error_set(ERR_UNMET,
                         "%s: does not fit: %s; fold the layers more (--fold), or take "
                         "fewer bits",
                         build->board->title, routed.reason);
    if (routed.fmax_mhz < build->board->clock_hz / 1e6)
        return error_set(ERR_UNMET, "%s: runs at %g MHz, the design reaches %.1f MHz",
                         build->board->title, build->board->clock_hz / 1e6, routed.fmax_mhz);
    build->bitstream = routed.bitstream;
    build->fmax_mhz = routed.fmax_mhz;
    return OK;
}

Status board_load(const BoardBuild *build, Arena *arena)
{
    Tool loader;
    TRY(tool_find(arena, loader_of(build->board), &loader));
    const char *const generic[] = {loader.path, "-b", build->board->openfpgaloader,
                                   build->bitstream, NULL};
    const char *const iceprog[] = {loader.path, "-S", build->bitstream, NULL};
    ToolStep step = {.title = loader.title,
                     .spec = {.argv = build->board->openfpgaloader ? generic : iceprog,
                              .deadline_s = build->timeout_s,
                              .log_path = fs_join(arena, build->folder, "load.log")}};
    return tool_step(&step);
}
