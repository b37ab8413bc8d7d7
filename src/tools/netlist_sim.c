#include "tools/netlist_sim.h"

#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"

/* Processor time, measured on two netlists: mnist_tiny with a multiplier a layer (317 kB; 3 images:
 * Icarus 0.34 s, Verilator 0.01 s after 12 s of compiling) and the unfolded sample CNN (972 kB;
 * 2 images: Icarus 32 s, Verilator 0.1 s after 35 s). Icarus compiles at once. */
static double icarus_seconds(const NetlistWork *work)
{
    return 15e-6 * (double)work->clocks + 13e-6 * (double)work->products;
}

static double verilator_seconds(const NetlistWork *work)
{
    return 37e-6 * (double)work->bytes;
}

Status netlist_sim_find(Arena *arena, const NetlistWork *work, NetlistSim *sim)
{
    bool icarus = tool_is_there(TOOL_IVERILOG) && tool_is_there(TOOL_VVP);
    bool verilator = tool_is_there(TOOL_VERILATOR);
    *sim = (NetlistSim){.kind = NETLIST_ICARUS};
    if (!icarus && !verilator)
        return error_set(ERR_ENVIRONMENT,
                         "a simulator for netlists is needed, and there is neither iverilog nor "
                         "verilator on PATH; install one: make deps, or apt-get install "
                         "iverilog");
    bool is_worth_it = work && icarus_seconds(work) > verilator_seconds(work);
    if (verilator && (!icarus || is_worth_it)) {
        sim->kind = NETLIST_VERILATOR;
        return tool_find(arena, TOOL_VERILATOR, &sim->compiler);
    }
    TRY(tool_find(arena, TOOL_IVERILOG, &sim->compiler));
    return tool_find(arena, TOOL_VVP, &sim->runner);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static Status write_file(Arena *arena, const NetlistRun *run, const char *name, const char *text,
                         const char **path)
{
    *path = fs_join(arena, run->folder, name);
    return fs_write_atomic(*path, text, strlen(text));
}

static const char *verilog_clock(Arena *arena, const NetlistRun *run)
{
    return arena_printf(arena,
                        "`timescale 1ns/1ns\n"
                        "module clock_source;\n"
                        "    reg clk = 1'b0;\n"
                        "    always #5 clk = ~clk;\n"
                        "    %s bench (.clk(clk));\n"
                        "endmodule\n",
                        run->top);
}

static const char *cpp_clock(Arena *arena, const NetlistRun *run)
{
    return arena_printf(arena,
                        "#include \"V%s.h\"\n"
                        "#include \"verilated.h\"\n"
                        "int main(int argc, char **argv)\n"
                        "{\n"
                        "    VerilatedContext context;\n"
                        "    context.commandArgs(argc, argv);\n"
                        "    V%s bench(&context);\n"
                        "    bench.clk = 0;\n"
                        "    while (!context.gotFinish()) {\n"
                        "        bench.clk = !bench.clk;\n"
                        "        bench.eval();\n"
                        "        context.timeInc(5);\n"
                        "    }\n"
                        "    bench.final();\n"
                        "    return 0;\n"
                        "}\n",
                        run->top, run->top);
}

/* ---- building -------------------------------------------------------------------------------- */

static int count_words(const char *const *words)
{
    int count = 0;
    while (words[count])
        count++;
    return count;
}

/* `head`, `tail` (may be NULL), the sources. */
static const char **make_argv(Arena *arena, const char *const *head, const char *const *tail)
{
    int first = count_words(head), second = tail ? count_words(tail) : 0;
    const char **argv = ARENA_ARRAY(arena, const char *, first + second + 1);
    for (int i = 0; i < first; i++)
        argv[i] = head[i];
    for (int i = 0; i < second; i++)
        argv[first + i] = tail[i];
    return argv;
}

static Status do_step(const char *title, const char *const *argv, const NetlistRun *run,
                      double *seconds)
{
    ToolStep step = {.title = title,
                     .spec = {.argv = argv,
                              .folder = run->folder,
                              .deadline_s = run->deadline_s,
                              .log_path = run->log_path}};
    TRY(tool_step(&step));
    *seconds = step.result.seconds;
    return OK;
}

static const char *compiled_path(Arena *arena, const NetlistSim *sim, const NetlistRun *run)
{
    if (sim->kind == NETLIST_ICARUS)
        return fs_join(arena, run->folder, "netlist.vvp");
    return arena_printf(arena, "%s/verilated/V%s", run->folder, run->top);
}

static Status build_icarus(Arena *arena, const NetlistSim *sim, NetlistRun *run)
{
    const char *clock;
    TRY(write_file(arena, run, "clock_source.v", verilog_clock(arena, run), &clock));
    const char *const head[] = {
        sim->compiler.path, "-g2005-sv", "-o", compiled_path(arena, sim, run), "-s",
        "clock_source",     clock,       NULL};
    return do_step(sim->compiler.title, make_argv(arena, head, run->sources), run,
                   &run->build_seconds);
}

/* The netlist is a machine's: its style is not worth a warning. */
static Status build_verilator(Arena *arena, const NetlistSim *sim, NetlistRun *run)
{
    const char *clock;
    TRY(write_file(arena, run, "clock_source.cpp", cpp_clock(arena, run), &clock));
    const char *const head[] = {sim->compiler.path,
                                "--cc",
                                "--exe",
                                "--build",
                                "-Wno-fatal",
                                "-Wno-lint",
                                "-Wno-style",
                                "--language",
                                "1364-2005",
                                "-O3",
                                "--x-initial",
                                "unique",
                                "-CFLAGS",
                                "-O1",
                                "--top-module",
                                run->top,
                                "--Mdir",
                                fs_join(arena, run->folder, "verilated"),
                                clock,
                                NULL};
    return do_step(sim->compiler.title, make_argv(arena, head, run->sources), run,
                   &run->build_seconds);
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct Listener {
    NetlistRun *run;
    Arena *arena;
} Listener;

static void listen(void *context, const char *line)
{
    Listener *listener = context;
    NetlistRun *run = listener->run;
    size_t length = strlen(run->sentinel);
    if (strncmp(line, run->sentinel, length) == 0 && line[length] == ' ')
        run->sentinel_line = arena_strdup(listener->arena, line);
    if (run->on_line)
        run->on_line(run->context, line);
}

static Status execute(Arena *arena, const NetlistSim *sim, NetlistRun *run)
{
    const char *program = compiled_path(arena, sim, run);
    const char *const icarus[] = {sim->runner.path, "-n", program, NULL};
    /* registers without a reset start at random: nothing may depend on them */
    const char *const verilated[] = {program, "+verilator+rand+reset+2", "+verilator+seed+1", NULL};
    const char **argv =
        make_argv(arena, sim->kind == NETLIST_ICARUS ? icarus : verilated, run->arguments);
    Listener listener = {run, arena};
    ToolStep step = {.title = sim->kind == NETLIST_ICARUS ? sim->runner.title : "verilated netlist",
                     .spec = {.argv = argv,
                              .folder = run->folder,
                              .deadline_s = run->deadline_s,
                              .log_path = run->log_path,
                              .on_line = listen,
                              .context = &listener}};
    TRY(tool_step(&step));
    run->run_seconds = step.result.seconds;
    if (!run->sentinel_line)
        return error_set(ERR_ENVIRONMENT, "%s ended well, but never said %s (log: %s)", step.title,
                         run->sentinel, run->log_path ? run->log_path : "none");
    return OK;
}

Status netlist_sim_run(Arena *arena, const NetlistSim *sim, NetlistRun *run)
{
    run->sentinel_line = NULL;
    run->build_seconds = run->run_seconds = 0;
    TRY(fs_make_folders(run->folder));
    TRY(sim->kind == NETLIST_ICARUS ? build_icarus(arena, sim, run)
                                    : build_verilator(arena, sim, run));
    return execute(arena, sim, run);
}
