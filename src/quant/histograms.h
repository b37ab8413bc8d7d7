/* histograms.h: what quantization saw of each tensor, kept in a file beside the run.
 *
 *     {"format": "dnn2fpga histograms", "version": 2, "ops": [
 *       {"name": "conv_1", "clip": 1.42,
 *        "outputs": {"count": 811200, "zeros": 390123, "minimum": 0.0, "maximum": 1.42,
 *                    "mean": 0.11, "sum": 89232.0, "sum_squares": 17340.5,
 *                    "bin_width": 0.00048828125,
 *                    "positive": [12, 7, ...], "negative": []},
 *        "weights": {...}}]}
 *
 * Bin i holds the magnitudes i*bin_width <= |x| < (i+1)*bin_width of that sign; zeros are counted
 * apart, and empty bins at the end are left out. Outputs are the real values on the calibration
 * images; "clip" is where the format chosen for them ends; "weights" is null for operations that
 * have no kernel. The same run gives the same bytes.
 */
#ifndef QUANT_HISTOGRAMS_H
#define QUANT_HISTOGRAMS_H

#include "quant/quantizer.h"

Status histograms_write(const Quantized *quantized, const char *path) MUST_CHECK;

/* One operation of the file; an observation of count 0: it has none. */
typedef struct OpHistograms {
    const char *name;
    Observation outputs, weights;
} OpHistograms;

typedef struct Histograms {
    OpHistograms *ops;
    int count;
} Histograms;

/* The observations are those that were written, to the last bit. ERR_REFUSED: not such a file, or
 * one whose counts do not add up. */
Status histograms_read(const char *path, Arena *arena, Histograms *histograms) MUST_CHECK;

/* The operation of that name, or NULL. */
const OpHistograms *histograms_find(const Histograms *histograms, const char *name);

#endif
