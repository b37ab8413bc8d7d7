#include "data/dataset.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/h5.h"
#include "base/quarantine.h"
#include "base/rng.h"
#include "data/source.h"

/* Labels are class numbers; more classes than this are a mistake in the file. */
enum { MAX_CLASSES = 65536 };

/* ---- checks ------------------------------------------------------------------------------------
 */

static Status check_counts(const char *path, const Samples *samples)
{
    if (samples->count != samples->label_count)
        return error_set(ERR_REFUSED, "%s: %lld images in %s, but %lld labels in %s", path,
                         (long long)samples->count, samples->images_place,
                         (long long)samples->label_count, samples->labels_place);
    if (shape_elements(samples->shape) < 1)
        return error_set(ERR_REFUSED, "%s: one image is empty or too large", samples->images_place);
    return OK;
}

static Status check_finite(const char *path, const Samples *samples, int64_t elements)
{
    for (int64_t i = 0; samples->values && i < samples->count * elements; i++)
        if (!isfinite(samples->values[i]))
            return error_set(ERR_REFUSED, "%s: %s: image %lld has a pixel that is not a number",
                             path, samples->images_place, (long long)(i / elements));
    return OK;
}

/* Labels as int32; finds the number of classes. */
static Status adopt_labels(const Samples *samples, Dataset *dataset)
{
    int32_t *labels = ARENA_ARRAY(dataset->arena, int32_t, samples->count);
    for (int64_t i = 0; i < samples->count; i++) {
        int64_t label = samples->labels[i];
        if (label < 0 || label >= MAX_CLASSES)
            return error_set(ERR_REFUSED, "%s: %s: label %lld of image %lld is not in 0 to %d",
                             dataset->path, samples->labels_place, (long long)label, (long long)i,
                             MAX_CLASSES - 1);
        labels[i] = (int32_t)label;
        if (label >= dataset->classes)
            dataset->classes = (int)label + 1;
    }
    dataset->labels = labels;
    return OK;
}

/* A grey image of 28x28 has one channel: 28x28x1. */
static Shape with_channels(Shape shape)
{
    if (shape.rank == 2)
        shape.dim[shape.rank++] = 1;
    return shape;
}

static void hash_content(Dataset *dataset)
{
    size_t values = (size_t)(dataset->count * shape_elements(dataset->shape));
    char shape[SHAPE_TEXT_BYTES];
    shape_format(dataset->shape, shape);
    Hash *hash = hash_new();
    hash_update(hash, dataset->bytes ? "uint8 " : "float32 ", dataset->bytes ? 6 : 8);
    hash_update(hash, shape, strlen(shape));
    if (dataset->bytes)
        hash_update(hash, dataset->bytes, values);
    else
        hash_update(hash, dataset->values, values * sizeof *dataset->values);
    hash_update(hash, dataset->labels, (size_t)dataset->count * sizeof *dataset->labels);
    hash_finish(hash, dataset->sha256);
}

/* ---- loading -----------------------------------------------------------------------------------
 */

/* The same reading of an HDF5 file, for its outcome only. */
static Status try_split(const char *path, DatasetSplit split)
{
    Arena *arena = arena_new();
    Samples samples = {0};
    Status status = h5_samples_read(path, split, arena, &samples);
    arena_free(arena);
    return status;
}

static Status try_train(const char *path)
{
    return try_split(path, DATASET_TRAIN);
}

static Status try_test(const char *path)
{
    return try_split(path, DATASET_TEST);
}

static Status read_samples(const char *path, DatasetSplit split, Arena *arena, Samples *samples)
{
    if (!fs_exists(path))
        return error_set(ERR_REFUSED, "%s: there is no such folder or file", path);
    if (fs_is_folder(path))
        return idx_read(path, split, arena, samples);
    if (h5_is_h5(path)) {
        TRY(quarantine_try(split == DATASET_TRAIN ? try_train : try_test, path));
        return h5_samples_read(path, split, arena, samples);
    }
    return error_set(ERR_REFUSED,
                     "%s: is not a dataset: expected a folder with IDX files "
                     "(train-images-idx3-ubyte and the like), or an HDF5 file with "
                     "x_train, y_train, x_test, y_test or x, y",
                     path);
}

static Status fill(Dataset *dataset, DatasetSplit split, const double *scale)
{
    Samples samples = {0};
    TRY(read_samples(dataset->path, split, dataset->arena, &samples));
    TRY(check_counts(dataset->path, &samples));
    TRY(check_finite(dataset->path, &samples, shape_elements(samples.shape)));
    TRY(adopt_labels(&samples, dataset));
    dataset->count = samples.count;
    dataset->shape = with_channels(samples.shape);
    dataset->bytes = samples.bytes;
    dataset->values = samples.values;
    dataset->scale = scale ? *scale : samples.bytes ? 1.0 / 255 : 1.0;
    hash_content(dataset);
    return OK;
}

Status dataset_load(const char *path, DatasetSplit split, const double *scale, Dataset **dataset)
{
    if (scale && !(isfinite(*scale) && *scale > 0))
        return error_set(ERR_USAGE, "the scale of pixels is %g, expected a number above 0", *scale);
    Arena *arena = arena_new();
    Dataset *fresh = ARENA_NEW(arena, Dataset);
    fresh->arena = arena;
    fresh->path = arena_strdup(arena, path);
    Status status = fill(fresh, split, scale);
    if (status == OK)
        *dataset = fresh;
    else
        arena_free(arena);
    return status;
}

bool dataset_has_split(const char *path, DatasetSplit split)
{
    return fs_is_folder(path) ? idx_has_split(path, split) : h5_samples_has_split(path, split);
}

void dataset_free(Dataset *dataset)
{
    if (dataset)
        arena_free(dataset->arena);
}

/* ---- use ---------------------------------------------------------------------------------------
 */

static Shape without_ones(Shape shape)
{
    Shape bare = {0};
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] != 1)
            bare.dim[bare.rank++] = shape.dim[i];
    return bare;
}

/* The same pixels in the same order: equal but for dimensions of 1, or one side is flat. */
static bool fits(Shape image, Shape input)
{
    if (shape_elements(image) != shape_elements(input))
        return false;
    return image.rank == 1 || input.rank == 1 ||
           shape_equal(without_ones(image), without_ones(input));
}

Status dataset_fit(Dataset *dataset, Shape input, int64_t classes)
{
    if (!fits(dataset->shape, input)) {
        char found[SHAPE_TEXT_BYTES], expected[SHAPE_TEXT_BYTES];
        return error_set(ERR_REFUSED,
                         "%s: images are %s, but the model expects %s; choose the dataset that "
                         "the model was trained on",
                         dataset->path, shape_format(dataset->shape, found),
                         shape_format(input, expected));
    }
    for (int64_t i = 0; i < dataset->count; i++)
        if (dataset->labels[i] >= classes)
            return error_set(ERR_REFUSED,
                             "%s: label %d of image %lld is beyond the model's %lld classes "
                             "(0 to %lld)",
                             dataset->path, dataset->labels[i], (long long)i, (long long)classes,
                             (long long)classes - 1);
    dataset->shape = input;
    return OK;
}

void dataset_truncate(Dataset *dataset, int64_t count)
{
    assert(count >= 0);
    if (count < dataset->count)
        dataset->count = count;
}

/* Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): each of the subsets is as likely. */
static void choose_images(int64_t total, int64_t count, uint64_t seed, int64_t *chosen)
{
    Rng rng = rng_seed(seed);
    int64_t taken = 0;
    for (int64_t i = 0; taken < count; i++)
        if ((int64_t)rng_below(&rng, (uint64_t)(total - i)) < count - taken)
            chosen[taken++] = i;
}

void dataset_sample(Dataset *dataset, int64_t count, uint64_t seed)
{
    assert(count >= 0);
    if (count >= dataset->count)
        return;
    Arena *arena = dataset->arena;
    int64_t elements = shape_elements(dataset->shape);
    int64_t *chosen = ARENA_ARRAY(arena, int64_t, count);
    choose_images(dataset->count, count, seed, chosen);
    uint8_t *bytes = dataset->bytes ? ARENA_ARRAY(arena, uint8_t, count * elements) : NULL;
    float *values = dataset->values ? ARENA_ARRAY(arena, float, count *elements) : NULL;
    int32_t *labels = ARENA_ARRAY(arena, int32_t, count);
    assert(bytes || values);
    for (int64_t i = 0; i < count; i++) {
        size_t size = (size_t)elements;
        labels[i] = dataset->labels[chosen[i]];
        if (bytes)
            memcpy(bytes + i * elements, dataset->bytes + chosen[i] * elements, size);
        else
            memcpy(values + i * elements, dataset->values + chosen[i] * elements,
                   size * sizeof *values);
    }
    dataset->bytes = bytes;
    dataset->values = values;
    dataset->labels = labels;
    dataset->count = count;
}

static void scale_bytes(const uint8_t *bytes, double scale, int64_t count, float *images)
{
    float table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (float)(i * scale);
    for (int64_t i = 0; i < count; i++)
        images[i] = table[bytes[i]];
}

void dataset_read(const Dataset *dataset, int64_t first, int64_t count, float *images)
{
    assert(first >= 0 && count >= 0 && first + count <= dataset->count);
    int64_t elements = shape_elements(dataset->shape);
    int64_t start = first * elements, values = count * elements;
    if (dataset->bytes) {
        scale_bytes(dataset->bytes + start, dataset->scale, values, images);
        return;
    }
    for (int64_t i = 0; i < values; i++)
        images[i] = (float)(dataset->values[start + i] * dataset->scale);
}
