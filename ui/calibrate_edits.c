#include "ui/calibrate_edits.h"

#include <stddef.h>
#include <stdio.h>

/* A fine step of the clip is an eighth of a coarse one; sixteen coarse ones double it. */
static const double FINE = 1.005430, COARSE = 1.044274;

typedef struct EditRow EditRow;

/* One way to change the choices of a layer. */
struct EditRow {
    bool (*change)(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit);
    const char *choice[2]; /* for change_choice(): by `how` */
    ActionId action;
    int step;
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

static bool scale_clip(Tuning *tuning, const CalibrateEdit *edit, double factor)
{
    double from = tuning_clip_by_hand(tuning, edit->row, edit->tensor);
    if (!(from > 0) && edit->shown->known)
        from = edit->shown->clip;
    else if (!(from > 0) && edit->tensor == TENSOR_OUTPUTS) /* a histogram: soon done */
        from = tuning_preview(tuning, edit->row, TENSOR_OUTPUTS).clip;
    return from > 0 && tuning_set_clip(tuning, edit->row, edit->tensor, from * factor);
}

static bool change_auto_clip(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    (void)row;
    return tuning_edit(tuning, edit->row,
                       edit->tensor == TENSOR_WEIGHTS ? "weight-clip=auto" : "clip=auto") == OK;
}

static bool change_clip(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return scale_clip(tuning, edit, row->step > 0 ? FINE : 1 / FINE);
}

static bool change_clip_far(Tuning *tuning, const EditRow *row, const CalibrateEdit *edit)
{
    return scale_clip(tuning, edit, row->step > 0 ? COARSE : 1 / COARSE);
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
             edit->tensor == TENSOR_WEIGHTS ? "weight-calibration=%s,weight-clip=auto"
                                            : "calibration=%s,clip=auto",
             calibrator_at(edit->how)->name);
    return tuning_edit(tuning, edit->row, choice) == OK;
}

static const EditRow EDITS[] = {
    {change_calibration, {NULL}, ACTION_NEXT_CALIBRATION, 1},
    {change_calibration, {NULL}, ACTION_PREVIOUS_CALIBRATION, -1},
    {change_bits, {NULL}, ACTION_MORE_BITS, 1},
    {change_bits, {NULL}, ACTION_FEWER_BITS, -1},
    {change_clip, {NULL}, ACTION_CLIP_UP, 1},
    {change_clip, {NULL}, ACTION_CLIP_DOWN, -1},
    {change_clip_far, {NULL}, ACTION_CLIP_FAR_UP, 1},
    {change_clip_far, {NULL}, ACTION_CLIP_FAR_DOWN, -1},
    {change_auto_clip, {NULL}, ACTION_CLIP_AUTO, 0},
    {change_choice, {"per-channel=no", "per-channel=yes"}, ACTION_GRANULARITY, 0},
    {change_float, {"float=no", "float=yes"}, ACTION_PIN_FLOAT, 0},
    {take_compared, {NULL}, ACTION_TAKE_COMPARED, 0},
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

ActionId calibrate_move_in_picture(ActionId action, int *times)
{
    enum { PAGE = 4, ALL = 256 };
    static const struct {
        ActionId move, edit;
        int times;
    } MOVES[] = {
        {ACTION_UP, ACTION_CLIP_FAR_UP, 1},
        {ACTION_DOWN, ACTION_CLIP_FAR_DOWN, 1},
        {ACTION_PAGE_UP, ACTION_CLIP_FAR_UP, PAGE},
        {ACTION_PAGE_DOWN, ACTION_CLIP_FAR_DOWN, PAGE},
        {ACTION_FIRST, ACTION_CLIP_AUTO, 1},
        {ACTION_LAST, ACTION_CLIP_FAR_UP, ALL}, /* the largest value is the end of it */
    };
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].move == action) {
            *times = MOVES[i].times;
            return MOVES[i].edit;
        }
    return ACTION_NONE;
}

bool calibrate_edit(Tuning *tuning, ActionId action, const CalibrateEdit *edit)
{
    const EditRow *row = find_edit(action);
    return row->change(tuning, row, edit);
}
