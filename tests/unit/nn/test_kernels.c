/* Every kernel set against the scalar one, bit for bit, and the scalar one against double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/forward.h"
#include "nn/kernels.h"
#include "tests/unit/nn/graphs.h"

enum { CASES = 150 };

static float *random_floats(Arena *arena, Rng *rng, int64_t count)
{
    return random_tensor(arena, rng, (Shape){1, {count}}, 2).data;
}

static void expect_same(const char *what, const Kernels *kernels, const float *got,
                        const float *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0)
            fail_msg("%s, %s: value %lld is %.9g, scalar gives %.9g", kernels->name, what,
                     (long long)i, (double)got[i], (double)want[i]);
}

static int64_t between(Rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(rng, (uint64_t)(high - low + 1));
}

static Product random_product(Arena *arena, Rng *rng)
{
    Product p = {.step = between(rng, 1, 9),
                 .segments = between(rng, 1, 4),
                 .segment_stride = between(rng, 1, 60),
                 .run = between(rng, 1, 40),
                 .rows = between(rng, 1, 30),
                 .columns = between(rng, 1, 50)};
    p.lanes = (p.columns + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
    p.input = random_floats(arena, rng, p.rows * p.step + p.segments * p.segment_stride + p.run);
    p.taps = random_floats(arena, rng, p.segments * p.run * p.lanes);
    p.bias = random_floats(arena, rng, p.lanes);
    return p;
}

static void expect_product(const Product *p)
{
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t c = 0; c < p->columns; c++) {
            double sum = (double)p->bias[c], size = 1;
            for (int64_t s = 0; s < p->segments; s++)
                for (int64_t t = 0; t < p->run; t++) {
                    double term = (double)p->input[r * p->step + s * p->segment_stride + t] *
                                  (double)p->taps[(s * p->run + t) * p->lanes + c];
                    sum += term;
                    size += fabs(term);
                }
            assert_true(fabs((double)p->output[r * p->columns + c] - sum) <= 1e-6 * size);
        }
}

static void test_products(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        Product product = random_product(arena, &rng);
        int64_t count = product.rows * product.columns;
        product.output = ARENA_ARRAY(arena, float, count + 1);
        kernels_at(0)->multiply(&product);
        expect_product(&product);
        const float *want = product.output;
        for (int k = 1; kernels_at(k); k++) {
            product.output = ARENA_ARRAY(arena, float, count + 1);
            product.output[count] = 77; /* what lies behind must stay */
            kernels_at(k)->multiply(&product);
            expect_same("product", kernels_at(k), product.output, want, count);
            assert_true(product.output[count] == 77);
        }
        arena_free(arena);
    }
}

/* ---- each channel by itself --------------------------------------------------------------------
 */

static Product random_each(Arena *arena, Rng *rng)
{
    Product p = {.segments = between(rng, 1, 4),
                 .run = between(rng, 1, 7),
                 .rows = between(rng, 1, 13),
                 .columns = between(rng, 1, 50)};
    p.lanes = (p.columns + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
    p.step = p.lanes * between(rng, 1, 3);
    p.segment_stride = p.lanes * between(rng, 1, 9);
    p.input = random_floats(
        arena, rng, p.rows * p.step + p.segments * p.segment_stride + (p.run + 1) * p.lanes);
    p.taps = random_floats(arena, rng, p.segments * p.run * p.lanes);
    p.bias = random_floats(arena, rng, p.lanes);
    return p;
}

static double naive_each(const Product *p, int64_t row, int64_t channel)
{
    double sum = (double)p->bias[channel];
    for (int64_t s = 0; s < p->segments; s++)
        for (int64_t t = 0; t < p->run; t++)
            sum +=
                (double)p->input[row * p->step + s * p->segment_stride + t * p->lanes + channel] *
                (double)p->taps[(s * p->run + t) * p->lanes + channel];
    return sum;
}

static void test_products_of_each_channel(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        Product p = random_each(arena, &rng);
        int64_t count = p.rows * p.columns;
        const float *want = NULL;
        for (int k = 0; kernels_at(k); k++) {
            p.output = ARENA_ARRAY(arena, float, count + 1);
            p.output[count] = 77; /* what lies behind must stay */
            kernels_at(k)->multiply_each(&p);
            want = k == 0 ? p.output : want;
            expect_same("product of each", kernels_at(k), p.output, want, count + 1);
        }
        for (int64_t at = 0; at < count; at++)
            assert_true(fabs((double)want[at] - naive_each(&p, at / p.columns, at % p.columns)) <
                        1e-3);
        assert_true(want[count] == 77);
        arena_free(arena);
    }
}

static void test_correlations_of_each_channel(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        Product p = random_each(arena, &rng);
        int64_t taps = p.segments * p.run, pixels = p.rows;
        Correlation c = {.input = p.input,
                         .step = p.step,
                         .segments = p.segments,
                         .segment_stride = p.segment_stride,
                         .run = p.run,
                         .rows = 1,
                         .columns = pixels,
                         .gradient = random_floats(arena, &rng, pixels * p.columns + KERNEL_BLOCK),
                         .channels = p.columns,
                         .lanes = p.lanes};
        const float *want = NULL;
        for (int k = 0; kernels_at(k); k++) {
            c.sums = ARENA_ARRAY(arena, float, taps *p.lanes);
            kernels_at(k)->correlate_each(&c);
            want = k == 0 ? c.sums : want;
            for (int64_t t = 0; t < taps; t++)
                expect_same("correlation of each", kernels_at(k), c.sums + t * p.lanes,
                            want + t * p.lanes, p.columns);
        }
        for (int64_t t = 0; t < taps; t++)
            for (int64_t channel = 0; channel < p.columns; channel++) {
                const float *from =
                    p.input + t / p.run * p.segment_stride + t % p.run * p.lanes + channel;
                double sum = 0;
                for (int64_t x = 0; x < pixels; x++)
                    sum += (double)from[x * p.step] * (double)c.gradient[x * p.columns + channel];
                assert_true(fabs((double)want[t * p.lanes + channel] - sum) < 1e-3);
            }
        arena_free(arena);
    }
}

static Correlation random_correlation(Arena *arena, Rng *rng)
{
    Correlation p = {.row_stride = between(rng, 0, 50),
                     .step = between(rng, 0, 9),
                     .segments = between(rng, 1, 3),
                     .segment_stride = between(rng, 1, 60),
                     .run = between(rng, 1, 40),
                     .rows = between(rng, 1, 9),
                     .columns = between(rng, 1, 9),
                     .channels = between(rng, 1, 40)};
    p.lanes = (p.channels + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
    p.input = random_floats(arena, rng,
                            p.rows * p.row_stride + p.columns * p.step +
                                p.segments * p.segment_stride + p.run);
    p.gradient = random_floats(arena, rng, p.rows * p.columns * p.channels + KERNEL_BLOCK);
    return p;
}

static double naive_correlation(const Correlation *p, int64_t segment, int64_t tap, int64_t channel)
{
    double sum = 0;
    for (int64_t y = 0; y < p->rows; y++)
        for (int64_t x = 0; x < p->columns; x++)
            sum +=
                (double)
                    p->input[y * p->row_stride + x * p->step + segment * p->segment_stride + tap] *
                (double)p->gradient[(y * p->columns + x) * p->channels + channel];
    return sum;
}

static void expect_correlation(const Correlation *p, const float *before)
{
    for (int64_t s = 0; s < p->segments; s++)
        for (int64_t t = 0; t < p->run; t++)
            for (int64_t c = 0; c < p->channels; c++) {
                int64_t at = (s * p->run + t) * p->lanes + c;
                double want = (double)before[at] + naive_correlation(p, s, t, c);
                assert_true(fabs((double)p->sums[at] - want) <= 1e-3);
            }
}

static void test_correlations(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    for (int i = 0; i < CASES; i++) {
        Arena *arena = arena_new();
        Correlation p = random_correlation(arena, &rng);
        int64_t taps = p.segments * p.run, count = taps * p.lanes;
        const float *before = random_floats(arena, &rng, count);
        const float *want = NULL;
        for (int k = 0; kernels_at(k); k++) {
            p.sums = tensor_copy(arena, (Tensor){{1, {count}}, (float *)(uintptr_t)before}).data;
            kernels_at(k)->correlate(&p);
            if (k == 0)
                expect_correlation(&p, before);
            want = k == 0 ? p.sums : want;
            for (int64_t t = 0; t < taps; t++)
                expect_same("correlation", kernels_at(k), p.sums + t * p.lanes, want + t * p.lanes,
                            p.channels);
        }
        arena_free(arena);
    }
}

static void test_one_value_at_a_time(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    Arena *arena = arena_new();
    for (int64_t count = 0; count < 70; count++)
        for (int k = 0; kernels_at(k); k++) {
            const Kernels *kernels = kernels_at(k);
            float *a = random_floats(arena, &rng, count + 1);
            float *b = random_floats(arena, &rng, count + 1);
            float *sum = ARENA_ARRAY(arena, float, count + 1);
            float *rectified = ARENA_ARRAY(arena, float, count + 1);
            float *gradient = ARENA_ARRAY(arena, float, count + 1);
            memcpy(sum, b, (size_t)(count + 1) * sizeof *b);
            memcpy(gradient, b, (size_t)(count + 1) * sizeof *b);
            kernels->add(a, count, sum);
            float limit = count % 2 ? INFINITY : 0.75f;
            kernels->relu(a, count, limit, rectified);
            kernels->relu_gradient(a, count, limit, gradient);
            for (int64_t i = 0; i < count; i++) {
                assert_true(sum[i] == a[i] + b[i]);
                assert_true(rectified[i] == fminf(fmaxf(a[i], 0), limit));
                assert_true(gradient[i] == (a[i] > 0 && a[i] < limit ? b[i] : 0));
            }
            assert_true(sum[count] == b[count] && gradient[count] == b[count]);
            assert_true(rectified[count] == 0);
            kernels->relu(a, count, limit, a);
            assert_memory_equal(a, rectified, (size_t)count * sizeof *a);
        }
    arena_free(arena);
}

/* A network of every kind of layer, by every set. */
static Graph *network(Rng *rng)
{
    Graph *graph = graph_of_input(shape_of(3, 11, 13, 2));
    Layer first = conv_layer(graph, rng, "conv_1", window_of(3, 3, 1, true), shape_of(2, 2, 12));
    first.activation = ACTIVATION_RELU;
    chain(graph, first);
    chain(graph, norm_layer(graph, rng, "norm", 12));
    chain(graph, (Layer){.kind = LAYER_MAX_POOL2D, .name = "max", .window = window_of(2, 2, 2, 0)});
    Layer second = conv_layer(graph, rng, "conv_2", window_of(3, 2, 2, true), shape_of(2, 12, 21));
    second.activation = ACTIVATION_TANH;
    chain(graph, second);
    chain(graph,
          (Layer){.kind = LAYER_AVERAGE_POOL2D, .name = "mean", .window = window_of(2, 2, 1, 1)});
    Layer depthwise = depthwise_layer(graph, rng, window_of(3, 2, 1, true), 21, 2);
    depthwise.activation = ACTIVATION_RELU;
    depthwise.activation_limit = 0.5;
    chain(graph, depthwise);
    join(graph, LAYER_CONCATENATE, graph->count - 1, graph->count - 2);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, dense_layer(graph, rng, "digit", 9 * 63, 10));
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

static void test_networks(void **state)
{
    (void)state;
    Rng rng = rng_seed(4);
    Graph *graph = network(&rng);
    Tensor images = random_tensor(graph->arena, &rng, shape_of(2, 7, 11 * 13 * 2), 1);
    float want[7 * 10];
    for (int k = 0; kernels_at(k); k++) {
        setenv("DNN2FPGA_KERNELS", kernels_at(k)->name, 1);
        assert_ptr_equal(kernels_select(), kernels_at(k));
        Forward *forward = forward_new(graph, 7);
        const float *scores = forward_run(forward, images.data, 7);
        if (k == 0)
            memcpy(want, scores, sizeof want);
        expect_same("network", kernels_at(k), scores, want, 7 * 10);
        forward_free(forward);
    }
    unsetenv("DNN2FPGA_KERNELS");
    graph_free(graph);
}

/* Where all values are equal the first one gets the gradient; five channels are four and one. */
static void test_ties_go_to_the_first(void **state)
{
    (void)state;
    float image[4 * 4 * 5], gradient[2 * 2 * 5], got[4 * 4 * 5];
    for (int i = 0; i < 4 * 4 * 5; i++)
        image[i] = 3;
    for (int i = 0; i < 2 * 2 * 5; i++)
        gradient[i] = (float)(i + 1);
    Graph *graph = graph_of_input(shape_of(3, 4, 4, 5));
    chain(graph, (Layer){.kind = LAYER_MAX_POOL2D, .name = "max", .window = window_of(2, 2, 2, 0)});
    assert_int_equal(graph_infer_shapes(graph), OK);
    max_pool2d_backward(graph_output(graph), image, gradient, 1, got);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 5; c++) {
                float want = y % 2 || x % 2 ? 0 : gradient[(y / 2 * 2 + x / 2) * 5 + c];
                assert_true(got[(y * 4 + x) * 5 + c] == want);
            }
    graph_free(graph);
}

static void test_choice(void **state)
{
    (void)state;
    const Kernels *kernels = NULL;
    assert_int_equal(kernels_find("scalar", &kernels), OK);
    assert_ptr_equal(kernels, kernels_at(0));
    assert_int_equal(kernels->lanes, 1);
    assert_int_equal(kernels_find("neon-9000", &kernels), ERR_REFUSED);
    assert_null(kernels);
    assert_non_null(strstr(error_message(), "neon-9000: not on this machine, which has scalar"));
    int count = 0;
    while (kernels_at(count))
        count++;
    unsetenv("DNN2FPGA_KERNELS");
    assert_ptr_equal(kernels_select(), kernels_at(count - 1));
    setenv("DNN2FPGA_KERNELS", "no such", 1);
    assert_ptr_equal(kernels_select(), kernels_at(count - 1));
    unsetenv("DNN2FPGA_KERNELS");
    assert_null(kernels_at(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_correlations),
        cmocka_unit_test(test_products_of_each_channel),
        cmocka_unit_test(test_correlations_of_each_channel),
        cmocka_unit_test(test_one_value_at_a_time),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_ties_go_to_the_first),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
