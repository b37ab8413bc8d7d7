/* Every level of the integer kernels against loops over 64-bit integers that follow the definition,
 * on random layers: shapes, paddings, strides, widths 2 to 16, zero points, requantizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "quant/integer_op.h"
#include "tests/unit/quant/models.h"

enum { CASES = 400, ACCUMULATOR_LIMIT = 1 << 30 };

/* ---- random layers ----------------------------------------------------------------------------
 */

/* Symmetric, full range, unsigned or affine. */
static QuantParam random_format(Rng *rng)
{
    QuantParam format = fixed_symmetric(1, random_integer(rng, FIXED_MIN_BITS, FIXED_MAX_BITS));
    int style = random_integer(rng, 0, 3);
    if (style >= 1)
        format.low = -format.high - 1;
    if (style >= 2) {
        format.is_signed = false;
        format.high -= format.low;
        format.low = 0;
    }
    if (style == 3)
        format.zero_point = random_integer(rng, format.low, format.high);
    return format;
}

static Window random_window(Rng *rng)
{
    return (Window){.kernel_height = random_integer(rng, 1, 5),
                    .kernel_width = random_integer(rng, 1, 5),
                    .stride_height = random_integer(rng, 1, 3),
                    .stride_width = random_integer(rng, 1, 3),
                    .same = rng_below(rng, 2) == 1};
}

static int64_t farthest(QuantParam format)
{
    int64_t low = llabs(format.low), high = llabs(format.high);
    return low > high ? low : high;
}

/* Brings |bias| + sum |w q| below 2^30 for every channel: what the model's proof asks for. */
static void limit_weights(Op *op, int32_t *weights, int64_t count, int64_t channels)
{
    int64_t worst = 0;
    for (int64_t c = 0; c < channels; c++) {
        int64_t sum = 0;
        for (int64_t i = c; i < count; i += channels)
            sum += llabs(weights[i]);
        worst = sum > worst ? sum : worst;
    }
    int64_t allowed = (ACCUMULATOR_LIMIT - (1 << 20)) / farthest(op->input);
    for (int64_t i = 0; i < count && worst > allowed; i++)
        weights[i] = (int32_t)(weights[i] * allowed / worst);
}

static void random_weights(Arena *arena, Rng *rng, Op *op)
{
    op->weight_bits = random_integer(rng, FIXED_MIN_BITS, FIXED_MAX_BITS);
    int32_t reach = (1 << (op->weight_bits - 1)) - 1;
    int64_t count = op_weight_count(op), channels = op_channels(op);
    int32_t *weights = random_integers(arena, rng, count, reach);
    for (int64_t i = 0; i < count; i++) /* the end of the full range is often there */
        weights[i] = rng_below(rng, 5) ? weights[i] : -reach - 1;
    limit_weights(op, weights, count, channels);
    op->weights = weights;
    if (rng_below(rng, 4) > 0)
        op->bias = random_integers(arena, rng, channels, 1 << 19);
}

/* Most ratios spread the sums over the output's range; some are anything that M and s can be. */
static void random_requantizers(Arena *arena, Rng *rng, Op *op)
{
    op->requantizer_count = rng_below(rng, 2) ? 1 : (int)op_channels(op);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, op->requantizer_count);
    double terms = op->weights ? (double)op_weight_count(op) / (double)op_channels(op)
                               : op->window.kernel_height * op->window.kernel_width;
    double reach = op->weights ? exp2(op->weight_bits - 1) : 1;
    double spread = sqrt(terms) * reach * (double)farthest(op->input) / 2;
    for (int i = 0; i < op->requantizer_count; i++) {
        double range = op->output.high - op->output.low;
        double ratio = range / spread * (0.2 + 2 * rng_uniform(rng));
        if (rng_below(rng, 8) == 0 || !fixed_requantizer(ratio, &requantizers[i]))
            requantizers[i] = (Requantizer){random_integer(rng, 1, FIXED_MULTIPLIER_MAX),
                                            random_integer(rng, FIXED_SHIFT_MIN, FIXED_SHIFT_MAX)};
    }
    op->requantizers = requantizers;
}

static bool slides(OpKind kind)
{
    return kind == OP_CONV2D || kind == OP_DEPTHWISE_CONV2D;
}

/* Pads of any width below the kernel's, as zero padding leaves them. */
static void random_pads(Rng *rng, Op *op)
{
    Window *w = &op->window;
    w->pad_top = random_integer(rng, 0, w->kernel_height - 1);
    w->pad_bottom = random_integer(rng, 0, w->kernel_height - 1);
    w->pad_left = random_integer(rng, 0, w->kernel_width - 1);
    w->pad_right = random_integer(rng, 0, w->kernel_width - 1);
    const int64_t *in = op->input_shape.dim;
    int64_t height = in[0] + w->pad_top + w->pad_bottom - w->kernel_height;
    int64_t width = in[1] + w->pad_left + w->pad_right - w->kernel_width;
    op->output_shape.dim[0] = height / w->stride_height + 1;
    op->output_shape.dim[1] = width / w->stride_width + 1;
}

static Op random_op(Arena *arena, Rng *rng, OpKind kind)
{
    Op op = {.kind = kind, .name = op_word(kind), .input_count = 1, .input = random_format(rng)};
    int64_t most = rng_below(rng, 4) == 0 ? 40 : 18;
    int64_t channels = random_integer(rng, 1, (int32_t)most);
    int64_t outputs = random_integer(rng, 1, (int32_t)most);
    op.output = kind == OP_MAX_POOL2D ? op.input : random_format(rng);
    op.low = random_integer(rng, op.output.low, op.output.high);
    op.high = op.output.high;
    if (rng_below(rng, 2))
        op.low = op.output.low;
    if (kind == OP_DENSE) {
        op.input_shape = shape_of(1, random_integer(rng, 1, 300));
        op.output_shape = shape_of(1, outputs);
    } else {
        Window window = random_window(rng);
        window.same = window.same && kind != OP_AVERAGE_POOL2D;
        op.input_shape = shape_of(3, random_integer(rng, window.kernel_height, 17),
                                  random_integer(rng, window.kernel_width, 30), channels);
        if (kind == OP_DEPTHWISE_CONV2D)
            outputs = channels * random_integer(rng, 1, 3);
        set_window(&op, window, slides(kind) ? outputs : channels);
        if (slides(kind) && !window.same && rng_below(rng, 2))
            random_pads(rng, &op);
    }
    if (slides(kind) || kind == OP_DENSE)
        random_weights(arena, rng, &op);
    if (kind != OP_MAX_POOL2D)
        random_requantizers(arena, rng, &op);
    return op;
}

/* Ends of the range and the zero point come often. */
static int32_t *random_input(Arena *arena, Rng *rng, const Op *op, int64_t count)
{
    const QuantParam *format = &op->input;
    int32_t *values = ARENA_ARRAY(arena, int32_t, count);
    uint64_t habit = rng_below(rng, 3);
    for (int64_t i = 0; i < count; i++) {
        const int32_t choices[] = {format->low, format->high, format->zero_point};
        values[i] = habit && rng_below(rng, 3) < habit
                        ? choices[rng_below(rng, 3)]
                        : random_integer(rng, format->low, format->high);
    }
    return values;
}

/* ---- the definition, one output value at a time -------------------------------------------------
 */

static int32_t finish(const Op *op, int64_t accumulator, int64_t channel)
{
    assert_true(llabs(accumulator) < ACCUMULATOR_LIMIT);
    return fixed_requantize(accumulator, op_requantizer(op, channel), op->output.zero_point,
                            op->low, op->high);
}

static int32_t expected_dense(const Op *op, const int32_t *input, int64_t index)
{
    int64_t sum = op->bias ? op->bias[index] : 0;
    for (int64_t i = 0; i < shape_elements(op->input_shape); i++)
        sum += (int64_t)op->weights[i * op_channels(op) + index] * input[i];
    return finish(op, sum, index);
}

/* Padding is the zero point in a sum of products; pools do not see it. */
static int32_t expected_window(const Op *op, const int32_t *input, int64_t index)
{
    const Window *w = &op->window;
    int64_t outputs = op_channels(op), inputs = shape_channels(op->input_shape);
    int64_t height = op->input_shape.dim[0], width = op->input_shape.dim[1];
    int64_t o = index % outputs, x = index / outputs % op->output_shape.dim[1];
    int64_t y = index / outputs / op->output_shape.dim[1];
    int64_t sum = op->bias ? op->bias[o] : op_pool_bias(op), best = INT64_MIN;
    for (int64_t k = 0; k < w->kernel_height * w->kernel_width; k++) {
        int64_t iy = y * w->stride_height - w->pad_top + k / w->kernel_width;
        int64_t ix = x * w->stride_width - w->pad_left + k % w->kernel_width;
        bool inside = iy >= 0 && ix >= 0 && iy < height && ix < width;
        const int32_t *pixel = input + (inside ? (iy * width + ix) * inputs : 0);
        for (int64_t c = 0; op->kind == OP_CONV2D && c < inputs; c++)
            sum += (int64_t)op->weights[(k * inputs + c) * outputs + o] *
                   (inside ? pixel[c] : op->input.zero_point);
        if (op->kind == OP_DEPTHWISE_CONV2D)
            sum += (int64_t)op->weights[k * outputs + o] *
                   (inside ? pixel[o * inputs / outputs] : op->input.zero_point);
        if (!slides(op->kind) && inside) {
            sum += pixel[o];
            best = pixel[o] > best ? pixel[o] : best;
        }
    }
    return op->kind == OP_MAX_POOL2D ? (int32_t)fixed_clamp(best, op->low, op->high)
                                     : finish(op, sum, o);
}

static int32_t *expected(Arena *arena, const Op *op, const int32_t *input, int images)
{
    int64_t inputs = shape_elements(op->input_shape), outputs = shape_elements(op->output_shape);
    int32_t *values = ARENA_ARRAY(arena, int32_t, images * outputs);
    for (int64_t i = 0; i < images * outputs; i++) {
        const int32_t *image = input + i / outputs * inputs;
        values[i] = op->kind == OP_DENSE ? expected_dense(op, image, i % outputs)
                                         : expected_window(op, image, i % outputs);
    }
    return values;
}

/* ---- the kernels ------------------------------------------------------------------------------
 */

static void compare_level(const Op *op, const IntegerKernels *kernels, const int32_t *input,
                          const int32_t *want, int images)
{
    Arena *arena = arena_new();
    int64_t inputs = images * shape_elements(op->input_shape);
    int64_t outputs = images * shape_elements(op->output_shape);
    Op ops[] = {{.output = op->input, .output_shape = op->input_shape}, *op};
    const IntegerModel model = {.ops = ops, .count = 2};
    Storage in = integer_storage(&ops[0], kernels), out = integer_storage(&ops[1], kernels);
    IntegerOpSetup setup = {.kernels = kernels,
                            .sources = {&ops[0]},
                            .bound = op_accumulator_bound(&model, 1),
                            .max_batch = images};
    void *from = arena_alloc(arena, (size_t)integer_storage_bytes(inputs));
    void *to = arena_alloc(arena, (size_t)integer_storage_bytes(outputs));
    int32_t *got = ARENA_ARRAY(arena, int32_t, outputs);
    integer_storage_narrow(in, input, 0, inputs, from);
    const IntegerOp *packed = integer_op_new(arena, &ops[1], &setup);
    for (int run = 0; run < 2; run++) { /* the second finds what the first left behind */
        integer_op_run(packed, (const void *[]){from}, images, to);
        integer_storage_widen(out, to, 0, outputs, got);
        for (int64_t i = 0; i < outputs; i++)
            if (got[i] != want[i])
                fail_msg("%s, %s: value %lld is %d, expected %d", kernels->name, op->name,
                         (long long)i, got[i], want[i]);
    }
    arena_free(arena);
}

static void compare_kind(OpKind kind, uint64_t seed)
{
    Rng rng = rng_seed(seed);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        Op op = random_op(arena, &rng, kind);
        int images = random_integer(&rng, 1, kind == OP_DENSE ? 30 : 3);
        int32_t *input = random_input(arena, &rng, &op, images * shape_elements(op.input_shape));
        const int32_t *want = expected(arena, &op, input, images);
        for (int k = 0; integer_kernels_at(k); k++)
            compare_level(&op, integer_kernels_at(k), input, want, images);
        arena_free(arena);
    }
}

static void test_convolution(void **state)
{
    (void)state;
    compare_kind(OP_CONV2D, 1);
}

static void test_dense(void **state)
{
    (void)state;
    compare_kind(OP_DENSE, 2);
}

static void test_depthwise_convolution(void **state)
{
    (void)state;
    compare_kind(OP_DEPTHWISE_CONV2D, 7);
}

static void test_max_pool(void **state)
{
    (void)state;
    compare_kind(OP_MAX_POOL2D, 3);
}

static void test_average_pool(void **state)
{
    (void)state;
    compare_kind(OP_AVERAGE_POOL2D, 4);
}

/* An accumulator, and M and s, whose result is up to three steps of 2^-s below an integer: what is
 * rounded before the floor is taken passes it. */
static int32_t just_below_integer(Rng *rng, int most_shift, Requantizer *requantizer)
{
    int32_t shift = random_integer(rng, 20, most_shift);
    uint32_t multiplier = 2 * (uint32_t)random_integer(rng, 0, 60) + 1, inverse = 1;
    for (int i = 0; i < 5; i++) /* Newton's method, modulo 2^32 */
        inverse *= 2 - multiplier * inverse;
    uint32_t half = 1U << (shift - 1), below = (uint32_t)random_integer(rng, 1, 3);
    uint32_t residue = ((0 - half - below) * inverse) & (2 * half - 1);
    *requantizer = (Requantizer){(int32_t)multiplier, shift};
    return (int32_t)residue - (residue >= half ? (int32_t)(2 * half) : 0);
}

/* A dense layer without weights: its bias goes through any M and s. `reach`: of the bias. */
static void compare_requantization(Rng *rng, int channels, int images, int32_t reach)
{
    Arena *arena = arena_new();
    Op op = {.kind = OP_DENSE, .name = "requantize", .input = fixed_symmetric(1, 8)};
    op.input_shape = shape_of(1, 1);
    op.output_shape = shape_of(1, channels);
    op.output = random_format(rng);
    op.low = op.output.low;
    op.high = op.output.high;
    op.weight_bits = 8;
    op.weights = ARENA_ARRAY(arena, int32_t, channels);
    int32_t *bias = ARENA_ARRAY(arena, int32_t, channels);
    Requantizer *requantizers = ARENA_ARRAY(arena, Requantizer, channels);
    for (int c = 0; c < channels; c++) {
        int32_t shift = random_integer(rng, FIXED_SHIFT_MIN, FIXED_SHIFT_MAX);
        bias[c] = random_integer(rng, -reach, reach) / (1 << random_integer(rng, 0, 20));
        bias[c] = c == 0 ? reach : c == 1 ? -reach : bias[c];
        requantizers[c] = (Requantizer){random_integer(rng, 1, FIXED_MULTIPLIER_MAX), shift};
        if (c % 3 == 0) /* halves, or just beside them, within the output's range */
            requantizers[c] = (Requantizer){(1 << 14) - random_integer(rng, -1, 1),
                                            15 + random_integer(rng, 0, 9)};
        if (c % 3 == 2 && reach >= RESCALE_SMALL)
            bias[c] = just_below_integer(rng, reach > RESCALE_SMALL ? 29 : 24, &requantizers[c]);
    }
    op.bias = bias;
    op.requantizers = requantizers;
    op.requantizer_count = channels;
    int32_t *input = ARENA_ARRAY(arena, int32_t, images);
    const int32_t *want = expected(arena, &op, input, images);
    for (int k = 0; integer_kernels_at(k); k++)
        compare_level(&op, integer_kernels_at(k), input, want, images);
    arena_free(arena);
}

/* Every accumulator of the range, ties, results far beyond the clamp; once for sums that floats
 * hold, with as few channels and as many rows as the way for few channels asks for. */
static void test_requantization(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    for (int i = 0; i < 4 * CASES; i++) {
        compare_requantization(&rng, 64, 1, ACCUMULATOR_LIMIT - 1);
        compare_requantization(&rng, 16, 4, RESCALE_SMALL);
        compare_requantization(&rng, 16, 4, 1 << 16);
        compare_requantization(&rng, 16, 4, ACCUMULATOR_LIMIT - 1);
    }
}

/* Activations above 127 with weights at the end of their range, where vpmaddubsw saturates. */
static void test_products_that_saturate_elsewhere(void **state)
{
    (void)state;
    enum { TERMS = 64 };
    Arena *arena = arena_new();
    int32_t weights[TERMS], input[TERMS];
    const Requantizer one = {2, 1};
    for (int i = 0; i < TERMS; i++) {
        weights[i] = i % 4 < 2 ? 127 : -126;
        input[i] = 255;
    }
    Op op = {.kind = OP_DENSE,
             .name = "extreme",
             .input_count = 1,
             .weights = weights,
             .weight_bits = 8};
    op.input = (QuantParam){.scale = 1, .low = 0, .high = 255, .bits = 8};
    op.output = fixed_symmetric(1, 16);
    op.low = op.output.low;
    op.high = op.output.high;
    op.input_shape = shape_of(1, TERMS);
    op.output_shape = shape_of(1, 1);
    op.requantizers = &one;
    op.requantizer_count = 1;
    const int32_t want = 255 * TERMS / 2;
    assert_int_equal(*expected(arena, &op, input, 1), want);
    for (int k = 0; integer_kernels_at(k); k++)
        compare_level(&op, integer_kernels_at(k), input, &want, 1);
    arena_free(arena);
}

static void test_image_quantization(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        QuantParam format = random_format(&rng);
        int64_t count = random_integer(&rng, 1, 100);
        float *values = ARENA_ARRAY(arena, float, count);
        int32_t *got = ARENA_ARRAY(arena, int32_t, count);
        void *stored = arena_alloc(arena, (size_t)integer_storage_bytes(count));
        format.scale = i % 2 ? 0.25 : 0.01 * (1 + rng_uniform(&rng));
        for (int64_t v = 0; v < count; v++) /* ties are frequent at scale 1/4 */
            values[v] = (float)random_integer(&rng, -4000, 4000) / (i % 3 ? 8 : 800);
        for (int k = 0; integer_kernels_at(k); k++) {
            const IntegerKernels *kernels = integer_kernels_at(k);
            Storage storage = integer_storage(&(Op){.output = format}, kernels);
            kernels->quantize(values, count, format, storage, stored);
            integer_storage_widen(storage, stored, 0, count, got);
            for (int64_t v = 0; v < count; v++)
                if (got[v] != fixed_quantize((double)values[v], format))
                    fail_msg("%s: %.9g becomes %d, expected %d", kernels->name, (double)values[v],
                             got[v], fixed_quantize((double)values[v], format));
        }
        arena_free(arena);
    }
}

static void test_levels_by_name(void **state)
{
    (void)state;
    const IntegerKernels *kernels = NULL;
    assert_int_equal(integer_kernels_find("scalar", &kernels), OK);
    assert_ptr_equal(kernels, integer_kernels_at(0));
    assert_int_equal(integer_kernels_find("mmx", &kernels), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "mmx: not on this machine, which has scalar"));
    assert_null(integer_kernels_at(-1));
    setenv("DNN2FPGA_KERNELS", "scalar", 1);
    assert_ptr_equal(integer_kernels_select(), integer_kernels_at(0));
    setenv("DNN2FPGA_KERNELS", "mmx", 1);
    const IntegerKernels *widest = integer_kernels_select();
    unsetenv("DNN2FPGA_KERNELS");
    assert_ptr_equal(widest, integer_kernels_select());
    int count = 0;
    while (integer_kernels_at(count))
        count++;
    assert_ptr_equal(widest, integer_kernels_at(count - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_depthwise_convolution),
        cmocka_unit_test(test_max_pool),
        cmocka_unit_test(test_average_pool),
        cmocka_unit_test(test_requantization),
        cmocka_unit_test(test_products_that_saturate_elsewhere),
        cmocka_unit_test(test_image_quantization),
        cmocka_unit_test(test_levels_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
