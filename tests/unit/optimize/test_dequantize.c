/* Integer weights back in networks with batch norms: the network as it was imported computes what
 * the simplified one computes with the integers' weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/importer.h"
#include "networks.h"
#include "nn/forward.h"
#include "optimize/dequantize.h"

#define MODELS "tests/fixtures/models/"

enum { IMAGES = 40, COMPARED = 8 };

static Graph *imported(const char *path)
{
    Graph *graph = NULL;
    if (import_model(path, &graph) != OK)
        fail_msg("%s", error_message());
    return graph;
}

static Graph *simplified_of(const Graph *graph)
{
    Graph *simplified = NULL;
    if (graph_simplify(graph, &simplified) != OK)
        fail_msg("%s", error_message());
    return simplified;
}

static IntegerModel *quantized_of(const Graph *simplified, const Dataset *images, int bits)
{
    const LayerScheme row = {.weight_bits = bits,
                             .activation_bits = 8,
                             .granularity = PER_CHANNEL,
                             .calibrator = calibrator_find("minmax")};
    Scheme scheme = scheme_uniform(simplified->arena, simplified, row);
    Quantized quantized;
    if (quantize_graph(simplified, images, &scheme, NULL, &quantized) != OK)
        fail_msg("%s", error_message());
    return quantized.model;
}

/* Puts scale * integer where the simplified graph keeps its values; formats are symmetric here, so
 * that a bias is in steps of input scale * weight scale. */
static void use_integers(const IntegerModel *model, Graph *simplified)
{
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        if (!op->weights || op->kind == OP_ADD)
            continue;
        Layer *layer = &simplified->layers[graph_find(simplified, op->name)];
        int64_t channels = op_channels(op);
        bool norm = layer->kind == LAYER_BATCH_NORM;
        Tensor one = tensor_new(simplified->arena, (Shape){1, {channels}});
        layer->epsilon = norm ? 0 : layer->epsilon;
        Tensor *weights = norm ? &layer->gamma : &layer->kernel;
        Tensor *bias = norm ? &layer->beta : &layer->bias;
        *weights = weights->data ? *weights : tensor_copy(simplified->arena, one);
        *bias = bias->data ? *bias : tensor_copy(simplified->arena, one);
        for (int64_t w = 0; w < op_weight_count(op); w++)
            weights->data[w] = (float)(op->weight_scales[w % channels] * op->weights[w]);
        for (int64_t c = 0; c < channels; c++) {
            double step = op->input.scale * op->weight_scales[c];
            bias->data[c] = op->bias ? (float)(step * op->bias[c]) : 0;
            if (norm) {
                layer->mean.data[c] = 0;
                layer->variance.data[c] = 1;
            }
        }
    }
}

static void outputs_of(const Graph *graph, const Dataset *images, float *values)
{
    int64_t count = COMPARED * shape_elements(graph_output(graph)->output_shape);
    Forward *forward = forward_new(graph, COMPARED);
    float *pixels =
        ARENA_ARRAY(images->arena, float, COMPARED *shape_elements(graph_input_shape(graph)));
    dataset_read(images, 0, COMPARED, pixels);
    forward_run(forward, pixels, COMPARED);
    memcpy(values, forward_layer(forward, graph->count - 1), (size_t)count * sizeof *values);
    forward_free(forward);
}

/* A norm that folds backward (without scale, without center), forward, and nowhere; norms in
 * branches, and behind depthwise convolutions. */
static void networks_with_norms_keep_their_function(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        MODELS "norm_after_conv.k2.h5", MODELS "norm_before_conv.k2.h5", MODELS "norm_stays.k3.h5",
        MODELS "residual.k3.h5",        MODELS "branched.k2.h5",         MODELS "separable.k3.h5",
        MODELS "resnet8_shape.k3.h5",   MODELS "mobilenet_small.k3.h5"};
    for (size_t n = 0; n < sizeof NAMES / sizeof *NAMES; n++) {
        Rng rng = rng_seed(5);
        Graph *graph = imported(NAMES[n]), *simplified = simplified_of(graph);
        int64_t outputs = shape_elements(graph_output(graph)->output_shape);
        Dataset *images = random_dataset(&rng, IMAGES, graph_input_shape(graph), (int)outputs);
        IntegerModel *model = quantized_of(simplified, images, 5);
        float *before = ARENA_ARRAY(images->arena, float, COMPARED *outputs);
        float *want = ARENA_ARRAY(images->arena, float, COMPARED *outputs);
        float *found = ARENA_ARRAY(images->arena, float, COMPARED *outputs);
        outputs_of(graph, images, before);
        use_integers(model, simplified);
        outputs_of(simplified, images, want);
        if (dequantize_weights(model, graph) != OK)
            fail_msg("%s: %s", NAMES[n], error_message());
        outputs_of(graph, images, found);
        double moved = 0;
        for (int64_t i = 0; i < COMPARED * outputs; i++) {
            moved = fmax(moved, fabs((double)want[i] - (double)before[i]));
            if (!(fabsf(found[i] - want[i]) <= 2e-6F * (1 + fabsf(want[i]))))
                fail_msg("%s: output %d is %.9g, expected %.9g", NAMES[n], (int)i, (double)found[i],
                         (double)want[i]);
        }
        assert_true(moved > 1e-4); /* 5 bits can be told from float */
        integer_model_free(model);
        dataset_free(images);
        graph_free(simplified);
        graph_free(graph);
    }
}

/* A bias that simplifying made, without a norm behind that could take it. */
static void a_bias_without_a_place_is_refused(void **state)
{
    (void)state;
    Graph *graph = norm_network(3);
    Graph *simplified = simplified_of(graph);
    assert_int_equal(dequantize_check(graph, simplified), OK);
    graph->layers[graph_find(graph, "digit")].bias = (Tensor){0};
    assert_int_equal(dequantize_check(graph, simplified), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "digit"));
    assert_non_null(strstr(error_message(), "no place"));
    Dataset *images = corner_images(1, IMAGES);
    IntegerModel *model = quantized_of(simplified, images, 8);
    assert_int_equal(dequantize_weights(model, graph), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "digit"));
    integer_model_free(model);
    dataset_free(images);
    graph_free(simplified);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_with_norms_keep_their_function),
        cmocka_unit_test(a_bias_without_a_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
