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

typedef struct Mix {
    const Lowering *before;
    Arena *arena;
    const bool *floats; /* for each operation before: it becomes floating point */
    Lowering after;
    int *integer; /* where its integers are: itself, or the bridge behind it */
    int *real;    /* where its floating-point values are; -1: nowhere yet */
} Mix;

static bool reads(const Op *op, int index)
{
    for (int k = 0; k < op->input_count; k++)
        if (op->inputs[k] == index)
            return true;
    return false;
}

/* Operation `index` hands on floating-point values only where no limit of a ReLU cuts them off: the
 * bridge does that, which clamps. */
static bool hands_on_floats(const Lowering *lowering, const bool *floats, int index)
{
    return floats[index] && lowering->ops[index].limit == 0;
}

/* True when operation `index` has readers, and all of them are of `wanted`. */
static bool all_readers(const Lowering *lowering, int index, const bool *wanted)
{
    int count = 0;
    for (int i = index + 1; i < lowering->count; i++)
        if (reads(&lowering->ops[i].op, index)) {
            count++;
            if (!wanted[i])
                return false;
        }
    return count > 0;
}

/* Layers as the scheme has it; pools when the layers on both sides of them are. */
static bool *choose(const Lowering *lowering, const Scheme *scheme, Arena *arena)
{
    bool *floats = ARENA_ARRAY(arena, bool, lowering->count);
    for (int i = lowering->count - 1; i > 0; i--) {
        const LoweredOp *lowered = &lowering->ops[i];
        OpKind kind = lowered->op.kind;
        bool has_kernel = kind == OP_CONV2D || kind == OP_DENSE;
        floats[i] = has_kernel ? scheme->layers[lowered->layer].is_float
                               : is_pool(kind) && all_readers(lowering, i, floats);
    }
    for (int i = 1; i < lowering->count; i++)
        if (is_pool(lowering->ops[i].op.kind))
            floats[i] =
                floats[i] && hands_on_floats(lowering, floats, lowering->ops[i].op.inputs[0]);
    return floats;
}

/* Appends `op` behind what was appended before it; returns its place. */
static int append(Mix *mix, const LoweredOp *op)
{
    mix->after.ops[mix->after.count] = *op;
    return mix->after.count++;
}

/* Hands on the values of the operation at `place`; named for `neighbour`. */
static int append_bridge(Mix *mix, int place, OpKind kind, const char *neighbour)
{
    LoweredOp *before = &mix->after.ops[place];
    LoweredOp bridge = *before;
    Shape shape = before->op.output_shape;
    bridge.op = (Op){.kind = kind,
                     .name = arena_printf(mix->arena, "%s.%s", neighbour, op_word(kind)),
                     .inputs = {place},
                     .input_count = 1,
                     .input_shape = shape,
                     .output_shape = shape};
    if (kind == OP_TO_FLOAT) {
        bridge.fused_relu = bridge.feeds_table = false;
        bridge.limit = 0;
        return append(mix, &bridge);
    }
    before->feeds_table = false; /* the bridge does */
    if (before->limit > 0) {     /* and it is the ReLU */
        before->fused_relu = false;
        before->before_activation = true;
        before->limit = 0;
    }
    return append(mix, &bridge);
}

/* Where operation `index` finds its input `k`, in the stream that it reads. */
static int input_of(Mix *mix, int index, int k)
{
    const Op *op = &mix->before->ops[index].op;
    int source = op->inputs[k];
    if (!mix->floats[index])
        return mix->integer[source];
    if (mix->real[source] < 0)
        mix->real[source] = append_bridge(mix, mix->integer[source], OP_TO_FLOAT, op->name);
    return mix->real[source];
}

/* True when a bridge to integers must stand behind operation `index`. */
static bool is_read_as_integers(const Mix *mix, int index)
{
    const Lowering *lowering = mix->before;
    for (int i = index + 1; i < lowering->count; i++)
        if (reads(&lowering->ops[i].op, index) && !mix->floats[i])
            return true;
    return index + 1 == lowering->count || lowering->ops[index].limit > 0;
}

static void add_operation(Mix *mix, int index)
{
    LoweredOp lowered = mix->before->ops[index];
    for (int k = 0; k < lowered.op.input_count; k++)
        lowered.op.inputs[k] = input_of(mix, index, k);
    if (mix->floats[index])
        lowered.op.kind = FLOAT_KINDS[lowered.op.kind];
    int place = append(mix, &lowered);
    mix->integer[index] = place;
    mix->real[index] = hands_on_floats(mix->before, mix->floats, index) ? place : -1;
    if (mix->floats[index] && is_read_as_integers(mix, index))
        mix->integer[index] = append_bridge(mix, place, OP_TO_INTEGER, lowered.op.name);
}

void lower_floats(const Scheme *scheme, Arena *arena, Lowering *lowering)
{
    /* At most one bridge on each side of an operation. */
    Mix mix = {.before = lowering,
               .arena = arena,
               .floats = choose(lowering, scheme, arena),
               .after = {ARENA_ARRAY(arena, LoweredOp, 3 * (int64_t)lowering->count), 0},
               .integer = ARENA_ARRAY(arena, int, lowering->count),
               .real = ARENA_ARRAY(arena, int, lowering->count)};
    for (int i = 0; i < lowering->count; i++)
        add_operation(&mix, i);
    *lowering = mix.after;
}
