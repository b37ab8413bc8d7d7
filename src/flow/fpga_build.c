#include "flow/fpga_build.h"

#include "base/fs.h"
#include "tools/verilog.h"

Status fpga_find_tools(FpgaBuild *build)
{
    const char *family = device_family_word(build->device->family);
    TRY(ghdl_find(build->arena, &build->ghdl));
    TRY(tool_find(build->arena, TOOL_YOSYS, &build->yosys));
    return build->routes ? nextpnr_find(build->arena, family, build->packs, &build->nextpnr) : OK;
}

static const char *path_in(const FpgaBuild *build, const char *name)
{
    return fs_join(build->arena, build->folder, name);
}

Status fpga_write_netlist(FpgaBuild *build)
{
    const GhdlTools *ghdl = &build->ghdl;
    build->ghdl_log = path_in(build, "ghdl.log");
    const GhdlDesign job = {.backend = ghdl->checker ? ghdl->checker : ghdl->fast, /* no objects */
                            .folder = path_in(build, "ghdl"),
                            .files = build->files,
                            .top = build->top,
                            .deadline_s = build->timeout_s,
                            .log_path = build->ghdl_log};
    const char *raw = path_in(build, "ghdl.v");
    build->verilog = arena_printf(build->arena, "%s/%s.v", build->folder, build->top);
    progress_report(build->progress, 0, "GHDL: netlist");
    TRY(ghdl_synthesize(build->arena, &job, raw));
    return verilog_mend_file(raw, build->verilog);
}

Status fpga_map(FpgaBuild *build)
{
    build->yosys_log = path_in(build, "yosys.log");
    const YosysJob job = {.tool = &build->yosys,
                          .family = device_family_word(build->device->family),
                          .use_dsp = build->device->dsp > 0,
                          .verilog = arena_printf(build->arena, "%s.v", build->top),
                          .top = build->top,
                          .folder = build->folder,
                          .instances = build->instances,
                          .instance_count = build->instance_count,
                          .deadline_s = build->timeout_s,
                          .log_path = build->yosys_log,
                          .progress = build->progress};
    return yosys_run(build->arena, &job, &build->mapped);
}

Status fpga_route(FpgaBuild *build)
{
    build->nextpnr_log = path_in(build, "nextpnr.log");
    const NextpnrJob job = {.tools = &build->nextpnr,
                            .family = device_family_word(build->device->family),
                            .device = build->device->nextpnr,
                            .package = build->device->nextpnr_package,
                            .grade = build->device->nextpnr_grade,
                            .netlist = build->mapped.netlist,
                            .pin_file = build->pin_file,
                            .folder = build->folder,
                            .target_mhz = build->clock_mhz,
                            .seed = build->seed,
                            .deadline_s = build->timeout_s,
                            .log_path = build->nextpnr_log,
                            .progress = build->progress};
    return nextpnr_run(build->arena, &job, &build->routed);
}
