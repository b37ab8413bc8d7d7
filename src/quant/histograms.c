#include "quant/histograms.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

static json_t *bins_to_json(const int64_t *bins)
{
    int used = OBSERVATION_BINS;
    while (used > 0 && bins[used - 1] == 0)
        used--;
    json_t *list = json_array();
    for (int i = 0; i < used; i++)
        json_array_append_new(list, json_integer(bins[i]));
    return list;
}

/* Formats without an end, as binary32 has, are null. */
static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *observation_to_json(const Observation *seen)
{
    if (seen->count == 0)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "count", json_integer(seen->count));
    json_object_set_new(object, "zeros", json_integer(seen->zeros));
    json_object_set_new(object, "minimum", json_real((double)seen->minimum));
    json_object_set_new(object, "maximum", json_real((double)seen->maximum));
    json_object_set_new(object, "mean", json_real(observation_mean(seen)));
    json_object_set_new(object, "sum", json_real(seen->sum));
    json_object_set_new(object, "sum_squares", json_real(seen->sum_squares));
    json_object_set_new(object, "bin_width", json_real(seen->bin_width));
    json_object_set_new(object, "positive", bins_to_json(seen->positive));
    json_object_set_new(object, "negative", bins_to_json(seen->negative));
    return object;
}

static json_t *histograms_to_json(const Quantized *quantized)
{
    json_t *ops = json_array();
    for (int i = 0; i < quantized->model->count; i++) {
        const Op *op = &quantized->model->ops[i];
        json_t *row = json_object();
        json_object_set_new(row, "name", json_string(op->name));
        json_object_set_new(row, "clip", real_or_null(op->clip));
        json_object_set_new(row, "outputs", observation_to_json(&quantized->outputs[i]));
        json_object_set_new(row, "weights", observation_to_json(&quantized->weights[i]));
        json_array_append_new(ops, row);
    }
    return json_pack("{s:s, s:i, s:o}", "format", "dnn2fpga histograms", "version", 2, "ops", ops);
}

Status histograms_write(const Quantized *quantized, const char *path)
{
    json_t *object = histograms_to_json(quantized);
    char *text = json_dumps(object, JSON_REAL_PRECISION(17));
    json_decref(object);
    Status status = text ? fs_write_atomic(path, text, strlen(text))
                         : error_set(ERR_INTERNAL, "%s: a histogram is no JSON", path);
    free(text);
    return status;
}
