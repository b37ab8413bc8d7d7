/* The ladder and its measurements on a small network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "networks.h"
#include "nn/train.h"
#include "optimize/ladder.h"
#include "tests/unit/nn/branched.h"

typedef struct Place {
    Dataset *training, *test;
    Graph *graph;
    Scheme scheme;
    Pool *pool;
    int asked; /* how often the training images were asked for */
    double baseline;
} Place;

static Status give_training(void *context, const Dataset **training)
{
    Place *place = context;
    place->asked++;
    *training = place->training;
    return OK;
}

static double float_accuracy(const Place *place)
{
    Arena *arena = arena_new();
    Evaluation evaluation;
    Classifier classifier = classifier_of_graph(place->graph);
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, place->test, place->pool, NULL}, arena, &evaluation),
        OK);
    double accuracy = evaluation.accuracy;
    arena_free(arena);
    return accuracy;
}

/* A network that has learned, so that there is something to lose. */
static Place place_new(int bits)
{
    Place place = {.training = corner_images(21, 400),
                   .test = corner_images(22, 400),
                   .graph = corner_network(23, ACTIVATION_RELU),
                   .pool = pool_new(2)};
    TrainOptions options = train_defaults();
    options.epochs = 15;
    options.batch = 25;
    options.rate = 0.01;
    TrainResult result;
    assert_int_equal(train(place.graph, place.training, &options, place.pool, &result), OK);
    place.scheme = corner_scheme(place.graph, bits, PER_TENSOR);
    place.baseline = float_accuracy(&place);
    assert_true(place.baseline > 0.95);
    return place;
}

static void place_free(Place *place)
{
    pool_free(place->pool);
    graph_free(place->graph);
    dataset_free(place->training);
    dataset_free(place->test);
}

static LadderOptions options_of(double target, double drop)
{
    LadderOptions options = {.target_accuracy = target, .max_drop = drop, .qat = qat_defaults()};
    options.qat.epochs = 12;
    options.qat.batch = 25;
    options.qat.rate = 0.01;
    return options;
}

static Ladder climb(Place *place, LadderOptions options)
{
    LadderInput input = {.simplified = place->graph,
                         .scheme = &place->scheme,
                         .calibration = place->training,
                         .test = place->test,
                         .baseline = place->baseline,
                         .training = give_training,
                         .context = place,
                         .pool = place->pool};
    Ladder ladder;
    if (ladder_climb(&input, &options, &ladder) != OK)
        fail_msg("%s", error_message());
    assert_non_null(ladder.quantized.model);
    return ladder;
}

static void without_a_target_one_rung_is_enough(void **state)
{
    (void)state;
    Place place = place_new(2);
    Ladder ladder = climb(&place, options_of(NAN, NAN));
    assert_int_equal(ladder.count, 1);
    assert_true(ladder.met && ladder.rungs[0].accepted);
    assert_int_equal(ladder.rungs[0].step, LADDER_PTQ_ALL);
    assert_int_equal(place.asked, 0);
    ladder_free(&ladder);
    place_free(&place);
}

static void partial_leaves_the_convolutions_in_float(void **state)
{
    (void)state;
    Place place = place_new(2);
    LadderOptions options = options_of(1.0, NAN);
    options.qat.epochs = 0;
    Ladder ladder = climb(&place, options);
    assert_int_equal(ladder.count, 2);
    assert_int_equal(ladder.rungs[1].step, LADDER_PTQ_PARTIAL);
    assert_int_equal(ladder.rungs[1].float_count, 2);
    assert_string_equal(ladder.rungs[1].float_layers[0], "conv_1");
    assert_string_equal(ladder.rungs[1].float_layers[1], "conv_2");
    assert_true(ladder.rungs[1].bytes > ladder.rungs[0].bytes);
    ladder_free(&ladder);
    place_free(&place);
}

static void training_reaches_what_rounding_cannot(void **state)
{
    (void)state;
    Place place = place_new(3);
    Ladder ladder = climb(&place, options_of(NAN, 0.04));
    const LadderRung *last = &ladder.rungs[ladder.count - 1];
    assert_true(ladder.met);
    assert_int_equal(last->step, LADDER_QAT);
    assert_int_equal(ladder.chosen, ladder.count - 1);
    assert_int_equal(last->epoch_count, 12);
    assert_true(last->epochs[0].validated);
    assert_int_equal(last->float_count, 0);
    assert_non_null(ladder.graph);
    for (int i = 0; i < ladder.count - 1; i++)
        assert_false(ladder.rungs[i].accepted);
    ladder_free(&ladder);
    place_free(&place);
}

static void training_at_once_skips_the_partial_rung_and_keeps_the_better(void **state)
{
    (void)state;
    Place place = place_new(3);
    LadderOptions options = options_of(NAN, NAN);
    options.train_at_once = true;
    Ladder ladder = climb(&place, options);
    assert_int_equal(ladder.count, 2);
    assert_int_equal(ladder.rungs[1].step, LADDER_QAT);
    assert_int_equal(ladder.rungs[1].epoch_count, 12);
    assert_true(ladder.rungs[1].accuracy > ladder.rungs[0].accuracy);
    assert_int_equal(ladder.chosen, 1);
    ladder_free(&ladder);

    options.qat.rate = 1; /* worse than before */
    options.qat.epochs = 1;
    place.scheme = corner_scheme(place.graph, 8, PER_TENSOR);
    ladder = climb(&place, options);
    assert_int_equal(ladder.count, 2);
    assert_true(ladder.rungs[ladder.chosen].accuracy >= ladder.rungs[0].accuracy);
    assert_true(ladder.rungs[ladder.chosen].accuracy >= ladder.rungs[1].accuracy);
    ladder_free(&ladder);
    place_free(&place);
}

static void the_best_is_kept_when_none_reaches_the_target(void **state)
{
    (void)state;
    Place place = place_new(2);
    LadderOptions options = options_of(NAN, NAN);
    options.max_drop = -0.5; /* better than any can be */
    options.qat.epochs = 1;
    Ladder ladder = climb(&place, options);
    assert_false(ladder.met);
    assert_int_equal(ladder.count, LADDER_MAX_RUNGS);
    assert_int_equal(ladder.rungs[3].float_count, 2);
    for (int i = 0; i < ladder.count; i++)
        assert_true(ladder.rungs[i].accuracy <= ladder.rungs[ladder.chosen].accuracy);
    ladder_free(&ladder);
    place_free(&place);
}

/* With steps too small to change a float32, training ends with the integers it started from. */
static void training_starts_from_the_rungs_before(void **state)
{
    (void)state;
    Place place = place_new(2);
    LadderOptions options = options_of(NAN, NAN);
    options.max_drop = -0.5;
    options.qat.epochs = 1;
    options.qat.rate = 1e-30;
    Ladder ladder = climb(&place, options);
    assert_int_equal(ladder.count, LADDER_MAX_RUNGS);
    for (int i = 0; i < 2; i++) {
        const LadderRung *before = &ladder.rungs[i], *trained = &ladder.rungs[i + 2];
        assert_int_equal(before->start, -1);
        assert_int_equal(trained->start, i);
        assert_int_equal(trained->float_count, before->float_count);
        assert_true(trained->accuracy == before->accuracy);
        assert_true(trained->bytes == before->bytes);
    }
    assert_true(ladder.rungs[0].accuracy != ladder.rungs[1].accuracy);
    ladder_free(&ladder);
    place_free(&place);
}

/* What the policy would keep in float is there already. */
static void a_partial_rung_that_adds_nothing_is_passed_over(void **state)
{
    (void)state;
    Place place = place_new(2);
    scheme_set_float(&place.scheme, place.graph, 1);
    scheme_set_float(&place.scheme, place.graph, 3);
    LadderOptions options = options_of(NAN, NAN);
    options.max_drop = -0.5;
    options.qat.epochs = 1;
    Ladder ladder = climb(&place, options);
    assert_true(ladder.no_partial);
    assert_int_equal(ladder.count, 2);
    assert_int_equal(ladder.rungs[1].step, LADDER_QAT);
    assert_int_equal(ladder.rungs[1].start, 0);
    assert_int_equal(ladder.rungs[1].float_count, 2);
    ladder_free(&ladder);
    place_free(&place);
}

static void sensitivity_policy_takes_what_gains_most(void **state)
{
    (void)state;
    Place place = place_new(2);
    Arena *arena = arena_new();
    SensitivityInput study = {.simplified = place.graph,
                              .scheme = &place.scheme,
                              .calibration = place.training,
                              .images = place.training,
                              .pool = place.pool};
    Sensitivity sensitivity;
    assert_int_equal(sensitivity_measure(&study, arena, &sensitivity), OK);
    assert_int_equal(sensitivity.count, 3);
    for (int i = 1; i < sensitivity.count; i++)
        assert_true(sensitivity.layers[sensitivity.ranking[i - 1]].gain >=
                    sensitivity.layers[sensitivity.ranking[i]].gain);
    for (int i = 0; i < sensitivity.count; i++)
        assert_true(sensitivity.layers[i].only_quantized_accuracy >
                    sensitivity.all_quantized_accuracy - 0.05);
    const char *worst = sensitivity.layers[sensitivity.worst].name;
    assert_non_null(strstr(sensitivity.explanation, worst));

    LadderOptions options = options_of(NAN, 0.999); /* the first step of the search will do */
    options.policy = POLICY_SENSITIVITY;
    options.qat.epochs = 0;
    options.target_accuracy = sensitivity.all_quantized_accuracy + 0.02;
    Ladder ladder = climb(&place, options);
    assert_int_equal(ladder.count, 2);
    assert_true(ladder.rungs[1].float_count >= 1 && ladder.rungs[1].float_count < 3);
    bool taken = false;
    for (int i = 0; i < ladder.rungs[1].float_count; i++)
        taken |= strcmp(ladder.rungs[1].float_layers[i], worst) == 0;
    assert_true(taken);
    ladder_free(&ladder);
    arena_free(arena);
    place_free(&place);
}

/* Convolutions and dense layers of all branches may stay in float, nothing else may. */
static void branches_can_be_studied_and_climbed(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"first", "pointwise", "side", "hidden", "digit"};
    Place place = {.training = corner_images(21, 300),
                   .test = corner_images(22, 300),
                   .graph = branched_network(24),
                   .pool = pool_new(2)};
    place.scheme = corner_scheme(place.graph, 3, PER_TENSOR);
    place.baseline = float_accuracy(&place);
    SensitivityInput input = {.simplified = place.graph,
                              .scheme = &place.scheme,
                              .calibration = place.training,
                              .images = place.test,
                              .pool = place.pool};
    Arena *arena = arena_new();
    Sensitivity sensitivity;
    assert_int_equal(sensitivity_measure(&input, arena, &sensitivity), OK);
    assert_int_equal(sensitivity.count, 5);
    for (int i = 0; i < sensitivity.count; i++) {
        assert_string_equal(sensitivity.layers[i].name, NAMES[i]);
        assert_true(isfinite(sensitivity.layers[i].sqnr_db));
    }
    assert_true(graph_find(place.graph, sensitivity.noisiest) > 0);
    for (int i = 0; i < sensitivity.count; i++)
        assert_true(sensitivity.noisiest_sqnr_db <= sensitivity.layers[i].sqnr_db);
    arena_free(arena);
    LadderOptions options = options_of(1.0, NAN);
    options.qat.epochs = 0;
    Ladder ladder = climb(&place, options);
    assert_int_equal(ladder.rungs[1].step, LADDER_PTQ_PARTIAL);
    assert_int_equal(ladder.rungs[1].float_count, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(ladder.rungs[1].float_layers[i], NAMES[i]);
    ladder_free(&ladder);
    place_free(&place);
}

static void thresholds(void **state)
{
    (void)state;
    LadderOptions options = {.target_accuracy = NAN, .max_drop = NAN};
    assert_true(ladder_threshold(&options, 0.9) == -1);
    options.max_drop = 0.1;
    assert_true(fabs(ladder_threshold(&options, 0.9) - 0.8) < 1e-12);
    options.target_accuracy = 0.85;
    assert_true(ladder_threshold(&options, 0.9) == 0.85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_target_one_rung_is_enough),
        cmocka_unit_test(partial_leaves_the_convolutions_in_float),
        cmocka_unit_test(training_reaches_what_rounding_cannot),
        cmocka_unit_test(training_at_once_skips_the_partial_rung_and_keeps_the_better),
        cmocka_unit_test(the_best_is_kept_when_none_reaches_the_target),
        cmocka_unit_test(training_starts_from_the_rungs_before),
        cmocka_unit_test(a_partial_rung_that_adds_nothing_is_passed_over),
        cmocka_unit_test(sensitivity_policy_takes_what_gains_most),
        cmocka_unit_test(branches_can_be_studied_and_climbed),
        cmocka_unit_test(thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
