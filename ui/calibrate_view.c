#include "ui/calibrate_view.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_MS = 300 };

void calibrate_view_free(CalibrateView *view)
{
    free(view->rows);
    free(view->marked);
    view->rows = NULL;
    view->marked = NULL;
    view->count = 0;
}

void calibrate_view_reset(CalibrateView *view, const Tuning *tuning)
{
    int count = tuning ? tuning_count(tuning) : 0;
    view->forgotten++;
    view->other.known = false;
    if (count != view->count) {
        calibrate_view_free(view);
        view->rows = calloc((size_t)count + 1, sizeof *view->rows);
        view->marked = calloc((size_t)count + 1, sizeof *view->marked);
        if (!view->rows || !view->marked)
            abort();
        view->count = count;
    }
    if (count > 0)
        memset(view->rows, 0, (size_t)count * sizeof *view->rows);
}

static bool is_of(const KnownEffect *effect, const LayerScheme *choice)
{
    return effect->known && tuning_same(&effect->choice, choice);
}

bool calibrate_view_is_new(const CalibrateView *view, const Tuning *tuning, int row,
                           PreviewTensor tensor)
{
    return is_of(&view->rows[row].draft[tensor], tuning_choice(tuning, row));
}

bool calibrate_view_is_slow(const CalibrateView *view, int64_t now_ms)
{
    return view->busy && now_ms - view->since_ms > SLOW_MS;
}

/* ---- working one out ------------------------------------------------------------------------- */

/* Where an effect goes, and what it is of. */
typedef struct Wanted {
    KnownEffect *place;
    int row;
    PreviewTensor tensor;
    LayerScheme choice;
} Wanted;

typedef struct EffectTask {
    CalibrateView *view;
    unsigned forgotten; /* of the view when it was asked for */
    Wanted wanted;
    PreviewTask *preview;
    Preview effect;
} EffectTask;

static void keep(KnownEffect *place, const LayerScheme *choice, Preview effect)
{
    *place = (KnownEffect){.known = true, .choice = *choice, .effect = effect};
}

static void work_out(void *context)
{
    EffectTask *task = context;
    task->effect = preview_task_do(task->preview);
}

static void take_effect(App *app, void *context)
{
    EffectTask *task = context;
    (void)app;
    task->view->busy = false;
    if (task->forgotten == task->view->forgotten)
        keep(task->wanted.place, &task->wanted.choice, task->effect);
    preview_task_free(task->preview);
    free(task);
}

static void begin(CalibrateView *view, App *app, const Wanted *wanted)
{
    EffectTask *task = calloc(1, sizeof *task);
    if (!task)
        abort();
    *task = (EffectTask){.view = view, .forgotten = view->forgotten, .wanted = *wanted};
    task->preview = preview_task_new(app->tuning, wanted->row, wanted->tensor, &wanted->choice);
    view->busy = true;
    view->since_ms = app->now_ms;
    if (!app_work(app, &(Work){work_out, take_effect, task}))
        take_effect(app, task); /* as not known; once, not for ever */
}

/* ---- what to work out next ------------------------------------------------------------------- */

static bool want(Wanted *wanted, KnownEffect *place, const LayerScheme *choice)
{
    wanted->place = place;
    wanted->choice = *choice;
    return !is_of(place, choice);
}

static bool want_draft(CalibrateView *view, const Tuning *tuning, Wanted *wanted)
{
    KnownEffect *draft = &view->rows[wanted->row].draft[wanted->tensor];
    const KnownEffect *committed = &view->rows[wanted->row].committed[wanted->tensor];
    const LayerScheme *choice = tuning_choice(tuning, wanted->row);
    if (!is_of(draft, choice) && is_of(committed, choice))
        *draft = *committed;
    return want(wanted, draft, choice);
}

static bool want_committed(CalibrateView *view, const Tuning *tuning, Wanted *wanted)
{
    const KnownEffect *draft = &view->rows[wanted->row].draft[wanted->tensor];
    KnownEffect *committed = &view->rows[wanted->row].committed[wanted->tensor];
    const LayerScheme *choice = tuning_committed(tuning, wanted->row);
    if (!is_of(committed, choice) && is_of(draft, choice))
        *committed = *draft;
    return want(wanted, committed, choice);
}

/* The selected row has more to show than the others. False: everything of it is known. */
static bool want_of_row(CalibrateView *view, const Tuning *tuning, const CalibrateSight *sight,
                        Wanted *wanted)
{
    bool selected = wanted->row == sight->selected;
    if (selected && want_committed(view, tuning, wanted))
        return true;
    if (want_draft(view, tuning, wanted))
        return true;
    if (!selected || sight->compared < 0)
        return false;
    const LayerScheme other =
        tuning_with_calibrator(tuning, wanted->row, calibrator_at(sight->compared));
    return want(wanted, &view->other, &other);
}

static bool find_wanted(CalibrateView *view, const Tuning *tuning, const CalibrateSight *sight,
                        Wanted *wanted)
{
    *wanted = (Wanted){.row = sight->selected, .tensor = sight->tensor};
    if (want_of_row(view, tuning, sight, wanted))
        return true;
    for (int i = 0; i < view->count; i++) { /* those in sight, then those below, then above */
        wanted->row = (sight->top + i) % view->count;
        if (want_of_row(view, tuning, sight, wanted))
            return true;
    }
    return false;
}

void calibrate_view_work(CalibrateView *view, App *app, const CalibrateSight *sight)
{
    Wanted wanted;
    while (!view->busy && find_wanted(view, app->tuning, sight, &wanted))
        begin(view, app, &wanted);
}

int calibrate_view_marked(const CalibrateView *view)
{
    int count = 0;
    for (int i = 0; i < view->count; i++)
        count += view->marked[i];
    return count;
}
