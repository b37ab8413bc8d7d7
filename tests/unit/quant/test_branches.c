/* Branched graphs on integers: what they become, how much is lost, and laws of joins. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/forward.h"
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
    return random_dataset(&rng, IMAGES, shape_of(3, BRANCHED_SIDE, BRANCHED_SIDE, 2),
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_float_and_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
