#include "optimize/sensitivity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "optimize/rebuild.h"
#include "quant/integer_forward.h"

typedef struct Study {
    const SensitivityInput *input;
    Arena *arena;
    Sensitivity *result;
    bool *floats; /* (layers of the graph): of the model that is wanted next */
    int done;     /* models measured so far */
} Study;

/* What is wanted of one model. */
typedef struct Measured {
    double accuracy, sqnr_db;
} Measured;

bool layer_can_be_float(const Layer *layer)
{
    return layer->kind == LAYER_CONV2D || layer->kind == LAYER_DENSE;
}

Scheme scheme_with_floats(Arena *arena, const Graph *graph, const Scheme *scheme,
                          const bool *is_float)
{
    Scheme copy = {ARENA_ARRAY(arena, LayerScheme, scheme->count), scheme->count};
    for (int i = 0; i < scheme->count; i++) {
        copy.layers[i] = scheme->layers[i];
        copy.layers[i].is_float = false;
    }
    for (int i = 0; i < scheme->count; i++)
        if (is_float[i])
            scheme_set_float(&copy, graph, i);
    return copy;
}

/* ---- one model ---------------------------------------------------------------------------------
 */

static Status accuracy_of(Study *study, const Classifier *classifier, double *accuracy)
{
    Evaluation evaluation;
    TRY(evaluate(&(EvaluateInput){classifier, study->input->images, study->input->pool, NULL},
                 study->arena, &evaluation));
    *accuracy = evaluation.accuracy;
    return OK;
}

static Status quantize(Study *study, Quantized *quantized)
{
    const SensitivityInput *input = study->input;
    const Scheme scheme =
        scheme_with_floats(study->arena, input->simplified, input->scheme, study->floats);
    return quantize_graph(input->simplified, input->calibration, &scheme, NULL, quantized);
}

static Status measure(Study *study, Measured *measured)
{
    Quantized quantized;
    TRY(cancel_check());
    TRY(quantize(study, &quantized));
    const Classifier classifier = classifier_of_integer_model(quantized.model);
    Status status = accuracy_of(study, &classifier, &measured->accuracy);
    measured->sqnr_db = quantized.losses[quantized.model->count - 1].sqnr_db;
    integer_model_free(quantized.model);
    char detail[64];
    snprintf(detail, sizeof detail, "%d of %d models measured", ++study->done,
             2 * study->result->count + 1);
    progress_report(study->input->progress, (double)study->done / (2 * study->result->count + 1),
                    detail);
    return status;
}

static void all_float_but(Study *study, int layer, bool value)
{
    const Graph *graph = study->input->simplified;
    for (int i = 0; i < graph->count; i++)
        study->floats[i] = layer_can_be_float(&graph->layers[i]) && ((i == layer) != value);
}

static Status measure_layer(Study *study, LayerSensitivity *layer)
{
    Measured measured = {0};
    all_float_but(study, layer->layer, true);
    TRY(measure(study, &measured));
    layer->only_quantized_accuracy = measured.accuracy;
    layer->only_quantized_sqnr_db = measured.sqnr_db;
    all_float_but(study, layer->layer, false);
    TRY(measure(study, &measured));
    layer->only_float_accuracy = measured.accuracy;
    layer->only_float_sqnr_db = measured.sqnr_db;
    layer->gain = measured.accuracy - study->result->all_quantized_accuracy;
    return OK;
}

/* ---- why ---------------------------------------------------------------------------------------
 */

/* Smallest and largest integer of each channel of one operation, and how many are at the top. */
typedef struct Range {
    int32_t *low, *high;
    int64_t channels, top, count;
} Range;

static void widen(Range *range, const Op *op, const int32_t *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i % range->channels;
        range->low[c] = values[i] < range->low[c] ? values[i] : range->low[c];
        range->high[c] = values[i] > range->high[c] ? values[i] : range->high[c];
        range->top += values[i] >= op->high || (values[i] <= op->low && op->low < 0);
    }
    range->count += count;
}

static Range range_new(Arena *arena, const Op *op)
{
    Range range = {.channels = shape_channels(op->output_shape)};
    range.low = ARENA_ARRAY(arena, int32_t, range.channels);
    range.high = ARENA_ARRAY(arena, int32_t, range.channels);
    for (int64_t c = 0; c < range.channels; c++) {
        range.low[c] = INT32_MAX;
        range.high[c] = INT32_MIN;
    }
    return range;
}

static Range *find_ranges(Study *study, const IntegerModel *model)
{
    enum { SHARD = 16 };
    const Dataset *images = study->input->images;
    Range *ranges = ARENA_ARRAY(study->arena, Range, model->count);
    for (int i = 0; i < model->count; i++)
        ranges[i] = range_new(study->arena, &model->ops[i]);
    float *pixels = ARENA_ARRAY(study->arena, float, SHARD *shape_elements(images->shape));
    IntegerForward *forward = integer_forward_new(model, SHARD);
    int64_t count = images->count < SENSITIVITY_IMAGES ? images->count : SENSITIVITY_IMAGES;
    for (int64_t first = 0; first < count; first += SHARD) {
        int batch = count - first < SHARD ? (int)(count - first) : SHARD;
        dataset_read(images, first, batch, pixels);
        integer_forward_run(forward, pixels, batch);
        for (int i = 0; i < model->count; i++)
            widen(&ranges[i], &model->ops[i], integer_forward_op(forward, i),
                  batch * shape_elements(model->ops[i].output_shape));
    }
    integer_forward_free(forward);
    return ranges;
}

static void explain_layer(Study *study, const Quantized *quantized, const Range *ranges,
                          LayerSensitivity *layer)
{
    const IntegerModel *model = quantized->model;
    for (int i = 0; i < model->count; i++) {
        if (layer_of_op(study->input->simplified, model->ops[i].name) != layer->layer)
            continue; /* of several the last one is the layer's output */
        layer->sqnr_db = quantized->losses[i].sqnr_db;
        layer->clipped_fraction = quantized->losses[i].clipped_fraction;
        layer->saturated_fraction = (double)ranges[i].top / (double)ranges[i].count;
        layer->channels = ranges[i].channels;
        layer->dead_channels = 0;
        for (int64_t c = 0; c < ranges[i].channels; c++)
            layer->dead_channels += ranges[i].low[c] == ranges[i].high[c];
    }
}

static void find_noisiest(Study *study, const Quantized *quantized)
{
    const IntegerModel *model = quantized->model;
    int noisiest = 0;
    for (int i = 1; i < model->count; i++)
        if (quantized->losses[i].sqnr_db < quantized->losses[noisiest].sqnr_db)
            noisiest = i;
    const Graph *graph = study->input->simplified;
    int layer = noisiest ? layer_of_op(graph, model->ops[noisiest].name) : 0;
    study->result->noisiest = graph->layers[layer].name;
    study->result->noisiest_sqnr_db = quantized->losses[noisiest].sqnr_db;
}

static Status measure_all_quantized(Study *study)
{
    Quantized quantized;
    memset(study->floats, 0, (size_t)study->input->simplified->count * sizeof *study->floats);
    TRY(quantize(study, &quantized));
    const Classifier classifier = classifier_of_integer_model(quantized.model);
    Status status = accuracy_of(study, &classifier, &study->result->all_quantized_accuracy);
    const Range *ranges = find_ranges(study, quantized.model);
    for (int i = 0; i < study->result->count; i++)
        explain_layer(study, &quantized, ranges, &study->result->layers[i]);
    find_noisiest(study, &quantized);
    integer_model_free(quantized.model);
    study->done++;
    return status;
}

static const char *reasons_of(Arena *arena, const LayerSensitivity *layer)
{
    const char *text =
        arena_printf(arena, "its output has %.1f dB of signal to noise", layer->sqnr_db);
    if (layer->dead_channels > 0)
        text = arena_printf(arena, "%s; %lld of its %lld channels always give the same", text,
                            (long long)layer->dead_channels, (long long)layer->channels);
    if (layer->clipped_fraction > 0.001)
        text = arena_printf(arena, "%s; %.2f %% of its values are clipped: a wider range may help",
                            text, 100 * layer->clipped_fraction);
    if (layer->saturated_fraction > 0.01)
        text = arena_printf(arena, "%s; %.2f %% of its integers are at the end of their range",
                            text, 100 * layer->saturated_fraction);
    return text;
}

static const char *explain(Arena *arena, const Sensitivity *result)
{
    double drop = result->float_accuracy - result->all_quantized_accuracy;
    if (drop <= 0)
        return "nothing is lost: the quantized model is as accurate as the float one";
    const LayerSensitivity *worst = &result->layers[result->worst];
    const char *text = arena_printf(arena,
                                    "of the %.4f lost, layer %s alone in float brings back %.4f; "
                                    "alone quantized it costs %.4f; %s",
                                    drop, worst->name, worst->gain,
                                    result->float_accuracy - worst->only_quantized_accuracy,
                                    reasons_of(arena, worst));
    if (strcmp(result->noisiest, worst->name) == 0)
        return text;
    return arena_printf(arena, "%s; the noisiest output is that of layer %s, with %.1f dB", text,
                        result->noisiest, result->noisiest_sqnr_db);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static void list_layers(Study *study)
{
    const Graph *graph = study->input->simplified;
    Sensitivity *result = study->result;
    result->layers = ARENA_ARRAY(study->arena, LayerSensitivity, graph->count);
    for (int i = 0; i < graph->count; i++)
        if (layer_can_be_float(&graph->layers[i]))
            result->layers[result->count++] =
                (LayerSensitivity){.name = graph->layers[i].name,
                                   .layer = i,
                                   .parameters = layer_parameters(&graph->layers[i])};
}

static void rank(Study *study)
{
    Sensitivity *result = study->result;
    result->ranking = ARENA_ARRAY(study->arena, int, result->count);
    for (int i = 0; i < result->count; i++) {
        int at = i;
        for (; at > 0 && result->layers[i].gain > result->layers[result->ranking[at - 1]].gain;
             at--)
            result->ranking[at] = result->ranking[at - 1];
        result->ranking[at] = i;
    }
    result->worst = result->ranking[0];
}

Status sensitivity_measure(const SensitivityInput *input, Arena *arena, Sensitivity *sensitivity)
{
    *sensitivity = (Sensitivity){.images = input->images->count};
    Study study = {.input = input, .arena = arena, .result = sensitivity};
    study.floats = ARENA_ARRAY(arena, bool, input->simplified->count);
    list_layers(&study);
    if (sensitivity->count == 0)
        return error_set(ERR_REFUSED, "%s: has no convolution and no dense layer",
                         input->simplified->name);
    const Classifier classifier = classifier_of_graph(input->simplified);
    TRY(accuracy_of(&study, &classifier, &sensitivity->float_accuracy));
    TRY(measure_all_quantized(&study));
    for (int i = 0; i < sensitivity->count; i++)
        TRY(measure_layer(&study, &sensitivity->layers[i]));
    rank(&study);
    sensitivity->explanation = explain(arena, sensitivity);
    return OK;
}
