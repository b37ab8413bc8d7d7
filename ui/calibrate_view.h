/* calibrate_view.h: the effects of the choices in app->tuning, kept until they change.
 *
 * Working an effect out takes a millisecond or so, and a screen shows many: each is asked for once.
 * Only layout may fill them in (calibrate_view_know()), drawing reads.
 */
#ifndef UI_CALIBRATE_VIEW_H
#define UI_CALIBRATE_VIEW_H

#include "flow/tuning.h"

typedef struct RowEffects {
    bool known;
    Preview draft[PREVIEW_TENSORS];
    Preview committed[PREVIEW_TENSORS];
} RowEffects;

typedef struct CalibrateView {
    RowEffects *rows; /* owned, one per row of the tuning */
    bool *marked;     /* owned */
    int count;
} CalibrateView;

/* Everything is to be worked out anew; marks stay when the number of rows does. NULL: no rows. */
void calibrate_view_reset(CalibrateView *view, const Tuning *tuning);
void calibrate_view_free(CalibrateView *view);

/* One row is to be worked out anew. */
void calibrate_view_forget(CalibrateView *view, int row);
void calibrate_view_know(CalibrateView *view, const Tuning *tuning, int row);

int calibrate_view_marked(const CalibrateView *view);

#endif
