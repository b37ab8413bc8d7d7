/* differences.h: every value where hardware and software part, for those who look for the fault.
 *
 * A proof that fails compares the streams of all layers once (hw/vectors.h), and leaves in its
 * folder
 *     differences.json   every layer of every image that differs: shape, scale, how many values of
 *                        each channel differ, where the first one is
 *     differences.bin    each such value: element, got, expected
 * so that a reader looks at one channel at a time, however large the network is.
 *
 *     Differences *differences = NULL;
 *     TRY(differences_open("run", &differences));
 *     const LayerDifferences *layer = &differences->layers[0];
 *     ValueDifference *values = calloc(layer->per_channel[3], sizeof *values);
 *     TRY(differences_read(differences, 0, 3, values));
 *     ... differences_real(layer, values[0].got) ...
 *     differences_free(differences);
 */
#ifndef FLOW_DIFFERENCES_H
#define FLOW_DIFFERENCES_H

#include <jansson.h>

#include "hw/vectors.h"

enum { DIFFERENCES_MOST_IMAGES = 16 }; /* that differ: further ones are counted only */

/* One layer's output of one image, channels-last; a vector is one pixel. */
typedef struct LayerDifferences {
    const char *layer, *entity; /* name in the model; of the VHDL library */
    int64_t image;              /* of the test images */
    int label;                  /* of that image */
    int64_t rows, columns, channels;
    int lanes; /* values that come with one beat of the stream */
    bool is_float;
    double scale; /* real = scale * (integer - zero_point); floats are bit patterns */
    int32_t zero_point;
    int64_t wrong, missing;     /* values that differ, and others that never came */
    int64_t first;              /* element; -1: all are equal */
    const int64_t *per_channel; /* (channels): wrong and missing */
    int64_t place;              /* of its first value in differences.bin */
} LayerDifferences;

typedef struct ValueDifference {
    int64_t row, column, channel, element;
    bool missing; /* the hardware put out nothing there: `got` means nothing */
    int32_t got, expected;
} ValueDifference;

/* What was looked at, and all layers of the images that differ, in stream order, image by image. */
typedef struct Differences {
    Arena *arena;
    const char *folder;
    int64_t first_image, images; /* tapped */
    int64_t differing_images;    /* of these */
    LayerDifferences *layers;
    int layer_count;
} Differences;

/* Compares the taps of `run`, and writes both files to `folder`; when nothing differs, none is left
 * there. */
Status differences_write(const char *folder, IntegerForward *forward, const Plan *plan,
                         const Dataset *dataset, const TapRun *run) MUST_CHECK;
/* Those of an earlier proof go. */
Status differences_forget(const char *folder) MUST_CHECK;
/* They are there. */
bool differences_kept(const char *folder);

/* ERR_ENVIRONMENT: there are none. ERR_REFUSED: a file that says what cannot be. */
Status differences_open(const char *folder, Differences **differences) MUST_CHECK;
void differences_free(Differences *differences);

enum { DIFFERENCES_ALL = -1 }; /* in the place of a channel */

/* Values of one channel that differ, by row and column: per_channel[channel] of them. Of all
 * channels, one after the other: wrong + missing. */
Status differences_read(const Differences *differences, int layer, int64_t channel,
                        ValueDifference *values) MUST_CHECK;

/* The clock beat of the layer's stream, within its image, that an element comes with. */
int64_t differences_beat(const LayerDifferences *layer, int64_t element);

/* A value in real units, and as it is written: an integer, or the number of a bit pattern. */
double differences_real(const LayerDifferences *layer, int32_t value);
void differences_text(const LayerDifferences *layer, int32_t value, char *text, size_t size);

/* For reports, without single values: {"tapped": {"first", "images"}, "differing_images",
 * "layers": [{"layer", "image", "label", "values", "wrong", "missing", "first": null or {"element",
 * "beat", "row", "column", "channel"}, "channels": [[channel, values that differ], ...]}]}. */
json_t *differences_to_json(const Differences *differences);
/* Sets "differences" of a report's section; null when there are none. */
Status differences_add(const char *folder, json_t *section) MUST_CHECK;
/* One channel of it: [{"row", "column", "element", "beat", "got", "expected", "got_real",
 * "expected_real"}]; `got` null: missing. */
Status differences_channel_to_json(const Differences *differences, int layer, int64_t channel,
                                   json_t **list) MUST_CHECK;

#endif
