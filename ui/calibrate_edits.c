#include "ui/calibrate_edits.h"

#include <stddef.h>
#include <stdio.h>

/* A fine step of the clip is an eighth of a coarse one; sixteen coarse ones double it. */
static const double FINE = 1.005430, COARSE = 1.044274;

typedef struct EditRow EditRow;

/* One way to change the choices of a layer. */
struct EditRow {
    ActionId action;
    bool (*change)(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit);
    int step;
    const char *choice[2]; /* for change_choice(): by `how` */
};

static bool change_calibration(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    tuning_cycle(tuning, edit->row, edit->tensor, row->step);
    return true;
}

static bool change_bits(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    tuning_add_bits(tuning, edit->row, edit->tensor, row->step);
    return true;
}

static bool change_clip(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return tuning_scale_clip(tuning, edit->row, row->step > 0 ? FINE : 1 / FINE);
}

static bool change_clip_far(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return tuning_scale_clip(tuning, edit->row, row->step > 0 ? COARSE : 1 / COARSE);
}

static bool change_choice(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return tuning_edit(tuning, edit->row, row->choice[edit->how > 0]) == OK;
}

static bool change_float(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return tuning_row(tuning, edit->row).may_float && change_choice(tuning, row, edit);
}

static bool take_compared(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    char choice[64];
    (void)row;
    snprintf(choice, sizeof choice,
             edit->tensor == TENSOR_WEIGHTS ? "weight-calibration=%s" : "calibration=%s,clip=auto",
             calibrator_at(edit->how)->name);
    return tuning_edit(tuning, edit->row, choice) == OK;
}

static const EditRow EDITS[] = {
    {ACTION_NEXT_CALIBRATION, change_calibration, 1, {NULL}},
    {ACTION_PREVIOUS_CALIBRATION, change_calibration, -1, {NULL}},
    {ACTION_MORE_BITS, change_bits, 1, {NULL}},
    {ACTION_FEWER_BITS, change_bits, -1, {NULL}},
    {ACTION_CLIP_UP, change_clip, 1, {NULL}},
    {ACTION_CLIP_DOWN, change_clip, -1, {NULL}},
    {ACTION_CLIP_FAR_UP, change_clip_far, 1, {NULL}},
    {ACTION_CLIP_FAR_DOWN, change_clip_far, -1, {NULL}},
    {ACTION_CLIP_AUTO, change_choice, 0, {"clip=auto", "clip=auto"}},
    {ACTION_GRANULARITY, change_choice, 0, {"per-channel=no", "per-channel=yes"}},
    {ACTION_PIN_FLOAT, change_float, 0, {"float=no", "float=yes"}},
    {ACTION_TAKE_COMPARED, take_compared, 0, {NULL}},
};

static const EditRow *find_edit(ActionId action)
{
    for (size_t i = 0; i < sizeof EDITS / sizeof *EDITS; i++)
        if (EDITS[i].action == action)
            return &EDITS[i];
    return NULL;
}

bool calibrate_is_edit(ActionId action)
{
    return find_edit(action) != NULL;
}

bool calibrate_moves_clip(ActionId action)
{
    return action == ACTION_CLIP_UP || action == ACTION_CLIP_DOWN || action == ACTION_CLIP_AUTO ||
           action == ACTION_CLIP_FAR_UP || action == ACTION_CLIP_FAR_DOWN;
}

bool calibrate_edit(Tuning *tuning, ActionId action, const CalibrateEdit *edit)
{
    const EditRow *row = find_edit(action);
    return row->change(tuning, row, edit);
}
