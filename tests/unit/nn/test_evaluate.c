/* Evaluation with a classifier whose answers are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "nn/evaluate.h"
#include "nn/forward.h"
#include "tests/unit/nn/graphs.h"

enum { CLASSES = 3 };

static void test_arg_max_takes_the_lowest_index(void **state)
{
    (void)state;
    assert_int_equal(arg_max((const float[]){1, 5, 5, 2}, 4), 1);
    assert_int_equal(arg_max((const float[]){-2, -1}, 2), 1);
    assert_int_equal(arg_max((const float[]){0, 0, 0}, 3), 0);
}

/* The label is the first pixel, as a number. */
static void *fake_open(const void *model, int max_batch)
{
    (void)max_batch;
    int *copy = malloc(sizeof *copy);
    *copy = *(const int *)model;
    return copy;
}

static void fake_classify(void *worker, const float *images, int batch, int32_t *labels)
{
    for (int b = 0; b < batch; b++)
        labels[b] = (int32_t)images[b * *(int *)worker];
}

static const int FAKE_PIXELS = 2;

static Classifier fake_classifier(void)
{
    return (Classifier){.model = &FAKE_PIXELS,
                        .input_elements = FAKE_PIXELS,
                        .classes = CLASSES,
                        .open = fake_open,
                        .classify = fake_classify,
                        .close = free};
}

/* 110 images: truth i % 3, answer i % 2. */
static Dataset *fake_dataset(void)
{
    Rng rng = rng_seed(1);
    Dataset *dataset = random_dataset(&rng, 110, shape_of(1, FAKE_PIXELS), CLASSES);
    float *pixels = ARENA_ARRAY(dataset->arena, float, 110 * FAKE_PIXELS);
    for (int i = 0; i < 110; i++)
        pixels[i * FAKE_PIXELS] = (float)(i % 2);
    dataset->values = pixels;
    return dataset;
}

static void remember_fraction(void *context, double fraction, const char *detail)
{
    assert_non_null(detail);
    assert_true(fraction > *(double *)context);
    *(double *)context = fraction;
}

static void test_confusion(void **state)
{
    (void)state;
    int64_t expected[CLASSES * CLASSES] = {0};
    for (int i = 0; i < 110; i++)
        expected[(i % 3) * CLASSES + i % 2]++;
    Dataset *dataset = fake_dataset();
    Classifier classifier = fake_classifier();
    for (int threads = 1; threads <= 3; threads++) {
        Pool *pool = pool_new(threads);
        Arena *arena = arena_new();
        Evaluation evaluation;
        double fraction = 0;
        Progress progress = {remember_fraction, &fraction};
        assert_int_equal(
            evaluate(&(EvaluateInput){&classifier, dataset, pool, &progress}, arena, &evaluation),
            OK);
        assert_int_equal(evaluation.images, 110);
        assert_int_equal(evaluation.classes, CLASSES);
        assert_memory_equal(evaluation.confusion, expected, sizeof expected);
        assert_int_equal(evaluation.correct, expected[0] + expected[4]);
        assert_float_equal(evaluation.accuracy, (double)(expected[0] + expected[4]) / 110, 0);
        assert_float_equal(fraction, 1, 0);
        arena_free(arena);
        pool_free(pool);
    }
    dataset_free(dataset);
}

static void test_refusals(void **state)
{
    (void)state;
    Pool *pool = pool_new(1);
    Arena *arena = arena_new();
    Evaluation evaluation;
    Latency latency;
    Dataset *dataset = fake_dataset();
    Classifier classifier = fake_classifier();
    classifier.classes = 2;
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation),
        ERR_REFUSED);
    assert_non_null(strstr(error_message(), "label 2 of image 2"));
    classifier.classes = EVALUATE_MAX_CLASSES + 1;
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation),
        ERR_REFUSED);
    classifier = fake_classifier();
    classifier.input_elements = 5;
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation),
        ERR_REFUSED);
    assert_non_null(strstr(error_message(), "images have 2 values, the model reads 5"));
    assert_int_equal(measure_latency(&classifier, dataset, pool, &latency), ERR_REFUSED);
    classifier = fake_classifier();
    dataset_truncate(dataset, 0);
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation),
        ERR_REFUSED);
    dataset_free(dataset);
    arena_free(arena);
    pool_free(pool);
}

/* A graph as a classifier gives the labels of its scores, for any number of threads. */
static void test_graph_classifier(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    Graph *graph = graph_of_input(shape_of(1, 12));
    chain(graph, dense_layer(graph, &rng, "dense", 12, CLASSES));
    assert_int_equal(graph_infer_shapes(graph), OK);
    Dataset *dataset = random_dataset(&rng, 60, shape_of(1, 12), CLASSES);
    Forward *forward = forward_new(graph, 60);
    const float *scores = forward_run(forward, dataset->values, 60);
    int64_t correct = 0;
    for (int i = 0; i < 60; i++)
        correct += arg_max(scores + i * CLASSES, CLASSES) == dataset->labels[i];
    Classifier classifier = classifier_of_graph(graph);
    assert_int_equal(classifier.classes, CLASSES);
    Pool *pool = pool_new(2);
    Arena *arena = arena_new();
    Evaluation evaluation;
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation), OK);
    assert_int_equal(evaluation.correct, correct);
    Latency latency;
    assert_int_equal(measure_latency(&classifier, dataset, pool, &latency), OK);
    assert_true(latency.microseconds_batch1 > 0 && latency.images_per_s > 0);
    arena_free(arena);
    pool_free(pool);
    forward_free(forward);
    dataset_free(dataset);
    graph_free(graph);
}

/* Last: the flag stays up for the whole process. */
static void test_cancel(void **state)
{
    (void)state;
    Dataset *dataset = fake_dataset();
    Classifier classifier = fake_classifier();
    Pool *pool = pool_new(2);
    Arena *arena = arena_new();
    Evaluation evaluation;
    cancel_request();
    assert_int_equal(
        evaluate(&(EvaluateInput){&classifier, dataset, pool, NULL}, arena, &evaluation),
        ERR_CANCELLED);
    arena_free(arena);
    pool_free(pool);
    dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arg_max_takes_the_lowest_index),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_graph_classifier),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
