#include "flow/netlist.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "hw/energy.h"
#include "hw/timing.h"
#include "hw/weights_file.h"
#include "tools/ghdl.h"
#include "tools/netlist_sim.h"

#define RESULT_WORD   "NETLIST-RESULT"
#define MISMATCH_WORD "NETLIST-MISMATCH"
#define HANG_WORD     "NETLIST-HANG"
#define PROGRESS_WORD "NETLIST-PROGRESS"
#define WEIGHTS_WORD  "NETLIST-WEIGHTS"

/* What the simulation says while it runs. */
typedef struct Watch {
    const NetlistSetup *setup;
    NetlistProof *proof;
    int64_t images;
} Watch;

static bool begins_with(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && line[length] == ' ';
}

static void hear_mismatch(NetlistProof *proof, const char *line)
{
    int64_t got = 0, expected = 0;
    Difference first = {.layer = ""};
    first.found = ghdl_sentinel_value(line, "image", &first.image) &&
                  ghdl_sentinel_value(line, "element", &first.element) &&
                  ghdl_sentinel_value(line, "got", &got) &&
                  ghdl_sentinel_value(line, "expected", &expected);
    first.got = (int32_t)got;
    first.expected = (int32_t)expected;
    proof->first = first;
}

static void hear_progress(const Watch *watch, const char *line)
{
    int64_t done;
    char detail[64];
    if (!ghdl_sentinel_value(line, "images", &done))
        return;
    snprintf(detail, sizeof detail, "netlist: %lld of %lld images", (long long)done,
             (long long)watch->images);
    progress_report(watch->setup->progress, (double)done / (double)watch->images, detail);
}

static void listen(void *context, const char *line)
{
    Watch *watch = context;
    if (begins_with(line, PROGRESS_WORD))
        hear_progress(watch, line);
    else if (begins_with(line, MISMATCH_WORD))
        hear_mismatch(watch->proof, line);
    else if (begins_with(line, WEIGHTS_WORD))
        watch->proof->refused_weights = true;
    else if (begins_with(line, HANG_WORD))
        watch->proof->hung = true;
}

static Status write_vectors(const NetlistSetup *setup, const VectorFiles *files)
{
    IntegerForward *forward = integer_forward_new(setup->plan->model, VECTORS_BATCH);
    Status status = vectors_write(forward, setup->plan, setup->dataset, files, NULL);
    integer_forward_free(forward);
    return status;
}

/* What the simulation will have to do, about. */
static Status predict_work(const NetlistSetup *setup, int64_t images, NetlistWork *work)
{
    Timing timing;
    TRY(timing_predict(setup->plan, TIMING_IMAGES, &timing));
    EnergyTable table = energy_table_default();
    EnergyUse use = energy_of_plan(setup->plan, &table);
    *work = (NetlistWork){.clocks = timing.latency_cycles + images * timing.interval_cycles,
                          .bytes = fs_size(setup->verilog)};
    for (int i = 0; i < use.width_count; i++)
        work->products += images * use.macs[i].count;
    return OK;
}

/* Images, values and mismatches as they must be when all is equal. */
static Status judge(const NetlistSetup *setup, const char *line, int64_t images,
                    NetlistProof *proof)
{
    if (!ghdl_sentinel_value(line, "images", &proof->images) ||
        !ghdl_sentinel_value(line, "values", &proof->values_compared) ||
        !ghdl_sentinel_value(line, "mismatches", &proof->mismatches) ||
        !ghdl_sentinel_value(line, "latency_cycles", &proof->latency_cycles))
        return error_set(ERR_INTERNAL, "the bench of the netlist ended with \"%s\"", line);
    int64_t values = images * setup->plan->output.beats * setup->plan->output.lanes;
    proof->bit_exact = proof->images == images && proof->values_compared == values &&
                       proof->mismatches == 0 && !proof->hung && !proof->refused_weights;
    return OK;
}

/* The file that the bench loads, and the checksum that it demands: two arguments. */
static Status add_weights(const NetlistSetup *setup, Arena *arena, const char **arguments)
{
    Buffer bytes = {0};
    weights_file_write(setup->plan, &bytes);
    arguments[0] = "+weights=" WEIGHTS_FILE_NAME;
    arguments[1] =
        arena_printf(arena, "+sum=%08x", (unsigned)weights_checksum(bytes.data, bytes.length));
    Status status =
        fs_write_atomic(fs_join(arena, setup->folder, WEIGHTS_FILE_NAME), bytes.data, bytes.length);
    buffer_free(&bytes);
    return status;
}

Status netlist_prove(const NetlistSetup *setup, Arena *arena, NetlistProof *proof)
{
    int64_t images = setup->images < setup->dataset->count ? setup->images : setup->dataset->count;
    *proof = (NetlistProof){.log_path = fs_join(arena, setup->folder, "netlist.log")};
    NetlistSim sim;
    NetlistWork work;
    TRY(predict_work(setup, images, &work));
    TRY(netlist_sim_find(arena, &work, &sim));
    TRY(fs_make_folders(setup->folder));
    const VectorFiles files = {.stimulus = fs_join(arena, setup->folder, "stimulus.bin"),
                               .expected = fs_join(arena, setup->folder, "expected.bin"),
                               .count = images};
    TRY(write_vectors(setup, &files));
    const char *const sources[] = {setup->pins->bench_file, setup->verilog, NULL};
    const char *arguments[] = {"+stimulus=stimulus.bin",
                               "+expected=expected.bin",
                               arena_printf(arena, "+images=%lld", (long long)images),
                               NULL,
                               NULL,
                               NULL};
    if (setup->plan->loads_weights)
        TRY(add_weights(setup, arena, arguments + 3));
    Watch watch = {.setup = setup, .proof = proof, .images = images};
    NetlistRun run = {.sources = sources,
                      .top = setup->pins->bench,
                      .folder = setup->folder,
                      .arguments = arguments,
                      .sentinel = RESULT_WORD,
                      .on_line = listen,
                      .context = &watch,
                      .deadline_s = setup->deadline_s,
                      .log_path = proof->log_path};
    TRY_IN(netlist_sim_run(arena, &sim, &run), "netlist");
    proof->simulator = sim.compiler.title;
    proof->version = sim.compiler.version;
    proof->build_seconds = run.build_seconds;
    proof->seconds = run.run_seconds;
    return judge(setup, run.sentinel_line, images, proof);
}
