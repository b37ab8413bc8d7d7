/* Every gradient against central differences of the loss: small networks, one for each layer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/activation.h"
#include "nn/step.h"
#include "tests/unit/nn/graphs.h"

enum { IMAGES = 57, CLASSES = 5, SAMPLES = 40 }; /* two whole shards and a part of one */

/* What a network has between its first convolution, whose gradient goes through it, and the dense
 * layer at its end. */
typedef void Build(Graph *graph, Rng *rng);

static void add_conv(Graph *graph, Rng *rng, Window window, int filters)
{
    int channels = (int)shape_channels(graph_output(graph)->output_shape);
    chain(graph, conv_layer(graph, rng, "conv", window, shape_of(2, channels, filters)));
}

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
    function(graph, (ActivationFunction){ACTIVATION_RELU, .limit = 0.5});
}

static void leaky_relu(Graph *graph, Rng *rng)
{
    (void)rng;
    function(graph, (ActivationFunction){ACTIVATION_LEAKY_RELU, .slope = 0.3});
}

static void hard_sigmoid(Graph *graph, Rng *rng)
{
    (void)rng;
    function(graph, (ActivationFunction){ACTIVATION_HARD_SIGMOID, .slope = 1});
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

static Graph *network(Rng *rng, Build *build)
{
    Graph *graph = graph_of_input(shape_of(3, 6, 7, 2));
    chain(graph, conv_layer(graph, rng, "first", window_of(2, 2, 1, false), shape_of(2, 2, 5)));
    assert_int_equal(graph_infer_shapes(graph), OK);
    build(graph, rng);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    assert_int_equal(graph_infer_shapes(graph), OK);
    int inputs = (int)shape_elements(graph_output(graph)->output_shape);
    Layer last = dense_layer(graph, rng, "last", inputs, CLASSES);
    for (int64_t i = 0; i < shape_elements(last.kernel.shape); i++)
        last.kernel.data[i] /= sqrtf((float)inputs);
    last.activation = ACTIVATION_SOFTMAX;
    chain(graph, last);
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

/* ---- the comparison ----------------------------------------------------------------------------
 */

typedef struct Bench {
    Step *step;
    StepBatch batch;
    Parameters parameters;
} Bench;

static double mean_loss(const Bench *bench)
{
    return step_learn(bench->step, &bench->batch).sum / bench->batch.count;
}

static double slope(const Bench *bench, float *value, float reach)
{
    float kept = *value;
    *value = kept + reach;
    float above = *value;
    double high = mean_loss(bench);
    *value = kept - reach;
    double low = mean_loss(bench), width = (double)above - (double)*value;
    *value = kept;
    return (high - low) / width;
}

/* A step over a kink of ReLU or a maximum is wrong for one reach, not for all; a wrong gradient is
 * wrong for all. */
static bool agrees(const Bench *bench, float *value, double gradient)
{
    static const float REACHES[] = {3e-3f, 1e-2f, 1e-3f, 3e-4f};
    for (size_t r = 0; r < sizeof REACHES / sizeof *REACHES; r++)
        if (fabs(slope(bench, value, REACHES[r]) - gradient) <= 2e-4 + 5e-3 * fabs(gradient))
            return true;
    return false;
}

static void compare_parameter(const Bench *bench, const Parameter *p, const char *what)
{
    int64_t stride = p->count > SAMPLES ? p->count / SAMPLES : 1;
    double largest = 0;
    float *gradient = malloc((size_t)p->count * sizeof *gradient);
    mean_loss(bench);
    memcpy(gradient, step_gradient(bench->step) + p->offset, (size_t)p->count * sizeof *gradient);
    for (int64_t i = 0; i < p->count; i++)
        largest = fmax(largest, fabs((double)gradient[i]));
    for (int64_t i = 0; i < p->count; i += stride)
        if (!agrees(bench, &p->values[i], (double)gradient[i]))
            fail_msg("%s: layer %d role %d value %lld: gradient %.6g, slope %.6g", what, p->layer,
                     (int)p->role, (long long)i, (double)gradient[i],
                     slope(bench, &p->values[i], 3e-3f));
    if (p->role != PARAMETER_BIAS && largest < 1e-3) /* a bias before batch norm has none */
        fail_msg("%s: layer %d role %d: the test sees no gradient", what, p->layer, (int)p->role);
    free(gradient);
}

static void compare(Graph *graph, Rng *rng, const TrainHooks *hooks, const char *what)
{
    static int64_t order[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        order[i] = IMAGES - 1 - i;
    Dataset *dataset = random_dataset(rng, IMAGES, graph_input_shape(graph), CLASSES);
    StepOptions options = {
        .batch = IMAGES + 3, .dropout = 0.3, .moving_momentum = 0.99, .seed = 5, .hooks = hooks};
    assert_int_equal(step_check(graph, &options), OK);
    Pool *pool = pool_new(2);
    Bench bench = {.batch = {.dataset = dataset, .order = order, .count = IMAGES, .number = 3}};
    bench.parameters = parameters_of(graph->arena, graph, hooks ? hooks->extra : NULL,
                                     hooks ? hooks->extra_count : 0);
    bench.step = step_new(graph, &bench.parameters, &options, pool);
    for (int i = 0; i < bench.parameters.count; i++)
        if (parameter_is_trained(&bench.parameters.items[i]))
            compare_parameter(&bench, &bench.parameters.items[i], what);
    step_free(bench.step);
    pool_free(pool);
    dataset_free(dataset);
}

static const struct {
    const char *name;
    Build *build;
} NETWORKS[] = {
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

static void test_every_layer(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof NETWORKS / sizeof *NETWORKS; n++) {
        Rng rng = rng_seed(n + 1);
        Graph *graph = network(&rng, NETWORKS[n].build);
        compare(graph, &rng, NULL, NETWORKS[n].name);
        graph_free(graph);
    }
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
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_linear_end_is_logits),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_moving_statistics),
        cmocka_unit_test(test_dropout_is_seeded),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
