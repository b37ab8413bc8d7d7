#include "quant/calibrator.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double clip_minmax(const Observation *observation, int bits, double parameter)
{
    (void)bits;
    (void)parameter;
    if (observation->count == 0)
        return 0;
    return fmax(fabs((double)observation->minimum), fabs((double)observation->maximum));
}

static const Calibrator CALIBRATORS[] = {
    {"minmax", "the largest magnitude that was seen: nothing is clipped", clip_minmax},
};

const Calibrator *calibrator_at(int index)
{
    int count = sizeof CALIBRATORS / sizeof *CALIBRATORS;
    return index >= 0 && index < count ? &CALIBRATORS[index] : NULL;
}

const Calibrator *calibrator_find(const char *name)
{
    for (int i = 0; calibrator_at(i); i++)
        if (strcmp(calibrator_at(i)->name, name) == 0)
            return calibrator_at(i);
    return NULL;
}

bool observation_is_finite(const Observation *observation)
{
    return isfinite(observation->minimum) && isfinite(observation->maximum);
}

void observation_add(Observation *observation, const float *values, int64_t count)
{
    if (count == 0)
        return;
    float minimum = observation->count ? observation->minimum : values[0];
    float maximum = observation->count ? observation->maximum : values[0];
    bool finite = observation_is_finite(observation);
    for (int64_t i = 0; i < count; i++) {
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
        finite &= values[i] - values[i] == 0; /* false for NaN and infinities */
    }
    *observation = (Observation){.count = observation->count + count,
                                 .minimum = finite ? minimum : NAN,
                                 .maximum = finite ? maximum : NAN};
}
