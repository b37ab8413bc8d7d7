/* calibrate_view.h: the effects of the choices in app->tuning, kept until a choice changes.
 *
 * Working an effect out may take seconds (a search over clips for each channel of a large layer),
 * and a screen shows many: each is worked out once for a choice, in another thread, one at a time,
 * what is in sight first. Until then the one before stays (KnownEffect.choice tells whose it is).
 * Layout asks for them (calibrate_view_work()), drawing reads.
 */
#ifndef UI_CALIBRATE_VIEW_H
#define UI_CALIBRATE_VIEW_H

#include "ui/app.h"

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

/* What is in sight. */
typedef struct CalibrateSight {
    PreviewTensor tensor;
    int selected;
    int top;      /* first row of the table in sight */
    int compared; /* calibrator that the selected row is compared with; -1: none */
} CalibrateSight;

typedef struct CalibrateView {
    RowEffects *rows; /* owned, one per row of the tuning */
    bool *marked;     /* owned */
    int count;
    KnownEffect other;  /* of the compared calibration: that of the last row that asked */
    bool busy;          /* one is being worked out ... */
    int64_t since_ms;   /* ... since then */
    unsigned forgotten; /* how often everything was: an answer from before is dropped */
} CalibrateView;

/* Everything is to be worked out anew; marks stay when the number of rows does. NULL: no rows. */
void calibrate_view_reset(CalibrateView *view, const Tuning *tuning);
void calibrate_view_free(CalibrateView *view);

/* Begins to work out what is not known of the choices of app->tuning as they are now. The view must
 * stay where it is until the app ends. */
void calibrate_view_work(CalibrateView *view, App *app, const CalibrateSight *sight);

/* The effect is the one of the draft of that row. */
bool calibrate_view_is_new(const CalibrateView *view, const Tuning *tuning, int row,
                           PreviewTensor tensor);
/* One takes so long that people want to be told. */
bool calibrate_view_is_slow(const CalibrateView *view, int64_t now_ms);

int calibrate_view_marked(const CalibrateView *view);

#endif
