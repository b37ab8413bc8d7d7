/* The verbs that do one stage or a few, without a row in the history. */
#include <string.h>

#include "base/fs.h"
#include "flow/report.h"
#include "flow/run.h"
#include "flow/session.h"
#include "quant/description.h"
#include "quant/dynamic.h"
#include "quant/integer_forward.h"

Status session_do(const VerbCall *call, Status (*work)(Session *session), json_t **report)
{
    Session session;
    Status status = session_open(&session, call->options, call->events);
    session.request = call->request;
    if (status == OK)
        status = work(&session);
    status = session_conclude(&session, status);
    if (session.events.finished)
        session.events.finished(session.events.context, status, status == OK ? "" : error_message(),
                                session.report);
    *report = session.report;
    session_close(&session);
    return status;
}

/* Lists what keeps the model from becoming hardware in the report; how many. */
static int report_blockers(Session *session)
{
    Blockers blockers = {0};
    quantizer_blockers(session->simplified, &blockers);
    json_t *list = json_array();
    for (int i = 0; i < blockers.count; i++)
        json_array_append_new(list, report_string(blockers.items[i]));
    json_object_set_new(session->report, "blockers", list);
    int count = blockers.count;
    blockers_free(&blockers);
    return count;
}

/* ---- inspect --------------------------------------------------------------------------------- */

static Status inspect(Session *session)
{
    TRY(session_import_model(session));
    report_blockers(session);
    return OK;
}

Status flow_inspect(const RunOptions *options, json_t **report)
{
    return session_do(&(VerbCall){options, NULL, NULL}, inspect, report);
}

/* ---- evaluate -------------------------------------------------------------------------------- */

/* The test images again, each with ranges of its own: "dynamic" of the report. */
static Status evaluate_dynamic(Session *session)
{
    Scheme scheme;
    TRY(session_scheme(session, &scheme));
    const DynamicModel model = {session->simplified, &scheme, session->quantized.model};
    const Classifier classifier = classifier_of_dynamic_model(&model);
    Evaluation evaluation;
    TRY(evaluate(&(EvaluateInput){&classifier, session->test, session->pool, &session->progress},
                 session->arena, &evaluation));
    json_object_set_new(session->report, "dynamic",
                        json_pack("{s:f, s:I}", "accuracy", evaluation.accuracy, "images",
                                  (json_int_t)evaluation.images));
    session_log(session, "accuracy with ranges from each image: %.4f", evaluation.accuracy);
    return OK;
}

/* `labels` are made in the arena. */
static Status label_images(Session *session, const Classifier *classifier, int32_t **labels)
{
    *labels = ARENA_ARRAY(session->arena, int32_t, session->test->count);
    return evaluate_labels(
        &(EvaluateInput){classifier, session->test, session->pool, &session->progress}, *labels);
}

/* A line for each image: its number in the test split, what it is, what float and integer model
 * take it for. */
static Status write_labels(Session *session)
{
    const Classifier floats = classifier_of_graph(session->graph);
    int32_t *real = NULL, *integer = NULL;
    TRY(label_images(session, &floats, &real));
    if (session->quantized.model) {
        const Classifier integers = classifier_of_integer_model(session->quantized.model);
        TRY(label_images(session, &integers, &integer));
    }
    Buffer text = {0};
    buffer_printf(&text, "image,label,float32,integer\n");
    for (int64_t i = 0; i < session->test->count; i++) {
        buffer_printf(&text, "%lld,%d,%d,", (long long)i, session->test->labels[i], real[i]);
        if (integer)
            buffer_printf(&text, "%d", integer[i]);
        buffer_printf(&text, "\n");
    }
    Status status = fs_write_atomic(session->options->labels, text.data, text.length);
    buffer_free(&text);
    return status;
}

static Status evaluate_both(Session *session)
{
    session->want_confusion = true;
    TRY(session_run_stage(session, STAGE_IMPORT, stage_import));
    int blockers = report_blockers(session);
    if (blockers == 0)
        TRY(session_check_hardware(session));
    TRY(session_run_stage(session, STAGE_BASELINE, stage_baseline));
    if (blockers == 0)
        TRY(session_run_stage(session, STAGE_QUANTIZE, stage_quantize));
    if (session->options->labels)
        TRY(write_labels(session));
    return blockers == 0 && session->options->dynamic ? evaluate_dynamic(session) : OK;
}

Status flow_evaluate(const RunOptions *options, const RunEvents *events, json_t **report)
{
    /* So the import demands images, but not that the model can become hardware. */
    RunOptions floats = *options;
    floats.stop_after = STAGE_BASELINE;
    return session_do(&(VerbCall){&floats, events, NULL}, evaluate_both, report);
}

Status flow_sweep(const RunOptions *options, const RunEvents *events, json_t **report)
{
    RunOptions floats = *options;
    floats.stop_after = STAGE_BASELINE; /* as above; session_sweep() checks the rest */
    return session_do(&(VerbCall){&floats, events, NULL}, session_sweep, report);
}

/* ---- from a description ---------------------------------------------------------------------- */

/* In the folder of a run it has a folder of its own. */
static const char *description_folder(Arena *arena, const char *given)
{
    const char *inner = fs_join(arena, given, "description");
    bool is_run = !fs_exists(fs_join(arena, given, "model.json")) && fs_is_folder(inner);
    return is_run ? inner : given;
}

static Status read_description(Session *session, json_t *figures)
{
    if (!session->options->description)
        return error_set(ERR_USAGE, "no model description was given: name its folder");
    session->description = description_folder(session->arena, session->options->description);
    if (!fs_exists(fs_join(session->arena, session->description, "model.json")))
        return error_set(ERR_REFUSED,
                         "%s: holds no model.json: expected a model description, which 'quantize' "
                         "and 'run' write, or the folder of a run",
                         session->description);
    TRY(description_read(session->description, &session->described));
    json_object_set_new(figures, "operations", json_integer(session->described->count));
    return OK;
}

static Status import_description(Session *session, json_t *figures)
{
    if (session->options->description && !session->options->workdir)
        return error_set(ERR_USAGE, "name a folder for the files with --workdir DIR");
    return read_description(session, figures);
}

static Status import_description_and_images(Session *session, json_t *figures)
{
    TRY(import_description(session, figures));
    TRY(session_import_test_images(session, session->described->ops[0].output_shape,
                                   session->described->classes));
    json_object_set_new(figures, "images", json_integer(session->test->count));
    return OK;
}

Status session_build_hardware(Session *session)
{
    TRY(session_run_stage(session, STAGE_PLAN, stage_plan));
    TRY(session_use_folder(session, session->options->workdir));
    return session_run_stage(session, STAGE_EMIT, stage_emit);
}

Status session_import_for_hardware(Session *session)
{
    return session_run_stage(session, STAGE_IMPORT, import_description_and_images);
}

static Status plan(Session *session)
{
    TRY(session_run_stage(session, STAGE_IMPORT, read_description));
    return session_run_stage(session, STAGE_PLAN, stage_plan);
}

Status flow_plan(const RunOptions *options, const RunEvents *events, json_t **report)
{
    return session_do(&(VerbCall){options, events, NULL}, plan, report);
}

static Status emit(Session *session)
{
    TRY(session_run_stage(session, STAGE_IMPORT, import_description));
    return session_build_hardware(session);
}

static Status simulate(Session *session)
{
    TRY(session_import_for_hardware(session));
    TRY(session_build_hardware(session));
    return session_run_stage(session, STAGE_SIMULATE, stage_simulate);
}

Status flow_emit(const RunOptions *options, const RunEvents *events, json_t **report)
{
    return session_do(&(VerbCall){options, events, NULL}, emit, report);
}

Status flow_simulate(const RunOptions *options, const RunEvents *events, json_t **report)
{
    return session_do(&(VerbCall){options, events, NULL}, simulate, report);
}

static Status synth(Session *session)
{
    bool wants_images = session->options->netlist_images > 0;
    TRY(session_run_stage(session, STAGE_IMPORT,
                          wants_images ? import_description_and_images : import_description));
    TRY(session_build_hardware(session));
    return session_run_stage(session, STAGE_SYNTH, stage_synth);
}

Status flow_synth(const RunOptions *options, const RunEvents *events, json_t **report)
{
    RunOptions complete = *options;
    complete.stop_after = STAGE_SYNTH; /* so that a device is demanded */
    Arena *arena = arena_new();
    const char *given = options->description;
    if (given && !complete.workdir && description_folder(arena, given) != given)
        complete.workdir = given; /* beside the run's other files */
    Status status = session_do(&(VerbCall){&complete, events, NULL}, synth, report);
    arena_free(arena);
    return status;
}
