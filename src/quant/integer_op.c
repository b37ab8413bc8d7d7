#include "quant/integer_op.h"

#include <string.h>

#include "quant/integer_moves.h"

enum { BYTE_WEIGHT_BITS = 8 }; /* the widest weights that are multiplied as bytes */

struct IntegerOp {
    const Op *op;
    const IntegerKernels *kernels;
    Storage input, output;
    Storage operands; /* what is multiplied: the input, or shorts made of it */
    int64_t input_elements, output_elements;
    Storage inputs[OP_MAX_INPUTS]; /* `input` is the first */
    int64_t image_bytes[OP_MAX_INPUTS];
    int64_t bound;
    int max_batch;
    Rescale rescale;

    IntegerProduct product; /* convolution, dense: all but input, rows and output */
    int64_t row;            /* elements of a row of the frame */
    int64_t height;         /* rows of the frame */
    int64_t copies;         /* of each channel in the frame, one for each of its kernels */
    void *frame;            /* the image with its padding, or widened; NULL: the input itself */

    IntegerLanes lanes;     /* depthwise convolution, addition: all but inputs and output */
    const void **positions; /* the inputs of `lanes` */
    void **widened; /* for each input of an addition: room for its shorts; NULL: not needed */

    IntegerMoves *moves; /* operations that only move values */

    IntegerPool pool; /* pools: all but the window's part */
};

/* ---- storage ----------------------------------------------------------------------------------
 */

int64_t integer_storage_width(Storage storage)
{
    return storage.kind == STORE_BYTES ? 1 : 2;
}

static Storage as_shorts(const QuantParam *format)
{
    bool fits = format->low >= INT16_MIN && format->high <= INT16_MAX;
    return (Storage){STORE_SHORTS, fits ? 0 : format->low - INT16_MIN};
}

Storage integer_storage(const Op *op, const IntegerKernels *kernels)
{
    const QuantParam *format = &op->output;
    if (kernels->multiply8 && format->high - format->low <= UINT8_MAX)
        return (Storage){STORE_BYTES, format->low};
    return as_shorts(format);
}

int64_t integer_storage_bytes(int64_t count)
{
    return (count + 2 * INTEGER_BLOCK) * (int64_t)sizeof(int16_t);
}

void integer_storage_widen(Storage storage, const void *stored, int64_t first, int64_t count,
                           int32_t *values)
{
    const uint8_t *bytes = (const uint8_t *)stored + first;
    const int16_t *shorts = (const int16_t *)stored + first;
    if (storage.kind == STORE_BYTES)
        for (int64_t i = 0; i < count; i++)
            values[i] = bytes[i] + storage.offset;
    else
        for (int64_t i = 0; i < count; i++)
            values[i] = shorts[i] + storage.offset;
}

void integer_storage_narrow(Storage storage, const int32_t *values, int64_t first, int64_t count,
                            void *stored)
{
    uint8_t *bytes = (uint8_t *)stored + first;
    int16_t *shorts = (int16_t *)stored + first;
    if (storage.kind == STORE_BYTES)
        for (int64_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)(values[i] - storage.offset);
    else
        for (int64_t i = 0; i < count; i++)
            shorts[i] = (int16_t)(values[i] - storage.offset);
}

/* ---- products: weights and bias -----------------------------------------------------------------
 */

static int64_t round_up(int64_t count, int64_t step)
{
    return (count + step - 1) / step * step;
}

static Rescale rescale_of(Arena *arena, const IntegerOp *packed)
{
    const Op *op = packed->op;
    int64_t channels = op_channels(op), lanes = round_up(channels, INTEGER_BLOCK);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, lanes);
    double *ratios = ARENA_ARRAY(arena, double, lanes);
    float *small_ratios = ARENA_ARRAY(arena, float, lanes);
    int64_t count = op->requantizer_count > 1 ? channels : op->requantizer_count * lanes;
    for (int64_t c = 0; c < count; c++) {
        requantizers[c] = op_requantizer(op, c);
        ratios[c] = ldexp(requantizers[c].multiplier, -requantizers[c].shift);
        small_ratios[c] = (float)ratios[c]; /* exact: M has 15 bits */
    }
    return (Rescale){.requantizers = requantizers,
                     .ratios = ratios,
                     .small_ratios = packed->bound <= RESCALE_SMALL ? small_ratios : NULL,
                     .zero_point = op->output.zero_point,
                     .low = op->low,
                     .high = op->high,
                     .storage = packed->output};
}

/* The product is over stored values v = q - offset, and the layer is sum w * q, its own bias
 * holding -Z * sum w already: the bias takes offset * sum w. Modulo 2^32, as the sums. */
static const int32_t *lanes_of_bias(Arena *arena, const IntegerOp *packed, int64_t lanes)
{
    const Op *op = packed->op;
    int64_t channels = op_channels(op), terms = op_weight_count(op) / channels;
    uint32_t *bias = ARENA_ARRAY(arena, uint32_t, lanes);
    uint32_t correction = (uint32_t)packed->operands.offset;
    for (int64_t c = 0; c < channels; c++) {
        uint32_t sum = 0;
        for (int64_t t = 0; t < terms; t++)
            sum += (uint32_t)op->weights[t * channels + c];
        bias[c] = (op->bias ? (uint32_t)op->bias[c] : 0) + correction * sum;
    }
    return (const int32_t *)bias;
}

/* (segments * run, channels) int32 -> (segments * groups, lanes, group) of bytes or shorts. */
static const void *taps_of(Arena *arena, const IntegerOp *packed, int64_t run)
{
    const IntegerProduct *p = &packed->product;
    int64_t per_group = TAP_BYTES / integer_storage_width(packed->operands), channels = p->columns;
    int8_t *bytes = ARENA_ARRAY(arena, int8_t, p->segments * p->groups * p->lanes * TAP_BYTES);
    int16_t *shorts = (int16_t *)(void *)bytes;
    for (int64_t s = 0; s < p->segments; s++)
        for (int64_t t = 0; t < run; t++)
            for (int64_t c = 0; c < channels; c++) {
                int32_t weight = packed->op->weights[(s * run + t) * channels + c];
                int64_t group = s * p->groups + t / per_group;
                int64_t at = (group * p->lanes + c) * per_group + t % per_group;
                if (packed->operands.kind == STORE_BYTES)
                    bytes[at] = (int8_t)weight;
                else
                    shorts[at] = (int16_t)weight;
            }
    return bytes;
}

static void pack_product(Arena *arena, IntegerOp *packed, int64_t segments, int64_t run)
{
    int64_t per_group = TAP_BYTES / integer_storage_width(packed->operands),
            channels = op_channels(packed->op);
    packed->product.segments = segments;
    packed->product.groups = round_up(run, per_group) / per_group;
    packed->product.columns = channels;
    packed->product.lanes = round_up(channels, INTEGER_BLOCK);
    packed->product.bias = lanes_of_bias(arena, packed, packed->product.lanes);
    packed->product.taps = taps_of(arena, packed, run);
    packed->product.rescale = &packed->rescale;
}

static void multiply(const IntegerOp *packed, const IntegerProduct *product)
{
    if (packed->operands.kind == STORE_BYTES)
        packed->kernels->multiply8(product);
    else
        packed->kernels->multiply16(product);
}

/* Bytes to shorts keep their values: only the offset of the operands tells what they stand for. */
static void widen_bytes(const uint8_t *from, int64_t count, int16_t *shorts)
{
    for (int64_t i = 0; i < count; i++)
        shorts[i] = from[i];
}

static void repeat_bytes(const uint8_t *from, int64_t count, int64_t copies, uint8_t *to)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t m = 0; m < copies; m++)
            *to++ = from[i];
}

static void repeat_shorts(const int16_t *from, int64_t count, int64_t copies, int16_t *to)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t m = 0; m < copies; m++)
            *to++ = from[i];
}

/* Copies stored values, perhaps from bytes to shorts, perhaps several times each. */
static void copy_operands(const IntegerOp *packed, const void *from, int64_t count, void *to)
{
    if (packed->copies > 1 && packed->operands.kind == STORE_BYTES)
        repeat_bytes(from, count, packed->copies, to);
    else if (packed->copies > 1)
        repeat_shorts(from, count, packed->copies, to);
    else if (packed->operands.kind == packed->input.kind)
        memcpy(to, from, (size_t)(count * integer_storage_width(packed->operands)));
    else
        widen_bytes(from, count, to);
}

/* ---- convolution -------------------------------------------------------------------------------
 */

/* The frame is as large as windows reach; it is all padding, the zero point, until images come. */
static void *frame_new(Arena *arena, const IntegerOp *packed)
{
    int64_t count = packed->height * packed->row;
    void *frame = arena_alloc_array(arena, 1, (size_t)integer_storage_bytes(count));
    int32_t padding = packed->op->input.zero_point;
    for (int64_t i = 0; i < count; i++)
        integer_storage_narrow(packed->operands, &padding, i, 1, frame);
    return frame;
}

static int64_t frame_size(int64_t size, int before, int kernel, int64_t reach)
{
    int64_t needed = reach + kernel, placed = size + before;
    return needed > placed ? needed : placed;
}

/* A frame only where the image itself, in the storage of the operands, is not one. */
static void frame_pack(Arena *arena, IntegerOp *packed, int64_t copies)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    const int64_t *in = op->input_shape.dim, *out = op->output_shape.dim;
    int64_t width = frame_size(in[1], w->pad_left, w->kernel_width, (out[1] - 1) * w->stride_width);
    packed->copies = copies;
    packed->height =
        frame_size(in[0], w->pad_top, w->kernel_height, (out[0] - 1) * w->stride_height);
    packed->row = width * shape_channels(op->input_shape) * copies;
    bool framed = w->pad_top > 0 || w->pad_left > 0 || packed->height > in[0] || width > in[1];
    if (framed || copies > 1 || packed->operands.kind != packed->input.kind)
        packed->frame = frame_new(arena, packed);
}

static void conv2d_pack(Arena *arena, IntegerOp *packed)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    int64_t channels = shape_channels(op->input_shape);
    frame_pack(arena, packed, 1);
    pack_product(arena, packed, w->kernel_height, w->kernel_width * channels);
    packed->product.step = w->stride_width * channels;
    packed->product.segment_stride = packed->row;
    packed->product.rows = op->output_shape.dim[1];
}

static const uint8_t *fill_frame(const IntegerOp *packed, const uint8_t *image)
{
    const Op *op = packed->op;
    int64_t channels = shape_channels(op->input_shape);
    int64_t run = op->input_shape.dim[1] * channels;
    int64_t first =
        op->window.pad_top * packed->row + op->window.pad_left * channels * packed->copies;
    int64_t width = integer_storage_width(packed->operands);
    for (int64_t y = 0; y < op->input_shape.dim[0]; y++)
        copy_operands(packed, image + y * run * integer_storage_width(packed->input), run,
                      (uint8_t *)packed->frame + (first + y * packed->row) * width);
    return packed->frame;
}

static void conv2d_run(const IntegerOp *packed, const uint8_t *image, uint8_t *output)
{
    const Op *op = packed->op;
    const uint8_t *frame = packed->frame ? fill_frame(packed, image) : image;
    int64_t stride =
        op->window.stride_height * packed->row * integer_storage_width(packed->operands);
    int64_t written =
        op->output_shape.dim[1] * op_channels(op) * integer_storage_width(packed->output);
    IntegerProduct product = packed->product;
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++) {
        product.input = frame + y * stride;
        product.output = output + y * written;
        multiply(packed, &product);
    }
}

/* ---- channels by themselves --------------------------------------------------------------------
 */

static int16_t *taps_of_lanes(Arena *arena, const IntegerLanes *lanes)
{
    return ARENA_ARRAY(arena, int16_t, 2 * lanes->pairs * lanes->lanes);
}

static void lanes_pack(Arena *arena, IntegerOp *packed, int64_t inputs, int64_t columns)
{
    IntegerLanes *p = &packed->lanes;
    *p = (IntegerLanes){.pairs = (inputs + 1) / 2,
                        .columns = columns,
                        .lanes = round_up(columns, INTEGER_BLOCK),
                        .rescale = &packed->rescale};
    packed->positions = ARENA_ARRAY(arena, const void *, 2 * p->pairs);
    p->inputs = packed->positions;
}

/* Where an odd input has no other beside it, itself is there, with a tap of 0. */
static void multiply_lanes(const IntegerOp *packed, int64_t inputs, int64_t rows, void *output)
{
    IntegerLanes lanes = packed->lanes;
    if (inputs % 2 != 0)
        packed->positions[inputs] = packed->positions[inputs - 1];
    lanes.rows = rows;
    lanes.output = output;
    if (packed->operands.kind == STORE_BYTES)
        packed->kernels->lanes8(&lanes);
    else
        packed->kernels->lanes16(&lanes);
}

static void depthwise_pack(Arena *arena, IntegerOp *packed)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    int64_t channels = op_channels(op), count = (int64_t)w->kernel_height * w->kernel_width;
    packed->operands = packed->input; /* taps are shorts in any case */
    frame_pack(arena, packed, channels / shape_channels(op->input_shape));
    lanes_pack(arena, packed, count, channels);
    int16_t *taps = taps_of_lanes(arena, &packed->lanes);
    for (int64_t t = 0; t < count; t++)
        for (int64_t c = 0; c < channels; c++)
            taps[2 * (t / 2 * packed->lanes.lanes + c) + t % 2] =
                (int16_t)op->weights[t * channels + c];
    packed->lanes.taps = taps;
    packed->lanes.bias = lanes_of_bias(arena, packed, packed->lanes.lanes);
    packed->lanes.step = w->stride_width * channels;
}

static void depthwise_run(const IntegerOp *packed, const uint8_t *image, uint8_t *output)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    const uint8_t *frame = packed->frame ? fill_frame(packed, image) : image;
    int64_t width = integer_storage_width(packed->operands), channels = op_channels(op);
    int64_t written = op->output_shape.dim[1] * channels * integer_storage_width(packed->output);
    int64_t count = (int64_t)w->kernel_height * w->kernel_width;
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++) {
        for (int64_t t = 0; t < count; t++) {
            int64_t row = y * w->stride_height + t / w->kernel_width;
            packed->positions[t] =
                frame + (row * packed->row + t % w->kernel_width * channels) * width;
        }
        multiply_lanes(packed, count, op->output_shape.dim[1], output + y * written);
    }
}

/* ---- addition ----------------------------------------------------------------------------------
 */

/* Values in blocks, one after the other; all inputs as bytes, or all as shorts. */
static void add_pack(Arena *arena, IntegerOp *packed)
{
    const Op *op = packed->op;
    int32_t *bias = ARENA_ARRAY(arena, int32_t, INTEGER_BLOCK);
    uint32_t sum = op->bias ? (uint32_t)op->bias[0] : 0;
    lanes_pack(arena, packed, op->input_count, INTEGER_BLOCK);
    packed->lanes.step = INTEGER_BLOCK;
    int16_t *taps = taps_of_lanes(arena, &packed->lanes);
    packed->operands.kind = STORE_BYTES;
    for (int k = 0; k < op->input_count; k++) {
        sum += (uint32_t)packed->inputs[k].offset * (uint32_t)op->weights[k];
        if (packed->inputs[k].kind == STORE_SHORTS)
            packed->operands.kind = STORE_SHORTS;
        for (int64_t lane = 0; lane < INTEGER_BLOCK; lane++)
            taps[2 * (k / 2 * INTEGER_BLOCK + lane) + k % 2] = (int16_t)op->weights[k];
    }
    for (int lane = 0; lane < INTEGER_BLOCK; lane++)
        bias[lane] = (int32_t)sum;
    packed->lanes.taps = taps;
    packed->lanes.bias = bias;
    packed->widened = ARENA_ARRAY(arena, void *, op->input_count);
    for (int k = 0; k < op->input_count; k++)
        if (packed->inputs[k].kind != packed->operands.kind)
            packed->widened[k] =
                arena_alloc(arena, (size_t)integer_storage_bytes(packed->output_elements));
}

static void add_run(const IntegerOp *packed, const void *const *inputs, uint8_t *output)
{
    int count = packed->op->input_count;
    for (int k = 0; k < count; k++) {
        packed->positions[k] = inputs[k];
        if (packed->widened[k]) {
            widen_bytes(inputs[k], packed->output_elements, packed->widened[k]);
            packed->positions[k] = packed->widened[k];
        }
    }
    multiply_lanes(packed, count, round_up(packed->output_elements, INTEGER_BLOCK) / INTEGER_BLOCK,
                   output);
}

/* ---- dense ------------------------------------------------------------------------------------
 */

static void dense_pack(Arena *arena, IntegerOp *packed)
{
    int64_t operands = packed->max_batch * packed->input_elements;
    if (packed->operands.kind != packed->input.kind)
        packed->frame = arena_alloc_array(arena, 1, (size_t)integer_storage_bytes(operands));
    pack_product(arena, packed, 1, packed->input_elements);
    packed->product.step = packed->input_elements;
}

static void dense_run(const IntegerOp *packed, const uint8_t *input, int images, void *output)
{
    IntegerProduct product = packed->product;
    if (packed->frame)
        copy_operands(packed, input, images * packed->input_elements, packed->frame);
    product.input = packed->frame ? packed->frame : input;
    product.rows = images;
    product.output = output;
    multiply(packed, &product);
}

/* ---- pools ------------------------------------------------------------------------------------
 */

/* The window's part inside the image: positions first..last-1 of the kernel. */
typedef struct Span {
    int64_t origin; /* image row or column of kernel position 0; may be negative */
    int64_t first, last;
} Span;

static Span span_of(int64_t position, int stride, int pad, int kernel, int64_t size)
{
    Span span = {.origin = position * stride - pad};
    span.first = span.origin < 0 ? -span.origin : 0;
    span.last = span.origin + kernel > size ? size - span.origin : kernel;
    return span;
}

static Span span_of_column(const Op *op, int64_t x)
{
    const Window *w = &op->window;
    return span_of(x, w->stride_width, w->pad_left, w->kernel_width, op->input_shape.dim[1]);
}

static void pool_call(const IntegerOp *packed, const IntegerPool *pool)
{
    const IntegerKernels *k = packed->kernels;
    bool bytes = packed->input.kind == STORE_BYTES;
    IntegerPooling *maximum = bytes ? k->max_pool8 : k->max_pool16;
    IntegerPooling *sum = bytes ? k->sum_pool8 : k->sum_pool16;
    (packed->op->kind == OP_MAX_POOL2D ? maximum : sum)(pool);
}

/* Positions of one row whose windows have the same part inside the image go together. */
static void pool_row(const IntegerOp *packed, const uint8_t *input, Span rows, uint8_t *output)
{
    const Op *op = packed->op;
    int64_t channels = op_channels(op), columns = op->output_shape.dim[1];
    IntegerPool pool = packed->pool;
    pool.height = rows.last - rows.first;
    for (int64_t x = 0; x < columns; x += pool.positions) {
        Span span = span_of_column(op, x);
        pool.width = span.last - span.first;
        for (pool.positions = 1; x + pool.positions < columns; pool.positions++) {
            Span next = span_of_column(op, x + pool.positions);
            if (next.first != span.first || next.last != span.last)
                break;
        }
        int64_t first =
            (rows.origin + rows.first) * pool.row_stride + (span.origin + span.first) * channels;
        uint32_t lift = (uint32_t)packed->input.offset * (uint32_t)(pool.height * pool.width);
        pool.bias = (int32_t)((uint32_t)op_pool_bias(op) + lift);
        pool.input = input + first * integer_storage_width(packed->input);
        pool.output = output + x * channels * integer_storage_width(packed->output);
        pool_call(packed, &pool);
    }
}

static void pool_run(const IntegerOp *packed, const uint8_t *image, uint8_t *output)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    int64_t written =
        op->output_shape.dim[1] * op_channels(op) * integer_storage_width(packed->output);
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++) {
        Span rows =
            span_of(y, w->stride_height, w->pad_top, w->kernel_height, op->input_shape.dim[0]);
        pool_row(packed, image, rows, output + y * written);
    }
}

static void pool_pack(Arena *arena, IntegerOp *packed)
{
    (void)arena;
    const Op *op = packed->op;
    int64_t channels = op_channels(op);
    packed->pool = (IntegerPool){.row_stride = op->input_shape.dim[1] * channels,
                                 .step = op->window.stride_width * channels,
                                 .channels = channels,
                                 .rescale = &packed->rescale};
}

/* ---- the operation -----------------------------------------------------------------------------
 */

static void moves_run(const IntegerOp *packed, const void *const *inputs, uint8_t *output)
{
    integer_moves_run(packed->moves, inputs, output);
}

/* How a kind is laid out, and how one image goes through it; one row each. */
typedef struct PackedKind {
    void (*pack)(Arena *arena, IntegerOp *packed);
    void (*run)(const IntegerOp *packed, const uint8_t *image, uint8_t *output);
    void (*join)(const IntegerOp *packed, const void *const *inputs, uint8_t *output);
} PackedKind;

static const PackedKind KINDS[OP_KINDS] = {
    [OP_CONV2D] = {conv2d_pack, conv2d_run, NULL},
    [OP_DENSE] = {dense_pack, NULL, NULL}, /* all images at once */
    [OP_MAX_POOL2D] = {pool_pack, pool_run, NULL},
    [OP_AVERAGE_POOL2D] = {pool_pack, pool_run, NULL},
    [OP_DEPTHWISE_CONV2D] = {depthwise_pack, depthwise_run, NULL},
    [OP_ADD] = {add_pack, NULL, add_run},
    [OP_ZERO_PAD2D] = {NULL, NULL, moves_run},
    [OP_CONCAT] = {NULL, NULL, moves_run},
    [OP_UPSAMPLE2D] = {NULL, NULL, moves_run},
};

bool integer_op_is_packed(OpKind kind)
{
    return KINDS[kind].pack || KINDS[kind].join;
}

IntegerOp *integer_op_new(Arena *arena, const Op *op, const IntegerOpSetup *setup)
{
    assert(integer_op_is_packed(op->kind));
    IntegerOp *packed = ARENA_NEW(arena, IntegerOp);
    *packed = (IntegerOp){.op = op,
                          .kernels = setup->kernels,
                          .output = integer_storage(op, setup->kernels),
                          .input_elements = shape_elements(op->input_shape),
                          .output_elements = shape_elements(op->output_shape),
                          .bound = setup->bound,
                          .max_batch = setup->max_batch};
    for (int k = 0; k < op->input_count; k++) {
        packed->inputs[k] = integer_storage(setup->sources[k], setup->kernels);
        packed->image_bytes[k] = shape_elements(setup->sources[k]->output_shape) *
                                 integer_storage_width(packed->inputs[k]);
    }
    packed->input = packed->operands = packed->inputs[0];
    if (op->weight_bits > BYTE_WEIGHT_BITS)
        packed->operands.kind = STORE_SHORTS;
    if (!KINDS[op->kind].pack) {
        packed->moves = integer_moves_new(arena, op, setup);
        return packed;
    }
    packed->rescale = rescale_of(arena, packed);
    KINDS[op->kind].pack(arena, packed);
    return packed;
}

void integer_op_run(const IntegerOp *packed, const void *const *inputs, int images, void *output)
{
    const PackedKind *kind = &KINDS[packed->op->kind];
    if (packed->op->kind == OP_DENSE) {
        dense_run(packed, inputs[0], images, output);
        return;
    }
    uint8_t *to = output;
    for (int b = 0; b < images; b++) {
        const void *from[OP_MAX_INPUTS] = {NULL};
        for (int k = 0; k < packed->op->input_count; k++)
            from[k] = (const uint8_t *)inputs[k] + b * packed->image_bytes[k];
        if (kind->join)
            kind->join(packed, from, to);
        else
            kind->run(packed, from[0], to);
        to += packed->output_elements * integer_storage_width(packed->output);
    }
}
