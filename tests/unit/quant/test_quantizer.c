/* Post-training quantization: known tensors by hand, then how much is lost and where. */
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
#include "tests/unit/nn/graphs.h"

static void expect_close(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want)))
        fail_msg("%.9g, expected %.9g", got, want);
}

static LayerScheme row_of(int weight_bits, int activation_bits, Granularity granularity)
{
    return (LayerScheme){.weight_bits = weight_bits,
                         .activation_bits = activation_bits,
                         .calibrator = calibrator_find("minmax"),
                         .granularity = granularity};
}

static Quantized quantize(const Graph *graph, const Dataset *images, LayerScheme row)
{
    Quantized quantized;
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    if (quantize_graph(graph, images, &scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized;
}

static double last_sqnr(const Quantized *quantized)
{
    return quantized->losses[quantized->model->count - 1].sqnr_db;
}

/* Images in `pixels`, (count, elements). */
static Dataset dataset_of(const float *pixels, int64_t count, Shape shape)
{
    return (Dataset){
        .path = "memory", .count = count, .shape = shape, .values = pixels, .scale = 1};
}

/* ---- by hand --------------------------------------------------------------------------------- */

/* S_in = 1/127; S_w = 0.5/127; bias steps S_in * S_w = 3.1e-5; logits reach 0.6635. */
static void test_dense_by_hand(void **state)
{
    (void)state;
    float kernel[] = {0.5F, -0.254F, 0.127F, 0.254F}, bias[] = {0.1F, -0.2F};
    Graph *graph = graph_of_input(shape_of(1, 2));
    chain(graph, (Layer){.kind = LAYER_DENSE,
                         .name = "dense",
                         .kernel = {shape_of(2, 2, 2), kernel},
                         .bias = {shape_of(1, 2), bias}});
    assert_int_equal(graph_infer_shapes(graph), OK);
    const float pixels[] = {1, 0.5F, 0.25F, -1};
    Dataset images = dataset_of(pixels, 2, shape_of(1, 2));
    images.scale = 1.0;
    Quantized quantized = quantize(graph, &images, row_of(8, 8, PER_TENSOR));
    const Op *op = &quantized.model->ops[1];
    const int32_t weights[] = {127, -65, 32, 65}; /* 127, -64.52, 32.26, 64.52 */
    const int32_t biases[] = {3226, -6452};       /* 0.1 * 127 * 254 = 3225.8 */
    assert_memory_equal(op->weights, weights, sizeof weights);
    assert_memory_equal(op->bias, biases, sizeof biases);
    expect_close(op->input.scale, 1.0 / 127, 1e-12);
    expect_close(op->weight_scales[0], 0.5 / 127, 1e-12);
    expect_close(op->weight_clip, 0.5, 1e-12);
    expect_close(op->output.scale, 0.6635 / 32767, 1e-6);
    assert_int_equal(op->output.bits, LOGIT_BITS);
    assert_int_equal(op->low, -32767);
    double ratio = 0.5 / 127 / 127 * 32767 / 0.6635;
    expect_close(op->requantizers[0].multiplier / exp2(op->requantizers[0].shift), ratio, 4e-5);
    /* |w| . 127 + |bias| = (127 + 32) * 127 + 3226 and (65 + 65) * 127 + 6452 = 23419, 22962 */
    assert_int_equal(op->accumulator_bits, 16);
    assert_string_equal(op->calibration, "minmax");
    /* First image: x = 127, 64 (63.5 to even): 127*127 + 32*64 + 3226 = 21403 steps. */
    IntegerForward *forward = integer_forward_new(quantized.model, 1);
    const int32_t *scores = integer_forward_run(forward, pixels, 1);
    assert_int_equal(scores[0], llrint(21403 * op->requantizers[0].multiplier /
                                       exp2(op->requantizers[0].shift)));
    assert_true(fabs(scores[0] * op->output.scale - 0.6635) < 0.003);
    integer_forward_free(forward);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* Pixels of 8 bits, scaled to 0..1, give S = 1/127. */
static void test_input_of_bytes(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    Graph *graph = graph_of_input(shape_of(1, 3));
    chain(graph, dense_layer(graph, &rng, "dense", 3, 2));
    assert_int_equal(graph_infer_shapes(graph), OK);
    const uint8_t bytes[] = {0, 255, 128};
    Dataset images = {
        .path = "memory", .count = 1, .shape = shape_of(1, 3), .bytes = bytes, .scale = 1.0 / 255};
    Quantized quantized = quantize(graph, &images, row_of(8, 8, PER_TENSOR));
    expect_close(quantized.model->ops[0].output.scale, 1.0 / 127, 1e-6);
    assert_true(quantized.model->input_scale == 1.0 / 255);
    assert_int_equal(quantized.model->classes, 2);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* y = 2 (x - 1) + 4 and y = -0.5 (x - 1): factors 2 and -0.5 in steps of 2/127. */
static void test_batch_norm_by_hand(void **state)
{
    (void)state;
    float gamma[] = {2, -0.5F}, beta[] = {4, 0}, mean[] = {1, 1}, variance[] = {0.75F, 0.75F};
    Shape two = shape_of(1, 2);
    Graph *graph = graph_of_input(two);
    chain(graph, (Layer){.kind = LAYER_BATCH_NORM,
                         .name = "norm",
                         .gamma = {two, gamma},
                         .beta = {two, beta},
                         .mean = {two, mean},
                         .variance = {two, variance},
                         .epsilon = 0.25});
    assert_int_equal(graph_infer_shapes(graph), OK);
    const float pixels[] = {1, -1, 0.5F, 0.25F};
    Dataset images = dataset_of(pixels, 2, two);
    Quantized quantized = quantize(graph, &images, row_of(8, 8, PER_TENSOR));
    const Op *op = &quantized.model->ops[1];
    assert_int_equal(op->kind, OP_AFFINE);
    assert_int_equal(op->weights[0], 127);
    assert_int_equal(op->weights[1], -32); /* -31.75 */
    assert_int_equal(op->bias[0], 16129);  /* shift 2: 2 / (1/127 * 2/127) */
    assert_int_equal(op->bias[1], 4032);   /* shift 0.5: 4032.25 */
    assert_true(last_sqnr(&quantized) > 35);
    integer_model_free(quantized.model);
    quantized = quantize(graph, &images, row_of(8, 8, PER_CHANNEL));
    op = &quantized.model->ops[1];
    assert_int_equal(op->requantizer_count, 2);
    assert_int_equal(op->weights[1], -127);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* ---- structure ------------------------------------------------------------------------------- */

/* Every kind of layer with an operation, but tanh. */
static Graph *cnn(Rng *rng, Activation activation)
{
    Graph *graph = graph_of_input(shape_of(3, 12, 12, 2));
    Layer conv = conv_layer(graph, rng, "conv", window_of(3, 3, 1, true), shape_of(2, 2, 6));
    conv.activation = activation;
    chain(graph, conv);
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window_of(2, 2, 2, false)});
    Layer norm = norm_layer(graph, rng, "norm", 6);
    norm.activation = ACTIVATION_RELU;
    chain(graph, norm);
    chain(
        graph,
        (Layer){.kind = LAYER_AVERAGE_POOL2D, .name = "mean", .window = window_of(2, 2, 2, false)});
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flatten"});
    Layer dense = dense_layer(graph, rng, "dense", 54, 5);
    dense.activation = ACTIVATION_SOFTMAX;
    chain(graph, dense);
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

static void test_formats_of_a_cnn(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    Graph *graph = cnn(&rng, ACTIVATION_RELU);
    Dataset *images = random_dataset(&rng, 60, shape_of(3, 12, 12, 2), 5);
    Quantized quantized = quantize(graph, images, row_of(8, 8, PER_TENSOR));
    const IntegerModel *model = quantized.model;
    enum { CONV = 1, POOL, NORM, MEAN, DENSE, COUNT };
    assert_int_equal(model->count, COUNT);
    assert_int_equal(model->ops[CONV].low, 0); /* a fused ReLU */
    assert_int_equal(model->ops[NORM].low, 0);
    assert_int_equal(model->ops[POOL].low, -127);
    assert_int_equal(model->ops[MEAN].low, -127);
    assert_true(model->ops[POOL].output.scale == model->ops[CONV].output.scale);
    assert_null(model->ops[POOL].calibration);
    assert_true(model->ops[POOL].clip == model->ops[CONV].clip);
    const Op *mean = &model->ops[MEAN];
    expect_close(mean->requantizers[0].multiplier / exp2(mean->requantizers[0].shift),
                 mean->input.scale / (4 * mean->output.scale), 4e-5);
    assert_int_equal(model->ops[DENSE].output.bits, LOGIT_BITS);
    assert_true(shape_equal(model->ops[DENSE].input_shape, shape_of(3, 3, 3, 6)));
    for (int i = 0; i < model->count; i++) {
        assert_true(quantized.losses[i].clipped_fraction == 0); /* min/max clips nothing */
        if (!(quantized.losses[i].sqnr_db > 28 && quantized.losses[i].sqnr_db < 80))
            fail_msg("%s: %g dB", model->ops[i].name, quantized.losses[i].sqnr_db);
    }
    dataset_free(images);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* Each bit is worth about 6 dB. */
static void test_widths(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    Graph *graph = cnn(&rng, ACTIVATION_RELU);
    Dataset *images = random_dataset(&rng, 60, shape_of(3, 12, 12, 2), 5);
    double before = 0;
    for (int bits = 4; bits <= 10; bits += 2) {
        Quantized quantized = quantize(graph, images, row_of(bits, bits, PER_TENSOR));
        double sqnr = last_sqnr(&quantized);
        if (!(sqnr > before + 8 && sqnr > 6 * bits - 18))
            fail_msg("%d bits: %g dB, %g dB with two less", bits, sqnr, before);
        before = sqnr;
        integer_model_free(quantized.model);
    }
    /* The ends of the range, each with something narrow beside it. */
    const struct {
        int weights, activations;
    } mixed[] = {{2, 16}, {16, 2}, {4, 8}, {8, 4}, {8, 16}, {2, 2}};
    for (size_t i = 0; i < sizeof mixed / sizeof *mixed; i++) {
        Quantized quantized =
            quantize(graph, images, row_of(mixed[i].weights, mixed[i].activations, PER_TENSOR));
        assert_int_equal(quantized.model->ops[1].weight_bits, mixed[i].weights);
        assert_int_equal(quantized.model->ops[1].output.bits, mixed[i].activations);
        assert_int_equal(integer_model_check_values(quantized.model), OK);
        integer_model_free(quantized.model);
    }
    dataset_free(images);
    graph_free(graph);
}

static void test_16_by_16_bits(void **state)
{
    (void)state;
    Rng rng = rng_seed(4);
    Graph *graph = graph_of_input(shape_of(1, 2));
    chain(graph, dense_layer(graph, &rng, "wide", 2, 2));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, 50, shape_of(1, 2), 2);
    Scheme scheme = scheme_uniform(graph->arena, graph, row_of(16, 16, PER_TENSOR));
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer wide: its sums need 3"));
    graph->layers[1].bias.data = NULL; /* one product of 15 and 15 bits does fit */
    graph->layers[1].kernel.data[0] = graph->layers[1].kernel.data[3] = 0;
    quantized = quantize(graph, images, row_of(16, 16, PER_TENSOR));
    assert_true(last_sqnr(&quantized) > 80);
    assert_int_equal(quantized.model->ops[1].accumulator_bits, FIXED_ACCUMULATOR_BITS);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

/* A channel with weights 100 times smaller drowns in the common scale. */
static void test_per_channel(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    Graph *graph = graph_of_input(shape_of(1, 16));
    Layer dense = dense_layer(graph, &rng, "dense", 16, 2);
    for (int i = 0; i < 16; i++)
        dense.kernel.data[2 * i] *= 0.01F;
    dense.bias.data = NULL;
    chain(graph, dense);
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, 50, shape_of(1, 16), 2);
    Quantized tensor = quantize(graph, images, row_of(8, 8, PER_TENSOR));
    Quantized channel = quantize(graph, images, row_of(8, 8, PER_CHANNEL));
    const Op *op = &channel.model->ops[1];
    assert_int_equal(tensor.model->ops[1].requantizer_count, 1);
    assert_int_equal(op->requantizer_count, 2);
    assert_null(op->bias);
    int32_t largest = 0;
    for (int i = 0; i < 16; i++)
        largest = op->weights[2 * i] > largest ? op->weights[2 * i] : largest;
    assert_true(largest > 60);
    assert_true(op->weight_scales[0] < op->weight_scales[1] / 50);
    expect_close(op->weight_clip, 127 * op->weight_scales[1], 1e-12);
    assert_true(last_sqnr(&channel) >= last_sqnr(&tensor));
    integer_model_free(tensor.model);
    integer_model_free(channel.model);
    dataset_free(images);
    graph_free(graph);
}

/* tanh and sigmoid read a clipped value before them, and lose nothing by the clip. */
static void test_tables(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    const Activation functions[] = {ACTIVATION_TANH, ACTIVATION_SIGMOID};
    for (int f = 0; f < 2; f++) {
        Graph *graph = cnn(&rng, functions[f]);
        for (int i = 0; i < 108; i++) /* far into saturation */
            graph->layers[1].kernel.data[i] *= 20;
        Dataset *images = random_dataset(&rng, 60, shape_of(3, 12, 12, 2), 5);
        Quantized quantized = quantize(graph, images, row_of(8, 8, PER_TENSOR));
        const Op *conv = &quantized.model->ops[1], *table = conv + 1;
        assert_int_equal(table->kind, OP_TABLE);
        assert_string_equal(table->name, f ? "conv.sigmoid" : "conv.tanh");
        assert_true(conv->low == conv->output.low && conv->clip < 8);
        assert_true(quantized.losses[1].clipped_fraction > 0.1);
        assert_true(quantized.losses[1].sqnr_db > 35 && quantized.losses[2].sqnr_db > 30);
        assert_true(last_sqnr(&quantized) > 25);
        integer_model_free(quantized.model);
        /* As the last layer: 16 bits out of a table of at most 2^12 entries. */
        Graph *last = graph_of_input(shape_of(1, 8));
        Layer dense = dense_layer(last, &rng, "dense", 8, 3);
        dense.activation = functions[f];
        chain(last, dense);
        assert_int_equal(graph_infer_shapes(last), OK);
        Dataset *vectors = random_dataset(&rng, 60, shape_of(1, 8), 3);
        quantized = quantize(last, vectors, row_of(8, 8, PER_TENSOR));
        assert_int_equal(quantized.model->ops[2].output.bits, LOGIT_BITS);
        assert_int_equal(op_table_count(&quantized.model->ops[2]), (1 << TABLE_INPUT_BITS) - 1);
        integer_model_free(quantized.model);
        dataset_free(images);
        dataset_free(vectors);
        graph_free(graph);
        graph_free(last);
    }
}

/* ---- odd tensors ----------------------------------------------------------------------------- */

static Quantized quantize_dense(Rng *rng, double weights, double bias, Granularity granularity,
                                double *want)
{
    Graph *graph = graph_of_input(shape_of(1, 4));
    Layer dense = dense_layer(graph, rng, "dense", 4, 2);
    for (int i = 0; i < 8; i++)
        dense.kernel.data[i] *= (float)weights;
    dense.bias.data[0] = (float)bias;
    chain(graph, dense);
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(rng, 50, shape_of(1, 4), 2);
    Quantized quantized = quantize(graph, images, row_of(8, 8, granularity));
    *want = bias;
    dataset_free(images);
    graph_free(graph);
    return quantized;
}

/* Weights of (almost) nothing leave the bias: it must fit, and keep its precision. */
static void test_bias_alone(void **state)
{
    (void)state;
    Rng rng = rng_seed(7);
    const double sizes[] = {0, 1e-30, 1e-12, 1e-6};
    const Granularity granularities[] = {PER_TENSOR, PER_CHANNEL};
    for (int s = 0; s < 4; s++)
        for (int g = 0; g < 2; g++) {
            double want;
            Quantized quantized = quantize_dense(&rng, sizes[s], 3.7, granularities[g], &want);
            const Op *op = &quantized.model->ops[1];
            IntegerForward *forward = integer_forward_new(quantized.model, 1);
            const float image[4] = {1, 0.5F, 0.25F, 0};
            int32_t score = integer_forward_run(forward, image, 1)[0];
            if (!(fabs(score * op->output.scale - want) < 0.01))
                fail_msg("weights of %g: %g, expected %g", sizes[s], score * op->output.scale,
                         want);
            integer_forward_free(forward);
            integer_model_free(quantized.model);
        }
}

/* A layer that never answers on the calibration images still becomes a model. */
static void test_dead_layer(void **state)
{
    (void)state;
    Rng rng = rng_seed(8);
    Graph *graph = graph_of_input(shape_of(1, 4));
    Layer dead = dense_layer(graph, &rng, "dead", 4, 3);
    dead.activation = ACTIVATION_RELU;
    for (int i = 0; i < 3; i++)
        dead.bias.data[i] = -50;
    chain(graph, dead);
    chain(graph, dense_layer(graph, &rng, "dense", 3, 2));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *images = random_dataset(&rng, 50, shape_of(1, 4), 2);
    Quantized quantized = quantize(graph, images, row_of(8, 8, PER_TENSOR));
    assert_true(quantized.losses[1].sqnr_db == SQNR_MAX_DB); /* zero is exact */
    assert_true(last_sqnr(&quantized) > 30);
    integer_model_free(quantized.model);
    dataset_free(images);
    graph_free(graph);
}

static void test_refusals(void **state)
{
    (void)state;
    Rng rng = rng_seed(9);
    Graph *graph = cnn(&rng, ACTIVATION_RELU);
    Dataset *images = random_dataset(&rng, 60, shape_of(3, 12, 12, 2), 5);
    Quantized quantized;
    LayerScheme row = row_of(8, 8, PER_TENSOR);
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    scheme.layers[3].weight_bits = 17;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer norm: 17 bits for weights"));
    scheme = scheme_uniform(graph->arena, graph, row);
    scheme.count--;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_INTERNAL);
    scheme.count++;
    images->shape = shape_of(3, 12, 12, 1);
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "images have 144 values, the model reads 288"));
    images->shape = shape_of(3, 12, 12, 2);
    images->count = 0;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    images->count = 60;
    float *pixels = ARENA_ARRAY(images->arena, float, 60 * 288);
    pixels[59 * 288] = NAN;
    images->values = pixels;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer image: gives values that are not finite"));
    graph->layers[1].activation = ACTIVATION_SOFTMAX;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv: softmax"));
    dataset_free(images);
    graph_free(graph);
}

/* One quantum in, 16 bits out: no M and s reach from one to the other. */
static void test_ratio_out_of_reach(void **state)
{
    (void)state;
    Graph *graph = graph_of_input(shape_of(1, 2));
    float kernel[] = {1, 0}; /* the second pixel sets the input's scale, and is not read */
    chain(graph,
          (Layer){.kind = LAYER_DENSE, .name = "far", .kernel = {shape_of(2, 2, 1), kernel}});
    assert_int_equal(graph_infer_shapes(graph), OK);
    const float pixels[] = {0.0001F, 1};
    Dataset images = dataset_of(pixels, 1, shape_of(1, 2));
    Scheme scheme = scheme_uniform(graph->arena, graph, row_of(2, 2, PER_TENSOR));
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, &images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer far: its output's scale"));
    graph_free(graph);
}

/* ---- formats with zero points, without sign, with 2^b integers ------------------------------- */

/* 'same' convolution with ReLU, batch norm, average pool, sigmoid, dense: each reads what the one
 * before made of its zero. */
static Graph *graph_of_formats(void)
{
    Rng rng = rng_seed(21);
    Graph *graph = graph_of_input(shape_of(3, 8, 8, 2));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(3, 3, 1, true), shape_of(2, 2, 4));
    conv.activation = ACTIVATION_RELU;
    chain(graph, conv);
    chain(
        graph,
        (Layer){.kind = LAYER_AVERAGE_POOL2D, .name = "mean", .window = window_of(2, 2, 2, false)});
    conv = conv_layer(graph, &rng, "gate", window_of(3, 3, 1, true), shape_of(2, 4, 3));
    conv.activation = ACTIVATION_SIGMOID;
    chain(graph, conv);
    chain(graph, conv_layer(graph, &rng, "scores", window_of(4, 4, 1, false), shape_of(2, 3, 5)));
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

static void test_ranges_of_values(void **state)
{
    (void)state;
    Graph *graph = graph_of_formats();
    enum { IMAGES = 40, PIXELS = 128 };
    static float pixels[IMAGES * PIXELS];
    Rng rng = rng_seed(22);
    for (int i = 0; i < IMAGES * PIXELS; i++)
        pixels[i] = (float)rng_uniform(&rng);
    Dataset images = dataset_of(pixels, IMAGES, shape_of(3, 8, 8, 2));
    double sqnr[VALUE_RANGES];
    for (int range = 0; range < VALUE_RANGES; range++) {
        LayerScheme row = row_of(12, 6, PER_CHANNEL);
        row.range = (ValueRange)range;
        Quantized quantized = quantize(graph, &images, row);
        const Op *conv = &quantized.model->ops[1];
        assert_int_equal(conv->output.is_signed, range != RANGE_UNSIGNED);
        assert_int_equal(conv->output.zero_point, range == RANGE_AFFINE ? -32 : 0);
        assert_int_equal(conv->low, conv->output.zero_point);
        sqnr[range] = last_sqnr(&quantized);
        integer_model_free(quantized.model);
    }
    /* A bit more on values without sign: about 6 dB. */
    assert_true(sqnr[RANGE_SYMMETRIC] > 20);
    assert_true(sqnr[RANGE_UNSIGNED] > sqnr[RANGE_SYMMETRIC] + 3);
    assert_true(sqnr[RANGE_AFFINE] > sqnr[RANGE_SYMMETRIC] + 3);
    graph_free(graph);
}

static void test_unsigned_of_16_bits_is_refused(void **state)
{
    (void)state;
    Graph *graph = graph_of_formats();
    static float pixels[128];
    Dataset images = dataset_of(pixels, 1, shape_of(3, 8, 8, 2));
    LayerScheme row = row_of(2, 16, PER_TENSOR);
    row.range = RANGE_UNSIGNED;
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, &images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv: 16 bits without a sign"));
    graph_free(graph);
}

/* The paper's Eq. 2, a clip of one's own, and calibrators apart for weights. */
static void test_choices_of_a_layer(void **state)
{
    (void)state;
    Graph *graph = graph_of_formats();
    static float pixels[4 * 128];
    for (int i = 0; i < 4 * 128; i++)
        pixels[i] = (float)(i % 11) / 10;
    Dataset images = dataset_of(pixels, 4, shape_of(3, 8, 8, 2));
    LayerScheme row = row_of(4, 8, PER_TENSOR);
    row.full_range = true;
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    scheme.layers[1].clip = 0.75;
    scheme.layers[1].weight_calibrator = calibrator_find("mean-sigma");
    scheme.layers[1].weight_parameter = 1;
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, &images, &scheme, NULL, &quantized), OK);
    const Op *image = &quantized.model->ops[0], *conv = &quantized.model->ops[1];
    expect_close(image->output.scale, 2.0 / 255, 1e-6);
    assert_int_equal(image->output.low, -128);
    expect_close(conv->output.scale, 1.5 / 255, 1e-12);
    assert_string_equal(conv->calibration, CALIBRATION_GIVEN);
    double sum = 0, squares = 0;
    int count = (int)op_weight_count(conv);
    for (int i = 0; i < count; i++) {
        double w = (double)graph->layers[1].kernel.data[i];
        sum += w;
        squares += w * w;
    }
    double clip = fabs(sum / count) + sqrt(squares / count - sum / count * sum / count);
    expect_close(conv->weight_scales[0], 2 * clip / 15, 1e-6);
    assert_int_equal(integer_model_check_values(quantized.model), OK);
    integer_model_free(quantized.model);
    graph_free(graph);
}

/* Channels a thousand times apart: the same bits from the float network, more from the integers. */
static void test_equalization(void **state)
{
    (void)state;
    Rng rng = rng_seed(31);
    Graph *graph = graph_of_input(shape_of(3, 6, 6, 1));
    Layer conv = conv_layer(graph, &rng, "conv", window_of(3, 3, 1, false), shape_of(2, 1, 4));
    conv.activation = ACTIVATION_RELU;
    for (int i = 0; i < 36; i++)
        conv.kernel.data[i] *= (const float[]){1, 0.001F, 0.03F, 1}[i % 4];
    chain(graph, conv);
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = "pool", .window = window_of(2, 2, 2, false)});
    Layer last = conv_layer(graph, &rng, "last", window_of(2, 2, 1, false), shape_of(2, 4, 3));
    for (int i = 0; i < 48; i++)
        last.kernel.data[i] *= (const float[]){1, 1000, 30, 1}[i / 3 % 4];
    chain(graph, last);
    assert_int_equal(graph_infer_shapes(graph), OK);
    enum { IMAGES = 30 };
    static float pixels[IMAGES * 36];
    for (int i = 0; i < IMAGES * 36; i++)
        pixels[i] = (float)rng_uniform(&rng);
    Dataset images = dataset_of(pixels, IMAGES, shape_of(3, 6, 6, 1));
    Quantized plain = quantize(graph, &images, row_of(8, 8, PER_TENSOR));
    float before[IMAGES * 3];
    Forward *forward = forward_new(graph, IMAGES);
    memcpy(before, forward_run(forward, pixels, IMAGES), sizeof before);
    forward_free(forward);
    Equalization done = equalize_layers(graph);
    assert_int_equal(done.pairs, 1);
    assert_true(done.before > 500 && done.after < 8);
    forward = forward_new(graph, IMAGES);
    assert_memory_equal(forward_run(forward, pixels, IMAGES), before, sizeof before);
    forward_free(forward);
    Quantized equal = quantize(graph, &images, row_of(8, 8, PER_TENSOR));
    assert_true(last_sqnr(&equal) > last_sqnr(&plain) + 10);
    integer_model_free(plain.model);
    integer_model_free(equal.model);
    graph_free(graph);
}

/* Weights of 3 bits shift every output; the corrected bias takes the mean shift back. */
static void test_bias_correction(void **state)
{
    (void)state;
    Graph *graph = graph_of_formats();
    enum { IMAGES = 40 };
    static float pixels[IMAGES * 128];
    Rng rng = rng_seed(41);
    for (int i = 0; i < IMAGES * 128; i++)
        pixels[i] = (float)(0.7 + 0.3 * rng_uniform(&rng));
    Dataset images = dataset_of(pixels, IMAGES, shape_of(3, 8, 8, 2));
    LayerScheme row = row_of(3, 12, PER_TENSOR);
    Quantized plain = quantize(graph, &images, row);
    row.correct_bias = true;
    Quantized corrected = quantize(graph, &images, row);
    assert_true(last_sqnr(&corrected) > last_sqnr(&plain) + 6);
    integer_model_free(plain.model);
    integer_model_free(corrected.model);
    graph_free(graph);
}

/* Two batches, one ten times the other: the mean of their clips, not the largest. */
static void test_mean_of_clips(void **state)
{
    (void)state;
    Graph *graph = graph_of_formats();
    static float pixels[50 * 128];
    for (int i = 0; i < 50 * 128; i++)
        pixels[i] = i < 25 * 128 ? 1 : 0.1F;
    Dataset images = dataset_of(pixels, 50, shape_of(3, 8, 8, 2));
    LayerScheme row = row_of(8, 8, PER_TENSOR);
    row.mean_of_clips = true;
    Quantized quantized = quantize(graph, &images, row);
    expect_close(quantized.model->ops[0].clip, 0.55, 1e-6);
    integer_model_free(quantized.model);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_by_hand),
        cmocka_unit_test(test_input_of_bytes),
        cmocka_unit_test(test_batch_norm_by_hand),
        cmocka_unit_test(test_formats_of_a_cnn),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_16_by_16_bits),
        cmocka_unit_test(test_per_channel),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_bias_alone),
        cmocka_unit_test(test_dead_layer),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_ratio_out_of_reach),
        cmocka_unit_test(test_ranges_of_values),
        cmocka_unit_test(test_unsigned_of_16_bits_is_refused),
        cmocka_unit_test(test_choices_of_a_layer),
        cmocka_unit_test(test_mean_of_clips),
        cmocka_unit_test(test_equalization),
        cmocka_unit_test(test_bias_correction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
