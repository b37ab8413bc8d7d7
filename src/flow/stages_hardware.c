/* The stages that make hardware: plan, emit, simulate. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/differences.h"
#include "flow/mutation.h"
#include "flow/plan_choice.h"
#include "flow/proof.h"
#include "flow/report.h"
#include "flow/session.h"
#include "hw/emit.h"
#include "hw/packing.h"
#include "hw/timing.h"
#include "quant/description.h"
#include "quant/float32.h"

/* The bench's own watchdog counts clocks and notices a hang; this one is for a simulator that hangs
 * itself: a day. */
static const double DEADLINE_S = 24 * 3600.0;

/* ---- plan ------------------------------------------------------------------------------------ */

static json_t *stage_to_json(const Stage *stage, const LayerTiming *timing)
{
    json_t *row = json_object();
    json_object_set_new(row, "name", report_string(stage->op->name));
    json_object_set_new(row, "entity", report_string(stage->entity));
    json_object_set_new(row, "pe", json_integer(stage->pe));
    json_object_set_new(row, "simd", json_integer(stage->simd));
    plan_choice_add_values(stage, row);
    json_object_set_new(row, "fold_steps", json_integer(stage->fold_steps));
    json_object_set_new(row, "macs_per_cycle", json_integer(stage->macs_per_cycle));
    json_object_set_new(row, "packed", json_boolean(stage->packed));
    json_object_set_new(row, "interval_cycles", json_integer(timing->interval_cycles));
    json_object_set_new(row, "busy_cycles", json_integer(timing->busy_cycles));
    return row;
}

/* Every stream between layers; `proof` is NULL before the simulation. */
static json_t *buffers_to_json(const Plan *plan, const ProofResult *proof)
{
    json_t *list = json_array();
    for (int i = 0; i < plan->buffer_count; i++) {
        const StreamBuffer *buffer = &plan->buffers[i];
        bool counted = proof && proof->peaks && proof->peaks[i] >= 0;
        json_t *row = json_object();
        json_object_set_new(row, "from", report_string(plan_stage_name(plan, buffer->from)));
        json_object_set_new(row, "to", report_string(plan_stage_name(plan, buffer->to)));
        json_object_set_new(row, "depth", json_integer(buffer->depth));
        json_object_set_new(row, "peak", counted ? json_integer(proof->peaks[i]) : json_null());
        json_object_set_new(row, "predicted_peak",
                            json_integer(counted ? proof->planned_peaks[i] : buffer->peak));
        json_array_append_new(list, row);
    }
    return list;
}

/* The section with all its keys; what only the simulation can tell is null. */
static json_t *hardware_to_json(const Session *session, const Timing *timing)
{
    static const char *const UNKNOWN[] = {"images",          "bit_exact",      "values_compared",
                                          "label_agreement", "accuracy",       "first_mismatch",
                                          "latency_cycles",  "interval_cycles"};
    static const char *const UNKNOWN_TOO[] = {"latency_us", "images_per_s",
                                              "simulated_images_per_s"};
    json_t *section = json_object();
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++)
        json_object_set_new(section, UNKNOWN[i], json_null());
    json_object_set_new(section, "predicted_latency_cycles", json_integer(timing->latency_cycles));
    json_object_set_new(section, "predicted_interval_cycles",
                        json_integer(timing->interval_cycles));
    json_object_set_new(section, "weights", report_string(session->options->weights));
    json_object_set_new(section, "clock_mhz", report_real(session->options->clock_mhz));
    for (size_t i = 0; i < sizeof UNKNOWN_TOO / sizeof *UNKNOWN_TOO; i++)
        json_object_set_new(section, UNKNOWN_TOO[i], json_null());
    json_t *layers = json_array();
    for (int i = 0; i < session->plan->count; i++)
        json_array_append_new(layers, stage_to_json(&session->plan->stages[i], &timing->layers[i]));
    json_object_set_new(section, "layers", layers);
    json_object_set_new(section, "buffers", buffers_to_json(session->plan, NULL));
    return section;
}

static Status pack_products(Session *session)
{
    const Device *device = NULL;
    TRY(device_find(session->options->device, &device));
    return packing_apply(session->plan, device);
}

Status stage_plan(Session *session, json_t *figures)
{
    /* Read back, even after it was just written: the hardware depends on the description alone. */
    if (!session->described)
        TRY(description_read(session->description, &session->described));
    if (!session->options->model) /* a run has its foldings in the description */
        TRY(plan_choice_renew(session, session->described));
    TRY(plan_new(session->described, &session->plan));
    if (run_options_load_weights(session->options))
        TRY(plan_load_weights(session->plan));
    if (session->options->pack_dsp)
        TRY(pack_products(session));
    Timing timing;
    TRY(timing_predict(session->plan, TIMING_IMAGES, &timing));
    json_t *section = hardware_to_json(session, &timing);
    json_object_set_new(session->report, "hardware", section);
    TRY(plan_choice_report(session, session->plan, section));
    json_object_set_new(figures, "predicted_latency_cycles", json_integer(timing.latency_cycles));
    json_object_set_new(figures, "predicted_interval_cycles", json_integer(timing.interval_cycles));
    json_object_set_new(figures, "bottleneck",
                        report_string(session->plan->stages[timing.bottleneck].op->name));
    return OK;
}

/* ---- emit ------------------------------------------------------------------------------------ */

Status stage_emit(Session *session, json_t *figures)
{
    char sha256[HASH_HEX_BYTES];
    TRY(emit_design(session->plan, session->arena, session_path(session, "hdl"), &session->design));
    TRY(emit_hash(&session->design, sha256));
    json_object_set_new(figures, "folder", report_string(session->design.folder));
    json_object_set_new(figures, "top", report_string(session->design.top));
    if (session->design.weights)
        json_object_set_new(figures, "weights", report_string(session->design.weights));
    json_object_set_new(figures, "files", json_integer(session->design.file_count));
    json_object_set_new(figures, "sha256", json_string(sha256));
    return session->store ? store_set_hashes(session->store, session->run, NULL, sha256) : OK;
}

/* ---- simulate -------------------------------------------------------------------------------- */

/* A value of a layer: an integer, or the number of a bit pattern. */
static json_t *value_to_json(const Difference *difference, int32_t value)
{
    return difference->is_float ? json_real((double)float32_of_word(value)) : json_integer(value);
}

/* Where in the layer's output, and the values in real units. */
static void add_place(const Session *session, const Difference *difference, json_t *row)
{
    const Plan *plan = session->plan;
    const Op *op = NULL;
    for (int i = 0; i < plan->count && !op; i++)
        if (strcmp(plan->stages[i].op->name, difference->layer) == 0)
            op = plan->stages[i].op;
    if (!op)
        return;
    Shape shape = shape_as_image(op->output_shape);
    int64_t channels = shape_channels(shape), width = shape.dim[1];
    json_object_set_new(row, "channel", json_integer(difference->element % channels));
    json_object_set_new(row, "row", json_integer(difference->element / channels / width));
    json_object_set_new(row, "column", json_integer(difference->element / channels % width));
    json_object_set_new(row, "got_real",
                        report_real(difference->missing ? NAN : op_real(op, difference->got)));
    json_object_set_new(row, "expected_real", report_real(op_real(op, difference->expected)));
}

static json_t *difference_to_json(const Session *session, const Difference *difference)
{
    if (!difference->found)
        return json_null();
    json_t *row = json_object();
    json_object_set_new(row, "layer", report_string(difference->layer));
    json_object_set_new(row, "image", json_integer(difference->image));
    json_object_set_new(row, "element", json_integer(difference->element));
    json_object_set_new(
        row, "got", difference->missing ? json_null() : value_to_json(difference, difference->got));
    json_object_set_new(row, "expected", value_to_json(difference, difference->expected));
    add_place(session, difference, row);
    return row;
}

/* Cycles, or null when the simulation did not get that far. */
static json_t *cycles_to_json(int64_t cycles)
{
    return cycles > 0 ? json_integer(cycles) : json_null();
}

static void add_proof(const Session *session, const ProofResult *proof, json_t *section)
{
    double clock_mhz = session->options->clock_mhz;
    double interval = proof->interval_cycles > 0 ? (double)proof->interval_cycles : NAN;
    double latency = proof->latency_cycles > 0 ? (double)proof->latency_cycles : NAN;
    json_object_set_new(section, "images", json_integer(proof->images));
    json_object_set_new(section, "bit_exact", json_boolean(proof->bit_exact));
    json_object_set_new(section, "values_compared", json_integer(proof->values_compared));
    json_object_set_new(section, "label_agreement", report_real(proof->label_agreement));
    json_object_set_new(section, "accuracy", report_real(proof->accuracy));
    json_object_set_new(section, "first_mismatch", difference_to_json(session, &proof->first));
    json_object_set_new(section, "latency_cycles", cycles_to_json(proof->latency_cycles));
    json_object_set_new(section, "interval_cycles", cycles_to_json(proof->interval_cycles));
    json_object_set_new(section, "latency_us", report_real(latency / clock_mhz));
    json_object_set_new(section, "images_per_s", report_real(clock_mhz * 1e6 / interval));
    json_object_set_new(section, "simulated_images_per_s",
                        report_real(proof->simulated_images_per_s));
    json_object_set_new(section, "overflow_checked_images", json_integer(proof->overflow_checked));
}

static void write_value(const Difference *difference, int32_t value, char *text, size_t size)
{
    if (difference->is_float)
        snprintf(text, size, "%.9g", (double)float32_of_word(value));
    else
        snprintf(text, size, "%d", value);
}

static void miss_values(Session *session, const Difference *first)
{
    char got[32] = "nothing", expected[32];
    if (!first->found) {
        session_miss(session, "hardware and software differ");
        return;
    }
    if (!first->missing)
        write_value(first, first->got, got, sizeof got);
    write_value(first, first->expected, expected, sizeof expected);
    session_miss(session,
                 "hardware and software differ: first in layer %s, image %lld, element %lld: got "
                 "%s, expected %s",
                 first->layer[0] ? first->layer : "(output)", (long long)first->image,
                 (long long)first->element, got, expected);
}

static void miss_peaks(Session *session, const ProofResult *proof)
{
    const Plan *plan = session->plan;
    for (int i = 0; i < plan->buffer_count; i++) {
        const StreamBuffer *buffer = &plan->buffers[i];
        if (buffer->depth > BUFFER_REGISTER_DEPTH && proof->peaks[i] != proof->planned_peaks[i])
            session_miss(
                session,
                "the buffer from %s to %s, of %lld beats, held %lld at most in simulation, "
                "predicted %lld",
                plan_stage_name(plan, buffer->from), plan_stage_name(plan, buffer->to),
                (long long)buffer->depth, (long long)proof->peaks[i],
                (long long)proof->planned_peaks[i]);
    }
}

static void judge(Session *session, const ProofResult *proof)
{
    if (proof->bit_exact && proof->timing_compared && !proof->peaks_exact)
        miss_peaks(session, proof);
    if (proof->bit_exact && proof->timing_compared && !proof->timing_exact)
        session_miss(session,
                     "the simulated cycles differ from the predicted ones: latency %lld, predicted "
                     "%lld; interval %lld, predicted %lld",
                     (long long)proof->latency_cycles, (long long)proof->predicted.latency_cycles,
                     (long long)proof->interval_cycles,
                     (long long)proof->predicted.interval_cycles);
    else if (!proof->bit_exact && proof->standstill)
        session_miss(session, "the hardware stands still: %s; layer %s, image %lld",
                     proof->standstill, proof->first.layer, (long long)proof->first.image);
    else if (!proof->bit_exact && proof->fault && proof->first.found)
        session_miss(session, "the hardware gave up in simulation: %s; layer %s, image %lld",
                     proof->fault, proof->first.layer, (long long)proof->first.image);
    else if (!proof->bit_exact && proof->fault)
        session_miss(session, "the hardware gave up in simulation: %s", proof->fault);
    else if (!proof->bit_exact)
        miss_values(session, &proof->first);
}

static Status save_simulator(Session *session, const ProofResult *proof)
{
    json_t *tools = json_object_get(session->report, "tools");
    char *name = arena_printf(session->arena, "%s (%s)", proof->backend_version, proof->backend);
    json_object_set_new(tools, "ghdl", report_string(name));
    if (!session->store)
        return OK;
    char *text = report_format(tools, false);
    Status status = store_set_tools(session->store, session->run, text);
    free(text);
    return status;
}

/* ---- planted faults --------------------------------------------------------------------------- */

static const char *reason_of(const Mutant *mutant, MutantFate fate)
{
    if (fate == FATE_EQUIVALENT)
        return "no test image's output differs in the software model either";
    return mutant->hidden ? mutant->hidden
                          : "the simulation of the faulty design found nothing wrong";
}

/* Those that were not caught, and why. */
static json_t *survivors_to_json(const MutationScore *score)
{
    json_t *list = json_array();
    for (int i = 0; i < score->mutants.count; i++) {
        MutantFate fate = score->verdicts[i].fate;
        if (fate != FATE_CAUGHT)
            json_array_append_new(list,
                                  json_pack("{s:s s:s s:o s:s}", "kind",
                                            mutant_kind_word(score->mutants.items[i].kind), "fate",
                                            mutant_fate_word(fate), "fault",
                                            report_string(score->mutants.items[i].what), "reason",
                                            reason_of(&score->mutants.items[i], fate)));
    }
    return list;
}

/* {"weight": {"mutants": 250, "caught": 249, ...}, ...} */
static json_t *kinds_to_json(const MutationScore *score)
{
    int counts[MUTANT_KINDS][FATES] = {{0}};
    json_t *kinds = json_object();
    for (int i = 0; i < score->mutants.count; i++)
        counts[score->mutants.items[i].kind][score->verdicts[i].fate]++;
    for (int k = 0; k < MUTANT_KINDS; k++) {
        const int *fates = counts[k];
        if (fates[FATE_CAUGHT] + fates[FATE_EQUIVALENT] + fates[FATE_SURVIVED])
            json_object_set_new(kinds, mutant_kind_word((MutantKind)k),
                                json_pack("{s:i s:i s:i}", "caught", fates[FATE_CAUGHT],
                                          "equivalent", fates[FATE_EQUIVALENT], "survived",
                                          fates[FATE_SURVIVED]));
    }
    return kinds;
}

/* How good the proof is: "mutation" of the report. */
static Status plant_faults(Session *session)
{
    const MutationSetup setup = {.plan = session->plan,
                                 .dataset = session->test,
                                 .folder = session_path(session, "mutants"),
                                 .count = session->options->mutants,
                                 .seed = (uint64_t)session->options->seed,
                                 .deadline_s = DEADLINE_S,
                                 .progress = &session->progress};
    MutationScore score;
    TRY(mutation_run(&setup, session->arena, &score));
    json_object_set_new(
        session->report, "mutation",
        json_pack("{s:i s:i s:i s:i s:f s:I s:f s:o s:o}", "mutants", score.mutants.count, "caught",
                  score.fates[FATE_CAUGHT], "equivalent", score.fates[FATE_EQUIVALENT], "survived",
                  score.fates[FATE_SURVIVED], "score", score.score, "seed",
                  (json_int_t)session->options->seed, "seconds", score.seconds, "kinds",
                  kinds_to_json(&score), "survivors", survivors_to_json(&score)));
    session_log(session, "%d of %d planted faults caught, %d that no image shows, %d survived",
                score.fates[FATE_CAUGHT], score.mutants.count, score.fates[FATE_EQUIVALENT],
                score.fates[FATE_SURVIVED]);
    return OK;
}

/* A run of the history keeps waveforms of a difference unasked, beside its other files. */
static const char *wave_path(const Session *session)
{
    const char *path = session->options->wave;
    if (!path && session->store)
        path = session_path(session, "difference.ghw");
    return session_absolute(session, path);
}

/* Which images the files in taps/ are of. */
static json_t *taps_to_json(const ProofResult *proof)
{
    if (proof->bit_exact || proof->taps_count == 0)
        return json_null();
    return json_pack("{s:I s:I}", "first", (json_int_t)proof->taps_first, "images",
                     (json_int_t)proof->taps_count);
}

static void on_shards(void *context, const ProofShard *shards, int count)
{
    const Session *session = context;
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:I, s:I}", "images", (json_int_t)shards[i].images,
                                              "done", (json_int_t)shards[i].done));
    json_t *figures = json_pack("{s:o}", "shards", list);
    if (session->events.figures)
        session->events.figures(session->events.context, STAGE_SIMULATE, figures);
    json_decref(figures);
}

Status stage_simulate(Session *session, json_t *figures)
{
    const RunOptions *options = session->options;
    const ProofSetup setup = {.plan = session->plan,
                              .dataset = session->test,
                              .folder = session->folder,
                              .images =
                                  options->images > 0 ? options->images : session->test->count,
                              .jobs = pool_threads(session->pool),
                              .deadline_s = DEADLINE_S,
                              .tap_images = options->tap_images,
                              .wave = wave_path(session),
                              .progress = &session->progress,
                              .shards = on_shards,
                              .context = session};
    ProofResult proof;
    TRY(proof_run(&setup, session->arena, &proof));
    json_t *section = json_object_get(session->report, "hardware");
    add_proof(session, &proof, section);
    json_object_set_new(section, "tapped_images", json_integer(proof.tapped_images));
    json_object_set_new(section, "kept_images", json_integer(proof.kept_images));
    json_object_set_new(section, "wave",
                        proof.bit_exact || !setup.wave ? json_null() : report_string(setup.wave));
    json_object_set_new(section, "taps", taps_to_json(&proof));
    TRY(differences_add(session->folder, section));
    json_object_set_new(section, "buffers", buffers_to_json(session->plan, &proof));
    add_proof(session, &proof, figures);
    judge(session, &proof);
    TRY(save_simulator(session, &proof));
    return proof.bit_exact && options->mutants > 0 ? plant_faults(session) : OK;
}
