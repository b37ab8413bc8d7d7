/* histograms.h: what quantization saw of each tensor, kept in a file beside the run.
 *
 *     {"format": "dnn2fpga histograms", "version": 1, "ops": [
 *       {"name": "conv_1", "clip": 1.42,
 *        "outputs": {"count": 811200, "zeros": 390123, "minimum": 0.0, "maximum": 1.42,
 *                    "mean": 0.11, "bin_width": 0.00048828125,
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

#endif
