/* New weights in copies of Keras files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "import/importer.h"
#include "import/keras_write.h"

#define MODELS "tests/fixtures/models/"

typedef struct Place {
    char path[64];
} Place;

static int make_place(void **state)
{
    Place *place = calloc(1, sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/dnn2fpga-write-XXXXXX");
    int descriptor = mkstemp(place->path);
    *state = place;
    return descriptor < 0 || close(descriptor) != 0;
}

static int clear_place(void **state)
{
    Place *place = *state;
    unlink(place->path);
    free(place);
    return 0;
}

static Graph *imported(const char *path)
{
    Graph *graph = NULL;
    if (import_model(path, &graph) != OK)
        fail_msg("%s", error_message());
    return graph;
}

static int tensors_of(Layer *layer, Tensor *tensors[6])
{
    Tensor *all[] = {&layer->kernel, &layer->bias, &layer->gamma,
                     &layer->beta,   &layer->mean, &layer->variance};
    int count = 0;
    for (int i = 0; i < 6; i++)
        if (all[i]->data)
            tensors[count++] = all[i];
    return count;
}

/* Every value changed, variances kept above 0. */
static void change_weights(Graph *graph)
{
    for (int l = 0; l < graph->count; l++) {
        Tensor *tensors[6];
        int count = tensors_of(&graph->layers[l], tensors);
        for (int t = 0; t < count; t++)
            for (int64_t i = 0; i < shape_elements(tensors[t]->shape); i++)
                tensors[t]->data[i] = tensors[t]->data[i] * 0.5F + 1.25F + (float)(i % 7);
    }
}

static void assert_same_weights(Graph *a, Graph *b)
{
    assert_int_equal(a->count, b->count);
    for (int l = 0; l < a->count; l++) {
        Tensor *from[6], *to[6];
        int count = tensors_of(&a->layers[l], from);
        assert_int_equal(count, tensors_of(&b->layers[l], to));
        assert_string_equal(a->layers[l].name, b->layers[l].name);
        for (int t = 0; t < count; t++) {
            assert_true(shape_equal(from[t]->shape, to[t]->shape));
            assert_memory_equal(from[t]->data, to[t]->data,
                                (size_t)shape_elements(from[t]->shape) * sizeof(float));
        }
    }
}

static void weights_come_back(void **state)
{
    Place *place = *state;
    static const char *const NAMES[] = {
        "conv_valid.k2.h5",      "conv_same_stride.k2.h5", "norm_stays.k3.h5",
        "norm_after_conv.k2.h5", "paper_cnn_small.k3.h5",  "split_names.variant.h5",
        "functional_path.k3.h5", "dense_only.k3.h5",       "bare_list.variant.h5",
        "depthwise.k3.h5",       "separable.k2.h5",        "residual.k2.h5",
        "branched.k3.h5",        "sequence.k3.h5"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char source[128];
        snprintf(source, sizeof source, MODELS "%s", NAMES[i]);
        Graph *graph = imported(source);
        change_weights(graph);
        if (keras_write(source, place->path, graph) != OK)
            fail_msg("%s", error_message());
        Graph *again = imported(place->path);
        assert_same_weights(graph, again);
        graph_free(again);
        graph_free(graph);
    }
}

/* The same weights give the same file but for what HDF5 notes about itself. */
static void unchanged_weights_keep_the_size(void **state)
{
    Place *place = *state;
    Graph *graph = imported(MODELS "paper_cnn_small.k3.h5");
    assert_int_equal(keras_write(MODELS "paper_cnn_small.k3.h5", place->path, graph), OK);
    assert_int_equal(fs_size(place->path), fs_size(MODELS "paper_cnn_small.k3.h5"));
    graph_free(graph);
}

static void refuse(const Place *place, const char *source, const Graph *graph, const char *words)
{
    int64_t before = fs_size(place->path);
    assert_int_equal(keras_write(source, place->path, graph), ERR_REFUSED);
    if (!strstr(error_message(), words))
        fail_msg("\"%s\" expected in: %s", words, error_message());
    assert_int_equal(fs_size(place->path), before);
}

static void another_architecture_is_refused(void **state)
{
    Place *place = *state;
    Graph *graph = imported(MODELS "paper_cnn_small.k3.h5");
    Graph *other = imported(MODELS "dense_only.k3.h5");
    refuse(place, MODELS "dense_only.k3.h5", graph, "is not in the network any more");
    for (int i = 0; i < other->count; i++)
        if (other->layers[i].kernel.data)
            other->layers[i].kernel.shape.dim[0]++;
    refuse(place, MODELS "dense_only.k3.h5", other, "another shape");
    refuse(place, MODELS "missing.h5", graph, "is no file");
    graph_free(graph);
    graph_free(other);
}

/* ---- new files ---------------------------------------------------------------------------------
 */

#define ARCHITECTURES "tests/fixtures/architectures/"

static Graph *architecture(const char *path)
{
    Graph *graph = NULL;
    if (import_architecture(path, &graph) != OK)
        fail_msg("%s", error_message());
    return graph;
}

/* From JSON to a file of its own, twice the same; our importer finds every layer and value. */
static void architectures_become_models(void **state)
{
    Place *place = *state;
    static const char *const NAMES[] = {
        ARCHITECTURES "sequential.k2.json", ARCHITECTURES "functional.k3.json",
        ARCHITECTURES "residual.k2.json",   ARCHITECTURES "separable.k2.json",
        ARCHITECTURES "branched.k3.json",   ARCHITECTURES "sequence.k3.json"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_true(import_is_architecture(NAMES[i]));
        Graph *graph = architecture(NAMES[i]);
        assert_true(graph_parameters(graph) > 100);
        change_weights(graph);
        Buffer first = {0}, second = {0};
        if (keras_write_new(NAMES[i], place->path, graph) != OK)
            fail_msg("%s", error_message());
        assert_int_equal(fs_read_file(place->path, 1 << 20, &first), OK);
        assert_int_equal(keras_write_new(NAMES[i], place->path, graph), OK);
        assert_int_equal(fs_read_file(place->path, 1 << 20, &second), OK);
        assert_int_equal(first.length, second.length);
        assert_memory_equal(first.data, second.data, first.length);
        assert_false(import_is_architecture(place->path));
        Graph *again = imported(place->path);
        assert_same_weights(graph, again);
        assert_string_equal(graph->name, again->name);
        for (int l = 0; l < graph->count; l++) {
            assert_int_equal(graph->layers[l].kind, again->layers[l].kind);
            assert_memory_equal(graph->layers[l].inputs, again->layers[l].inputs,
                                sizeof graph->layers[l].inputs);
            assert_int_equal(graph->layers[l].activation, again->layers[l].activation);
            assert_true(shape_equal(graph->layers[l].output_shape, again->layers[l].output_shape));
        }
        /* What was made can be changed as any other file. */
        change_weights(graph);
        assert_int_equal(fs_write_atomic(place->path, first.data, first.length), OK);
        assert_int_equal(keras_write(place->path, place->path, graph), OK);
        graph_free(again);
        again = imported(place->path);
        assert_same_weights(graph, again);
        graph_free(again);
        graph_free(graph);
        buffer_free(&first);
        buffer_free(&second);
    }
}

static void refuse_json(const Place *place, const char *json, const char *first, const char *second)
{
    Graph *graph = NULL;
    assert_int_equal(fs_write_atomic(place->path, json, strlen(json)), OK);
    assert_int_equal(import_architecture(place->path, &graph), ERR_REFUSED);
    if (!strstr(error_message(), first) || !strstr(error_message(), second))
        fail_msg("\"%s\" and \"%s\" expected in: %s", first, second, error_message());
    assert_null(graph);
}

#define INPUT                                                                                      \
    "{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"in\", \"batch_shape\": [null, 8]}}"
#define SEQUENTIAL(layers)                                                                         \
    "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"m\", \"layers\": [" INPUT layers    \
    "]}}"

static void what_is_no_architecture_is_refused(void **state)
{
    Place *place = *state;
    refuse_json(place, "{\"class_name\": ", "is not JSON", "line");
    refuse_json(place, "{\"weights\": [1, 2]}", "the model is of class", "Sequential");
    refuse_json(place,
                SEQUENTIAL(", {\"class_name\": \"LSTM\", \"config\": {\"name\": \"memory\"}}, "
                           "{\"class_name\": \"Dense\", \"config\": {\"name\": \"digit\", "
                           "\"units\": 4, \"twist\": 3}}"),
                "layer memory: the kind LSTM is not supported", "twist");
    refuse_json(place,
                SEQUENTIAL(", {\"class_name\": \"Dense\", \"config\": {\"name\": \"wide\", "
                           "\"units\": 16777216}}, {\"class_name\": \"Dense\", \"config\": "
                           "{\"name\": \"wider\", \"units\": 16777216}}"),
                "wider", "values of a model");
    Graph *graph = NULL;
    assert_int_equal(import_model(ARCHITECTURES "sequential.k2.json", &graph), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "architecture without weights"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(weights_come_back, make_place, clear_place),
        cmocka_unit_test_setup_teardown(unchanged_weights_keep_the_size, make_place, clear_place),
        cmocka_unit_test_setup_teardown(another_architecture_is_refused, make_place, clear_place),
        cmocka_unit_test_setup_teardown(architectures_become_models, make_place, clear_place),
        cmocka_unit_test_setup_teardown(what_is_no_architecture_is_refused, make_place,
                                        clear_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
