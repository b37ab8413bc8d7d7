/* The stage that synthesizes: GHDL's netlist, its proof, Yosys, nextpnr, bitstream. */
#include <math.h>

#include "base/clock.h"
#include "base/fs.h"
#include "flow/fpga_build.h"
#include "flow/netlist.h"
#include "flow/report.h"
#include "flow/session.h"
#include "hw/emit_pins.h"
#include "hw/emit_vendor.h"
#include "hw/fit.h"
#include "hw/timing.h"
#include "tools/netlist_sim.h"

/* What the steps leave to each other. */
typedef struct Synthesis {
    Session *session;
    FpgaBuild build;
    Pins pins;
    const char *proof_log; /* of the netlist's proof; NULL: there was none */
    const char *lacks;     /* what the device would need beyond what is here; NULL: nothing */
    bool routed;
    Timing timing;      /* predicted, of the design without its pins */
    const char *excess; /* why it does not fit; NULL: it does, as far as is known */
    bool lacks_pins;    /* and nothing else */
} Synthesis;

/* ---- before anything is made ----------------------------------------------------------------- */

static const char *missing(const Synthesis *synthesis, const char *what, ToolKind kind)
{
    Arena *arena = synthesis->build.arena;
    Tool tool = tool_look(arena, kind);
    return arena_printf(arena, "%s: there is no program %s on PATH; install it: %s", what,
                        tool.program, tool.install);
}

/* Programs that Debian has are demanded; without those for ECP5 the flow goes as far as it can, and
 * says what is missing. */
static void choose_steps(Synthesis *synthesis)
{
    FpgaBuild *build = &synthesis->build;
    bool is_ice40 = build->device->family == FAMILY_ICE40;
    bool is_ecp5 = build->device->family == FAMILY_ECP5;
    build->routes = is_ice40 || (is_ecp5 && tool_is_there(TOOL_NEXTPNR_ECP5));
    build->packs = is_ice40 || (build->routes && tool_is_there(TOOL_ECPPACK));
    if (is_ecp5 && !build->routes)
        synthesis->lacks = missing(synthesis, "no places, clock and bitstream", TOOL_NEXTPNR_ECP5);
    else if (is_ecp5 && !build->packs)
        synthesis->lacks = missing(synthesis, "no bitstream", TOOL_ECPPACK);
    else if (!build->routes)
        synthesis->lacks =
            "no places, clock and bitstream: only Vivado makes them for this device; "
            "--vendor vivado writes files for it";
}

/* All programs are looked for first: half an hour of Yosys shall not end at a missing nextpnr. */
static Status find_tools(Synthesis *synthesis)
{
    FpgaBuild *build = &synthesis->build;
    NetlistSim sim;
    choose_steps(synthesis);
    TRY(fpga_find_tools(build));
    return synthesis->session->options->netlist_images > 0
               ? netlist_sim_find(build->arena, NULL, &sim)
               : OK;
}

/* The files of the design without its bench, and the pins. */
static void list_files(Synthesis *synthesis)
{
    const Design *design = &synthesis->session->design;
    const char **files = ARENA_ARRAY(synthesis->build.arena, const char *, design->file_count + 1);
    for (int i = 0; i + 1 < design->file_count; i++)
        files[i] = design->files[i];
    files[design->file_count - 1] = synthesis->pins.vhdl;
    synthesis->build.files = files;
}

/* The names of the plan's stages in the netlist. */
static void list_instances(Synthesis *synthesis)
{
    const Plan *plan = synthesis->session->plan;
    const char **names = ARENA_ARRAY(synthesis->build.arena, const char *, plan->count);
    for (int i = 0; i < plan->count; i++)
        names[i] = arena_printf(synthesis->build.arena, "%s.%s", synthesis->pins.instance,
                                plan->stages[i].label);
    synthesis->build.instances = names;
    synthesis->build.instance_count = plan->count;
}

/* A fresh folder: nothing of an earlier synthesis may be taken for this one's. */
static Status open_folder(Synthesis *synthesis)
{
    const Session *session = synthesis->session;
    FpgaBuild *build = &synthesis->build;
    build->folder = session_path(session, "synthesis");
    TRY(fs_remove_tree(build->folder));
    TRY(fs_make_folders(build->folder));
    TRY(emit_pins(session->plan, session->arena, build->folder, &synthesis->pins));
    build->top = synthesis->pins.entity;
    list_files(synthesis);
    list_instances(synthesis);
    return OK;
}

/* ---- the netlist's proof --------------------------------------------------------------------- */

static json_t *netlist_to_json(const NetlistProof *proof)
{
    json_t *first = json_null();
    if (proof->first.found)
        first = json_pack("{s:I s:I s:i s:i}", "image", (json_int_t)proof->first.image, "element",
                          (json_int_t)proof->first.element, "got", proof->first.got, "expected",
                          proof->first.expected);
    return json_pack("{s:s s:s s:I s:I s:b s:o s:I s:o s:o}", "simulator", proof->simulator,
                     "version", proof->version, "images", (json_int_t)proof->images,
                     "values_compared", (json_int_t)proof->values_compared, "bit_exact",
                     proof->bit_exact, "first_mismatch", first, "latency_cycles",
                     (json_int_t)proof->latency_cycles, "seconds", report_real(proof->seconds),
                     "build_seconds", report_real(proof->build_seconds));
}

static Status prove_netlist(Synthesis *synthesis)
{
    Session *session = synthesis->session;
    if (session->options->netlist_images == 0)
        return OK;
    const NetlistSetup setup = {.plan = session->plan,
                                .pins = &synthesis->pins,
                                .verilog = synthesis->build.verilog,
                                .dataset = session->test,
                                .folder =
                                    fs_join(session->arena, synthesis->build.folder, "netlist"),
                                .images = session->options->netlist_images,
                                .deadline_s = session->options->tool_timeout_s,
                                .progress = &session->progress};
    NetlistProof proof;
    TRY(netlist_prove(&setup, session->arena, &proof));
    synthesis->proof_log = proof.log_path;
    json_object_set_new(session->report, "netlist", netlist_to_json(&proof));
    if (proof.refused_weights)
        session_miss(session,
                     "the netlist's memories do not hold the weights that were loaded: "
                     "see %s",
                     proof.log_path);
    else if (!proof.bit_exact && proof.hung)
        session_miss(session, "the netlist hangs after %lld images", (long long)proof.images);
    else if (!proof.bit_exact)
        session_miss(session,
                     "netlist and software differ: first in image %lld, element %lld: got %d, "
                     "expected %d",
                     (long long)proof.first.image, (long long)proof.first.element, proof.first.got,
                     proof.first.expected);
    return OK;
}

/* ---- place and route ------------------------------------------------------------------------- */

static FitCells fit_cells(const YosysCells *cells)
{
    return (FitCells){cells->lut, cells->ff, cells->dsp, cells->bram};
}

/* What is more than there is, is known before the long search for places. */
static Status route(Synthesis *synthesis)
{
    FpgaBuild *build = &synthesis->build;
    FitCells total = fit_cells(&build->mapped.total);
    synthesis->excess = fit_excess(build->device, &total, build->arena);
    int pins = pins_count(synthesis->session->plan);
    synthesis->lacks_pins = !synthesis->excess && pins > build->device->io;
    if (synthesis->lacks_pins)
        synthesis->excess =
            arena_printf(build->arena, "%d pins of %d, %d of them to load the weights", pins,
                         build->device->io, PINS_OF_WEIGHTS);
    if (synthesis->excess || !build->routes)
        return OK;
    TRY(fpga_route(build));
    synthesis->routed = build->routed.fits;
    synthesis->excess = build->routed.reason;
    return OK;
}

/* ---- the report ------------------------------------------------------------------------------ */

static json_t *cells_to_json(const YosysCells *cells)
{
    return json_pack("{s:I s:I s:I s:I}", "lut", (json_int_t)cells->lut, "ff",
                     (json_int_t)cells->ff, "dsp", (json_int_t)cells->dsp, "bram",
                     (json_int_t)cells->bram);
}

static json_t *layers_to_json(const Synthesis *synthesis)
{
    const Plan *plan = synthesis->session->plan;
    json_t *layers = json_array();
    for (int i = 0; i < plan->count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", report_string(plan->stages[i].op->name));
        json_t *cells = cells_to_json(&synthesis->build.mapped.instances[i]);
        json_object_update(row, cells);
        json_decref(cells);
        json_array_append_new(layers, row);
    }
    return layers;
}

static json_t *uses_to_json(const NextpnrResult *nextpnr)
{
    json_t *uses = json_array();
    for (int i = 0; i < nextpnr->use_count; i++)
        json_array_append_new(uses, json_pack("{s:s s:I s:I}", "name", nextpnr->uses[i].name,
                                              "used", (json_int_t)nextpnr->uses[i].used,
                                              "available", (json_int_t)nextpnr->uses[i].available));
    return uses;
}

/* The layer that a cell belongs to; null: none of the layers. */
static json_t *layer_of_cell(const Synthesis *synthesis, const char *cell)
{
    const Plan *plan = synthesis->session->plan;
    int owner = yosys_owner(cell, synthesis->build.instances, plan->count);
    return owner < 0 ? json_null() : report_string(plan->stages[owner].op->name);
}

/* Clocks an image, with the streams of bytes at the pins. */
static int64_t interval_at_pins(const Synthesis *synthesis, const Timing *timing)
{
    int64_t interval = timing->interval_cycles;
    if (synthesis->pins.in_bytes > interval)
        interval = synthesis->pins.in_bytes;
    return synthesis->pins.out_clocks > interval ? synthesis->pins.out_clocks : interval;
}

static void add_clock(const Synthesis *synthesis, json_t *section)
{
    const NextpnrResult *nextpnr = &synthesis->build.routed;
    double fmax = synthesis->routed ? nextpnr->fmax_mhz : NAN;
    int64_t interval = interval_at_pins(synthesis, &synthesis->timing);
    json_object_set_new(section, "utilization",
                        synthesis->routed ? uses_to_json(nextpnr) : json_null());
    json_object_set_new(section, "fmax_mhz", report_real(fmax));
    json_object_set_new(section, "slowest_path",
                        synthesis->routed
                            ? json_pack("{s:o s:o}", "from",
                                        layer_of_cell(synthesis, nextpnr->slowest_from), "to",
                                        layer_of_cell(synthesis, nextpnr->slowest_to))
                            : json_null());
    json_object_set_new(section, "interval_cycles", json_integer(interval));
    json_object_set_new(section, "latency_us",
                        report_real((double)synthesis->timing.latency_cycles / fmax));
    json_object_set_new(section, "images_per_s", report_real(fmax * 1e6 / (double)interval));
}

static json_t *ways_to_json(const Synthesis *synthesis)
{
    Session *session = synthesis->session;
    json_t *list = json_array();
    if (!synthesis->excess)
        return list;
    FitCells *stages = ARENA_ARRAY(session->arena, FitCells, session->plan->count);
    for (int i = 0; i < session->plan->count; i++)
        stages[i] = fit_cells(&synthesis->build.mapped.instances[i]);
    const FitNeed need = {fit_cells(&synthesis->build.mapped.total), stages};
    const char *ways[FIT_WAYS] = {"load the weights over a board's serial line, which takes three "
                                  "pins in all: deploy --build"};
    int count = synthesis->lacks_pins
                    ? 1
                    : fit_ways(session->plan, synthesis->build.device, &need, session->arena, ways);
    for (int i = 0; i < count; i++)
        json_array_append_new(list, report_string(ways[i]));
    return list;
}

static json_t *tools_to_json(const Synthesis *synthesis)
{
    json_t *tools = json_pack("{s:s}", "yosys", synthesis->build.yosys.version);
    json_object_set_new(tools, "ghdl", json_string(synthesis->build.ghdl.fast->version));
    if (synthesis->build.routes)
        json_object_set_new(tools, synthesis->build.nextpnr.router.title,
                            json_string(synthesis->build.nextpnr.router.version));
    return tools;
}

/* In the order in which they were written. */
static json_t *logs_to_json(const Synthesis *synthesis)
{
    const FpgaBuild *build = &synthesis->build;
    const char *const paths[] = {build->ghdl_log, synthesis->proof_log, build->yosys_log,
                                 build->nextpnr_log};
    json_t *logs = json_array();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i])
            json_array_append_new(logs, report_string(paths[i]));
    return logs;
}

static json_t *synthesis_to_json(const Synthesis *synthesis)
{
    const Device *device = synthesis->build.device;
    json_t *section = json_pack("{s:s s:s s:s}", "device", device->name, "family",
                                device_family_word(device->family), "part", device->part);
    json_t *total = cells_to_json(&synthesis->build.mapped.total);
    json_object_update(section, total);
    json_decref(total);
    json_object_set_new(section, "available",
                        json_pack("{s:i s:i s:i s:i s:i}", "lut", device->lut, "ff", device->ff,
                                  "dsp", device->dsp, "bram", device->bram, "io", device->io));
    json_object_set_new(section, "layers", layers_to_json(synthesis));
    json_object_set_new(section, "other", cells_to_json(&synthesis->build.mapped.rest));
    add_clock(synthesis, section);
    json_object_set_new(section, "fits", json_boolean(!synthesis->excess));
    json_object_set_new(section, "reason",
                        synthesis->excess ? report_string(synthesis->excess) : json_null());
    json_object_set_new(section, "ways_to_fit", ways_to_json(synthesis));
    json_object_set_new(section, "lacks",
                        synthesis->lacks ? report_string(synthesis->lacks) : json_null());
    json_object_set_new(section, "bitstream",
                        synthesis->build.routed.bitstream
                            ? report_string(synthesis->build.routed.bitstream)
                            : json_null());
    json_object_set_new(section, "tools", tools_to_json(synthesis));
    json_object_set_new(section, "logs", logs_to_json(synthesis));
    return section;
}

static void miss_fit(const Synthesis *synthesis, const json_t *section)
{
    if (!synthesis->excess)
        return;
    Buffer ways = {0};
    const json_t *list = json_object_get(section, "ways_to_fit");
    for (size_t i = 0; i < json_array_size(list); i++)
        buffer_printf(&ways, "\n  %zu. %s", i + 1, json_string_value(json_array_get(list, i)));
    session_miss(synthesis->session, "the design does not fit %s: %s%s%s",
                 synthesis->build.device->name, synthesis->excess,
                 ways.length ? "; the cheapest ways to make it fit:" : "",
                 ways.length ? ways.data : "");
    buffer_free(&ways);
}

static void add_figures(const json_t *section, json_t *figures)
{
    static const char *const names[] = {"device",   "lut",  "ff",           "dsp",      "bram",
                                        "fmax_mhz", "fits", "images_per_s", "bitstream"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_object_set(figures, names[i], json_object_get(section, names[i]));
}

/* ---- vendor files ---------------------------------------------------------------------------- */

static Status write_vendor_files(const Synthesis *synthesis, json_t *section)
{
    Session *session = synthesis->session;
    const char *files[VENDOR_MAX_FILES + 1] = {NULL};
    Vendor vendor;
    json_object_set_new(section, "vendor_files", json_array());
    if (!session->options->vendor)
        return OK;
    const VendorSetup setup = {.plan = session->plan,
                               .design = &session->design,
                               .pins = &synthesis->pins,
                               .device = synthesis->build.device,
                               .clock_mhz = session->options->clock_mhz,
                               .folder = synthesis->build.folder};
    TRY(vendor_parse(session->options->vendor, &vendor));
    TRY(emit_vendor(&setup, vendor, session->arena, files));
    for (int i = 0; files[i]; i++)
        json_array_append_new(json_object_get(section, "vendor_files"), report_string(files[i]));
    return OK;
}

/* ---- the stage ------------------------------------------------------------------------------- */

static Status do_steps(Synthesis *synthesis)
{
    Session *session = synthesis->session;
    bool proves = session->options->netlist_images > 0;
    TRY(timing_predict(session->plan, TIMING_IMAGES, &synthesis->timing));
    TRY(find_tools(synthesis));
    TRY(open_folder(synthesis));
    session_part(session, 0, 0.05);
    TRY(fpga_write_netlist(&synthesis->build));
    session_part(session, 0.05, proves ? 0.15 : 0);
    TRY(prove_netlist(synthesis));
    session_part(session, proves ? 0.2 : 0.05, 0.35);
    TRY(fpga_map(&synthesis->build));
    session_part(session, 0.6, 0.4);
    return route(synthesis);
}

Status stage_synth(Session *session, json_t *figures)
{
    Synthesis synthesis = {.session = session,
                           .build = {.arena = session->arena,
                                     .clock_mhz = session->options->clock_mhz,
                                     .seed = session->options->seed,
                                     .timeout_s = session->options->tool_timeout_s,
                                     .progress = &session->progress}};
    int64_t start = clock_monotonic_ns();
    Status status = device_find(session->options->device, &synthesis.build.device);
    if (status == OK)
        status = do_steps(&synthesis);
    if (status == OK) {
        json_t *section = synthesis_to_json(&synthesis);
        json_object_set_new(session->report, "synthesis", section);
        status = write_vendor_files(&synthesis, section);
        json_object_set_new(section, "seconds", report_real(clock_seconds_since(start)));
        miss_fit(&synthesis, section);
        add_figures(section, figures);
    }
    return status;
}
