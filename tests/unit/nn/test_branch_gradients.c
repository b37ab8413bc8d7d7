/* Gradients of layers that came with branches, and where a layer is read several times. */
#include "tests/unit/nn/gradients.h"

/* ---- depthwise, padding, global pools, upsampling ---------------------------------------------
 */

static void depthwise(Graph *graph, Rng *rng)
{
    chain(graph, depthwise_layer(graph, rng, window_of(3, 3, 1, true), 5, 1));
}

static void depthwise_strided(Graph *graph, Rng *rng)
{
    chain(graph, depthwise_layer(graph, rng, window_of(2, 3, 2, false), 5, 4));
}

static void zero_padding(Graph *graph, Rng *rng)
{
    Window window = {.kernel_height = 1,
                     .kernel_width = 1,
                     .stride_height = 1,
                     .stride_width = 1,
                     .pad_top = 1,
                     .pad_bottom = 2,
                     .pad_left = 3,
                     .pad_right = 0};
    chain(graph, (Layer){.kind = LAYER_ZERO_PAD2D, .name = "pad", .window = window});
    assert_int_equal(graph_infer_shapes(graph), OK);
    add_conv(graph, rng, window_of(3, 2, 1, false), 3);
}

static void global_average_pool(Graph *graph, Rng *rng)
{
    (void)rng;
    chain(graph, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "pool"});
}

static void global_max_pool(Graph *graph, Rng *rng)
{
    chain(graph, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "pool", .keep_dims = true});
    assert_int_equal(graph_infer_shapes(graph), OK);
    add_conv(graph, rng, window_of(1, 1, 1, false), 3);
}

static void upsampling(Graph *graph, Rng *rng)
{
    chain(graph,
          (Layer){.kind = LAYER_UPSAMPLE2D, .name = "up", .factor_height = 2, .factor_width = 3});
    assert_int_equal(graph_infer_shapes(graph), OK);
    add_conv(graph, rng, window_of(3, 3, 2, false), 3);
}

static void function(Graph *graph, ActivationFunction of)
{
    Layer layer = {.kind = LAYER_ACTIVATION, .name = "f"};
    layer_set_function(&layer, of);
    chain(graph, layer);
}

static void limited_relu(Graph *graph, Rng *rng)
{
    (void)rng;
    function(graph, (ActivationFunction){ACTIVATION_RELU, .limit = 0.8});
}

static void leaky_relu(Graph *graph, Rng *rng)
{
    (void)rng;
    function(graph, (ActivationFunction){ACTIVATION_LEAKY_RELU, .slope = 0.3});
}

static void hard_sigmoid(Graph *graph, Rng *rng)
{
    (void)rng;
    function(graph, (ActivationFunction){ACTIVATION_HARD_SIGMOID, .slope = 0.6});
}

/* ---- branches ----------------------------------------------------------------------------------
 */

static int append_conv(Graph *graph, Rng *rng, int input, int filters)
{
    Layer layer =
        conv_layer(graph, rng, "branch", window_of(3, 3, 1, true), shape_of(2, 5, filters));
    layer.inputs[0] = input;
    layer.input_count = 1;
    layer.activation = ACTIVATION_TANH;
    return graph_add(graph, layer);
}

/* A layer that is read by a convolution and, past it, by a sum. */
static void residual(Graph *graph, Rng *rng)
{
    int start = graph->count - 1;
    int branch = append_conv(graph, rng, start, 5);
    join(graph, LAYER_ADD, branch, start);
    graph->layers[graph->count - 1].activation = ACTIVATION_RELU;
}

/* Batch norms in both branches, and one that reads what others read, too. */
static void residual_with_norms(Graph *graph, Rng *rng)
{
    int start = graph->count - 1;
    append_conv(graph, rng, start, 5);
    int long_way = chain(graph, norm_layer(graph, rng, "norm_1", 5));
    Layer norm = norm_layer(graph, rng, "norm_2", 5);
    norm.inputs[0] = start;
    norm.input_count = 1;
    int short_way = graph_add(graph, norm);
    int sum = join(graph, LAYER_ADD, long_way, short_way);
    Layer three = {
        .kind = LAYER_ADD, .name = "three", .inputs = {start, sum, sum}, .input_count = 3};
    graph_add(graph, three);
}

/* Layers that only hand on what they read, one of several readers of it. */
static void handed_on_twice(Graph *graph, Rng *rng)
{
    int start = graph->count - 1;
    chain(graph, (Layer){.kind = LAYER_ACTIVATION, .name = "f", .activation = ACTIVATION_TANH});
    int other = append_conv(graph, rng, start, 3);
    join(graph, LAYER_CONCATENATE, other, graph->count - 2);
    join(graph, LAYER_CONCATENATE, graph->count - 1, start);
}

/* A pool of the images themselves, through which nothing learns, beside a convolution. */
static void branch_that_does_not_learn(Graph *graph, Rng *rng)
{
    (void)rng;
    int start = graph->count - 1;
    Layer pool = {.kind = LAYER_MAX_POOL2D,
                  .name = "pool",
                  .window = window_of(2, 2, 1, false),
                  .inputs = {0},
                  .input_count = 1};
    int side = graph_add(graph, pool);
    join(graph, LAYER_CONCATENATE, side, start);
}

/* Each pixel of a branch through a dense layer, which takes all images at once. */
static void dense_in_a_branch(Graph *graph, Rng *rng)
{
    int start = graph->count - 1;
    int branch = chain(graph, dense_layer(graph, rng, "pixel", 5, 5));
    join(graph, LAYER_ADD, start, branch);
}

static const Network NETWORKS[] = {
    {"depthwise", depthwise},
    {"depthwise, strided, four kernels", depthwise_strided},
    {"zero padding", zero_padding},
    {"global average pool", global_average_pool},
    {"global max pool", global_max_pool},
    {"upsampling", upsampling},
    {"limited relu", limited_relu},
    {"leaky relu", leaky_relu},
    {"hard sigmoid", hard_sigmoid},
    {"residual", residual},
    {"residual with batch norms", residual_with_norms},
    {"handed on twice", handed_on_twice},
    {"branch that does not learn", branch_that_does_not_learn},
    {"dense in a branch", dense_in_a_branch},
};

static void test_layers_and_branches(void **state)
{
    (void)state;
    compare_networks(NETWORKS, sizeof NETWORKS / sizeof *NETWORKS);
}

/* Keras' 1D layers, one after the other. */
static void test_sequences(void **state)
{
    (void)state;
    Rng rng = rng_seed(43);
    Graph *graph = graph_of_input(shape_of(2, 14, 3));
    Window three = {.kernel_height = 1, .kernel_width = 3, .stride_height = 1, .stride_width = 1};
    Layer conv = conv_layer(graph, &rng, "conv", three, shape_of(2, 3, 4));
    conv.sequence = true;
    conv.window.same = true;
    conv.activation = ACTIVATION_TANH;
    chain(graph, conv);
    Layer depthwise = depthwise_layer(graph, &rng, three, 4, 2);
    depthwise.sequence = true;
    chain(graph, depthwise);
    chain(graph, norm_layer(graph, &rng, "norm", 8));
    Window pool = {.kernel_height = 1, .kernel_width = 2, .stride_height = 1, .stride_width = 2};
    Window pad = {1, 1, 1, 1, .pad_left = 1, .pad_right = 2};
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "max", .sequence = true, .window = pool});
    chain(graph, (Layer){.kind = LAYER_UPSAMPLE2D,
                         .name = "up",
                         .sequence = true,
                         .factor_height = 1,
                         .factor_width = 2});
    chain(graph, (Layer){.kind = LAYER_ZERO_PAD2D, .name = "pad", .sequence = true, .window = pad});
    chain(graph,
          (Layer){.kind = LAYER_AVERAGE_POOL2D, .name = "mean", .sequence = true, .window = pool});
    chain(graph, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "all", .sequence = true});
    chain(graph, dense_layer(graph, &rng, "last", 8, CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    compare(graph, &rng, NULL, "sequence");
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_and_branches),
        cmocka_unit_test(test_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
