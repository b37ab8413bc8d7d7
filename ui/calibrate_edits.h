/* calibrate_edits.h: which action changes what in the choices of a layer. One row each. */
#ifndef UI_CALIBRATE_EDITS_H
#define UI_CALIBRATE_EDITS_H

#include "flow/tuning.h"
#include "ui/action.h"

typedef struct CalibrateEdit {
    int row;
    PreviewTensor tensor; /* the one that is shown */
    const Preview *shown; /* effect of what there is; where a clip by hand begins */
    int how; /* granularity, float: 1 to have it; the compared calibration: its number */
} CalibrateEdit;

bool calibrate_is_edit(ActionId action);
bool calibrate_moves_clip(ActionId action);

/* What a movement does in the picture, and how many times: the clip goes up and down. ACTION_NONE:
 * it is no movement. */
ActionId calibrate_move_in_picture(ActionId action, int *times);

/* Changes the draft; false: not possible for this layer. */
bool calibrate_edit(Tuning *tuning, ActionId action, const CalibrateEdit *edit);

#endif
