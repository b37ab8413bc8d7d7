/* calibrate_view.h: the effects of the choices in app->tuning, kept until a choice changes.
 *
 * Working an effect out may take tens of milliseconds (a search over clips for each channel), and a
 * screen shows many: each is worked out once for a choice. Only layout fills them in
 * (calibrate_view_know()), drawing reads.
 */
#ifndef UI_CALIBRATE_VIEW_H
#define UI_CALIBRATE_VIEW_H

#include "flow/tuning.h"

/* An effect, and the choice that it is of. */
typedef struct KnownEffect {
    bool known;
    LayerScheme choice;
    Preview effect;
} KnownEffect;

typedef struct RowEffects {
    KnownEffect draft[PREVIEW_TENSORS];
    KnownEffect committed[PREVIEW_TENSORS];
} RowEffects;

typedef struct CalibrateView {
    RowEffects *rows; /* owned, one per row of the tuning */
    bool *marked;     /* owned */
    int count;
} CalibrateView;

/* Everything is to be worked out anew; marks stay when the number of rows does. NULL: no rows. */
void calibrate_view_reset(CalibrateView *view, const Tuning *tuning);
void calibrate_view_free(CalibrateView *view);

/* The effects on one tensor are those of the choices as they are now. */
void calibrate_view_know(CalibrateView *view, const Tuning *tuning, int row, PreviewTensor tensor);

int calibrate_view_marked(const CalibrateView *view);

#endif
