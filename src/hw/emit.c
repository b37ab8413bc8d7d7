#include "hw/emit.h"

#include <ctype.h>
#include <string.h>

#include "base/embedded.h"
#include "base/fs.h"
#include "hw/emit_parts.h"
#include "hw/weights_file.h"

enum { CONSTANTS, CORE, LOADED, TOP, BENCH, OWN_FILES, ORDER_CAP = 1 << 16 };
enum { MAX_HDL_FILE_BYTES = 1 << 28 };

const char *emit_tap_name(Arena *arena, const Stage *stage)
{
    return arena_printf(arena, "tap_%s.bin", stage->label);
}

const char *emit_number(Arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

Status emit_file(const char *template, const TemplateKey *keys, const char *path)
{
    Buffer text = {0};
    Status status = template_expand(template, keys, &text);
    if (status == OK)
        status = fs_write_atomic(path, text.data, text.length);
    buffer_free(&text);
    return status;
}

const char *emit_real(Arena *arena, double value)
{
    return arena_printf(arena, "%.9g", value);
}

const char *emit_plain(Arena *arena, const char *text)
{
    char *plain = arena_strdup(arena, text);
    for (char *at = plain; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return plain;
}

const char *emit_constant_name(Arena *arena, const Stage *stage, const char *what)
{
    char *name = arena_printf(arena, "%s_%s", stage->label, what);
    for (char *at = name; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return name;
}

const EmbeddedFile *emit_library_file(const char *name)
{
    const EmbeddedFile *file = hdl_library;
    while (strcmp(file->name, name) != 0)
        file++;
    return file;
}

static Status copy_library(Arena *arena, const char *folder, const char *const *names,
                           const char **paths)
{
    for (int i = 0; names[i]; i++) {
        const EmbeddedFile *file = emit_library_file(names[i]);
        paths[i] = fs_join(arena, folder, names[i]);
        TRY(fs_write_atomic(paths[i], file->bytes, file->size));
    }
    return OK;
}

static const char ORDER_FILE[] = "compile_order.txt";

static Status write_order(Arena *arena, const Design *design)
{
    Buffer text = {0};
    for (int i = 0; i < design->file_count; i++)
        buffer_printf(&text, "%s\n", strrchr(design->files[i], '/') + 1);
    Status status =
        fs_write_atomic(fs_join(arena, design->folder, ORDER_FILE), text.data, text.length);
    buffer_free(&text);
    return status;
}

static Status write_weights(const Plan *plan, Arena *arena, Design *design)
{
    if (!plan->loads_weights)
        return OK;
    Buffer bytes = {0};
    weights_file_write(plan, &bytes);
    design->weights = fs_join(arena, design->folder, WEIGHTS_FILE_NAME);
    Status status = fs_write_atomic(design->weights, bytes.data, bytes.length);
    buffer_free(&bytes);
    return status;
}

static Status write_design(const Plan *plan, Arena *arena, Design *design, const Buffer *texts)
{
    static const char *const endings[OWN_FILES] = {"constants", "core", "loaded", "top", "bench"};
    const char *used = arena_printf(arena, "%s%s%s", texts[CORE].data, texts[TOP].data,
                                    plan->loads_weights ? texts[LOADED].data : "");
    const char *const *library = emit_library_files(arena, used);
    int count = 0;
    while (library[count])
        count++;
    const char **paths = ARENA_ARRAY(arena, const char *, count + OWN_FILES + 1);
    TRY(copy_library(arena, design->folder, library, paths));
    for (int i = 0; i < OWN_FILES; i++) {
        if (texts[i].length == 0)
            continue;
        const char *name = arena_printf(arena, "%s_%s.vhd", plan->name, endings[i]);
        paths[count] = fs_join(arena, design->folder, name);
        TRY(fs_write_atomic(paths[count], texts[i].data, texts[i].length));
        count++;
    }
    design->files = paths;
    design->file_count = count;
    TRY(write_weights(plan, arena, design));
    return write_order(arena, design);
}

static Design name_design(const Plan *plan, Arena *arena, const char *folder)
{
    return (Design){.folder = arena_strdup(arena, folder),
                    .top = arena_printf(arena, "%s_top", plan->name),
                    .bench = arena_printf(arena, "%s_bench", plan->name)};
}

/* One line of the order: a name of a file in the folder itself. */
static Status add_file(Arena *arena, const char *name, Design *design, const char **files)
{
    const char *path = fs_join(arena, design->folder, name);
    if (strchr(name, '/') || fs_size(path) < 0)
        return error_set(ERR_ENVIRONMENT, "%s: is not there: the run must be done again", path);
    files[design->file_count++] = path;
    return OK;
}

Status emit_find_design(const Plan *plan, Arena *arena, const char *folder, Design *design)
{
    Buffer text = {0};
    char *rest = NULL;
    *design = name_design(plan, arena, folder);
    TRY(fs_read_file(fs_join(arena, folder, ORDER_FILE), ORDER_CAP, &text));
    const char **files = ARENA_ARRAY(arena, const char *, text.length / 2 + 2);
    char *lines = arena_strdup(arena, text.data ? text.data : "");
    buffer_free(&text);
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        TRY(add_file(arena, line, design, files));
    design->files = files;
    if (plan->loads_weights)
        design->weights = fs_join(arena, folder, WEIGHTS_FILE_NAME);
    return design->file_count > 0
               ? OK
               : error_set(ERR_ENVIRONMENT, "%s/%s: is empty", folder, ORDER_FILE);
}

Status emit_design(const Plan *plan, Arena *arena, const char *folder, Design *design)
{
    Timing timing;
    TRY(timing_predict(plan, TIMING_IMAGES, &timing));
    Emission emission = {.plan = plan, .timing = &timing, .arena = arena};
    *design = name_design(plan, arena, folder);
    TRY(fs_make_folders(folder));
    Buffer texts[OWN_FILES] = {0};
    Status status = emit_constants(&emission, &texts[CONSTANTS]);
    if (status == OK)
        status = emit_core(&emission, &texts[CORE]);
    if (status == OK && plan->loads_weights)
        status = emit_loaded(&emission, &texts[LOADED]);
    if (status == OK)
        status = emit_top(&emission, &texts[TOP]);
    if (status == OK)
        status = emit_bench(&emission, &texts[BENCH]);
    if (status == OK)
        status = write_design(plan, arena, design, texts);
    for (int i = 0; i < OWN_FILES; i++)
        buffer_free(&texts[i]);
    return status == OK ? OK : error_context(status, "%s", plan->model->name);
}

Status emit_hash(const Design *design, char hex[HASH_HEX_BYTES])
{
    Hash *hash = hash_new();
    Buffer bytes = {0}, head = {0};
    Status status = OK;
    for (int i = 0; i < design->file_count + (design->weights != NULL) && status == OK; i++) {
        const char *file = i < design->file_count ? design->files[i] : design->weights;
        const char *slash = strrchr(file, '/');
        buffer_clear(&bytes);
        status = fs_read_file(file, MAX_HDL_FILE_BYTES, &bytes);
        buffer_clear(&head);
        buffer_printf(&head, "%s %zu\n", slash ? slash + 1 : file, bytes.length);
        hash_update(hash, head.data, head.length);
        hash_update(hash, bytes.data, bytes.length);
    }
    hash_finish(hash, hex);
    buffer_free(&bytes);
    buffer_free(&head);
    return status;
}
