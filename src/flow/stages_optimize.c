/* The stage quantize: the ladder, from calibration to a model that is good enough. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "flow/report.h"
#include "flow/session.h"
#include "import/importer.h"
#include "import/keras_write.h"
#include "optimize/dequantize.h"
#include "optimize/ladder.h"
#include "quant/integer_forward.h"

/* ---- the chosen model ------------------------------------------------------------------------ */

static json_t *op_to_json(const Op *op, const LayerLoss *loss)
{
    json_t *row = json_object();
    bool has_weights = op_traits(op->kind)->has_weights;
    json_object_set_new(row, "name", report_string(op->name));
    json_object_set_new(row, "kind", json_string(op_word(op->kind)));
    json_object_set_new(row, "weight_bits",
                        has_weights ? json_integer(op->weight_bits) : json_null());
    json_object_set_new(row, "activation_bits", json_integer(op->output.bits));
    json_object_set_new(row, "calibration", report_string(op->calibration));
    bool is_float = op_traits(op->kind)->writes_float; /* nothing is cut off or scaled */
    json_object_set_new(row, "clip", report_real(is_float ? NAN : op->clip));
    json_object_set_new(row, "scale", report_real(is_float ? NAN : op->output.scale));
    json_object_set_new(row, "sqnr_db", report_real(loss->sqnr_db));
    json_object_set_new(row, "clipped_fraction", report_real(loss->clipped_fraction));
    return row;
}

static json_t *ops_to_json(const Quantized *quantized)
{
    json_t *layers = json_array();
    for (int i = 0; i < quantized->model->count; i++)
        json_array_append_new(layers, op_to_json(&quantized->model->ops[i], &quantized->losses[i]));
    return layers;
}

static Status save_choices(Session *session)
{
    if (!session->store)
        return OK;
    const IntegerModel *model = session->quantized.model;
    LayerChoice *choices = ARENA_ARRAY(session->arena, LayerChoice, model->count);
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        bool is_float = op_traits(op->kind)->writes_float;
        choices[i] = (LayerChoice){.layer = op->name,
                                   .kind = op_word(op->kind),
                                   .weight_bits = op->weight_bits,
                                   .activation_bits = op->output.bits,
                                   .calibration = op->calibration,
                                   .clip = is_float ? NAN : op->clip,
                                   .scale = is_float ? NAN : op->output.scale,
                                   .pe = op->pe,
                                   .simd = op->simd};
    }
    return store_set_choices(session->store, session->run, choices, model->count);
}

/* ---- the ladder ------------------------------------------------------------------------------ */

json_t *session_epoch_to_json(const TrainEpoch *epoch)
{
    json_t *row = json_pack("{s:i}", "epoch", epoch->epoch);
    json_object_set_new(row, "rate", report_real(epoch->rate));
    json_object_set_new(row, "loss", report_real(epoch->loss));
    json_object_set_new(row, "accuracy", report_real(epoch->accuracy));
    json_object_set_new(row, "validation_loss",
                        report_real(epoch->validated ? epoch->validation_loss : NAN));
    json_object_set_new(row, "validation_accuracy",
                        report_real(epoch->validated ? epoch->validation_accuracy : NAN));
    json_object_set_new(row, "seconds", report_real(epoch->seconds));
    return row;
}

static json_t *epochs_to_json(const LadderRung *rung)
{
    json_t *epochs = json_array();
    for (int i = 0; i < rung->epoch_count; i++)
        json_array_append_new(epochs, session_epoch_to_json(&rung->epochs[i]));
    return epochs;
}

static json_t *rung_to_json(const Ladder *ladder, int index)
{
    const LadderRung *rung = &ladder->rungs[index];
    json_t *row = json_pack("{s:s}", "step", ladder_step_word(rung->step));
    json_object_set_new(row, "accuracy", report_real(rung->accuracy));
    json_object_set_new(row, "bytes", json_integer(rung->bytes));
    json_object_set_new(row, "accepted", json_boolean(rung->accepted));
    json_object_set_new(row, "chosen", json_boolean(index == ladder->chosen));
    json_t *floats = json_array();
    for (int i = 0; i < rung->float_count; i++)
        json_array_append_new(floats, report_string(rung->float_layers[i]));
    json_object_set_new(row, "float_layers", floats);
    if (rung->step == LADDER_QAT) {
        json_object_set_new(row, "starts_from",
                            json_string(ladder_step_word(ladder->rungs[rung->start].step)));
        json_object_set_new(row, "epochs", epochs_to_json(rung));
        json_object_set_new(row, "best_epoch", json_integer(rung->best_epoch));
        json_object_set_new(row, "note", rung->note ? report_string(rung->note) : json_null());
    }
    return row;
}

static json_t *ladder_to_json(const Ladder *ladder)
{
    json_t *rungs = json_array();
    for (int i = 0; i < ladder->count; i++)
        json_array_append_new(rungs, rung_to_json(ladder, i));
    return rungs;
}

Status session_training(Session *session, const Dataset **training)
{
    if (!session->training) {
        const double scale = session->test->scale;
        TRY(dataset_load(session->options->data, DATASET_TRAIN, &scale, &session->training));
        const Layer *output = graph_output(session->simplified);
        TRY(dataset_fit(session->training, graph_input_shape(session->simplified),
                        shape_elements(output->output_shape)));
    }
    *training = session->training;
    return OK;
}

static Status give_training(void *context, const Dataset **training)
{
    return session_training(context, training);
}

/* Where a rung begins in the stage's progress, and how much it takes: roughly its share. */
static const struct Part {
    double start, length;
} PARTS[LADDER_STEPS] = {
    [LADDER_PTQ_ALL] = {0, 0.05}, [LADDER_PTQ_PARTIAL] = {0.05, 0.1}, [LADDER_QAT] = {0.15, 0.75}};

/* Tells how far the climb is: the rungs that were tried, and the one under way. The row has it, too,
 * for those who get no events. */
static void tell_climb(const Session *session)
{
    if (session->events.figures)
        session->events.figures(session->events.context, STAGE_QUANTIZE, session->climb);
    if (!session->store)
        return;
    char *text = report_format(session->climb, false);
    /* As progress it is a courtesy: a history that is busy or full shows when the stage ends. */
    Status ignored =
        store_set_found(session->store, session->run, stage_word(STAGE_QUANTIZE), text);
    (void)ignored;
    free(text);
}

static void set_step(Session *session, json_t *word, json_t *epochs)
{
    if (!session->climb)
        session->climb = json_pack("{s:[]}", "ladder");
    json_object_set_new(session->climb, "climb",
                        json_pack("{s:o, s:o, s:i}", "step", word, "epochs", epochs,
                                  "epochs_wanted", session->options->qat_epochs));
    tell_climb(session);
}

static void on_begin(void *context, LadderStep step)
{
    session_part(context, PARTS[step].start, PARTS[step].length);
    set_step(context, json_string(ladder_step_word(step)), json_array());
}

static void on_epoch(void *context, const TrainEpoch *epochs, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, session_epoch_to_json(&epochs[i]));
    session_log(context, "epoch %d: loss %.4f, accuracy %.4f", epochs[count - 1].epoch,
                epochs[count - 1].loss, epochs[count - 1].accuracy);
    set_step(context, json_string(ladder_step_word(LADDER_QAT)), list);
}

static void on_tried(void *context, const Ladder *ladder)
{
    Session *session = context;
    const LadderRung *rung = &ladder->rungs[ladder->count - 1];
    session_log(context, "rung %s: accuracy %.4f%s, %lld bytes, %d layers in float%s",
                ladder_step_word(rung->step), rung->accuracy,
                rung->remembered ? " as measured before" : "", (long long)rung->bytes,
                rung->float_count, rung->accepted ? "" : ": below the target");
    if (rung->note)
        session_log(context, "%s", rung->note);
    json_object_set_new(session->climb, "ladder", ladder_to_json(ladder));
    set_step(session, json_null(), json_array());
}

static LadderOptions ladder_options(const Session *session)
{
    const RunOptions *options = session->options;
    LadderOptions ladder = {.target_accuracy = options->target_accuracy,
                            .max_drop = options->max_drop,
                            .qat = qat_defaults()};
    bool known = ladder_policy_parse(options->policy, &ladder.policy);
    (void)known; /* run_options_check() saw to it */
    ladder.qat.epochs = options->qat_epochs;
    ladder.train_at_once = options->qat;
    ladder.qat.learn_steps = !options->qat_fixed_steps;
    ladder.qat.seed = (uint64_t)options->seed;
    ladder.qat.progress = &session->progress;
    ladder.qat.on_epoch = on_epoch;
    if (session->folder) /* evaluate has none */
        ladder.folder = session_path(session, LADDER_FOLDER);
    ladder.identity = session->identity;
    return ladder;
}

static Status climb(Session *session, const Scheme *scheme, Ladder *ladder)
{
    LadderOptions options = ladder_options(session);
    options.qat.context = session;
    const LadderInput input = {.simplified = session->simplified,
                               .scheme = scheme,
                               .calibration = session->calibration,
                               .test = session->test,
                               .baseline = report_number(session->report, "baseline.accuracy", NAN),
                               .training = give_training,
                               .tried = on_tried,
                               .begins = on_begin,
                               .context = session,
                               .pool = session->pool,
                               .progress = &session->progress};
    return ladder_climb(&input, &options, ladder);
}

/* The session takes over what the ladder chose. */
static void take_model(Session *session, const Scheme *scheme, Ladder *ladder)
{
    const LadderRung *rung = &ladder->rungs[ladder->chosen];
    bool *floats = ARENA_ARRAY(session->arena, bool, scheme->count);
    for (int i = 0; i < rung->float_count; i++)
        floats[graph_find(session->simplified, rung->float_layers[i])] = true;
    session->scheme = scheme_with_floats(session->arena, session->simplified, scheme, floats);
    session->quantized = ladder->quantized;
    session->trained = ladder->graph;
    ladder->quantized = (Quantized){0};
    ladder->graph = NULL;
}

static void tell_result(Session *session, const Ladder *ladder)
{
    const LadderRung *rung = &ladder->rungs[ladder->chosen];
    double baseline = report_number(session->report, "baseline.accuracy", NAN);
    const LadderOptions options = ladder_options(session);
    if (ladder->no_partial)
        session_log(session, "no partial rung: policy %s finds nothing to keep in float",
                    session->options->policy);
    if (ladder->stopped)
        session_log(session, "the climb was ended on request");
    if (ladder->skipped)
        session_log(session, "no training on integers: %s", ladder->skipped);
    if (!ladder->met)
        session_miss(session,
                     "an accuracy of %.4f was asked for; the best rung of the ladder, %s, reaches "
                     "%.4f (the float model has %.4f)",
                     ladder_threshold(&options, baseline), ladder_step_word(rung->step),
                     rung->accuracy, baseline);
}

/* The weights that the integers stand for, in a copy of the model's file. */
static Status write_optimized(Session *session)
{
    const char *target = session->options->optimized_model;
    if (!target)
        return OK;
    Graph *copy = NULL;
    TRY(import_model(session->options->model, &copy));
    Status status = dequantize_weights(session->quantized.model, copy);
    if (status == OK)
        status = keras_write(session->options->model, target, copy);
    graph_free(copy);
    TRY(status);
    session_log(session, "the weights as the integers have them are in %s", target);
    return OK;
}

Status stage_quantize(Session *session, json_t *figures)
{
    Ladder ladder;
    Scheme scheme;
    TRY(session_measure_preparation(session));
    TRY(session_scheme(session, &scheme));
    TRY(climb(session, &scheme, &ladder));
    take_model(session, &scheme, &ladder);
    json_object_set_new(session->report, "ladder", ladder_to_json(&ladder));
    tell_result(session, &ladder);
    ladder_free(&ladder);
    IntegerModel *model = session->quantized.model;
    TRY(session_finish_model(session, model));
    TRY(save_choices(session));
    session_part(session, 0.9, 0.1);
    const Classifier classifier = classifier_of_integer_model(model);
    TRY(session_measure(session, &classifier, integer_model_bytes(model), figures));
    json_t *section = json_copy(figures);
    json_object_set_new(section, "layers", ops_to_json(&session->quantized));
    if (session->options->optimized_model)
        json_object_set_new(section, "optimized_model",
                            report_string(session->options->optimized_model));
    json_object_set_new(session->report, "quantized", section);
    json_object_set(figures, "ladder", json_object_get(session->report, "ladder"));
    return write_optimized(session);
}
