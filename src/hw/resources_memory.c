/* The choice of Yosys' memory_libmap, with its libraries of cells (ice40/brams.txt,
 * ecp5/{brams,lutrams}.txt, xilinx/{brams_xc4v,lutrams_xc5v}.txt): every way to build a memory has a
 * cost, and the lowest wins; logic wins a tie. Measured with Yosys 0.23 on 744 memories of each
 * family. */
#include "hw/resources_memory.h"

#include <math.h>

/* One shape of a block RAM. */
typedef struct BlockShape {
    int64_t depth, width;
    double cost, blocks;
} BlockShape;

enum { MAX_SHAPES = 16 };

typedef struct MemoryCosts {
    double rom_bit; /* of read-only memory in logic; a bit of RAM costs 1 */
    BlockShape blocks[MAX_SHAPES];
    BlockShape cells[2]; /* of distributed RAM */
    double writing; /* of a block that is written: reading a word at that time is looked after */
} MemoryCosts;

#define ICE40_COSTS                                                                                \
    {                                                                                              \
        .rom_bit = 1.0 / 16,                                                                       \
        .blocks =                                                                                  \
            {                                                                                      \
                {256, 16, 64, 1},                                                                  \
                {512, 8, 64, 1},                                                                   \
                {1024, 4, 64, 1},                                                                  \
                {2048, 2, 64, 1},                                                                  \
            },                                                                                     \
        .writing = 2                                                                               \
    }

static const MemoryCosts COSTS[RESOURCE_TARGETS] = {
    [RESOURCES_ICE40] = ICE40_COSTS,
    [RESOURCES_ICE40_DSP] = ICE40_COSTS,
    [RESOURCES_ECP5] = {.rom_bit = 1.0 / 16,
                        .blocks = {{512, 36, 128, 1},
                                   {1024, 18, 128, 1},
                                   {2048, 9, 128, 1},
                                   {4096, 4, 128, 1},
                                   {8192, 2, 128, 1},
                                   {16384, 1, 128, 1}},
                        .cells = {{16, 4, 4, 1}}},
    [RESOURCES_XILINX7] = {.rom_bit = 1.0 / 64,
                           .blocks = {{512, 36, 129, 0.5},
                                      {512, 72, 257, 1},
                                      {1024, 18, 129, 0.5},
                                      {1024, 36, 257, 1},
                                      {2048, 9, 129, 0.5},
                                      {2048, 18, 257, 1},
                                      {4096, 4, 129, 0.5},
                                      {4096, 9, 257, 1},
                                      {8192, 2, 129, 0.5},
                                      {8192, 4, 257, 1},
                                      {16384, 1, 129, 0.5},
                                      {16384, 2, 257, 1},
                                      {32768, 1, 257, 1}},
                           .cells = {{32, 6, 8, 1}, {64, 3, 8, 1}}},
};

/* What choosing between the parts of a memory that is deeper than one cell costs, for each bit. */
static const double COST_OF_CHOICE = 0.5;

static int64_t parts_of(int64_t whole, int64_t part)
{
    return (whole + part - 1) / part;
}

/* Cells of one shape for `width` bits in `rows` parts of the depth. The parts of a memory that is only
 * read lie side by side in the cells' width, as 17,280 rows of 8 bits do in 8 blocks of 2,048 x 9. */
static double cells_of(const Memory *memory, int64_t rows, int64_t width, int64_t cell_width)
{
    if (memory->is_rom)
        return (double)parts_of(rows * width, cell_width);
    return (double)rows * (double)parts_of(width, cell_width);
}

/* The cheapest of some shapes; `*count` is what it takes of the device. */
static double cheapest(const BlockShape *shapes, int shape_count, const Memory *memory,
                       double *count)
{
    double best = INFINITY;
    for (int i = 0; i < shape_count && shapes[i].depth; i++) {
        int64_t rows = parts_of(memory->depth, shapes[i].depth);
        double number = cells_of(memory, rows, memory->width, shapes[i].width);
        double ports = (double)memory->width + (memory->is_rom ? 0 : 1);
        double cost = number * shapes[i].cost + COST_OF_CHOICE * (double)(rows - 1) * ports;
        if (cost < best) {
            best = cost;
            *count = cells_of(memory, rows, memory->width - memory->unread, shapes[i].width) *
                     shapes[i].blocks;
        }
    }
    return best;
}

MemoryUse memory_place(Memory memory, ResourceTarget target)
{
    const MemoryCosts *costs = &COSTS[target];
    MemoryUse use = {.logic_bits = memory.depth * (memory.width - memory.unread)};
    double cells = 0, blocks = 0;
    double logic = (double)(memory.depth * memory.width) * (memory.is_rom ? costs->rom_bit : 1);
    double in_cells =
        memory.is_rom ? INFINITY
                      : cheapest(costs->cells, (int)(sizeof costs->cells / sizeof *costs->cells),
                                 &memory, &cells);
    double in_blocks = cheapest(costs->blocks, MAX_SHAPES, &memory, &blocks) +
                       (memory.is_rom ? 0 : costs->writing);
    if (in_blocks < logic && in_blocks <= in_cells)
        return (MemoryUse){.blocks = blocks};
    return in_cells < logic ? (MemoryUse){.cells = (int64_t)cells} : use;
}
