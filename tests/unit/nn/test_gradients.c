/* Every gradient against central differences of the loss: small networks, one for each layer. */
#include "nn/activation.h"
#include "tests/unit/nn/gradients.h"

static void conv_valid(Graph *graph, Rng *rng)
{
    add_conv(graph, rng, window_of(3, 2, 1, false), 4);
}

static void conv_same(Graph *graph, Rng *rng)
{
    add_conv(graph, rng, window_of(2, 3, 1, true), 3);
}

static void conv_strided(Graph *graph, Rng *rng)
{
    add_conv(graph, rng, window_of(3, 3, 2, true), 17);
}

static void conv_strided_beyond_its_kernel(Graph *graph, Rng *rng)
{
    add_conv(graph, rng, window_of(1, 2, 3, false), 3);
}

static void add_pool(Graph *graph, LayerKind kind, Window window)
{
    chain(graph, (Layer){.kind = kind, .name = "pool", .window = window});
}

static void max_pool(Graph *graph, Rng *rng)
{
    (void)rng;
    add_pool(graph, LAYER_MAX_POOL2D, window_of(2, 2, 2, false));
}

static void max_pool_overlapping(Graph *graph, Rng *rng)
{
    (void)rng;
    add_pool(graph, LAYER_MAX_POOL2D, window_of(3, 2, 1, true));
}

static void average_pool(Graph *graph, Rng *rng)
{
    (void)rng;
    add_pool(graph, LAYER_AVERAGE_POOL2D, window_of(3, 3, 2, true));
}

static void add_activation(Graph *graph, Activation activation)
{
    chain(graph, (Layer){.kind = LAYER_ACTIVATION, .name = "f", .activation = activation});
}

static void relu(Graph *graph, Rng *rng)
{
    (void)rng;
    add_activation(graph, ACTIVATION_RELU);
}

static void hyperbolic_tangent(Graph *graph, Rng *rng)
{
    (void)rng;
    add_activation(graph, ACTIVATION_TANH);
}

static void sigmoid(Graph *graph, Rng *rng)
{
    (void)rng;
    add_activation(graph, ACTIVATION_SIGMOID);
}

static void softmax_over_channels(Graph *graph, Rng *rng)
{
    (void)rng;
    add_activation(graph, ACTIVATION_SOFTMAX);
}

static void batch_norm(Graph *graph, Rng *rng)
{
    Layer layer = norm_layer(graph, rng, "norm", 5);
    layer.activation = ACTIVATION_RELU;
    chain(graph, layer);
}

static void batch_norm_twice_and_bare(Graph *graph, Rng *rng)
{
    chain(graph, norm_layer(graph, rng, "norm_1", 5));
    add_activation(graph, ACTIVATION_TANH);
    Layer bare = norm_layer(graph, rng, "norm_2", 5);
    bare.gamma.data = bare.beta.data = NULL;
    chain(graph, bare);
}

static void dropout(Graph *graph, Rng *rng)
{
    (void)rng;
    chain(graph, (Layer){.kind = LAYER_DROPOUT, .name = "drop"});
}

static void dense_per_pixel(Graph *graph, Rng *rng)
{
    chain(graph, dense_layer(graph, rng, "pixel", 5, 6));
}

static void reshape(Graph *graph, Rng *rng)
{
    Shape shape = graph_output(graph)->output_shape;
    int64_t rows = shape.dim[0];
    shape.dim[0] = shape.dim[1];
    shape.dim[1] = rows;
    chain(graph, (Layer){.kind = LAYER_RESHAPE, .name = "turn", .output_shape = shape});
    assert_int_equal(graph_infer_shapes(graph), OK);
    add_conv(graph, rng, window_of(2, 2, 1, true), 2);
}

static const Network NETWORKS[] = {
    {"convolution, valid", conv_valid},
    {"convolution, same", conv_same},
    {"convolution, strided", conv_strided},
    {"convolution, stride beyond kernel", conv_strided_beyond_its_kernel},
    {"max pool", max_pool},
    {"max pool, overlapping", max_pool_overlapping},
    {"average pool", average_pool},
    {"relu", relu},
    {"tanh", hyperbolic_tangent},
    {"sigmoid", sigmoid},
    {"softmax in the middle", softmax_over_channels},
    {"batch norm", batch_norm},
    {"batch norm twice", batch_norm_twice_and_bare},
    {"dropout", dropout},
    {"dense per pixel", dense_per_pixel},
    {"reshape", reshape},
};

static void test_every_layer(void **state)
{
    (void)state;
    compare_networks(NETWORKS, sizeof NETWORKS / sizeof *NETWORKS);
}

/* Without soft-max the last layer's output are logits: the same loss. */
static void test_linear_end_is_logits(void **state)
{
    (void)state;
    Rng rng = rng_seed(40);
    Graph *graph = network(&rng, relu);
    graph->layers[graph->count - 1].activation = ACTIVATION_LINEAR;
    compare(graph, &rng, NULL, "linear end");
    graph_free(graph);
}

/* ---- hooks -------------------------------------------------------------------------------------
 */

/* Weights w are used as w + w^2; layer 2 hands on extra[0] * f(x), and layer 0, the images, x +
 * extra[1].
 */
typedef struct Twist {
    float extra[2];
    double sums[3][2]; /* by shard */
} Twist;

static void bend(void *context, const Parameter *p, float *used)
{
    (void)context;
    for (int64_t i = 0; i < p->count; i++)
        used[i] = p->values[i] + p->values[i] * p->values[i];
}

static void bend_backward(void *context, const Parameter *p, float *gradient)
{
    (void)context;
    for (int64_t i = 0; i < p->count; i++)
        gradient[i] *= 1 + 2 * p->values[i];
}

static void twist_output(void *context, const HookOutput *output, float *after)
{
    const Twist *twist = context;
    int64_t count = output->rows * output->channels;
    memcpy(after, output->before, (size_t)count * sizeof *after);
    activation_apply(output->activation, after, output->rows, output->channels);
    for (int64_t i = 0; i < count; i++)
        after[i] = output->layer == 2   ? after[i] * twist->extra[0]
                   : output->layer == 0 ? after[i] + twist->extra[1]
                                        : after[i];
}

static void twist_backward(void *context, const HookOutput *output, const float *after,
                           float *gradient)
{
    Twist *twist = context;
    int64_t count = output->rows * output->channels;
    assert_true(output->training);
    for (int64_t i = 0; i < count && output->layer == 0; i++)
        twist->sums[output->shard][1] += (double)gradient[i];
    for (int64_t i = 0; i < count && output->layer == 2; i++) {
        twist->sums[output->shard][0] +=
            (double)gradient[i] * (double)after[i] / (double)twist->extra[0];
        gradient[i] *= after[i] > 0 ? twist->extra[0] : 0;
    }
    if (output->layer != 2)
        activation_backward(output->activation, after, gradient, output->rows, output->channels);
}

static void twist_extra(void *context, float *gradient)
{
    Twist *twist = context;
    for (int e = 0; e < 2; e++) {
        gradient[e] = (float)(twist->sums[0][e] + twist->sums[1][e] + twist->sums[2][e]);
        for (int shard = 0; shard < 3; shard++)
            twist->sums[shard][e] = 0;
    }
}

static void test_hooks(void **state)
{
    (void)state;
    Twist twist = {.extra = {1.5f, 0.2f}};
    TrainHooks hooks = {.context = &twist,
                        .weights_forward = bend,
                        .weights_backward = bend_backward,
                        .output_forward = twist_output,
                        .output_backward = twist_backward,
                        .extra = twist.extra,
                        .extra_count = 2,
                        .extra_gradient = twist_extra};
    Rng rng = rng_seed(50);
    Graph *graph = network(&rng, relu);
    compare(graph, &rng, &hooks, "hooks");
    graph_free(graph);
}

/* ---- what moves without a gradient -------------------------------------------------------------
 */

/* Moving = 0.99 * moving + 0.01 * that of the batch, over all images and pixels. */
static void test_moving_statistics(void **state)
{
    (void)state;
    Rng rng = rng_seed(60);
    Graph *graph = graph_of_input(shape_of(3, 3, 2, 2));
    Layer norm = norm_layer(graph, &rng, "norm", 2);
    chain(graph, norm);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, dense_layer(graph, &rng, "last", 12, CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *dataset = random_dataset(&rng, IMAGES, graph_input_shape(graph), CLASSES);
    double want[2][2];
    for (int c = 0; c < 2; c++) {
        double sum = 0, squares = 0, n = IMAGES * 6;
        for (int64_t i = c; i < IMAGES * 12; i += 2)
            sum += (double)dataset->values[i];
        for (int64_t i = c; i < IMAGES * 12; i += 2)
            squares += pow((double)dataset->values[i] - sum / n, 2);
        want[0][c] = (double)norm.mean.data[c] * 0.99 + 0.01 * sum / n;
        want[1][c] = (double)norm.variance.data[c] * 0.99 + 0.01 * squares / n;
    }
    int64_t order[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        order[i] = i;
    Parameters parameters = parameters_of(graph->arena, graph, NULL, 0);
    StepOptions options = {.batch = IMAGES, .moving_momentum = 0.99};
    Pool *pool = pool_new(1);
    Step *step = step_new(graph, &parameters, &options, pool);
    StepBatch batch = {.dataset = dataset, .order = order, .count = IMAGES};
    step_learn(step, &batch);
    for (int c = 0; c < 2; c++) {
        assert_true(fabs((double)norm.mean.data[c] - want[0][c]) < 1e-6);
        assert_true(fabs((double)norm.variance.data[c] - want[1][c]) < 1e-6);
    }
    float kept = norm.mean.data[0];
    step_evaluate(step, &batch);
    assert_true(norm.mean.data[0] == kept);
    step_free(step);
    pool_free(pool);
    dataset_free(dataset);
    graph_free(graph);
}

/* The share of zeros is the rate; another batch drops others, the same batch the same. */
static void test_dropout_is_seeded(void **state)
{
    (void)state;
    Rng rng = rng_seed(70);
    Graph *graph = network(&rng, dropout);
    Dataset *dataset = random_dataset(&rng, IMAGES, graph_input_shape(graph), CLASSES);
    int64_t order[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        order[i] = i;
    Parameters parameters = parameters_of(graph->arena, graph, NULL, 0);
    StepOptions options = {.batch = IMAGES, .dropout = 0.5, .moving_momentum = 0.99, .seed = 1};
    Pool *pool = pool_new(1);
    Step *step = step_new(graph, &parameters, &options, pool);
    StepBatch batch = {.dataset = dataset, .order = order, .count = IMAGES};
    double first = step_learn(step, &batch).sum, again = step_learn(step, &batch).sum;
    batch.number = 1;
    double other = step_learn(step, &batch).sum;
    assert_true(first == again && first != other);
    double use = step_evaluate(step, &batch).sum;
    assert_true(use != first && use == step_evaluate(step, &batch).sum);
    step_free(step);
    pool_free(pool);
    dataset_free(dataset);
    graph_free(graph);
}

static void test_refusals(void **state)
{
    (void)state;
    Rng rng = rng_seed(80);
    Graph *graph = network(&rng, relu);
    StepOptions options = {.batch = 0};
    assert_int_equal(step_check(graph, &options), ERR_REFUSED);
    options.batch = 1 << 30;
    assert_int_equal(step_check(graph, &options), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "GiB"));
    options.batch = 10;
    graph->layers[graph->count - 1].activation = ACTIVATION_SIGMOID;
    assert_int_equal(step_check(graph, &options), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer last"));
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer),
        cmocka_unit_test(test_linear_end_is_logits),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_moving_statistics),
        cmocka_unit_test(test_dropout_is_seeded),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
