/* Every kind of operation against loops over 64-bit integers that follow the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "quant/integer_forward.h"
#include "tests/unit/quant/models.h"

/* ---- the reference: one output value at a time ----------------------------------------------- */

/* Input value at (y, x, c); padding answers `outside`. */
static int64_t at(const Op *op, const int32_t *input, int64_t y, int64_t x, int64_t c,
                  int64_t outside)
{
    Shape s = op->input_shape;
    if (y < 0 || x < 0 || y >= s.dim[0] || x >= s.dim[1])
        return outside;
    return input[(y * s.dim[1] + x) * s.dim[2] + c];
}

/* round-half-up of acc * M / 2^s, in doubles where they are exact: |acc * M| < 2^45. */
static int32_t finish(const Op *op, int64_t accumulator, int64_t channel)
{
    Requantizer r = op->requantizers[op->requantizer_count == 1 ? 0 : channel];
    double scaled = floor((double)(accumulator * r.multiplier) / exp2(r.shift) + 0.5);
    scaled += op->output.zero_point;
    return scaled < op->low ? op->low : scaled > op->high ? op->high : (int32_t)scaled;
}

static int32_t reference_window(const Op *op, const int32_t *input, int64_t index)
{
    const Window *w = &op->window;
    int64_t inputs = op->input_shape.dim[2], outputs = op->output_shape.dim[2];
    int64_t o = index % outputs, x = index / outputs % op->output_shape.dim[1];
    int64_t y = index / outputs / op->output_shape.dim[1];
    int64_t sum = op->bias ? op->bias[o] : 0, best = INT64_MIN;
    for (int ky = 0; ky < w->kernel_height; ky++)
        for (int kx = 0; kx < w->kernel_width; kx++) {
            int64_t iy = y * w->stride_height - w->pad_top + ky;
            int64_t ix = x * w->stride_width - w->pad_left + kx;
            for (int64_t c = 0; op->kind == OP_CONV2D && c < inputs; c++)
                sum += at(op, input, iy, ix, c, op->input.zero_point) *
                       op->weights[((ky * w->kernel_width + kx) * inputs + c) * outputs + o];
            if (op->kind == OP_CONV2D)
                continue;
            int64_t value = at(op, input, iy, ix, o, INT64_MIN);
            best = value > best ? value : best;
            sum += at(op, input, iy, ix, o, op->input.zero_point) - op->input.zero_point;
        }
    if (op->kind == OP_MAX_POOL2D)
        return best < op->low ? op->low : (int32_t)best;
    return finish(op, sum, o);
}

static int32_t reference_value(const Op *op, const int32_t *input, int64_t index)
{
    int64_t channels = shape_channels(op->output_shape), channel = index % channels;
    int64_t sum = op->bias ? op->bias[channel] : 0;
    switch (op->kind) {
    case OP_DENSE:
        for (int64_t i = 0; i < shape_elements(op->input_shape); i++)
            sum += (int64_t)input[i] * op->weights[i * channels + channel];
        return finish(op, sum, channel);
    case OP_AFFINE:
        return finish(op, sum + (int64_t)input[index] * op->weights[channel], channel);
    case OP_TABLE:
        return op->table[input[index] - op->input.low];
    default:
        return reference_window(op, input, index);
    }
}

enum { BATCH = 3 };

static void compare_level(const IntegerModel *model, const float *images,
                          const IntegerKernels *kernels)
{
    int64_t pixels = shape_elements(model->ops[0].output_shape);
    IntegerForward *forward = integer_forward_new_with(model, BATCH, kernels);
    const int32_t *scores = integer_forward_run(forward, images, BATCH);
    assert_ptr_equal(scores, integer_forward_op(forward, model->count - 1));
    for (int64_t i = 0; i < BATCH * pixels; i++)
        assert_int_equal(integer_forward_op(forward, 0)[i],
                         fixed_quantize((double)images[i], model->ops[0].output));
    for (int n = 1; n < model->count; n++) {
        const Op *op = &model->ops[n];
        int64_t inputs = shape_elements(op->input_shape),
                outputs = shape_elements(op->output_shape);
        for (int64_t i = 0; i < BATCH * outputs; i++) {
            const int32_t *input = integer_forward_op(forward, n - 1) + i / outputs * inputs;
            int32_t want = reference_value(op, input, i % outputs);
            int32_t got = integer_forward_op(forward, n)[i];
            if (got != want)
                fail_msg("%s, %s: value %lld is %d, expected %d", kernels->name, op->name,
                         (long long)i, got, want);
        }
    }
    integer_forward_free(forward);
}

/* Runs a batch of random images at every level and compares every integer of every operation. */
static void compare_model(IntegerModel *model, Rng *rng)
{
    finish_model(model);
    assert_int_equal(integer_model_prove(model), OK);
    if (integer_model_check_structure(model) != OK || integer_model_check_values(model) != OK)
        fail_msg("%s", error_message());
    int64_t pixels = shape_elements(model->ops[0].output_shape);
    float *images = malloc((size_t)(BATCH * pixels) * sizeof *images);
    for (int64_t i = 0; i < BATCH * pixels; i++)
        images[i] = (float)(2.2 * rng_uniform(rng) - 1.1);
    for (int k = 0; integer_kernels_at(k); k++)
        compare_level(model, images, integer_kernels_at(k));
    free(images);
    integer_model_free(model);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static const struct {
    int height, width, channels;
    Window window;
} GEOMETRIES[] = {
    {5, 5, 1, {3, 3, 1, 1, .same = false}}, {6, 7, 3, {2, 4, 1, 1, .same = true}},
    {9, 8, 2, {3, 3, 2, 2, .same = true}},  {8, 9, 5, {5, 3, 3, 2, .same = false}},
    {4, 4, 17, {1, 1, 1, 1, .same = true}}, {3, 3, 2, {3, 3, 1, 1, .same = true}},
    {2, 2, 1, {5, 5, 1, 1, .same = true}},  {7, 3, 4, {2, 2, 2, 1, .same = true}},
};
enum { GEOMETRY_COUNT = sizeof GEOMETRIES / sizeof *GEOMETRIES };

static IntegerModel *model_of_geometry(int g)
{
    return model_of_input(
        shape_of(3, GEOMETRIES[g].height, GEOMETRIES[g].width, GEOMETRIES[g].channels), 8);
}

static void test_convolution(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    for (int g = 0; g < GEOMETRY_COUNT; g++)
        for (int filters = 1; filters < 20; filters += 3) {
            IntegerModel *model = model_of_geometry(g);
            Op *op = add_conv2d(model, &rng, "conv", GEOMETRIES[g].window, filters);
            op->low = filters % 2 ? 0 : op->low; /* a fused ReLU */
            compare_model(model, &rng);
        }
}

/* Two convolutions: the second, smaller one must not see what the first left in scratch memory. */
static void test_convolution_after_a_larger_one(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    IntegerModel *model = model_of_input(shape_of(3, 9, 9, 6), 8);
    add_conv2d(model, &rng, "large", (Window){3, 3, 1, 1, .same = true}, 5);
    add_conv2d(model, &rng, "small", (Window){2, 2, 1, 1, .same = true}, 3);
    add_dense(model, &rng, "dense", 4);
    compare_model(model, &rng);
}

/* An average pool with padding is refused, so it only slides over whole windows. */
static void test_pools(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    for (int g = 0; g < GEOMETRY_COUNT; g++) {
        IntegerModel *model = model_of_geometry(g);
        Op *op = add_op(model, OP_MAX_POOL2D, "pool", 8);
        set_window(op, GEOMETRIES[g].window, GEOMETRIES[g].channels);
        op->low = g % 2 ? 0 : op->low;
        compare_model(model, &rng);
        if (GEOMETRIES[g].window.same)
            continue;
        model = model_of_geometry(g);
        op = add_op(model, OP_AVERAGE_POOL2D, "mean", 8);
        set_window(op, GEOMETRIES[g].window, GEOMETRIES[g].channels);
        set_requantizers(model, &rng, op, 1);
        compare_model(model, &rng);
    }
}

static void test_dense_affine_table(void **state)
{
    (void)state;
    Rng rng = rng_seed(4);
    for (int inputs = 1; inputs < 40; inputs += 6) {
        IntegerModel *model = model_of_input(shape_of(1, inputs), 8);
        Op *norm = add_op(model, OP_AFFINE, "norm", 8);
        set_weights(model, &rng, norm, 8, inputs);
        add_table(model, &rng, "norm.tanh");
        add_dense(model, &rng, "dense", 7);
        compare_model(model, &rng);
    }
}

/* Requantizers per channel, no bias, and widths from 2 to 16 bits. */
static void test_widths(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    for (int bits = FIXED_MIN_BITS; bits <= FIXED_MAX_BITS; bits++) {
        IntegerModel *model = model_of_input(shape_of(3, 4, 4, 2), bits);
        Op *conv = add_op(model, OP_CONV2D, "conv", bits);
        set_window(conv, (Window){2, 2, 1, 1, .same = true}, 5);
        set_weights(model, &rng, conv, bits < 12 ? bits : 24 - bits, 5);
        conv->bias = NULL;
        add_dense(model, &rng, "dense", 2);
        compare_model(model, &rng);
    }
}

/* The largest products there are: two 16-bit operands, sums at the end of their range. */
static void test_extreme_operands(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        IntegerModel *model = model_of_input(shape_of(1, 1), 16);
        Op *op = add_op(model, OP_DENSE, "dense", 16);
        op->output_shape = shape_of(1, 1);
        op->weight_bits = 16;
        int32_t *weights = ARENA_ARRAY(model->arena, int32_t, 1);
        int32_t *bias = ARENA_ARRAY(model->arena, int32_t, 1);
        double *scales = ARENA_ARRAY(model->arena, double, 1);
        Requantizer *requantizer = ARENA_NEW(model->arena, Requantizer);
        *weights = sign * 32767;
        *bias = sign * 65534; /* |bias| + 32767^2 = 2^30 - 1: exactly the limit */
        *scales = 1;
        *requantizer = (Requantizer){32767, 30};
        op->weights = weights;
        op->bias = bias;
        op->weight_scales = scales;
        op->requantizers = requantizer;
        op->requantizer_count = 1;
        finish_model(model);
        assert_int_equal(integer_model_prove(model), OK);
        assert_int_equal(op->accumulator_bits, FIXED_ACCUMULATOR_BITS);
        IntegerForward *forward = integer_forward_new(model, 1);
        const float image = 1;
        /* (2^30 - 1) * 32767 / 2^30 = 32767 - 32767 / 2^30 */
        assert_int_equal(integer_forward_run(forward, &image, 1)[0], sign * 32767);
        integer_forward_free(forward);
        integer_model_free(model);
    }
}

static void test_all_kinds_and_classifier(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    compare_model(model_of_all_kinds(9), &rng);
    assert_int_equal(integer_arg_max((const int32_t[]){3, 9, 9}, 3), 1);
    assert_int_equal(integer_arg_max((const int32_t[]){-9, -9}, 2), 0);

    enum { IMAGES = 5, PIXELS = 72 };
    IntegerModel *model = model_of_all_kinds(10);
    float images[IMAGES * PIXELS];
    for (int i = 0; i < IMAGES * PIXELS; i++)
        images[i] = (float)rng_uniform(&rng);
    Classifier classifier = classifier_of_integer_model(model);
    assert_int_equal(classifier.input_elements, PIXELS);
    assert_int_equal(classifier.classes, 3);
    void *worker = classifier.open(classifier.model, IMAGES);
    IntegerForward *forward = integer_forward_new(model, 1);
    int32_t labels[IMAGES];
    classifier.classify(worker, images, IMAGES, labels);
    for (int b = 0; b < IMAGES; b++)
        assert_int_equal(labels[b],
                         integer_arg_max(integer_forward_run(forward, images + b * PIXELS, 1), 3));
    integer_forward_free(forward);
    classifier.close(worker);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_convolution_after_a_larger_one),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_dense_affine_table),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_extreme_operands),
        cmocka_unit_test(test_all_kinds_and_classifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
