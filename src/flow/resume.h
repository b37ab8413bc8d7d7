/* resume.h: whether a run can be taken up again with what is there now. Not for other rooms.
 *
 * The identity of a run names all that decides what its ladder does: model, images, scheme file,
 * options, version of the program. The ladder's state in the run's folder carries it.
 */
#ifndef FLOW_RESUME_H
#define FLOW_RESUME_H

#include "flow/session.h"

/* Sets session->identity; after the import. */
Status resume_identify(Session *session) MUST_CHECK;

/* ERR_REFUSED when model or images are not those of session->resumed, or the state in its folder is
 * of something else. Changes nothing. */
Status resume_check(const Session *session) MUST_CHECK;

/* The options of a row; ERR_REFUSED when the row is running or finished. */
Status resume_options(const RunRecord *run, Arena *arena, RunOptions *options) MUST_CHECK;

#endif
