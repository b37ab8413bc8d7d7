/* record_synth.c: runs GHDL and Yosys over small networks and appends what each takes to a file:
 * the runs that the estimates of hw/resources.h are fitted on, and are tested with.
 *
 *     record_synth RUNS.csv TARGET FOLDER < networks
 *
 * A line of input is "fit NETWORK" or "held NETWORK" (tests/unit/hw/synth_nets.h); a line of output
 * is TARGET,fit|held,LUT,FF,DSP,BRAM,NETWORK. A network that RUNS.csv has already is left out.
 * Targets: ice40 ice40-dsp ecp5 xilinx7. FOLDER is for files of the tools, and must be absolute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "hw/emit.h"
#include "hw/emit_pins.h"
#include "tests/unit/hw/synth_nets.h"
#include "tools/ghdl.h"
#include "tools/tool.h"
#include "tools/verilog.h"
#include "tools/yosys.h"

enum { LINE_BYTES = SYNTH_NET_BYTES + 64, DEADLINE_S = 1800 };

typedef struct Recorder {
    Arena *arena;
    GhdlTools ghdl;
    Tool yosys;
    const char *target, *folder, *runs;
} Recorder;

static Status make_netlist(const Recorder *recorder, const Plan *plan, Pins *pins)
{
    Arena *arena = plan->arena;
    Design design;
    TRY(emit_design(plan, arena, fs_join(arena, recorder->folder, "hdl"), &design));
    TRY(emit_pins(plan, arena, recorder->folder, pins));
    const char **files = ARENA_ARRAY(arena, const char *, design.file_count + 1);
    for (int i = 0; i + 1 < design.file_count; i++) /* without the bench */
        files[i] = design.files[i];
    files[design.file_count - 1] = pins->vhdl;
    const GhdlTools *ghdl = &recorder->ghdl;
    const GhdlDesign job = {.backend = ghdl->checker ? ghdl->checker : ghdl->fast,
                            .folder = fs_join(arena, recorder->folder, "ghdl"),
                            .files = files,
                            .top = pins->entity,
                            .deadline_s = DEADLINE_S,
                            .log_path = fs_join(arena, recorder->folder, "ghdl.log")};
    const char *raw = fs_join(arena, recorder->folder, "ghdl.v");
    TRY(ghdl_synthesize(arena, &job, raw));
    return verilog_mend_file(raw, fs_join(arena, recorder->folder, "net.v"));
}

static Status synthesize(const Recorder *recorder, const Plan *plan, YosysCells *cells)
{
    Pins pins;
    YosysResult result;
    bool plain_ice40 = strcmp(recorder->target, "ice40") == 0;
    TRY(make_netlist(recorder, plan, &pins));
    const YosysJob job = {.tool = &recorder->yosys,
                          .family = strncmp(recorder->target, "ice40", 5) == 0 ? "ice40"
                                                                               : recorder->target,
                          .use_dsp = !plain_ice40,
                          .verilog = "net.v",
                          .top = pins.entity,
                          .folder = recorder->folder,
                          .deadline_s = DEADLINE_S,
                          .log_path = fs_join(plan->arena, recorder->folder, "yosys.log")};
    TRY(yosys_run(plan->arena, &job, &result));
    *cells = result.total;
    return OK;
}

static bool is_recorded(const Recorder *recorder, const char *network)
{
    char line[LINE_BYTES];
    FILE *file = fopen(recorder->runs, "re");
    bool found = false;
    size_t target = strlen(recorder->target);
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        size_t length = strlen(line), wanted = strlen(network);
        found = strncmp(line, recorder->target, target) == 0 && line[target] == ',' &&
                length > wanted && line[length - wanted - 1] == ',' &&
                strcmp(line + length - wanted, network) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

static Status record(const Recorder *recorder, const char *use, const char *network)
{
    Plan *plan = NULL;
    YosysCells cells = {0};
    IntegerModel *model = synth_net(network);
    Status status = plan_new(model, &plan);
    if (status == OK)
        status = synthesize(recorder, plan, &cells);
    plan_free(plan);
    integer_model_free(model);
    TRY(status);
    FILE *file = fopen(recorder->runs, "ae");
    if (!file)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be written", recorder->runs);
    fprintf(file, "%s,%s,%lld,%lld,%lld,%lld,%s\n", recorder->target, use, (long long)cells.lut,
            (long long)cells.ff, (long long)cells.dsp, (long long)cells.bram, network);
    fclose(file);
    printf("%-9s %6lld LUT %6lld FF %4lld DSP %4lld BRAM  %s\n", recorder->target,
           (long long)cells.lut, (long long)cells.ff, (long long)cells.dsp, (long long)cells.bram,
           network);
    fflush(stdout);
    return OK;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: record_synth RUNS.csv TARGET FOLDER < networks\n");
        return ERR_USAGE;
    }
    Recorder recorder = {
        .arena = arena_new(), .runs = argv[1], .target = argv[2], .folder = argv[3]};
    Status status = fs_make_folders(recorder.folder);
    if (status == OK)
        status = ghdl_find(recorder.arena, &recorder.ghdl);
    if (status == OK)
        status = tool_find(recorder.arena, TOOL_YOSYS, &recorder.yosys);
    char line[LINE_BYTES];
    while (status == OK && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *network = strchr(line, ' ');
        if (line[0] == '#' || !network)
            continue;
        *network++ = '\0';
        if (!is_recorded(&recorder, network))
            status = record(&recorder, line, network);
    }
    if (status != OK)
        fprintf(stderr, "record_synth: %s\n", error_message());
    arena_free(recorder.arena);
    return (int)status;
}
