/* resources_memory.h: what Yosys makes of a memory: block RAMs, distributed RAM, or logic. */
#ifndef HW_RESOURCES_MEMORY_H
#define HW_RESOURCES_MEMORY_H

#include "hw/resources.h"

typedef struct Memory {
    int64_t depth, width; /* words, bits */
    bool is_rom;
    int64_t unread; /* bits of the width that nobody reads: placed like the others, then dropped */
} Memory;

typedef struct MemoryUse {
    double blocks;      /* block RAMs; a half of a Xilinx block is 0.5 */
    int64_t cells;      /* of distributed RAM */
    int64_t logic_bits; /* flip-flops, or logic of a read-only memory */
} MemoryUse;

MemoryUse memory_place(Memory memory, ResourceTarget target);

#endif
