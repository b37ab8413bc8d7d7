/* calibrate_pane.h: one tensor of the calibrate screen: its histogram with the clip, and what the
 * choice costs; beside it, when two are compared, the same for another calibration. */
#ifndef UI_CALIBRATE_PANE_H
#define UI_CALIBRATE_PANE_H

#include "ui/app.h"
#include "ui/calibrate_view.h"
#include "ui/format.h"

typedef struct CalibratePane {
    const App *app; /* with a tuning that has rows */
    int row;
    PreviewTensor tensor;
    const RowEffects *effects;
    const Calibrator *compared; /* NULL: none */
    const KnownEffect *other;   /* of the compared one */
} CalibratePane;

/* "8/4": bits of weights and activations; or float. */
void calibrate_bits_text(const Tuning *tuning, int row, char *text, size_t size);

/* What a choice does to a tensor, in the order of the pane. */
typedef enum EffectFigure {
    EFFECT_CLIP,
    EFFECT_STEP,
    EFFECT_SQNR,
    EFFECT_CLIPPED,
    EFFECT_FIGURES
} EffectFigure;

/* As text, rounded to `width` cells; gives what the text rounds, NAN where it is not known. */
double calibrate_figure(const Preview *effect, EffectFigure figure, int width,
                        char text[FORMAT_BYTES]);

void calibrate_pane_draw(const CalibratePane *pane, Area area);

#endif
