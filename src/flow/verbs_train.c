/* The verb train: a run with a row and a folder of its own, that can be taken up again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blockers.h"
#include "base/clock.h"
#include "base/fs.h"
#include "flow/optimize.h"
#include "flow/report.h"
#include "flow/resume.h"
#include "flow/session.h"
#include "import/importer.h"
#include "import/keras_write.h"
#include "nn/initialize.h"

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

/* A training under way. */
typedef struct Training {
    Session *session;
    const TrainRequest *request;
    TrainOptions options;
    const Dataset *images;
    json_t *section, *epochs; /* of the report */
} Training;

/* ---- the request -------------------------------------------------------------------------------
 */

/* What the command line alone shows to be wrong; the trainer refuses the rest. */
static Status check_numbers(const TrainRequest *request)
{
    Blockers faults = {0};
    if (request->epochs < 1)
        blockers_add(&faults, "--epochs is %d, expected 1 or more", request->epochs);
    if (request->batch < 1)
        blockers_add(&faults, "--batch is %d, expected 1 or more", request->batch);
    if (!(isfinite(request->learning_rate) && request->learning_rate > 0))
        blockers_add(&faults, "--learning-rate is %g, expected a number above 0",
                     request->learning_rate);
    if (!(request->validation >= 0 && request->validation < 1))
        blockers_add(&faults, "--validation is %g, expected a number from 0 to below 1",
                     request->validation);
    if (request->early_stop < 0)
        blockers_add(&faults, "--early-stop is %d, expected 0 or more", request->early_stop);
    Status status = blockers_refuse(&faults, "options");
    blockers_free(&faults);
    return status == OK ? OK : ERR_USAGE;
}

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
    TRY(check_numbers(request));
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

static json_t *request_to_json(const Session *session, const TrainRequest *request)
{
    json_t *json = json_object();
    json_object_set_new(json, "output", report_string(session_absolute(session, request->output)));
    json_object_set_new(json, "optimizer", json_string(request->optimizer));
    json_object_set_new(json, "schedule", json_string(request->schedule));
    json_object_set_new(json, "epochs", json_integer(request->epochs));
    json_object_set_new(json, "batch", json_integer(request->batch));
    json_object_set_new(json, "learning_rate", json_real(request->learning_rate));
    json_object_set_new(json, "validation", json_real(request->validation));
    json_object_set_new(json, "early_stop", json_integer(request->early_stop));
    json_object_set_new(json, "from_scratch", json_boolean(request->from_scratch));
    return json;
}

Status train_request_from_json(const json_t *json, Arena *arena, TrainRequest *request)
{
    union {
        const json_t *given;
        json_t *read; /* json_unpack() wants it mutable, and does not change it */
    } object = {.given = json};
    const char *output, *optimizer, *schedule;
    int from_scratch = 0;
    *request = (TrainRequest){0};
    if (json_unpack_ex(object.read, NULL, JSON_STRICT,
                       "{s:s, s:s, s:s, s:i, s:i, s:F, s:F, s:i, s:b}", "output", &output,
                       "optimizer", &optimizer, "schedule", &schedule, "epochs", &request->epochs,
                       "batch", &request->batch, "learning_rate", &request->learning_rate,
                       "validation", &request->validation, "early_stop", &request->early_stop,
                       "from_scratch", &from_scratch) != 0)
        return error_set(ERR_REFUSED, "its training in the history is not one of this version");
    request->output = arena_strdup(arena, output);
    request->optimizer = arena_strdup(arena, optimizer);
    request->schedule = arena_strdup(arena, schedule);
    request->from_scratch = from_scratch != 0;
    return OK;
}

/* ---- what is kept to be taken up again ---------------------------------------------------------
 *
 * In TRAINING_FOLDER of the run's folder: trainer.state (nn/train.h), replaced after each epoch, and
 * before that epochs.json, {"identity", "epochs": [as in the report]}. So a training that was killed
 * between the two has one epoch too many in the second, which is done again.
 */

enum { EPOCHS_CAP = 16 << 20, REAL_DIGITS = 17 };

static const char *state_path(const Training *training, const char *folder, const char *name)
{
    Arena *arena = training->session->arena;
    return fs_join(arena, fs_join(arena, folder, TRAINING_FOLDER), name);
}

/* Forgets the epochs behind number `count`. */
static void keep_epochs(json_t *epochs, int count)
{
    while (json_array_size(epochs) > (size_t)count)
        json_array_remove(epochs, json_array_size(epochs) - 1);
}

static Status write_epochs(const Training *training)
{
    const Session *session = training->session;
    json_t *root =
        json_pack("{s:s, s:O}", "identity", session->identity, "epochs", training->epochs);
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(REAL_DIGITS));
    Status status = text ? fs_write_atomic(state_path(training, session->folder, "epochs.json"),
                                           text, strlen(text))
                         : error_set(ERR_ENVIRONMENT, "epochs.json: out of memory");
    free(text);
    json_decref(root);
    return status;
}

static Status take_epochs(Training *training, const json_t *root)
{
    const char *identity = json_string_value(json_object_get(root, "identity"));
    json_t *epochs = json_object_get(root, "epochs");
    if (!identity || !json_is_array(epochs))
        return error_set(ERR_ENVIRONMENT, "is damaged; remove its folder to train anew");
    if (strcmp(identity, training->session->identity) != 0)
        return error_set(ERR_REFUSED, "is of another training: model, options and version of "
                                      "dnn2fpga must be the same; begin a new one");
    json_array_extend(training->epochs, epochs);
    return OK;
}

static Status read_epochs(Training *training)
{
    const RunRecord *run = training->session->resumed;
    const char *path = run->folder[0] ? state_path(training, run->folder, "epochs.json") : NULL;
    Buffer text = {0};
    if (!path || !fs_exists(path))
        return OK;
    TRY(fs_read_file(path, EPOCHS_CAP, &text));
    json_t *root =
        json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, NULL);
    Status status = take_epochs(training, root);
    json_decref(root);
    buffer_free(&text);
    TRY_IN(status, "%s", path);
    return OK;
}

/* Called before the epoch's checkpoint is written. */
static void on_epoch(void *context, const TrainEpoch *epoch)
{
    Training *training = context;
    keep_epochs(training->epochs, epoch->epoch - 1);
    json_array_append_new(training->epochs, session_epoch_to_json(epoch));
    session_log(training->session, "epoch %d: loss %.4f, accuracy %.4f", epoch->epoch, epoch->loss,
                epoch->accuracy);
    Status kept = write_epochs(training);
    (void)kept; /* a disk that is full fails the checkpoint, too, and that ends the training */
}

/* ---- training ----------------------------------------------------------------------------------
 */

static Status test_accuracy(Session *session, double *accuracy)
{
    const Classifier classifier = classifier_of_graph(session->graph);
    Evaluation evaluation;
    TRY(evaluate(&(EvaluateInput){&classifier, session->test, session->pool, NULL}, session->arena,
                 &evaluation));
    *accuracy = evaluation.accuracy;
    return OK;
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

/* The last stage: epochs until done. */
static Status learn(Session *session, json_t *figures)
{
    Training *training = session->work;
    TrainResult result;
    double before = NAN;
    if (training->request->from_scratch || session->untrained)
        initialize_weights(session->graph, training->options.seed);
    TRY(test_accuracy(session, &before));
    json_object_set_new(training->section, "accuracy_before", report_real(before));
    TRY(fs_make_folders(session_path(session, TRAINING_FOLDER)));
    training->options.checkpoint = state_path(training, session->folder, "trainer.state");
    training->options.resume = session->resumed != NULL;
    training->options.on_epoch = on_epoch;
    training->options.context = training;
    Status status =
        train(session->graph, training->images, &training->options, session->pool, &result);
    keep_epochs(training->epochs, result.epochs);
    json_object_set_new(figures, "epochs", json_integer(result.epochs));
    if (status == ERR_CANCELLED || (status != OK && result.epochs == 0))
        return status;
    /* Epochs that ended well are worth keeping; how it ended is still the news. */
    char *message = arena_strdup(session->arena, error_message());
    TRY(keep(training, &result));
    json_object_set(figures, "accuracy", json_object_get(training->section, "accuracy"));
    return status == OK ? OK : error_set(status, "%s", message);
}

/* What train() would refuse is refused before there is a row. */
static Status rehearse(const Training *training)
{
    Session *session = training->session;
    Trainer *trainer = NULL;
    TRY(trainer_new(session->graph, training->images, &training->options, session->pool, &trainer));
    trainer_free(trainer);
    return OK;
}

static Status import_all(Training *training)
{
    Session *session = training->session;
    session->untrained = session->options->model && import_is_architecture(session->options->model);
    TRY(session_import_model(session));
    const Layer *output = graph_output(session->graph);
    TRY(session_import_test_images(session, graph_input_shape(session->graph),
                                   shape_elements(output->output_shape)));
    TRY(session_training(session, &training->images));
    return rehearse(training);
}

static void open_section(Training *training)
{
    const TrainRequest *request = training->request;
    Session *session = training->session;
    training->section = json_object();
    training->epochs = json_array();
    json_object_set_new(session->report, "training", training->section);
    json_object_set_new(training->section, "output", report_string(request->output));
    json_object_set_new(training->section, "from_scratch",
                        json_boolean(request->from_scratch || session->untrained));
    json_object_set_new(training->section, "loss", json_string("cross entropy"));
    json_object_set_new(training->section, "optimizer", json_string(request->optimizer));
    json_object_set_new(training->section, "batch", json_integer(request->batch));
    json_object_set_new(training->section, "epochs", training->epochs);
}

static Status train_run(Training *training)
{
    Session *session = training->session;
    int64_t started_ms = clock_utc_ms();
    TRY(read_request(training));
    TRY(import_all(training));
    open_section(training);
    session->row_request = request_to_json(session, training->request);
    TRY(resume_identify(session));
    if (session->resumed) {
        TRY(resume_check(session));
        TRY(read_epochs(training));
    }
    TRY(session_open_row(session, started_ms));
    session->stage_name = "train";
    session->work = training;
    return session_run_stage(session, STAGE_BASELINE, learn);
}

Status train_or_resume(const VerbCall *call, const RunRecord *resumed, json_t **report)
{
    RunOptions options = *call->options;
    options.stop_after = STAGE_IMPORT; /* of the stages of other runs it has only the first */
    Session session;
    Status status = session_open(&session, &options, call->events);
    Training training = {.session = &session, .request = call->request};
    session.keeps_log = true;
    session.resumed = resumed;
    if (status == OK)
        status = train_run(&training);
    status = session_finish(&session, status);
    *report = session.report;
    json_decref(session.row_request);
    session_close(&session);
    return status;
}

Status flow_train(const RunOptions *options, const TrainRequest *request, const RunEvents *events,
                  json_t **report)
{
    return train_or_resume(&(VerbCall){options, events, request}, NULL, report);
}
