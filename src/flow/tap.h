/* tap.h: one image of a run's design again, with every layer's stream kept and compared.
 *
 * The design is the one in the run's folder, as it is there now: a fault that was planted or mended
 * by hand shows. What differs is left beside it (differences.h); the run's row and report stay. One
 * process at a time does it in a folder: another one is refused, with the number of the first.
 */
#ifndef FLOW_TAP_H
#define FLOW_TAP_H

#include "flow/run.h"

enum { TAP_FIRST = -1 }; /* the image that the run's proof names first; without one: the first */

/* The report's "hardware" has "differences" (null: none), "tapped_image" and "first_mismatch" as in
 * report.h. `database` NULL: the user's history. ERR_REFUSED: the run goes on, has no design, or no
 * such image; then *report may be NULL. */
Status flow_tap(const char *database, int64_t run, int64_t image, const RunEvents *events,
                json_t **report) MUST_CHECK;

#endif
