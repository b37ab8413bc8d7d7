/* Shapes as Keras infers them, and rewrites that must keep a network's function. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "graph/passes.h"

/* Output size and pads of TensorFlow's documented formulas, by hand. */
static void test_window_sizes(void **state)
{
    (void)state;
    static const struct {
        int input, kernel, stride, same, output, before, after;
    } rows[] = {
        {28, 3, 1, 0, 26, 0, 0}, {28, 3, 1, 1, 28, 1, 1}, {28, 3, 2, 1, 14, 0, 1},
        {27, 3, 2, 1, 14, 1, 1}, {5, 2, 2, 0, 2, 0, 0},   {5, 2, 2, 1, 3, 0, 1},
        {7, 5, 3, 1, 3, 2, 2},   {4, 1, 3, 1, 2, 0, 0},   {2, 3, 1, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t height, width;
        Window high = {.kernel_height = rows[i].kernel,
                       .kernel_width = 1,
                       .stride_height = rows[i].stride,
                       .stride_width = 1,
                       .same = rows[i].same != 0,
                       .pad_left = 9};
        window_slide(&high, shape_of(3, rows[i].input, 5, 1), &height, &width);
        assert_int_equal(height, rows[i].output);
        assert_int_equal(width, 5);
        assert_int_equal(high.pad_top, rows[i].before);
        assert_int_equal(high.pad_bottom, rows[i].after);
        assert_int_equal(high.pad_left + high.pad_right, 0);
        Window wide = {.kernel_height = 1,
                       .kernel_width = rows[i].kernel,
                       .stride_height = 1,
                       .stride_width = rows[i].stride,
                       .same = rows[i].same != 0};
        window_slide(&wide, shape_of(3, 5, rows[i].input, 1), &height, &width);
        assert_int_equal(width, rows[i].output);
        assert_int_equal(wide.pad_left, rows[i].before);
        assert_int_equal(wide.pad_right, rows[i].after);
    }
}

static void fill(Tensor tensor, float start, float step)
{
    for (int64_t i = 0; i < shape_elements(tensor.shape); i++)
        tensor.data[i] = start + step * (float)(i % 7);
}

static int add(Graph *graph, Layer layer)
{
    if (graph->count) {
        layer.inputs[0] = graph->count - 1;
        layer.input_count = 1;
    }
    return graph_add(graph, layer);
}

static Tensor make(Graph *graph, Shape shape, float start, float step)
{
    Tensor tensor = tensor_new(graph->arena, shape);
    fill(tensor, start, step);
    return tensor;
}

static Layer norm_layer(Graph *graph, const char *name, int channels)
{
    return (Layer){.kind = LAYER_BATCH_NORM,
                   .name = name,
                   .gamma = make(graph, shape_of(1, channels), 0.5f, 0.25f),
                   .beta = make(graph, shape_of(1, channels), -0.5f, 0.125f),
                   .mean = make(graph, shape_of(1, channels), 0.25f, -0.5f),
                   .variance = make(graph, shape_of(1, channels), 0.5f, 0.75f),
                   .epsilon = 1e-3};
}

static Layer dense_layer(Graph *graph, const char *name, int inputs, int units)
{
    return (Layer){.kind = LAYER_DENSE,
                   .name = name,
                   .kernel = make(graph, shape_of(2, inputs, units), -0.5f, 0.25f),
                   .bias = make(graph, shape_of(1, units), 0.125f, 0.5f)};
}

static void test_the_case_study_has_18718_parameters(void **state)
{
    (void)state;
    Graph *g = graph_new("cnn");
    add(g, (Layer){.kind = LAYER_INPUT, .name = "image", .output_shape = shape_of(3, 28, 28, 1)});
    Window three = {.kernel_height = 3, .kernel_width = 3, .stride_height = 1, .stride_width = 1};
    Window two = {.kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2};
    add(g, (Layer){.kind = LAYER_CONV2D,
                   .name = "c1",
                   .window = three,
                   .kernel = make(g, shape_of(4, 3, 3, 1, 12), 0, 1),
                   .bias = make(g, shape_of(1, 12), 0, 1)});
    add(g, (Layer){.kind = LAYER_CONV2D,
                   .name = "c2",
                   .window = three,
                   .kernel = make(g, shape_of(4, 3, 3, 12, 12), 0, 1),
                   .bias = make(g, shape_of(1, 12), 0, 1)});
    add(g, (Layer){.kind = LAYER_MAX_POOL2D, .name = "p", .window = two});
    add(g, (Layer){.kind = LAYER_FLATTEN, .name = "f"});
    add(g, dense_layer(g, "d", 1728, 10));
    assert_int_equal(graph_infer_shapes(g), OK);
    assert_true(shape_equal(g->layers[2].output_shape, shape_of(3, 24, 24, 12)));
    assert_true(shape_equal(g->layers[3].output_shape, shape_of(3, 12, 12, 12)));
    assert_int_equal(graph_parameters(g), 18718);
    assert_int_equal(layer_macs(&g->layers[1]) + layer_macs(&g->layers[2]) +
                         layer_macs(&g->layers[5]),
                     26 * 26 * 108 + 24 * 24 * 1296 + 17280);
    graph_free(g);
}

static void test_a_wrong_kernel_is_refused_by_name(void **state)
{
    (void)state;
    Graph *g = graph_new("model.h5");
    add(g, (Layer){.kind = LAYER_INPUT, .name = "x", .output_shape = shape_of(1, 5)});
    add(g, dense_layer(g, "digits", 6, 3));
    assert_int_equal(graph_infer_shapes(g), ERR_REFUSED);
    assert_string_equal(error_message(),
                        "model.h5: layer digits: kernel has shape 6x3, expected 5x3");
    graph_free(g);
}

static void test_huge_shapes_do_not_overflow(void **state)
{
    (void)state;
    Shape shape = {4, {1 << 20, 1 << 20, 1 << 20, 1 << 20}};
    assert_int_equal(shape_elements(shape), -1);
    assert_int_equal(shape_elements((Shape){2, {0, 3}}), -1);
    assert_int_equal(shape_elements((Shape){2, {-4, 3}}), -1);
}

/* An independent evaluation of dense and batch-norm chains in float64, for comparison. */
static void run(const Graph *g, const double *input, double *output)
{
    double a[16], b[16];
    int64_t n = shape_elements(graph_input_shape(g));
    memcpy(a, input, (size_t)n * sizeof *a);
    for (int i = 1; i < g->count; i++) {
        const Layer *l = &g->layers[i];
        int64_t m = shape_elements(l->output_shape);
        for (int64_t o = 0; o < m; o++) {
            if (l->kind == LAYER_DENSE) {
                b[o] = l->bias.data ? (double)l->bias.data[o] : 0;
                for (int64_t k = 0; k < n; k++)
                    b[o] += a[k] * (double)l->kernel.data[k * m + o];
            } else if (l->kind == LAYER_BATCH_NORM) {
                b[o] = (a[o] - (double)l->mean.data[o]) * (double)l->gamma.data[o] /
                           sqrt((double)l->variance.data[o] + l->epsilon) +
                       (double)l->beta.data[o];
            } else {
                b[o] = a[o];
            }
            if (l->activation == ACTIVATION_RELU && b[o] < 0)
                b[o] = 0;
        }
        n = m;
        memcpy(a, b, (size_t)n * sizeof *a);
    }
    memcpy(output, a, (size_t)n * sizeof *a);
}

static void assert_same_function(Graph *source, int expected_layers)
{
    Graph *simple = NULL;
    assert_int_equal(graph_infer_shapes(source), OK);
    assert_int_equal(graph_simplify(source, &simple), OK);
    assert_int_equal(simple->count, expected_layers);
    double input[4] = {0.5, -1.25, 2.0, 0.125}, before[16], after[16];
    run(source, input, before);
    run(simple, input, after);
    for (int64_t i = 0; i < shape_elements(graph_output(source)->output_shape); i++)
        assert_true(fabs(before[i] - after[i]) < 1e-5 * (1 + fabs(before[i])));
    graph_free(simple);
    graph_free(source);
}

static Graph *start(void)
{
    Graph *g = graph_new("chain");
    add(g, (Layer){.kind = LAYER_INPUT, .name = "x", .output_shape = shape_of(1, 4)});
    return g;
}

static void test_norm_folds_into_the_layer_before(void **state)
{
    (void)state;
    Graph *g = start();
    add(g, dense_layer(g, "d", 4, 5));
    add(g, norm_layer(g, "n", 5));
    add(g, (Layer){.kind = LAYER_ACTIVATION, .name = "a", .activation = ACTIVATION_RELU});
    add(g, (Layer){.kind = LAYER_DROPOUT, .name = "o"});
    add(g, dense_layer(g, "e", 5, 3));
    assert_same_function(g, 3);
}

static void test_norm_folds_into_a_layer_without_bias(void **state)
{
    (void)state;
    Graph *g = start();
    Layer dense = dense_layer(g, "d", 4, 5);
    dense.bias = (Tensor){0};
    add(g, dense);
    add(g, (Layer){.kind = LAYER_DROPOUT, .name = "o"});
    add(g, norm_layer(g, "n", 5));
    assert_same_function(g, 2);
}

static void test_norm_behind_a_relu_folds_into_the_layer_after(void **state)
{
    (void)state;
    Graph *g = start();
    Layer dense = dense_layer(g, "d", 4, 5);
    dense.activation = ACTIVATION_RELU;
    add(g, dense);
    add(g, norm_layer(g, "n", 5));
    add(g, (Layer){.kind = LAYER_FLATTEN, .name = "f"});
    add(g, dense_layer(g, "e", 5, 3));
    assert_same_function(g, 4);
}

static void test_norm_before_padding_stays(void **state)
{
    (void)state;
    Graph *g = graph_new("padded");
    add(g, (Layer){.kind = LAYER_INPUT, .name = "x", .output_shape = shape_of(3, 4, 4, 2)});
    add(g, norm_layer(g, "n", 2));
    Window same = {
        .kernel_height = 3, .kernel_width = 3, .stride_height = 1, .stride_width = 1, .same = true};
    add(g, (Layer){.kind = LAYER_CONV2D,
                   .name = "c",
                   .window = same,
                   .kernel = make(g, shape_of(4, 3, 3, 2, 3), 0, 1)});
    assert_int_equal(graph_infer_shapes(g), OK);
    Graph *simple = NULL;
    assert_int_equal(graph_simplify(g, &simple), OK);
    assert_int_equal(simple->count, 3);
    assert_int_equal(simple->layers[1].kind, LAYER_BATCH_NORM);
    graph_free(simple);
    graph_free(g);
}

static void test_relu_then_norm_then_relu_keeps_both(void **state)
{
    (void)state;
    Graph *g = start();
    Layer norm = norm_layer(g, "n", 4);
    add(g, norm);
    add(g, (Layer){.kind = LAYER_ACTIVATION, .name = "a", .activation = ACTIVATION_RELU});
    add(g, (Layer){.kind = LAYER_ACTIVATION, .name = "l", .activation = ACTIVATION_LINEAR});
    assert_same_function(g, 2);
}

static void test_unfolded_norms_stay_where_they_are(void **state)
{
    (void)state;
    Graph *g = start();
    add(g, dense_layer(g, "d", 4, 5));
    add(g, norm_layer(g, "n", 5));
    add(g, (Layer){.kind = LAYER_ACTIVATION, .name = "a", .activation = ACTIVATION_RELU});
    add(g, (Layer){.kind = LAYER_DROPOUT, .name = "o"});
    assert_int_equal(graph_infer_shapes(g), OK);
    Graph *simple = NULL;
    assert_int_equal(graph_simplify_unfolded(g, &simple), OK);
    assert_int_equal(simple->count, 3);
    assert_int_equal(simple->layers[2].kind, LAYER_BATCH_NORM);
    assert_int_equal(simple->layers[2].activation, ACTIVATION_RELU);
    assert_memory_equal(simple->layers[1].kernel.data, g->layers[1].kernel.data,
                        20 * sizeof(float));
    graph_free(simple);
    graph_free(g);
}

/* ---- kinds of layers ---------------------------------------------------------------------------
 */

static void expect_shape(Graph *g, int layer, Shape shape)
{
    if (graph_infer_shapes(g) != OK)
        fail_msg("%s", error_message());
    char found[SHAPE_TEXT_BYTES], expected[SHAPE_TEXT_BYTES];
    assert_string_equal(shape_format(g->layers[layer].output_shape, found),
                        shape_format(shape, expected));
}

static Graph *image(int height, int width, int channels)
{
    Graph *g = graph_new("net");
    add(g, (Layer){.kind = LAYER_INPUT,
                   .name = "x",
                   .output_shape = shape_of(3, height, width, channels)});
    return g;
}

static void test_shapes_of_image_layers(void **state)
{
    (void)state;
    Graph *g = image(6, 7, 3);
    Window window = {.kernel_height = 3, .kernel_width = 2, .stride_height = 2, .stride_width = 1};
    int last = add(g, (Layer){.kind = LAYER_DEPTHWISE_CONV2D,
                              .name = "depthwise",
                              .window = window,
                              .kernel = make(g, shape_of(4, 3, 2, 3, 4), 0, 1),
                              .bias = make(g, shape_of(1, 12), 0, 1)});
    expect_shape(g, last, shape_of(3, 2, 6, 12));
    assert_int_equal(layer_macs(&g->layers[last]), 2 * 6 * 12 * 3 * 2);
    assert_int_equal(layer_parameters(&g->layers[last]), 3 * 2 * 12 + 12);
    Window pads = {1, 1, 1, 1, .pad_top = 1, .pad_bottom = 2, .pad_left = 0, .pad_right = 3};
    last = add(g, (Layer){.kind = LAYER_ZERO_PAD2D, .name = "pad", .window = pads});
    expect_shape(g, last, shape_of(3, 5, 9, 12));
    last = add(
        g, (Layer){.kind = LAYER_UPSAMPLE2D, .name = "up", .factor_height = 2, .factor_width = 3});
    expect_shape(g, last, shape_of(3, 10, 27, 12));
    assert_int_equal(layer_macs(&g->layers[last]), 0);
    last = add(g, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "one", .keep_dims = true});
    expect_shape(g, last, shape_of(3, 1, 1, 12));
    last = add(g, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "all"});
    expect_shape(g, last, shape_of(1, 12));
    graph_free(g);
}

static void test_shapes_of_sequences(void **state)
{
    (void)state;
    Graph *g = graph_new("net");
    add(g, (Layer){.kind = LAYER_INPUT, .name = "x", .output_shape = shape_of(2, 20, 3)});
    Window window = {.kernel_height = 1, .kernel_width = 5, .stride_height = 1, .stride_width = 2};
    int last = add(g, (Layer){.kind = LAYER_CONV2D,
                              .name = "conv",
                              .sequence = true,
                              .window = window,
                              .kernel = make(g, shape_of(4, 1, 5, 3, 4), 0, 1)});
    expect_shape(g, last, shape_of(2, 8, 4));
    assert_int_equal(layer_macs(&g->layers[last]), 8 * 5 * 3 * 4);
    Window pads = {1, 1, 1, 1, .pad_left = 1, .pad_right = 3};
    last =
        add(g, (Layer){.kind = LAYER_ZERO_PAD2D, .name = "pad", .sequence = true, .window = pads});
    expect_shape(g, last, shape_of(2, 12, 4));
    last = add(g, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D,
                          .name = "one",
                          .sequence = true,
                          .keep_dims = true});
    expect_shape(g, last, shape_of(2, 1, 4));
    last = add(g, (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window});
    assert_int_equal(graph_infer_shapes(g), ERR_REFUSED);
    assert_string_equal(error_message(), "net: layer pool: input has shape 1x4, expected (height, "
                                         "width, channels)");
    graph_free(g);
    assert_true(shape_equal(shape_as_image(shape_of(2, 5, 4)), shape_of(3, 1, 5, 4)));
    assert_true(shape_equal(shape_as_image(shape_of(1, 4)), shape_of(3, 1, 1, 4)));
}

static void test_shapes_of_joins(void **state)
{
    (void)state;
    Graph *g = image(4, 5, 3);
    Window one = {1, 1, 1, 1, .same = false};
    add(g, (Layer){.kind = LAYER_CONV2D,
                   .name = "a",
                   .window = one,
                   .kernel = make(g, shape_of(4, 1, 1, 3, 8), 0, 1)});
    int both = graph_add(
        g, (Layer){.kind = LAYER_CONCATENATE, .name = "both", .inputs = {0, 1}, .input_count = 2});
    expect_shape(g, both, shape_of(3, 4, 5, 11));
    assert_int_equal(graph_reader_count(g, 0), 2);
    assert_int_equal(graph_reader_count(g, 1), 1);
    int twice = graph_add(
        g, (Layer){.kind = LAYER_ADD, .name = "twice", .inputs = {both, both}, .input_count = 2});
    expect_shape(g, twice, shape_of(3, 4, 5, 11));
    assert_int_equal(graph_reader_count(g, both), 2);
    graph_add(g, (Layer){.kind = LAYER_ADD, .name = "sum", .inputs = {1, 0}, .input_count = 2});
    assert_int_equal(graph_infer_shapes(g), ERR_REFUSED);
    assert_string_equal(error_message(), "net: layer sum: reads 4x5x8 of layer a and 4x5x3 of "
                                         "layer x, expected the same shape");
    g->layers[g->count - 1].input_count = 1;
    assert_int_equal(graph_infer_shapes(g), ERR_REFUSED);
    assert_string_equal(error_message(), "net: layer sum: reads 1 layers, expected two or more");
    graph_free(g);
}

static void test_activations_as_text(void **state)
{
    (void)state;
    static const struct {
        ActivationFunction function;
        const char *text;
    } rows[] = {
        {{ACTIVATION_RELU, .limit = 0}, "relu"},
        {{ACTIVATION_RELU, .limit = 6}, "relu6"},
        {{ACTIVATION_RELU, .limit = 4.5}, "relu(max 4.5)"},
        {{ACTIVATION_LEAKY_RELU, .slope = 0.3}, "leaky_relu(0.3)"},
        {{ACTIVATION_HARD_SIGMOID, .slope = 0.2}, "hard_sigmoid(0.2)"},
        {{ACTIVATION_SOFTMAX, .slope = 0}, "softmax"},
    };
    char text[ACTIVATION_TEXT_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(activation_format(rows[i].function, text), rows[i].text);
}

/* ---- passes over branches ----------------------------------------------------------------------
 */

/* What one pixel of one channel becomes by y = sum of w * x over a 1x1 depthwise kernel and bias,
 * before and after the rewrite. */
static void test_norms_fold_into_depthwise_kernels(void **state)
{
    (void)state;
    Graph *g = image(1, 1, 2), *simple = NULL;
    Window one = {1, 1, 1, 1, .same = false};
    Layer before = norm_layer(g, "before", 2);
    add(g, before);
    Tensor kernel = make(g, shape_of(4, 1, 1, 2, 2), 1, 0.5f); /* 1, 1.5 | 2, 2.5 */
    add(g, (Layer){.kind = LAYER_DEPTHWISE_CONV2D, .name = "d", .window = one, .kernel = kernel});
    Layer after = norm_layer(g, "after", 4);
    after.activation = ACTIVATION_RELU;
    after.activation_limit = 6;
    add(g, after);
    assert_int_equal(graph_infer_shapes(g), OK);
    assert_int_equal(graph_simplify(g, &simple), OK);
    assert_int_equal(simple->count, 2);
    const Layer *folded = &simple->layers[1];
    assert_float_equal(folded->activation_limit, 6, 0);
    for (int o = 0; o < 4; o++) {
        int c = o / 2;
        double x = 0.75;
        double y = (x - (double)before.mean.data[c]) * (double)before.gamma.data[c] /
                       sqrt((double)before.variance.data[c] + 1e-3) +
                   (double)before.beta.data[c];
        y *= (double)kernel.data[o];
        y = (y - (double)after.mean.data[o]) * (double)after.gamma.data[o] /
                sqrt((double)after.variance.data[o] + 1e-3) +
            (double)after.beta.data[o];
        double got = x * (double)folded->kernel.data[o] + (double)folded->bias.data[o];
        assert_true(fabs(got - y) < 1e-5);
    }
    graph_free(simple);
    graph_free(g);
}

/* A convolution whose output somebody else reads, too, keeps it; one beside it does not. */
static void test_norms_do_not_fold_over_branches(void **state)
{
    (void)state;
    Graph *g = image(3, 3, 2), *simple = NULL;
    Window one = {1, 1, 1, 1, .same = false};
    Layer conv = {.kind = LAYER_CONV2D,
                  .name = "c1",
                  .window = one,
                  .kernel = make(g, shape_of(4, 1, 1, 2, 2), 0, 1)};
    add(g, conv);
    add(g, norm_layer(g, "n1", 2));
    conv.name = "c2";
    add(g, conv);
    add(g, norm_layer(g, "n2", 2));
    add(g, (Layer){.kind = LAYER_DROPOUT, .name = "o"});
    graph_add(g, (Layer){.kind = LAYER_ADD, .name = "sum", .inputs = {5, 1}, .input_count = 2});
    add(g, (Layer){.kind = LAYER_ACTIVATION, .name = "f", .activation = ACTIVATION_RELU});
    add(g, (Layer){.kind = LAYER_FLATTEN, .name = "end"});
    assert_int_equal(graph_infer_shapes(g), OK);
    assert_int_equal(graph_simplify(g, &simple), OK);
    /* c1 is read twice; n1 goes forward into c2, which has n2 folded into it. */
    static const char *const LEFT[] = {"x", "c1", "c2", "sum", "end"};
    assert_int_equal(simple->count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(simple->layers[i].name, LEFT[i]);
    assert_int_equal(simple->layers[3].inputs[0], 2);
    assert_int_equal(simple->layers[3].inputs[1], 1);
    assert_int_equal(simple->layers[3].activation, ACTIVATION_RELU);
    assert_null(simple->layers[1].bias.data);
    graph_free(simple);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_sizes),
        cmocka_unit_test(test_the_case_study_has_18718_parameters),
        cmocka_unit_test(test_a_wrong_kernel_is_refused_by_name),
        cmocka_unit_test(test_huge_shapes_do_not_overflow),
        cmocka_unit_test(test_norm_folds_into_the_layer_before),
        cmocka_unit_test(test_norm_folds_into_a_layer_without_bias),
        cmocka_unit_test(test_norm_behind_a_relu_folds_into_the_layer_after),
        cmocka_unit_test(test_norm_before_padding_stays),
        cmocka_unit_test(test_relu_then_norm_then_relu_keeps_both),
        cmocka_unit_test(test_unfolded_norms_stay_where_they_are),
        cmocka_unit_test(test_shapes_of_image_layers),
        cmocka_unit_test(test_shapes_of_sequences),
        cmocka_unit_test(test_shapes_of_joins),
        cmocka_unit_test(test_activations_as_text),
        cmocka_unit_test(test_norms_fold_into_depthwise_kernels),
        cmocka_unit_test(test_norms_do_not_fold_over_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
