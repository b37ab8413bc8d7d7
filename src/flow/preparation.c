/* What is done to a network before it is quantized, none of which changes its function; and what
 * each step did: "preparation" of the report. */
#include <math.h>
#include <string.h>

#include "flow/report.h"
#include "flow/session.h"
#include "graph/passes.h"
#include "optimize/effects.h"
#include "quant/equalize.h"

/* ---- doing it -------------------------------------------------------------------------------- */

/* The batch norms of the model that are, or are not, in the simplified graph. */
static json_t *norms(const Session *session, bool there)
{
    json_t *names = json_array();
    for (int i = 0; i < session->graph->count; i++) {
        const Layer *layer = &session->graph->layers[i];
        if (layer->kind == LAYER_BATCH_NORM &&
            (graph_find(session->simplified, layer->name) >= 0) == there)
            json_array_append_new(names, report_string(layer->name));
    }
    return names;
}

static json_t *equalize(Session *session)
{
    if (!session->options->equalize)
        return json_null();
    session->unequalized = graph_copy(session->simplified);
    Equalization done = equalize_layers(session->simplified);
    session_log(session,
                "equalized %d pairs of layers: channels differ at most %.2f times, before %.2f "
                "times",
                done.pairs, done.after, done.before);
    return json_pack("{s:i, s:f, s:f}", "pairs", done.pairs, "ratio_before", done.before,
                     "ratio_after", done.after);
}

Status session_prepare(Session *session)
{
    TRY((session->options->keep_batch_norm ? graph_simplify_unfolded
                                           : graph_simplify)(session->graph, &session->simplified));
    json_t *section = json_object(), *folding = json_object();
    json_object_set_new(folding, "folded", norms(session, false));
    json_object_set_new(folding, "kept", norms(session, true));
    json_object_set_new(folding, "max_difference", json_null());
    json_object_set_new(folding, "images", json_null());
    json_object_set_new(section, "batch_norm", folding);
    json_object_set_new(section, "equalization", equalize(session));
    json_object_set_new(section, "bias_correction", json_null());
    json_object_set_new(session->report, "preparation", section);
    return OK;
}

/* ---- measuring it ---------------------------------------------------------------------------- */

static Status measure_folding(Session *session, json_t *section)
{
    json_t *folding = json_object_get(section, "batch_norm");
    size_t count = json_array_size(json_object_get(folding, "folded"));
    if (count == 0)
        return OK;
    const Graph *folded = session->unequalized ? session->unequalized : session->simplified;
    double largest = NAN;
    TRY(effect_of_folding(session->graph, folded, session->calibration, &largest));
    int64_t images = session->calibration->count;
    json_object_set_new(folding, "max_difference", report_real(largest));
    json_object_set_new(folding, "images",
                        json_integer(images < EFFECT_IMAGES ? images : EFFECT_IMAGES));
    session_log(session, "batch norms folded: %zu; the float network gives the same within %.2g",
                count, largest);
    return OK;
}

static void set_figures(json_t *into, const Effect *before, const Effect *after)
{
    json_object_set_new(into, "accuracy_before", report_real(before->accuracy));
    json_object_set_new(into, "accuracy_after", report_real(after->accuracy));
    json_object_set_new(into, "sqnr_db_before", report_real(before->sqnr_db));
    json_object_set_new(into, "sqnr_db_after", report_real(after->sqnr_db));
}

/* Layers are in the same order on both sides: the scheme decides neither their number nor names. */
static json_t *errors_to_json(const Effect *before, const Effect *after)
{
    json_t *layers = json_array();
    for (int i = 0; i < after->count; i++) {
        json_t *row = json_pack("{s:o}", "name", report_string(after->names[i]));
        json_object_set_new(row, "mean_error_before", report_real(before->mean_errors[i]));
        json_object_set_new(row, "mean_error_after", report_real(after->mean_errors[i]));
        json_array_append_new(layers, row);
    }
    return layers;
}

/* The scheme without bias correction; false: it has none. */
static bool without_correction(Session *session, const Scheme *scheme, Scheme *plain)
{
    bool corrects = false;
    *plain = *scheme;
    plain->layers = ARENA_ARRAY(session->arena, LayerScheme, scheme->count);
    for (int i = 0; i < scheme->count; i++) {
        plain->layers[i] = scheme->layers[i];
        corrects |= scheme->layers[i].correct_bias;
        plain->layers[i].correct_bias = false;
    }
    return corrects;
}

Status session_measure_preparation(Session *session)
{
    json_t *section = json_object_get(session->report, "preparation");
    const EffectInput input = {session->calibration, session->test, session->pool};
    Scheme scheme, plain;
    TRY(measure_folding(session, section));
    TRY(session_scheme(session, &scheme));
    bool corrects = without_correction(session, &scheme, &plain);
    if (!corrects && !session->unequalized)
        return OK;
    Effect before, after;
    TRY(effect_measure(&input, session->simplified, &scheme, session->arena, &after));
    if (session->unequalized) {
        TRY(effect_measure(&input, session->unequalized, &scheme, session->arena, &before));
        set_figures(json_object_get(section, "equalization"), &before, &after);
    }
    if (!corrects)
        return OK;
    TRY(effect_measure(&input, session->simplified, &plain, session->arena, &before));
    json_t *correction = json_object();
    set_figures(correction, &before, &after);
    json_object_set_new(correction, "layers", errors_to_json(&before, &after));
    json_object_set_new(section, "bias_correction", correction);
    return OK;
}
