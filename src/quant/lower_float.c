/* lower_float.c: which operations stay floating point, and the bridges around them. */
#include "quant/lowering.h"

static const OpKind FLOAT_KINDS[OP_KINDS] = {
    [OP_CONV2D] = OP_FLOAT_CONV2D,
    [OP_DENSE] = OP_FLOAT_DENSE,
    [OP_MAX_POOL2D] = OP_FLOAT_MAX_POOL2D,
    [OP_AVERAGE_POOL2D] = OP_FLOAT_AVERAGE_POOL2D,
};

static bool is_pool(OpKind kind)
{
    return kind == OP_MAX_POOL2D || kind == OP_AVERAGE_POOL2D;
}

/* Layers as the scheme has it; pools when the layers on both sides of them are. */
static bool *choose(const Lowering *lowering, const Scheme *scheme, Arena *arena)
{
    bool *floats = ARENA_ARRAY(arena, bool, lowering->count);
    for (int i = 0; i < lowering->count; i++) {
        const LoweredOp *lowered = &lowering->ops[i];
        OpKind kind = lowered->op.kind;
        floats[i] =
            (kind == OP_CONV2D || kind == OP_DENSE) && scheme->layers[lowered->layer].is_float;
    }
    for (int first = 1, end; first < lowering->count; first = end + 1) {
        for (end = first; end < lowering->count && is_pool(lowering->ops[end].op.kind);)
            end++;
        bool between = end < lowering->count && floats[first - 1] && floats[end];
        for (int i = first; between && i < end; i++)
            floats[i] = true;
    }
    return floats;
}

/* Appends `op`, to read what was appended before it. */
static LoweredOp *append(Lowering *into, LoweredOp op)
{
    LoweredOp *added = &into->ops[into->count];
    *added = op;
    if (into->count > 0)
        added->op.inputs[0] = into->count - 1;
    into->count++;
    return added;
}

/* Hands on the values of the operation appended last; named for `neighbour`. */
static void append_bridge(Arena *arena, Lowering *into, OpKind kind, const char *neighbour)
{
    LoweredOp *before = &into->ops[into->count - 1];
    LoweredOp bridge = *before;
    Shape shape = before->op.output_shape;
    bridge.op = (Op){.kind = kind,
                     .name = arena_printf(arena, "%s.%s", neighbour, op_word(kind)),
                     .input_count = 1,
                     .input_shape = shape,
                     .output_shape = shape};
    if (kind == OP_TO_FLOAT)
        bridge.fused_relu = bridge.feeds_table = false;
    else
        before->feeds_table = false; /* the bridge does */
    append(into, bridge);
}

void lower_floats(const Scheme *scheme, Arena *arena, Lowering *lowering)
{
    const bool *floats = choose(lowering, scheme, arena);
    /* At most one bridge on each side of an operation. */
    Lowering mixed = {ARENA_ARRAY(arena, LoweredOp, 2 * (int64_t)lowering->count + 1), 0};
    for (int i = 0; i < lowering->count; i++) {
        LoweredOp lowered = lowering->ops[i];
        bool before = i > 0 && floats[i - 1];
        if (floats[i] && !before)
            append_bridge(arena, &mixed, OP_TO_FLOAT, lowered.op.name);
        if (before && !floats[i])
            append_bridge(arena, &mixed, OP_TO_INTEGER, lowering->ops[i - 1].op.name);
        if (floats[i])
            lowered.op.kind = FLOAT_KINDS[lowered.op.kind];
        append(&mixed, lowered);
    }
    if (floats[lowering->count - 1])
        append_bridge(arena, &mixed, OP_TO_INTEGER, lowering->ops[lowering->count - 1].op.name);
    *lowering = mixed;
}
