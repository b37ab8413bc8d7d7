/* gradients.h: a small network with a layer or branch under test in its middle, and the comparison of
 * its gradients with central differences of the loss. */
#ifndef TESTS_UNIT_NN_GRADIENTS_H
#define TESTS_UNIT_NN_GRADIENTS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/step.h"
#include "tests/unit/nn/graphs.h"

enum { IMAGES = 57, CLASSES = 5, SAMPLES = 40 }; /* two whole shards and a part of one */

/* What a network has between its first convolution, whose gradient goes through it, and the dense
 * layer at its end. */
typedef void Build(Graph *graph, Rng *rng);

static inline void add_conv(Graph *graph, Rng *rng, Window window, int filters)
{
    int channels = (int)shape_channels(graph_output(graph)->output_shape);
    chain(graph, conv_layer(graph, rng, "conv", window, shape_of(2, channels, filters)));
}

static inline Graph *network(Rng *rng, Build *build)
{
    Graph *graph = graph_of_input(shape_of(3, 6, 7, 2));
    chain(graph, conv_layer(graph, rng, "first", window_of(2, 2, 1, false), shape_of(2, 2, 5)));
    assert_int_equal(graph_infer_shapes(graph), OK);
    build(graph, rng);
    chain(graph, (Layer){.kind = LAYER_FLATTEN, .name = "flat"});
    assert_int_equal(graph_infer_shapes(graph), OK);
    int inputs = (int)shape_elements(graph_output(graph)->output_shape);
    Layer last = dense_layer(graph, rng, "last", inputs, CLASSES);
    for (int64_t i = 0; i < shape_elements(last.kernel.shape); i++)
        last.kernel.data[i] /= sqrtf((float)inputs);
    last.activation = ACTIVATION_SOFTMAX;
    chain(graph, last);
    assert_int_equal(graph_infer_shapes(graph), OK);
    return graph;
}

/* ---- the comparison ----------------------------------------------------------------------------
 */

typedef struct Bench {
    Step *step;
    StepBatch batch;
    Parameters parameters;
} Bench;

static inline double mean_loss(const Bench *bench)
{
    return step_learn(bench->step, &bench->batch).sum / bench->batch.count;
}

static inline double slope(const Bench *bench, float *value, float reach)
{
    float kept = *value;
    *value = kept + reach;
    float above = *value;
    double high = mean_loss(bench);
    *value = kept - reach;
    double low = mean_loss(bench), width = (double)above - (double)*value;
    *value = kept;
    return (high - low) / width;
}

/* A step over a kink of ReLU or a maximum is wrong for one reach, not for all; a wrong gradient is
 * wrong for all. */
static inline bool agrees(const Bench *bench, float *value, double gradient)
{
    static const float REACHES[] = {3e-3f, 1e-2f, 1e-3f, 3e-4f};
    for (size_t r = 0; r < sizeof REACHES / sizeof *REACHES; r++)
        if (fabs(slope(bench, value, REACHES[r]) - gradient) <= 2e-4 + 5e-3 * fabs(gradient))
            return true;
    return false;
}

static inline void compare_parameter(const Bench *bench, const Parameter *p, const char *what)
{
    int64_t stride = p->count > SAMPLES ? p->count / SAMPLES : 1;
    double largest = 0;
    float *gradient = malloc((size_t)p->count * sizeof *gradient);
    mean_loss(bench);
    memcpy(gradient, step_gradient(bench->step) + p->offset, (size_t)p->count * sizeof *gradient);
    for (int64_t i = 0; i < p->count; i++)
        largest = fmax(largest, fabs((double)gradient[i]));
    for (int64_t i = 0; i < p->count; i += stride)
        if (!agrees(bench, &p->values[i], (double)gradient[i]))
            fail_msg("%s: layer %d role %d value %lld: gradient %.6g, slope %.6g", what, p->layer,
                     (int)p->role, (long long)i, (double)gradient[i],
                     slope(bench, &p->values[i], 3e-3f));
    if (p->role != PARAMETER_BIAS && largest < 1e-3) /* a bias before batch norm has none */
        fail_msg("%s: layer %d role %d: the test sees no gradient", what, p->layer, (int)p->role);
    free(gradient);
}

static inline void compare(Graph *graph, Rng *rng, const TrainHooks *hooks, const char *what)
{
    static int64_t order[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        order[i] = IMAGES - 1 - i;
    Dataset *dataset = random_dataset(rng, IMAGES, graph_input_shape(graph), CLASSES);
    StepOptions options = {
        .batch = IMAGES + 3, .dropout = 0.3, .moving_momentum = 0.99, .seed = 5, .hooks = hooks};
    assert_int_equal(step_check(graph, &options), OK);
    Pool *pool = pool_new(2);
    Bench bench = {.batch = {.dataset = dataset, .order = order, .count = IMAGES, .number = 3}};
    bench.parameters = parameters_of(graph->arena, graph, hooks ? hooks->extra : NULL,
                                     hooks ? hooks->extra_count : 0);
    bench.step = step_new(graph, &bench.parameters, &options, pool);
    for (int i = 0; i < bench.parameters.count; i++)
        if (parameter_is_trained(&bench.parameters.items[i]))
            compare_parameter(&bench, &bench.parameters.items[i], what);
    step_free(bench.step);
    pool_free(pool);
    dataset_free(dataset);
}

typedef struct Network {
    const char *name;
    Build *build;
} Network;

static inline void compare_networks(const Network *networks, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        Rng rng = rng_seed(n + 1);
        Graph *graph = network(&rng, networks[n].build);
        compare(graph, &rng, NULL, networks[n].name);
        graph_free(graph);
    }
}

#endif
