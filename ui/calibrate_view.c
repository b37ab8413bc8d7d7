#include "ui/calibrate_view.h"

#include <stdlib.h>

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
    for (int i = 0; i < count; i++)
        calibrate_view_forget(view, i);
}

void calibrate_view_forget(CalibrateView *view, int row)
{
    view->rows[row].known = false;
}

void calibrate_view_know(CalibrateView *view, const Tuning *tuning, int row)
{
    RowEffects *effects = &view->rows[row];
    if (effects->known)
        return;
    bool same = !tuning_has_draft(tuning);
    for (int tensor = 0; tensor < PREVIEW_TENSORS; tensor++) {
        effects->draft[tensor] = tuning_preview(tuning, row, (PreviewTensor)tensor);
        effects->committed[tensor] =
            same ? effects->draft[tensor]
                 : tuning_preview_committed(tuning, row, (PreviewTensor)tensor);
    }
    effects->known = true;
}

int calibrate_view_marked(const CalibrateView *view)
{
    int count = 0;
    for (int i = 0; i < view->count; i++)
        count += view->marked[i];
    return count;
}
