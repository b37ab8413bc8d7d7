/* Every fixture model, run in float32, gives the outputs that real Keras computed: within 1e-5 of
 * each value, as imported and again after the passes. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/h5.h"
#include "graph/passes.h"
#include "import/importer.h"
#include "nn/forward.h"

#define FOLDER "tests/fixtures/models"

enum { FEWEST_FIXTURES = 12 };

static const double TOLERANCE = 1e-5;

typedef struct Recorded {
    int64_t batch, inputs, outputs;
    float *input, *output;
} Recorded;

/* The float32 dataset `name` (batch, ...) as values in the arena. */
static Status read_values(Arena *arena, H5File *file, const char *name, float **values,
                          H5Array *array)
{
    TRY(h5_describe(file, name, array));
    assert_int_equal(array->kind, H5_FLOAT32);
    *values = ARENA_ARRAY(arena, float, array->elements);
    return h5_read_floats(file, array, *values);
}

static Recorded read_recorded(Arena *arena, const char *path)
{
    Recorded recorded;
    H5File *file = NULL;
    H5Array input, output;
    if (h5_open(path, &file) != OK ||
        read_values(arena, file, "input", &recorded.input, &input) != OK ||
        read_values(arena, file, "output", &recorded.output, &output) != OK)
        fail_msg("%s: %s", path, error_message());
    h5_close(file);
    assert_int_equal(input.dim[0], output.dim[0]);
    recorded.batch = input.dim[0];
    recorded.inputs = input.elements / recorded.batch;
    recorded.outputs = output.elements / recorded.batch;
    return recorded;
}

static double largest_difference(const Graph *graph, const Recorded *recorded)
{
    assert_int_equal(shape_elements(graph_input_shape(graph)), recorded->inputs);
    assert_int_equal(shape_elements(graph_output(graph)->output_shape), recorded->outputs);
    Forward *forward = forward_new(graph, (int)recorded->batch);
    const float *output = forward_run(forward, recorded->input, (int)recorded->batch);
    double largest = 0;
    for (int64_t i = 0; i < recorded->batch * recorded->outputs; i++) {
        double difference = fabs((double)output[i] - (double)recorded->output[i]);
        largest = difference <= largest ? largest : difference; /* NaN is kept */
    }
    forward_free(forward);
    return largest;
}

static void compare_fixture(void **state)
{
    const char *name = *state;
    char model[512], recorded_path[512];
    snprintf(model, sizeof model, FOLDER "/%s.h5", name);
    snprintf(recorded_path, sizeof recorded_path, FOLDER "/%s.io.h5", name);
    Graph *graph = NULL, *simplified = NULL;
    if (import_model(model, &graph) != OK)
        fail_msg("%s", error_message());
    Arena *arena = arena_new();
    Recorded recorded = read_recorded(arena, recorded_path);
    double imported = largest_difference(graph, &recorded);
    assert_int_equal(graph_simplify(graph, &simplified), OK);
    double rewritten = largest_difference(simplified, &recorded);
    if (!(imported <= TOLERANCE && rewritten <= TOLERANCE))
        fail_msg("%s: differs from Keras by %g, simplified by %g", name, imported, rewritten);
    graph_free(graph);
    graph_free(simplified);
    arena_free(arena);
}

/* NAME.h5 with a neighbour NAME.io.h5. */
static int is_model(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".h5") == 0 &&
           !(length > 6 && strcmp(name + length - 6, ".io.h5") == 0);
}

static void test_fixtures_are_there(void **state)
{
    assert_true(*(int *)*state >= FEWEST_FIXTURES);
}

int main(void)
{
    struct dirent **entries = NULL;
    int count = scandir(FOLDER, &entries, is_model, alphasort);
    struct CMUnitTest *tests = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof *tests);
    tests[0] = (struct CMUnitTest){.name = "fixtures are there",
                                   .test_func = test_fixtures_are_there,
                                   .initial_state = &count};
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - strlen(".h5")] = '\0';
        tests[i + 1] =
            (struct CMUnitTest){.name = name, .test_func = compare_fixture, .initial_state = name};
    }
    int failed = _cmocka_run_group_tests("keras equality", tests,
                                         (size_t)(count > 0 ? count : 0) + 1, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(tests);
    return failed;
}
