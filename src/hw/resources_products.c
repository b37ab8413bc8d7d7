/* Products, the trees that add them up, and requantization: in DSP blocks where Yosys puts them
 * there, otherwise in logic. */
#include <stdlib.h>

#include "hw/packing.h"
#include "hw/resources_parts.h"

/* Products that mul2dsp gives a DSP block; all operands here fit one block of each family. */
typedef struct BlockRow {
    bool has_dsp;
    int least_operand, least_product; /* bits */
    int high_blocks; /* of an addition's product with the high half: Yosys may find it wide */
    int lift_blocks; /* of the product that lifts a sum with a short shift, if the shifts differ */
} BlockRow;

static const BlockRow BLOCKS[RESOURCE_TARGETS] = {
    [RESOURCES_ICE40] = {false, 0, 0, 0, 0},
    [RESOURCES_ICE40_DSP] = {true, 2, 11, 1, 3},
    [RESOURCES_ECP5] = {true, 2, 0, 2, 2},
    [RESOURCES_XILINX7] = {true, 2, 9, 2, 2},
};

/* Bits of low..high, with the sign if there is one. */
static int width_of(int64_t low, int64_t high)
{
    if (low >= 0)
        return plan_bits_for(high + 1);
    int64_t far = -low > high + 1 ? -low : high + 1;
    return plan_bits_for(far) + 1;
}

int part_input_width(const Op *op)
{
    return width_of(op->input.low, op->input.high);
}

int part_output_width(const Op *op)
{
    return width_of(op->low, op->high);
}

void part_add_memory(Part *part, Memory memory)
{
    if (memory.depth < 2 || memory.width == 0)
        return;
    MemoryUse use = memory_place(memory, part->target);
    part->blocks += use.blocks;
    part_add(part, FEATURE_RAM_CELLS, (double)use.cells);
    part_add(part, memory.is_rom ? FEATURE_ROM_BITS : FEATURE_RAM_BITS, (double)use.logic_bits);
}

/* `count` products of two operands of these widths. False when they are built of logic. */
static bool add_blocks(Part *part, double count, int one, int other)
{
    const BlockRow *row = &BLOCKS[part->target];
    int narrow = one < other ? one : other;
    if (!row->has_dsp || narrow < row->least_operand || one + other < row->least_product)
        return false;
    part->dsp += count;
    return true;
}

/* ---- products -------------------------------------------------------------------------------- */

static int digits_of(int32_t weight)
{
    return __builtin_popcount((uint32_t)abs(weight));
}

/* Bits that are ever 1 in the weights of one multiplier of a step. */
static uint32_t bits_seen(const Stage *stage, int pe, int simd)
{
    const Op *op = stage->op;
    int64_t channels = op_channels(op), rows = op_weight_count(op) / channels;
    uint32_t mask = (UINT32_C(1) << op->weight_bits) - 1, seen = 0;
    for (int64_t row = simd; row < rows && seen != mask; row += stage->simd)
        for (int64_t i = pe; i < channels && seen != mask; i += stage->pe)
            seen |= (uint32_t)op->weights[row * channels + i] & mask;
    return seen;
}

/* Of all multipliers. Where each has few weights, some bits never are, and what they would
 * multiply with is not built. */
static double used_weight_bits(const Stage *stage)
{
    double bits = 0;
    for (int i = 0; i < stage->pe * stage->simd; i++)
        bits += __builtin_popcount(bits_seen(stage, i / stage->simd, i % stage->simd));
    return bits;
}

void part_add_products(Part *part, double count)
{
    int one = part->stage->op->weight_bits, other = part_input_width(part->stage->op);
    PackedWidths pair = packing_widths(part->stage->op);
    bool packed = part->stage->packed;
    bool in_blocks = packed ? add_blocks(part, count / 2, pair.weights, pair.sample)
                            : add_blocks(part, count, one, other);
    if (in_blocks)
        part_add(part, FEATURE_PRODUCT_BITS, count * (one + other));
    else /* an adder for each bit of one but the first, of the width of the other */
        part_add(part, FEATURE_SOFT_PRODUCT, used_weight_bits(part->stage) * (other - 1));
    if (packed)
        part->more_luts += count * pair.adders;
}

static void add_fixed_product(Part *part, int32_t weight)
{
    int other = part_input_width(part->stage->op);
    int one = width_of(weight < 0 ? weight : -1, weight < 0 ? 0 : weight);
    if (digits_of(weight) > 1 && add_blocks(part, 1, one, other))
        part_add(part, FEATURE_PRODUCT_BITS, one + other);
    else
        part_add(part, FEATURE_FIXED_PRODUCT, (double)digits_of(weight) * other);
}

static bool came_before(const int32_t *weights, int at)
{
    for (int i = 0; i < at; i++)
        if (weights[i] == weights[at])
            return true;
    return false;
}

void part_add_fixed_products(Part *part, const int32_t *weights, int64_t count, int sharing)
{
    for (int64_t row = 0; row < count; row += sharing)
        for (int i = 0; i < sharing; i++)
            if (weights[row + i] != 0 && !came_before(weights + row, i))
                add_fixed_product(part, weights[row + i]);
}

/* ---- requantization -------------------------------------------------------------------------- */

enum { LOW_HALF_BITS = 16, MULTIPLIER_BITS = 15 };

/* Layers built around folded_mac.vhd. */
static bool folds_macs(const Op *op)
{
    return op->kind == OP_CONV2D || op->kind == OP_DEPTHWISE_CONV2D || op->kind == OP_DENSE;
}

static bool has_one_scale(const Op *op)
{
    for (int i = 1; i < op->requantizer_count; i++)
        if (op->requantizers[i].multiplier != op->requantizers[0].multiplier ||
            op->requantizers[i].shift != op->requantizers[0].shift)
            return false;
    return true;
}

/* A scale of folded_mac.vhd: the multiplier as large as it can be, and the power of two that
 * brings sums up before, where that leaves a short shift. */
typedef struct RaisedScale {
    uint32_t multiplier, factor;
    int shift;
} RaisedScale;

static RaisedScale raise_scale(const Requantizer *requantizer)
{
    RaisedScale raised = {(uint32_t)requantizer->multiplier, 1, requantizer->shift};
    for (; raised.shift < 17 && raised.multiplier < 1U << (MULTIPLIER_BITS - 1); raised.shift++)
        raised.multiplier *= 2;
    if (raised.shift < 17)
        raised.factor = 1U << (17 - raised.shift);
    return raised;
}

static int least_shift(const Op *op)
{
    int least = FIXED_SHIFT_MAX;
    for (int i = 0; i < op->requantizer_count; i++) {
        int shift = raise_scale(&op->requantizers[i]).shift;
        least = shift < least ? shift : least;
    }
    return least;
}

/* Bits that are ever 1 in the scales that one of so many units takes turns with. */
static RaisedScale scales_seen(const Op *op, int unit, int units)
{
    bool all = op->kind == OP_CONCAT; /* has a scale for each input, not for each channel */
    RaisedScale seen = {0, 0, 0};
    for (int i = all ? 0 : unit % op->requantizer_count; i < op->requantizer_count;
         i += all ? 1 : units) {
        RaisedScale raised = raise_scale(&op->requantizers[i]);
        seen.multiplier |= raised.multiplier;
        seen.factor |= raised.factor;
    }
    return seen;
}

/* Bits of the high half of a sum that is multiplied; the low one has 16. */
static int high_bits(const Part *part)
{
    const Stage *stage = part->stage;
    int64_t bound = op_accumulator_bound(part->plan->model, stage->op_index);
    int64_t raised = (int64_t)1 << 19; /* sums with short shifts are brought up to this */
    if (!folds_macs(stage->op) || least_shift(stage->op) >= 17)
        raised = bound;
    int64_t top = raised / 65536 + 1;
    return width_of(-top, top - 1);
}

/* Of the multipliers and the factors of all units: a product in logic adds as often. */
static void count_scale_digits(const Op *op, int units, double *multipliers, double *factors)
{
    *multipliers = *factors = 0;
    for (int unit = 0; unit < units; unit++) {
        RaisedScale seen = scales_seen(op, unit, units);
        *multipliers += __builtin_popcount(seen.multiplier);
        *factors += __builtin_popcount(seen.factor);
    }
}

/* Sums with shifts below 17 are clamped and multiplied first (folded_mac.vhd), by a power of two
 * that costs a product, with so many `digits`, where it is `chosen` for each group of channels. */
static void add_lifts(Part *part, int units, bool chosen, double digits)
{
    enum { LIFTED_BITS = 20 };
    const Op *op = part->stage->op;
    if (!folds_macs(op) || least_shift(op) >= 17)
        return;
    part_add(part, FEATURE_LIFTED_BITS, (double)units * LIFTED_BITS);
    if (chosen)
        part->dsp += (double)units * BLOCKS[part->target].lift_blocks;
    if (chosen && !BLOCKS[part->target].has_dsp)
        part_add(part, FEATURE_SOFT_SCALE, digits * LIFTED_BITS);
}

void part_add_requantizers(Part *part, int units, int64_t groups)
{
    const Op *op = part->stage->op;
    int sum = op->accumulator_bits, high = high_bits(part);
    bool fixed = has_one_scale(op) || groups == 1;
    double digits, factor_digits;
    count_scale_digits(op, units, &digits, &factor_digits);
    part_add(part, FEATURE_SCALE_BITS, (double)units * (sum + MULTIPLIER_BITS));
    add_lifts(part, units, !fixed, factor_digits);
    part_add(part, FEATURE_CLAMP_BITS, (double)units * part_output_width(op));
    if (fixed && digits_of(op->requantizers[0].multiplier) == 1)
        return; /* a shift */
    if (!add_blocks(part, units, LOW_HALF_BITS, MULTIPLIER_BITS))
        part_add(part, FEATURE_SOFT_SCALE, digits * LOW_HALF_BITS);
    int blocks = op->kind == OP_ADD ? BLOCKS[part->target].high_blocks : 1;
    if (blocks > 1 && high < BLOCKS[part->target].least_operand)
        high = BLOCKS[part->target].least_operand; /* not found narrow */
    if (!add_blocks(part, units * blocks, high, MULTIPLIER_BITS))
        part_add(part, FEATURE_SOFT_SCALE, digits * high);
    if (fixed)
        return;
    part_add(part, FEATURE_CHOSEN_SCALE, (double)units * (sum + MULTIPLIER_BITS));
    part_add_memory(part, (Memory){groups, units * (int64_t)(2 * MULTIPLIER_BITS), true, 0});
}

/* A sum of n terms is n - 2 rows of full adders and one chain with carry, and has a register
 * behind it. */
void part_add_trees(Part *part, bool sums_fours)
{
    const Stage *stage = part->stage;
    int most = stage->op->accumulator_bits, level = 0;
    int width = stage->op->weight_bits + part_input_width(stage->op);
    double bits = sums_fours ? ((stage->simd + 3) / 4) * (width + 2) : 0, rows = 0;
    for (int left = stage->simd; left > 1; level++) {
        int sums = (left + PLAN_TREE_ARITY - 1) / PLAN_TREE_ARITY, wider = width + 4 * (level + 1);
        wider = wider < most ? wider : most;
        bits += (double)sums * wider;
        rows += (double)(left > 2 * sums ? left - 2 * sums : 0) * wider;
        left = sums;
    }
    part_add(part, FEATURE_TREE_BITS, stage->pe * bits);
    part_add(part, FEATURE_ADDER_BITS, stage->pe * rows);
}
