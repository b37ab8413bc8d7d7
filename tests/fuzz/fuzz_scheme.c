/* fuzz_scheme.c: the input is a scheme file: read by itself and compared with itself, then onto a
 * network of three layers; what that makes of the network is written and read again. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "quant/scheme_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char path[64];

static void remove_file(void)
{
    remove(path);
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static Graph *three_layers(void)
{
    Graph *graph = graph_new("net");
    graph_add(graph, (Layer){.kind = LAYER_INPUT, .name = "in", .output_shape = {1, {4}}});
    graph_add(graph, (Layer){.kind = LAYER_DENSE,
                             .name = "a",
                             .inputs = {0},
                             .input_count = 1,
                             .kernel = tensor_new(graph->arena, (Shape){2, {4, 3}})});
    graph_add(graph, (Layer){.kind = LAYER_DENSE,
                             .name = "b",
                             .inputs = {1},
                             .input_count = 1,
                             .kernel = tensor_new(graph->arena, (Shape){2, {3, 2}})});
    require(graph_infer_shapes(graph) == OK);
    return graph;
}

static Scheme plain(const Graph *graph)
{
    const LayerScheme row = {
        .weight_bits = 8, .activation_bits = 8, .calibrator = calibrator_find("minmax")};
    return scheme_uniform(graph->arena, graph, row);
}

static void read_by_itself(void)
{
    Arena *arena = arena_new();
    SchemeFile file;
    const SchemeDifference *differences;
    if (scheme_file_read(path, arena, &file) == OK)
        require(scheme_file_differences(&file, &file, arena, &differences) == 0);
    arena_free(arena);
}

/* What was read and written is read as the same. */
static void read_onto_a_network(void)
{
    Graph *graph = three_layers();
    Scheme scheme = plain(graph), again = plain(graph);
    if (scheme_read(path, graph, SHA, &scheme) == OK) {
        SchemeFile first, second;
        const SchemeDifference *differences;
        require(scheme_write(&scheme, graph, SHA, path) == OK);
        require(scheme_file_read(path, graph->arena, &first) == OK);
        require(scheme_read(path, graph, SHA, &again) == OK);
        require(scheme_write(&again, graph, SHA, path) == OK);
        require(scheme_file_read(path, graph->arena, &second) == OK);
        require(scheme_file_differences(&first, &second, graph->arena, &differences) == 0);
    }
    graph_free(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!path[0]) {
        snprintf(path, sizeof path, "/tmp/dnn2fpga-fuzz-%d.scheme", (int)getpid());
        atexit(remove_file);
    }
    require(fs_write_atomic(path, (const char *)data, size) == OK);
    read_by_itself();
    read_onto_a_network();
    return 0;
}
