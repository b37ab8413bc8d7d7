/* integer_forward.c: the operations one after the other, on stored values (integer_kernels.h) or,
 * those that have no kernel there, on int32.
 *
 * Image by image: what an operation leaves is still in the cache when the next one reads it. But a
 * dense layer takes all images at once: each needs all its weights.
 */
#include "quant/integer_forward.h"

#include <string.h>

#include "quant/float_op.h"
#include "quant/integer_op.h"

typedef struct Stage {
    const Op *op;
    int64_t input_elements, output_elements;
    IntegerOp *packed; /* NULL: works on int32 */
    FloatOp *real;     /* of a floating-point operation or a bridge */
    Storage storage;
    uint8_t *stored; /* (max batch, output elements); NULL for STORE_WORDS */
    int32_t *values; /* the same as int32; NULL until somebody asks for it */
    bool widened;    /* `values` are those of the latest run */
} Stage;

struct IntegerForward {
    Arena *arena;
    const IntegerKernels *kernels;
    Stage *stages;
    int count;
    int max_batch;
    int batch; /* of the latest run */
};

static int32_t finish(const Op *op, int64_t accumulator, int64_t channel)
{
    return fixed_requantize(accumulator, op_requantizer(op, channel), op->output.zero_point,
                            op->low, op->high);
}

/* ---- operations on int32: input and output are those of one image
 * --------------------------------
 */

typedef void Kernel(const Stage *stage, const int32_t *input, int32_t *output);

static void run_affine(const Stage *stage, const int32_t *input, int32_t *output)
{
    const Op *op = stage->op;
    int64_t channels = op_channels(op);
    for (int64_t i = 0; i < stage->output_elements; i++) {
        int64_t c = i % channels;
        int32_t bias = op->bias ? op->bias[c] : 0;
        output[i] = finish(op, bias + (int64_t)op->weights[c] * input[i], c);
    }
}

static void run_table(const Stage *stage, const int32_t *input, int32_t *output)
{
    const Op *op = stage->op;
    for (int64_t i = 0; i < stage->output_elements; i++)
        output[i] = op->table[input[i] - op->input.low];
}

static void run_float(const Stage *stage, const int32_t *input, int32_t *output)
{
    float_op_run(stage->real, input, output);
}

static Kernel *const KERNELS[OP_KINDS] = {
    [OP_AFFINE] = run_affine,          [OP_TABLE] = run_table,
    [OP_FLOAT_CONV2D] = run_float,     [OP_FLOAT_DENSE] = run_float,
    [OP_FLOAT_MAX_POOL2D] = run_float, [OP_FLOAT_AVERAGE_POOL2D] = run_float,
    [OP_TO_FLOAT] = run_float,         [OP_TO_INTEGER] = run_float,
};

/* ---- the model ------------------------------------------------------------------------------- */

static int32_t *values_of(Arena *arena, Stage *stage, int max_batch)
{
    if (!stage->values)
        stage->values = ARENA_ARRAY(arena, int32_t, max_batch * stage->output_elements);
    return stage->values;
}

static IntegerOp *pack(const IntegerForward *forward, const IntegerModel *model, int index)
{
    IntegerOpSetup setup = {.kernels = forward->kernels,
                            .bound = op_accumulator_bound(model, index),
                            .max_batch = forward->max_batch};
    for (int k = 0; k < model->ops[index].input_count; k++)
        setup.sources[k] = op_input(model, index, k);
    return integer_op_new(forward->arena, &model->ops[index], &setup);
}

static void stage_open(IntegerForward *forward, const IntegerModel *model, int index)
{
    const Op *op = &model->ops[index];
    const OpTraits *traits = op_traits(op->kind);
    Arena *arena = forward->arena;
    Stage *stage = &forward->stages[index];
    *stage = (Stage){.op = op,
                     .input_elements = shape_elements(op->input_shape),
                     .output_elements = shape_elements(op->output_shape)};
    if (!traits->writes_float) {
        stage->storage = integer_storage(op, forward->kernels);
        int64_t count = forward->max_batch * stage->output_elements;
        stage->stored = arena_alloc(arena, (size_t)integer_storage_bytes(count));
    }
    if (traits->reads_float || traits->writes_float)
        stage->real = float_op_new(arena, op);
    if (integer_op_is_packed(op->kind))
        stage->packed = pack(forward, model, index);
    else if (op->kind != OP_INPUT)
        values_of(arena, stage, forward->max_batch);
}

IntegerForward *integer_forward_new_with(const IntegerModel *model, int max_batch,
                                         const IntegerKernels *kernels)
{
    Arena *arena = arena_new();
    IntegerForward *forward = ARENA_NEW(arena, IntegerForward);
    *forward = (IntegerForward){.arena = arena,
                                .kernels = kernels,
                                .stages = ARENA_ARRAY(arena, Stage, model->count),
                                .count = model->count,
                                .max_batch = max_batch};
    for (int i = 0; i < model->count; i++)
        stage_open(forward, model, i);
    return forward;
}

IntegerForward *integer_forward_new(const IntegerModel *model, int max_batch)
{
    return integer_forward_new_with(model, max_batch, integer_kernels_select());
}

void integer_forward_free(IntegerForward *forward)
{
    if (forward)
        arena_free(forward->arena);
}

/* The integers of image `b`. */
static const int32_t *image_values(const IntegerForward *forward, Stage *stage, int b)
{
    int64_t first = b * stage->output_elements;
    int32_t *values = values_of(forward->arena, stage, forward->max_batch) + first;
    if (!stage->widened)
        integer_storage_widen(stage->storage, stage->stored, first, stage->output_elements, values);
    return values;
}

/* One image, on int32. What is not floating point is stored too, for the operation that follows. */
static void run_on_values(const IntegerForward *forward, int index, int b)
{
    Stage *stage = &forward->stages[index];
    const int32_t *input = image_values(forward, &forward->stages[stage->op->inputs[0]], b);
    int64_t first = b * stage->output_elements;
    stage->widened = true;
    KERNELS[stage->op->kind](stage, input, stage->values + first);
    if (stage->stored)
        integer_storage_narrow(stage->storage, stage->values + first, first, stage->output_elements,
                               stage->stored);
}

static uint8_t *stored_at(const Stage *stage, int b)
{
    return stage->stored + b * stage->output_elements * integer_storage_width(stage->storage);
}

static void run_stage(const IntegerForward *forward, int index, int b, int images)
{
    Stage *stage = &forward->stages[index];
    if (!stage->packed) {
        run_on_values(forward, index, b);
        return;
    }
    const void *inputs[OP_MAX_INPUTS] = {NULL};
    for (int k = 0; k < stage->op->input_count; k++)
        inputs[k] = stored_at(&forward->stages[stage->op->inputs[k]], b);
    stage->widened = false;
    integer_op_run(stage->packed, inputs, images, stored_at(stage, b));
}

static int run_group(const IntegerForward *forward, int first)
{
    const Stage *stages = forward->stages;
    if (stages[first].op->kind == OP_DENSE) {
        run_stage(forward, first, 0, forward->batch);
        return first + 1;
    }
    int last = first;
    while (last < forward->count && stages[last].op->kind != OP_DENSE)
        last++;
    for (int b = 0; b < forward->batch; b++)
        for (int i = first; i < last; i++)
            run_stage(forward, i, b, 1);
    return last;
}

const int32_t *integer_forward_run(IntegerForward *forward, const float *images, int batch)
{
    assert(batch > 0 && batch <= forward->max_batch);
    Stage *first = &forward->stages[0];
    forward->batch = batch;
    first->widened = false;
    forward->kernels->quantize(images, batch * first->output_elements, first->op->output,
                               first->storage, first->stored);
    for (int next = 1; next < forward->count;)
        next = run_group(forward, next);
    return integer_forward_op(forward, forward->count - 1);
}

const int32_t *integer_forward_op(const IntegerForward *forward, int index)
{
    assert(index >= 0 && index < forward->count);
    Stage *stage = &forward->stages[index];
    for (int b = 0; b < forward->batch; b++)
        image_values(forward, stage, b);
    stage->widened = true;
    return values_of(forward->arena, stage, forward->max_batch);
}

int32_t integer_arg_max(const int32_t *scores, int count)
{
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* ---- as a classifier ------------------------------------------------------------------------- */

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
