/* Float layers against naive loops in double, and the promises of forward.h. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/activation.h"
#include "nn/forward.h"
#include "tests/unit/nn/graphs.h"

static const double TOLERANCE = 1e-5;

static void expect_near(const float *got, const double *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - want[i]) <= TOLERANCE * fmax(1, fabs(want[i]))))
            fail_msg("value %lld is %.9g, expected %.9g", (long long)i, (double)got[i], want[i]);
}

/* Every input pixel of every window, asked one by one; padding answers `outside`. */
static double pixel(const Layer *layer, const float *image, int64_t y, int64_t x, int64_t c,
                    double outside)
{
    Shape in = layer->input_shape;
    bool inside = y >= 0 && y < in.dim[0] && x >= 0 && x < in.dim[1];
    return inside ? (double)image[(y * in.dim[1] + x) * in.dim[2] + c] : outside;
}

/* One output value of a convolution or pool, from the definition in the Keras documentation. */
static double naive_window(const Layer *layer, const float *image, int64_t y, int64_t x, int64_t o)
{
    const Window *w = &layer->window;
    int64_t inputs = layer->input_shape.dim[2], outputs = layer->output_shape.dim[2];
    double sum = layer->bias.data ? (double)layer->bias.data[o] : 0, best = -INFINITY, seen = 0;
    for (int ky = 0; ky < w->kernel_height; ky++)
        for (int kx = 0; kx < w->kernel_width; kx++) {
            int64_t iy = y * w->stride_height - w->pad_top + ky;
            int64_t ix = x * w->stride_width - w->pad_left + kx;
            if (layer->kind == LAYER_CONV2D) {
                const float *taps =
                    layer->kernel.data + (ky * w->kernel_width + kx) * inputs * outputs;
                for (int64_t c = 0; c < inputs; c++)
                    sum += pixel(layer, image, iy, ix, c, 0) * (double)taps[c * outputs + o];
            } else {
                best = fmax(best, pixel(layer, image, iy, ix, o, -INFINITY));
                sum += pixel(layer, image, iy, ix, o, 0);
                seen += isfinite(pixel(layer, image, iy, ix, o, -INFINITY));
            }
        }
    return layer->kind == LAYER_CONV2D ? sum : layer->kind == LAYER_MAX_POOL2D ? best : sum / seen;
}

/* Runs input -> layer on a random image and compares. */
static void compare_window_layer(Rng *rng, Graph *graph)
{
    assert_int_equal(graph_infer_shapes(graph), OK);
    const Layer *layer = graph_output(graph);
    Tensor image = random_tensor(graph->arena, rng, layer->input_shape, 2);
    int64_t count = shape_elements(layer->output_shape);
    double *want = calloc((size_t)count, sizeof *want);
    for (int64_t i = 0; i < count; i++) {
        int64_t channel = i % layer->output_shape.dim[2], at = i / layer->output_shape.dim[2];
        int64_t width = layer->output_shape.dim[1];
        want[i] = naive_window(layer, image.data, at / width, at % width, channel);
    }
    Forward *forward = forward_new(graph, 1);
    expect_near(forward_run(forward, image.data, 1), want, count);
    forward_free(forward);
    free(want);
}

static const struct {
    int height, width, channels, kernel_height, kernel_width, stride, same;
} GEOMETRIES[] = {
    {5, 5, 1, 3, 3, 1, 0}, {6, 7, 3, 2, 4, 1, 1}, {9, 8, 2, 3, 3, 2, 1}, {8, 9, 2, 5, 3, 3, 0},
    {4, 4, 5, 1, 1, 2, 1}, {3, 3, 1, 3, 3, 1, 1}, {7, 5, 4, 4, 4, 3, 1}, {2, 2, 1, 5, 5, 1, 1},
};

static void test_convolution(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    for (size_t g = 0; g < sizeof GEOMETRIES / sizeof *GEOMETRIES; g++)
        for (int filters = 1; filters <= 21; filters++) {
            Graph *graph = graph_of_input(
                shape_of(3, GEOMETRIES[g].height, GEOMETRIES[g].width, GEOMETRIES[g].channels));
            Window window = window_of(GEOMETRIES[g].kernel_height, GEOMETRIES[g].kernel_width,
                                      GEOMETRIES[g].stride, GEOMETRIES[g].same != 0);
            Layer layer = conv_layer(graph, &rng, "conv", window,
                                     shape_of(2, GEOMETRIES[g].channels, filters));
            if (filters % 3 == 0)
                layer.bias.data = NULL;
            chain(graph, layer);
            compare_window_layer(&rng, graph);
            graph_free(graph);
        }
}

static void test_pools(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    const LayerKind kinds[] = {LAYER_MAX_POOL2D, LAYER_AVERAGE_POOL2D};
    for (size_t g = 0; g < sizeof GEOMETRIES / sizeof *GEOMETRIES; g++)
        for (int k = 0; k < 2; k++) {
            Graph *graph = graph_of_input(
                shape_of(3, GEOMETRIES[g].height, GEOMETRIES[g].width, GEOMETRIES[g].channels));
            Window window = window_of(GEOMETRIES[g].kernel_height, GEOMETRIES[g].kernel_width,
                                      GEOMETRIES[g].stride, GEOMETRIES[g].same != 0);
            chain(graph, (Layer){.kind = kinds[k], .name = "pool", .window = window});
            compare_window_layer(&rng, graph);
            graph_free(graph);
        }
}

/* Vectors, and images whose pixels are mapped one by one. */
static void test_dense(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    const Shape shapes[] = {shape_of(1, 7), shape_of(1, 64), shape_of(2, 3, 5),
                            shape_of(3, 2, 3, 4)};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int units = 1; units <= 19; units++) {
            Graph *graph = graph_of_input(shapes[s]);
            int inputs = (int)shape_channels(shapes[s]);
            chain(graph, dense_layer(graph, &rng, "dense", inputs, units));
            assert_int_equal(graph_infer_shapes(graph), OK);
            const Layer *layer = graph_output(graph);
            Tensor image = random_tensor(graph->arena, &rng, shapes[s], 2);
            int64_t rows = shape_elements(shapes[s]) / inputs;
            double *want = calloc((size_t)(rows * units), sizeof *want);
            for (int64_t r = 0; r < rows; r++)
                for (int o = 0; o < units; o++) {
                    want[r * units + o] = (double)layer->bias.data[o];
                    for (int i = 0; i < inputs; i++)
                        want[r * units + o] += (double)image.data[r * inputs + i] *
                                               (double)layer->kernel.data[i * units + o];
                }
            Forward *forward = forward_new(graph, 1);
            expect_near(forward_run(forward, image.data, 1), want, rows * units);
            forward_free(forward);
            free(want);
            graph_free(graph);
        }
}

static void test_batch_norm(void **state)
{
    (void)state;
    /* gamma / sqrt(variance + epsilon) = 2 / sqrt(4) = 1 and 3 / sqrt(0.25) = 6. */
    Graph *graph = graph_of_input(shape_of(3, 1, 2, 2));
    float gamma[] = {2, 3}, beta[] = {10, -1}, mean[] = {1, 0.5F}, variance[] = {3.5F, -0.25F};
    Shape two = shape_of(1, 2);
    chain(graph, (Layer){.kind = LAYER_BATCH_NORM,
                         .name = "norm",
                         .gamma = {two, gamma},
                         .beta = {two, beta},
                         .mean = {two, mean},
                         .variance = {two, variance},
                         .epsilon = 0.5});
    assert_int_equal(graph_infer_shapes(graph), OK);
    Forward *forward = forward_new(graph, 1);
    const float image[] = {5, 1.5F, -1, 0};
    const double want[] = {5 - 1 + 10, 6 * 1.0 - 1, -1 - 1 + 10, 6 * -0.5 - 1};
    expect_near(forward_run(forward, image, 1), want, 4);
    forward_free(forward);
    graph_free(graph);
}

/* What the layer makes of `input`, its own small numbers checked by hand. */
static void expect_output(Graph *graph, const float *input, const double *want, int64_t count)
{
    assert_int_equal(graph_infer_shapes(graph), OK);
    assert_int_equal(shape_elements(graph_output(graph)->output_shape), count);
    Forward *forward = forward_new(graph, 1);
    expect_near(forward_run(forward, input, 1), want, count);
    forward_free(forward);
    graph_free(graph);
}

static void test_depthwise(void **state)
{
    (void)state;
    /* One row of three pixels of two channels; a window of two; two kernels a channel. */
    Graph *graph = graph_of_input(shape_of(3, 1, 3, 2));
    static float taps[] = {1, 2, 3, 4, 10, 20, 30, 40}, bias[] = {0.5F, 0, 0, -1};
    chain(graph, (Layer){.kind = LAYER_DEPTHWISE_CONV2D,
                         .name = "depthwise",
                         .window = window_of(1, 2, 1, false),
                         .kernel = {shape_of(4, 1, 2, 2, 2), taps},
                         .bias = {shape_of(1, 4), bias}});
    const float image[] = {1, -1, 2, 0, 3, 5};
    const double want[] = {1 + 20 + 0.5, 2 + 40, -3, -4 - 1, 2 + 30 + 0.5, 4 + 60, 150, 200 - 1};
    expect_output(graph, image, want, 8);
}

static void test_padding_and_upsampling(void **state)
{
    (void)state;
    const float image[] = {1, 2, 3, 4};
    Graph *graph = graph_of_input(shape_of(3, 2, 1, 2));
    Window pads = {1, 1, 1, 1, .pad_top = 1, .pad_left = 1};
    chain(graph, (Layer){.kind = LAYER_ZERO_PAD2D, .name = "pad", .window = pads});
    const double padded[] = {0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4};
    expect_output(graph, image, padded, 12);

    graph = graph_of_input(shape_of(3, 2, 1, 2));
    chain(graph,
          (Layer){.kind = LAYER_UPSAMPLE2D, .name = "up", .factor_height = 2, .factor_width = 3});
    const double copies[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2,
                             3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 4};
    expect_output(graph, image, copies, 24);
}

static void test_global_pools(void **state)
{
    (void)state;
    const float image[] = {1, 2, 3, -4, 5, 6, -2, 0};
    Graph *graph = graph_of_input(shape_of(3, 2, 2, 2));
    chain(graph, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "mean"});
    expect_output(graph, image, (const double[]){7 / 4.0, 1}, 2);
    graph = graph_of_input(shape_of(2, 4, 2));
    chain(graph, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "max", .sequence = true});
    expect_output(graph, image, (const double[]){5, 6}, 2);
}

static void test_joins(void **state)
{
    (void)state;
    const float image[] = {1, 2, 3, 4};
    Graph *graph = graph_of_input(shape_of(3, 1, 2, 2));
    chain(graph, (Layer){.kind = LAYER_ACTIVATION,
                         .name = "leaky",
                         .activation = ACTIVATION_LEAKY_RELU,
                         .activation_slope = 0.5});
    join(graph, LAYER_ADD, 0, 1);
    graph->layers[2].activation = ACTIVATION_RELU;
    graph->layers[2].activation_limit = 5;
    join(graph, LAYER_CONCATENATE, 2, 0);
    expect_output(graph, image, (const double[]){2, 4, 1, 2, 5, 5, 3, 4}, 8);
}

/* A sequence convolves as an image of one row. */
static void test_sequence(void **state)
{
    (void)state;
    Graph *graph = graph_of_input(shape_of(2, 4, 1));
    static float taps[] = {1, -1, 10};
    chain(graph, (Layer){.kind = LAYER_CONV2D,
                         .name = "conv",
                         .sequence = true,
                         .window = {.kernel_height = 1,
                                    .kernel_width = 3,
                                    .stride_height = 1,
                                    .stride_width = 2,
                                    .same = true},
                         .kernel = {shape_of(4, 1, 3, 1, 1), taps}});
    const float steps[] = {1, 2, 3, 4};
    expect_output(graph, steps, (const double[]){1 - 2 + 30, 3 - 4}, 2);
}

static void test_activations(void **state)
{
    (void)state;
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_SIGMOID}, 0), 0.5,
                       0);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_SIGMOID}, 1000), 1,
                       0);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_SIGMOID}, -1000), 0,
                       0);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_SIGMOID}, 2),
                       0.8807970779778823, 1e-15);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_TANH}, 1),
                       0.7615941559557649, 1e-15);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_RELU}, -3), 0, 0);
    const ActivationFunction six = {ACTIVATION_RELU, .limit = 6};
    assert_float_equal(activation_value(six, 7), 6, 0);
    assert_float_equal(activation_value(six, -7), 0, 0);
    const ActivationFunction leaky = {ACTIVATION_LEAKY_RELU, .slope = 0.25};
    assert_float_equal(activation_value(leaky, 7), 7, 0);
    assert_float_equal(activation_value(leaky, -8), -2, 0);
    const ActivationFunction hard = {ACTIVATION_HARD_SIGMOID, .slope = 0.2};
    assert_float_equal(activation_value(hard, 1), 0.7, 1e-15);
    assert_float_equal(activation_value(hard, 3), 1, 0);
    assert_float_equal(activation_value(hard, -3), 0, 0);
    assert_float_equal(activation_value((ActivationFunction){.kind = ACTIVATION_LINEAR}, -3), -3,
                       0);

    float relu[] = {-1, 0, 2};
    activation_apply((ActivationFunction){.kind = ACTIVATION_RELU}, relu, 1, 3);
    assert_float_equal(relu[0], 0, 0);
    assert_float_equal(relu[2], 2, 0);

    /* Rows by themselves; large scores do not overflow. */
    float scores[] = {1000, 1001, 1002, -5, -5, -5};
    activation_apply((ActivationFunction){.kind = ACTIVATION_SOFTMAX}, scores, 2, 3);
    assert_float_equal(scores[0], 0.09003057317038046, 1e-7);
    assert_float_equal(scores[2], 0.6652409557748218, 1e-7);
    assert_float_equal(scores[4], 1.0 / 3, 1e-7);
}

static Graph *mixed_graph(Rng *rng)
{
    Graph *graph = graph_of_input(shape_of(3, 8, 8, 2));
    Layer conv = conv_layer(graph, rng, "conv", window_of(3, 3, 1, true), shape_of(2, 2, 5));
    conv.activation = ACTIVATION_TANH;
    chain(graph, conv);
    chain(graph, norm_layer(graph, rng, "norm", 5));
    chain(graph, (Layer){.kind = LAYER_MAX_POOL2D,
                         .name = "pool",
                         .window = window_of(2, 2, 2, false),
                         .activation = ACTIVATION_RELU});
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flatten"});
    Layer dense = dense_layer(graph, rng, "dense", 80, 6);
    dense.activation = ACTIVATION_SOFTMAX;
    chain(graph, dense);
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

/* The same bits one by one as in a batch. */
static void test_batch_does_not_matter(void **state)
{
    (void)state;
    enum { BATCH = 7 };
    Rng rng = rng_seed(4);
    Graph *graph = mixed_graph(&rng);
    Tensor images = random_tensor(graph->arena, &rng, shape_of(2, BATCH, 128), 1);
    Forward *many = forward_new(graph, BATCH), *one = forward_new(graph, 1);
    const float *together = forward_run(many, images.data, BATCH);
    for (int b = 0; b < BATCH; b++)
        assert_memory_equal(forward_run(one, images.data + b * 128, 1), together + b * 6,
                            6 * sizeof(float));
    forward_free(many);
    forward_free(one);
    graph_free(graph);
}

/* Values before and after each activation, and of layers that only hand on. */
static void test_layers_can_be_looked_at(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    Graph *graph = mixed_graph(&rng);
    Tensor image = random_tensor(graph->arena, &rng, shape_of(1, 128), 1);
    Forward *forward = forward_new(graph, 1);
    const float *output = forward_run(forward, image.data, 1);
    assert_memory_equal(forward_layer(forward, 0), image.data, 128 * sizeof(float));
    assert_ptr_equal(forward_layer(forward, graph->count - 1), output);
    int conv = graph_find(graph, "conv"), norm = graph_find(graph, "norm");
    for (int i = 0; i < 320; i++)
        assert_float_equal(forward_layer(forward, conv)[i],
                           tanh((double)forward_preactivation(forward, conv)[i]), 1e-7);
    assert_ptr_equal(forward_layer(forward, norm), forward_preactivation(forward, norm));
    int pool = graph_find(graph, "pool"), flatten = graph_find(graph, "flatten");
    assert_memory_equal(forward_layer(forward, flatten), forward_layer(forward, pool),
                        80 * sizeof(float));
    double sum = 0;
    for (int i = 0; i < 6; i++)
        sum += (double)output[i];
    assert_float_equal(sum, 1, 1e-6);
    forward_free(forward);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_batch_norm),
        cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_padding_and_upsampling),
        cmocka_unit_test(test_global_pools),
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_batch_does_not_matter),
        cmocka_unit_test(test_layers_can_be_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
