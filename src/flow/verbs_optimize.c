/* The verb sensitivity. */
#include "flow/optimize.h"

#include <math.h>

#include "flow/report.h"
#include "flow/session.h"
#include "optimize/sensitivity.h"

/* ---- sensitivity -------------------------------------------------------------------------------
 */

static Status import_all(Session *session)
{
    TRY(session_import_model(session));
    const Layer *output = graph_output(session->graph);
    return session_import_test_images(session, graph_input_shape(session->graph),
                                      shape_elements(output->output_shape));
}

static int rank_of(const Sensitivity *sensitivity, int layer)
{
    for (int i = 0; i < sensitivity->count; i++)
        if (sensitivity->ranking[i] == layer)
            return i + 1;
    return 0;
}

static json_t *layer_to_json(const LayerSensitivity *layer, int rank)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {
        {"only_quantized_accuracy", layer->only_quantized_accuracy},
        {"only_quantized_sqnr_db", layer->only_quantized_sqnr_db},
        {"only_float_accuracy", layer->only_float_accuracy},
        {"only_float_sqnr_db", layer->only_float_sqnr_db},
        {"gain", layer->gain},
        {"sqnr_db", layer->sqnr_db},
        {"clipped_fraction", layer->clipped_fraction},
        {"saturated_fraction", layer->saturated_fraction},
    };
    json_t *row = json_object();
    json_object_set_new(row, "name", report_string(layer->name));
    json_object_set_new(row, "parameters", json_integer(layer->parameters));
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        json_object_set_new(row, reals[i].key, report_real(reals[i].value));
    json_object_set_new(row, "rank", json_integer(rank));
    json_object_set_new(row, "channels", json_integer(layer->channels));
    json_object_set_new(row, "dead_channels", json_integer(layer->dead_channels));
    return row;
}

static json_t *sensitivity_to_json(const Sensitivity *sensitivity)
{
    json_t *layers = json_array();
    for (int i = 0; i < sensitivity->count; i++)
        json_array_append_new(layers,
                              layer_to_json(&sensitivity->layers[i], rank_of(sensitivity, i)));
    json_t *section = json_object();
    json_object_set_new(section, "float_accuracy", report_real(sensitivity->float_accuracy));
    json_object_set_new(section, "all_quantized_accuracy",
                        report_real(sensitivity->all_quantized_accuracy));
    json_object_set_new(section, "images", json_integer(sensitivity->images));
    json_object_set_new(section, "explanation", report_string(sensitivity->explanation));
    json_object_set_new(section, "layers", layers);
    return section;
}

static Status sensitivity_verb(Session *session)
{
    TRY(import_all(session));
    TRY(session_check_hardware(session));
    session->stage = STAGE_QUANTIZE; /* whose name progress goes by */
    session_part(session, 0, 1);
    Scheme scheme;
    TRY(session_scheme(session, &scheme));
    const SensitivityInput input = {.simplified = session->simplified,
                                    .scheme = &scheme,
                                    .calibration = session->calibration,
                                    .images = session->test,
                                    .pool = session->pool,
                                    .progress = &session->progress};
    Sensitivity sensitivity;
    TRY(sensitivity_measure(&input, session->arena, &sensitivity));
    json_object_set_new(session->report, "sensitivity", sensitivity_to_json(&sensitivity));
    return OK;
}

Status flow_sensitivity(const RunOptions *options, const RunEvents *events, json_t **report)
{
    /* Nothing is planned: foldings do not matter. */
    RunOptions quantized = *options;
    quantized.stop_after = STAGE_QUANTIZE;
    return session_do(&(VerbCall){&quantized, events, NULL}, sensitivity_verb, report);
}
