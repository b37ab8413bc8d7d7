/* sweep.c: post-training accuracy of every calibrator at several widths, per tensor and per
 * channel.
 */
#include <stdio.h>

#include "base/cancel.h"
#include "flow/report.h"
#include "flow/scheme_of_run.h"
#include "flow/session.h"
#include "nn/evaluate.h"
#include "quant/integer_forward.h"

static const int WIDTHS[] = {8, 6, 5, 4, 3};

enum { WIDTH_COUNT = sizeof WIDTHS / sizeof *WIDTHS };

static int count_calibrators(void)
{
    int count = 0;
    while (calibrator_at(count))
        count++;
    return count;
}

static Status accuracy_of(Session *session, const Classifier *classifier, double *accuracy)
{
    Evaluation evaluation;
    TRY(evaluate(&(EvaluateInput){classifier, session->test, session->pool, NULL}, session->arena,
                 &evaluation));
    *accuracy = evaluation.accuracy;
    return cancel_check();
}

/* One line of the report; the accuracy is null where no integer model can be built. */
static Status measure_row(Session *session, const LayerScheme *row, json_t *rows)
{
    Scheme scheme = scheme_uniform(session->arena, session->simplified, *row);
    Quantized quantized = {0};
    Status status =
        quantize_graph(session->simplified, session->calibration, &scheme, NULL, &quantized);
    if (status != OK && status != ERR_REFUSED)
        return status;
    json_t *line = json_pack("{s:s, s:i, s:b}", "calibration", row->calibrator->name, "bits",
                             row->weight_bits, "per_channel", row->granularity == PER_CHANNEL);
    json_array_append_new(rows, line);
    double accuracy = 0;
    if (status == OK) {
        const Classifier classifier = classifier_of_integer_model(quantized.model);
        status = accuracy_of(session, &classifier, &accuracy);
        integer_model_free(quantized.model);
        json_object_set_new(line, "accuracy", report_real(accuracy));
        return status;
    }
    json_object_set_new(line, "accuracy", json_null());
    json_object_set_new(line, "message", report_string(error_message()));
    return OK;
}

static Status measure_all(Session *session, json_t *rows)
{
    int calibrators = count_calibrators(), done = 0, total = 2 * WIDTH_COUNT * calibrators;
    for (int c = 0; c < calibrators; c++)
        for (int channel = 0; channel < 2; channel++)
            for (int w = 0; w < WIDTH_COUNT; w++) {
                LayerScheme row = scheme_row_of_run(session->options);
                row.calibrator = calibrator_at(c);
                row.calibrator_parameter = 0;
                row.weight_calibrator = NULL;
                row.granularity = channel ? PER_CHANNEL : PER_TENSOR;
                row.weight_bits = row.activation_bits = WIDTHS[w];
                char detail[80];
                snprintf(detail, sizeof detail, "%s, %d bits", row.calibrator->name, WIDTHS[w]);
                progress_report(&session->progress, (double)done++ / total, detail);
                TRY(measure_row(session, &row, rows));
            }
    return OK;
}

static Status measure_sweep(Session *session, json_t *figures)
{
    const Classifier classifier = classifier_of_graph(session->graph);
    double accuracy;
    TRY(accuracy_of(session, &classifier, &accuracy));
    json_t *sweep = json_object(), *rows = json_array();
    json_object_set_new(sweep, "images", json_integer(session->test->count));
    json_object_set_new(sweep, "float_accuracy", report_real(accuracy));
    json_object_set_new(sweep, "rows", rows);
    json_object_set_new(session->report, "sweep", sweep);
    json_object_set_new(figures, "accuracy", report_real(accuracy));
    return measure_all(session, rows);
}

Status session_sweep(Session *session)
{
    TRY(session_run_stage(session, STAGE_IMPORT, stage_import));
    TRY(session_check_hardware(session));
    return session_run_stage(session, STAGE_QUANTIZE, measure_sweep);
}
