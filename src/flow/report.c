#include "flow/report.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 15 digits: any decimal number of that length comes back as it was written. */
enum { REAL_DIGITS = 15, PATH_BYTES = 256 };

static const char *const KEYS[] = {"run",       "status",      "message",   "model",
                                   "dataset",   "preparation", "baseline",  "ladder",
                                   "quantized", "hardware",    "synthesis", "netlist",
                                   "mutation",  "stages",      "tools",     "seed"};

json_t *report_new(void)
{
    json_t *report = json_object();
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        json_object_set_new(report, KEYS[i], json_null());
    json_object_set_new(report, "stages", json_array());
    json_object_set_new(report, "tools", json_object());
    return report;
}

char *report_format(const json_t *report, bool indented)
{
    size_t layout = indented ? JSON_INDENT(2) : JSON_COMPACT;
    return json_dumps(report, layout | JSON_REAL_PRECISION(REAL_DIGITS));
}

json_t *report_parse(const char *text)
{
    json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_object_get(report, "run") && json_object_get(report, "status"))
        return report;
    json_decref(report);
    return NULL;
}

/* One step down: a key of an object or an index of an array. */
static const json_t *child(const json_t *node, const char *step)
{
    if (json_is_object(node))
        return json_object_get(node, step);
    if (json_is_array(node) && isdigit((unsigned char)step[0]))
        return json_array_get(node, strtoul(step, NULL, 10));
    return NULL;
}

const json_t *report_at(const json_t *report, const char *path)
{
    char steps[PATH_BYTES];
    if (strlen(path) >= sizeof steps)
        return NULL;
    snprintf(steps, sizeof steps, "%s", path);
    const json_t *node = report;
    char *rest = NULL;
    for (char *step = strtok_r(steps, ".", &rest); step && node; step = strtok_r(NULL, ".", &rest))
        node = child(node, step);
    return node;
}

double report_number(const json_t *report, const char *path, double fallback)
{
    const json_t *value = report_at(report, path);
    if (json_is_boolean(value))
        return json_is_true(value);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

const char *report_text(const json_t *report, const char *path, const char *fallback)
{
    const json_t *value = report_at(report, path);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

bool report_flag(const json_t *report, const char *path, bool fallback)
{
    const json_t *value = report_at(report, path);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

void report_append_value(const json_t *value, Buffer *text)
{
    if (json_is_string(value)) {
        buffer_append_text(text, json_string_value(value));
    } else if (json_is_real(value)) {
        buffer_printf(text, "%.6g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        buffer_append_text(text, json_is_true(value) ? "yes" : "no");
    } else {
        char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        buffer_append_text(text, json_is_null(value) || !dump ? "-" : dump);
        free(dump);
    }
}

void report_value_text(const json_t *value, char *text, size_t size)
{
    Buffer whole = {0};
    report_append_value(value, &whole);
    snprintf(text, size, "%s", whole.data ? whole.data : "");
    buffer_free(&whole);
}

static const char *const FIGURE_PATHS[FIGURES] = {
    [FIGURE_BASELINE_ACCURACY] = "baseline.accuracy",
    [FIGURE_QUANTIZED_ACCURACY] = "quantized.accuracy",
    [FIGURE_HARDWARE_ACCURACY] = "hardware.accuracy",
    [FIGURE_BASELINE_BYTES] = "baseline.bytes",
    [FIGURE_QUANTIZED_BYTES] = "quantized.bytes",
    [FIGURE_BASELINE_LATENCY_US] = "baseline.latency_us_batch1",
    [FIGURE_QUANTIZED_LATENCY_US] = "quantized.latency_us_batch1",
    [FIGURE_HARDWARE_LATENCY_US] = "hardware.latency_us",
    [FIGURE_BIT_EXACT] = "hardware.bit_exact",
    [FIGURE_SIMULATED_IMAGES] = "hardware.images",
    [FIGURE_LATENCY_CYCLES] = "hardware.latency_cycles",
    [FIGURE_INTERVAL_CYCLES] = "hardware.interval_cycles",
    [FIGURE_PREDICTED_LATENCY_CYCLES] = "hardware.predicted_latency_cycles",
    [FIGURE_PREDICTED_INTERVAL_CYCLES] = "hardware.predicted_interval_cycles",
    [FIGURE_SYNTHESIS_LUT] = "synthesis.lut",
    [FIGURE_SYNTHESIS_FF] = "synthesis.ff",
    [FIGURE_SYNTHESIS_DSP] = "synthesis.dsp",
    [FIGURE_SYNTHESIS_BRAM] = "synthesis.bram",
    [FIGURE_FMAX_MHZ] = "synthesis.fmax_mhz",
    [FIGURE_FITS] = "synthesis.fits",
    [FIGURE_NETLIST_BIT_EXACT] = "netlist.bit_exact",
};

RunFigures report_figures(const json_t *report)
{
    RunFigures figures;
    for (int i = 0; i < FIGURES; i++)
        figures.values[i] = report_number(report, FIGURE_PATHS[i], NAN);
    double trained = report_number(report, "training.accuracy", NAN);
    if (!isnan(trained))
        figures.values[FIGURE_BASELINE_ACCURACY] = trained;
    return figures;
}

json_t *report_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *report_string(const char *text)
{
    const char *known = text ? text : "";
    json_t *string = json_string(known);
    if (string)
        return string;
    char *ascii = strdup(known);
    for (char *at = ascii; at && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    string = json_string(ascii ? ascii : "");
    free(ascii);
    return string;
}
