#include "flow/board_build.h"

#include "base/fs.h"
#include "flow/fpga_build.h"

static ToolKind loader_of(const Board *board)
{
    return board->openfpgaloader ? TOOL_OPENFPGALOADER : TOOL_ICEPROG;
}

static Status set_up(const BoardBuild *build, Arena *arena, FpgaBuild *fpga)
{
    *fpga = (FpgaBuild){.arena = arena,
                        .routes = true,
                        .packs = true,
                        .files = build->design->files,
                        .top = build->design->top,
                        .pin_file = build->design->pin_file,
                        .folder = build->folder,
                        .clock_mhz = build->board->clock_hz / 1e6,
                        .seed = 1,
                        .timeout_s = build->timeout_s,
                        .progress = build->progress};
    TRY(device_find(build->board->device, &fpga->device));
    return fpga_find_tools(fpga);
}

Status board_build_check(const BoardBuild *build, Arena *arena)
{
    FpgaBuild fpga;
    Tool loader;
    TRY(set_up(build, arena, &fpga));
    return tool_find(arena, loader_of(build->board), &loader);
}

Status board_build(BoardBuild *build, Arena *arena)
{
    FpgaBuild fpga;
    const NextpnrResult *routed = &fpga.routed;
    TRY(set_up(build, arena, &fpga));
    TRY(fs_remove_tree(build->folder)); /* nothing of an earlier one may be taken for this one's */
    TRY(fs_make_folders(build->folder));
    TRY(fpga_write_netlist(&fpga));
    TRY(fpga_map(&fpga));
    TRY(fpga_route(&fpga));
    if (!routed->fits)
        return error_set(ERR_UNMET,
                         "%s: does not fit: %s; fold the layers more (--fold), or take "
                         "fewer bits",
                         build->board->title, routed->reason);
    if (routed->fmax_mhz < build->board->clock_hz / 1e6)
        return error_set(ERR_UNMET, "%s: runs at %g MHz, the design reaches %.1f MHz",
                         build->board->title, build->board->clock_hz / 1e6, routed->fmax_mhz);
    build->bitstream = routed->bitstream;
    build->fmax_mhz = routed->fmax_mhz;
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
