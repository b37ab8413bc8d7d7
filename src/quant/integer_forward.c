/* integer_forward.c: one kernel per kind of operation, run image by image.
 *
 * Weights and operands fit in 16 bits (integer_model.h), so that a sum of products is a dot product
 * of int16 vectors: the weights of each output channel are repacked as one row, padded with zeros
 * to a multiple of DOT_STEP. int32 sums cannot overflow: integer_model_prove() showed it, for any
 * order of addition.
 */
#include "quant/integer_forward.h"

#include <string.h>

#include "quant/float_op.h"

enum { DOT_STEP = 16 };

/* One operation with its weights repacked. */
typedef struct Stage {
    const Op *op;
    int64_t input_elements, output_elements;
    int64_t terms;   /* products per output, rounded up to DOT_STEP */
    int16_t *rows;   /* (channels, terms) */
    FloatOp *real;   /* of a floating-point operation or a bridge */
    int32_t *values; /* (max batch, output elements) */
} Stage;

struct IntegerForward {
    Arena *arena;
    Stage *stages;
    int count;
    int max_batch;
    int16_t *narrow; /* an operation's input, as 16 bits, then zeros up to DOT_STEP */
    int16_t *patch;  /* what a convolution's window sees, then zeros */
};

static int64_t round_up(int64_t count)
{
    return (count + DOT_STEP - 1) / DOT_STEP * DOT_STEP;
}

/* `count` is a multiple of DOT_STEP. The inner loop of fixed length becomes vector code. */
static int32_t dot(const int16_t *restrict a, const int16_t *restrict b, int64_t count)
{
    int32_t sum = 0;
    for (int64_t i = 0; i < count; i += DOT_STEP)
        for (int k = 0; k < DOT_STEP; k++)
            sum += (int32_t)a[i + k] * b[i + k];
    return sum;
}

static int32_t finish(const Op *op, int64_t accumulator, int64_t channel)
{
    return fixed_requantize(accumulator, op_requantizer(op, channel), op->output.zero_point,
                            op->low, op->high);
}

static void narrow_input(IntegerForward *forward, const Stage *stage, const int32_t *input)
{
    for (int64_t i = 0; i < stage->input_elements; i++)
        forward->narrow[i] = (int16_t)input[i];
}

/* All output channels of one position, from `operands` (terms). */
static void dot_channels(const Stage *stage, const int16_t *operands, int32_t *output)
{
    const Op *op = stage->op;
    int64_t channels = op_channels(op);
    for (int64_t c = 0; c < channels; c++) {
        int32_t bias = op->bias ? op->bias[c] : 0;
        int32_t sum = bias + dot(operands, stage->rows + c * stage->terms, stage->terms);
        output[c] = finish(op, sum, c);
    }
}

/* ---- kernels: input and output are those of one image -------------------------------------------
 */

typedef void Kernel(IntegerForward *forward, const Stage *stage, const int32_t *input,
                    int32_t *output);

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

static Span span_rows(const Op *op, int64_t y)
{
    const Window *w = &op->window;
    return span_of(y, w->stride_height, w->pad_top, w->kernel_height, op->input_shape.dim[0]);
}

static Span span_columns(const Op *op, int64_t x)
{
    const Window *w = &op->window;
    return span_of(x, w->stride_width, w->pad_left, w->kernel_width, op->input_shape.dim[1]);
}

/* Copies what the window sees to the patch; padding is 0, the zero point. */
static void gather_patch(IntegerForward *forward, const Op *op, Span rows, Span columns)
{
    int64_t channels = shape_channels(op->input_shape);
    int64_t row_terms = op->window.kernel_width * channels;
    int64_t run = (columns.last - columns.first) * channels;
    int64_t image_row = op->input_shape.dim[1] * channels;
    if (rows.last - rows.first < op->window.kernel_height || run < row_terms)
        memset(forward->patch, 0,
               (size_t)(op->window.kernel_height * row_terms) * sizeof *forward->patch);
    for (int64_t ky = rows.first; ky < rows.last; ky++) {
        const int16_t *from = forward->narrow + (rows.origin + ky) * image_row +
                              (columns.origin + columns.first) * channels;
        int16_t *to = forward->patch + ky * row_terms + columns.first * channels;
        memcpy(to, from, (size_t)run * sizeof *to);
    }
}

static void run_conv2d(IntegerForward *forward, const Stage *stage, const int32_t *input,
                       int32_t *output)
{
    const Op *op = stage->op;
    narrow_input(forward, stage, input);
    /* Whatever an earlier, larger window left behind the last term meets zeros in the weights. */
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++)
        for (int64_t x = 0; x < op->output_shape.dim[1]; x++) {
            gather_patch(forward, op, span_rows(op, y), span_columns(op, x));
            dot_channels(stage, forward->patch, output);
            output += op_channels(op);
        }
}

static void run_dense(IntegerForward *forward, const Stage *stage, const int32_t *input,
                      int32_t *output)
{
    narrow_input(forward, stage, input);
    dot_channels(stage, forward->narrow, output);
}

static void run_affine(IntegerForward *forward, const Stage *stage, const int32_t *input,
                       int32_t *output)
{
    (void)forward;
    const Op *op = stage->op;
    int64_t channels = op_channels(op);
    for (int64_t i = 0; i < stage->output_elements; i++) {
        int64_t c = i % channels;
        int32_t bias = op->bias ? op->bias[c] : 0;
        output[i] = finish(op, bias + (int64_t)op->weights[c] * input[i], c);
    }
}

/* Maximum, or sum, of channel `c` over the part of the window that is inside the image. */
static int64_t pool_window(const Op *op, const int32_t *input, Span rows, Span columns, int64_t c)
{
    int64_t channels = shape_channels(op->input_shape), width = op->input_shape.dim[1];
    bool maximum = op->kind == OP_MAX_POOL2D;
    int64_t result = maximum ? INT32_MIN : 0;
    for (int64_t ky = rows.first; ky < rows.last; ky++)
        for (int64_t kx = columns.first; kx < columns.last; kx++) {
            int64_t pixel = (rows.origin + ky) * width + columns.origin + kx;
            int64_t value = input[pixel * channels + c];
            result = !maximum ? result + value : value > result ? value : result;
        }
    return result;
}

static void run_pool(IntegerForward *forward, const Stage *stage, const int32_t *input,
                     int32_t *output)
{
    (void)forward;
    const Op *op = stage->op;
    for (int64_t y = 0; y < op->output_shape.dim[0]; y++)
        for (int64_t x = 0; x < op->output_shape.dim[1]; x++)
            for (int64_t c = 0; c < op_channels(op); c++) {
                int64_t value = pool_window(op, input, span_rows(op, y), span_columns(op, x), c);
                *output++ = op->kind == OP_MAX_POOL2D
                                ? (int32_t)fixed_clamp(value, op->low, op->high)
                                : finish(op, value, c);
            }
}

static void run_table(IntegerForward *forward, const Stage *stage, const int32_t *input,
                      int32_t *output)
{
    (void)forward;
    const Op *op = stage->op;
    for (int64_t i = 0; i < stage->output_elements; i++)
        output[i] = op->table[input[i] - op->input.low];
}

static void run_float(IntegerForward *forward, const Stage *stage, const int32_t *input,
                      int32_t *output)
{
    (void)forward;
    float_op_run(stage->real, input, output);
}

static Kernel *const KERNELS[OP_KINDS] = {
    [OP_CONV2D] = run_conv2d,          [OP_DENSE] = run_dense,
    [OP_AFFINE] = run_affine,          [OP_MAX_POOL2D] = run_pool,
    [OP_AVERAGE_POOL2D] = run_pool,    [OP_TABLE] = run_table,
    [OP_FLOAT_CONV2D] = run_float,     [OP_FLOAT_DENSE] = run_float,
    [OP_FLOAT_MAX_POOL2D] = run_float, [OP_FLOAT_AVERAGE_POOL2D] = run_float,
    [OP_TO_FLOAT] = run_float,         [OP_TO_INTEGER] = run_float,
};

/* ---- the model
 * ----------------------------------------------------------------------------------- */

/* (terms, channels) int32 -> (channels, terms rounded up) int16. */
static void pack_rows(Arena *arena, Stage *stage)
{
    const Op *op = stage->op;
    int64_t channels = op_channels(op);
    int64_t terms = op_weight_count(op) / channels;
    stage->terms = round_up(terms);
    stage->rows = ARENA_ARRAY(arena, int16_t, channels * stage->terms);
    for (int64_t t = 0; t < terms; t++)
        for (int64_t c = 0; c < channels; c++)
            stage->rows[c * stage->terms + t] = (int16_t)op->weights[t * channels + c];
}

IntegerForward *integer_forward_new(const IntegerModel *model, int max_batch)
{
    Arena *arena = arena_new();
    IntegerForward *forward = ARENA_NEW(arena, IntegerForward);
    forward->arena = arena;
    forward->count = model->count;
    forward->max_batch = max_batch;
    forward->stages = ARENA_ARRAY(arena, Stage, model->count);
    int64_t widest = 0, patch = 0;
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        Stage *stage = &forward->stages[i];
        *stage = (Stage){.op = op,
                         .input_elements = shape_elements(op->input_shape),
                         .output_elements = shape_elements(op->output_shape)};
        if (op->kind == OP_CONV2D || op->kind == OP_DENSE)
            pack_rows(arena, stage);
        if (op_traits(op->kind)->reads_float || op_traits(op->kind)->writes_float)
            stage->real = float_op_new(arena, op);
        stage->values = ARENA_ARRAY(arena, int32_t, max_batch * stage->output_elements);
        widest = stage->input_elements > widest ? stage->input_elements : widest;
        patch = op->kind == OP_CONV2D && stage->terms > patch ? stage->terms : patch;
    }
    forward->narrow = ARENA_ARRAY(arena, int16_t, round_up(widest));
    forward->patch = ARENA_ARRAY(arena, int16_t, patch);
    return forward;
}

void integer_forward_free(IntegerForward *forward)
{
    if (forward)
        arena_free(forward->arena);
}

static void quantize_image(const Stage *stage, const float *image, int32_t *output)
{
    for (int64_t i = 0; i < stage->output_elements; i++)
        output[i] = fixed_quantize((double)image[i], stage->op->output);
}

const int32_t *integer_forward_run(IntegerForward *forward, const float *images, int batch)
{
    assert(batch <= forward->max_batch);
    for (int b = 0; b < batch; b++) {
        const Stage *first = &forward->stages[0];
        int32_t *output = first->values + b * first->output_elements;
        quantize_image(first, images + b * first->output_elements, output);
        for (int i = 1; i < forward->count; i++) {
            const Stage *stage = &forward->stages[i];
            const int32_t *input = output;
            output = stage->values + b * stage->output_elements;
            KERNELS[stage->op->kind](forward, stage, input, output);
        }
    }
    return forward->stages[forward->count - 1].values;
}

const int32_t *integer_forward_op(const IntegerForward *forward, int index)
{
    assert(index >= 0 && index < forward->count);
    return forward->stages[index].values;
}

int32_t integer_arg_max(const int32_t *scores, int count)
{
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* ---- as a classifier
 * ----------------------------------------------------------------------------- */

typedef struct Worker {
    IntegerForward *forward;
    int classes;
} Worker;

static void *worker_open(const void *model, int max_batch)
{
    IntegerForward *forward = integer_forward_new(model, max_batch);
    Worker *worker = ARENA_NEW(forward->arena, Worker);
    *worker = (Worker){forward, ((const IntegerModel *)model)->classes};
    return worker;
}

static void worker_classify(void *state, const float *images, int batch, int32_t *labels)
{
    Worker *worker = state;
    const int32_t *scores = integer_forward_run(worker->forward, images, batch);
    for (int b = 0; b < batch; b++)
        labels[b] = integer_arg_max(scores + (int64_t)b * worker->classes, worker->classes);
}

static void worker_close(void *state)
{
    integer_forward_free(((Worker *)state)->forward);
}

Classifier classifier_of_integer_model(const IntegerModel *model)
{
    return (Classifier){.model = model,
                        .input_elements = shape_elements(model->ops[0].output_shape),
                        .classes = model->classes,
                        .open = worker_open,
                        .classify = worker_classify,
                        .close = worker_close};
}
