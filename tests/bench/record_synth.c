/* record_synth.c: runs GHDL and Yosys over small networks and appends what each takes to a file:
 * the runs that the estimates of hw/resources.h are fitted on, and are tested with.
 *
 *     record_synth RUNS.csv FOLDER TARGET... < networks
 *
 * A line of input is "TARGETS fit|held NETWORK" (tests/unit/hw/synth_nets.h); TARGETS is "all",
 * or some with commas between: ice40 ice40-dsp ecp5 xilinx7. A line of output is
 *     TARGET,fit|held,LUT,FF,DSP,BRAM,PARTS,NETWORK
 * with the LUTs and flip-flops of each stage, "LUT:FF LUT:FF ...", in the order of the plan;
 * what they lack is of no stage. A network that RUNS.csv has already for a target is left out.
 * FOLDER is for files of the tools, and must be absolute.
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
    const char *folder, *runs;
    char **targets; /* that are asked for */
    int target_count;
} Recorder;

/* A line of input under way. */
typedef struct Recording {
    const Recorder *recorder;
    const char *targets, *use, *network;
    IntegerModel *model;
    Plan *plan; /* NULL until a target needs it, like the netlist */
    Pins pins;
} Recording;

static Status make_netlist(Recording *recording)
{
    const Recorder *recorder = recording->recorder;
    recording->model = synth_net(recording->network);
    TRY(synth_net_plan(recording->model, recording->network, &recording->plan));
    Arena *arena = recording->plan->arena;
    Design design;
    TRY(emit_design(recording->plan, arena, fs_join(arena, recorder->folder, "hdl"), &design));
    TRY(emit_pins(recording->plan, arena, recorder->folder, &recording->pins));
    const char **files = ARENA_ARRAY(arena, const char *, design.file_count + 1);
    for (int i = 0; i + 1 < design.file_count; i++) /* without the bench */
        files[i] = design.files[i];
    files[design.file_count - 1] = recording->pins.vhdl;
    const GhdlTools *ghdl = &recorder->ghdl;
    const GhdlDesign job = {.backend = ghdl->checker ? ghdl->checker : ghdl->fast,
                            .folder = fs_join(arena, recorder->folder, "ghdl"),
                            .files = files,
                            .top = recording->pins.entity,
                            .deadline_s = DEADLINE_S,
                            .log_path = fs_join(arena, recorder->folder, "ghdl.log")};
    const char *raw = fs_join(arena, recorder->folder, "ghdl.v");
    TRY(ghdl_synthesize(arena, &job, raw));
    return verilog_mend_file(raw, fs_join(arena, recorder->folder, "net.v"));
}

static Status synthesize(const Recording *recording, const char *target, YosysResult *result)
{
    const Recorder *recorder = recording->recorder;
    const Plan *plan = recording->plan;
    const char **names = ARENA_ARRAY(plan->arena, const char *, plan->count);
    for (int i = 0; i < plan->count; i++)
        names[i] =
            arena_printf(plan->arena, "%s.%s", recording->pins.instance, plan->stages[i].label);
    const YosysJob job = {.tool = &recorder->yosys,
                          .family = strncmp(target, "ice40", 5) == 0 ? "ice40" : target,
                          .use_dsp = strcmp(target, "ice40") != 0,
                          .verilog = "net.v",
                          .top = recording->pins.entity,
                          .folder = recorder->folder,
                          .instances = names,
                          .instance_count = plan->count,
                          .deadline_s = DEADLINE_S,
                          .log_path = fs_join(plan->arena, recorder->folder, "yosys.log")};
    return yosys_run(plan->arena, &job, result);
}

static bool is_recorded(const Recorder *recorder, const char *target, const char *network)
{
    char line[LINE_BYTES];
    FILE *file = fopen(recorder->runs, "re");
    bool found = false;
    size_t head = strlen(target);
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        size_t length = strlen(line), wanted = strlen(network);
        found = strncmp(line, target, head) == 0 && line[head] == ',' && length > wanted &&
                line[length - wanted - 1] == ',' && strcmp(line + length - wanted, network) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

static Status write_run(const Recording *recording, const char *target, const YosysResult *result)
{
    const YosysCells *total = &result->total;
    FILE *file = fopen(recording->recorder->runs, "ae");
    if (!file)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be written", recording->recorder->runs);
    fprintf(file, "%s,%s,%lld,%lld,%lld,%lld,", target, recording->use, (long long)total->lut,
            (long long)total->ff, (long long)total->dsp, (long long)total->bram);
    for (int i = 0; i < recording->plan->count; i++)
        fprintf(file, "%s%lld:%lld", i ? " " : "", (long long)result->instances[i].lut,
                (long long)result->instances[i].ff);
    fprintf(file, ",%s\n", recording->network);
    fclose(file);
    printf("%-9s %6lld LUT %6lld FF %4lld DSP %4lld BRAM %4.0f s  %s\n", target,
           (long long)total->lut, (long long)total->ff, (long long)total->dsp,
           (long long)total->bram, result->seconds, recording->network);
    fflush(stdout);
    return OK;
}

/* One line of input, for every target that it names and that is asked for. */
static Status record(Recording *recording)
{
    const Recorder *recorder = recording->recorder;
    for (int i = 0; i < recorder->target_count; i++) {
        const char *target = recorder->targets[i];
        YosysResult result;
        if (!synth_net_is_for(recording->targets, target) ||
            is_recorded(recorder, target, recording->network))
            continue;
        if (!recording->plan)
            TRY(make_netlist(recording));
        TRY(synthesize(recording, target, &result));
        TRY(write_run(recording, target, &result));
    }
    return OK;
}

static Status record_line(const Recorder *recorder, char *line)
{
    char *rest = NULL;
    Recording recording = {.recorder = recorder};
    recording.targets = strtok_r(line, " \n", &rest);
    recording.use = strtok_r(NULL, " \n", &rest);
    recording.network = strtok_r(NULL, "\n", &rest);
    if (!recording.network || recording.targets[0] == '#')
        return OK;
    Status status = record(&recording);
    plan_free(recording.plan);
    integer_model_free(recording.model);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: record_synth RUNS.csv FOLDER TARGET... < networks\n");
        return ERR_USAGE;
    }
    Recorder recorder = {.arena = arena_new(),
                         .runs = argv[1],
                         .folder = argv[2],
                         .targets = argv + 3,
                         .target_count = argc - 3};
    Status status = fs_make_folders(recorder.folder);
    if (status == OK)
        status = ghdl_find(recorder.arena, &recorder.ghdl);
    if (status == OK)
        status = tool_find(recorder.arena, TOOL_YOSYS, &recorder.yosys);
    char line[LINE_BYTES];
    while (status == OK && fgets(line, sizeof line, stdin))
        status = record_line(&recorder, line);
    if (status != OK)
        fprintf(stderr, "record_synth: %s\n", error_message());
    arena_free(recorder.arena);
    return (int)status;
}
