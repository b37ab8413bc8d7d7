#include "optimize/ladder.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "base/steer.h"
#include "optimize/climb_state.h"
#include "quant/integer_forward.h"

/* How many training images rank the layers: enough to tell a tenth of a percent apart. */
enum { RANKING_IMAGES = 2000 };

static const char *const STEP_WORDS[LADDER_STEPS] = {
    [LADDER_PTQ_ALL] = "ptq-all", [LADDER_PTQ_PARTIAL] = "ptq-partial", [LADDER_QAT] = "qat"};
static const char *const POLICY_WORDS[POLICIES] = {
    [POLICY_CONV] = "conv", [POLICY_SENSITIVITY] = "sensitivity"};

const char *ladder_step_word(LadderStep step)
{
    return STEP_WORDS[step];
}

bool ladder_policy_parse(const char *word, LadderPolicy *policy)
{
    for (int i = 0; i < POLICIES; i++)
        if (strcmp(POLICY_WORDS[i], word) == 0) {
            *policy = (LadderPolicy)i;
            return true;
        }
    return false;
}

double ladder_threshold(const LadderOptions *options, double baseline)
{
    double least = -1;
    if (!isnan(options->target_accuracy))
        least = fmax(least, options->target_accuracy);
    if (!isnan(options->max_drop))
        least = fmax(least, baseline - options->max_drop);
    return least;
}

/* A climb under way. */
typedef struct Climb {
    const LadderInput *input;
    const LadderOptions *options;
    Ladder *ladder;
    double threshold;
    bool *floats;        /* for each layer: float in the rung that is tried */
    bool *partial;       /* the choice of rung 2 */
    int partial_rung;    /* its index */
    Quantized quantized; /* of the rung that is tried */
    Graph *graph;
    ClimbState state; /* what an earlier process did, and this one */
} Climb;

/* ---- what was done before ----------------------------------------------------------------------
 */

/* The rung that comes next, as it was tried before; NULL: it was not. */
static const RungMemory *remembered(const Climb *climb)
{
    int next = climb->ladder->count;
    return next < climb->state.count ? &climb->state.rungs[next] : NULL;
}

static Status misremembered(const Climb *climb, const char *what)
{
    return error_set(ERR_ENVIRONMENT,
                     "%s: the ladder's state does not fit: %s; remove the folder to start anew",
                     climb->state.folder, what);
}

static int find_layer(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->layers[i].name, name) == 0)
            return i;
    return -1;
}

static Status floats_as_remembered(Climb *climb, const RungMemory *memory)
{
    memset(climb->floats, 0, (size_t)climb->input->simplified->count * sizeof *climb->floats);
    for (int i = 0; i < memory->float_count; i++) {
        int layer = find_layer(climb->input->simplified, memory->float_layers[i]);
        if (layer < 0 || !layer_can_be_float(&climb->input->simplified->layers[layer]))
            return misremembered(climb, "a layer in float that the model has not");
        climb->floats[layer] = true;
    }
    return OK;
}

static Status remember(Climb *climb, const LadderRung *rung)
{
    ClimbState *state = &climb->state;
    state->rungs[state->count++] = (RungMemory){.step = rung->step,
                                                .accuracy = rung->accuracy,
                                                .float_layers = rung->float_layers,
                                                .float_count = rung->float_count};
    return climb_state_write(state);
}

/* ---- a rung's result ---------------------------------------------------------------------------
 */

static Status accuracy_on(const Climb *climb, const IntegerModel *model, const Dataset *images,
                          double *accuracy)
{
    const Classifier classifier = classifier_of_integer_model(model);
    Evaluation evaluation;
    TRY(evaluate(&(EvaluateInput){&classifier, images, climb->input->pool, NULL},
                 climb->ladder->arena, &evaluation));
    *accuracy = evaluation.accuracy;
    return OK;
}

static void list_floats(const Climb *climb, LadderRung *rung)
{
    const Graph *graph = climb->input->simplified;
    rung->float_layers = ARENA_ARRAY(climb->ladder->arena, const char *, graph->count);
    for (int i = 0; i < graph->count; i++)
        if (climb->floats[i])
            rung->float_layers[rung->float_count++] =
                arena_strdup(climb->ladder->arena, graph->layers[i].name);
}

/* The tried model becomes the ladder's when it is the best so far. */
static void keep_or_drop(Climb *climb, int rung)
{
    Ladder *ladder = climb->ladder;
    bool better = !ladder->quantized.model ||
                  ladder->rungs[rung].accuracy > ladder->rungs[ladder->chosen].accuracy;
    bool first_good = ladder->rungs[rung].accepted && !ladder->rungs[ladder->chosen].accepted;
    if (better || first_good) {
        integer_model_free(ladder->quantized.model);
        graph_free(ladder->graph);
        ladder->quantized = climb->quantized;
        ladder->graph = climb->graph;
        ladder->chosen = rung;
    } else {
        integer_model_free(climb->quantized.model);
        graph_free(climb->graph);
    }
    climb->quantized = (Quantized){0};
    climb->graph = NULL;
}

/* Evaluates the tried model on the test images. `rung` has what only its action knows. */
static Status conclude(Climb *climb, LadderRung rung)
{
    Ladder *ladder = climb->ladder;
    assert(ladder->count < LADDER_MAX_RUNGS);
    const RungMemory *memory = remembered(climb);
    list_floats(climb, &rung);
    if (rung.step != LADDER_QAT)
        rung.start = -1;
    if (memory && (memory->step != rung.step || memory->float_count != rung.float_count))
        return misremembered(climb, "its rungs are not those of this climb");
    rung.remembered = memory != NULL;
    if (memory)
        rung.accuracy = memory->accuracy;
    else
        TRY(accuracy_on(climb, climb->quantized.model, climb->input->test, &rung.accuracy));
    rung.bytes = integer_model_bytes(climb->quantized.model);
    rung.accepted = rung.accuracy >= climb->threshold;
    if (!memory)
        TRY(remember(climb, &rung));
    ladder->rungs[ladder->count] = rung;
    ladder->met |= rung.accepted;
    keep_or_drop(climb, ladder->count);
    ladder->count++;
    if (climb->input->tried)
        climb->input->tried(climb->input->context, ladder);
    return OK;
}

/* ---- actions -----------------------------------------------------------------------------------
 */

static void begins(const Climb *climb, LadderStep step)
{
    steer_begin_step();
    if (climb->input->begins)
        climb->input->begins(climb->input->context, step);
}

static Status quantize(Climb *climb, Quantized *quantized)
{
    const LadderInput *input = climb->input;
    const Scheme scheme =
        scheme_with_floats(climb->ladder->arena, input->simplified, input->scheme, climb->floats);
    return quantize_graph(input->simplified, input->calibration, &scheme, input->progress,
                          quantized);
}

/* What the scheme itself wants in float stays there on every rung. */
static void floats_of_scheme(Climb *climb)
{
    for (int i = 0; i < climb->input->scheme->count; i++)
        climb->floats[i] = climb->input->scheme->layers[i].is_float;
}

static Status try_all(Climb *climb)
{
    begins(climb, LADDER_PTQ_ALL);
    floats_of_scheme(climb);
    TRY(quantize(climb, &climb->quantized));
    bool partial = false;
    for (int i = 0; i < climb->input->scheme->count; i++)
        partial |= climb->floats[i];
    return conclude(climb, (LadderRung){.step = partial ? LADDER_PTQ_PARTIAL : LADDER_PTQ_ALL});
}

/* A tenth of a percent or two differ between these images and the test images: the rung is judged
 * on the latter in any case. */
static Status search(Climb *climb, const Dataset *images)
{
    const ClimbState *state = &climb->state;
    double goal = climb->threshold - climb->input->baseline + state->float_accuracy;
    for (int k = 0; k < state->ranking_count; k++) {
        int layer = find_layer(climb->input->simplified, state->ranking[k]);
        if (layer < 0)
            return misremembered(climb, "a ranked layer that the model has not");
        climb->floats[layer] = true;
        Quantized quantized = {0};
        double accuracy = 0;
        TRY(cancel_check());
        TRY(quantize(climb, &quantized));
        Status status = accuracy_on(climb, quantized.model, images, &accuracy);
        integer_model_free(quantized.model);
        TRY(status);
        if (accuracy >= goal || steer_ends_step())
            break;
    }
    return OK;
}

/* The names in their order are all that the search needs, and what is kept. */
static Status rank(Climb *climb, const Dataset *images)
{
    const LadderInput *input = climb->input;
    const SensitivityInput study = {.simplified = input->simplified,
                                    .scheme = input->scheme,
                                    .calibration = input->calibration,
                                    .images = images,
                                    .pool = input->pool,
                                    .progress = input->progress};
    Sensitivity sensitivity;
    TRY(sensitivity_measure(&study, climb->ladder->arena, &sensitivity));
    const char **names = ARENA_ARRAY(climb->ladder->arena, const char *, sensitivity.count + 1);
    for (int i = 0; i < sensitivity.count; i++)
        names[i] = sensitivity.layers[sensitivity.ranking[i]].name;
    climb->state.ranking = names;
    climb->state.ranking_count = sensitivity.count;
    climb->state.float_accuracy = sensitivity.float_accuracy;
    return climb_state_write(&climb->state);
}

static Status choose_by_sensitivity(Climb *climb)
{
    const LadderInput *input = climb->input;
    const Dataset *training = NULL;
    Status status = input->training(input->context, &training);
    if (status == ERR_REFUSED)
        training = input->calibration; /* there are no others */
    else
        TRY(status);
    Dataset images = *training;
    dataset_truncate(&images, RANKING_IMAGES);
    if (!climb->state.ranking)
        TRY(rank(climb, &images));
    return search(climb, &images);
}

static void choose_convolutions(Climb *climb)
{
    const Graph *graph = climb->input->simplified;
    for (int i = 0; i < graph->count; i++)
        climb->floats[i] |= graph->layers[i].kind == LAYER_CONV2D;
}

/* Whether rung 2 would differ from rung 1. */
static bool keeps_more_in_float(const Climb *climb)
{
    bool more = false;
    for (int i = 0; i < climb->input->scheme->count; i++)
        more |= climb->floats[i] && !climb->input->scheme->layers[i].is_float;
    return more;
}

static Status try_partial(Climb *climb)
{
    begins(climb, LADDER_PTQ_PARTIAL);
    const RungMemory *memory = remembered(climb);
    floats_of_scheme(climb);
    if (memory && memory->step == LADDER_PTQ_PARTIAL)
        TRY(floats_as_remembered(climb, memory));
    else if (climb->options->policy == POLICY_CONV)
        choose_convolutions(climb);
    else
        TRY(choose_by_sensitivity(climb));
    climb->ladder->no_partial = !keeps_more_in_float(climb);
    if (climb->ladder->no_partial)
        return OK;
    size_t layers = (size_t)climb->input->simplified->count;
    memcpy(climb->partial, climb->floats, layers * sizeof *climb->partial);
    climb->partial_rung = climb->ladder->count;
    TRY(quantize(climb, &climb->quantized));
    return conclude(climb, (LadderRung){.step = LADDER_PTQ_PARTIAL});
}

/* From the integers of rung `start`: its scheme, with climb->floats in float, quantizes to them. */
static Status train_rung(Climb *climb, int start)
{
    const LadderInput *input = climb->input;
    Ladder *ladder = climb->ladder;
    if (climb->options->qat.epochs == 0)
        return OK;
    begins(climb, LADDER_QAT);
    const Scheme scheme =
        scheme_with_floats(ladder->arena, input->simplified, input->scheme, climb->floats);
    QatInput qat = {.simplified = input->simplified,
                    .scheme = &scheme,
                    .calibration = input->calibration,
                    .pool = input->pool};
    QatOptions options = climb->options->qat;
    if (climb->state.folder)
        options.checkpoint =
            arena_printf(ladder->arena, "%s/rung-%d.training", climb->state.folder, ladder->count);
    QatResult result;
    Status status = input->training(input->context, &qat.training);
    if (status == OK)
        status = qat_train(&qat, &options, &result);
    if (status == ERR_REFUSED) { /* the rungs before still count */
        ladder->skipped = arena_strdup(ladder->arena, error_message());
        return OK;
    }
    TRY_IN(status, "training on integers");
    LadderRung rung = {.step = LADDER_QAT,
                       .start = start,
                       .epoch_count = result.epoch_count,
                       .best_epoch = result.best};
    TrainEpoch *epochs = ARENA_ARRAY(ladder->arena, TrainEpoch, result.epoch_count + 1);
    memcpy(epochs, result.epochs, (size_t)result.epoch_count * sizeof *epochs);
    rung.epochs = epochs;
    rung.note = result.stopped ? arena_strdup(ladder->arena, result.stopped) : NULL;
    climb->quantized = result.quantized;
    climb->graph = result.graph;
    return conclude(climb, rung);
}

static Status try_qat(Climb *climb)
{
    floats_of_scheme(climb);
    return train_rung(climb, 0);
}

static Status try_qat_partial(Climb *climb)
{
    if (climb->ladder->no_partial)
        return OK;
    size_t layers = (size_t)climb->input->simplified->count;
    memcpy(climb->floats, climb->partial, layers * sizeof *climb->floats);
    return train_rung(climb, climb->partial_rung);
}

/* ---- the table of states -----------------------------------------------------------------------
 */

typedef enum State { AT_START, AT_ALL, AT_PARTIAL, AT_QAT, AT_QAT_PARTIAL, AT_END } State;
typedef enum Event { BEGIN, MET, MISSED, TRAIN } Event;

typedef struct Transition {
    State state;
    Event event;
    Status (*action)(Climb *climb); /* NULL: nothing more to try */
    State next;
} Transition;

static const Transition TRANSITIONS[] = {
    {AT_START, BEGIN, try_all, AT_ALL},
    {AT_ALL, MET, NULL, AT_END},
    {AT_ALL, MISSED, try_partial, AT_PARTIAL},
    {AT_ALL, TRAIN, try_qat, AT_QAT_PARTIAL},
    {AT_PARTIAL, MET, NULL, AT_END},
    {AT_PARTIAL, MISSED, try_qat, AT_QAT},
    {AT_QAT, MET, NULL, AT_END},
    {AT_QAT, MISSED, try_qat_partial, AT_QAT_PARTIAL},
    {AT_QAT_PARTIAL, MET, NULL, AT_END},
    {AT_QAT_PARTIAL, MISSED, NULL, AT_END},
};

static const Transition *transition_from(State state, Event event)
{
    for (size_t i = 0; i < sizeof TRANSITIONS / sizeof *TRANSITIONS; i++)
        if (TRANSITIONS[i].state == state && TRANSITIONS[i].event == event)
            return &TRANSITIONS[i];
    assert(false && "every state answers every event that it can meet");
    return NULL;
}

static Status climb_all(Climb *climb)
{
    State state = AT_START;
    Event event = BEGIN;
    while (state != AT_END) {
        const Transition *transition = transition_from(state, event);
        TRY(cancel_check());
        if (transition->action)
            TRY(transition->action(climb));
        state = transition->next;
        if (steer_finishes() && climb->ladder->count > 0) {
            climb->ladder->stopped = true;
            return OK;
        }
        if (state == AT_ALL && climb->options->train_at_once)
            event = TRAIN;
        else
            event = climb->ladder->met ? MET : MISSED;
    }
    return OK;
}

Status ladder_climb(const LadderInput *input, const LadderOptions *options, Ladder *ladder)
{
    *ladder = (Ladder){.arena = arena_new()};
    Climb climb = {.input = input,
                   .options = options,
                   .ladder = ladder,
                   .threshold = ladder_threshold(options, input->baseline),
                   .floats = ARENA_ARRAY(ladder->arena, bool, input->simplified->count),
                   .partial = ARENA_ARRAY(ladder->arena, bool, input->simplified->count)};
    Status status =
        climb_state_read(options->folder, options->identity, ladder->arena, &climb.state);
    if (status == OK)
        status = climb_all(&climb);
    integer_model_free(climb.quantized.model);
    graph_free(climb.graph);
    if (status != OK)
        ladder_free(ladder);
    return status;
}

void ladder_free(Ladder *ladder)
{
    integer_model_free(ladder->quantized.model);
    graph_free(ladder->graph);
    arena_free(ladder->arena);
    *ladder = (Ladder){0};
}
