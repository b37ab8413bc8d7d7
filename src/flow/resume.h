/* resume.h: whether a run can be taken up again with what is there now. Not for other rooms.
 *
 * The identity of a run names all that decides what its ladder does: model, images, scheme file,
 * options, version of the program. The ladder's state in the run's folder carries it.
 */
#ifndef FLOW_RESUME_H
#define FLOW_RESUME_H

#include "flow/optimize.h"
#include "flow/session.h"

/* Sets session->identity; after the import. */
Status resume_identify(Session *session) MUST_CHECK;

/* ERR_REFUSED when model or images are not those of session->resumed, or the state in its folder is
 * of something else. Changes nothing. */
Status resume_check(const Session *session) MUST_CHECK;

/* What a row was begun with. */
typedef struct RowOptions {
    RunOptions run;
    bool is_training;
    TrainRequest train; /* when it is one */
} RowOptions;

bool row_is_training(const RunRecord *run);

/* ERR_REFUSED when the row is running or finished. */
Status resume_options(const RunRecord *run, Arena *arena, RowOptions *options) MUST_CHECK;

/* verbs_train.c: a training, new where `resumed` is NULL; call->request is a TrainRequest. */
Status train_or_resume(const VerbCall *call, const RunRecord *resumed, json_t **report) MUST_CHECK;
Status train_request_from_json(const json_t *json, Arena *arena, TrainRequest *request) MUST_CHECK;

#endif
