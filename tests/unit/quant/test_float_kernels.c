/* The kernels of float layers against loops over float32.h, one operation after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "quant/float_kernels.h"

enum { IMAGES = 2 };

/* Powers of two of low..high, a tenth zeros of either sign: sums cancel, and with a wide range they
 * underflow and overflow too. */
static float *draw_values(Arena *arena, Rng *rng, int64_t count, int low, int high)
{
    float *values = ARENA_ARRAY(arena, float, count);
    for (int64_t i = 0; i < count; i++) {
        float value = ldexpf(1 + (float)rng_uniform(rng) / 2,
                             low + (int)rng_below(rng, (uint64_t)(high - low + 1)));
        value = rng_below(rng, 10) ? value : 0;
        values[i] = rng_below(rng, 2) ? -value : value;
    }
    return values;
}

static void expect_equal(const float *got, const float *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (float32_word(got[i]) != float32_word(want[i]))
            fail_msg("value %lld is %a, expected %a", (long long)i, (double)got[i],
                     (double)want[i]);
}

/* What a naive loop needs to know. */
typedef struct Case {
    FloatLayer layer;
    const float *input, *weights, *bias;
} Case;

static bool inside(const Case *one, int64_t y, int64_t x)
{
    const int64_t *dim = one->layer.input_shape.dim;
    return y >= 0 && y < dim[0] && x >= 0 && x < dim[1];
}

static float pixel(const Case *one, int64_t image, int64_t y, int64_t x, int64_t c)
{
    const int64_t *dim = one->layer.input_shape.dim;
    return inside(one, y, x) ? one->input[((image * dim[0] + y) * dim[1] + x) * dim[2] + c] : 0.0F;
}

typedef float Naive(const Case *one, int64_t image, int64_t y, int64_t x, int64_t o);

static float naive_conv2d(const Case *one, int64_t image, int64_t y, int64_t x, int64_t o)
{
    const Window *w = &one->layer.window;
    int64_t channels = one->layer.input_shape.dim[2], filters = one->layer.output_shape.dim[2];
    float sum = one->bias ? one->bias[o] : 0;
    const float *weight = one->weights + o;
    for (int ky = 0; ky < w->kernel_height; ky++)
        for (int kx = 0; kx < w->kernel_width; kx++)
            for (int64_t c = 0; c < channels; c++, weight += filters) {
                float value = pixel(one, image, y * w->stride_height - w->pad_top + ky,
                                    x * w->stride_width - w->pad_left + kx, c);
                sum = float32_add(sum, float32_multiply(value, *weight));
            }
    return sum;
}

static float naive_average(const Case *one, int64_t image, int64_t y, int64_t x, int64_t o)
{
    const Window *w = &one->layer.window;
    float sum = 0;
    for (int ky = 0; ky < w->kernel_height; ky++)
        for (int kx = 0; kx < w->kernel_width; kx++)
            sum = float32_add(
                sum, pixel(one, image, y * w->stride_height + ky, x * w->stride_width + kx, o));
    return float32_multiply(sum, 1.0F / (float)(w->kernel_height * w->kernel_width));
}

static float naive_maximum(const Case *one, int64_t image, int64_t y, int64_t x, int64_t o)
{
    const Window *w = &one->layer.window;
    bool first = true;
    float best = 0;
    for (int ky = 0; ky < w->kernel_height; ky++)
        for (int kx = 0; kx < w->kernel_width; kx++) {
            int64_t iy = y * w->stride_height - w->pad_top + ky;
            int64_t ix = x * w->stride_width - w->pad_left + kx;
            if (!inside(one, iy, ix))
                continue;
            float value = pixel(one, image, iy, ix, o);
            best = first ? value : float32_maximum(best, value);
            first = false;
        }
    return best;
}

static void compare_windows(Arena *arena, Case *one, FloatKernel *kernel, Naive *naive)
{
    const int64_t *dim = one->layer.output_shape.dim;
    int64_t count = IMAGES * shape_elements(one->layer.output_shape), at = 0;
    float *want = ARENA_ARRAY(arena, float, count), *got = ARENA_ARRAY(arena, float, count);
    for (int64_t i = 0; i < IMAGES; i++)
        for (int64_t y = 0; y < dim[0]; y++)
            for (int64_t x = 0; x < dim[1]; x++)
                for (int64_t o = 0; o < dim[2]; o++) {
                    float value = naive(one, i, y, x, o);
                    want[at++] = one->layer.relu ? float32_relu(value) : value;
                }
    assert_int_equal(float_layer_pack(arena, &one->layer, one->weights, one->bias), OK);
    kernel(&one->layer, one->input, IMAGES, got);
    expect_equal(got, want, count);
}

static int64_t positions(int64_t size, int kernel, int stride, int pads)
{
    return (size + pads - kernel) / stride + 1;
}

/* An 8 x 7 image of `channels`; the window decides the rest. */
static Case window_case(Window w, int64_t channels, int64_t filters)
{
    int64_t height = positions(8, w.kernel_height, w.stride_height, w.pad_top + w.pad_bottom);
    int64_t width = positions(7, w.kernel_width, w.stride_width, w.pad_left + w.pad_right);
    return (Case){.layer = {.input_shape = shape_of(3, 8, 7, (int)channels),
                            .output_shape = shape_of(3, (int)height, (int)width, (int)filters),
                            .window = w}};
}

static const Window WINDOWS[] = {
    {.kernel_height = 3, .kernel_width = 3, .stride_height = 1, .stride_width = 1},
    {.kernel_height = 1, .kernel_width = 1, .stride_height = 1, .stride_width = 1},
    {.kernel_height = 2, .kernel_width = 3, .stride_height = 2, .stride_width = 3},
    {.kernel_height = 3,
     .kernel_width = 4,
     .stride_height = 2,
     .stride_width = 1,
     .pad_top = 1,
     .pad_bottom = 2,
     .pad_left = 3,
     .pad_right = 1},
};
enum { WINDOW_COUNT = sizeof WINDOWS / sizeof WINDOWS[0] };

/* Powers of two of operands: sums that cancel; products that underflow; that overflow. */
static const int RANGES[][2] = {{-4, 4}, {-70, -58}, {56, 66}};

static void test_conv2d(void **state)
{
    (void)state;
    static const int filters[] = {1, 5, 16, 20};
    Rng rng = rng_seed(34);
    Arena *arena = arena_new();
    for (int i = 0; i < WINDOW_COUNT * 4 * 3; i++) {
        int channels = 1 + i / 3 % 3, outputs = filters[i / 2 % 4];
        int low = RANGES[i % 3][0], high = RANGES[i % 3][1];
        Case one = window_case(WINDOWS[i % WINDOW_COUNT], channels, outputs);
        int64_t taps = one.layer.window.kernel_height * one.layer.window.kernel_width * channels;
        one.layer.relu = i % 5 == 0;
        one.input = draw_values(arena, &rng, IMAGES * 8 * 7 * channels, low, high);
        one.weights = draw_values(arena, &rng, taps * outputs, low, high);
        one.bias = i % 4 ? draw_values(arena, &rng, outputs, low, high) : NULL;
        compare_windows(arena, &one, float_conv2d, naive_conv2d);
    }
    arena_free(arena);
}

static void test_pools(void **state)
{
    (void)state;
    Rng rng = rng_seed(35);
    Arena *arena = arena_new();
    for (int i = 0; i < WINDOW_COUNT * 4; i++) {
        int channels = 1 + i / WINDOW_COUNT;
        Case one = window_case(WINDOWS[i % WINDOW_COUNT], channels, channels);
        one.layer.relu = i % 3 == 0;
        one.input = draw_values(arena, &rng, IMAGES * 8 * 7 * channels, -120, 126);
        compare_windows(arena, &one, float_max_pool2d, naive_maximum);
        if (one.layer.window.pad_top == 0)
            compare_windows(arena, &one, float_average_pool2d, naive_average);
    }
    arena_free(arena);
}

static void test_dense(void **state)
{
    (void)state;
    enum { INPUTS = 30, OUTPUTS = 21 };
    Rng rng = rng_seed(36);
    Arena *arena = arena_new();
    for (int round = 0; round < 6; round++) {
        int low = RANGES[round % 3][0], high = RANGES[round % 3][1];
        bool relu = round >= 3;
        FloatLayer layer = {.input_shape = shape_of(3, 5, 2, 3),
                            .output_shape = shape_of(1, OUTPUTS),
                            .relu = relu};
        float *input = draw_values(arena, &rng, IMAGES * INPUTS, low, high);
        float *weights = draw_values(arena, &rng, INPUTS * OUTPUTS, low, high);
        float *bias = draw_values(arena, &rng, OUTPUTS, low, high);
        float want[IMAGES * OUTPUTS], got[IMAGES * OUTPUTS];
        for (int n = 0; n < IMAGES * OUTPUTS; n++) {
            float sum = bias[n % OUTPUTS];
            for (int i = 0; i < INPUTS; i++)
                sum = float32_add(sum, float32_multiply(input[n / OUTPUTS * INPUTS + i],
                                                        weights[i * OUTPUTS + n % OUTPUTS]));
            want[n] = relu ? float32_relu(sum) : sum;
        }
        assert_int_equal(float_layer_pack(arena, &layer, weights, bias), OK);
        float_dense(&layer, input, IMAGES, got);
        expect_equal(got, want, IMAGES * OUTPUTS);
    }
    arena_free(arena);
}

/* -0 stays -0 as long as only products of -0 are added; a border pixel's +0 ends that. */
static void test_border_takes_part(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    static const float input[] = {-0.0F, -0.0F}, weights[] = {1, 1}, bias[] = {-0.0F};
    FloatLayer layer = {.input_shape = shape_of(3, 1, 2, 1),
                        .output_shape = shape_of(3, 1, 2, 1),
                        .window = {.kernel_height = 1,
                                   .kernel_width = 2,
                                   .stride_height = 1,
                                   .stride_width = 1,
                                   .pad_right = 1}};
    float output[2];
    assert_int_equal(float_layer_pack(arena, &layer, weights, bias), OK);
    float_conv2d(&layer, input, 1, output);
    assert_int_equal(float32_word(output[0]), INT32_MIN);
    assert_int_equal(float32_word(output[1]), 0);
    arena_free(arena);
}

static void test_weights_are_made_legal_or_refused(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    FloatLayer layer = {.input_shape = shape_of(1, 2), .output_shape = shape_of(1, 1)};
    float weights[] = {-1e-40F, 1}, bias[] = {1e-40F}, input[] = {1, 2}, output;
    assert_int_equal(float_layer_pack(arena, &layer, weights, bias), OK);
    assert_int_equal(float32_word(layer.taps[0]), INT32_MIN);
    assert_int_equal(float32_word(layer.bias[0]), 0);
    float_dense(&layer, input, 1, &output);
    assert_int_equal(float32_word(output), float32_word(2));
    weights[1] = NAN;
    assert_int_equal(float_layer_pack(arena, &layer, weights, bias), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "bias 1 is nan"));
    weights[1] = 1;
    bias[0] = -INFINITY;
    assert_int_equal(float_layer_pack(arena, &layer, weights, bias), ERR_REFUSED);
    arena_free(arena);
}

static void test_bridges(void **state)
{
    (void)state;
    QuantParam format = {.scale = 0.1, .zero_point = 3, .low = -128, .high = 127};
    FloatBridge bridge;
    assert_int_equal(float_bridge_make(format, &bridge), OK);
    int32_t integers[256], back[256];
    float values[256];
    for (int i = 0; i < 256; i++)
        integers[i] = i - 128;
    float_from_integers(&bridge, integers, 256, values);
    float_to_integers(&bridge, values, 256, back);
    for (int i = 0; i < 256; i++) {
        assert_int_equal(float32_word(values[i]),
                         float32_word(float32_from_integer(i - 128, 3, 0.1F)));
        assert_int_equal(back[i], i - 128);
    }
    const float far[] = {1e30F, -1e30F, 1e-30F};
    float_to_integers(&bridge, far, 3, back);
    assert_int_equal(back[0], 127);
    assert_int_equal(back[1], -128);
    assert_int_equal(back[2], 3);
    format.scale = 1e-39;
    assert_int_equal(float_bridge_make(format, &bridge), ERR_REFUSED);
    format.scale = 1e39;
    assert_int_equal(float_bridge_make(format, &bridge), ERR_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv2d),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_border_takes_part),
        cmocka_unit_test(test_weights_are_made_legal_or_refused),
        cmocka_unit_test(test_bridges),
    };
    return cmocka_run_group_tests_name("float_kernels", tests, NULL, NULL);
}
