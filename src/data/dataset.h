/* dataset.h: images with labels, whatever file they came from.
 *
 *     Dataset *test = NULL;
 *     TRY(dataset_load("samples/mnist", DATASET_TEST, NULL, &test));
 *     TRY(dataset_fit(test, graph_input_shape(graph), classes));
 *     dataset_read(test, 0, 25, images);     // 25 images as float32
 *     dataset_free(test);
 *
 * `path` is a folder with IDX files of the MNIST naming (plain or .gz), or an HDF5 file with
 * datasets x_train, y_train, x_test, y_test or x, y. Pixels stay as stored (uint8 or float32);
 * dataset_read() applies the preprocessing: value * scale, 1/255 by default for 8-bit images.
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/tensor.h"

typedef enum DatasetSplit { DATASET_TRAIN, DATASET_TEST } DatasetSplit;

typedef struct Dataset {
    Arena *arena;
    const char *path;
    int64_t count;               /* images */
    Shape shape;                 /* of one image, e.g. 28x28x1 */
    const uint8_t *bytes;        /* count * elements, or NULL */
    const float *values;         /* count * elements, or NULL: one of the two is set */
    const int32_t *labels;       /* count; each in 0..classes-1 */
    int classes;                 /* highest label + 1 */
    double scale;                /* what dataset_read() multiplies with */
    char sha256[HASH_HEX_BYTES]; /* of pixels, shape and labels, not of the container */
} Dataset;

/* `scale` NULL takes the default: 1/255 for 8-bit pixels, 1 for floats. A missing split is
 * ERR_REFUSED with the names that were looked for. `*dataset` is owned by the caller. */
Status dataset_load(const char *path, DatasetSplit split, const double *scale,
                    Dataset **dataset) MUST_CHECK;

/* Whether the split is there at all, readable or not. */
bool dataset_has_split(const char *path, DatasetSplit split);
void dataset_free(Dataset *dataset);

/* Checks that the images fit the model's input (28x28 fits 28x28x1 and 784) and that every label
 * is below `classes`; adopts the model's shape. */
Status dataset_fit(Dataset *dataset, Shape input, int64_t classes) MUST_CHECK;

/* Keeps the first `count` images only; no effect when there are fewer. */
void dataset_truncate(Dataset *dataset, int64_t count);

/* Keeps `count` images drawn without repetition by `seed`, in their order; no effect when there are
 * no more. The hash stays that of all images. */
void dataset_sample(Dataset *dataset, int64_t count, uint64_t seed);

/* Images first .. first+count-1 as float32 (count, elements), preprocessed. */
void dataset_read(const Dataset *dataset, int64_t first, int64_t count, float *images);

#endif
