#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "quant/histograms.h"

enum { FILE_CAP = 64 << 20, NAME_CAP = 255 };

static Status refuse(const char *reason)
{
    return error_set(ERR_REFUSED, "%s", reason);
}

/* ---- one observation ------------------------------------------------------------------------- */

/* Takes over the bins of one sign; what they hold is added to *total, which stays within count. */
static Status read_bins(const json_t *list, int64_t count, int64_t *bins, int64_t *total)
{
    if (!json_is_array(list) || json_array_size(list) > OBSERVATION_BINS)
        return refuse("bins are a list of at most 2048 counts");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        bins[i] = json_integer_value(item);
        if (!json_is_integer(item) || bins[i] < 0 || bins[i] > count - *total)
            return refuse("bins hold counts, together no more than there are values");
        *total += bins[i];
    }
    return OK;
}

static bool is_sound(const Observation *seen)
{
    double largest = observation_largest(seen);
    bool covered = largest > 0 ? seen->bin_width > 0 : seen->bin_width == 0;
    return observation_is_finite(seen) && seen->minimum <= seen->maximum && covered &&
           isfinite(seen->bin_width) && largest <= OBSERVATION_BINS * seen->bin_width &&
           isfinite(seen->sum) && isfinite(seen->sum_squares) && seen->sum_squares >= 0;
}

static Status read_observation(json_t *object, Observation *seen)
{
    *seen = (Observation){0};
    if (json_is_null(object))
        return OK;
    json_int_t count, zeros;
    double minimum, maximum, mean;
    json_t *positive, *negative;
    json_error_t fault;
    if (json_unpack_ex(object, &fault, JSON_STRICT,
                       "{s:I, s:I, s:F, s:F, s:F, s:F, s:F, s:F, s:o, s:o}", "count", &count,
                       "zeros", &zeros, "minimum", &minimum, "maximum", &maximum, "mean", &mean,
                       "sum", &seen->sum, "sum_squares", &seen->sum_squares, "bin_width",
                       &seen->bin_width, "positive", &positive, "negative", &negative) != 0)
        return refuse(fault.text);
    if (count < 1 || zeros < 0 || zeros > count)
        return refuse("zeros are from 0 to the number of values");
    seen->count = count;
    seen->zeros = zeros;
    seen->minimum = (float)minimum;
    seen->maximum = (float)maximum;
    int64_t total = zeros;
    TRY(read_bins(positive, count, seen->positive, &total));
    TRY(read_bins(negative, count, seen->negative, &total));
    if (total != count)
        return refuse("zeros and bins are not as many as there are values");
    return is_sound(seen) ? OK : refuse("range, sums and width of the bins do not fit each other");
}

/* ---- the file -------------------------------------------------------------------------------- */

static Status read_op(json_t *object, Arena *arena, OpHistograms *op)
{
    const char *name;
    json_t *clip, *outputs, *weights;
    json_error_t fault;
    if (json_unpack_ex(object, &fault, JSON_STRICT, "{s:s, s:o, s:o, s:o}", "name", &name, "clip",
                       &clip, "outputs", &outputs, "weights", &weights) != 0)
        return refuse(fault.text);
    if (strlen(name) > NAME_CAP)
        return refuse("a name is too long");
    op->name = arena_strdup(arena, name);
    TRY_IN(read_observation(outputs, &op->outputs), "%s: outputs", name);
    TRY_IN(read_observation(weights, &op->weights), "%s: weights", name);
    return OK;
}

static Status read_ops(const json_t *list, Arena *arena, Histograms *histograms)
{
    if (!json_is_array(list) || json_array_size(list) > MODEL_MAX_OPS)
        return refuse("\"ops\" is no list of operations");
    histograms->ops = ARENA_ARRAY(arena, OpHistograms, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(read_op(json_array_get(list, i), arena, &histograms->ops[histograms->count++]));
    return OK;
}

static Status read_text(const Buffer *text, Arena *arena, Histograms *histograms)
{
    json_error_t fault;
    json_t *object =
        json_loadb(text->data ? text->data : "", text->length, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        return error_set(ERR_REFUSED, "line %d: %s", fault.line, fault.text);
    const char *format = json_string_value(json_object_get(object, "format"));
    bool ours = format && strcmp(format, "dnn2fpga histograms") == 0 &&
                json_integer_value(json_object_get(object, "version")) == 2;
    Status status = ours ? read_ops(json_object_get(object, "ops"), arena, histograms)
                         : refuse("expected dnn2fpga histograms of version 2");
    json_decref(object);
    return status;
}

Status histograms_read(const char *path, Arena *arena, Histograms *histograms)
{
    *histograms = (Histograms){0};
    Buffer text = {0};
    Status status = fs_read_file(path, FILE_CAP, &text);
    if (status == OK) {
        status = read_text(&text, arena, histograms);
        if (status != OK)
            error_context(status, "%s", path);
    }
    buffer_free(&text);
    return status;
}

const OpHistograms *histograms_find(const Histograms *histograms, const char *name)
{
    for (int i = 0; i < histograms->count; i++)
        if (strcmp(histograms->ops[i].name, name) == 0)
            return &histograms->ops[i];
    return NULL;
}
