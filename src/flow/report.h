/* report.h: the result of a run as one JSON object.
 *
 * Names and order of the keys are fixed:
 *
 *     run, status, message, model, dataset, preparation, baseline, ladder, quantized, hardware,
 *     synthesis, netlist, mutation, stages [{name, status, seconds}], tools {name: version}, seed
 *
 * "hardware" has "folding", "estimate" and "energy" of plan_choice.h, and in each layer "pe_values" and
 * "simd_values": what --fold may be.
 * "synthesis" (stage synth), null where a device has no place and route here:
 *     {"device", "family", "part", "lut", "ff", "dsp", "bram",
 *      "available": {"lut", "ff", "dsp", "bram", "io"},
 *      "layers": [{"name", "lut", "ff", "dsp", "bram"}], "other": {"lut", "ff", "dsp", "bram"},
 *      "utilization": [{"name", "used", "available"}] of nextpnr, "fmax_mhz", "slowest_path":
 *      {"from", "to"} as layers, "fits", "reason", "ways_to_fit": [sentences], "lacks": what
 *      of clock and bitstream is missing, for want of which program, or null, "bitstream",
 *      "latency_us", "images_per_s", "interval_cycles" with the byte streams at the pins,
 *      "tools": {name: version}, "logs": [paths], "vendor_files": [paths], "seconds"}
 * "netlist", the netlist of ghdl --synth in another simulator:
 *     {"simulator", "version", "images", "values_compared", "bit_exact", "first_mismatch":
 *      {"image", "element", "got", "expected"}, "latency_cycles", "seconds", "build_seconds"}
 *
 * "preparation" tells what was done to the network before it was quantized:
 *     {"batch_norm": {"folded": [names], "kept": [names], "max_difference", "images"},
 *      "equalization": null or {"pairs", "ratio_before", "ratio_after", and these of integers after
 *          training: "accuracy_before", "accuracy_after", "sqnr_db_before", "sqnr_db_after"},
 *      "bias_correction": null or {the same four, "layers": [{"name", "mean_error_before",
 *          "mean_error_after"}]}}
 *
 * A section whose stage did not run is null. Floats are written with 15 digits: a report that is
 * read back and written again is the same text.
 */
#ifndef FLOW_REPORT_H
#define FLOW_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "db/store.h"

/* A report with every section null; owned by the caller. */
json_t *report_new(void);

/* Text that report_parse() reads back; indented for people, or on one line. Free with free(). */
char *report_format(const json_t *report, bool indented);
/* NULL when it is not a report. */
json_t *report_parse(const char *text);

/* The value at a path such as "quantized.layers.0.name"; NULL when a step is missing. Borrowed. */
const json_t *report_at(const json_t *report, const char *path);

/* Values at a path; `fallback` when missing, null or of another type. A boolean counts as 1 or 0.
 */
double report_number(const json_t *report, const char *path, double fallback);
const char *report_text(const json_t *report, const char *path, const char *fallback);
bool report_flag(const json_t *report, const char *path, bool fallback);

/* A value of any kind as people read it: a text as it is, reals with 6 digits, "yes" and "no", "-"
 * for null, lists and objects as JSON. The second one cuts what does not fit. */
void report_append_value(const json_t *value, Buffer *text);
void report_value_text(const json_t *value, char *text, size_t size);

/* The headline figures for the history's columns. */
RunFigures report_figures(const json_t *report);

/* NaN and infinities, which JSON has not, become null. */
json_t *report_real(double value);

/* Text that may hold anything (a message, a path): what is not UTF-8 becomes question marks. NULL
 * becomes "". */
json_t *report_string(const char *text);

#endif
