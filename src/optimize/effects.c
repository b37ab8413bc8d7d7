#include "optimize/effects.h"

#include <math.h>

#include "base/cancel.h"
#include "nn/forward.h"
#include "optimize/losses.h"
#include "quant/integer_forward.h"

enum { SHARD = 25 };

/* ---- folding -----------------------------------------------------------------------------------
 */

static double largest_difference(const float *a, const float *b, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
    return largest;
}

Status effect_of_folding(const Graph *unfolded, const Graph *folded, const Dataset *images,
                         double *largest)
{
    int64_t count = images->count < EFFECT_IMAGES ? images->count : EFFECT_IMAGES;
    int64_t outputs = shape_elements(graph_output(folded)->output_shape);
    Arena *scratch = arena_new();
    float *pixels = ARENA_ARRAY(scratch, float, SHARD *shape_elements(images->shape));
    Forward *before = forward_new(unfolded, SHARD), *after = forward_new(folded, SHARD);
    Status status = OK;
    *largest = 0;
    for (int64_t first = 0; first < count && status == OK; first += SHARD) {
        int batch = count - first < SHARD ? (int)(count - first) : SHARD;
        dataset_read(images, first, batch, pixels);
        *largest =
            fmax(*largest, largest_difference(forward_run(before, pixels, batch),
                                              forward_run(after, pixels, batch), batch * outputs));
        status = cancel_check();
    }
    forward_free(after);
    forward_free(before);
    arena_free(scratch);
    return status;
}

/* ---- on integers -------------------------------------------------------------------------------
 */

static Status measure(const EffectInput *input, const Graph *graph, const Quantized *quantized,
                      Arena *arena, Effect *effect)
{
    const IntegerModel *model = quantized->model;
    const Classifier classifier = classifier_of_integer_model(model);
    Evaluation evaluation;
    double *errors = ARENA_ARRAY(arena, double, model->count);
    TRY(evaluate(&(EvaluateInput){&classifier, input->test, input->pool, NULL}, arena,
                 &evaluation));
    TRY(losses_mean_errors(graph, model, input->calibration, errors));
    *effect = (Effect){.accuracy = evaluation.accuracy,
                       .sqnr_db = quantized->losses[model->count - 1].sqnr_db,
                       .names = ARENA_ARRAY(arena, const char *, model->count),
                       .mean_errors = ARENA_ARRAY(arena, double, model->count)};
    for (int i = 0; i < model->count; i++) {
        if (!op_traits(model->ops[i].kind)->has_weights)
            continue;
        effect->names[effect->count] = arena_strdup(arena, model->ops[i].name);
        effect->mean_errors[effect->count++] = errors[i];
    }
    return OK;
}

Status effect_measure(const EffectInput *input, const Graph *simplified, const Scheme *scheme,
                      Arena *arena, Effect *effect)
{
    Quantized quantized = {0};
    TRY(quantize_graph(simplified, input->calibration, scheme, NULL, &quantized));
    Status status = measure(input, simplified, &quantized, arena, effect);
    integer_model_free(quantized.model);
    return status;
}
