/* tuning.h: the scheme of a model while somebody edits it, and what each choice would do.
 *
 * The choices start as the options want them. Edits are made on a draft, whose effect can be seen
 * at once; committing the draft makes it one step that can be undone.
 *
 *     Tuning *tuning = NULL;
 *     TRY(tuning_open(&options, &tuning));
 *     TRY(tuning_observe(tuning, "histograms.json"));         // flow_observe() wrote it
 *     TRY(tuning_edit(tuning, row, "activation-bits=4"));     // quant/scheme_text.h
 *     ... tuning_preview(tuning, row, TENSOR_OUTPUTS).sqnr_db ...
 *     tuning_commit(tuning);
 *     TRY(tuning_write(tuning, "mine.scheme"));               // RunOptions.scheme of a run
 *     tuning_free(tuning);
 *
 * Rows are the layers that have something to choose, in the order of the network. A Tuning belongs
 * to one thread at a time.
 */
#ifndef FLOW_TUNING_H
#define FLOW_TUNING_H

#include "base/buffer.h"
#include "flow/options.h"
#include "quant/preview.h"

typedef struct Tuning Tuning;

typedef struct TuningRow {
    const char *name, *kind; /* of the layer; in the tuning's memory */
    bool has_weights;
    bool may_float; /* floating point can be built for it */
} TuningRow;

/* Reads the model. Fails as flow_inspect() and the import of a run do. */
Status tuning_open(const RunOptions *options, Tuning **tuning) MUST_CHECK;
void tuning_free(Tuning *tuning);

/* Takes what was seen of the tensors. ERR_REFUSED: the file is no such file, or of another model.
 */
Status tuning_observe(Tuning *tuning, const char *path) MUST_CHECK;
bool tuning_is_observed(const Tuning *tuning);

int tuning_count(const Tuning *tuning);
TuningRow tuning_row(const Tuning *tuning, int row);
const char *tuning_sha256(const Tuning *tuning); /* of the model file */
/* SHA-256 of that and of what the options want: where edits start from. */
const char *tuning_identity(const Tuning *tuning);

/* The draft, and what it was before. */
const LayerScheme *tuning_choice(const Tuning *tuning, int row);
const LayerScheme *tuning_committed(const Tuning *tuning, int row);
/* "percentile:99.9", of the draft; of weights: what they have, be it their own or the outputs'. */
void tuning_calibration(const Tuning *tuning, int row, PreviewTensor tensor, char *text,
                        size_t size);
/* True when the committed choice is not the one of the options. */
bool tuning_row_is_edited(const Tuning *tuning, int row);

/* Two choices say the same. */
bool tuning_same(const LayerScheme *one, const LayerScheme *other);

/* ---- edits ----------------------------------------------------------------------------------- */

/* "key=value[,key=value...]" for the draft of one row. ERR_USAGE: the draft stays as it was. */
Status tuning_edit(Tuning *tuning, int row, const char *choice) MUST_CHECK;

/* The next calibration of the table, `step` rows on; a clip that was given by hand goes. Weights
 * come back to "the same as the outputs" after the last. */
void tuning_cycle(Tuning *tuning, int row, PreviewTensor tensor, int step);

/* Bits of the tensor, more or fewer; stays within what is possible. */
void tuning_add_bits(Tuning *tuning, int row, PreviewTensor tensor, int more);

/* The clip of a tensor by hand, at most the largest value that was seen. False: nothing was seen, or
 * the layer floats. Of weights per channel it is the most that a channel gets. */
bool tuning_set_clip(Tuning *tuning, int row, PreviewTensor tensor, double clip);
/* 0: the draft leaves it to the calibration. */
double tuning_clip_by_hand(const Tuning *tuning, int row, PreviewTensor tensor);

/* What several choices are called together, for menus; NULL past the last. */
typedef struct TuningPreset {
    const char *name, *help;
    int bits;
    const char *calibration;
    bool per_channel;
} TuningPreset;

const TuningPreset *tuning_preset(int index);
void tuning_apply_preset(Tuning *tuning, int row, const TuningPreset *preset);

/* False when the draft has nothing new. Committing forgets what could be redone. */
bool tuning_commit(Tuning *tuning);
bool tuning_has_draft(const Tuning *tuning);

/* A step back or forth, draft included; false when there is none. `text` gets what changed, a line
 * for each difference. */
bool tuning_undo(Tuning *tuning, Buffer *text);
bool tuning_redo(Tuning *tuning, Buffer *text);
bool tuning_can_undo(const Tuning *tuning);
bool tuning_can_redo(const Tuning *tuning);

/* The draft becomes what the options want. */
void tuning_reset(Tuning *tuning);

/* Lines "layer: key old -> new", of the committed choices against the options'; how many. */
int tuning_differences(const Tuning *tuning, Buffer *text);

/* ---- files ----------------------------------------------------------------------------------- */

/* The committed choices as a scheme file. */
Status tuning_write(const Tuning *tuning, const char *path) MUST_CHECK;
/* The draft becomes what the file says; ERR_REFUSED, and the draft as it was: another model's. */
Status tuning_read(Tuning *tuning, const char *path) MUST_CHECK;

/* All steps, those that were taken back included, for another time. */
Status tuning_write_steps(const Tuning *tuning, const char *path) MUST_CHECK;
/* Does them again, on a tuning that was just opened. ERR_REFUSED: it is no such file, or of other
 * choices to begin with; what was done until then stays. */
Status tuning_read_steps(Tuning *tuning, const char *path) MUST_CHECK;

/* ---- effects --------------------------------------------------------------------------------- */

/* Of the draft, and of what it was before. Not known: nothing was seen, or the layer floats. */
Preview tuning_preview(const Tuning *tuning, int row, PreviewTensor tensor);
Preview tuning_preview_committed(const Tuning *tuning, int row, PreviewTensor tensor);
/* Of the draft with another calibration of the table. */
Preview tuning_preview_calibrator(const Tuning *tuning, int row, PreviewTensor tensor,
                                  const Calibrator *calibrator);

/* A preview for another thread: it holds all that decides, so choices may be edited and tensors be
 * looked at meanwhile. Weights of a large layer take seconds. The tuning must outlive it. */
typedef struct PreviewTask PreviewTask;

/* Were the draft of that row `choice`. */
PreviewTask *preview_task_new(const Tuning *tuning, int row, PreviewTensor tensor,
                              const LayerScheme *choice);
Preview preview_task_do(const PreviewTask *task);
void preview_task_free(PreviewTask *task);

/* The draft of that row with another calibration of the table, and no clip by hand. */
LayerScheme tuning_with_calibrator(const Tuning *tuning, int row, const Calibrator *calibrator);

/* NULL: nothing was seen. */
const Observation *tuning_seen(const Tuning *tuning, int row, PreviewTensor tensor);

#endif
