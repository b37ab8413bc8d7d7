#include "quant/integer_moves.h"

#include <string.h>

/* What becomes of the values of an input: what is stored there, by what was stored. */
typedef struct Translation {
    Storage from;
    int32_t first;   /* stored value that entry 0 is for */
    int16_t *stored; /* NULL: they are stored the same */
    bool to_bytes;   /* in the output */
} Translation;

struct IntegerMoves {
    const Op *op;
    Storage storage; /* of the output */
    int64_t width;   /* bytes of a value there */
    int64_t channels[OP_MAX_INPUTS];
    Translation translations[OP_MAX_INPUTS]; /* of a concatenation */
    uint8_t *border;                         /* a row of the zero point, of a zero padding */
};

/* ---- zero padding ---------------------------------------------------------------------------- */

static void pack_zero_pad(Arena *arena, IntegerMoves *moves)
{
    const Op *op = moves->op;
    int64_t count = op->output_shape.dim[1] * op_channels(op);
    int32_t zero = op->output.zero_point;
    moves->border = arena_alloc(arena, (size_t)integer_storage_bytes(count));
    for (int64_t i = 0; i < count; i++)
        integer_storage_narrow(moves->storage, &zero, i, 1, moves->border);
}

static void run_zero_pad(const IntegerMoves *moves, const void *const *inputs, uint8_t *to)
{
    const Op *op = moves->op;
    const Window *w = &op->window;
    const uint8_t *from = inputs[0];
    size_t pixel = (size_t)(op_channels(op) * moves->width);
    size_t row = (size_t)op->output_shape.dim[1] * pixel;
    size_t inner = (size_t)op->input_shape.dim[1] * pixel;
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++, to += row) {
        memcpy(to, moves->border, row);
        if (y < w->pad_top || y >= w->pad_top + op->input_shape.dim[0])
            continue;
        memcpy(to + (size_t)w->pad_left * pixel, from, inner);
        from += inner;
    }
}

/* ---- upsampling ------------------------------------------------------------------------------ */

static void run_upsample(const IntegerMoves *moves, const void *const *inputs, uint8_t *to)
{
    const Op *op = moves->op;
    const uint8_t *from = inputs[0];
    size_t pixel = (size_t)(op_channels(op) * moves->width);
    size_t row = (size_t)op->output_shape.dim[1] * pixel;
    for (int64_t y = 0; y < op->input_shape.dim[0]; y++) {
        uint8_t *first = to;
        for (int64_t x = 0; x < op->input_shape.dim[1]; x++, from += pixel)
            for (int n = 0; n < op->factor_width; n++, to += pixel)
                memcpy(to, from, pixel);
        for (int n = 1; n < op->factor_height; n++, to += row)
            memcpy(to, first, row);
    }
}

/* ---- concatenation --------------------------------------------------------------------------- */

/* A requantization is a function of one value: one entry for each that the input may have. */
static void pack_translation(Arena *arena, IntegerMoves *moves, int k, QuantParam input)
{
    const Op *op = moves->op;
    Translation *translation = &moves->translations[k];
    int64_t count = (int64_t)input.high - input.low + 1;
    bool same = translation->from.kind == moves->storage.kind;
    translation->first = input.low - translation->from.offset;
    translation->stored = ARENA_ARRAY(arena, int16_t, count);
    for (int64_t i = 0; i < count; i++) {
        int32_t q = fixed_requantize(input.low + i - input.zero_point, op_requantizer(op, k),
                                     op->output.zero_point, op->low, op->high);
        translation->stored[i] = (int16_t)(q - moves->storage.offset);
        same = same && translation->stored[i] == translation->first + i;
    }
    if (same)
        translation->stored = NULL;
}

static int32_t stored_value(const void *from, StorageKind kind, int64_t at)
{
    return kind == STORE_BYTES ? ((const uint8_t *)from)[at] : ((const int16_t *)from)[at];
}

static void translate(const Translation *by, const void *from, int64_t first, int64_t count,
                      void *to)
{
    uint8_t *bytes = to;
    int16_t *shorts = to;
    for (int64_t i = 0; i < count; i++) {
        int16_t value = by->stored[stored_value(from, by->from.kind, first + i) - by->first];
        if (by->to_bytes)
            bytes[i] = (uint8_t)value;
        else
            shorts[i] = value;
    }
}

static void run_concat(const IntegerMoves *moves, const void *const *inputs, uint8_t *to)
{
    const Op *op = moves->op;
    int64_t pixels = shape_elements(op->output_shape) / op_channels(op);
    for (int64_t p = 0; p < pixels; p++)
        for (int k = 0; k < op->input_count; k++) {
            int64_t count = moves->channels[k], first = p * count;
            if (moves->translations[k].stored)
                translate(&moves->translations[k], inputs[k], first, count, to);
            else
                memcpy(to, (const uint8_t *)inputs[k] + first * moves->width,
                       (size_t)(count * moves->width));
            to += count * moves->width;
        }
}

/* ---- any of them ----------------------------------------------------------------------------- */

typedef void RunMoves(const IntegerMoves *moves, const void *const *inputs, uint8_t *to);

static RunMoves *const RUN[OP_KINDS] = {
    [OP_ZERO_PAD2D] = run_zero_pad,
    [OP_CONCAT] = run_concat,
    [OP_UPSAMPLE2D] = run_upsample,
};

IntegerMoves *integer_moves_new(Arena *arena, const Op *op, const IntegerOpSetup *setup)
{
    assert(RUN[op->kind]);
    IntegerMoves *moves = ARENA_NEW(arena, IntegerMoves);
    moves->op = op;
    moves->storage = integer_storage(op, setup->kernels);
    moves->width = integer_storage_width(moves->storage);
    for (int k = 0; k < op->input_count; k++) {
        moves->channels[k] = op_channels(setup->sources[k]);
        moves->translations[k].to_bytes = moves->storage.kind == STORE_BYTES;
        moves->translations[k].from = integer_storage(setup->sources[k], setup->kernels);
        if (op->kind == OP_CONCAT)
            pack_translation(arena, moves, k, setup->sources[k]->output);
    }
    if (op->kind == OP_ZERO_PAD2D)
        pack_zero_pad(arena, moves);
    return moves;
}

void integer_moves_run(const IntegerMoves *moves, const void *const *inputs, void *output)
{
    RUN[moves->op->kind](moves, inputs, output);
}
