/* h5_samples.c: images and labels as two datasets of an HDF5 file. */
#include "data/source.h"

#include "base/h5.h"

/* The names of a split, tried in this order; x and y serve both splits. */
static const char *const NAMES[2][2][2] = {
    [DATASET_TRAIN] = {{"x_train", "y_train"}, {"x", "y"}},
    [DATASET_TEST] = {{"x_test", "y_test"}, {"x", "y"}},
};

static Status read_images(const H5File *file, const char *name, Arena *arena, Samples *samples)
{
    H5Array array;
    TRY(h5_describe(file, name, &array));
    if (array.rank < 2 || array.rank > 1 + SHAPE_MAX_RANK)
        return error_set(ERR_REFUSED,
                         "dataset %s: has %d dimensions, expected 2 to %d: the first "
                         "counts the images",
                         name, array.rank, 1 + SHAPE_MAX_RANK);
    int64_t value_bytes = array.kind == H5_UINT8 ? 1 : (int64_t)sizeof(float);
    if (array.elements < 1 || array.elements > SAMPLES_MAX_BYTES / value_bytes)
        return error_set(ERR_REFUSED, "dataset %s: has %lld values; expected 1 to %lld", name,
                         (long long)array.elements, (long long)(SAMPLES_MAX_BYTES / value_bytes));
    samples->count = array.dim[0];
    samples->shape.rank = array.rank - 1;
    for (int i = 1; i < array.rank; i++)
        samples->shape.dim[i - 1] = array.dim[i];
    samples->images_place = name;
    if (array.kind == H5_UINT8) {
        samples->bytes = ARENA_ARRAY(arena, uint8_t, array.elements);
        return h5_read_bytes(file, &array, samples->bytes);
    }
    if (array.kind != H5_FLOAT32)
        return error_set(ERR_REFUSED, "dataset %s: pixels are %s, expected uint8 or float32", name,
                         array.type);
    samples->values = ARENA_ARRAY(arena, float, array.elements);
    return h5_read_floats(file, &array, samples->values);
}

static Status read_labels(const H5File *file, const char *name, Arena *arena, Samples *samples)
{
    H5Array array;
    TRY(h5_describe(file, name, &array));
    bool column = array.rank == 1 || (array.rank == 2 && array.dim[1] == 1);
    if (!column || (array.kind != H5_UINT8 && array.kind != H5_INTEGER))
        return error_set(ERR_REFUSED,
                         "dataset %s: is %s with %d dimensions, expected integer "
                         "labels, one an image",
                         name, array.type, array.rank);
    if (array.elements > SAMPLES_MAX_BYTES / (int64_t)sizeof(int64_t))
        return error_set(ERR_REFUSED, "dataset %s: has %lld labels", name,
                         (long long)array.elements);
    samples->label_count = array.elements;
    samples->labels_place = name;
    samples->labels = ARENA_ARRAY(arena, int64_t, array.elements);
    return h5_read_integers(file, &array, samples->labels);
}

static Status read_pair(const H5File *file, DatasetSplit split, Arena *arena, Samples *samples)
{
    for (int i = 0; i < 2; i++) {
        const char *const *pair = NAMES[split][i];
        if (!h5_has(file, pair[0]) && !h5_has(file, pair[1]))
            continue;
        TRY(read_images(file, pair[0], arena, samples));
        return read_labels(file, pair[1], arena, samples);
    }
    return error_set(ERR_REFUSED, "has neither datasets %s and %s nor x and y", NAMES[split][0][0],
                     NAMES[split][0][1]);
}

bool h5_samples_has_split(const char *path, DatasetSplit split)
{
    H5File *file = NULL;
    if (h5_open(path, &file) != OK)
        return false;
    bool has = false;
    for (int i = 0; i < 2; i++)
        has = has || h5_has(file, NAMES[split][i][0]);
    h5_close(file);
    return has;
}

Status h5_samples_read(const char *path, DatasetSplit split, Arena *arena, Samples *samples)
{
    H5File *file = NULL;
    TRY_IN(h5_open(path, &file), "%s", path);
    Status status = read_pair(file, split, arena, samples);
    h5_close(file);
    return status == OK ? OK : error_context(status, "%s", path);
}
