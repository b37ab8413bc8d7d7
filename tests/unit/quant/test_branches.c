/* Branched graphs on integers: what they become, how much is lost, and laws of joins. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/forward.h"
#include "quant/equalize.h"
#include "quant/integer_forward.h"
#include "quant/quantizer.h"
#include "tests/unit/nn/branched.h"

enum { IMAGES = 60 };

static LayerScheme row_of(int bits, ValueRange range)
{
    return (LayerScheme){.weight_bits = bits,
                         .activation_bits = bits,
                         .calibrator = calibrator_find("minmax"),
                         .granularity = PER_CHANNEL,
                         .range = range};
}

static Quantized quantize(const Graph *graph, const Dataset *images, LayerScheme row)
{
    Quantized quantized;
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    if (quantize_graph(graph, images, &scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized;
}

static const Op *op_named(const IntegerModel *model, const char *name)
{
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->ops[i].name, name) == 0)
            return &model->ops[i];
    fail_msg("no operation %s", name);
    return NULL;
}

static Dataset *branched_images(uint64_t seed)
{
    Rng rng = rng_seed(seed);
    return random_dataset(&rng, IMAGES, shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1),
                          BRANCHED_CLASSES);
}

static void test_operations(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        OpKind kind;
        int inputs, readers;
    } rows[] = {
        {"image", OP_INPUT, 0, 1},
        {"first", OP_CONV2D, 1, 2},
        {"depthwise", OP_DEPTHWISE_CONV2D, 1, 1},
        {"pointwise", OP_CONV2D, 1, 1},
        {"sum", OP_ADD, 2, 3},
        {"pool", OP_MAX_POOL2D, 1, 1},
        {"border", OP_ZERO_PAD2D, 1, 1},
        {"slide", OP_MAX_POOL2D, 1, 1},
        {"enlarge", OP_UPSAMPLE2D, 1, 1},
        {"side", OP_CONV2D, 1, 1},
        {"side.leaky_relu", OP_TABLE, 1, 1},
        {"channels", OP_CONCAT, 3, 2},
        {"mean", OP_AVERAGE_POOL2D, 1, 1},
        {"most", OP_MAX_POOL2D, 1, 1},
        {"both", OP_CONCAT, 2, 1},
        {"hidden", OP_DENSE, 1, 1},
        {"hidden.hard_sigmoid", OP_TABLE, 1, 1},
        {"digit", OP_DENSE, 1, 0},
    };
    Graph *graph = branched_network(1);
    Dataset *images = branched_images(2);
    Quantized quantized = quantize(graph, images, row_of(8, RANGE_SYMMETRIC));
    const IntegerModel *model = quantized.model;
    assert_int_equal(model->count, sizeof rows / sizeof *rows);
    for (int i = 0; i < model->count; i++) {
        assert_string_equal(model->ops[i].name, rows[i].name);
        assert_int_equal(model->ops[i].kind, rows[i].kind);
        assert_int_equal(model->ops[i].input_count, rows[i].inputs);
        assert_int_equal(op_reader_count(model, i), rows[i].readers);
    }
    /* The padding is in the window behind it; a max pool sees the zeros of its border. */
    const Op *depthwise = op_named(model, "depthwise");
    assert_int_equal(depthwise->window.pad_top + depthwise->window.pad_right, 2);
    assert_false(depthwise->window.same);
    assert_int_equal(depthwise->input_shape.dim[0], BRANCHED_SIDE);
    assert_int_equal(op_named(model, "slide")->window.pad_left, 0);
    /* The ReLU of limit 0.9 clips at no more than that. */
    const Op *first = op_named(model, "first");
    assert_true(fabs(first->clip - 0.9) < 1e-6);
    assert_int_equal(first->low, 0);
    /* A pool over everything gives one pixel. */
    assert_int_equal(op_named(model, "mean")->window.kernel_width, BRANCHED_SIDE);
    assert_true(shape_equal(op_named(model, "most")->output_shape, shape_of(3, 1, 1, 12)));
    assert_true(shape_equal(op_named(model, "both")->output_shape, shape_of(3, 1, 1, 24)));
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

static double worst_sqnr(const Quantized *quantized)
{
    double worst = SQNR_MAX_DB;
    for (int i = 0; i < quantized->model->count; i++)
        worst = fmin(worst, quantized->losses[i].sqnr_db);
    return worst;
}

/* Every operation of the whole is near what the float network gives, by 6 dB more for each bit. */
static void test_float_and_integers(void **state)
{
    (void)state;
    static const struct {
        int bits;
        ValueRange range;
        double least;
    } rows[] = {{6, RANGE_SYMMETRIC, 20},
                {8, RANGE_SYMMETRIC, 32},
                {8, RANGE_UNSIGNED, 32},
                {8, RANGE_AFFINE, 32},
                {10, RANGE_SYMMETRIC, 44}};
    Graph *graph = branched_network(3);
    Dataset *images = branched_images(4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Quantized quantized = quantize(graph, images, row_of(rows[i].bits, rows[i].range));
        double worst = worst_sqnr(&quantized);
        if (worst < rows[i].least)
            fail_msg("%d bits, range %d: %.1f dB", rows[i].bits, (int)rows[i].range, worst);
        integer_model_free(quantized.model);
    }
    dataset_free(images);
    graph_free(graph);
}

/* Image by image, but all at once through a dense layer: the same for any batch and any level. */
static void test_levels_and_batches(void **state)
{
    (void)state;
    Graph *graph = branched_network(20);
    Dataset *images = branched_images(21);
    Quantized quantized = quantize(graph, images, row_of(8, RANGE_AFFINE));
    const IntegerModel *model = quantized.model;
    IntegerForward *all = integer_forward_new_with(model, IMAGES, integer_kernels_at(0));
    integer_forward_run(all, images->values, IMAGES);
    for (int level = 0; integer_kernels_at(level); level++) {
        IntegerForward *some = integer_forward_new_with(model, 7, integer_kernels_at(level));
        for (int first = 0; first < IMAGES; first += 7) {
            int batch = IMAGES - first < 7 ? IMAGES - first : 7;
            integer_forward_run(some, images->values + first * 64, batch);
            for (int i = 0; i < model->count; i++) {
                int64_t elements = shape_elements(model->ops[i].output_shape);
                assert_memory_equal(integer_forward_op(some, i),
                                    integer_forward_op(all, i) + first * elements,
                                    (size_t)(batch * elements) * sizeof(int32_t));
            }
        }
        integer_forward_free(some);
    }
    integer_forward_free(all);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

/* ---- zero padding ------------------------------------------------------------------------------ */

/* Padding, a convolution, and perhaps a pool that wants the padding for itself. */
static Graph *padded_network(bool apart, bool same)
{
    Rng rng = rng_seed(5);
    Graph *graph = graph_of_input(shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1));
    int padded = reading(graph, 0, padding_of("border", 1, 0, 2, 1));
    Layer layer = conv_layer(graph, &rng, "conv", window_of(4, 5, 2, same), (Shape){2, {1, 3}});
    int conv = reading(graph, padded, layer);
    int end = reading(graph, conv, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "most"});
    if (apart) {
        int pool =
            reading(graph, padded, (Layer){.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "beside"});
        end = joining(graph, LAYER_CONCATENATE, "both", (const int[]){end, pool}, 2);
    }
    reading(graph, end, dense_layer(graph, &rng, "digit", apart ? 4 : 3, BRANCHED_CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

static int32_t *run_named(const Quantized *quantized, const Dataset *images, const char *name)
{
    const Op *op = op_named(quantized->model, name);
    IntegerForward *forward = integer_forward_new(quantized->model, IMAGES);
    integer_forward_run(forward, images->values, IMAGES);
    size_t bytes = (size_t)(IMAGES * shape_elements(op->output_shape)) * sizeof(int32_t);
    int32_t *values = arena_alloc(images->arena, bytes);
    memcpy(values, integer_forward_op(forward, (int)(op - quantized->model->ops)), bytes);
    integer_forward_free(forward);
    return values;
}

/* In the window, or before it: the same integers, with a zero point that is not 0 too. */
static void test_padding_merged_and_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        Graph *merged = padded_network(false, i % 2), *apart = padded_network(true, i % 2);
        Dataset *images = branched_images(6);
        LayerScheme row = row_of(7, i < 2 ? RANGE_SYMMETRIC : RANGE_AFFINE);
        for (int64_t v = 0; v < IMAGES * 64; v++) /* pixels on both sides of 0 */
            ((float *)(uintptr_t)images->values)[v] -= 0.25F;
        Quantized one = quantize(merged, images, row), two = quantize(apart, images, row);
        const Op *conv = op_named(one.model, "conv");
        assert_int_equal(one.model->count, 4);
        assert_int_equal(op_named(two.model, "border")->kind, OP_ZERO_PAD2D);
        assert_int_equal(conv->input.zero_point != 0, i >= 2);
        assert_true(conv->window.pad_left >= 2);
        int64_t count = IMAGES * shape_elements(conv->output_shape);
        assert_memory_equal(run_named(&one, images, "conv"), run_named(&two, images, "conv"),
                            (size_t)count * sizeof(int32_t));
        integer_model_free(one.model);
        integer_model_free(two.model);
        dataset_free(images);
        graph_free(merged);
        graph_free(apart);
    }
}

/* A border as wide as the kernel has windows without a pixel: it stays apart. */
static void test_wide_padding_stays(void **state)
{
    (void)state;
    Rng rng = rng_seed(7);
    Graph *graph = graph_of_input(shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1));
    chain(graph, padding_of("border", 0, 2, 0, 0));
    chain(graph, conv_layer(graph, &rng, "conv", window_of(2, 2, 1, false), (Shape){2, {1, 2}}));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = branched_images(8);
    Quantized quantized = quantize(graph, images, row_of(8, RANGE_SYMMETRIC));
    assert_int_equal(op_named(quantized.model, "border")->kind, OP_ZERO_PAD2D);
    assert_int_equal(op_named(quantized.model, "conv")->window.pad_bottom, 0);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

/* ---- sequences, flattened joins ---------------------------------------------------------------- */

static void test_sequences(void **state)
{
    (void)state;
    Rng rng = rng_seed(9);
    Graph *graph = graph_of_input(shape_of(2, 16, 3));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(1, 3, 1, true), (Shape){2, {3, 4}});
    conv.sequence = true;
    chain(graph, conv);
    Layer pad = padding_of("border", 0, 0, 1, 0);
    pad.sequence = true;
    chain(graph, pad);
    Layer pool = {
        .kind = LAYER_MAX_POOL2D,
        .name = "pool",
        .window = {.kernel_height = 1, .kernel_width = 2, .stride_height = 1, .stride_width = 2}};
    pool.sequence = true;
    chain(graph, pool);
    chain(graph, dense_layer(graph, &rng, "pixels", 4, 5));
    chain(graph, norm_layer(graph, &rng, "norm", 5));
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    chain(graph, dense_layer(graph, &rng, "digit", 40, 3));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(2, 16, 3), 3);
    Quantized quantized = quantize(graph, images, row_of(8, RANGE_SYMMETRIC));
    assert_true(shape_equal(op_named(quantized.model, "pool")->output_shape, shape_of(3, 1, 8, 4)));
    assert_int_equal(op_named(quantized.model, "pixels")->kind, OP_CONV2D);
    assert_true(worst_sqnr(&quantized) > 30);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

/* A branch that flattens the sequence does not decide how it streams. */
static void test_input_of_two_branches(void **state)
{
    (void)state;
    Rng rng = rng_seed(22);
    Graph *graph = graph_of_input(shape_of(2, 6, 2));
    int flat = chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    flat = reading(graph, flat, dense_layer(graph, &rng, "beside", 12, 3));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(1, 3, 1, false), (Shape){2, {2, 3}});
    conv.sequence = true;
    int at = reading(graph, 0, conv);
    Layer pool = {.kind = LAYER_GLOBAL_MAX_POOL2D, .name = "most", .sequence = true};
    at = reading(graph, at, pool);
    joining(graph, LAYER_ADD, "sum", (const int[]){flat, at}, 2);
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(2, 6, 2), 3);
    Quantized quantized = quantize(graph, images, row_of(8, RANGE_SYMMETRIC));
    assert_true(shape_equal(quantized.model->ops[0].output_shape, shape_of(3, 1, 6, 2)));
    assert_true(worst_sqnr(&quantized) > 30);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

static void expect_blocked(Graph *graph, const char *words)
{
    Blockers blockers = {0};
    assert_int_equal(graph_infer_shapes(graph), OK);
    quantizer_blockers(graph, &blockers);
    if (blockers.count != 1 || !strstr(blockers.items[0], words))
        fail_msg("expected \"%s\", found %d, \"%s\"", words, blockers.count,
                 blockers.count > 0 ? blockers.items[0] : "");
    blockers_free(&blockers);
    graph_free(graph);
}

/* Flattened images come in pixels still: sums do not mind, concatenations do. */
static void test_flattened_joins(void **state)
{
    (void)state;
    Rng rng = rng_seed(10);
    for (int kind = 0; kind < 3; kind++) {
        Graph *graph = graph_of_input(shape_of(3, 2, 2, 3));
        Window one = window_of(1, 1, 1, false);
        chain(graph, conv_layer(graph, &rng, "conv", one, (Shape){2, {3, 3}}));
        int flat = chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
        int other = flat;
        if (kind > 0)
            other = chain(graph, dense_layer(graph, &rng, "dense", 12, 12));
        joining(graph, kind == 2 ? LAYER_CONCATENATE : LAYER_ADD, "join",
                (const int[]){flat, other}, 2);
        if (kind > 0) {
            expect_blocked(graph, kind == 2 ? "layer join: reads 12, but pixels come with 3"
                                            : "layer join: adds values that come in pixels of 3 "
                                              "and of 12 channels");
            continue;
        }
        assert_int_equal(graph_infer_shapes(graph), OK);
        Dataset *images = random_dataset(&rng, IMAGES, shape_of(3, 2, 2, 3), 12);
        Quantized quantized = quantize(graph, images, row_of(8, RANGE_SYMMETRIC));
        assert_int_equal(op_reader_count(quantized.model, 1), 2); /* x + x */
        assert_true(worst_sqnr(&quantized) > 40);
        integer_model_free(quantized.model);
        dataset_free(images);
        graph_free(graph);
    }
}

/* ---- layers in floating point ------------------------------------------------------------------ */

static void test_floats_in_branches(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"first", "pointwise", "side", "hidden", "digit"};
    enum { NAME_COUNT = sizeof NAMES / sizeof *NAMES };
    Graph *graph = branched_network(11);
    Dataset *images = branched_images(12);
    for (int chosen = 1; chosen < 1 << NAME_COUNT; chosen++) {
        Quantized quantized;
        Scheme scheme = scheme_uniform(graph->arena, graph, row_of(8, RANGE_SYMMETRIC));
        for (int i = 0; i < NAME_COUNT; i++)
            if (chosen >> i & 1)
                scheme_set_float(&scheme, graph, graph_find(graph, NAMES[i]));
        if (quantize_graph(graph, images, &scheme, NULL, &quantized) != OK)
            fail_msg("%s", error_message());
        for (int i = 0; i < NAME_COUNT; i++)
            assert_int_equal(op_traits(op_named(quantized.model, NAMES[i])->kind)->reads_float,
                             chosen >> i & 1);
        if (worst_sqnr(&quantized) < 32)
            fail_msg("%d: %.1f dB", chosen, worst_sqnr(&quantized));
        integer_model_free(quantized.model);
    }
    dataset_free(images);
    graph_free(graph);
}

/* What is read as integers and as floats has one bridge for each, not one for each reader. */
static void test_bridges_are_shared(void **state)
{
    (void)state;
    Graph *graph = branched_network(13);
    Dataset *images = branched_images(14);
    Quantized quantized;
    Scheme scheme = scheme_uniform(graph->arena, graph, row_of(8, RANGE_SYMMETRIC));
    scheme_set_float(&scheme, graph, graph_find(graph, "first"));
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), OK);
    const IntegerModel *model = quantized.model;
    const Op *bridge = op_named(model, "first.to_integer");
    assert_int_equal(op_reader_count(model, (int)(bridge - model->ops)), 2);
    assert_true(fabs(fixed_dequantize(bridge->high, bridge->output) - 0.9) < 0.01);
    assert_int_equal(op_named(model, "first.to_float")->inputs[0], 0);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

/* ---- equalization, bias correction ------------------------------------------------------------- */

static float *scores_of(const Graph *graph, const Dataset *images)
{
    Forward *forward = forward_new(graph, IMAGES);
    size_t bytes = (size_t)(IMAGES * BRANCHED_CLASSES) * sizeof(float);
    float *scores = arena_alloc(images->arena, bytes);
    memcpy(scores, forward_run(forward, images->values, IMAGES), bytes);
    forward_free(forward);
    return scores;
}

/* Only depthwise and pointwise are a pair: what else has a kernel is read twice, or is not
 * homogeneous, or is read by a join. The function keeps its bits. */
static void test_equalization_stays_within_branches(void **state)
{
    (void)state;
    Graph *graph = branched_network(15);
    Dataset *images = branched_images(16);
    Layer *depthwise = &graph->layers[graph_find(graph, "depthwise")];
    for (int64_t i = 0; i < shape_elements(depthwise->kernel.shape); i += 8)
        depthwise->kernel.data[i] /= 64; /* channel 0 */
    depthwise->bias.data[0] /= 64;
    const float *before = scores_of(graph, images);
    const float *kernel = graph->layers[graph_find(graph, "first")].kernel.data;
    Equalization done = equalize_layers(graph);
    assert_int_equal(done.pairs, 1);
    assert_true(done.before > 20 && done.after < 10);
    const Layer *first = &graph->layers[graph_find(graph, "first")];
    assert_memory_equal(first->kernel.data, kernel, 9 * 4 * sizeof *kernel);
    assert_memory_equal(scores_of(graph, images), before,
                        IMAGES * BRANCHED_CLASSES * sizeof *before);
    dataset_free(images);
    graph_free(graph);
}

/* A depthwise kernel as the second of a pair: its outputs follow the channel that they read. */
static void test_equalization_of_depthwise(void **state)
{
    (void)state;
    Rng rng = rng_seed(17);
    Graph *graph = graph_of_input(shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 1));
    Layer first = conv_layer(graph, &rng, "first", window_of(1, 1, 1, false), (Shape){2, {1, 3}});
    first.kernel.data[1] *= 100;
    chain(graph, activated(first, ACTIVATION_LEAKY_RELU, 0, 0.25));
    chain(graph, padding_of("border", 1, 1, 1, 1));
    chain(graph, depthwise_layer(graph, &rng, window_of(3, 3, 1, false), 3, 2));
    chain(graph, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "mean"});
    chain(graph, dense_layer(graph, &rng, "digit", 6, BRANCHED_CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = branched_images(18);
    const float *before = scores_of(graph, images);
    const Equalization done = equalize_layers(graph);
    assert_int_equal(done.pairs, 2);
    assert_true(done.after < done.before / 4);
    assert_memory_equal(scores_of(graph, images), before,
                        IMAGES * BRANCHED_CLASSES * sizeof *before);
    dataset_free(images);
    graph_free(graph);
}

static double mean_error(const Quantized *quantized, const Graph *graph, const Dataset *images,
                         const char *name)
{
    const Op *op = op_named(quantized->model, name);
    Forward *forward = forward_new(graph, IMAGES);
    forward_run(forward, images->values, IMAGES);
    const float *real = forward_preactivation(forward, graph_find(graph, name));
    const int32_t *integers = run_named(quantized, images, name);
    int64_t channels = op_channels(op), count = IMAGES * shape_elements(op->output_shape);
    double worst = 0;
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0;
        for (int64_t i = c; i < count; i += channels)
            sum += op_real(op, integers[i]) - (double)real[i];
        worst = fmax(worst, fabs(sum * (double)channels / (double)count));
    }
    forward_free(forward);
    return worst;
}

/* With 3-bit weights the mean of a channel moves; the correction takes most of that back. */
static void test_bias_correction_of_depthwise(void **state)
{
    (void)state;
    Rng rng = rng_seed(19);
    Graph *graph = graph_of_input(shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 2));
    chain(graph, depthwise_layer(graph, &rng, window_of(3, 3, 1, false), 2, 3));
    chain(graph, (Layer){.kind = LAYER_GLOBAL_AVERAGE_POOL2D, .name = "mean"});
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(3, 8, 8, 2), 6);
    LayerScheme row = row_of(12, RANGE_SYMMETRIC);
    row.weight_bits = 3;
    Quantized plain = quantize(graph, images, row);
    row.correct_bias = true;
    Quantized corrected = quantize(graph, images, row);
    double before = mean_error(&plain, graph, images, "depthwise");
    double after = mean_error(&corrected, graph, images, "depthwise");
    if (!(after < before / 10))
        fail_msg("%g, and %g corrected", before, after);
    integer_model_free(plain.model);
    integer_model_free(corrected.model);
    dataset_free(images);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_float_and_integers),
        cmocka_unit_test(test_levels_and_batches),
        cmocka_unit_test(test_padding_merged_and_apart),
        cmocka_unit_test(test_wide_padding_stays),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_input_of_two_branches),
        cmocka_unit_test(test_flattened_joins),
        cmocka_unit_test(test_floats_in_branches),
        cmocka_unit_test(test_bridges_are_shared),
        cmocka_unit_test(test_equalization_stays_within_branches),
        cmocka_unit_test(test_equalization_of_depthwise),
        cmocka_unit_test(test_bias_correction_of_depthwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
