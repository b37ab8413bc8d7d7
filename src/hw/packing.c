#include "hw/packing.h"

#include "base/buffer.h"

/* Half of the 32 bits that pair_t of packed_products_pkg.vhd has for two products. */
enum { PRODUCT_BITS_MAX = 16 };

/* lift_of() of packed_products_pkg.vhd. */
static int64_t lift_of(int64_t low)
{
    int64_t lift = 1;
    while (lift < -low)
        lift *= 2;
    return low < 0 ? lift : 0;
}

PackedWidths packing_widths(const Op *op)
{
    int64_t weight = ((int64_t)1 << op->weight_bits) - 1, weight_lift = (weight + 1) / 2;
    int64_t sample_lift = lift_of(op->input.low), sample = op->input.high + sample_lift;
    int64_t unit = sample_lift > 0 && sample_lift < weight_lift ? sample_lift : weight_lift;
    int product = plan_bits_for(weight * sample + 1), adder = product - plan_bits_for(unit);
    return (PackedWidths){.weights = op->weight_bits + product,
                          .sample = plan_bits_for(sample + 1),
                          .product = product,
                          .adders = sample_lift > 0 ? 2 * adder : adder};
}

const char *packing_obstacle(const Plan *plan, const Stage *stage, const Device *device,
                             Arena *arena)
{
    const Op *op = stage->op;
    if (op->kind != OP_CONV2D && op->kind != OP_DENSE)
        return "only convolutions and dense layers multiply two weights with one value";
    if (stage->pe % 2 != 0)
        return arena_printf(arena, "pe is %d, an odd number", stage->pe);
    if (stage->rows == 1 && !plan->loads_weights)
        return "has one fold step: its weights are constants, and its products mostly logic";
    PackedWidths need = packing_widths(op);
    if (need.product > PRODUCT_BITS_MAX)
        return arena_printf(arena, "a product has %d bits, and two of more than %d are too many",
                            need.product, PRODUCT_BITS_MAX);
    DspFactors have = device_dsp_factors(device->family);
    if (device->dsp == 0)
        return arena_printf(arena, "%s has no DSP blocks", device->name);
    if (need.weights > have.wide || need.sample > have.narrow)
        return arena_printf(arena,
                            "needs factors of %d and %d bits, a DSP block of %s takes %d and %d",
                            need.weights, need.sample, device->name, have.wide, have.narrow);
    return NULL;
}

Status packing_apply(Plan *plan, const Device *device)
{
    Buffer reasons = {0};
    int packed = 0;
    for (int i = 0; i < plan->count; i++) {
        Stage *stage = &plan->stages[i];
        if (stage->macs_per_cycle == 0)
            continue;
        const char *obstacle = packing_obstacle(plan, stage, device, plan->arena);
        stage->packed = obstacle == NULL;
        packed += stage->packed;
        if (obstacle)
            buffer_printf(&reasons, "; layer %s: %s", stage->op->name, obstacle);
    }
    Status status = OK;
    if (packed == 0)
        status = error_set(ERR_REFUSED, "--pack-dsp: no layer's products fit two to a DSP block%s",
                           reasons.data ? reasons.data : "");
    buffer_free(&reasons);
    return status;
}
