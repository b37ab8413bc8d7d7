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

static int64_t bytes_before(const Plan *plan, int stage)
{
    int64_t bytes = 0;
    for (int i = 0; i < stage; i++)
        if (weights_are_loaded(plan, &plan->stages[i]))
            bytes += weights_of(&plan->stages[i]) * bytes_of_weight(&plan->stages[i]);
    return bytes;
}

int64_t weights_file_bytes(const Plan *plan)
{
    return bytes_before(plan, plan->count);
}

/* Two's complement, the low byte first. */
static void put_weight(int32_t weight, int count, uint8_t *bytes)
{
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)((uint32_t)weight >> (8 * i));
}

static void write_stage(const Stage *stage, Buffer *into)
{
    int64_t count = weights_of(stage);
    int width = bytes_of_weight(stage);
    for (int64_t i = 0; i < count; i++) {
        uint8_t pair[2];
        put_weight(stage->op->weights[emit_weight_element(stage, i)], width, pair);
        buffer_append(into, pair, (size_t)width);
    }
}

void weights_file_write(const Plan *plan, Buffer *into)
{
    for (int i = 0; i < plan->count; i++)
        if (weights_are_loaded(plan, &plan->stages[i]))
            write_stage(&plan->stages[i], into);
}

void weights_file_change(const Plan *plan, int stage, int64_t index, int32_t value, Buffer *bytes)
{
    int width = bytes_of_weight(&plan->stages[stage]);
    put_weight(value, width, (uint8_t *)bytes->data + bytes_before(plan, stage) + index * width);
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
