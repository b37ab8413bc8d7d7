/* Calibrators, schemes and tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quant/scheme.h"
#include "quant/table.h"
#include "tests/unit/nn/graphs.h"

static void test_calibrator_table(void **state)
{
    (void)state;
    int count = 0;
    for (; calibrator_at(count); count++) {
        assert_ptr_equal(calibrator_find(calibrator_at(count)->name), calibrator_at(count));
        assert_true(strlen(calibrator_at(count)->help) > 0);
    }
    assert_true(count >= 1);
    assert_null(calibrator_at(-1));
    assert_null(calibrator_find("median"));
}

static void test_minmax(void **state)
{
    (void)state;
    const Calibrator *minmax = calibrator_find("minmax");
    Observation seen = {0};
    const FormatRule rule = {.bits = 8};
    assert_float_equal(calibrator_clip(minmax, &seen, rule, 0), 0, 0);
    observation_add(&seen, (const float[]){0.5F, 2, 1}, 3);
    assert_float_equal(seen.minimum, 0.5, 0); /* the first value counts, not 0 */
    assert_float_equal(calibrator_clip(minmax, &seen, rule, 0), 2, 0);
    observation_add(&seen, (const float[]){-7}, 1);
    observation_add(&seen, NULL, 0);
    assert_int_equal(seen.count, 4);
    assert_float_equal(seen.maximum, 2, 0);
    assert_float_equal(calibrator_clip(minmax, &seen, rule, 0), 7, 0);
    assert_true(observation_is_finite(&seen));
}

/* A value that is not finite is remembered, wherever it came. */
static void test_observation_of_nan(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++)
        for (int place = 0; place < 3; place++) {
            Observation seen = {0};
            float values[] = {1, 2, 3};
            values[place] = bad[i];
            observation_add(&seen, values, 3);
            assert_false(observation_is_finite(&seen));
            observation_add(&seen, (const float[]){5}, 1);
            assert_false(observation_is_finite(&seen));
        }
}

/* Logit bits go to what makes the logits, not to the softmax, flatten or pool behind it. */
static void test_logit_bits(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    Graph *graph = graph_of_input(shape_of(3, 4, 4, 1));
    int first = chain(
        graph, conv_layer(graph, &rng, "first", window_of(1, 1, 1, false), shape_of(2, 1, 2)));
    int last =
        chain(graph, conv_layer(graph, &rng, "last", window_of(1, 1, 1, false), shape_of(2, 2, 2)));
    int pool = chain(graph, (Layer){.kind = LAYER_MAX_POOL2D,
                                    .name = "pool",
                                    .window = window_of(2, 2, 2, false),
                                    .activation = ACTIVATION_RELU});
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flatten"});
    int softmax = chain(
        graph,
        (Layer){.kind = LAYER_ACTIVATION, .name = "softmax", .activation = ACTIVATION_SOFTMAX});
    LayerScheme choice = {.weight_bits = 4,
                          .activation_bits = 6,
                          .calibrator = calibrator_find("minmax"),
                          .granularity = PER_CHANNEL};
    Scheme scheme = scheme_uniform(graph->arena, graph, choice);
    assert_int_equal(scheme.count, graph->count);
    assert_int_equal(scheme.layers[0].activation_bits, 6);
    assert_int_equal(scheme.layers[first].activation_bits, 6);
    assert_int_equal(scheme.layers[last].activation_bits, LOGIT_BITS);
    assert_int_equal(scheme.layers[last].weight_bits, 4);
    assert_int_equal(scheme.layers[last].granularity, PER_CHANNEL);
    /* With a tanh the pool decides by itself. */
    graph->layers[pool].activation = ACTIVATION_TANH;
    scheme = scheme_uniform(graph->arena, graph, choice);
    assert_int_equal(scheme.layers[pool].activation_bits, LOGIT_BITS);
    assert_int_equal(scheme.layers[last].activation_bits, 6);
    graph->layers[softmax].activation = ACTIVATION_SIGMOID;
    scheme = scheme_uniform(graph->arena, graph, choice);
    assert_int_equal(scheme.layers[softmax].activation_bits, LOGIT_BITS);
    assert_int_equal(scheme.layers[pool].activation_bits, 6);
    graph_free(graph);
}

static void test_tables_by_hand(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    /* x = -3..3 in steps of 1; y in steps of 1/7. tanh(1) = 0.7616 = 5.33/7, tanh(2) = 6.75/7. */
    QuantParam x = fixed_symmetric(3, 3), y = fixed_symmetric(1, 4);
    const int32_t tanhs[] = {-7, -7, -5, 0, 5, 7, 7};
    const int32_t sigmoids[] = {0, 1, 2, 4, 5, 6, 7}; /* 7 * (.047 .119 .269 .5 .731 .881 .953) */
    const int32_t relus[] = {0, 0, 0, 0, 7, 7, 7};
    const int32_t leaky[] = {-5, -4, -2, 0, 7, 7, 7}; /* a quarter: -5.25 -3.5 -1.75 */
    const int32_t hard[] = {0, 1, 2, 4, 5, 6, 7};     /* 7 * (0 1/6 1/3 1/2 2/3 5/6 1) */
    const int32_t limited[] = {0, 0, 0, 0, 3, 3, 3};  /* 7 * 0.4 = 2.8 */
    const struct {
        ActivationFunction function;
        const int32_t *table;
    } rows[] = {{{.kind = ACTIVATION_TANH}, tanhs},
                {{.kind = ACTIVATION_SIGMOID}, sigmoids},
                {{.kind = ACTIVATION_RELU}, relus},
                {{.kind = ACTIVATION_RELU, .limit = 0.4}, limited},
                {{.kind = ACTIVATION_LEAKY_RELU, .slope = 0.25}, leaky},
                {{.kind = ACTIVATION_HARD_SIGMOID, .slope = 1.0 / 6}, hard}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_memory_equal(table_make(arena, rows[i].function, x, y), rows[i].table, sizeof tanhs);
    arena_free(arena);
}

/* Beyond the saturation point the integer stays the same; a little below, it does not. */
static void test_saturation(void **state)
{
    (void)state;
    const ActivationFunction functions[] = {{.kind = ACTIVATION_TANH},
                                            {.kind = ACTIVATION_SIGMOID},
                                            {.kind = ACTIVATION_HARD_SIGMOID, .slope = 0.2}};
    for (int f = 0; f < 3; f++)
        for (int bits = 2; bits <= 16; bits++)
            for (double clip = 0.6; clip <= 1; clip += 0.1) {
                QuantParam y = fixed_symmetric(clip, bits);
                double reach = table_saturation(functions[f], y);
                if (isinf(reach))
                    continue;
                for (int sign = -1; sign <= 1; sign += 2) {
                    Arena *arena = arena_new();
                    QuantParam far = fixed_symmetric(100, 2), near = fixed_symmetric(reach, 2);
                    const int32_t *limit = table_make(arena, functions[f], far, y);
                    const int32_t *edge = table_make(arena, functions[f], near, y);
                    assert_int_equal(edge[1 + sign], limit[1 + sign]);
                    arena_free(arena);
                }
            }
    /* tanh to 8 bits: (127 - 0.5) / 127 = tanh(3.11), with 2 % of margin. */
    double reach = table_saturation(functions[0], fixed_symmetric(1, 8));
    assert_true(fabs(reach - 1.02 * 3.11) < 0.02);
    assert_true(isinf(
        table_saturation((ActivationFunction){.kind = ACTIVATION_RELU}, fixed_symmetric(1, 8))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibrator_table),   cmocka_unit_test(test_minmax),
        cmocka_unit_test(test_observation_of_nan), cmocka_unit_test(test_logit_bits),
        cmocka_unit_test(test_tables_by_hand),     cmocka_unit_test(test_saturation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
