#include "quant/integer_op.h"

#include <string.h>

enum { BYTE_WEIGHT_BITS = 8 }; /* the widest weights that are multiplied as bytes */

struct IntegerOp {
    const Op *op;
    const IntegerKernels *kernels;
    Storage input, output;
    Storage operands; /* what is multiplied: the input, or shorts made of it */
    int64_t input_elements, output_elements;
    Rescale rescale;

    IntegerProduct product; /* convolution, dense: all but input, rows and output */
    int64_t row;            /* elements of a row of the frame */
    int64_t height;         /* rows of the frame */
    void *frame;            /* the image with its padding, or widened; NULL: the input itself */

    IntegerPool pool; /* pools: all but the window's part */
};

/* ---- storage ----------------------------------------------------------------------------------
 */

static int64_t width_of(Storage storage)
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

static Rescale rescale_of(Arena *arena, const Op *op, const IntegerOpSetup *setup)
{
    int64_t channels = op_channels(op), lanes = round_up(channels, INTEGER_BLOCK);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, lanes);
    double *ratios = ARENA_ARRAY(arena, double, lanes);
    float *small_ratios = ARENA_ARRAY(arena, float, lanes);
    for (int64_t c = 0; c < channels && op->requantizer_count > 0; c++) {
        requantizers[c] = op_requantizer(op, c);
        ratios[c] = ldexp(requantizers[c].multiplier, -requantizers[c].shift);
        small_ratios[c] = (float)ratios[c]; /* exact: M has 15 bits */
    }
    return (Rescale){.requantizers = requantizers,
                     .ratios = ratios,
                     .small_ratios = setup->bound <= RESCALE_SMALL ? small_ratios : NULL,
                     .zero_point = op->output.zero_point,
                     .low = op->low,
                     .high = op->high,
                     .storage = setup->output};
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
    int64_t per_group = TAP_BYTES / width_of(packed->operands), channels = p->columns;
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
    int64_t per_group = TAP_BYTES / width_of(packed->operands), channels = op_channels(packed->op);
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

/* Copies stored values, perhaps from bytes to shorts. Widening keeps them: only the offset of the
 * operands tells what they stand for. */
static void copy_operands(const IntegerOp *packed, const uint8_t *from, int64_t count, void *to)
{
    if (packed->operands.kind == packed->input.kind) {
        memcpy(to, from, (size_t)(count * width_of(packed->operands)));
        return;
    }
    int16_t *shorts = to;
    for (int64_t i = 0; i < count; i++)
        shorts[i] = from[i];
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

static void conv2d_pack(Arena *arena, IntegerOp *packed)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    const int64_t *in = op->input_shape.dim, *out = op->output_shape.dim;
    int64_t channels = shape_channels(op->input_shape);
    int64_t width = frame_size(in[1], w->pad_left, w->kernel_width, (out[1] - 1) * w->stride_width);
    packed->height =
        frame_size(in[0], w->pad_top, w->kernel_height, (out[0] - 1) * w->stride_height);
    packed->row = width * channels;
    bool framed = w->pad_top > 0 || w->pad_left > 0 || packed->height > in[0] || width > in[1];
    if (framed || packed->operands.kind != packed->input.kind)
        packed->frame = frame_new(arena, packed);
    pack_product(arena, packed, w->kernel_height, w->kernel_width * channels);
    packed->product.step = w->stride_width * channels;
    packed->product.segment_stride = packed->row;
    packed->product.rows = out[1];
}

static const uint8_t *fill_frame(const IntegerOp *packed, const uint8_t *image)
{
    const Op *op = packed->op;
    int64_t channels = shape_channels(op->input_shape), width = width_of(packed->operands);
    int64_t run = op->input_shape.dim[1] * channels;
    int64_t first = op->window.pad_top * packed->row + op->window.pad_left * channels;
    for (int64_t y = 0; y < op->input_shape.dim[0]; y++)
        copy_operands(packed, image + y * run * width_of(packed->input), run,
                      (uint8_t *)packed->frame + (first + y * packed->row) * width);
    return packed->frame;
}

static void conv2d_run(const IntegerOp *packed, const uint8_t *image, uint8_t *output)
{
    const Op *op = packed->op;
    const uint8_t *frame = packed->frame ? fill_frame(packed, image) : image;
    int64_t stride = op->window.stride_height * packed->row * width_of(packed->operands);
    int64_t written = op->output_shape.dim[1] * op_channels(op) * width_of(packed->output);
    IntegerProduct product = packed->product;
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++) {
        product.input = frame + y * stride;
        product.output = output + y * written;
        multiply(packed, &product);
    }
}

/* ---- dense ------------------------------------------------------------------------------------
 */

static void dense_pack(Arena *arena, IntegerOp *packed, int max_batch)
{
    if (packed->operands.kind != packed->input.kind)
        packed->frame = arena_alloc_array(
            arena, 1, (size_t)integer_storage_bytes(max_batch * packed->input_elements));
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
        pool.input = input + first * width_of(packed->input);
        pool.output = output + x * channels * width_of(packed->output);
        pool_call(packed, &pool);
    }
}

static void pool_run(const IntegerOp *packed, const uint8_t *image, uint8_t *output)
{
    const Op *op = packed->op;
    const Window *w = &op->window;
    int64_t written = op->output_shape.dim[1] * op_channels(op) * width_of(packed->output);
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++) {
        Span rows =
            span_of(y, w->stride_height, w->pad_top, w->kernel_height, op->input_shape.dim[0]);
        pool_row(packed, image, rows, output + y * written);
    }
}

static void pool_pack(IntegerOp *packed)
{
    const Op *op = packed->op;
    int64_t channels = op_channels(op);
    packed->pool = (IntegerPool){.row_stride = op->input_shape.dim[1] * channels,
                                 .step = op->window.stride_width * channels,
                                 .channels = channels,
                                 .rescale = &packed->rescale};
}

/* ---- the operation -----------------------------------------------------------------------------
 */

bool integer_op_is_packed(OpKind kind)
{
    return kind == OP_CONV2D || kind == OP_DENSE || kind == OP_MAX_POOL2D ||
           kind == OP_AVERAGE_POOL2D;
}

IntegerOp *integer_op_new(Arena *arena, const Op *op, const IntegerOpSetup *setup)
{
    assert(integer_op_is_packed(op->kind));
    IntegerOp *packed = ARENA_NEW(arena, IntegerOp);
    *packed = (IntegerOp){.op = op,
                          .kernels = setup->kernels,
                          .input = setup->input,
                          .output = setup->output,
                          .operands = setup->input,
                          .input_elements = shape_elements(op->input_shape),
                          .output_elements = shape_elements(op->output_shape),
                          .rescale = rescale_of(arena, op, setup)};
    if (op->weight_bits > BYTE_WEIGHT_BITS)
        packed->operands.kind = STORE_SHORTS;
    if (op->kind == OP_CONV2D)
        conv2d_pack(arena, packed);
    else if (op->kind == OP_DENSE)
        dense_pack(arena, packed, setup->max_batch);
    else
        pool_pack(packed);
    return packed;
}

void integer_op_run(const IntegerOp *packed, const void *input, int images, void *output)
{
    const uint8_t *from = input;
    uint8_t *to = output;
    int64_t read = packed->input_elements * width_of(packed->input);
    int64_t written = packed->output_elements * width_of(packed->output);
    if (packed->op->kind == OP_DENSE) {
        dense_run(packed, from, images, to);
        return;
    }
    for (int b = 0; b < images; b++, from += read, to += written) {
        if (packed->op->kind == OP_CONV2D)
            conv2d_run(packed, from, to);
        else
            pool_run(packed, from, to);
    }
}
