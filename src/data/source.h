/* source.h: what a reader of one file format hands to dataset.c, which checks the rest.
 *
 * A reader fills a Samples from files that it does not trust: sizes are compared with the bytes
 * that are there before memory is taken. dataset.c then checks that images and labels agree.
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "data/dataset.h"

/* The largest set of images that is read, in bytes. */
#define SAMPLES_MAX_BYTES ((int64_t)1 << 31)

typedef struct Samples {
    int64_t count;
    Shape shape;    /* of one image, as the file has it */
    uint8_t *bytes; /* one of the two is set */
    float *values;
    int64_t label_count;
    int64_t *labels;          /* as the file has them */
    const char *images_place; /* for messages: the file or dataset of the images */
    const char *labels_place;
} Samples;

/* A folder with the four files of MNIST; either spelling, plain or .gz. */
Status idx_read(const char *folder, DatasetSplit split, Arena *arena, Samples *samples) MUST_CHECK;

bool idx_has_split(const char *folder, DatasetSplit split);

/* One HDF5 file with x_train, y_train, x_test, y_test or x, y. */
Status h5_samples_read(const char *path, DatasetSplit split, Arena *arena,
                       Samples *samples) MUST_CHECK;
bool h5_samples_has_split(const char *path, DatasetSplit split);

#endif
