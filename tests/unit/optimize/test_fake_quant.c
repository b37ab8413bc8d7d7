/* Fake quantization against the integer golden model: equal, value for value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "networks.h"
#include "nn/step.h"
#include "nn/train.h"
#include "optimize/diagonal.h"
#include "optimize/fake_quant.h"
#include "optimize/qat.h"
#include "optimize/rebuild.h"
#include "quant/integer_forward.h"
#include "tests/unit/nn/branched.h"

enum { IMAGES = 60, LAYERS = 20 };

typedef struct Case {
    int bits;
    Granularity granularity;
    Activation activation;
    const char *float_layer; /* NULL: none */
    ValueRange range;
} Case;

static const Case CASES[] = {
    {2, PER_TENSOR, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC},
    {4, PER_CHANNEL, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC},
    {8, PER_TENSOR, ACTIVATION_TANH, NULL, RANGE_SYMMETRIC},
    {12, PER_TENSOR, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC},
    {4, PER_TENSOR, ACTIVATION_RELU, "conv_1", RANGE_SYMMETRIC},
    {4, PER_CHANNEL, ACTIVATION_TANH, "conv_2", RANGE_SYMMETRIC},
    {3, PER_TENSOR, ACTIVATION_LINEAR, "digit", RANGE_SYMMETRIC},
    {4, PER_TENSOR, ACTIVATION_RELU, NULL, RANGE_UNSIGNED},
    {4, PER_CHANNEL, ACTIVATION_LINEAR, NULL, RANGE_AFFINE},
};

/* What the layers handed on, image by image, in the order of the batch. */
typedef struct Recorder {
    const TrainHooks *inner;
    float *after[LAYERS];
    int64_t elements[LAYERS];
    int64_t taken[LAYERS][IMAGES / STEP_SHARD + 1];
} Recorder;

static void record_weights(void *context, const Parameter *parameter, float *used)
{
    const Recorder *recorder = context;
    recorder->inner->weights_forward(recorder->inner->context, parameter, used);
}

static void record_output(void *context, const HookOutput *output, float *after)
{
    Recorder *recorder = context;
    recorder->inner->output_forward(recorder->inner->context, output, after);
    int64_t *taken = &recorder->taken[output->layer][output->shard];
    int64_t count = output->rows * output->channels;
    int64_t shard_at = (int64_t)output->shard * STEP_SHARD * recorder->elements[output->layer];
    memcpy(recorder->after[output->layer] + shard_at + *taken, after,
           (size_t)count * sizeof *after);
    *taken += count;
}

static Quantized quantized_of(const Graph *graph, const Dataset *images, const Case *now)
{
    Scheme scheme = corner_scheme(graph, now->bits, now->granularity);
    if (now->float_layer)
        scheme_set_float(&scheme, graph, graph_find(graph, now->float_layer));
    for (int i = 0; i < graph->count - 1; i++)
        scheme.layers[i].range = now->range;
    Quantized quantized;
    if (quantize_graph(graph, images, &scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized;
}

static Loss evaluate_step(Graph *graph, const Dataset *images, const TrainHooks *hooks, Pool *pool)
{
    Arena *arena = arena_new();
    Parameters parameters = parameters_of(arena, graph, hooks->extra, hooks->extra_count);
    StepOptions options = {.batch = IMAGES, .hooks = hooks};
    Step *step = step_new(graph, &parameters, &options, pool);
    int64_t order[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        order[i] = i;
    StepBatch batch = {.dataset = images, .order = order, .count = IMAGES};
    Loss loss = step_evaluate(step, &batch);
    step_free(step);
    arena_free(arena);
    return loss;
}

/* Layer `layer` of the recorder against operation `op` of the golden model. */
static void assert_layer_is_golden(const Recorder *recorder, int layer,
                                   const IntegerForward *golden, const IntegerModel *model, int op)
{
    const int32_t *integers = integer_forward_op(golden, op);
    for (int64_t i = 0; i < IMAGES * recorder->elements[layer]; i++) {
        float real = (float)op_real(&model->ops[op], integers[i]);
        if (memcmp(&real, &recorder->after[layer][i], sizeof real) != 0)
            fail_msg("layer %d, value %lld: %.9g, golden %.9g", layer, (long long)i,
                     (double)recorder->after[layer][i], (double)real);
    }
}

static void compare_all_layers(Graph *graph, IntegerModel *model, FakeQuant *fake,
                               const Dataset *images)
{
    Arena *arena = arena_new();
    Pool *pool = pool_new(2);
    Recorder recorder = {.inner = fake_quant_hooks(fake)};
    for (int i = 0; i < graph->count; i++) {
        recorder.elements[i] = shape_elements(graph->layers[i].output_shape);
        recorder.after[i] = ARENA_ARRAY(arena, float, (IMAGES + STEP_SHARD) * recorder.elements[i]);
    }
    TrainHooks hooks = *recorder.inner;
    hooks.context = &recorder;
    hooks.weights_forward = record_weights;
    hooks.output_forward = record_output;
    Loss loss = evaluate_step(graph, images, &hooks, pool);

    assert_int_equal(fake_quant_settle(fake), OK);
    IntegerForward *golden = integer_forward_new(model, IMAGES);
    integer_forward_run(golden, images->values, IMAGES);
    int last[LAYERS] = {0};
    for (int i = 1; i < model->count; i++)
        last[layer_of_op(graph, model->ops[i].name)] = i;
    for (int i = 0; i < graph->count; i++) {
        if (graph->layers[i].kind == LAYER_FLATTEN) /* hands on what it is given */
            last[i] = last[graph->layers[i].inputs[0]];
        if (i == 0 || last[i] > 0) /* not where padding went into a window */
            assert_layer_is_golden(&recorder, i, golden, model, last[i]);
    }
    int64_t correct = 0;
    const int32_t *scores = integer_forward_op(golden, model->count - 1);
    for (int i = 0; i < IMAGES; i++)
        correct += integer_arg_max(scores + i * CLASSES, CLASSES) == images->labels[i];
    assert_int_equal(correct, loss.correct);
    integer_forward_free(golden);
    pool_free(pool);
    arena_free(arena);
}

/* Before any training, and after weights and steps have moved. */
static void compare_around_training(Graph *graph, const Case *now, bool learn_steps)
{
    Dataset *images = corner_images(3, 200);
    Quantized quantized = quantized_of(graph, images, now);
    FakeQuant *fake = NULL;
    const FakeQuantOptions options = {.batch = IMAGES, .learn_steps = learn_steps};
    assert_int_equal(fake_quant_new(graph, quantized.model, &options, &fake), OK);
    compare_all_layers(graph, quantized.model, fake, images);

    Pool *pool = pool_new(2);
    TrainOptions train_options = train_defaults();
    train_options.epochs = 2;
    train_options.batch = IMAGES;
    train_options.hooks = fake_quant_hooks(fake);
    TrainResult result;
    assert_int_equal(train(graph, images, &train_options, pool, &result), OK);
    compare_all_layers(graph, quantized.model, fake, images);
    pool_free(pool);
    fake_quant_free(fake);
    integer_model_free(quantized.model);
    dataset_free(images);
}

static void forward_equals_golden_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Graph *graph = corner_network(7 + i, CASES[i].activation);
        compare_around_training(graph, &CASES[i], i % 2 == 0);
        graph_free(graph);
    }
}

static const Case BRANCHED_CASES[] = {
    {4, PER_TENSOR, ACTIVATION_LINEAR, NULL, RANGE_SYMMETRIC},
    {8, PER_CHANNEL, ACTIVATION_LINEAR, NULL, RANGE_AFFINE},
    {5, PER_CHANNEL, ACTIVATION_LINEAR, NULL, RANGE_UNSIGNED},
    {5, PER_TENSOR, ACTIVATION_LINEAR, "first", RANGE_SYMMETRIC}, /* ReLU with a limit */
    {5, PER_TENSOR, ACTIVATION_LINEAR, "side", RANGE_SYMMETRIC},
    {5, PER_TENSOR, ACTIVATION_LINEAR, "pointwise", RANGE_SYMMETRIC},
};

static void branches_equal_the_golden_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BRANCHED_CASES / sizeof *BRANCHED_CASES; i++) {
        Graph *graph = branched_network(21 + i);
        compare_around_training(graph, &BRANCHED_CASES[i], i % 2 == 0);
        graph_free(graph);
    }
}

static void assert_same_op(const Op *a, const Op *b)
{
    assert_memory_equal(&a->output.scale, &b->output.scale, sizeof a->output.scale);
    assert_int_equal(a->low, b->low);
    assert_int_equal(a->high, b->high);
    assert_int_equal(a->accumulator_bits, b->accumulator_bits);
    assert_int_equal(a->requantizer_count, b->requantizer_count);
    if (a->weights)
        assert_memory_equal(a->weights, b->weights,
                            (size_t)op_weight_count(a) * sizeof *a->weights);
    if (a->bias)
        assert_memory_equal(a->bias, b->bias, (size_t)op_bias_count(a) * sizeof *a->bias);
    if (a->requantizers)
        assert_memory_equal(a->requantizers, b->requantizers,
                            (size_t)a->requantizer_count * sizeof *a->requantizers);
}

static void compare_rebuilt(const Graph *graph, const Case *now)
{
    Dataset *images = corner_images(5, 100);
    Quantized made = quantized_of(graph, images, now);
    Quantized again = quantized_of(graph, images, now);
    Rebuild rebuild;
    assert_int_equal(rebuild_open(&rebuild, graph, again.model, true), OK);
    assert_int_equal(rebuild_integers(&rebuild), OK);
    for (int k = 0; k < made.model->count; k++)
        assert_same_op(&made.model->ops[k], &again.model->ops[k]);
    integer_model_free(made.model);
    integer_model_free(again.model);
    dataset_free(images);
}

/* Untouched weights give the quantizer's integers again. */
static void rebuilding_keeps_every_integer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Graph *graph = corner_network(11 + i, CASES[i].activation);
        compare_rebuilt(graph, &CASES[i]);
        graph_free(graph);
    }
    for (size_t i = 0; i < sizeof BRANCHED_CASES / sizeof *BRANCHED_CASES; i++) {
        Graph *graph = branched_network(31 + i);
        compare_rebuilt(graph, &BRANCHED_CASES[i]);
        graph_free(graph);
    }
}

static double accuracy_of(const IntegerModel *model, const Dataset *images)
{
    IntegerForward *forward = integer_forward_new(model, 1);
    int64_t correct = 0;
    for (int64_t i = 0; i < images->count; i++) {
        const int32_t *scores = integer_forward_run(forward, images->values + i * SIDE * SIDE, 1);
        correct += integer_arg_max(scores, CLASSES) == images->labels[i];
    }
    integer_forward_free(forward);
    return (double)correct / (double)images->count;
}

/* A batch norm that stays keeps its operation: one factor and one shift per channel. */
static void a_batch_norm_that_stays_learns_on_its_diagonal(void **state)
{
    (void)state;
    Dataset *images = corner_images(15, 200);
    Graph *graph = norm_network(16);
    const Case four = {4, PER_TENSOR, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC};
    Quantized quantized = quantized_of(graph, images, &four);
    const Op *affine = &quantized.model->ops[2];
    assert_int_equal(affine->kind, OP_AFFINE);
    int32_t before[4];
    memcpy(before, affine->weights, sizeof before);
    assert_int_equal(diagonal_replace_norms(graph), OK);
    FakeQuant *fake = NULL;
    const FakeQuantOptions options = {.batch = IMAGES, .learn_steps = true};
    assert_int_equal(fake_quant_new(graph, quantized.model, &options, &fake), OK);
    compare_all_layers(graph, quantized.model, fake, images);
    assert_memory_equal(affine->weights, before, sizeof before);

    Pool *pool = pool_new(2);
    TrainOptions train_options = train_defaults();
    train_options.epochs = 10;
    train_options.batch = IMAGES;
    train_options.rate = 0.05;
    train_options.hooks = fake_quant_hooks(fake);
    TrainResult result;
    assert_int_equal(train(graph, images, &train_options, pool, &result), OK);
    compare_all_layers(graph, quantized.model, fake, images);
    assert_memory_not_equal(affine->weights, before, sizeof before);
    const float *kernel = graph->layers[graph_find(graph, "norm")].kernel.data;
    for (int i = 0; i < 16; i++)
        if (i / 4 != i % 4)
            assert_true(kernel[i] == 0);
    pool_free(pool);
    fake_quant_free(fake);
    integer_model_free(quantized.model);
    graph_free(graph);
    dataset_free(images);
}

/* The same of a sequence: its diagonal is a convolution of one step. */
static void a_batch_norm_of_a_sequence_learns_too(void **state)
{
    (void)state;
    Rng rng = rng_seed(17);
    Graph *graph = graph_of_input(shape_of(2, SIDE * SIDE, 1));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(1, 5, 4, true), (Shape){2, {1, 4}});
    conv.window.stride_height = 1;
    conv.sequence = true;
    chain(graph, activated(conv, ACTIVATION_RELU, 0.5, 0));
    chain(graph, norm_layer(graph, &rng, "norm", 4));
    chain(graph, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "most", .sequence = true});
    chain(graph, dense_layer(graph, &rng, "digit", 4, CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = corner_images(18, 200);
    const Case five = {5, PER_CHANNEL, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC};
    Quantized quantized = quantized_of(graph, images, &five);
    assert_int_equal(diagonal_replace_norms(graph), OK);
    assert_true(graph->layers[graph_find(graph, "norm")].sequence);
    FakeQuant *fake = NULL;
    const FakeQuantOptions options = {.batch = IMAGES, .learn_steps = true};
    assert_int_equal(fake_quant_new(graph, quantized.model, &options, &fake), OK);
    compare_all_layers(graph, quantized.model, fake, images);
    fake_quant_free(fake);
    integer_model_free(quantized.model);
    graph_free(graph);
    dataset_free(images);
}

static QatResult trained(const Graph *graph, const Dataset *images, int bits, int threads)
{
    Scheme scheme = corner_scheme(graph, bits, PER_TENSOR);
    Pool *pool = pool_new(threads);
    QatInput input = {graph, &scheme, images, images, pool};
    QatOptions options = qat_defaults();
    options.epochs = 12;
    options.batch = 25;
    options.rate = 0.01;
    QatResult result;
    assert_int_equal(qat_train(&input, &options, &result), OK);
    pool_free(pool);
    return result;
}

static void learns_on_three_bits(void **state)
{
    (void)state;
    Dataset *images = corner_images(9, 400), *fresh = corner_images(10, 400);
    Graph *graph = corner_network(1, ACTIVATION_RELU);
    const Case three = {3, PER_TENSOR, ACTIVATION_RELU, NULL, RANGE_SYMMETRIC};
    Quantized before = quantized_of(graph, images, &three);
    QatResult result = trained(graph, images, 3, 2);
    assert_int_equal(result.epoch_count, 12);
    assert_true(result.best >= 1);
    assert_true(result.epochs[11].loss < result.epochs[0].loss);
    assert_true(accuracy_of(before.model, fresh) < 0.7);
    assert_true(accuracy_of(result.quantized.model, fresh) > 0.9);
    integer_model_free(before.model);
    qat_free(&result);
    graph_free(graph);
    dataset_free(images);
    dataset_free(fresh);
}

/* Every kind of layer, its scales learning too. */
static void branches_learn_on_four_bits(void **state)
{
    (void)state;
    Dataset *images = corner_images(9, 400), *fresh = corner_images(10, 400);
    Graph *graph = branched_network(41);
    const Case four = {4, PER_TENSOR, ACTIVATION_LINEAR, NULL, RANGE_SYMMETRIC};
    Quantized before = quantized_of(graph, images, &four);
    QatResult result = trained(graph, images, 4, 2);
    double untrained = accuracy_of(before.model, fresh);
    double learned = accuracy_of(result.quantized.model, fresh);
    assert_true(untrained < 0.5);
    assert_true(learned > 0.65); /* global pools know little of corners */
    integer_model_free(before.model);
    qat_free(&result);
    graph_free(graph);
    dataset_free(images);
    dataset_free(fresh);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    Dataset *images = corner_images(9, 300);
    Graph *graph = corner_network(2, ACTIVATION_TANH);
    QatResult one = trained(graph, images, 4, 1), three = trained(graph, images, 4, 3);
    for (int i = 0; i < one.quantized.model->count; i++) {
        const Op *a = &one.quantized.model->ops[i], *b = &three.quantized.model->ops[i];
        assert_memory_equal(&a->output.scale, &b->output.scale, sizeof a->output.scale);
        if (a->weights)
            assert_memory_equal(a->weights, b->weights,
                                (size_t)op_weight_count(a) * sizeof *a->weights);
    }
    qat_free(&one);
    qat_free(&three);
    graph_free(graph);
    dataset_free(images);
}

/* A rate that throws the weights out of all ranges ends early, and leaves a whole model. */
static void losing_all_numbers_keeps_the_last_good_epoch(void **state)
{
    (void)state;
    Dataset *images = corner_images(9, 200);
    Graph *graph = corner_network(4, ACTIVATION_RELU);
    Scheme scheme = corner_scheme(graph, 4, PER_TENSOR);
    Pool *pool = pool_new(1);
    QatInput input = {graph, &scheme, images, images, pool};
    QatOptions options = qat_defaults();
    options.epochs = 4;
    options.rate = 1e30;
    QatResult result;
    assert_int_equal(qat_train(&input, &options, &result), OK);
    assert_non_null(result.stopped);
    assert_true(result.epoch_count < 4);
    assert_int_equal(integer_model_check_values(result.quantized.model), OK);
    qat_free(&result);
    pool_free(pool);
    graph_free(graph);
    dataset_free(images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_equals_golden_model),
        cmocka_unit_test(branches_equal_the_golden_model),
        cmocka_unit_test(rebuilding_keeps_every_integer),
        cmocka_unit_test(a_batch_norm_that_stays_learns_on_its_diagonal),
        cmocka_unit_test(a_batch_norm_of_a_sequence_learns_too),
        cmocka_unit_test(learns_on_three_bits),
        cmocka_unit_test(branches_learn_on_four_bits),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(losing_all_numbers_keeps_the_last_good_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
