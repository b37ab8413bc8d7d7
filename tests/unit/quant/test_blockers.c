/* What cannot be built is said, layer by layer and all at once; what can be, becomes the right
 * operations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "quant/lowering.h"
#include "quant/quantizer.h"
#include "tests/unit/nn/graphs.h"

/* Frees the graph. */
static void expect_blocked(Graph *graph, const char *words)
{
    assert_int_equal(graph_infer_shapes(graph), OK);
    Blockers blockers = {0};
    quantizer_blockers(graph, &blockers);
    if (blockers.count != 1 || !strstr(blockers.items[0], words))
        fail_msg("expected \"%s\", found %d, \"%s\"", words, blockers.count,
                 blockers.count ? blockers.items[0] : "");
    blockers_free(&blockers);
    graph_free(graph);
}

/* Compares with "kind name shape, ..." and frees the graph. */
static void expect_ops(Graph *graph, const char *expected)
{
    assert_int_equal(graph_infer_shapes(graph), OK);
    Blockers blockers = {0};
    Lowering lowering;
    lower_graph(graph, graph->arena, &blockers, &lowering);
    if (blockers.count)
        fail_msg("%s", blockers.items[0]);
    Buffer found = {0};
    for (int i = 0; i < lowering.count; i++) {
        const Op *op = &lowering.ops[i].op;
        char text[SHAPE_TEXT_BYTES];
        buffer_printf(&found, "%s%s %s %s%s", i ? ", " : "", op_word(op->kind), op->name,
                      shape_format(op->output_shape, text), lowering.ops[i].fused_relu ? "+" : "");
        assert_int_equal(op->input_count, i > 0);
        if (i > 0)
            assert_int_equal(op->inputs[0], i - 1);
    }
    assert_string_equal(found.data, expected);
    buffer_free(&found);
    graph_free(graph);
}

static Layer layer_of(LayerKind kind, const char *name, Activation activation)
{
    return (Layer){.kind = kind, .name = name, .activation = activation};
}

static Layer pool_of(LayerKind kind, const char *name, Window window)
{
    return (Layer){.kind = kind, .name = name, .window = window};
}

static Layer reshape_of(const char *name, Shape shape)
{
    return (Layer){.kind = LAYER_RESHAPE, .name = name, .output_shape = shape};
}

/* 4x4x2 image behind a convolution of 3 filters. */
static Graph *conv_graph(Rng *rng, Activation activation)
{
    Graph *graph = graph_of_input(shape_of(3, 4, 4, 2));
    Layer conv = conv_layer(graph, rng, "conv", window_of(1, 1, 1, false), shape_of(2, 2, 3));
    conv.activation = activation;
    chain(graph, conv);
    return graph;
}

/* 4 values behind a dense layer of 3. */
static Graph *dense_graph(Rng *rng, Activation activation)
{
    Graph *graph = graph_of_input(shape_of(1, 4));
    Layer dense = dense_layer(graph, rng, "first", 4, 3);
    dense.activation = activation;
    chain(graph, dense);
    return graph;
}

static void test_softmax(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    Graph *graph = dense_graph(&rng, ACTIVATION_SOFTMAX);
    chain(graph, dense_layer(graph, &rng, "second", 3, 2));
    expect_blocked(graph, "layer first: softmax is built nowhere but at the end");

    expect_blocked(conv_graph(&rng, ACTIVATION_SOFTMAX),
                   "layer conv: softmax over each pixel of 4x4x3");

    graph = dense_graph(&rng, ACTIVATION_SOFTMAX);
    chain(graph, layer_of(LAYER_ACTIVATION, "again", ACTIVATION_RELU));
    expect_blocked(graph, "layer first: softmax");

    graph = dense_graph(&rng, ACTIVATION_SOFTMAX);
    chain(graph, layer_of(LAYER_DROPOUT, "dropout", ACTIVATION_LINEAR));
    expect_ops(graph, "input image 4, dense first 3");

    graph = dense_graph(&rng, ACTIVATION_RELU);
    chain(graph, layer_of(LAYER_ACTIVATION, "softmax", ACTIVATION_SOFTMAX));
    expect_ops(graph, "input image 4, dense first 3+");
}

static void test_average_pool(void **state)
{
    (void)state;
    Graph *graph = graph_of_input(shape_of(3, 5, 4, 1));
    chain(graph, pool_of(LAYER_AVERAGE_POOL2D, "mean", window_of(2, 2, 2, true)));
    expect_blocked(graph, "layer mean: an average pool over partial windows");
    graph = graph_of_input(shape_of(3, 4, 4, 1)); /* 'same' that pads nothing */
    chain(graph, pool_of(LAYER_AVERAGE_POOL2D, "mean", window_of(2, 2, 2, true)));
    expect_ops(graph, "input image 4x4x1, average_pool2d mean 2x2x1");
    graph = graph_of_input(shape_of(3, 5, 4, 1));
    chain(graph, pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, true)));
    expect_ops(graph, "input image 5x4x1, max_pool2d pool 3x2x1");
}

static void test_reshapes(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    /* Right behind the input: the input takes the shape. */
    Graph *graph = graph_of_input(shape_of(1, 32));
    chain(graph, layer_of(LAYER_DROPOUT, "dropout", ACTIVATION_LINEAR));
    chain(graph, reshape_of("reshape", shape_of(3, 4, 4, 2)));
    chain(graph, conv_layer(graph, &rng, "conv", window_of(2, 2, 1, false), shape_of(2, 2, 3)));
    expect_ops(graph, "input image 4x4x2, conv2d conv 3x3x3");
    /* An image that is only flattened keeps streaming its pixels; so does a plane. */
    graph = graph_of_input(shape_of(3, 4, 4, 2));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    chain(graph, dense_layer(graph, &rng, "dense", 32, 3));
    expect_ops(graph, "input image 4x4x2, dense dense 3");
    graph = graph_of_input(shape_of(2, 4, 8));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    chain(graph, dense_layer(graph, &rng, "dense", 32, 3));
    expect_ops(graph, "input image 4x8x1, dense dense 3");
    graph = graph_of_input(shape_of(4, 2, 2, 2, 2));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    chain(graph, dense_layer(graph, &rng, "dense", 16, 3));
    expect_ops(graph, "input image 16, dense dense 3");
    /* Mid-network with the same channels: rows of another length. */
    graph = conv_graph(&rng, ACTIVATION_LINEAR);
    chain(graph, reshape_of("reshape", shape_of(3, 2, 8, 3)));
    chain(graph, pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, false)));
    expect_ops(graph, "input image 4x4x2, conv2d conv 4x4x3, max_pool2d pool 1x4x3");
    /* With other channels. */
    graph = conv_graph(&rng, ACTIVATION_LINEAR);
    chain(graph, reshape_of("reshape", shape_of(3, 2, 4, 6)));
    chain(graph, pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, false)));
    expect_blocked(graph, "layer pool: reads 2x4x6, but pixels come with 3 channels");
    graph = graph_of_input(shape_of(1, 4));
    chain(graph, dense_layer(graph, &rng, "dense", 4, 12));
    chain(graph, reshape_of("reshape", shape_of(3, 2, 2, 3)));
    chain(graph, conv_layer(graph, &rng, "conv", window_of(2, 2, 1, false), shape_of(2, 3, 3)));
    expect_blocked(graph, "layer conv: reads 2x2x3, but pixels come with 12 channels");
    graph = conv_graph(&rng, ACTIVATION_RELU);
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    chain(graph, norm_layer(graph, &rng, "norm", 48));
    expect_blocked(graph, "layer norm: reads 48, but pixels come with 3 channels");
}

static void test_ranks(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    Graph *graph = graph_of_input(shape_of(2, 4, 8));
    chain(graph, dense_layer(graph, &rng, "dense", 8, 3));
    expect_ops(graph, "input image 1x4x8, conv2d dense 1x4x3");
    graph = graph_of_input(shape_of(4, 2, 2, 2, 8));
    chain(graph, dense_layer(graph, &rng, "dense", 8, 3));
    expect_blocked(graph, "layer dense: its input of 2x2x2x8 is neither a vector nor an image");
    /* A dense layer on an image is a 1x1 convolution. */
    graph = graph_of_input(shape_of(3, 4, 4, 2));
    chain(graph, dense_layer(graph, &rng, "dense", 2, 3));
    expect_ops(graph, "input image 4x4x2, conv2d dense 4x4x3");
}

static void test_activations(void **state)
{
    (void)state;
    Rng rng = rng_seed(4);
    Graph *graph = conv_graph(&rng, ACTIVATION_TANH);
    Layer pool = pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, false));
    pool.activation = ACTIVATION_SIGMOID;
    chain(graph, pool);
    chain(graph, layer_of(LAYER_ACTIVATION, "relu", ACTIVATION_RELU));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_TANH));
    expect_ops(graph, "input image 4x4x2, conv2d conv 4x4x3, table conv.tanh 4x4x3, "
                      "max_pool2d pool 2x2x3, table pool.sigmoid 2x2x3, table relu 2x2x3, "
                      "table flatten.tanh 2x2x3");
}

/* Clamps where there is an accumulator or a choice, tables where values are only moved. */
static void test_activations_with_parameters(void **state)
{
    (void)state;
    Rng rng = rng_seed(8);
    Graph *graph = conv_graph(&rng, ACTIVATION_RELU);
    graph->layers[1].activation_limit = 6;
    Layer pool = pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, false));
    pool.activation = ACTIVATION_RELU;
    pool.activation_limit = 2;
    chain(graph, pool);
    Layer enlarge = layer_of(LAYER_UPSAMPLE2D, "enlarge", ACTIVATION_RELU);
    enlarge.factor_height = enlarge.factor_width = 2;
    chain(graph, enlarge);
    Layer border = layer_of(LAYER_ZERO_PAD2D, "border", ACTIVATION_HARD_SIGMOID);
    border.window = (Window){1, 1, 1, 1, false, 1, 0, 0, 0};
    border.activation_slope = 0.2;
    chain(graph, border);
    Layer mean = layer_of(LAYER_GLOBAL_AVERAGE_POOL2D, "mean", ACTIVATION_LEAKY_RELU);
    mean.activation_slope = 0.1;
    chain(graph, mean);
    expect_ops(graph, "input image 4x4x2, conv2d conv 4x4x3+, max_pool2d pool 2x2x3+, "
                      "upsample2d enlarge 4x4x3, table enlarge.relu 4x4x3, "
                      "zero_pad2d border 5x4x3, table border.hard_sigmoid 5x4x3, "
                      "average_pool2d mean 1x1x3, table mean.leaky_relu 1x1x3");
}

static void test_odd_graphs(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    Graph *graph = graph_of_input(shape_of(1, 4));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    expect_blocked(graph, "the network computes nothing");

    graph = graph_of_input(shape_of(1, 4));
    chain(graph, dense_layer(graph, &rng, "left", 4, 3));
    Layer right = dense_layer(graph, &rng, "right", 4, 3);
    right.inputs[0] = 0;
    right.input_count = 1;
    graph_add(graph, right);
    expect_blocked(graph, "layer left: no layer reads it, and it is not the output");

    graph = graph_of_input(shape_of(1, 4));
    chain(graph, dense_layer(graph, &rng, "image", 4, 3));
    expect_blocked(graph, "two operations would be named image");

    graph = graph_of_input(shape_of(1, 4));
    chain(graph, dense_layer(graph, &rng, "a\nb", 4, 3));
    expect_blocked(graph, "layer 1: its name must have");

    graph = graph_of_input(shape_of(3, 4096, 4096, 2));
    chain(graph, pool_of(LAYER_MAX_POOL2D, "pool", window_of(2, 2, 2, false)));
    expect_blocked(graph, "layer image: its output of 4096x4096x2 has more than 16777216 values");

    graph = graph_of_input(shape_of(1, 4));
    for (int i = 0; i < MODEL_MAX_OPS; i++) {
        const char *name = arena_printf(graph->arena, "layer_%d", i);
        chain(graph, layer_of(LAYER_ACTIVATION, name, ACTIVATION_TANH));
    }
    expect_blocked(graph, "the network has 257 operations, at most 256");
}

static void test_values(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    Graph *graph = graph_of_input(shape_of(1, 4));
    Layer dense = dense_layer(graph, &rng, "dense", 4, 3);
    dense.kernel.data[7] = NAN;
    chain(graph, dense);
    expect_blocked(graph, "layer dense: kernel value 7 is not finite");
    graph = graph_of_input(shape_of(1, 4));
    dense = dense_layer(graph, &rng, "dense", 4, 3);
    dense.bias.data[2] = INFINITY;
    chain(graph, dense);
    expect_blocked(graph, "layer dense: bias 2 is not finite");
    graph = graph_of_input(shape_of(1, 4));
    Layer norm = norm_layer(graph, &rng, "norm", 4);
    norm.variance.data[1] = -0.001F;
    norm.epsilon = 0;
    chain(graph, norm);
    expect_blocked(graph, "layer norm: the factor of channel 1 is not finite");
}

static void test_all_at_once(void **state)
{
    (void)state;
    Rng rng = rng_seed(7);
    Graph *graph = conv_graph(&rng, ACTIVATION_SOFTMAX);
    chain(graph, pool_of(LAYER_AVERAGE_POOL2D, "mean", window_of(3, 3, 1, true)));
    chain(graph, layer_of(LAYER_FLATTEN, "flatten", ACTIVATION_LINEAR));
    chain(graph, norm_layer(graph, &rng, "norm", 48));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Blockers blockers = {0};
    blockers_add(&blockers, "something of the caller");
    quantizer_blockers(graph, &blockers);
    assert_int_equal(blockers.count, 4);
    assert_non_null(strstr(blockers.items[1], "layer conv"));
    assert_non_null(strstr(blockers.items[2], "layer mean"));
    assert_non_null(strstr(blockers.items[3], "layer norm"));
    blockers_free(&blockers);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax),     cmocka_unit_test(test_average_pool),
        cmocka_unit_test(test_reshapes),    cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_activations), cmocka_unit_test(test_activations_with_parameters),
        cmocka_unit_test(test_odd_graphs),  cmocka_unit_test(test_values),
        cmocka_unit_test(test_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
