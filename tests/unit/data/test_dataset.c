/* IDX and HDF5 datasets: the good ones, and each way in which a file can lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "data/dataset.h"

static char folder[64];

/* A path in the test's folder; valid until the next call. */
static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dnn2fpga-data-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return (int)fs_remove_tree(folder);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void write_bytes(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static void write_gzip(const char *name, const void *bytes, size_t count)
{
    gzFile file = gzopen(in_folder(name), "wb9");
    assert_int_equal(gzwrite(file, bytes, (unsigned)count), (int)count);
    gzclose(file);
}

/* 3 images of 2x2, pixels 0, 1, 2, ...; 3 labels. */
static const uint8_t IMAGES[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0,  0,
                                 0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};
static const uint8_t LABELS[] = {0, 0, 8, 1, 0, 0, 0, 3, 4, 0, 2};

static void write_good_test_split(void)
{
    write_bytes("t10k-images-idx3-ubyte", IMAGES, sizeof IMAGES);
    write_bytes("t10k-labels-idx1-ubyte", LABELS, sizeof LABELS);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static Dataset *load(const char *path, DatasetSplit split)
{
    Dataset *dataset = NULL;
    if (dataset_load(path, split, NULL, &dataset) != OK)
        fail_msg("%s", error_message());
    return dataset;
}

static void expect_words(const char *words)
{
    if (!strstr(error_message(), words))
        fail_msg("\"%s\" is not in: %s", words, error_message());
}

static void expect_refusal(const char *path, DatasetSplit split, const char *words)
{
    Dataset *dataset = NULL;
    assert_int_equal(dataset_load(path, split, NULL, &dataset), ERR_REFUSED);
    assert_null(dataset);
    expect_words(folder);
    expect_words(words);
}

static void idx_files_are_read(void **state)
{
    (void)state;
    write_good_test_split();
    Dataset *dataset = load(folder, DATASET_TEST);
    assert_int_equal(dataset->count, 3);
    assert_true(shape_equal(dataset->shape, shape_of(3, 2, 2, 1)));
    assert_int_equal(dataset->classes, 5);
    assert_int_equal(dataset->labels[0], 4);
    assert_int_equal(dataset->labels[2], 2);
    float pixels[8];
    dataset_read(dataset, 1, 2, pixels);
    assert_true(pixels[0] == 4.0f / 255.0f);
    assert_true(pixels[7] == 1.0f);
    dataset_truncate(dataset, 99);
    assert_int_equal(dataset->count, 3);
    dataset_truncate(dataset, 1);
    assert_int_equal(dataset->count, 1);
    dataset_free(dataset);
}

/* Drawn without repetition, in order, each as likely; the seed decides. */
static void a_sample_is_drawn_by_its_seed(void **state)
{
    (void)state;
    uint8_t images[16 + 40] = {0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1};
    uint8_t labels[8 + 40] = {0, 0, 8, 1, 0, 0, 0, 40};
    for (uint8_t i = 0; i < 40; i++)
        images[16 + i] = labels[8 + i] = i;
    write_bytes("t10k-images-idx3-ubyte", images, sizeof images);
    write_bytes("t10k-labels-idx1-ubyte", labels, sizeof labels);
    int drawn[40] = {0}, runs = 400;
    for (int seed = 0; seed < runs; seed++) {
        Dataset *dataset = load(folder, DATASET_TEST);
        dataset_sample(dataset, 10, (uint64_t)seed);
        assert_int_equal(dataset->count, 10);
        for (int i = 0; i < 10; i++) {
            assert_int_equal(dataset->bytes[i], dataset->labels[i]);
            assert_true(i == 0 || dataset->labels[i] > dataset->labels[i - 1]);
            drawn[dataset->labels[i]]++;
        }
        dataset_free(dataset);
    }
    for (int i = 0; i < 40; i++)
        assert_in_range(drawn[i], 60, 140); /* 100, standard deviation 8.7 */
    Dataset *dataset = load(folder, DATASET_TEST);
    dataset_sample(dataset, 99, 1);
    assert_int_equal(dataset->count, 40);
    dataset_free(dataset);
}

/* The default scale gives what NumPy gives for x.astype("float32") / 255. */
static void every_byte_is_scaled_as_keras_users_do(void **state)
{
    (void)state;
    uint8_t images[16 + 256] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 16};
    for (int i = 0; i < 256; i++)
        images[16 + i] = (uint8_t)i;
    write_bytes("t10k-images-idx3-ubyte", images, sizeof images);
    write_bytes("t10k-labels-idx1-ubyte", (uint8_t[]){0, 0, 8, 1, 0, 0, 0, 1, 0}, 9);
    Dataset *dataset = load(folder, DATASET_TEST);
    float pixels[256];
    dataset_read(dataset, 0, 1, pixels);
    for (int i = 0; i < 256; i++)
        assert_true(pixels[i] == (float)i / 255.0f);
    dataset_free(dataset);
}

static void gzip_and_the_other_spelling_are_read(void **state)
{
    (void)state;
    write_good_test_split();
    Dataset *plain = load(folder, DATASET_TEST);
    write_gzip("train-images.idx3-ubyte.gz", IMAGES, sizeof IMAGES);
    write_bytes("train-labels.idx1-ubyte", LABELS, sizeof LABELS);
    Dataset *packed = load(folder, DATASET_TRAIN);
    assert_string_equal(plain->sha256, packed->sha256);
    dataset_free(plain);
    dataset_free(packed);
}

static void another_scale_is_applied(void **state)
{
    (void)state;
    write_good_test_split();
    Dataset *dataset = NULL;
    double scale = 0.5;
    assert_int_equal(dataset_load(folder, DATASET_TEST, &scale, &dataset), OK);
    float pixels[4];
    dataset_read(dataset, 0, 1, pixels);
    assert_true(pixels[3] == 1.5f);
    dataset_free(dataset);
    dataset = NULL;
    scale = NAN;
    assert_int_equal(dataset_load(folder, DATASET_TEST, &scale, &dataset), ERR_USAGE);
}

/* One spoiled IDX file: `at` gets `value`, and the file ends after `length` bytes. */
static void spoil(const char *name, const uint8_t *bytes, size_t length, size_t at, uint8_t value)
{
    uint8_t copy[64] = {0};
    memcpy(copy, bytes, length < 28 ? length : 28);
    copy[at] = value;
    write_good_test_split();
    write_bytes(name, copy, length);
}

static void lying_idx_files_are_refused(void **state)
{
    (void)state;
    const char *images = "t10k-images-idx3-ubyte", *labels = "t10k-labels-idx1-ubyte";
    spoil(images, IMAGES, sizeof IMAGES, 0, 'P');
    expect_refusal(folder, DATASET_TEST, "not an IDX file: it starts with bytes 50 00");
    spoil(images, IMAGES, sizeof IMAGES, 2, 0x0d);
    expect_refusal(folder, DATASET_TEST, "type 0x0d, expected 0x08");
    spoil(images, IMAGES, sizeof IMAGES, 3, 9);
    expect_refusal(folder, DATASET_TEST, "has 9 dimensions, expected 2 to 5");
    spoil(labels, LABELS, sizeof LABELS, 3, 2);
    expect_refusal(folder, DATASET_TEST, "has 2 dimensions, expected 1 to 1");
    spoil(images, IMAGES, sizeof IMAGES, 11, 0);
    expect_refusal(folder, DATASET_TEST, "dimension 2 is 0");
    spoil(images, IMAGES, sizeof IMAGES, 4, 0xff);
    expect_refusal(folder, DATASET_TEST, "claims more than");
    spoil(images, IMAGES, sizeof IMAGES, 4, 0x01);
    expect_refusal(folder, DATASET_TEST, "has 28 bytes, expected 67108892 by its header");
    spoil(images, IMAGES, sizeof IMAGES + 1, 4, 0);
    expect_refusal(folder, DATASET_TEST, "has 29 bytes, expected 28");
    spoil(images, IMAGES, sizeof IMAGES - 1, 4, 0);
    expect_refusal(folder, DATASET_TEST, "has 27 bytes, expected 28");
    spoil(images, IMAGES, 6, 4, 0);
    expect_refusal(folder, DATASET_TEST, "ends after");
    spoil(labels, LABELS, sizeof LABELS - 1, 7, 2);
    expect_refusal(folder, DATASET_TEST, "3 images in");
    write_good_test_split();
    expect_refusal(folder, DATASET_TRAIN, "has no train-images-idx3-ubyte");
}

static void lying_gzip_files_are_refused(void **state)
{
    (void)state;
    const char *name = "t10k-images-idx3-ubyte.gz";
    uint8_t longer[sizeof IMAGES + 1] = {0};
    memcpy(longer, IMAGES, sizeof IMAGES);
    write_bytes("t10k-labels-idx1-ubyte", LABELS, sizeof LABELS);

    write_gzip(name, longer, sizeof longer);
    expect_refusal(folder, DATASET_TEST, "has bytes after its 12 values");
    write_gzip(name, IMAGES, sizeof IMAGES - 1);
    expect_refusal(folder, DATASET_TEST, "ends after 11 of 12 bytes");
    longer[4] = 1;
    write_gzip(name, longer, sizeof longer);
    expect_refusal(folder, DATASET_TEST, "claims 67108876 values, but has only");

    write_gzip(name, IMAGES, sizeof IMAGES);
    Buffer bytes = {0};
    assert_int_equal(fs_read_file(in_folder(name), 1000, &bytes), OK);
    bytes.data[bytes.length - 6] ^= 1; /* in the checksum */
    write_bytes(name, bytes.data, bytes.length);
    expect_refusal(folder, DATASET_TEST, "gzip");
    write_bytes(name, bytes.data, bytes.length - 9); /* cut in the data */
    expect_refusal(folder, DATASET_TEST, "the end of the gzip data is missing");
    buffer_free(&bytes);
}

/* ---- HDF5 --------------------------------------------------------------------------------------
 */

static void write_array(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims,
                        const void *values)
{
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

/* Two images of 3x2 with float pixels, and labels. */
static const char *write_h5(const char *x_name, const float *pixels, const int32_t *labels)
{
    const char *path = in_folder("set.h5");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_array(file, x_name, H5T_NATIVE_FLOAT, 3, (const hsize_t[]){2, 3, 2}, pixels);
    write_array(file, "y", H5T_NATIVE_INT32, 2, (const hsize_t[]){2, 1}, labels);
    H5Fclose(file);
    return path;
}

static void h5_datasets_are_read(void **state)
{
    (void)state;
    float pixels[12];
    for (int i = 0; i < 12; i++)
        pixels[i] = (float)i / 8;
    const char *path = write_h5("x", pixels, (const int32_t[]){7, 0});
    Dataset *dataset = load(path, DATASET_TEST);
    assert_int_equal(dataset->count, 2);
    assert_true(shape_equal(dataset->shape, shape_of(3, 3, 2, 1)));
    assert_int_equal(dataset->classes, 8);
    assert_true(dataset->scale == 1.0);
    float found[6];
    dataset_read(dataset, 1, 1, found);
    assert_memory_equal(found, pixels + 6, sizeof found);
    dataset_free(dataset);
}

static void bad_h5_datasets_are_refused(void **state)
{
    (void)state;
    float pixels[12] = {0};
    expect_refusal(write_h5("x_wrong", pixels, (const int32_t[]){1, 0}), DATASET_TEST, "\"x\"");
    expect_refusal(write_h5("x", pixels, (const int32_t[]){-1, 0}), DATASET_TEST,
                   "label -1 of image 0");
    expect_refusal(write_h5("x", pixels, (const int32_t[]){1, 70000}), DATASET_TEST,
                   "label 70000 of image 1");
    pixels[8] = INFINITY;
    expect_refusal(write_h5("x", pixels, (const int32_t[]){1, 0}), DATASET_TEST,
                   "image 1 has a pixel that is not a number");

    const char *path = in_folder("kinds.h5");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    double wide[4] = {0};
    write_array(file, "x_test", H5T_NATIVE_DOUBLE, 2, (const hsize_t[]){2, 2}, wide);
    write_array(file, "x_train", H5T_NATIVE_FLOAT, 2, (const hsize_t[]){2, 2}, pixels);
    write_array(file, "y_train", H5T_NATIVE_FLOAT, 1, (const hsize_t[]){2}, pixels);
    H5Fclose(file);
    expect_refusal(path, DATASET_TEST, "pixels are float64, expected uint8 or float32");
    expect_refusal(path, DATASET_TRAIN, "expected integer labels");
}

static void other_paths_are_refused(void **state)
{
    (void)state;
    write_bytes("note.txt", "hello", 5);
    expect_refusal(in_folder("note.txt"), DATASET_TEST, "is not a dataset");
    expect_refusal(in_folder("nothing"), DATASET_TEST, "no such folder or file");
}

/* ---- fitting a model ---------------------------------------------------------------------------
 */

static void images_must_fit_the_model(void **state)
{
    (void)state;
    uint8_t images[16 + 27 * 28] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 27, 0, 0, 0, 28};
    write_bytes("t10k-images-idx3-ubyte", images, sizeof images);
    write_bytes("t10k-labels-idx1-ubyte", (uint8_t[]){0, 0, 8, 1, 0, 0, 0, 1, 9}, 9);
    Dataset *dataset = load(folder, DATASET_TEST);
    assert_int_equal(dataset_fit(dataset, shape_of(3, 28, 28, 1), 10), ERR_REFUSED);
    expect_words("images are 27x28x1, but the model expects 28x28x1");
    assert_int_equal(dataset_fit(dataset, shape_of(3, 28, 27, 1), 10), ERR_REFUSED);
    assert_int_equal(dataset_fit(dataset, shape_of(3, 27, 28, 1), 9), ERR_REFUSED);
    expect_words("label 9 of image 0 is beyond the model's 9 classes (0 to 8)");
    assert_int_equal(dataset_fit(dataset, shape_of(2, 27, 28), 10), OK);
    assert_true(shape_equal(dataset->shape, shape_of(2, 27, 28)));
    assert_int_equal(dataset_fit(dataset, shape_of(1, 27 * 28), 10), OK);
    assert_true(shape_equal(dataset->shape, shape_of(1, 27 * 28)));
    dataset_free(dataset);
}

static void the_sample_is_the_original_mnist(void **state)
{
    (void)state;
    Dataset *test = load("samples/mnist", DATASET_TEST);
    assert_int_equal(test->count, 10000);
    assert_int_equal(test->classes, 10);
    assert_int_equal(test->labels[0], 7);
    assert_int_equal(dataset_fit(test, shape_of(3, 28, 28, 1), 10), OK);
    dataset_free(test);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(idx_files_are_read),
        IN_FOLDER(every_byte_is_scaled_as_keras_users_do),
        IN_FOLDER(gzip_and_the_other_spelling_are_read),
        IN_FOLDER(another_scale_is_applied),
        IN_FOLDER(lying_idx_files_are_refused),
        IN_FOLDER(lying_gzip_files_are_refused),
        IN_FOLDER(h5_datasets_are_read),
        IN_FOLDER(bad_h5_datasets_are_refused),
        IN_FOLDER(other_paths_are_refused),
        IN_FOLDER(images_must_fit_the_model),
        cmocka_unit_test(the_sample_is_the_original_mnist),
        IN_FOLDER(a_sample_is_drawn_by_its_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
