#include "tools/nextpnr.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"

enum { MAX_REPORT_BYTES = 1 << 27 };

/* In the job's folder. */
#define REPORT_FILE "nextpnr.json"

typedef struct Family {
    const char *name;
    ToolKind router, packer;
    const char *pins_option, *any_pins_option;
    const char *layout_option, *layout, *bitstream; /* files in the job's folder */
} Family;

static const Family FAMILIES_KNOWN[] = {
    {"ice40", TOOL_NEXTPNR_ICE40, TOOL_ICEPACK, "--pcf", "--pcf-allow-unconstrained", "--asc",
     "layout.asc", "bitstream.bin"},
    {"ecp5", TOOL_NEXTPNR_ECP5, TOOL_ECPPACK, "--lpf", "--lpf-allow-unconstrained", "--textcfg",
     "layout.config", "bitstream.bit"},
};

/* The caller gives one of the two. */
static const Family *family_of(const char *name)
{
    return &FAMILIES_KNOWN[strcmp(name, FAMILIES_KNOWN[0].name) == 0 ? 0 : 1];
}

Status nextpnr_find(Arena *arena, const char *family, bool packs, NextpnrTools *tools)
{
    *tools = (NextpnrTools){.packer = {.path = NULL}};
    TRY(tool_find(arena, family_of(family)->router, &tools->router));
    return packs ? tool_find(arena, family_of(family)->packer, &tools->packer) : OK;
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* Words of its log, in their order, and roughly how far it is then: not measured. */
static const struct {
    const char *words;
    double share;
} PHASES[] = {
    {"Packing", 0.02},         {"Creating initial", 0.1}, {"Running simulated annealing", 0.2},
    {"HeAP Placer Time", 0.5}, {"Routing..", 0.6},        {"Routing complete", 0.95},
};

/* How nextpnr says that a design is too big. */
static const char *const TOO_BIG[] = {
    "no BELs remaining",
    "Unable to place cell",
    "Unable to find a placement location",
    "failed to place chain",
    "Unable to find legal placement",
    "Too many",
    "ran out of",
};

typedef struct Watch {
    const NextpnrJob *job;
    char too_big[512]; /* the line that says so */
} Watch;

static void hear(void *context, const char *line)
{
    Watch *watch = context;
    for (size_t i = 0; i < sizeof PHASES / sizeof *PHASES; i++) {
        char detail[80];
        const char *words = strstr(line, PHASES[i].words);
        if (words) {
            snprintf(detail, sizeof detail, "nextpnr: %.60s", words);
            progress_report(watch->job->progress, PHASES[i].share, detail);
        }
    }
    for (size_t i = 0; i < sizeof TOO_BIG / sizeof *TOO_BIG; i++)
        if (!watch->too_big[0] && strncmp(line, "ERROR", 5) == 0 && strstr(line, TOO_BIG[i]))
            snprintf(watch->too_big, sizeof watch->too_big, "%s", line + strlen("ERROR: "));
}

/* ---- its report ------------------------------------------------------------------------------ */

static Status unreadable(const NextpnrJob *job, const char *path)
{
    return error_set(
        ERR_ENVIRONMENT,
        "%s ended well, but %s is no report of it in JSON: is %s version 0.4 or later? "
        "(log: %s)",
        job->tools->router.title, path, job->tools->router.path,
        job->log_path ? job->log_path : "none");
}

static const char *cell_of(Arena *arena, const json_t *step, const char *end)
{
    const char *cell = json_string_value(json_object_get(json_object_get(step, end), "cell"));
    return cell ? arena_strdup(arena, cell) : "";
}

/* Ends of the longest path from a clock to the same clock: the first of the list. */
static void read_path(Arena *arena, const json_t *report, NextpnrResult *result)
{
    result->slowest_from = result->slowest_to = "";
    const json_t *path =
        json_object_get(json_array_get(json_object_get(report, "critical_paths"), 0), "path");
    size_t steps = json_array_size(path);
    if (steps == 0)
        return;
    result->slowest_from = cell_of(arena, json_array_get(path, 0), "from");
    result->slowest_to = cell_of(arena, json_array_get(path, steps - 1), "to");
}

static bool read_clocks(json_t *clocks, NextpnrResult *result)
{
    const char *name;
    json_t *clock;
    result->fmax_mhz = INFINITY;
    json_object_foreach (clocks, name, clock) {
        const json_t *achieved = json_object_get(clock, "achieved");
        if (!json_is_number(achieved) || json_number_value(achieved) <= 0)
            return false;
        result->fmax_mhz = fmin(result->fmax_mhz, json_number_value(achieved));
    }
    return isfinite(result->fmax_mhz);
}

static bool read_uses(Arena *arena, json_t *uses, NextpnrResult *result)
{
    const char *name;
    json_t *use;
    result->uses = ARENA_ARRAY(arena, NextpnrUse, json_object_size(uses));
    json_object_foreach (uses, name, use) {
        const json_t *used = json_object_get(use, "used");
        const json_t *available = json_object_get(use, "available");
        if (!json_is_integer(used) || !json_is_integer(available))
            return false;
        result->uses[result->use_count++] =
            (NextpnrUse){.name = arena_strdup(arena, name),
                         .used = json_integer_value(used),
                         .available = json_integer_value(available)};
    }
    return result->use_count > 0;
}

static Status read_report(Arena *arena, const NextpnrJob *job, const char *path,
                          NextpnrResult *result)
{
    Buffer text = {0};
    json_t *report = NULL;
    if (fs_read_file(path, MAX_REPORT_BYTES, &text) == OK && text.data)
        report = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
    buffer_free(&text);
    bool known = read_clocks(json_object_get(report, "fmax"), result) &&
                 read_uses(arena, json_object_get(report, "utilization"), result);
    if (known)
        read_path(arena, report, result);
    json_decref(report);
    return known ? OK : unreadable(job, path);
}

/* ---- running --------------------------------------------------------------------------------- */

/* As the program is to name a file: from the folder that it runs in, where the file is below it.
 * Builds of nextpnr in WebAssembly see another /tmp than ours, but that folder always. */
static const char *name_for(const NextpnrJob *job, const char *path)
{
    size_t length = strlen(job->folder);
    bool below = strncmp(path, job->folder, length) == 0 && path[length] == '/';
    return below ? path + length + 1 : path;
}

/* The last arguments: those that not every job has. */
static void add_choices(const NextpnrJob *job, const char *argv[])
{
    int count = 0;
    if (job->grade) {
        argv[count++] = "--speed";
        argv[count++] = job->grade;
    }
    if (job->pin_file) {
        argv[count++] = family_of(job->family)->pins_option;
        argv[count++] = name_for(job, job->pin_file);
    }
}

static Status route(Arena *arena, const NextpnrJob *job, NextpnrResult *result)
{
    const Family *family = family_of(job->family);
    enum { FIXED = 16, CHOICES = 4 };
    const char *argv[FIXED + CHOICES + 1] = {job->tools->router.path,
                                             job->device,
                                             "--package",
                                             job->package,
                                             "--json",
                                             name_for(job, job->netlist),
                                             family->layout_option,
                                             family->layout,
                                             "--report",
                                             REPORT_FILE,
                                             "--freq",
                                             arena_printf(arena, "%.6g", job->target_mhz),
                                             "--seed",
                                             arena_printf(arena, "%lld", (long long)job->seed),
                                             "--timing-allow-fail",
                                             family->any_pins_option};
    add_choices(job, argv + FIXED);
    Watch watch = {.job = job};
    ToolStep step = {.title = job->tools->router.title,
                     .spec = {.argv = argv,
                              .folder = job->folder,
                              .deadline_s = job->deadline_s,
                              .log_path = job->log_path,
                              .on_line = hear,
                              .context = &watch}};
    TRY(tool_step_judged(&step));
    result->seconds = step.result.seconds;
    result->fits = step.result.exit_status == 0;
    if (!result->fits && !watch.too_big[0])
        return tool_step_failed(&step);
    result->reason = result->fits ? NULL : arena_strdup(arena, watch.too_big);
    return OK;
}

static Status pack(Arena *arena, const NextpnrJob *job, NextpnrResult *result)
{
    const Family *family = family_of(job->family);
    const char *bitstream = fs_join(arena, job->folder, family->bitstream);
    const char *const argv[] = {job->tools->packer.path, family->layout, family->bitstream, NULL};
    ToolStep step = {.title = job->tools->packer.title,
                     .spec = {.argv = argv,
                              .folder = job->folder,
                              .deadline_s = job->deadline_s,
                              .log_path = job->log_path}};
    TRY(tool_step(&step));
    if (fs_size(bitstream) <= 0)
        return error_set(ERR_ENVIRONMENT, "%s ended well, but wrote no %s", step.title, bitstream);
    result->bitstream = bitstream;
    result->seconds += step.result.seconds;
    return OK;
}

Status nextpnr_run(Arena *arena, const NextpnrJob *job, NextpnrResult *result)
{
    *result = (NextpnrResult){.slowest_from = "", .slowest_to = ""};
    TRY(route(arena, job, result));
    if (!result->fits)
        return OK;
    TRY(read_report(arena, job, fs_join(arena, job->folder, REPORT_FILE), result));
    return job->tools->packer.path ? pack(arena, job, result) : OK;
}
