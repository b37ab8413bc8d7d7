/* fuzz_import.c: an HDF5 file from memory through the whole Keras reader.
 * Seeds: tests/fixtures/models, tests/fixtures/refused.
 *
 * libhdf5 itself leaks a little on some damaged files, and asks for memory that they claim; that is
 * not counted (run with -malloc_limit_mb=1000000). That we give back every identifier is checked.
 */
#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

#include "import/keras.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);
const char *__asan_default_options(void);
const char *__asan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

/* The library asks for what a damaged file claims, and stands being refused. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* libhdf5 1.10 copies a few bytes too many from some damaged headers; we look for our own faults.
 */
const char *__asan_default_suppressions(void)
{
    return "interceptor_via_lib:libhdf5";
}

static void expect_nothing_open(void)
{
    static const H5I_type_t TYPES[] = {H5I_FILE,    H5I_GROUP, H5I_DATATYPE,
                                       H5I_DATASET, H5I_ATTR,  H5I_DATASPACE};
    static hsize_t before[6];
    static int runs;
    for (int i = 0; i < 6; i++) {
        hsize_t open = 0;
        H5Inmembers(TYPES[i], &open);
        if (runs == 0)
            before[i] = open; /* what the library keeps for itself */
        else if (open != before[i])
            __builtin_trap();
    }
    runs++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Graph *graph = NULL;
    if (keras_h5_import_bytes(data, size, &graph) == OK)
        graph_free(graph);
    expect_nothing_open();
    return 0;
}
