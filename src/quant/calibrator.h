/* calibrator.h: how the clip range of a tensor is chosen. One row per method in calibrator.c.
 *
 * To add one: a function that turns an Observation into the clip value, a row, a test.
 */
#ifndef QUANT_CALIBRATOR_H
#define QUANT_CALIBRATOR_H

#include <stdbool.h>
#include <stdint.h>

/* What was seen of a tensor (or of one of its channels). {0} has seen nothing. */
typedef struct Observation {
    int64_t count;
    float minimum, maximum; /* NaN once a value was not finite */
} Observation;

typedef struct Calibrator {
    const char *name; /* as on the command line: "minmax" */
    const char *help;
    /* |r| at which values are clipped, >= 0. `bits` of the target, `parameter` of the method. */
    double (*clip)(const Observation *observation, int bits, double parameter);
} Calibrator;

/* The row of that name, or NULL. */
const Calibrator *calibrator_find(const char *name);

/* Row `index`, or NULL past the last: for menus and help. */
const Calibrator *calibrator_at(int index);

/* False when a NaN or an infinity was among the values. */
bool observation_is_finite(const Observation *observation);

void observation_add(Observation *observation, const float *values, int64_t count);

#endif
