/* scheme_text.h: schemes as people write them: choices for one layer, and scheme files.
 *
 *     TRY(scheme_choose(&scheme, graph, "dense:bits=4,calibration=percentile:99.9"));
 *     TRY(scheme_write(&scheme, graph, sha256, "mine.scheme"));
 *     TRY(scheme_read("mine.scheme", graph, sha256, &scheme));
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
 * calibration), clip (auto: calibrated), per-channel, average, range (symmetric, unsigned, affine),
 * scale (narrow, full), correct-bias, float. Yes and no for switches.
 */
#ifndef QUANT_SCHEME_TEXT_H
#define QUANT_SCHEME_TEXT_H

#include "base/buffer.h"
#include "quant/scheme.h"

/* "NAME:key=value[,key=value...]". ERR_USAGE names the layer with its nearest match, or the key. */
Status scheme_choose(Scheme *scheme, const Graph *graph, const char *choice) MUST_CHECK;

/* One key of layer `index`. */
Status scheme_set(Scheme *scheme, const Graph *graph, int index, const char *key,
                  const char *value) MUST_CHECK;

Status scheme_write(const Scheme *scheme, const Graph *graph, const char *sha256,
                    const char *path) MUST_CHECK;

/* ERR_REFUSED: not a scheme, or that of another model; names file and line. */
Status scheme_read(const char *path, const Graph *graph, const char *sha256,
                   Scheme *scheme) MUST_CHECK;

/* A line "layer: key old -> new" for each difference; how many. */
int scheme_differences(const Scheme *before, const Scheme *after, const Graph *graph, Buffer *text);

#endif
