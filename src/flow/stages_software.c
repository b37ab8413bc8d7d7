/* The stages in software but for the ladder: import, baseline, describe. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/fs.h"
#include "base/nearest.h"
#include "flow/plan_choice.h"
#include "flow/report.h"
#include "flow/scheme_of_run.h"
#include "flow/session.h"
#include "import/importer.h"
#include "nn/evaluate.h"
#include "optimize/dequantize.h"
#include "quant/description.h"
#include "quant/histograms.h"
#include "quant/scheme_text.h"

/* How many calibration images the rehearsal takes: enough to have ranges, few enough to be quick.
 */
enum { REHEARSAL_IMAGES = 32 };

/* ---- import: the model ----------------------------------------------------------------------- */

static json_t *shape_to_json(Shape shape)
{
    json_t *list = json_array();
    for (int i = 0; i < shape.rank; i++)
        json_array_append_new(list, json_integer(shape.dim[i]));
    return list;
}

static json_t *inputs_to_json(const Graph *graph, const Layer *layer)
{
    json_t *names = json_array();
    for (int k = 0; k < layer->input_count; k++)
        json_array_append_new(names, report_string(graph->layers[layer->inputs[k]].name));
    return names;
}

static json_t *layer_to_json(const Graph *graph, const Layer *layer)
{
    json_t *row = json_object();
    char activation[ACTIVATION_TEXT_BYTES];
    json_object_set_new(row, "name", report_string(layer->name));
    json_object_set_new(row, "kind", json_string(layer_info(layer->kind)->word));
    json_object_set_new(row, "activation",
                        json_string(activation_format(layer_function(layer), activation)));
    json_object_set_new(row, "inputs", inputs_to_json(graph, layer));
    json_object_set_new(row, "output_shape", shape_to_json(layer->output_shape));
    json_object_set_new(row, "parameters", json_integer(layer_parameters(layer)));
    json_object_set_new(row, "macs", json_integer(layer_macs(layer)));
    return row;
}

static json_t *model_to_json(const Session *session)
{
    json_t *layers = json_array();
    for (int i = 0; i < session->graph->count; i++)
        json_array_append_new(layers, layer_to_json(session->graph, &session->graph->layers[i]));
    json_t *model = json_object();
    json_object_set_new(model, "path", report_string(session->model_path));
    json_object_set_new(model, "name", report_string(session->graph->name));
    json_object_set_new(model, "sha256", json_string(session->model_sha256));
    json_object_set_new(model, "layers", layers);
    json_object_set_new(model, "parameters", json_integer(graph_parameters(session->graph)));
    return model;
}

/* Whether the file has a place for what the integers stand for. */
static Status check_optimized_model(const Session *session)
{
    const RunOptions *options = session->options;
    if (!options->optimized_model)
        return OK;
    if (strcmp(options->optimized_model, options->model) == 0)
        return error_set(ERR_USAGE,
                         "--optimized-model %s: is the model itself; choose another name",
                         options->optimized_model);
    TRY_IN(dequantize_check(session->graph, session->simplified), "--optimized-model");
    return OK;
}

Status session_import_model(Session *session)
{
    const char *path = session->options->model;
    if (!path)
        return error_set(ERR_USAGE, "no model was given: name a Keras file");
    if (session->untrained)
        TRY(import_architecture(path, &session->graph));
    else
        TRY(import_model(path, &session->graph));
    TRY(session_prepare(session));
    TRY(hash_file(path, session->model_sha256));
    session->model_path = fs_absolute(session->arena, path);
    json_object_set_new(session->report, "model", model_to_json(session));
    return check_optimized_model(session);
}

/* ---- import: the data ------------------------------------------------------------------------ */

static json_t *dataset_to_json(const Session *session)
{
    json_t *data = json_object();
    json_object_set_new(data, "path", report_string(session->data_path));
    json_object_set_new(data, "sha256", json_string(session->test->sha256));
    json_object_set_new(data, "images", json_integer(session->test->count));
    json_object_set_new(data, "scale", report_real(session->test->scale));
    json_t *calibration = json_null();
    if (session->calibration)
        calibration = json_pack("{s:s, s:s, s:I}", "split", session->calibration_split, "sha256",
                                session->calibration->sha256, "images",
                                (json_int_t)session->calibration->count);
    json_object_set_new(data, "calibration", calibration);
    return data;
}

/* A description says how its images were scaled; else the dataset's default holds. */
static const double *scale_of(const Session *session)
{
    if (session->options->has_scale)
        return &session->options->scale;
    return session->described ? &session->described->input_scale : NULL;
}

Status session_import_test_images(Session *session, Shape input, int64_t classes)
{
    const RunOptions *options = session->options;
    if (!options->data)
        return error_set(ERR_USAGE, "no images were given: name them with --data DIR|FILE");
    TRY(dataset_load(options->data, DATASET_TEST, scale_of(session), &session->test));
    TRY(dataset_fit(session->test, input, classes));
    if (options->test_images > 0)
        dataset_truncate(session->test, options->test_images);
    session->data_path = fs_absolute(session->arena, options->data);
    json_object_set_new(session->report, "dataset", dataset_to_json(session));
    return OK;
}

/* Calibration images: the training split, or the test split where there is none. */
static Status load_calibration(Session *session)
{
    const RunOptions *options = session->options;
    bool train = dataset_has_split(options->data, DATASET_TRAIN);
    session->calibration_split = train ? "train" : "test";
    if (!train)
        session_log(session, "calibration uses the test images: %s has no training images",
                    options->data);
    TRY(dataset_load(options->data, train ? DATASET_TRAIN : DATASET_TEST, scale_of(session),
                     &session->calibration));
    const Layer *output = graph_output(session->simplified);
    TRY(dataset_fit(session->calibration, graph_input_shape(session->simplified),
                    shape_elements(output->output_shape)));
    if (options->calib_images > 0)
        dataset_sample(session->calibration, options->calib_images, (uint64_t)options->seed);
    json_object_set_new(session->report, "dataset", dataset_to_json(session));
    if (session->calibration->count < CALIBRATION_BATCH)
        return error_set(ERR_REFUSED,
                         "%s: %lld images to calibrate on are fewer than one batch of %d; take "
                         "more with --calib-images",
                         session->calibration->path, (long long)session->calibration->count,
                         CALIBRATION_BATCH);
    return OK;
}

/* ---- quantization, shared by the rehearsal and the stage ------------------------------------- */

Status session_scheme(Session *session, Scheme *scheme)
{
    return scheme_of_run(session->options, session->simplified, scheme);
}

Status session_finish_model(Session *session, IntegerModel *model)
{
    memcpy(model->source_sha256, session->model_sha256, HASH_HEX_BYTES);
    return plan_choice_make(session, model);
}

static Status quantize_with(Session *session, const Dataset *calibration, Quantized *quantized)
{
    Scheme scheme;
    TRY(session_scheme(session, &scheme));
    TRY(quantize_graph(session->simplified, calibration, &scheme, NULL, quantized));
    return session_finish_model(session, quantized->model);
}

/* Quantizes on a few images and plans, and throws both away: what the hardware cannot be, and
 * foldings that do not divide, are known before anything is written. */
static Status rehearse(Session *session, int64_t images)
{
    Dataset few = *session->calibration;
    dataset_truncate(&few, images);
    Quantized trial = {0};
    Plan *plan = NULL;
    Status status = quantize_with(session, &few, &trial);
    if (status == OK && session->options->stop_after >= STAGE_PLAN)
        status = plan_new(trial.model, &plan);
    plan_free(plan);
    integer_model_free(trial.model);
    return status;
}

Status session_check_hardware(Session *session)
{
    Blockers blockers = {0};
    quantizer_blockers(session->simplified, &blockers);
    Status status = blockers_refuse(&blockers, session->options->model);
    blockers_free(&blockers);
    TRY(status);
    TRY(load_calibration(session));
    status = rehearse(session, REHEARSAL_IMAGES);
    /* A few images may all leave a layer at zero; the whole set has the last word. */
    if (status == ERR_REFUSED && session->calibration->count > REHEARSAL_IMAGES)
        status = rehearse(session, session->calibration->count);
    return status == OK ? OK : error_context(status, "%s", session->options->model);
}

Status stage_import(Session *session, json_t *figures)
{
    if (session->options->dynamic && session->options->stop_after >= STAGE_QUANTIZE)
        return error_set(ERR_REFUSED,
                         "--dynamic is for evaluate: hardware needs ranges that are fixed before, "
                         "its multipliers and shifts are constants");
    TRY(session_import_model(session));
    json_object_set_new(figures, "layers", json_integer(session->graph->count));
    json_object_set_new(figures, "parameters", json_integer(graph_parameters(session->graph)));
    bool wants_images = session->options->stop_after > STAGE_IMPORT;
    if (!session->options->data && !wants_images)
        return OK;
    const Layer *output = graph_output(session->graph);
    TRY(session_import_test_images(session, graph_input_shape(session->graph),
                                   shape_elements(output->output_shape)));
    json_object_set_new(figures, "images", json_integer(session->test->count));
    return session->options->stop_after >= STAGE_QUANTIZE ? session_check_hardware(session) : OK;
}

/* ---- baseline -------------------------------------------------------------------------------- */

static json_t *confusion_to_json(const Evaluation *evaluation)
{
    json_t *rows = json_array();
    for (int i = 0; i < evaluation->classes; i++) {
        json_t *row = json_array();
        for (int j = 0; j < evaluation->classes; j++)
            json_array_append_new(row,
                                  json_integer(evaluation->confusion[i * evaluation->classes + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

Status session_measure(Session *session, const Classifier *classifier, int64_t bytes,
                       json_t *section)
{
    Evaluation evaluation;
    Latency latency;
    TRY(evaluate(&(EvaluateInput){classifier, session->test, session->pool, &session->progress},
                 session->arena, &evaluation));
    TRY(cancel_check());
    TRY(measure_latency(classifier, session->test, session->pool, &latency));
    json_object_set_new(section, "accuracy", report_real(evaluation.accuracy));
    json_object_set_new(section, "images", json_integer(evaluation.images));
    json_object_set_new(section, "bytes", json_integer(bytes));
    json_object_set_new(section, "latency_us_batch1", report_real(latency.microseconds_batch1));
    json_object_set_new(section, "images_per_s", report_real(latency.images_per_s));
    if (session->want_confusion)
        json_object_set_new(section, "confusion", confusion_to_json(&evaluation));
    return OK;
}

Status stage_baseline(Session *session, json_t *figures)
{
    const Classifier classifier = classifier_of_graph(session->graph);
    int64_t bytes = graph_parameters(session->graph) * (int64_t)sizeof(float);
    TRY(session_measure(session, &classifier, bytes, figures));
    json_object_set_new(session->report, "baseline", json_copy(figures));
    return OK;
}

/* ---- describe -------------------------------------------------------------------------------- */

/* What each layer has: beside the run, and where --write-scheme says. */
static Status write_schemes(const Session *session)
{
    const char *const paths[] = {session_path(session, "chosen.scheme"),
                                 session->options->write_scheme};
    for (int i = 0; i < 2; i++)
        if (paths[i])
            TRY(scheme_write(&session->scheme, session->simplified, session->model_sha256,
                             paths[i]));
    return OK;
}

Status stage_describe(Session *session, json_t *figures)
{
    const char *folder = session_path(session, "description");
    TRY(write_schemes(session));
    session->description = folder;
    char sha256[HASH_HEX_BYTES];
    TRY(description_write(session->quantized.model, folder));
    TRY(description_hash(folder, sha256));
    TRY(histograms_write(&session->quantized, session_path(session, "histograms.json")));
    json_object_set_new(figures, "folder", report_string(folder));
    json_object_set_new(figures, "sha256", json_string(sha256));
    return session->store ? store_set_hashes(session->store, session->run, sha256, NULL) : OK;
}
