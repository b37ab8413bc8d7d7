#include "hw/emit_board.h"

#include <string.h>

#include "base/embedded.h"
#include "base/fs.h"
#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/timing.h"
#include "hw/weights_file.h"

/* Bit times in which an answer must have come in simulation: some times what a whole exchange and
 * the network itself take, or reading all weights back, three clocks each at most. */
static Status patience_bits(const BoardRequest *request, int64_t frame_bytes, int64_t *bits)
{
    enum { MARGIN = 4, BITS_PER_BYTE = 10, SLACK = 1000, READ_BACK = 3 };
    Timing timing;
    TRY(timing_predict(request->plan, 1, &timing));
    int64_t clocks = timing.latency_cycles + READ_BACK * weights_file_bytes(request->plan);
    *bits = MARGIN * (clocks / request->clocks_per_bit + BITS_PER_BYTE * frame_bytes) + SLACK;
    return OK;
}

static Status expand(const BoardRequest *request, const Pins *pins, const char *template,
                     Arena *arena, Buffer *into)
{
    int64_t frame_bytes = pins->out_bytes + BOARD_FRAME_EXTRA, patience;
    TRY(patience_bits(request, frame_bytes, &patience));
    const TemplateKey keys[] = {
        {"name", request->plan->name},
        {"version", DNN2FPGA_VERSION},
        {"title", request->board->title},
        {"baud", emit_number(arena, request->board->clock_hz / request->clocks_per_bit)},
        {"clock", arena_printf(arena, "%g", request->board->clock_hz / 1e6)},
        {"clocks_per_bit", emit_number(arena, request->clocks_per_bit)},
        {"image_bytes", emit_number(arena, pins->in_bytes)},
        {"answer_bytes", emit_number(arena, pins->out_bytes)},
        {"frame_bytes", emit_number(arena, frame_bytes)},
        {"patience_bits", emit_number(arena, patience)},
        {"ram", request->plan->loads_weights ? "yes" : ""},
        {"rom", request->plan->loads_weights ? "" : "yes"},
        {"weight_bytes", emit_number(arena, weights_file_bytes(request->plan))},
        {"sum_frame_bytes", emit_number(arena, BOARD_SUM_BYTES + BOARD_FRAME_EXTRA)},
        {NULL, NULL},
    };
    return template_expand(template, keys, into);
}

static Status write_text(const char *path, const Buffer *text)
{
    return fs_write_atomic(path, text->data, text->length);
}

static bool is_written(const Design *design, const char *name)
{
    for (int i = 0; i < design->file_count; i++)
        if (strcmp(strrchr(design->files[i], '/') + 1, name) == 0)
            return true;
    return false;
}

/* The design's files without its bench, then those of the serial line; returns how many. */
static Status collect_files(const BoardRequest *request, const Buffer *board, Arena *arena,
                            const char **files, int *count)
{
    const Design *design = request->design;
    for (*count = 0; *count < design->file_count - 1; ++*count)
        files[*count] = design->files[*count];
    const char *const *library = emit_library_files(arena, board->data);
    for (int i = 0; library[i]; i++) {
        if (is_written(design, library[i]))
            continue;
        const EmbeddedFile *file = emit_library_file(library[i]);
        files[*count] = fs_join(arena, design->folder, library[i]);
        TRY(fs_write_atomic(files[(*count)++], file->bytes, file->size));
    }
    return OK;
}

static Status write_all(const BoardRequest *request, Arena *arena, Buffer texts[3],
                        BoardDesign *wrapped)
{
    enum { MORE_FILES = 64 };
    const char *folder = request->design->folder;
    const char **files = ARENA_ARRAY(arena, const char *, request->design->file_count + MORE_FILES);
    int count = 0;
    TRY(expand(request, &wrapped->pins, "board_top.vhd.tmpl", arena, &texts[0]));
    TRY(expand(request, &wrapped->pins, "board_bench.vhd.tmpl", arena, &texts[1]));
    board_write_pins(request->board, &texts[2]);
    TRY(collect_files(request, &texts[0], arena, files, &count));

    files[count++] = wrapped->pins.vhdl;
    files[count++] = arena_printf(arena, "%s/%s.vhd", folder, wrapped->top);
    TRY(write_text(files[count - 1], &texts[0]));
    const char **sim_files = ARENA_ARRAY(arena, const char *, count + 2);
    memcpy(sim_files, files, (size_t)count * sizeof *files);
    sim_files[count] = arena_printf(arena, "%s/%s.vhd", folder, wrapped->bench);
    TRY(write_text(sim_files[count], &texts[1]));
    wrapped->files = files;
    wrapped->sim_files = sim_files;
    return write_text(wrapped->pin_file, &texts[2]);
}

Status emit_board(const BoardRequest *request, Arena *arena, BoardDesign *wrapped)
{
    const char *name = request->plan->name;
    *wrapped = (BoardDesign){
        .top = arena_printf(arena, "%s_board", name),
        .bench = arena_printf(arena, "%s_board_bench", name),
        .pin_file = arena_printf(arena, "%s/%s_board.pcf", request->design->folder, name)};
    TRY(emit_pins(request->plan, arena, request->design->folder, &wrapped->pins));
    Buffer texts[3] = {0};
    Status status = write_all(request, arena, texts, wrapped);
    for (int i = 0; i < 3; i++)
        buffer_free(&texts[i]);
    return status;
}
