#include "tools/yosys.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"

typedef enum CellKind { CELL_LUT, CELL_FF, CELL_DSP, CELL_BRAM, CELL_KINDS } CellKind;

/* What one cell of a type takes of the device. A type matches the first row that has it; patterns are
 * for fnmatch() and Yosys alike, which knows no ranges. */
typedef struct CellRow {
    const char *family, *pattern;
    CellKind kind;
    double each;
} CellRow;

/* ECP5: a CCU2C is the carry chain of two LUT4, a distributed RAM of 16x4 takes the two slices that
 * hold it and the one that writes it: six LUT4. Xilinx: RAM32M and RAM64M are four LUT6, RAM64X1D
 * two; an inverter that is left over is one. */
static const CellRow CELL_ROWS[] = {
    {"ice40", "SB_LUT4", CELL_LUT, 1},
    {"ice40", "SB_DFF*", CELL_FF, 1},
    {"ice40", "SB_MAC16", CELL_DSP, 1},
    {"ice40", "SB_RAM40_4K*", CELL_BRAM, 1},
    {"ecp5", "LUT4", CELL_LUT, 1},
    {"ecp5", "CCU2C", CELL_LUT, 2},
    {"ecp5", "TRELLIS_DPR16X4", CELL_LUT, 6},
    {"ecp5", "TRELLIS_FF", CELL_FF, 1},
    {"ecp5", "MULT18X18D", CELL_DSP, 1},
    {"ecp5", "DP16KD", CELL_BRAM, 1},
    {"ecp5", "PDPW16KD", CELL_BRAM, 1},
    {"xilinx7", "LUT[123456]", CELL_LUT, 1},
    {"xilinx7", "INV", CELL_LUT, 1},
    {"xilinx7", "SRL*", CELL_LUT, 1},
    {"xilinx7", "RAM64X1D", CELL_LUT, 2},
    {"xilinx7", "RAM*M", CELL_LUT, 4},
    {"xilinx7", "FD[RSCP]E", CELL_FF, 1},
    {"xilinx7", "DSP48E1", CELL_DSP, 1},
    {"xilinx7", "RAMB36E1", CELL_BRAM, 1},
    {"xilinx7", "RAMB18E1", CELL_BRAM, 0.5},
};

#define CELLS_FILE "cells_%02d.txt" /* of a row */

enum {
    CELL_ROW_COUNT = sizeof CELL_ROWS / sizeof *CELL_ROWS,
    MAX_STAT_BYTES = 1 << 24,
    LINE_BYTES = 1 << 16
};

typedef struct Count {
    double of[CELL_KINDS];
} Count;

static YosysCells to_cells(const Count *count)
{
    return (YosysCells){.lut = (int64_t)ceil(count->of[CELL_LUT]),
                        .ff = (int64_t)ceil(count->of[CELL_FF]),
                        .dsp = (int64_t)ceil(count->of[CELL_DSP]),
                        .bram = (int64_t)ceil(count->of[CELL_BRAM])};
}

static const char *path_in(Arena *arena, const YosysJob *job, const char *name)
{
    return fs_join(arena, job->folder, name);
}

static const char *cells_path(Arena *arena, const YosysJob *job, int row)
{
    return arena_printf(arena, "%s/" CELLS_FILE, job->folder, row);
}

static bool concerns(const YosysJob *job, int row)
{
    return strcmp(CELL_ROWS[row].family, job->family) == 0;
}

/* ---- the script ------------------------------------------------------------------------------ */

static void add_ice40(const YosysJob *job, Buffer *script)
{
    /* Of the iCE40, only UltraPlus ("u") have DSP blocks. abc9 knows the delays: 8 % fewer LUTs and
     * 44.7 instead of 37.3 MHz on samples/mnist_tiny.h5. */
    buffer_printf(script, "synth_ice40 -abc9 %s -top %s\n",
                  job->use_dsp ? "-device u -dsp" : "-device hx", job->top);
}

static void add_ecp5(const YosysJob *job, Buffer *script)
{
    buffer_printf(script, "synth_ecp5 -top %s\n", job->top);
}

/* The steps of synth_xilinx, without one: xilinx_dsp, which moves registers around a product into its
 * DSP block. In Yosys 0.23 it gives up (a failed assertion, Yosys issue 6046) where one of them starts
 * with a bit that is 1. Without first values it gets through, and 14 of 18 products of a network are
 * gone. Place and route of the vendor moves registers itself. */
static void add_xilinx7(const YosysJob *job, Buffer *script)
{
    static const char command[] = "synth_xilinx -family xc7 -flatten";
    buffer_printf(script, "%s -top %s -run begin:map_dsp\n", command, job->top);
    buffer_append_text(script,
                       "memory_dff\n"
                       "techmap -map +/mul2dsp.v -map +/xilinx/xc7_dsp_map.v "
                       "-D DSP_A_MAXWIDTH=25 -D DSP_A_MAXWIDTH_PARTIAL=18 -D DSP_B_MAXWIDTH=18 "
                       "-D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_Y_MINWIDTH=9 "
                       "-D DSP_SIGNEDONLY=1 -D DSP_NAME=$__MUL25X18\n"
                       "select a:mul2dsp\nsetattr -unset mul2dsp\n"
                       "opt_expr -fine\nwreduce\nselect -clear\n"
                       "chtype -set $mul t:$__soft_mul\n");
    buffer_printf(script, "%s -top %s -run coarse:\n", command, job->top);
}

static void add_synthesis(const YosysJob *job, Buffer *script)
{
    static const struct {
        const char *family;
        void (*add)(const YosysJob *job, Buffer *script);
    } rows[] = {{"ice40", add_ice40}, {"ecp5", add_ecp5}, {"xilinx7", add_xilinx7}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].family, job->family) == 0)
            rows[i].add(job, script);
}

/* It runs in the job's folder: names of files need no quotes, which `tee` would keep. */
static Status write_script(const YosysJob *job, const char *path)
{
    Buffer script = {0};
    buffer_printf(&script, "read_verilog %s\n", job->verilog);
    /* No layer uses a word that was read while it was written; otherwise each memory gets registers
     * as wide as itself for that. */
    buffer_append_text(&script, "setattr -set no_rw_check 1 m:*\n");
    add_synthesis(job, &script);
    buffer_append_text(&script, "autoname\n");
    buffer_append_text(&script, "tee -q -o stat.json stat -json\n");
    for (int row = 0; row < CELL_ROW_COUNT; row++)
        if (concerns(job, row))
            buffer_printf(&script, "select -write " CELLS_FILE " t:%s\n", row,
                          CELL_ROWS[row].pattern);
    buffer_append_text(&script, "write_json netlist.json\n");
    Status status = fs_write_atomic(path, script.data, script.length);
    buffer_free(&script);
    return status;
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* Headers such as "2.31.4. Executing ...": the second number tells how far the long command is. */
static void hear(void *context, const char *line)
{
    /* Of synth_ice40 and synth_ecp5, about; and of the first half of synth_xilinx. */
    enum { PASSES = 56, PASSES_BEFORE = 17 };
    const YosysJob *job = context;
    char *end;
    long command = strtol(line, &end, 10);
    if (end == line || *end != '.' || !isdigit((unsigned char)end[1]))
        return;
    long pass = strtol(end + 1, &end, 10);
    const char *words = strstr(end, "Executing ");
    if (*end != '.' || !words)
        return;
    double share = command < 2 ? 0 : (double)(command > 2 ? pass + PASSES_BEFORE : pass) / PASSES;
    char detail[80];
    snprintf(detail, sizeof detail, "Yosys: %.60s", words + strlen("Executing "));
    progress_report(job->progress, share < 0.95 ? share : 0.95, detail);
}

int yosys_owner(const char *cell, const char *const *instances, int count)
{
    char name[1024];
    size_t used = 0;
    static const char flattened[] = "$flatten";
    if (strncmp(cell, flattened, sizeof flattened - 1) == 0)
        cell += sizeof flattened - 1;
    for (; *cell && used + 1 < sizeof name; cell++)
        if (*cell != '\\')
            name[used++] = *cell;
    name[used] = '\0';
    int owner = -1;
    size_t longest = 0;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(instances[i]);
        if (length > longest && strncmp(name, instances[i], length) == 0 &&
            !isalnum((unsigned char)name[length])) {
            owner = i;
            longest = length;
        }
    }
    return owner;
}

/* ---- figures --------------------------------------------------------------------------------- */

static Status unreadable(const YosysJob *job, const char *path, const char *why)
{
    return error_set(ERR_ENVIRONMENT,
                     "Yosys ended well, but %s %s: is %s Yosys 0.23 or later? (log: %s)", path, why,
                     job->tool->path, job->log_path ? job->log_path : "none");
}

static int find_row(const YosysJob *job, const char *type)
{
    for (int row = 0; row < CELL_ROW_COUNT; row++)
        if (concerns(job, row) && fnmatch(CELL_ROWS[row].pattern, type, 0) == 0)
            return row;
    return -1;
}

static Status count_types(const YosysJob *job, const json_t *types, const char *path, Count *total)
{
    union {
        const json_t *given;
        json_t *walked;
    } object = {.given = types};
    const char *type;
    json_t *number;
    json_object_foreach (object.walked, type, number) {
        int row = find_row(job, type);
        if (!json_is_integer(number))
            return unreadable(job, path, "has a count that is no number");
        if (row >= 0)
            total->of[CELL_ROWS[row].kind] +=
                CELL_ROWS[row].each * (double)json_integer_value(number);
    }
    return OK;
}

/* Totals, from `stat -json`. */
static Status read_totals(const YosysJob *job, const char *path, Count *total)
{
    Buffer text = {0};
    if (fs_read_file(path, MAX_STAT_BYTES, &text) != OK || !text.data) {
        buffer_free(&text);
        return unreadable(job, path, "is not there");
    }
    json_t *stat = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
    buffer_free(&text);
    const json_t *types = json_object_get(json_object_get(stat, "design"), "num_cells_by_type");
    Status status = json_is_object(types) ? count_types(job, types, path, total)
                                          : unreadable(job, path, "is no statistics in JSON");
    json_decref(stat);
    return status;
}

/* Adds the cells of one type, a line "module/cell" each. */
static Status read_cells(const YosysJob *job, const char *path, int row, Count *counts)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return unreadable(job, path, "is not there");
    char *line = malloc(LINE_BYTES);
    while (line && fgets(line, LINE_BYTES, file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *cell = strchr(line, '/');
        int owner = cell ? yosys_owner(cell + 1, job->instances, job->instance_count) : -1;
        int at = owner < 0 ? job->instance_count : owner;
        if (cell)
            counts[at].of[CELL_ROWS[row].kind] += CELL_ROWS[row].each;
    }
    free(line);
    fclose(file);
    return OK;
}

/* Per instance; the last count is the rest. */
static Status read_instances(Arena *arena, const YosysJob *job, const Count *total, Count *counts)
{
    for (int row = 0; row < CELL_ROW_COUNT; row++)
        if (concerns(job, row))
            TRY(read_cells(job, cells_path(arena, job, row), row, counts));
    for (int kind = 0; kind < CELL_KINDS; kind++) {
        double sum = 0;
        for (int i = 0; i <= job->instance_count; i++)
            sum += counts[i].of[kind];
        if (sum != total->of[kind])
            return unreadable(job, job->folder, "has lists of cells that do not add up");
    }
    return OK;
}

static Status read_figures(Arena *arena, const YosysJob *job, YosysResult *result)
{
    Count total = {0};
    Count *counts = ARENA_ARRAY(arena, Count, job->instance_count + 1);
    TRY(read_totals(job, path_in(arena, job, "stat.json"), &total));
    TRY(read_instances(arena, job, &total, counts));
    result->total = to_cells(&total);
    result->rest = to_cells(&counts[job->instance_count]);
    result->instances = ARENA_ARRAY(arena, YosysCells, job->instance_count);
    for (int i = 0; i < job->instance_count; i++)
        result->instances[i] = to_cells(&counts[i]);
    return OK;
}

Status yosys_run(Arena *arena, const YosysJob *job, YosysResult *result)
{
    *result = (YosysResult){.netlist = path_in(arena, job, "netlist.json")};
    const char *script = path_in(arena, job, "synth.ys");
    TRY(write_script(job, script));
    const char *const argv[] = {job->tool->path, "-s", script, NULL};
    union {
        const YosysJob *in;
        void *out;
    } context = {job};
    ToolStep step = {.title = job->tool->title,
                     .spec = {.argv = argv,
                              .folder = job->folder,
                              .deadline_s = job->deadline_s,
                              .log_path = job->log_path,
                              .on_line = hear,
                              .context = context.out}};
    TRY(tool_step(&step));
    result->seconds = step.result.seconds;
    if (fs_size(result->netlist) <= 0)
        return unreadable(job, result->netlist, "is not there");
    return read_figures(arena, job, result);
}
