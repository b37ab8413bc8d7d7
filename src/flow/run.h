/* run.h: one run of the flow, from a model file to hardware that is proven equal.
 *
 *     json_t *report = NULL;
 *     Status status = flow_run(&options, &events, &report);
 *     ...                                // error_message() says why when status is not OK
 *     json_decref(report);
 *
 * What can be refused from the inputs is refused before anything is made: a refusal leaves neither
 * a row in the history nor a folder. From then on the run is a row, and its files are in
 * $XDG_DATA_HOME/dnn2fpga/runs/ID/ (or options->workdir): description/ hdl/ vectors/ sim_BACKEND/
 * run.log report.json.
 *
 * Each stage is written to the history when it ends, so that whatever happens later, what was
 * measured stays. cancel_request() (base/cancel.h) ends a run with ERR_CANCELLED.
 *
 * Results:
 *     OK               done
 *     ERR_UNMET        done, but below target_accuracy or max_drop, or hardware differs
 *     ERR_USAGE        an option is out of range
 *     ERR_REFUSED      model, data or options; nothing was made
 *     ERR_ENVIRONMENT  GHDL missing or failed, disk, database; finished stages stay
 *     ERR_CANCELLED    state is saved
 *
 * The report (report.h) is always given, even for a refusal: then its "run" is null.
 */
#ifndef FLOW_RUN_H
#define FLOW_RUN_H

#include <jansson.h>

#include "base/steer.h"
#include "db/store.h"
#include "flow/options.h"

typedef enum StageState {
    STAGE_STARTED,
    STAGE_FINISHED,
    STAGE_UNMET,
    STAGE_FAILED,
    STAGE_CANCELLED,
    STAGE_STATES
} StageState;

const char *stage_state_word(StageState state); /* "started", "finished", ... */
bool stage_state_parse(const char *word, StageState *state);

/* What a run tells while it goes on. Any function may be NULL. Calls come from one thread at a
 * time. In order: the import stage; started, once nothing can be refused any more; the other
 * stages; finished. A stage is STAGE_STARTED, progress and log..., and one more state. The receiver
 * must not block for long. Progress comes at most ten times a second. */
typedef struct RunEvents {
    void (*started)(void *context, int64_t run, const char *folder);
    /* `seconds` and `figures` (borrowed, may be NULL) when the state is not STAGE_STARTED. The
     * figures have the names of the report's section: {"accuracy": 0.98, ...}. */
    void (*stage)(void *context, RunStage stage, StageState state, double seconds,
                  const json_t *figures);
    /* What a stage has found so far, while it goes on: keys of the report, borrowed. The ladder gives
     * "ladder", the rungs that were tried, and "climb": {"step", "epochs", "epochs_wanted"}, the
     * one under way (step null: none); the simulation "shards": [{"images", "done"}]. */
    void (*figures)(void *context, RunStage stage, const json_t *figures);
    void (*progress)(void *context, RunStage stage, double fraction, const char *detail);
    void (*log)(void *context, const char *line);
    void (*finished)(void *context, Status status, const char *message, const json_t *report);
    void *context;
} RunEvents;

/* All stages up to options->stop_after. `events` may be NULL. */
Status flow_run(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* Takes run `id` of the history up again, in its row and its folder, with the options it was begun
 * with: import and baseline are done once more, the ladder goes on where it was (ladder.h), and
 * what comes after it is done once more. The result is that of a run that was left alone.
 * A
 * training (flow_train()) goes on after its last finished epoch.
 * ERR_REFUSED, and the row as it was: the run is running or finished; the model, the images or the
 * scheme file changed since. `database` NULL: the user's history. */
Status flow_resume(const char *database, int64_t id, const RunEvents *events,
                   json_t **report) MUST_CHECK;

/* ---- single stages: no row in the history ---------------------------------------------------- */

/* The model alone: "model" of the report, and "blockers": a list of sentences on what keeps it
 * from becoming hardware (empty: nothing). Blockers are no failure here. */
Status flow_inspect(const RunOptions *options, json_t **report) MUST_CHECK;

/* Float model and, when it has no blockers, the integer model on the test images: "baseline" and
 * "quantized", each with "confusion" [[true label][predicted label]]. Writes no file. */
Status flow_evaluate(const RunOptions *options, const RunEvents *events,
                     json_t **report) MUST_CHECK;

/* Post-training accuracy of every calibrator at 8, 6, 5, 4 and 3 bits, weights per tensor and per
 * channel: "sweep" of the report, {"images", "float_accuracy", "rows": [{"calibration", "bits",
 * "per_channel", "accuracy"}]}. Writes no file. */
Status flow_sweep(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* What every tensor holds on the calibration images: histograms.json (quant/histograms.h) in
 * options->workdir, all layers on integers whatever the options say of single ones. "observation"
 * of the report: {"histograms": path, "images"}. */
Status flow_observe(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* The outside programs (tools/doctor.h): {"can_simulate", "can_synthesize",
 * "tools": [{"tool", "found", "path", "version", "enables", "install"}]}. Always OK. */
Status flow_doctor(const RunEvents *events, json_t **report) MUST_CHECK;

/* flow_run() up to STAGE_DESCRIBE. */
Status flow_quantize(const RunOptions *options, const RunEvents *events,
                     json_t **report) MUST_CHECK;

/* What options->description would be as hardware: "hardware" of the report, with the foldings that
 * options->target_fps and options->device choose. Writes no file. */
Status flow_plan(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* options->description becomes VHDL in options->workdir/hdl. */
Status flow_emit(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* options->description and the first options->images of the test images of options->data: plan,
 * VHDL and proof in options->workdir. */
Status flow_simulate(const RunOptions *options, const RunEvents *events,
                     json_t **report) MUST_CHECK;

/* options->description for options->device, in options->workdir: plan, VHDL, synthesis, and the
 * proof of the netlist on options->netlist_images of options->data. A folder of a run counts as the
 * description in it, and as the workdir where none is named. */
Status flow_synth(const RunOptions *options, const RunEvents *events, json_t **report) MUST_CHECK;

/* Asks the process of a running row to cancel it (SIGTERM). ERR_REFUSED when it is not running. */
Status flow_cancel(const RunRecord *run) MUST_CHECK;

/* Asks it to wait, to go on, or to be content with less (base/steer.h); what is told to wait or to go
 * on is noted in its row. ERR_REFUSED when it is not running, or is of a program that takes no
 * wishes. */
Status flow_steer(Store *store, const RunRecord *run, SteerWish wish) MUST_CHECK;

#endif
