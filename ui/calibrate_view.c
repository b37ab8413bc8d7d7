#include "ui/calibrate_view.h"

#include <stdlib.h>
#include <string.h>

void calibrate_view_free(CalibrateView *view)
{
    free(view->rows);
    free(view->marked);
    *view = (CalibrateView){0};
}

void calibrate_view_reset(CalibrateView *view, const Tuning *tuning)
{
    int count = tuning ? tuning_count(tuning) : 0;
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

static void keep(KnownEffect *effect, const LayerScheme *choice, Preview found)
{
    effect->known = true;
    effect->choice = *choice;
    effect->effect = found;
}

void calibrate_view_know(CalibrateView *view, const Tuning *tuning, int row, PreviewTensor tensor)
{
    KnownEffect *draft = &view->rows[row].draft[tensor];
    KnownEffect *committed = &view->rows[row].committed[tensor];
    const LayerScheme *now = tuning_choice(tuning, row), *before = tuning_committed(tuning, row);
    if (!is_of(committed, before) && is_of(draft, before))
        *committed = *draft;
    if (!is_of(draft, now) && is_of(committed, now))
        *draft = *committed;
    if (!is_of(draft, now))
        keep(draft, now, tuning_preview(tuning, row, tensor));
    if (!is_of(committed, before) && is_of(draft, before))
        *committed = *draft;
    if (!is_of(committed, before))
        keep(committed, before, tuning_preview_committed(tuning, row, tensor));
}

int calibrate_view_marked(const CalibrateView *view)
{
    int count = 0;
    for (int i = 0; i < view->count; i++)
        count += view->marked[i];
    return count;
}
