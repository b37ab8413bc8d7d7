#include "hw/emit_vendor.h"

#include <string.h>

#include "base/fs.h"
#include "hw/emit_parts.h"
#include "hw/template.h"

typedef struct VendorFile {
    const char *template, *ending; /* NAME + ending */
} VendorFile;

typedef struct VendorRow {
    const char *word;
    const char *source; /* how a VHDL file is named in the project; %s: the path */
    bool around_all;    /* lies in the parent folder: FuseSoC wants all files beside or below it */
    VendorFile files[VENDOR_MAX_FILES]; /* NULL: no further one */
} VendorRow;

static const VendorRow ROWS[VENDORS] = {
    [VENDOR_VIVADO] = {"vivado",
                       "read_vhdl -vhdl2008 {%s}\n",
                       false,
                       {{"vivado.tcl.tmpl", "_vivado.tcl"}, {"vivado.xdc.tmpl", ".xdc"}}},
    [VENDOR_QUARTUS] = {"quartus",
                        "set_global_assignment -name VHDL_FILE {%s}\n",
                        false,
                        {{"quartus.tcl.tmpl", "_quartus.tcl"}, {"quartus.sdc.tmpl", ".sdc"}}},
    [VENDOR_FUSESOC] = {"fusesoc", "      - \"%s\"\n", true, {{"fusesoc.core.tmpl", ".core"}}},
};

Status vendor_parse(const char *word, Vendor *vendor)
{
    for (int i = 0; i < VENDORS; i++) {
        if (strcmp(ROWS[i].word, word) == 0) {
            *vendor = (Vendor)i;
            return OK;
        }
    }
    return error_set(ERR_USAGE,
                     "'%s' is no flow there are files for; expected vivado, quartus or "
                     "fusesoc",
                     word);
}

Status vendor_takes_device(Vendor vendor, const Device *device)
{
    if (vendor != VENDOR_VIVADO || device->family == FAMILY_XILINX7)
        return OK;
    return error_set(ERR_USAGE, "Vivado has no %s (%s); choose a --device of AMD, or another flow",
                     device->name, device->part);
}

/* All three formats quote a path in their own way, and none of them takes these. */
static Status check_path(const char *path)
{
    if (!strpbrk(path, "{}\"\\\n"))
        return OK;
    return error_set(ERR_ENVIRONMENT,
                     "%s: project files cannot name a path with braces, quotes, backslashes or "
                     "line ends; choose another --workdir",
                     path);
}

/* "../hdl/x.vhd": the design lies beside the folder in a run; an absolute path elsewhere. */
static const char *path_from(Arena *arena, const char *folder, const char *path)
{
    const char *parent_end = strrchr(folder, '/');
    size_t length = parent_end ? (size_t)(parent_end - folder) + 1 : 0;
    if (strncmp(folder, path, strlen(folder)) == 0 && path[strlen(folder)] == '/')
        return path + strlen(folder) + 1;
    if (length > 1 && strncmp(folder, path, length) == 0)
        return arena_printf(arena, "../%s", path + length);
    return path;
}

/* Where the files of a flow go. */
static const char *folder_of(Arena *arena, const VendorSetup *setup, const VendorRow *row)
{
    return row->around_all ? fs_folder_of(arena, setup->folder) : setup->folder;
}

static Status add_source(const VendorSetup *setup, const VendorRow *row, const char *path,
                         Buffer *list)
{
    Arena *arena = arena_new();
    const char *name = path_from(arena, folder_of(arena, setup, row), path);
    Status status = check_path(name);
    const char *hole = strstr(row->source, "%s");
    if (status == OK)
        buffer_printf(list, "%.*s%s%s", (int)(hole - row->source), row->source, name, hole + 2);
    arena_free(arena);
    return status;
}

static Status list_sources(const VendorSetup *setup, const VendorRow *row, Buffer *list)
{
    const Design *design = setup->design;
    for (int i = 0; i + 1 < design->file_count; i++) /* the bench is the last */
        TRY(add_source(setup, row, design->files[i], list));
    return add_source(setup, row, setup->pins->vhdl, list);
}

Status emit_vendor(const VendorSetup *setup, Vendor vendor, Arena *arena,
                   const char *files[VENDOR_MAX_FILES + 1])
{
    const VendorRow *row = &ROWS[vendor];
    const Plan *plan = setup->plan;
    Buffer sources = {0};
    Status status = list_sources(setup, row, &sources);
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"top", setup->pins->entity},
        {"part", setup->device->part},
        {"clock_mhz", arena_printf(arena, "%.6g", setup->clock_mhz)},
        {"period_ns", arena_printf(arena, "%.3f", 1000 / setup->clock_mhz)},
        {"sources", sources.data ? sources.data : ""},
        {NULL, NULL},
    };
    int count = 0;
    for (int i = 0; i < VENDOR_MAX_FILES && row->files[i].template && status == OK; i++) {
        files[count] = arena_printf(arena, "%s/%s%s", folder_of(arena, setup, row), plan->name,
                                    row->files[i].ending);
        status = emit_file(row->files[i].template, keys, files[count]);
        count++;
    }
    files[count] = NULL;
    buffer_free(&sources);
    return status;
}
