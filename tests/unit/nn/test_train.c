/* Training: optimizers against their formulas, the same bits for any thread count and kernels, and
 * every way in which a training ends. The last test cancels, which cannot be taken back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "nn/evaluate.h"
#include "nn/initialize.h"
#include "nn/kernel_set.h"
#include "nn/train.h"
#include "tests/unit/nn/graphs.h"

enum { CLASSES = 4, IMAGES = 180 };

/* A patch of light in one corner of a noisy image tells the class. */
static Dataset *corners(uint64_t seed, int64_t count)
{
    Rng rng = rng_seed(seed);
    Dataset *dataset = random_dataset(&rng, count, shape_of(3, 8, 8, 1), CLASSES);
    float *pixels = tensor_copy(dataset->arena, (Tensor){shape_of(2, (int)count, 64),
                                                         (float *)(uintptr_t)dataset->values})
                        .data;
    for (int64_t i = 0; i < count; i++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++) {
                int64_t row = y + (i % 4 / 2) * 5, column = x + (i % 2) * 5;
                pixels[i * 64 + row * 8 + column] += 0.6f;
            }
    dataset->values = pixels;
    return dataset;
}

/* A layer of each kind of chain. */
static Graph *small_cnn(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    Graph *graph = graph_of_input(shape_of(3, 8, 8, 1));
    Layer conv = conv_layer(graph, &rng, "conv_1", window_of(3, 3, 1, true), shape_of(2, 1, 6));
    conv.activation = ACTIVATION_RELU;
    chain(graph, conv);
    chain(graph, norm_layer(graph, &rng, "norm", 6));
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "max", .window = window_of(2, 2, 2, false)});
    conv = conv_layer(graph, &rng, "conv_2", window_of(2, 2, 1, false), shape_of(2, 6, 18));
    conv.activation = ACTIVATION_TANH;
    chain(graph, conv);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, (Layer){.kind = LAYER_DROPOUT, .name = "drop"});
    Layer dense = dense_layer(graph, &rng, "class", 9 * 18, CLASSES);
    dense.activation = ACTIVATION_SOFTMAX;
    chain(graph, dense);
    assert_int_equal(graph_infer_shapes(graph), OK);
    initialize_weights(graph, seed);
    return graph;
}

/* Branches: layers that are read twice, batch norms on both ways, depthwise and pointwise. */
static Graph *small_branches(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    Graph *graph = graph_of_input(shape_of(3, 8, 8, 1));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(3, 3, 1, true), shape_of(2, 1, 6));
    conv.activation = ACTIVATION_RELU;
    conv.activation_limit = 6;
    int start = chain(graph, conv);
    chain(graph, depthwise_layer(graph, &rng, window_of(3, 3, 1, true), 6, 3));
    chain(graph, norm_layer(graph, &rng, "norm_1", 18));
    chain(graph, conv_layer(graph, &rng, "point", window_of(1, 1, 1, false), shape_of(2, 18, 6)));
    int side = graph->count - 1;
    Layer norm = norm_layer(graph, &rng, "norm_2", 6);
    norm.inputs[0] = start;
    norm.input_count = 1;
    join(graph, LAYER_ADD, side, graph_add(graph, norm));
    join(graph, LAYER_CONCATENATE, graph->count - 1, start);
    chain(graph, (Layer){.kind = LAYER_MAX_POOL2D, .name = "max", .window = window_of(2, 2, 2, 0)});
    chain(graph,
          (Layer){.kind = LAYER_UPSAMPLE2D, .name = "up", .factor_height = 2, .factor_width = 1});
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, dense_layer(graph, &rng, "class", 8 * 4 * 12, CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    initialize_weights(graph, seed);
    return graph;
}

static TrainOptions short_training(void)
{
    TrainOptions options = train_defaults();
    options.epochs = 2;
    options.batch = 60;
    options.dropout = 0.2;
    return options;
}

static void hash_of(const Graph *graph, char hex[HASH_HEX_BYTES])
{
    Arena *arena = arena_new();
    Parameters parameters = parameters_of(arena, graph, NULL, 0);
    parameters_hash(&parameters, hex);
    arena_free(arena);
}

typedef Graph *Build(uint64_t seed);

/* Trains a fresh network; the SHA-256 of its weights. */
static Status train_built(Build *build, const TrainOptions *options, int threads,
                          TrainResult *result)
{
    Dataset *dataset = corners(1, IMAGES);
    Graph *graph = build(3);
    Pool *pool = pool_new(threads);
    Status status = train(graph, dataset, options, pool, result);
    char hex[HASH_HEX_BYTES];
    hash_of(graph, hex);
    assert_string_equal(hex, result->sha256);
    pool_free(pool);
    graph_free(graph);
    dataset_free(dataset);
    return status;
}

static Status train_fresh(const TrainOptions *options, int threads, TrainResult *result)
{
    return train_built(small_cnn, options, threads, result);
}

/* ---- the same bits -----------------------------------------------------------------------------
 */

static void expect_the_same_bits(Build *build, TrainOptions options)
{
    TrainResult first, other;
    assert_int_equal(train_built(build, &options, 1, &first), OK);
    for (int k = 0; kernels_at(k); k++)
        for (int threads = 1; threads <= 3; threads++) {
            setenv("DNN2FPGA_KERNELS", kernels_at(k)->name, 1);
            assert_int_equal(train_built(build, &options, threads, &other), OK);
            unsetenv("DNN2FPGA_KERNELS");
            assert_string_equal(other.sha256, first.sha256);
            assert_true(other.last.loss == first.last.loss);
            assert_true(other.last.validation_loss == first.last.validation_loss);
        }
    options.seed++;
    assert_int_equal(train_built(build, &options, 1, &other), OK);
    assert_string_not_equal(other.sha256, first.sha256);
}

static void test_threads_and_kernels_change_no_bit(void **state)
{
    (void)state;
    TrainOptions options = short_training();
    options.validation_split = 0.1;
    expect_the_same_bits(small_cnn, options);
    expect_the_same_bits(small_branches, options);
}

/* ---- learning ----------------------------------------------------------------------------------
 */

typedef struct Log {
    TrainEpoch epochs[64];
    int count;
    double fraction;
} Log;

static void note_epoch(void *context, const TrainEpoch *epoch)
{
    Log *log = context;
    log->epochs[log->count++] = *epoch;
    assert_int_equal(epoch->epoch, log->count);
}

static void note_progress(void *context, double fraction, const char *detail)
{
    Log *log = context;
    assert_true(fraction > log->fraction && fraction <= 1);
    assert_memory_equal(detail, "epoch ", 6);
    log->fraction = fraction;
}

/* Both optimizers learn the corners; what validation says is what evaluate() finds afterwards. */
static void test_learns(void **state)
{
    (void)state;
    for (OptimizerKind kind = OPTIMIZER_ADAM; kind < OPTIMIZERS; kind++) {
        Dataset *dataset = corners(1, IMAGES), *held_out = corners(2, 90);
        Graph *graph = small_cnn(3);
        Pool *pool = pool_new(2);
        Log log = {0};
        TrainOptions options = short_training();
        options.optimizer.kind = kind;
        options.rate = 0.02;
        options.epochs = 15;
        options.moving_momentum = 0.8;
        options.validation = held_out;
        options.on_epoch = note_epoch;
        options.context = &log;
        options.progress = &(Progress){note_progress, &log};
        TrainResult result;
        assert_int_equal(train(graph, dataset, &options, pool, &result), OK);
        assert_int_equal(log.count, 15);
        assert_int_equal(result.epochs, 15);
        assert_true(log.fraction == 1);
        assert_true(log.epochs[14].loss < log.epochs[0].loss / 3);
        assert_true(result.last.validation_accuracy > 0.95);
        Classifier classifier = classifier_of_graph(graph);
        Arena *arena = arena_new();
        Evaluation evaluation;
        assert_int_equal(
            evaluate(&(EvaluateInput){&classifier, held_out, pool, NULL}, arena, &evaluation), OK);
        assert_true(evaluation.accuracy == result.last.validation_accuracy);
        arena_free(arena);
        pool_free(pool);
        graph_free(graph);
        dataset_free(held_out);
        dataset_free(dataset);
    }
}

/* ---- optimizers --------------------------------------------------------------------------------
 */

static const float GRADIENTS[][2] = {{0.5f, -3}, {0.25f, 1e-4f}, {-1, 2}, {0, 0}};
enum { STEPS = sizeof GRADIENTS / sizeof *GRADIENTS };

static void expect_steps(OptimizerKind kind, const double *want)
{
    OptimizerOptions options = train_defaults().optimizer;
    options.kind = kind;
    Arena *arena = arena_new();
    float weights[2] = {1, -2};
    Parameter item = {.role = PARAMETER_KERNEL, .values = weights, .count = 2};
    Parameters parameters = {.items = &item, .count = 1, .total = 2};
    Optimizer optimizer = optimizer_new(arena, &options, 2);
    for (int s = 0; s < STEPS; s++)
        optimizer_step(&optimizer, &parameters, GRADIENTS[s], 0.01);
    for (int i = 0; i < 2; i++)
        assert_true(fabs((double)weights[i] - want[i]) < 1e-6);
    item.role = PARAMETER_MEAN; /* not the optimizer's */
    float kept = weights[0];
    optimizer_step(&optimizer, &parameters, GRADIENTS[0], 0.01);
    assert_true(weights[0] == kept);
    arena_free(arena);
}

/* Algorithm 1 of Kingma and Ba with bias-corrected moments; Keras' order differs by epsilon only.
 */
static void test_adam(void **state)
{
    (void)state;
    double w[2] = {1, -2}, m[2] = {0}, v[2] = {0};
    for (int s = 0; s < STEPS; s++)
        for (int i = 0; i < 2; i++) {
            double g = (double)GRADIENTS[s][i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            double m_hat = m[i] / (1 - pow(0.9, s + 1)), v_hat = v[i] / (1 - pow(0.999, s + 1));
            w[i] -= 0.01 * m_hat / (sqrt(v_hat) + 1e-7);
        }
    expect_steps(OPTIMIZER_ADAM, w);
}

static void test_sgd(void **state)
{
    (void)state;
    double w[2] = {1, -2}, m[2] = {0};
    for (int s = 0; s < STEPS; s++)
        for (int i = 0; i < 2; i++) {
            m[i] = 0.9 * m[i] - 0.01 * (double)GRADIENTS[s][i];
            w[i] += m[i];
        }
    expect_steps(OPTIMIZER_SGD, w);
}

static void test_words(void **state)
{
    (void)state;
    OptimizerKind optimizer;
    ScheduleKind schedule;
    assert_true(optimizer_parse("sgd", &optimizer) && optimizer == OPTIMIZER_SGD);
    assert_string_equal(optimizer_word(OPTIMIZER_ADAM), "adam");
    assert_false(optimizer_parse("lamb", &optimizer));
    assert_true(schedule_parse("cosine", &schedule) && schedule == SCHEDULE_COSINE);
    assert_string_equal(schedule_word(SCHEDULE_STEP), "step");
    assert_false(schedule_parse("", &schedule));
}

static void test_schedules(void **state)
{
    (void)state;
    Log log = {0};
    TrainOptions options = short_training();
    options.epochs = 5;
    options.on_epoch = note_epoch;
    options.context = &log;
    options.schedule = (Schedule){.kind = SCHEDULE_STEP, .factor = 0.5, .every = 2};
    TrainResult result;
    assert_int_equal(train_fresh(&options, 1, &result), OK);
    for (int e = 0; e < 5; e++)
        assert_true(fabs(log.epochs[e].rate - 0.001 * pow(0.5, e / 2)) < 1e-12);
    log.count = 0;
    options.schedule.kind = SCHEDULE_COSINE; /* three batches an epoch; the rate of the last */
    assert_int_equal(train_fresh(&options, 1, &result), OK);
    for (int e = 0; e < 5; e++)
        assert_true(fabs(log.epochs[e].rate - 0.0005 * (1 + cos(acos(-1) * (e + 2.0 / 3) / 5))) <
                    1e-12);
}

static void test_first_weights(void **state)
{
    (void)state;
    Graph *graph = small_cnn(3), *same = small_cnn(3), *other = small_cnn(4);
    const Layer *conv = &graph->layers[4], *norm = &graph->layers[2];
    double limit = sqrt(6.0 / (4 * 6 + 4 * 18)), largest = 0, sum = 0;
    int64_t count = shape_elements(conv->kernel.shape);
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)conv->kernel.data[i]));
        sum += (double)conv->kernel.data[i];
    }
    assert_true(largest <= limit && largest > 0.95 * limit && fabs(sum / (double)count) < 0.02);
    assert_true(conv->bias.data[3] == 0 && norm->gamma.data[1] == 1 && norm->beta.data[1] == 0);
    assert_true(norm->mean.data[2] == 0 && norm->variance.data[2] == 1);
    char a[HASH_HEX_BYTES], b[HASH_HEX_BYTES], c[HASH_HEX_BYTES];
    hash_of(graph, a);
    hash_of(same, b);
    hash_of(other, c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    graph_free(graph);
    graph_free(same);
    graph_free(other);
}

/* ---- ends --------------------------------------------------------------------------------------
 */

static void test_early_stop(void **state)
{
    (void)state;
    TrainOptions options = short_training();
    options.epochs = 50;
    options.patience = 3;
    options.least_gain = 1e9; /* only the first epoch is better than nothing */
    TrainResult result, one;
    assert_int_equal(train_fresh(&options, 1, &result), OK);
    assert_true(result.early);
    assert_int_equal(result.epochs, 4);
    assert_int_equal(result.best, 1);
    options.restore_best = true;
    assert_int_equal(train_fresh(&options, 1, &result), OK);
    options.epochs = 1;
    options.restore_best = false;
    assert_int_equal(train_fresh(&options, 1, &one), OK);
    assert_false(one.early);
    assert_string_equal(result.sha256, one.sha256);
}

/* An absurd rate leaves the first weights; a bad pixel in epoch 2 those of epoch 1. */
static void test_not_a_number(void **state)
{
    (void)state;
    Dataset *dataset = corners(1, IMAGES);
    Graph *graph = small_cnn(3);
    Pool *pool = pool_new(2);
    TrainOptions options = short_training();
    options.rate = 1e38;
    options.optimizer.kind = OPTIMIZER_SGD;
    char before[HASH_HEX_BYTES];
    hash_of(graph, before);
    TrainResult result;
    assert_int_equal(train(graph, dataset, &options, pool, &result), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "after epoch 0"));
    assert_non_null(strstr(error_message(), "lower learning rate"));
    assert_int_equal(result.epochs, 0);
    assert_string_equal(result.sha256, before);

    options.rate = 0.01;
    Trainer *trainer = NULL;
    TrainEpoch epoch;
    assert_int_equal(trainer_new(graph, dataset, &options, pool, &trainer), OK);
    assert_int_equal(trainer_epoch(trainer, &epoch), OK);
    char good[HASH_HEX_BYTES], after[HASH_HEX_BYTES];
    hash_of(graph, good);
    float *pixels = (float *)(uintptr_t)dataset->values;
    pixels[77 * 64] = NAN;
    assert_int_equal(trainer_epoch(trainer, &epoch), ERR_REFUSED);
    hash_of(graph, after);
    assert_string_equal(after, good);
    assert_int_equal(trainer_epochs(trainer), 1);
    trainer_free(trainer);
    pool_free(pool);
    graph_free(graph);
    dataset_free(dataset);
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

static const char *checkpoint_path(char path[64])
{
    snprintf(path, 64, "/tmp/test_train.%d.checkpoint", (int)getpid());
    return path;
}

/* Two epochs, then two more from the file, are four epochs. */
static void test_resume(void **state)
{
    (void)state;
    char path[64];
    TrainOptions options = short_training();
    TrainResult straight, resumed;
    options.epochs = 4;
    assert_int_equal(train_fresh(&options, 2, &straight), OK);
    options.checkpoint = checkpoint_path(path);
    options.resume = true; /* there is no file yet: from the beginning */
    options.epochs = 2;
    assert_int_equal(train_fresh(&options, 1, &resumed), OK);
    assert_int_equal(resumed.epochs, 2);
    options.epochs = 4;
    assert_int_equal(train_fresh(&options, 3, &resumed), OK);
    assert_int_equal(resumed.epochs, 4);
    assert_string_equal(resumed.sha256, straight.sha256);
    assert_int_equal(resumed.best, straight.best);
    assert_true(resumed.last.loss == straight.last.loss);
    assert_int_equal(train_fresh(&options, 1, &resumed), OK); /* nothing is left to do */
    assert_string_equal(resumed.sha256, straight.sha256);
    options.batch = 30;
    assert_int_equal(train_fresh(&options, 1, &resumed), ERR_REFUSED);
    assert_non_null(strstr(error_message(), path));
    assert_non_null(strstr(error_message(), "another training"));
    unlink(path);
}

static void expect_refused(Trainer *trainer, const Graph *graph, const char *bytes, size_t count)
{
    char before[HASH_HEX_BYTES], after[HASH_HEX_BYTES];
    hash_of(graph, before);
    assert_int_equal(trainer_load(trainer, bytes, count), ERR_REFUSED);
    hash_of(graph, after);
    assert_string_equal(before, after);
}

static void test_damaged_checkpoints(void **state)
{
    (void)state;
    Dataset *dataset = corners(1, IMAGES);
    Graph *graph = small_cnn(3);
    Pool *pool = pool_new(1);
    TrainOptions options = short_training();
    Trainer *trainer = NULL;
    TrainEpoch epoch;
    assert_int_equal(trainer_new(graph, dataset, &options, pool, &trainer), OK);
    assert_int_equal(trainer_epoch(trainer, &epoch), OK);
    Buffer bytes = {0};
    trainer_save(trainer, &bytes);
    for (size_t cut = 0; cut < bytes.length; cut += 1 + cut / 3)
        expect_refused(trainer, graph, bytes.data, cut);
    for (size_t at = 0; at < bytes.length; at += 1 + at / 3) {
        bytes.data[at] ^= 4;
        expect_refused(trainer, graph, bytes.data, bytes.length);
        bytes.data[at] ^= 4;
    }
    expect_refused(trainer, graph, "something else", 14);
    assert_int_equal(trainer_load(trainer, bytes.data, bytes.length), OK);
    buffer_free(&bytes);
    trainer_free(trainer);
    pool_free(pool);
    graph_free(graph);
    dataset_free(dataset);
}

/* ---- refusals ----------------------------------------------------------------------------------
 */

static void expect_options_refused(const TrainOptions *options, const char *words)
{
    TrainResult result;
    Dataset *dataset = corners(1, IMAGES);
    Graph *graph = small_cnn(3);
    Pool *pool = pool_new(1);
    assert_int_equal(train(graph, dataset, options, pool, &result), ERR_REFUSED);
    if (!strstr(error_message(), words))
        fail_msg("'%s' does not say '%s'", error_message(), words);
    pool_free(pool);
    graph_free(graph);
    dataset_free(dataset);
}

#define REFUSED(field, value, words)                                                               \
    do {                                                                                           \
        TrainOptions options_ = short_training();                                                  \
        options_.field = (value);                                                                  \
        expect_options_refused(&options_, words);                                                  \
    } while (0)

static void test_refusals(void **state)
{
    (void)state;
    REFUSED(epochs, 0, "0 epochs");
    REFUSED(batch, 0, "batches of 0");
    REFUSED(rate, 0, "learning rate is 0");
    REFUSED(rate, NAN, "learning rate");
    REFUSED(validation_split, 1, "validation split is 1");
    REFUSED(validation_split, -0.1, "validation split");
    REFUSED(dropout, 1, "dropout is 1");
    REFUSED(moving_momentum, 1.5, "batch norm momentum");
    REFUSED(optimizer.beta1, 1, "beta1 is 1");
    REFUSED(optimizer.beta2, -1, "beta2");
    REFUSED(optimizer.epsilon, 0, "epsilon is 0");
    REFUSED(optimizer.momentum, 2, "momentum is 2");
    REFUSED(patience, -1, "patience is -1");
    REFUSED(resume, true, "no checkpoint");
    REFUSED(schedule, ((Schedule){SCHEDULE_STEP, 0.5, 0}), "no schedule");
    TrainOptions options = short_training();
    Dataset *other = corners(1, 8);
    options.validation = other;
    options.validation_split = 0.5;
    expect_options_refused(&options, "choose one");
    options.validation_split = 0;
    other->classes = CLASSES + 1;
    expect_options_refused(&options, "labels go up to 4");
    other->classes = CLASSES;
    other->shape = shape_of(3, 5, 8, 2);
    expect_options_refused(&options, "images have 80 values");
    other->count = 0;
    expect_options_refused(&options, "holds no images");
    dataset_free(other);
}

/* ---- cancel: last ------------------------------------------------------------------------------
 */

static void cancel_after_two(void *context, const TrainEpoch *epoch)
{
    (void)context;
    if (epoch->epoch == 2)
        cancel_request();
}

static void test_cancel_keeps_the_last_epoch(void **state)
{
    (void)state;
    TrainOptions options = short_training();
    TrainResult two, cancelled;
    assert_int_equal(train_fresh(&options, 1, &two), OK);
    options.epochs = 9;
    options.on_epoch = cancel_after_two;
    assert_int_equal(train_fresh(&options, 2, &cancelled), ERR_CANCELLED);
    assert_int_equal(cancelled.epochs, 2);
    assert_string_equal(cancelled.sha256, two.sha256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_and_kernels_change_no_bit),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_adam),
        cmocka_unit_test(test_sgd),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_first_weights),
        cmocka_unit_test(test_early_stop),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_damaged_checkpoints),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cancel_keeps_the_last_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
