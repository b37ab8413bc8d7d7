/* Models that keep some layers in floating point: which operations they become, how close they are
 * to the float network, and their description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs.h"
#include "quant/description.h"
#include "quant/float32.h"
#include "quant/integer_forward.h"
#include "quant/quantizer.h"
#include "tests/unit/nn/graphs.h"

enum { IMAGES = 60, CHOICES = 4, ALL = (1 << CHOICES) - 1 };

/* Layers that can stay floating point, and the pools behind the first two of them. */
static const char *const NAMES[CHOICES] = {"conv_a", "conv_b", "dense_a", "dense_b"};
static const char *const POOLS[2] = {"max", "mean"};

static Graph *network(void)
{
    Rng rng = rng_seed(7);
    Graph *graph = graph_of_input(shape_of(3, 8, 8, 2));
    Layer conv = conv_layer(graph, &rng, NAMES[0], window_of(3, 3, 1, false), shape_of(2, 2, 3));
    conv.activation = ACTIVATION_RELU;
    chain(graph, conv);
    chain(graph,
          (Layer){.kind = LAYER_MAX_POOL2D, .name = POOLS[0], .window = window_of(2, 2, 2, false)});
    chain(graph, conv_layer(graph, &rng, NAMES[1], window_of(2, 2, 1, true), shape_of(2, 3, 4)));
    chain(graph, (Layer){.kind = LAYER_AVERAGE_POOL2D,
                         .name = POOLS[1],
                         .window = window_of(2, 2, 1, false)});
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flatten"});
    Layer dense = dense_layer(graph, &rng, NAMES[2], 16, 6);
    dense.activation = ACTIVATION_TANH;
    chain(graph, dense);
    dense = dense_layer(graph, &rng, NAMES[3], 6, 3);
    dense.activation = ACTIVATION_SOFTMAX;
    chain(graph, dense);
    if (graph_infer_shapes(graph) != OK)
        fail_msg("%s", error_message());
    return graph;
}

static int layer_named(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->layers[i].name, name) == 0)
            return i;
    fail_msg("no layer %s", name);
    return -1;
}

static const Op *op_named(const IntegerModel *model, const char *name)
{
    for (int i = 0; i < model->count; i++)
        if (strcmp(model->ops[i].name, name) == 0)
            return &model->ops[i];
    return NULL;
}

/* The scheme of layers i with bit i set in `mask`. */
static Scheme scheme_of(const Graph *graph, int mask)
{
    LayerScheme row = {.weight_bits = 8,
                       .activation_bits = 8,
                       .calibrator = calibrator_find("minmax"),
                       .granularity = PER_CHANNEL};
    Scheme scheme = scheme_uniform(graph->arena, graph, row);
    for (int i = 0; i < CHOICES; i++)
        if (mask & 1 << i)
            scheme_set_float(&scheme, graph, layer_named(graph, NAMES[i]));
    return scheme;
}

static Quantized quantize_ranged(int mask, ValueRange range)
{
    Graph *graph = network();
    Rng rng = rng_seed(8);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(3, 8, 8, 2), 3);
    Scheme scheme = scheme_of(graph, mask);
    for (int i = 1; i < graph->count && range != RANGE_SYMMETRIC; i++)
        if (scheme.layers[i].activation_bits < LOGIT_BITS)
            scheme.layers[i].range = range;
    Quantized quantized;
    if (quantize_graph(graph, images, &scheme, NULL, &quantized) != OK)
        fail_msg("mask %d: %s", mask, error_message());
    arena_free(images->arena);
    graph_free(graph);
    return quantized;
}

static Quantized quantize_mask(int mask)
{
    return quantize_ranged(mask, RANGE_SYMMETRIC);
}

/* ---- which operations ------------------------------------------------------------------------ */

static void expect_stays_float(const IntegerModel *model, const char *name, bool expected)
{
    const Op *op = op_named(model, name);
    assert_non_null(op);
    if (op_traits(op->kind)->writes_float != expected)
        fail_msg("%s is %s", name, op_word(op->kind));
}

/* Bridges stand where streams change and nowhere else: each has its neighbour's name. */
static void expect_bridge(const IntegerModel *model, const char *name, OpKind kind, bool expected)
{
    char bridge[64];
    snprintf(bridge, sizeof bridge, "%s.%s", name, op_word(kind));
    const Op *op = op_named(model, bridge);
    if ((op != NULL) != expected || (op && op->kind != kind))
        fail_msg("%s is %s", bridge, op ? op_word(op->kind) : "missing");
}

static void test_every_subset(void **state)
{
    (void)state;
    for (int mask = 0; mask <= ALL; mask++) {
        Quantized quantized = quantize_mask(mask);
        const IntegerModel *model = quantized.model;
        bool a = mask & 1, b = mask & 2, c = mask & 4, d = mask & 8;
        for (int i = 0; i < CHOICES; i++)
            expect_stays_float(model, NAMES[i], mask & 1 << i);
        expect_stays_float(model, POOLS[0], a && b);
        expect_stays_float(model, POOLS[1], b && c);
        expect_bridge(model, NAMES[0], OP_TO_FLOAT, a);
        expect_bridge(model, NAMES[0], OP_TO_INTEGER, a && !b);
        expect_bridge(model, NAMES[1], OP_TO_FLOAT, b && !a);
        expect_bridge(model, NAMES[1], OP_TO_INTEGER, b && !c);
        expect_bridge(model, NAMES[2], OP_TO_FLOAT, c && !b);
        expect_bridge(model, NAMES[2], OP_TO_INTEGER, c); /* tanh is a table */
        expect_bridge(model, NAMES[3], OP_TO_FLOAT, d);   /* ... of integers */
        expect_bridge(model, NAMES[3], OP_TO_INTEGER, d);
        const Op *last = &model->ops[model->count - 1];
        assert_int_equal(last->output.bits, LOGIT_BITS);
        assert_int_equal(model->ops[0].output.bits, a ? LOGIT_BITS : 8);
        assert_int_equal(model->classes, 3);
        integer_model_free(quantized.model);
    }
}

static void test_float_operations_lose_nothing(void **state)
{
    (void)state;
    Quantized quantized = quantize_mask(ALL);
    for (int i = 0; i < quantized.model->count; i++) {
        const Op *op = &quantized.model->ops[i];
        if (!op_traits(op->kind)->writes_float)
            continue;
        /* The input has 16 bits. dense_b reads the 8 bits of a table. */
        bool before_table = strncmp(op->name, NAMES[3], strlen(NAMES[3])) != 0;
        double sqnr = quantized.losses[i].sqnr_db;
        if (sqnr < (before_table ? 80 : 30))
            fail_msg("%s has %g dB", op->name, sqnr);
        assert_true(quantized.losses[i].clipped_fraction == 0);
        assert_string_equal(op->calibration, CALIBRATION_FLOAT);
    }
    const Quantized integers = quantize_mask(0);
    double mixed = quantized.losses[quantized.model->count - 1].sqnr_db;
    assert_true(mixed > integers.losses[integers.model->count - 1].sqnr_db);
    integer_model_free(quantized.model);
    integer_model_free(integers.model);
}

/* Zero points pass the bridges in both directions. */
static void test_other_ranges(void **state)
{
    (void)state;
    for (int mask = 1; mask <= ALL; mask++) {
        Quantized plain = quantize_mask(mask);
        for (int r = RANGE_UNSIGNED; r <= RANGE_AFFINE; r++) {
            Quantized quantized = quantize_ranged(mask, (ValueRange)r);
            const Op *bridge = op_named(quantized.model, "conv_a.to_integer");
            if (bridge && r == RANGE_UNSIGNED) /* behind a ReLU: 0..255, at twice the resolution */
                assert_true(bridge->output.high - bridge->output.low > 250);
            int last = quantized.model->count - 1;
            assert_true(quantized.losses[last].sqnr_db > plain.losses[last].sqnr_db - 6);
            integer_model_free(quantized.model);
        }
        integer_model_free(plain.model);
    }
}

static void test_relu_weights_and_sizes(void **state)
{
    (void)state;
    Quantized quantized = quantize_mask(ALL);
    const IntegerModel *model = quantized.model;
    assert_true(op_float_relu(op_named(model, "conv_a")));
    assert_false(op_float_relu(op_named(model, "conv_b")));
    const Op *op = op_named(model, "conv_b");
    Graph *graph = network();
    const Layer *layer = &graph->layers[layer_named(graph, "conv_b")];
    assert_memory_equal(op->weights, layer->kernel.data, (size_t)op_weight_count(op) * 4);
    assert_memory_equal(op->bias, layer->bias.data, (size_t)op_channels(op) * 4);
    graph_free(graph);
    assert_int_equal(op->weight_bits, FLOAT_BITS);
    assert_int_equal(op_bytes(op), (2 * 2 * 3 * 4 + 4) * 4);
    assert_int_equal(op_bytes(op_named(model, "conv_a.to_float")), 0);
    assert_int_equal(op_accumulator_bound(model, (int)(op - model->ops)), 0);
    assert_int_equal(op->accumulator_bits, 0);
    integer_model_free(quantized.model);
}

static void test_subnormal_weights_become_zero(void **state)
{
    (void)state;
    Graph *graph = network();
    Rng rng = rng_seed(8);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(3, 8, 8, 2), 3);
    float *kernel = graph->layers[layer_named(graph, "conv_b")].kernel.data;
    kernel[0] = -1e-40F;
    Scheme scheme = scheme_of(graph, ALL);
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), OK);
    assert_int_equal(op_named(quantized.model, "conv_b")->weights[0], INT32_MIN); /* -0 */
    integer_model_free(quantized.model);
    arena_free(images->arena);
    graph_free(graph);
}

static void test_only_convolutions_and_dense_layers(void **state)
{
    (void)state;
    Graph *graph = network();
    Rng rng = rng_seed(8);
    Dataset *images = random_dataset(&rng, IMAGES, shape_of(3, 8, 8, 2), 3);
    Scheme scheme = scheme_of(graph, 0);
    scheme.layers[layer_named(graph, "mean")].is_float = true;
    Quantized quantized;
    assert_int_equal(quantize_graph(graph, images, &scheme, NULL, &quantized), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer mean: only convolutions and dense layers"));
    arena_free(images->arena);
    graph_free(graph);
}

/* ---- every invariant, broken once ------------------------------------------------------------ */

typedef struct Fault {
    const char *words;
    void (*spoil)(Op *conv, Op *bridge); /* conv_a; its bridge to integers */
} Fault;

#define SPOIL(name, statement)                                                                     \
    static void name(Op *conv, Op *bridge)                                                         \
    {                                                                                              \
        (void)conv, (void)bridge;                                                                  \
        statement;                                                                                 \
    }

SPOIL(integer_format, conv->output = bridge->output)
SPOIL(float_format, bridge->output = conv->output)
SPOIL(float_scale, conv->output.scale = 2)
SPOIL(float_low, conv->low = 7)
SPOIL(float_high, conv->high = 7)
SPOIL(float_weight_bits, conv->weight_bits = 8)
SPOIL(float_requantizers, conv->requantizer_count = 1)
SPOIL(float_shape, conv->output_shape.dim[0]++)
SPOIL(bridge_scale, bridge->output.scale = 1e-300)
SPOIL(bridge_shape, bridge->output_shape = shape_of(1, 108))

static const Fault FAULTS[] = {
    {"output format must be that of floating-point streams", integer_format},
    {"output format must not be that of floating-point", float_format},
    {"output format must be that of floating-point streams", float_scale},
    {"low and high are 7 and", float_low},
    {"low and high are 0 and 7", float_high},
    {"weight bits is 8, expected 32", float_weight_bits},
    {"requantizers is 1, expected 0", float_requantizers},
    {"output shape is 7x6x3, expected 6x6x3", float_shape},
    {"cannot be turned into binary32", bridge_scale},
    {"output shape is 108, expected 6x6x3", bridge_shape},
};

static void test_invariants(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        Quantized quantized = quantize_mask(1);
        Op *ops = quantized.model->ops; /* image, conv_a.to_float, conv_a, conv_a.to_integer, .. */
        assert_int_equal(ops[2].kind, OP_FLOAT_CONV2D);
        FAULTS[i].spoil(&ops[2], &ops[3]);
        if (integer_model_check_structure(quantized.model) != ERR_REFUSED ||
            !strstr(error_message(), FAULTS[i].words))
            fail_msg("%s: %s", FAULTS[i].words, error_message());
        integer_model_free(quantized.model);
    }
}

static void test_output_must_be_integers(void **state)
{
    (void)state;
    Quantized quantized = quantize_mask(8);
    quantized.model->count--; /* the last bridge */
    assert_int_equal(integer_model_check_structure(quantized.model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "the output of a model must be integers"));
    integer_model_free(quantized.model);
}

/* ---- description ----------------------------------------------------------------------------- */

typedef struct Room {
    char folder[64], path[96], words[128];
} Room;

static void room_open(Room *room)
{
    strcpy(room->folder, "/tmp/mixed-XXXXXX");
    assert_non_null(mkdtemp(room->folder));
    snprintf(room->path, sizeof room->path, "%s/model", room->folder);
    snprintf(room->words, sizeof room->words, "%s/weights/conv_b.bias.txt", room->path);
}

static void expect_same_values(const IntegerModel *a, const IntegerModel *b)
{
    enum { BATCH = 5 };
    Rng rng = rng_seed(9);
    Dataset *images = random_dataset(&rng, BATCH, a->ops[0].output_shape, 3);
    IntegerForward *one = integer_forward_new(a, BATCH), *two = integer_forward_new(b, BATCH);
    integer_forward_run(one, images->values, BATCH);
    integer_forward_run(two, images->values, BATCH);
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        assert_int_equal(a->ops[i].kind, b->ops[i].kind);
        assert_int_equal(a->ops[i].low, b->ops[i].low);
        assert_memory_equal(integer_forward_op(one, i), integer_forward_op(two, i),
                            (size_t)(BATCH * shape_elements(a->ops[i].output_shape)) * 4);
    }
    integer_forward_free(one);
    integer_forward_free(two);
    arena_free(images->arena);
}

static void test_there_and_back(void **state)
{
    (void)state;
    Room room;
    room_open(&room);
    for (int mask = 1; mask <= ALL; mask++) {
        Quantized quantized = quantize_mask(mask);
        IntegerModel *again = NULL;
        char first[HASH_HEX_BYTES], second[HASH_HEX_BYTES];
        assert_int_equal(description_write(quantized.model, room.path), OK);
        assert_int_equal(description_hash(room.path, first), OK);
        if (description_read(room.path, &again) != OK)
            fail_msg("mask %d: %s", mask, error_message());
        expect_same_values(quantized.model, again);
        assert_int_equal(description_write(again, room.path), OK);
        assert_int_equal(description_hash(room.path, second), OK);
        assert_string_equal(first, second);
        integer_model_free(again);
        integer_model_free(quantized.model);
    }
    assert_int_equal(fs_remove_tree(room.folder), OK);
}

static void test_words_in_files(void **state)
{
    (void)state;
    Room room;
    room_open(&room);
    Quantized quantized = quantize_mask(ALL);
    int32_t *bias = (int32_t *)(uintptr_t)op_named(quantized.model, "conv_b")->bias;
    const float values[] = {1.0F, -0.0F, -2.5F, FLT_MIN};
    memcpy(bias, values, sizeof values);
    assert_int_equal(description_write(quantized.model, room.path), OK);
    Buffer text = {0};
    assert_int_equal(fs_read_file(room.words, 1 << 10, &text), OK);
    assert_string_equal(text.data, "3f800000\n80000000\nc0200000\n00800000\n");
    buffer_free(&text);
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"3f800000\n80000000\nc0200000\n7fc00000\n", "bias 3 has the bits 7fc00000"},
        {"3f800000\n80000000\nc0200000\nff800000\n", "bias 3 has the bits ff800000"},
        {"3f800000\n80000000\nc0200000\n007fffff\n", "bias 3 has the bits 007fffff"},
        {"3F800000\n80000000\nc0200000\n00800000\n", "value 0: is not 8 hexadecimal"},
        {"3f800000\n8000000\nc0200000\n00800000\n", "value 1: is not 8 hexadecimal"},
        {"3f800000\n800000000\nc0200000\n0800000\n", "value 1: is not 8 hexadecimal"},
        {"3f800000\n80000000\nc0200000\n00800000", "value 3: is not 8 hexadecimal"},
        {"3f800000\n80000000\nc0200000\n", "value 3: is not 8 hexadecimal"},
        {"3f800000\n80000000\nc0200000\n00800000\n0\n", "holds more than 4 values"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        IntegerModel *model = NULL;
        assert_int_equal(fs_write_atomic(room.words, rows[i].text, strlen(rows[i].text)), OK);
        if (description_read(room.path, &model) != ERR_REFUSED ||
            !strstr(error_message(), rows[i].words))
            fail_msg("%s: %s", rows[i].words, error_message());
    }
    integer_model_free(quantized.model);
    assert_int_equal(fs_remove_tree(room.folder), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_subset),
        cmocka_unit_test(test_float_operations_lose_nothing),
        cmocka_unit_test(test_other_ranges),
        cmocka_unit_test(test_relu_weights_and_sizes),
        cmocka_unit_test(test_subnormal_weights_become_zero),
        cmocka_unit_test(test_only_convolutions_and_dense_layers),
        cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_output_must_be_integers),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_words_in_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
