#include "quant/preview.h"

#include <math.h>

#include "quant/build_op.h"
#include "quant/histograms.h"

struct PreviewModel {
    Arena *arena;
    const Graph *graph;
    Lowering lowering;
    int *last_op;         /* of each layer of the graph; -1: it has none */
    Observation *outputs; /* one per operation, of count 0 until a file was read */
    Observation *weights; /* one per layer */
};

/* ---- the model ------------------------------------------------------------------------------- */

static void see_weights(PreviewModel *model)
{
    for (int i = 0; i < model->graph->count; i++) {
        const Tensor *kernel = &model->graph->layers[i].kernel;
        if (kernel->data)
            observation_add(&model->weights[i], kernel->data, shape_elements(kernel->shape));
    }
}

Status preview_model_new(const Graph *simplified, PreviewModel **model)
{
    Arena *arena = arena_new();
    PreviewModel *made = ARENA_NEW(arena, PreviewModel);
    *made = (PreviewModel){.arena = arena, .graph = simplified};
    Blockers blockers = {0};
    lower_graph(simplified, arena, &blockers, &made->lowering);
    Status status = blockers_refuse(&blockers, simplified->name);
    blockers_free(&blockers);
    if (status != OK) {
        arena_free(arena);
        return status;
    }
    made->outputs = ARENA_ARRAY(arena, Observation, made->lowering.count);
    made->weights = ARENA_ARRAY(arena, Observation, simplified->count);
    made->last_op = ARENA_ARRAY(arena, int, simplified->count);
    for (int i = 0; i < simplified->count; i++)
        made->last_op[i] = -1;
    for (int i = 0; i < made->lowering.count; i++)
        made->last_op[made->lowering.ops[i].layer] = i;
    see_weights(made);
    *model = made;
    return OK;
}

void preview_model_free(PreviewModel *model)
{
    if (model)
        arena_free(model->arena);
}

static Status take_all(const PreviewModel *model, const Histograms *histograms, const char *path,
                       Observation *outputs)
{
    for (int i = 0; i < model->lowering.count; i++) {
        const char *name = model->lowering.ops[i].op.name;
        const OpHistograms *found = histograms_find(histograms, name);
        if (!found || found->outputs.count == 0)
            return error_set(ERR_REFUSED, "%s: says nothing of %s: it is of another network", path,
                             name);
        outputs[i] = found->outputs;
    }
    return OK;
}

Status preview_model_take(PreviewModel *model, const char *path)
{
    Arena *scratch = arena_new();
    Histograms histograms;
    /* Others: a snapshot may still be looking at the ones there are. */
    Observation *outputs = ARENA_ARRAY(model->arena, Observation, model->lowering.count);
    Status status = histograms_read(path, scratch, &histograms);
    if (status == OK)
        status = take_all(model, &histograms, path, outputs);
    for (int i = 0; status != OK && i < model->lowering.count; i++)
        outputs[i].count = 0;
    model->outputs = outputs;
    arena_free(scratch);
    return status;
}

const PreviewModel *preview_model_snapshot(const PreviewModel *model, Arena *arena)
{
    PreviewModel *copy = ARENA_NEW(arena, PreviewModel);
    *copy = *model; /* what it points to does not change any more */
    return copy;
}

const Observation *preview_seen(const PreviewModel *model, int layer, PreviewTensor tensor)
{
    int op = model->last_op[layer];
    const Observation *seen = NULL;
    if (tensor == TENSOR_WEIGHTS)
        seen = &model->weights[layer];
    else if (op >= 0)
        seen = &model->outputs[op];
    return seen && seen->count > 0 && observation_is_finite(seen) ? seen : NULL;
}

/* ---- sums of squares ------------------------------------------------------------------------- */

static double decibels(double signal, double noise)
{
    if (noise <= 0)
        return SQNR_MAX_DB;
    double ratio = signal > 0 ? 10 * log10(signal / noise) : -SQNR_MAX_DB;
    return fmax(-SQNR_MAX_DB, fmin(SQNR_MAX_DB, ratio));
}

/* How many of the values of one sign have a magnitude above `reach`. */
static double count_above(const int64_t *bins, double width, double reach)
{
    double count = 0;
    for (int i = 0; i < OBSERVATION_BINS; i++) {
        double part = (i + 1) - reach / width; /* of the bin that lies above */
        count += (double)bins[i] * fmax(0, fmin(1, part));
    }
    return count;
}

static Preview preview_of_histogram(const Observation *seen, QuantParam format)
{
    double low = fixed_dequantize(format.low, format) - format.scale / 2;
    double high = fixed_dequantize(format.high, format) + format.scale / 2;
    double clipped = 0;
    if (seen->bin_width > 0) /* nothing lies beyond the extremes, though a bin may reach there */
        clipped = ((double)seen->maximum > high ? count_above(seen->positive, seen->bin_width, high)
                                                : 0) +
                  ((double)seen->minimum < low
                       ? count_above(seen->negative, seen->bin_width, fmax(0, -low))
                       : 0);
    double ends = fmax(fabs(fixed_dequantize(format.low, format)),
                       fabs(fixed_dequantize(format.high, format)));
    return (Preview){.known = true,
                     .clip = ends,
                     .step = format.scale,
                     .sqnr_db = decibels(seen->sum_squares, calibrator_squared_error(seen, format)),
                     .clipped_fraction = clipped / (double)seen->count};
}

/* ---- activations ----------------------------------------------------------------------------- */

static Preview preview_outputs(const PreviewModel *model, const Scheme *scheme, int layer)
{
    Blockers blockers = {0}; /* a width that does not fit is told when it is built */
    double *clips = NULL;
    Arena *scratch = arena_new();
    Builder builder = {.graph = model->graph,
                       .scheme = scheme,
                       .lowering = &model->lowering,
                       .observations = model->outputs,
                       .blockers = &blockers};
    int op = model->last_op[layer];
    clips = ARENA_ARRAY(scratch, double, model->lowering.count);
    /* The mean over batches is not known: all images count as one. */
    for (int i = 0; i <= op; i++)
        if (scheme->layers[model->lowering.ops[i].layer].mean_of_clips)
            clips[i] = build_op_clip(&builder, i, &model->outputs[i]);
    builder.clips = clips;
    Preview preview = preview_of_histogram(&model->outputs[op], build_op_format(&builder, op));
    blockers_free(&blockers);
    arena_free(scratch);
    return preview;
}

/* ---- weights --------------------------------------------------------------------------------- */

typedef struct WeightSums {
    double signal, noise;
    int64_t clipped, count;
} WeightSums;

/* Channels first..first+count-1 of a kernel of (rows, channels) share a format. */
typedef struct Slice {
    const float *values;
    int64_t rows, channels, first, count;
} Slice;

static Observation see_slice(const Slice *slice)
{
    Observation seen = {0};
    for (int64_t r = 0; r < slice->rows; r++)
        observation_add(&seen, slice->values + r * slice->channels + slice->first, slice->count);
    return seen;
}

static void add_slice(const Slice *slice, QuantParam format, WeightSums *sums)
{
    double reach = fixed_dequantize(format.high, format) + format.scale / 2;
    for (int64_t r = 0; r < slice->rows; r++)
        for (int64_t c = slice->first; c < slice->first + slice->count; c++) {
            double value = (double)slice->values[r * slice->channels + c];
            double error = fixed_dequantize(fixed_quantize(value, format), format) - value;
            sums->signal += value * value;
            sums->noise += error * error;
            sums->clipped += fabs(value) > reach;
            sums->count++;
        }
}

static Preview preview_weights(const PreviewModel *model, const LayerScheme *row, int layer)
{
    const Layer *info = &model->graph->layers[layer];
    int64_t channels = shape_channels(info->output_shape);
    int64_t groups = row->granularity == PER_CHANNEL ? channels : 1;
    Slice slice = {.values = info->kernel.data,
                   .rows = shape_elements(info->kernel.shape) / channels,
                   .channels = channels,
                   .count = channels / groups};
    WeightSums sums = {0};
    Preview preview = {.known = true};
    for (int64_t g = 0; g < groups; g++) {
        slice.first = g * slice.count;
        Observation seen = groups > 1 ? see_slice(&slice) : model->weights[layer];
        double clip = build_op_weight_clip(row, &seen);
        if (clip > 0) {
            QuantParam format = format_make(build_op_weight_rule(row), -clip, clip, clip);
            add_slice(&slice, format, &sums);
            preview.step = fmax(preview.step, format.scale);
            preview.clip = fmax(preview.clip, -fixed_dequantize(format.low, format));
        } else {
            sums.count += slice.rows * slice.count; /* all of them are 0, and stay so */
        }
    }
    preview.sqnr_db = decibels(sums.signal, sums.noise);
    preview.clipped_fraction = (double)sums.clipped / (double)sums.count;
    return preview;
}

Preview preview_choice(const PreviewModel *model, const Scheme *scheme, int layer,
                       PreviewTensor tensor)
{
    if (!preview_seen(model, layer, tensor))
        return (Preview){0};
    if (tensor == TENSOR_WEIGHTS)
        return preview_weights(model, &scheme->layers[layer], layer);
    return preview_outputs(model, scheme, layer);
}

/* ---- columns --------------------------------------------------------------------------------- */

typedef struct Columns {
    double low, width; /* of one column */
    int count;
    double *counts;
} Columns;

static void spread(const Columns *columns, double from, double to, double count)
{
    int first = (int)fmax(0, floor((from - columns->low) / columns->width));
    for (int i = first; i < columns->count; i++) {
        double left = columns->low + i * columns->width;
        double part = (fmin(to, left + columns->width) - fmax(from, left)) / (to - from);
        if (left >= to)
            return;
        columns->counts[i] += count * fmax(0, part);
    }
}

void preview_columns(const Observation *seen, double low, double high, int columns, double *counts)
{
    Columns into = {low, (high - low) / columns, columns, counts};
    for (int i = 0; i < columns; i++)
        counts[i] = 0;
    if (low <= 0 && high >= 0)
        counts[(int)fmin(-low / into.width, columns - 1)] += (double)seen->zeros;
    for (int i = 0; i < OBSERVATION_BINS; i++) {
        double from = i * seen->bin_width, to = from + seen->bin_width;
        if (seen->positive[i] > 0)
            spread(&into, from, to, (double)seen->positive[i]);
        if (seen->negative[i] > 0)
            spread(&into, -to, -from, (double)seen->negative[i]);
    }
}
