/* The verbs train and sensitivity. */
#include "flow/optimize.h"

#include <math.h>
#include <string.h>

#include "flow/report.h"
#include "flow/session.h"
#include "import/importer.h"
#include "import/keras_write.h"
#include "nn/initialize.h"
#include "nn/parameters.h"
#include "optimize/sensitivity.h"

TrainRequest train_request_default(void)
{
    const TrainOptions defaults = train_defaults();
    return (TrainRequest){.optimizer = optimizer_word(defaults.optimizer.kind),
                          .schedule = schedule_word(defaults.schedule.kind),
                          .epochs = defaults.epochs,
                          .batch = defaults.batch,
                          .learning_rate = defaults.rate,
                          .validation = 0.1};
}

/* ---- train -------------------------------------------------------------------------------------
 */

/* A training under way. */
typedef struct Training {
    Session *session;
    const TrainRequest *request;
    TrainOptions options;
    json_t *section, *epochs;
    int best; /* epoch */
} Training;

static Status read_request(Training *training)
{
    const TrainRequest *request = training->request;
    const RunOptions *run = training->session->options;
    TrainOptions *options = &training->options;
    *options = train_defaults();
    if (!request->output)
        return error_set(ERR_USAGE, "name the file for the trained model with --output FILE.h5");
    if (run->model && strcmp(request->output, run->model) == 0)
        return error_set(ERR_USAGE, "--output %s: is the model itself; choose another name",
                         request->output);
    if (!optimizer_parse(request->optimizer, &options->optimizer.kind))
        return error_set(ERR_USAGE, "--optimizer is %s, expected adam or sgd", request->optimizer);
    if (!schedule_parse(request->schedule, &options->schedule.kind))
        return error_set(ERR_USAGE, "--schedule is %s, expected constant, step or cosine",
                         request->schedule);
    options->epochs = request->epochs;
    options->batch = request->batch;
    options->rate = request->learning_rate;
    options->validation_split = request->validation;
    options->patience = request->early_stop;
    options->restore_best = request->early_stop > 0;
    options->seed = (uint64_t)run->seed;
    options->progress = &training->session->progress;
    return OK;
}

static Status test_accuracy(Session *session, double *accuracy)
{
    const Classifier classifier = classifier_of_graph(session->graph);
    Evaluation evaluation;
    TRY(evaluate(&classifier, session->test, session->pool, NULL, session->arena, &evaluation));
    *accuracy = evaluation.accuracy;
    return OK;
}

static void on_epoch(void *context, const TrainEpoch *epoch)
{
    Training *training = context;
    json_array_append_new(training->epochs, session_epoch_to_json(epoch));
    session_log(training->session, "epoch %d: loss %.4f, accuracy %.4f", epoch->epoch, epoch->loss,
                epoch->accuracy);
}

static Status import_all(Session *session)
{
    TRY(session_import_model(session));
    const Layer *output = graph_output(session->graph);
    return session_import_test_images(session, graph_input_shape(session->graph),
                                      shape_elements(output->output_shape));
}

/* Evaluates what the graph holds now, and writes it. */
static Status keep(Training *training, const TrainResult *result)
{
    Session *session = training->session;
    double accuracy = NAN;
    TRY(test_accuracy(session, &accuracy));
    int kept = training->options.restore_best ? result->best : result->epochs;
    json_object_set_new(training->section, "accuracy", report_real(accuracy));
    json_object_set_new(training->section, "images", json_integer(session->test->count));
    json_object_set_new(training->section, "best_epoch", json_integer(result->best));
    json_object_set_new(training->section, "kept_epoch", json_integer(kept));
    json_object_set_new(training->section, "stopped_early", json_boolean(result->early));
    json_object_set_new(training->section, "sha256", json_string(result->sha256));
    TRY((session->untrained ? keras_write_new : keras_write)(
        session->options->model, training->request->output, session->graph));
    char written[HASH_HEX_BYTES];
    TRY(hash_file(training->request->output, written));
    json_object_set_new(training->section, "output_sha256", json_string(written));
    return OK;
}

static Status learn(Training *training)
{
    Session *session = training->session;
    const Dataset *images = NULL;
    TrainResult result;
    double before = NAN;
    TRY(session_training(session, &images));
    if (training->request->from_scratch || session->untrained)
        initialize_weights(session->graph, training->options.seed);
    TRY(test_accuracy(session, &before));
    json_object_set_new(training->section, "accuracy_before", report_real(before));
    training->options.on_epoch = on_epoch;
    training->options.context = training;
    Status status = train(session->graph, images, &training->options, session->pool, &result);
    if (status == OK || result.epochs == 0)
        return status == OK ? keep(training, &result) : status;
    /* Epochs that ended well are worth keeping; how it ended is still the news. */
    char *message = arena_strdup(session->arena, error_message());
    TRY(keep(training, &result));
    return error_set(status, "%s", message);
}

static Status train_verb(Session *session)
{
    Training training = {.session = session, .request = session->request};
    TRY(read_request(&training));
    session->untrained = session->options->model && import_is_architecture(session->options->model);
    TRY(import_all(session));
    training.section = json_object();
    training.epochs = json_array();
    json_object_set_new(session->report, "training", training.section);
    json_object_set_new(training.section, "output", report_string(training.request->output));
    json_object_set_new(training.section, "from_scratch",
                        json_boolean(training.request->from_scratch || session->untrained));
    json_object_set_new(training.section, "loss", json_string("cross entropy"));
    json_object_set_new(training.section, "optimizer", json_string(training.request->optimizer));
    json_object_set_new(training.section, "batch", json_integer(training.request->batch));
    json_object_set_new(training.section, "epochs", training.epochs);
    session->stage = STAGE_BASELINE; /* whose name progress goes by */
    session_part(session, 0, 1);
    return learn(&training);
}

Status flow_train(const RunOptions *options, const TrainRequest *request, const RunEvents *events,
                  json_t **report)
{
    return session_do(&(VerbCall){options, events, request}, train_verb, report);
}

/* ---- sensitivity -------------------------------------------------------------------------------
 */

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
