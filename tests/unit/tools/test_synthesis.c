/* Yosys, nextpnr and the netlist simulators, played by small scripts: what they put out is read,
 * and every way they can go wrong has words of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/fs.h"
#include "tools/doctor.h"
#include "tools/netlist_sim.h"
#include "tools/nextpnr.h"
#include "tools/yosys.h"

/* A folder with programs of ours, and nothing else on PATH but the shell's own. */
typedef struct Bed {
    Arena *arena;
    char folder[64];
    char *old_path;
} Bed;

static Bed bed_open(void)
{
    Bed bed = {.arena = arena_new(), .folder = "/tmp/test_synthesis_XXXXXX"};
    assert_non_null(mkdtemp(bed.folder));
    bed.old_path = strdup(getenv("PATH"));
    setenv("PATH", bed.folder, 1);
    return bed;
}

static void bed_close(Bed *bed)
{
    setenv("PATH", bed->old_path, 1);
    free(bed->old_path);
    assert_int_equal(fs_remove_tree(bed->folder), OK);
    arena_free(bed->arena);
}

static const char *in_bed(const Bed *bed, const char *name)
{
    return fs_join(bed->arena, bed->folder, name);
}

/* Programs of the system by their paths: PATH has ours only. */
static void play(const Bed *bed, const char *program, const char *script)
{
    const char *path = in_bed(bed, program);
    const char *text =
        arena_printf(bed->arena,
                     "#!/bin/sh\nPATH=/usr/bin:/bin\ncase $1 in -V|--version) echo 'Fake version "
                     "1.25 (x)'; exit 0;; esac\n%s\n",
                     script);
    assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
    assert_int_equal(chmod(path, 0700), 0);
}

static void expect_words(const char *words)
{
    if (!strstr(error_message(), words))
        fail_msg("\"%s\" is not in: %s", words, error_message());
}

/* ---- versions and doctor --------------------------------------------------------------------- */

static void versions_are_read(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Yosys 0.23 (git sha1 7ce5011c24b)\n", "0.23"},
        {"nextpnr-ice40 -- Next Generation Place and Route (Version 0.4-1+b1)\n", "0.4"},
        {"Verilator 5.006 2023-01-22 rev (Debian 5.006-3)\n", "5.006"},
        {"Icarus Verilog version 11.0 (stable) ()\n", "11.0"},
        {"openFPGALoader v0.10.0\n", "0.10.0"},
        {"v1.2", "1.2"},
        {"dev1.2 .3.4 x\n", ""},
        {"no number here\n", ""},
        {"", ""},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(tool_parse_version(arena, cases[i][0]), cases[i][1]);
    arena_free(arena);
}

static const DoctorTool *row_of(const DoctorReport *report, const char *name)
{
    for (int i = 0; i < report->count; i++)
        if (strcmp(report->tools[i].name, name) == 0)
            return &report->tools[i];
    fail_msg("doctor has no row %s", name);
    return NULL;
}

static void doctor_knows_what_is_there(void **state)
{
    (void)state;
    Bed bed = bed_open();
    play(&bed, "yosys", "exit 0");
    play(&bed, "icepack", "exit 0");
    DoctorReport report = doctor_look(bed.arena);
    assert_false(report.can_simulate);
    assert_false(report.can_synthesize);
    assert_true(row_of(&report, "Yosys")->found);
    assert_string_equal(row_of(&report, "Yosys")->version, "1.25");
    assert_true(row_of(&report, "icepack")->found);
    assert_string_equal(row_of(&report, "icepack")->version, "");
    assert_false(row_of(&report, "Verilator")->found);
    assert_non_null(strstr(row_of(&report, "Icarus Verilog")->install, "apt-get install iverilog"));
    bed_close(&bed);
}

/* ---- Yosys ----------------------------------------------------------------------------------- */

/* Does what the script asks for: statistics, lists of cells and a netlist. */
static const char YOSYS[] =
    "echo '2.31.4. Executing TECHMAP pass'\n"
    "[ \"$1\" = -s ] || exit 9\n"
    "grep -q 'synth_ice40 -abc9 -device u -dsp -top net_pins' \"$2\" || exit 8\n"
    "cat >stat.json <<'X'\n"
    "{\"modules\": {}, \"design\": {\"num_cells\": 9, \"num_cells_by_type\": {\n"
    " \"SB_LUT4\": 3, \"SB_CARRY\": 4, \"SB_DFFE\": 1, \"SB_DFF\": 1, \"SB_MAC16\": 1,\n"
    " \"SB_RAM40_4K\": 2}}}\n"
    "X\n"
    "printf 'net_pins/network.conv.n1_SB_LUT4_O\\nnet_pins/network.conv_held_SB_LUT4_O\\n"
    "net_pins/$flatten\\\\network.\\\\conv_2.$abc$1\\n' >cells_00.txt\n"
    "printf 'net_pins/reset_SB_DFF_Q\\nnet_pins/network.conv_2.x_SB_DFFE_Q\\n' >cells_01.txt\n"
    "echo net_pins/network.conv.mac.0 >cells_02.txt\n"
    "printf 'net_pins/network.conv.rom.0\\nnet_pins/network.conv.rom.1\\n' >cells_03.txt\n"
    "echo '{}' >netlist.json\n";

static const char *const INSTANCES[] = {"network.conv", "network.conv_2"};

static Status synthesize(const Bed *bed, double deadline_s, YosysResult *result)
{
    Tool tool;
    TRY(tool_find(bed->arena, TOOL_YOSYS, &tool));
    const YosysJob job = {.tool = &tool,
                          .family = "ice40",
                          .use_dsp = true,
                          .verilog = "net.v",
                          .top = "net_pins",
                          .folder = bed->folder,
                          .instances = INSTANCES,
                          .instance_count = 2,
                          .deadline_s = deadline_s,
                          .log_path = in_bed(bed, "yosys.log")};
    return yosys_run(bed->arena, &job, result);
}

static void cells_are_counted_in_all_and_per_layer(void **state)
{
    (void)state;
    Bed bed = bed_open();
    play(&bed, "yosys", YOSYS);
    YosysResult result;
    if (synthesize(&bed, 20, &result) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(result.total.lut, 3);
    assert_int_equal(result.total.ff, 2);
    assert_int_equal(result.total.dsp, 1);
    assert_int_equal(result.total.bram, 2);
    assert_int_equal(result.instances[0].lut, 2);
    assert_int_equal(result.instances[0].bram, 2);
    assert_int_equal(result.instances[1].lut, 1);
    assert_int_equal(result.instances[1].ff, 1);
    assert_int_equal(result.rest.ff, 1);
    assert_true(fs_size(in_bed(&bed, "yosys.log")) > 0);
    bed_close(&bed);
}

static void cells_have_owners(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        int owner;
    } cases[] = {
        {"network.conv.n1", 0},
        {"network.conv", 0},
        {"network.conv_held.n1", 0},
        {"network.conv_2.n1", 1},
        {"network.conv2.n1", -1},
        {"network.dense.n1", -1},
        {"$flatten\\network.\\conv_2.$abc$1", 1},
        {"network", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(yosys_owner(cases[i].cell, INSTANCES, 2), cases[i].owner);
}

typedef struct Failure {
    const char *script; /* NULL: the program is missing */
    double deadline_s;
    const char *words[3];
} Failure;

/* A script that ends well, but for the last lines. */
#define YOSYS_BUT(lines)                                                                           \
    "printf x >netlist.json; for i in 0 1 2 3; do : >cells_0$i.txt; done\n" lines

static void every_failure_of_yosys_has_words(void **state)
{
    (void)state;
    static const Failure cases[] = {
        {NULL, 20, {"no program yosys on PATH", "apt-get install yosys"}},
        {"echo reading; echo 'ERROR: syntax error in net.v'; exit 1",
         20,
         {"Yosys failed with status 1: ERROR: syntax error in net.v", "yosys.log"}},
        {"exit 3", 20, {"Yosys failed with status 3: it said nothing"}},
        {"sleep 60", 0.3, {"Yosys was stopped after its deadline of 0.3 s", "--tool-timeout"}},
        {"kill -9 $$", 20, {"Yosys was killed by signal 9 (Killed)", "memory"}},
        {"exit 0", 20, {"Yosys ended well, but", "netlist.json"}},
        {YOSYS_BUT("echo '{\"design\": [' >stat.json"), 20, {"is no statistics in JSON"}},
        {YOSYS_BUT("echo '{\"design\": {}}' >stat.json"), 20, {"is no statistics in JSON"}},
        {YOSYS_BUT("echo '{\"design\": {\"num_cells_by_type\": {\"SB_DFF\": \"x\"}}}' >stat.json"),
         20,
         {"a count that is no number"}},
        {YOSYS_BUT("echo '{\"design\": {\"num_cells_by_type\": {\"SB_DFF\": 5}}}' >stat.json"),
         20,
         {"do not add up"}},
        {YOSYS_BUT("rm cells_02.txt; echo '{\"design\": {\"num_cells_by_type\": {}}}' >stat.json"),
         20,
         {"cells_02.txt is not there"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bed bed = bed_open();
        if (cases[i].script)
            play(&bed, "yosys", cases[i].script);
        YosysResult result;
        assert_int_equal(synthesize(&bed, cases[i].deadline_s, &result), ERR_ENVIRONMENT);
        for (int k = 0; k < 3 && cases[i].words[k]; k++)
            expect_words(cases[i].words[k]);
        bed_close(&bed);
    }
}

/* ---- nextpnr --------------------------------------------------------------------------------- */

#define REPORT                                                                                     \
    "{\"fmax\": {\"clk\": {\"achieved\": 47.5, \"constraint\": 40}},\n"                            \
    " \"utilization\": {\"ICESTORM_LC\": {\"available\": 7680, \"used\": 12}},\n"                  \
    " \"critical_paths\": [{\"path\": [{\"from\": {\"cell\": \"a\"}, \"to\": {\"cell\": "          \
    "\"b\"}},\n"                                                                                   \
    " {\"from\": {\"cell\": \"b\"}, \"to\": {\"cell\": \"c\"}}]}]}\n"
#define WRITES(report)                                                                             \
    "for i; do case $last in --report) report=$i;; --asc) asc=$i;; esac; last=$i; done\n"          \
    "echo layout >$asc\ncat >$report <<'X'\n" report "\nX\n"

static Status route(const Bed *bed, double deadline_s, NextpnrResult *result)
{
    NextpnrTools tools;
    TRY(nextpnr_find(bed->arena, "ice40", true, &tools));
    const NextpnrJob job = {.tools = &tools,
                            .family = "ice40",
                            .device = "--hx8k",
                            .package = "ct256",
                            .netlist = in_bed(bed, "netlist.json"),
                            .folder = bed->folder,
                            .target_mhz = 40,
                            .seed = 1,
                            .deadline_s = deadline_s,
                            .log_path = in_bed(bed, "nextpnr.log")};
    return nextpnr_run(bed->arena, &job, result);
}

static void a_routed_design_has_a_clock_and_a_bitstream(void **state)
{
    (void)state;
    Bed bed = bed_open();
    play(&bed, "nextpnr-ice40", WRITES(REPORT));
    play(&bed, "icepack", "cp $1 $2");
    NextpnrResult result;
    if (route(&bed, 20, &result) != OK)
        fail_msg("%s", error_message());
    assert_true(result.fits);
    assert_true(result.fmax_mhz == 47.5);
    assert_int_equal(result.use_count, 1);
    assert_string_equal(result.uses[0].name, "ICESTORM_LC");
    assert_int_equal(result.uses[0].used, 12);
    assert_int_equal(result.uses[0].available, 7680);
    assert_string_equal(result.slowest_from, "a");
    assert_string_equal(result.slowest_to, "c");
    assert_true(fs_size(result.bitstream) > 0);
    bed_close(&bed);
}

/* As route(), for ECP5, with the report that the real program wrote. */
static Status route_ecp5(const Bed *bed, bool packs, NextpnrResult *result)
{
    NextpnrTools tools;
    const char *report = fs_absolute(bed->arena, "tests/fixtures/synth/nextpnr_ecp5.json");
    play(bed, "nextpnr-ecp5",
         arena_printf(bed->arena,
                      "echo \"$*\" >asked.txt\necho layout >layout.config\ncp '%s' nextpnr.json\n",
                      report));
    TRY(nextpnr_find(bed->arena, "ecp5", packs, &tools));
    const NextpnrJob job = {.tools = &tools,
                            .family = "ecp5",
                            .device = "--25k",
                            .package = "CABGA381",
                            .grade = "6",
                            .netlist = in_bed(bed, "netlist.json"),
                            .pin_file = "/elsewhere/board.lpf",
                            .folder = bed->folder,
                            .target_mhz = 100,
                            .seed = 1,
                            .deadline_s = 20,
                            .log_path = in_bed(bed, "nextpnr.log")};
    return nextpnr_run(bed->arena, &job, result);
}

static void expect_asked(const Bed *bed, const char *words)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(in_bed(bed, "asked.txt"), 4096, &text), OK);
    buffer_append(&text, "", 1);
    assert_string_equal(text.data, words);
    buffer_free(&text);
}

static const NextpnrUse *use_of(const NextpnrResult *result, const char *name)
{
    for (int i = 0; i < result->use_count; i++)
        if (strcmp(result->uses[i].name, name) == 0)
            return &result->uses[i];
    fail_msg("nothing is said of %s", name);
    return NULL;
}

static void the_report_for_ecp5_is_read(void **state)
{
    (void)state;
    Bed bed = bed_open();
    play(&bed, "ecppack", "[ \"$1 $2\" = 'layout.config bitstream.bit' ] && cp $1 $2");
    NextpnrResult result;
    if (route_ecp5(&bed, true, &result) != OK)
        fail_msg("%s", error_message());
    expect_asked(&bed, "--25k --package CABGA381 --json netlist.json --textcfg layout.config "
                       "--report nextpnr.json --freq 100 --seed 1 --timing-allow-fail "
                       "--lpf-allow-unconstrained --speed 6 --lpf /elsewhere/board.lpf\n");
    assert_true(result.fmax_mhz > 57.81 && result.fmax_mhz < 57.82);
    assert_string_equal(result.slowest_from, "network.core.scores.n1469_o_TRELLIS_FF_Q_1");
    assert_string_equal(result.slowest_to, "network.core.scores.n1770_q_TRELLIS_FF_Q_22");
    assert_int_equal(use_of(&result, "MULT18X18D")->used, 6);
    assert_int_equal(use_of(&result, "TRELLIS_COMB")->available, 24288);
    assert_true(fs_size(result.bitstream) > 0);
    bed_close(&bed);
}

static void without_a_packer_there_is_a_clock_and_no_bitstream(void **state)
{
    (void)state;
    Bed bed = bed_open();
    NextpnrResult result;
    assert_int_equal(route_ecp5(&bed, false, &result), OK);
    assert_true(result.fits && result.fmax_mhz > 57);
    assert_null(result.bitstream);
    assert_int_equal(route_ecp5(&bed, true, &result), ERR_ENVIRONMENT);
    expect_words("no program ecppack on PATH");
    bed_close(&bed);
}

static void a_design_that_is_too_big_is_no_failure(void **state)
{
    (void)state;
    Bed bed = bed_open();
    play(&bed, "nextpnr-ice40",
         "echo \"ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'Y'\"\n"
         "exit 255");
    play(&bed, "icepack", "exit 1");
    NextpnrResult result;
    assert_int_equal(route(&bed, 20, &result), OK);
    assert_false(result.fits);
    assert_null(result.bitstream);
    assert_non_null(strstr(result.reason, "no BELs remaining"));
    bed_close(&bed);
}

static void every_failure_of_nextpnr_has_words(void **state)
{
    (void)state;
    static const Failure cases[] = {
        {NULL, 20, {"no program nextpnr-ice40 on PATH", "apt-get install nextpnr-ice40"}},
        {"echo 'ERROR: bad netlist'; exit 1", 20, {"nextpnr-ice40 failed", "bad netlist"}},
        {"sleep 60", 0.3, {"nextpnr-ice40 was stopped after its deadline"}},
        {"kill -TERM $$", 20, {"nextpnr-ice40 was killed by signal 15"}},
        {"exit 0", 20, {"no report of it in JSON"}},
        {WRITES("{\"fmax\": "), 20, {"no report of it in JSON"}},
        {WRITES("{\"fmax\": {}, \"utilization\": {}}"), 20, {"no report of it in JSON"}},
        {WRITES("{\"fmax\": {\"clk\": {\"achieved\": \"fast\"}}}"), 20, {"no report of it"}},
        {WRITES("{\"fmax\": {\"clk\": {\"achieved\": 5}}, \"utilization\": {\"LC\": {}}}"),
         20,
         {"no report of it"}},
        {WRITES(REPORT), 20, {"icepack ended well, but wrote no"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bed bed = bed_open();
        if (cases[i].script)
            play(&bed, "nextpnr-ice40", cases[i].script);
        play(&bed, "icepack", "exit 0");
        NextpnrResult result;
        assert_int_equal(route(&bed, cases[i].deadline_s, &result), ERR_ENVIRONMENT);
        for (int k = 0; k < 3 && cases[i].words[k]; k++)
            expect_words(cases[i].words[k]);
        bed_close(&bed);
    }
}

/* ---- simulators of netlists ------------------------------------------------------------------ */

static Status simulate(const Bed *bed, const NetlistWork *work, NetlistSim *sim, NetlistRun *run)
{
    static const char *const sources[] = {"/x/bench.v", NULL};
    static const char *const arguments[] = {"+images=2", NULL};
    *run = (NetlistRun){.sources = sources,
                        .top = "bench",
                        .folder = in_bed(bed, "netlist"),
                        .arguments = arguments,
                        .sentinel = "RESULT",
                        .deadline_s = 20};
    TRY(netlist_sim_find(bed->arena, work, sim));
    return netlist_sim_run(bed->arena, sim, run);
}

/* A few images of a small network, many of them, and some of a large one that does much at once. */
static const NetlistWork few = {9400, 10000, 317000};
static const NetlistWork long_run = {3000000, 3000000, 317000};
static const NetlistWork parallel = {4000, 5500000, 972000};

/* Icarus: "-o FILE" is the fourth argument; Verilator makes Vbench in a folder of its own. */
#define ICARUS "for i; do [ \"$last\" = -o ] && echo >$i; last=$i; done"
#define VERILATOR                                                                                  \
    "mkdir verilated; printf '#!/bin/sh\\necho RESULT $1\\n' >verilated/Vbench; "                  \
    "chmod +x verilated/Vbench"

static void the_simulator_suits_the_work(void **state)
{
    (void)state;
    Bed bed = bed_open();
    NetlistSim sim;
    NetlistRun run;
    assert_int_equal(simulate(&bed, &few, &sim, &run), ERR_ENVIRONMENT);
    expect_words("apt-get install iverilog");
    play(&bed, "verilator", VERILATOR);
    if (simulate(&bed, &few, &sim, &run) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(sim.kind, NETLIST_VERILATOR); /* the only one */
    assert_non_null(run.sentinel_line);
    play(&bed, "iverilog", ICARUS);
    play(&bed, "vvp", "echo RESULT $3");
    assert_int_equal(simulate(&bed, &few, &sim, &run), OK);
    assert_int_equal(sim.kind, NETLIST_ICARUS);
    assert_string_equal(run.sentinel_line, "RESULT +images=2");
    assert_int_equal(netlist_sim_find(bed.arena, &long_run, &sim), OK);
    assert_int_equal(sim.kind, NETLIST_VERILATOR);
    assert_int_equal(netlist_sim_find(bed.arena, &parallel, &sim), OK);
    assert_int_equal(sim.kind, NETLIST_VERILATOR);
    assert_int_equal(netlist_sim_find(bed.arena, NULL, &sim), OK);
    assert_int_equal(sim.kind, NETLIST_ICARUS);
    bed_close(&bed);
}

static void a_simulation_without_its_last_line_has_failed(void **state)
{
    (void)state;
    Bed bed = bed_open();
    NetlistSim sim;
    NetlistRun run;
    play(&bed, "iverilog", ICARUS);
    play(&bed, "vvp", "echo RESULTS 3");
    assert_int_equal(simulate(&bed, &few, &sim, &run), ERR_ENVIRONMENT);
    expect_words("never said RESULT");
    play(&bed, "iverilog", "echo 'net.v:3: syntax error'; exit 2");
    assert_int_equal(simulate(&bed, &few, &sim, &run), ERR_ENVIRONMENT);
    expect_words("Icarus Verilog failed with status 2: net.v:3: syntax error");
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read),
        cmocka_unit_test(doctor_knows_what_is_there),
        cmocka_unit_test(cells_are_counted_in_all_and_per_layer),
        cmocka_unit_test(cells_have_owners),
        cmocka_unit_test(every_failure_of_yosys_has_words),
        cmocka_unit_test(a_routed_design_has_a_clock_and_a_bitstream),
        cmocka_unit_test(the_report_for_ecp5_is_read),
        cmocka_unit_test(without_a_packer_there_is_a_clock_and_no_bitstream),
        cmocka_unit_test(a_design_that_is_too_big_is_no_failure),
        cmocka_unit_test(every_failure_of_nextpnr_has_words),
        cmocka_unit_test(the_simulator_suits_the_work),
        cmocka_unit_test(a_simulation_without_its_last_line_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
