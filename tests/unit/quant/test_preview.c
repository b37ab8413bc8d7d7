/* What a choice would do, against what quantization then does, and against counts by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/rng.h"
#include "quant/histograms.h"
#include "quant/preview.h"
#include "tests/unit/nn/graphs.h"

enum { IMAGES = 100, INPUTS = 16, OUTPUTS = 4, DENSE = 1 };

typedef struct Trial {
    Graph *graph;
    Dataset images;
    float *pixels;
    PreviewModel *preview;
} Trial;

static Scheme scheme_of(const Trial *trial, const char *calibrator, int bits)
{
    const LayerScheme row = {.weight_bits = bits,
                             .activation_bits = bits,
                             .calibrator = calibrator_find(calibrator),
                             .range = RANGE_UNSIGNED};
    Scheme scheme = scheme_uniform(trial->graph->arena, trial->graph, row);
    scheme.layers[DENSE].activation_bits = bits;
    return scheme;
}

static Quantized quantize(const Trial *trial, const Scheme *scheme)
{
    Quantized quantized = {0};
    if (quantize_graph(trial->graph, &trial->images, scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized;
}

static Trial make_trial(void)
{
    static float pixels[IMAGES * INPUTS], kernel[INPUTS * OUTPUTS], bias[OUTPUTS];
    Trial trial = {.graph = graph_of_input(shape_of(1, INPUTS)), .pixels = pixels};
    Rng rng = rng_seed(7);
    for (int i = 0; i < IMAGES * INPUTS; i++)
        pixels[i] = (float)rng_uniform(&rng);
    for (int i = 0; i < INPUTS * OUTPUTS; i++)
        kernel[i] = (float)(rng_uniform(&rng) - 0.5) * (float)(1 + i % OUTPUTS);
    chain(trial.graph, (Layer){.kind = LAYER_DENSE,
                               .name = "dense",
                               .activation = ACTIVATION_RELU,
                               .kernel = {shape_of(2, INPUTS, OUTPUTS), kernel},
                               .bias = {shape_of(1, OUTPUTS), bias}});
    assert_int_equal(graph_infer_shapes(trial.graph), OK);
    trial.images = (Dataset){.path = "memory",
                             .count = IMAGES,
                             .shape = shape_of(1, INPUTS),
                             .values = pixels,
                             .scale = 1};
    assert_int_equal(preview_model_new(trial.graph, &trial.preview), OK);
    return trial;
}

static void take(const Trial *trial)
{
    char path[] = "/tmp/dnn2fpga-preview-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    const Scheme scheme = scheme_of(trial, "minmax", 8);
    Quantized quantized = quantize(trial, &scheme);
    assert_int_equal(histograms_write(&quantized, path), OK);
    assert_int_equal(preview_model_take(trial->preview, path), OK);
    integer_model_free(quantized.model);
    remove(path);
}

static void end_trial(Trial *trial)
{
    preview_model_free(trial->preview);
    graph_free(trial->graph);
}

/* Clip and step of every calibrator at several widths are those that quantization gives. */
static void test_formats_are_those_of_quantization(void **state)
{
    (void)state;
    Trial trial = make_trial();
    take(&trial);
    for (int c = 0; calibrator_at(c); c++)
        for (int bits = 3; bits <= 9; bits += 2)
            for (int fine = 0; fine < 2; fine++) {
                Scheme scheme = scheme_of(&trial, calibrator_at(c)->name, bits);
                scheme.layers[DENSE].granularity = fine ? PER_CHANNEL : PER_TENSOR;
                Quantized quantized = quantize(&trial, &scheme);
                for (int layer = 0; layer <= DENSE; layer++) {
                    const Op *op = &quantized.model->ops[layer];
                    Preview seen = preview_choice(trial.preview, &scheme, layer, TENSOR_OUTPUTS);
                    assert_true(seen.known);
                    assert_true(seen.clip == op->clip && seen.step == op->output.scale);
                }
                Preview weights = preview_choice(trial.preview, &scheme, DENSE, TENSOR_WEIGHTS);
                assert_true(weights.clip == quantized.model->ops[DENSE].weight_clip);
                integer_model_free(quantized.model);
            }
    end_trial(&trial);
}

/* The input has no layer before it: its loss in the network is the preview's, measured on values
 * instead of bins. */
static void test_losses_near_the_measured_ones(void **state)
{
    (void)state;
    Trial trial = make_trial();
    take(&trial);
    for (int bits = 3; bits <= 8; bits++) {
        Scheme scheme = scheme_of(&trial, "minmax", bits);
        scheme.layers[0].clip = 0.8;
        Quantized quantized = quantize(&trial, &scheme);
        Preview seen = preview_choice(trial.preview, &scheme, 0, TENSOR_OUTPUTS);
        assert_true(fabs(seen.sqnr_db - quantized.losses[0].sqnr_db) < 0.3);
        assert_true(fabs(seen.clipped_fraction - quantized.losses[0].clipped_fraction) < 0.005);
        assert_true(seen.clipped_fraction > 0.1);
        integer_model_free(quantized.model);
    }
    end_trial(&trial);
}

static void test_nothing_known(void **state)
{
    (void)state;
    Trial trial = make_trial();
    const Scheme scheme = scheme_of(&trial, "mse", 8);
    assert_null(preview_seen(trial.preview, 0, TENSOR_OUTPUTS));
    assert_false(preview_choice(trial.preview, &scheme, DENSE, TENSOR_OUTPUTS).known);
    assert_false(preview_choice(trial.preview, &scheme, 0, TENSOR_WEIGHTS).known);
    assert_true(preview_choice(trial.preview, &scheme, DENSE, TENSOR_WEIGHTS).known);
    take(&trial);
    assert_non_null(preview_seen(trial.preview, 0, TENSOR_OUTPUTS));
    assert_int_equal(preview_model_take(trial.preview, "/nonexistent"), ERR_REFUSED);
    assert_null(preview_seen(trial.preview, 0, TENSOR_OUTPUTS));
    end_trial(&trial);
}

static void test_more_bits_lose_less(void **state)
{
    (void)state;
    Trial trial = make_trial();
    take(&trial);
    for (int tensor = 0; tensor < PREVIEW_TENSORS; tensor++) {
        double before = -SQNR_MAX_DB;
        for (int bits = 2; bits <= 12; bits++) {
            const Scheme scheme = scheme_of(&trial, "mse", bits);
            Preview seen = preview_choice(trial.preview, &scheme, DENSE, (PreviewTensor)tensor);
            assert_true(seen.sqnr_db > before);
            before = seen.sqnr_db;
        }
    }
    end_trial(&trial);
}

/* -0.5 0 0 0.25 0.25 1: bins of 1/2048 and 1/1024. */
static void test_columns_by_hand(void **state)
{
    (void)state;
    static const float values[] = {-0.5F, 0, 0, 0.25F, 0.25F, 0.999F};
    Observation seen = {0};
    double counts[4];
    observation_add(&seen, values, 6);
    preview_columns(&seen, -1, 1, 4, counts);
    assert_true(counts[0] + counts[1] == 1 && counts[2] == 4 && counts[3] == 1);
    preview_columns(&seen, 0, 1, 2, counts);
    assert_true(counts[0] == 4 && counts[1] == 1);
    preview_columns(&seen, -1, 0, 2, counts);
    assert_true(counts[0] + counts[1] == 3); /* zeros belong to both sides */
    preview_columns(&seen, 0.5, 1, 1, counts);
    assert_true(counts[0] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_are_those_of_quantization),
        cmocka_unit_test(test_losses_near_the_measured_ones),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_more_bits_lose_less),
        cmocka_unit_test(test_columns_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
