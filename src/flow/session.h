/* session.h: the state of one flow while it goes on, shared by its stages.
 *
 * A stage is a function that takes the session, does its work, and leaves its results in it and its
 * figures in an object. session_run_stage() does everything around it: the event, the row in the
 * history when there is one, the time, the line in the report, the check for a cancel.
 *
 * To add a stage: an enumerator and a row in options.[ch], a function in stages_*.c, a row in the
 * table of run.c, its keys in report.h.
 */
#ifndef FLOW_SESSION_H
#define FLOW_SESSION_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "db/store.h"
#include "flow/run.h"
#include "graph/graph.h"
#include "hw/emit.h"
#include "hw/folding.h"
#include "hw/plan.h"
#include "nn/evaluate.h"
#include "nn/train.h"
#include "quant/quantizer.h"
#include "tools/process.h"

typedef struct Session {
    const RunOptions *options;
    RunEvents events;
    Arena *arena;
    Pool *pool;
    Progress progress; /* what stages hand to the workers: thinned out here */
    json_t *report;
    bool want_confusion; /* confusion matrices go into the report */
    bool untrained;      /* the model may be an architecture in JSON; set by the verb train */
    const void *request; /* what a verb wants beside the options; NULL: nothing */
    void *work;          /* of a verb, for its stages; NULL: nothing */

    /* what the stages made, in their order; NULL until then */
    const char *model_path, *data_path; /* absolute */
    char model_sha256[HASH_HEX_BYTES];
    Graph *graph, *simplified;
    Graph *unequalized; /* `simplified` as it was before equalization; NULL: it is as it was */
    Dataset *test, *calibration;
    const char *calibration_split; /* "train" or "test" */
    Dataset *training;             /* the whole training split; NULL until the ladder wants it */
    Quantized quantized;
    Scheme scheme;           /* that `quantized` was made with: layers the ladder left in float */
    Graph *trained;          /* the float weights behind `quantized`; NULL: those of `simplified` */
    IntegerModel *described; /* read back from the description: what the hardware is made of */
    FoldingResult folding; /* what was chosen for a rate or a device; no bottleneck: nothing was */
    Plan *plan;
    Design design;

    const char *folder;      /* where files go; absolute */
    bool keeps_log;          /* what is told goes to folder/run.log too */
    Buffer log;              /* lines that are not there yet */
    const char *description; /* folder of the model description */
    Store *store;            /* NULL: no history */
    int64_t run;
    const RunRecord *resumed;      /* the row that is taken up again; NULL: a new run */
    char identity[HASH_HEX_BYTES]; /* of all that decides what the ladder does */
    json_t *row_request;           /* what the row keeps beside the options; NULL: nothing */
    Status unmet;                  /* ERR_UNMET once a target was missed; the run goes on */
    char *unmet_reason;            /* in the arena */

    json_t *climb;                  /* owned: the ladder so far, for events; NULL: no climb */
    ProcessWitness witness;         /* every program that is started goes to the log */
    RunStage stage;                 /* the running one */
    const char *stage_name;         /* what history and report call it; NULL: its word */
    double part_start, part_length; /* of the stage's progress, that the running part covers */
    int64_t last_event_ns, last_row_ns;
} Session;

/* Checks the options. The session must not move afterwards: the progress points to it. It is closed
 * even after a failure. */
Status session_open(Session *session, const RunOptions *options,
                    const RunEvents *events) MUST_CHECK;
/* Frees all but the report, which is the caller's. */
void session_close(Session *session);

/* What a verb without a row in the history is called with. */
typedef struct VerbCall {
    const RunOptions *options;
    const RunEvents *events; /* may be NULL */
    const void *request;     /* becomes session->request */
} VerbCall;

/* Runs `work` between opening and closing a session. */
Status session_do(const VerbCall *call, Status (*work)(Session *session),
                  json_t **report) MUST_CHECK;

typedef Status StageFunction(Session *session, json_t *figures);

/* One stage with all that surrounds it. */
Status session_run_stage(Session *session, RunStage stage, StageFunction *work) MUST_CHECK;

/* What comes next is this part of the stage: its progress 0..1 is shown as start..start+length. */
void session_part(Session *session, double start, double length);

/* Tells the receiver of the events a line. */
void session_log(Session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* Notes that a target was missed; the first reason stays. */
void session_miss(Session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* "folder/name", in the arena. */
const char *session_path(const Session *session, const char *name);

/* In a run's folder: what its ladder needs to be taken up again. Gone when the run is finished. */
#define LADDER_FOLDER "ladder"
/* The same for the verb train. */
#define TRAINING_FOLDER "training"
/* In the options of a row: what was asked of train. A row without it is one of flow_run(). */
#define ROW_REQUEST "train"

/* The options of flow_run() in a row. ERR_REFUSED: they are none. */
Status row_run_options(const RunRecord *run, Arena *arena, RunOptions *options) MUST_CHECK;

/* A path that holds from anywhere; the file may not be there yet. */
const char *session_absolute(const Session *session, const char *path);

/* The row in the history, new or session->resumed, and its folder; once nothing can be refused any
 * more. */
Status session_open_row(Session *session, int64_t started_ms) MUST_CHECK;
/* Concludes the report, saves it, and tells; the record of errors says why the run ended. Returns
 * `status`, or why the end could not be saved. */
Status session_finish(Session *session, Status status) MUST_CHECK;

/* Makes the folder where files go, and its parents. */
Status session_use_folder(Session *session, const char *folder) MUST_CHECK;

/* Sets status and message of the report from how the flow ended; returns `status`. */
Status session_conclude(Session *session, Status status) MUST_CHECK;

/* ---- the stages ------------------------------------------------------------------------------ */

/* Model, data and options are read and checked against each other: whatever can be refused is
 * refused here. Writes nothing. */
Status stage_import(Session *session, json_t *figures) MUST_CHECK;
Status stage_baseline(Session *session, json_t *figures) MUST_CHECK;
Status stage_quantize(Session *session, json_t *figures) MUST_CHECK;
Status stage_describe(Session *session, json_t *figures) MUST_CHECK;
Status stage_plan(Session *session, json_t *figures) MUST_CHECK;
Status stage_emit(Session *session, json_t *figures) MUST_CHECK;
Status stage_simulate(Session *session, json_t *figures) MUST_CHECK;
Status stage_synth(Session *session, json_t *figures) MUST_CHECK;

/* Parts of stage_import() for the verbs that need less. */
Status session_import_model(Session *session) MUST_CHECK;
Status session_import_test_images(Session *session, Shape input, int64_t classes) MUST_CHECK;
/* `graph` made simple, as the options want it. Its effect is measured later, with images. */
Status session_prepare(Session *session) MUST_CHECK;
Status session_measure_preparation(Session *session) MUST_CHECK;
/* For verbs that begin with a model description: it and the test images; then plan and VHDL in
 * options->workdir. */
Status session_import_for_hardware(Session *session) MUST_CHECK;
Status session_build_hardware(Session *session) MUST_CHECK;
/* What the options want for each layer. ERR_USAGE: they name one that is not there. */
Status session_scheme(Session *session, Scheme *scheme) MUST_CHECK;
/* Source and foldings of an integer model. */
Status session_finish_model(Session *session, IntegerModel *model) MUST_CHECK;
/* The whole training split, read when it is first asked for, with the scale of the test images. */
Status session_training(Session *session, const Dataset **training) MUST_CHECK;
json_t *session_epoch_to_json(const TrainEpoch *epoch);
/* Accuracy and speed of a classifier on the test images. */
Status session_measure(Session *session, const Classifier *classifier, int64_t bytes,
                       json_t *section) MUST_CHECK;
/* All of flow_sweep(). */
Status session_sweep(Session *session) MUST_CHECK;
/* Calibration images, hardware blockers, and a rehearsal of quantization and planning. */
Status session_check_hardware(Session *session) MUST_CHECK;

#endif
