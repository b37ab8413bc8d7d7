#include "hw/weights_file.h"

#include "hw/emit_parts.h"

bool weights_are_loaded(const Plan *plan, const Stage *stage)
{
    return plan->loads_weights && stage->rows > 0;
}

static int bytes_of_weight(const Stage *stage)
{
    return stage->op->weight_bits > 8 ? 2 : 1;
}

static int64_t weights_of(const Stage *stage)
{
    return stage->rows * stage->pe * stage->simd;
}

int64_t weights_file_bytes(const Plan *plan)
{
    int64_t bytes = 0;
    for (int i = 0; i < plan->count; i++)
        if (weights_are_loaded(plan, &plan->stages[i]))
            bytes += weights_of(&plan->stages[i]) * bytes_of_weight(&plan->stages[i]);
    return bytes;
}

static void write_stage(const Stage *stage, Buffer *into)
{
    int64_t count = weights_of(stage);
    size_t bytes = (size_t)bytes_of_weight(stage);
    for (int64_t i = 0; i < count; i++) {
        uint32_t weight = (uint32_t)stage->op->weights[emit_weight_element(stage, i)];
        const uint8_t pair[2] = {(uint8_t)weight, (uint8_t)(weight >> 8)};
        buffer_append(into, pair, bytes);
    }
}

void weights_file_write(const Plan *plan, Buffer *into)
{
    for (int i = 0; i < plan->count; i++)
        if (weights_are_loaded(plan, &plan->stages[i]))
            write_stage(&plan->stages[i], into);
}

uint32_t weights_checksum(const void *bytes, size_t count)
{
    const uint8_t *list = bytes;
    uint16_t low = 1, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = (uint16_t)(low + list[i]);
        high = (uint16_t)(high + low);
    }
    return (uint32_t)high << 16 | low;
}
