/* scheme_text.h: schemes as people write them: choices for one layer, and scheme files.
 *
 *     TRY(scheme_choose(&scheme, graph, "dense:bits=4,calibration=percentile:99.9"));
 *     TRY(scheme_write(&scheme, graph, sha256, "mine.scheme"));
 *     TRY(scheme_read("mine.scheme", graph, sha256, &scheme));
 *
 *     TRY(scheme_file_read("mine.scheme", arena, &file));      // to show it, to compare two
 *
 * The file has a section for each layer, in any order; a layer or key left out keeps what the
 * scheme has:
 *
 *     dnn2fpga scheme 1
 *     model 5f0c...                  (SHA-256 of the model file)
 *
 *     [dense]
 *     weight-bits = 4
 *     calibration = percentile:99.9
 *
 * Keys: bits (both), weight-bits, activation-bits, calibration, weight-calibration (same: as
 * calibration), clip and weight-clip (auto: calibrated), per-channel, average, range (symmetric,
 * unsigned, affine), scale (narrow, full), correct-bias, float. Yes and no for switches.
 */
#ifndef QUANT_SCHEME_TEXT_H
#define QUANT_SCHEME_TEXT_H

#include "base/arena.h"
#include "quant/scheme.h"

/* "NAME:key=value[,key=value...]". ERR_USAGE names the layer with its nearest match, or the key. */
Status scheme_choose(Scheme *scheme, const Graph *graph, const char *choice) MUST_CHECK;

/* ERR_USAGE names the nearest layer, or all. */
Status scheme_find_layer(const Graph *graph, const char *name, int *index) MUST_CHECK;

/* One key of layer `index`. */
Status scheme_set(Scheme *scheme, const Graph *graph, int index, const char *key,
                  const char *value) MUST_CHECK;

Status scheme_write(const Scheme *scheme, const Graph *graph, const char *sha256,
                    const char *path) MUST_CHECK;

/* ERR_REFUSED: not a scheme, or that of another model; names file and line. */
Status scheme_read(const char *path, const Graph *graph, const char *sha256,
                   Scheme *scheme) MUST_CHECK;

/* ---- files by themselves: no network is needed to show and to compare them ------------------- */

enum { SCHEME_MAX_SECTIONS = 4096 };

/* What a file says of a layer: a text for each key, as scheme_write() would write it; NULL: the key
 * is left out, and the options of the run decide. */
typedef struct SchemeSection {
    const char *layer;
    const char **values; /* scheme_key_count() */
} SchemeSection;

typedef struct SchemeFile {
    const char *model_sha256;
    SchemeSection *sections; /* in the order of the file */
    int count;
} SchemeFile;

/* Keys by number; the name of one that stands for others ("bits") is NULL: no value has it. */
int scheme_key_count(void);
const char *scheme_key_name(int key);

/* What a file would say of `row` under a key that has a name. */
enum { SCHEME_VALUE_BYTES = 64 };
const char *scheme_key_value(const LayerScheme *row, int key, char text[SCHEME_VALUE_BYTES]);

/* All in the arena. ERR_REFUSED: not a scheme; names file and line. */
Status scheme_file_read(const char *path, Arena *arena, SchemeFile *file) MUST_CHECK;

typedef struct SchemeDifference {
    const char *layer; /* NULL: the files are for different models */
    const char *key;
    const char *before, *after; /* NULL: left out */
} SchemeDifference;

/* How many; the list is in the arena, its texts are those of the files. */
int scheme_file_differences(const SchemeFile *before, const SchemeFile *after, Arena *arena,
                            const SchemeDifference **differences);

#endif
