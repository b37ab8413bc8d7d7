/* What must be refused, and in which words: the file, the place, what was found and expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/importer.h"

#define REFUSED "tests/fixtures/refused/"
enum { MAX_WORDS = 6 };

typedef struct Refusal {
    const char *file;
    const char *words[MAX_WORDS]; /* each must be in the message */
} Refusal;

static const Refusal REFUSALS[] = {
    {"text", {"not an HDF5 file", "This is", "model.save"}},
    {"empty", {"not an HDF5 file", "empty"}},
    {"truncated", {"damaged or cut short"}},
    {"no_model_config", {"model_config", "not a Keras model", "model.save"}},
    {"weights_only", {"model_config", "weights only", "model.save"}},
    {"bad_json", {"model_config", "not JSON", "line 1"}},
    {"no_weights", {"model_weights", "missing", "model.save"}},
    {"wrong_kernel_shape", {"layer conv", "kernel", "3x3x2x2", "expected 3x3x1x2"}},
    {"nan_weights", {"layer conv", "kernel", "value 11", "NaN", "finite"}},
    {"float64_weights", {"layer conv", "float64", "expected float32"}},
    {"float16_weights", {"layer conv", "float16", "expected float32"}},
    {"external_link", {"layer conv", "kernel", "external link", "not followed"}},
    {"soft_link", {"layer conv", "kernel", "symbolic link", "not followed"}},
    {"external_storage", {"layer conv", "kernel", "external storage", "not read"}},
    {"virtual_dataset", {"layer conv", "kernel", "virtual dataset", "not read"}},
    {"huge_claim", {"layer conv", "kernel", "claims 150994944 values", "0 bytes are stored"}},
    {"swapped_order", {"layer_names", "scores", "conv"}},
    {"missing_weight", {"layer conv", "kernel", "is missing"}},
    {"lzf_filter", {"layer conv", "filter 32000", "gzip, shuffle and fletcher32"}},
    {"unknown_attribute", {"layer conv", "\"secret_sauce\"", "value 7", "not known"}},
    {"dilated_conv", {"layer conv", "dilation_rate", "[2, 2]", "(1, 1)"}},
    {"control_name", {"layer 2", "\"conv\\u001B[2J\"", "control characters"}},
    {"same_name", {"layers 2 and 4", "same name conv"}},
    {"custom_class", {"layer conv", "my_layers", "My>Conv2D"}},
    {"lstm",
     {"4 things", "layer lstm_1: the kind LSTM", "layer lstm_2: the kind LSTM",
      "layer norm: the kind LayerNormalization", "activation is \"gelu\"",
      "supported are InputLayer"}},
    {"many_faults",
     {"7 things", "channels_first", "groups is 2", "\"causal\"", "units is -4", "infinite"}},
    {"operation",
     {"2 things", "layer add: what it reads is", "x + y is no layer",
      "layer up (UpSampling2D): attribute interpolation is \"bilinear\"; accepted is nearest"}},
    {"outputs", {"the model has 2 outputs (left, right), expected 1"}},
    {"nested", {"layer inner (Functional): a model inside a model is not read"}},
    {"other_axis", {"layer rows (Concatenate): attribute axis is 1; accepted is the last, 3"}},
    {"shared", {"layer scores: is called 2 times", "2 input layers (one, two)"}},
};
enum { REFUSAL_COUNT = sizeof REFUSALS / sizeof REFUSALS[0] };

static void expect_refusal(const char *path, const char *const *words)
{
    Graph *graph = NULL;
    assert_int_equal(import_model(path, &graph), ERR_REFUSED);
    assert_null(graph);
    const char *message = error_message();
    if (strncmp(message, path, strlen(path)) != 0)
        fail_msg("does not start with the file: %s", message);
    for (int i = 0; i < MAX_WORDS && words[i]; i++)
        if (!strstr(message, words[i]))
            fail_msg("\"%s\" is not in: %s", words[i], message);
    for (const char *at = message; *at; at++)
        assert_true(*at == '\n' || (unsigned char)*at >= ' ');
}

static void every_bad_file_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        char path[256];
        snprintf(path, sizeof path, REFUSED "%s.h5", REFUSALS[i].file);
        expect_refusal(path, REFUSALS[i].words);
    }
}

static void a_missing_file_or_a_folder_is_refused(void **state)
{
    (void)state;
    expect_refusal("tests/fixtures/no such file.h5", (const char *[MAX_WORDS]){"No such file"});
    expect_refusal("tests/fixtures", (const char *[MAX_WORDS]){"is a folder", "model.save"});
}

static void a_keras_archive_is_named(void **state)
{
    (void)state;
    char path[] = "/tmp/dnn2fpga-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "PK\x03\x04....", 8), 8);
    close(descriptor);
    expect_refusal(path, (const char *[MAX_WORDS]){".keras", "model.save(\"model.h5\")"});
    unlink(path);
}

/* A good file, to be spoiled. */
static size_t read_good_file(char *bytes, size_t room)
{
    FILE *file = fopen("tests/fixtures/models/conv_valid.k3.h5", "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    assert_true(size < room);
    return size;
}

static void write_file(const char *path, const char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

/* A good file that is cut at any length is refused, and never crashes. */
static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static char bytes[1 << 16];
    size_t size = read_good_file(bytes, sizeof bytes);
    char path[] = "/tmp/dnn2fpga-test-XXXXXX";
    close(mkstemp(path));
    for (size_t cut = 0; cut < size; cut += 97) {
        write_file(path, bytes, cut);
        expect_refusal(path, (const char *[MAX_WORDS]){NULL});
    }
    unlink(path);
}

/* One spoiled number in the text heap, which libhdf5 1.10 would loop over or read out of. */
static void a_spoiled_text_heap_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t offset; /* from the start of the heap */
        char value;
        const char *words;
    } SPOILS[] = {
        {0, 'g', "no text heap where its text should be"},
        {12, 1, "text heaps are too large"}, /* 4 GiB */
        {16, 0, "not in the text heap"},     /* entry 1 becomes free space, of size 6 */
        {28, 1, "longer than the heap"},
    };
    static char bytes[1 << 16], spoiled[1 << 16];
    size_t size = read_good_file(bytes, sizeof bytes);
    char *heap = memmem(bytes, size, "GCOL", 4);
    assert_non_null(heap);
    char path[] = "/tmp/dnn2fpga-test-XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof SPOILS / sizeof SPOILS[0]; i++) {
        memcpy(spoiled, bytes, size);
        spoiled[(size_t)(heap - bytes) + SPOILS[i].offset] = SPOILS[i].value;
        write_file(path, spoiled, size);
        expect_refusal(path, (const char *[MAX_WORDS]){"attribute", SPOILS[i].words});
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_is_refused),
        cmocka_unit_test(a_missing_file_or_a_folder_is_refused),
        cmocka_unit_test(a_keras_archive_is_named),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_spoiled_text_heap_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
