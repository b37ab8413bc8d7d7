#include "flow/scheme_of_run.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "quant/scheme_text.h"

LayerScheme scheme_row_of_run(const RunOptions *options)
{
    LayerScheme row = {.weight_bits = options->weight_bits,
                       .activation_bits = options->activation_bits,
                       .calibrator = calibrator_find(options->calibration),
                       .calibrator_parameter = options->calibration_parameter,
                       .granularity = options->per_channel ? PER_CHANNEL : PER_TENSOR,
                       .mean_of_clips = options->calibration_average,
                       .correct_bias = options->bias_correct,
                       .full_range = strcmp(options->range, "full") == 0};
    if (options->weight_calibration &&
        calibrator_parse(options->weight_calibration, &row.weight_calibrator,
                         &row.weight_parameter) != OK)
        row.weight_calibrator = NULL;
    value_range_parse(options->activation_range, &row.range);
    return row;
}

static Status apply_floats(const RunOptions *options, const Graph *graph, Scheme *scheme)
{
    for (int i = 0; i < options->float_layer_count; i++) {
        int found;
        TRY_IN(scheme_find_layer(graph, options->float_layers[i], &found), "--float");
        scheme_set_float(scheme, graph, found);
    }
    return OK;
}

Status scheme_of_run(const RunOptions *options, const Graph *graph, Scheme *scheme)
{
    *scheme = scheme_uniform(graph->arena, graph, scheme_row_of_run(options));
    TRY(apply_floats(options, graph, scheme));
    if (options->scheme) {
        char sha256[HASH_HEX_BYTES];
        TRY(hash_file(options->model, sha256));
        TRY(scheme_read(options->scheme, graph, sha256, scheme));
    }
    for (int i = 0; i < options->layer_choice_count; i++)
        TRY_IN(scheme_choose(scheme, graph, options->layer_choices[i]), "--layer %s",
               options->layer_choices[i]);
    return OK;
}

static void add_fault(Blockers *faults, const char *option, Status status)
{
    if (status != OK)
        blockers_add(faults, "%s: %s", option, error_message());
}

void scheme_options_check(const RunOptions *options, Blockers *faults)
{
    const Calibrator *row = NULL;
    double parameter;
    ValueRange range;
    Status status =
        calibrator_parse(options->calibration ? options->calibration : "missing", &row, &parameter);
    /* 0 stands in old histories for no parameter. */
    if (status == OK && (row->parameter || options->calibration_parameter != 0))
        status = calibrator_check(row, options->calibration_parameter);
    add_fault(faults, "--calibration", status);
    if (options->weight_calibration)
        add_fault(faults, "--weight-calibration",
                  calibrator_parse(options->weight_calibration, &row, &parameter));
    if (!options->activation_range || !value_range_parse(options->activation_range, &range))
        blockers_add(faults, "--activation-range is %s, expected symmetric, unsigned or affine",
                     options->activation_range ? options->activation_range : "missing");
    if (!options->range ||
        (strcmp(options->range, "narrow") != 0 && strcmp(options->range, "full") != 0))
        blockers_add(faults, "--range is %s, expected narrow or full",
                     options->range ? options->range : "missing");
}
