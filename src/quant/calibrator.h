/* calibrator.h: how the clip range of a tensor is chosen. One row per method in calibrator.c.
 *
 * To add one: a function that turns an Observation into the clip value, a row, a test.
 */
#ifndef QUANT_CALIBRATOR_H
#define QUANT_CALIBRATOR_H

#include "base/error.h"
#include "quant/format.h"
#include "quant/observation.h"

typedef struct Calibrator {
    const char *name; /* as on the command line: "minmax" */
    const char *help;
    const char *parameter; /* what it stands for: "percent"; NULL: the method takes none */
    double parameter_default;
    double parameter_above, parameter_most; /* above < parameter <= most */
    /* |r| at which values are clipped. `rule` is the format that is wanted. */
    double (*clip)(const Observation *observation, FormatRule rule, double parameter);
} Calibrator;

/* The row of that name, or NULL. */
const Calibrator *calibrator_find(const char *name);

/* Row `index`, or NULL past the last: for menus and help. */
const Calibrator *calibrator_at(int index);

/* "mse", "percentile:99.9": the row and its parameter, NAN when none is given. ERR_USAGE lists what
 * is possible. */
Status calibrator_parse(const char *text, const Calibrator **calibrator,
                        double *parameter) MUST_CHECK;

/* OK when calibrator_accepts() it, else ERR_USAGE says what is accepted. */
Status calibrator_check(const Calibrator *calibrator, double parameter) MUST_CHECK;

/* The clip that the method chooses, 0 .. observation_largest(). Parameter NAN or 0: the method's
 * default. */
double calibrator_clip(const Calibrator *calibrator, const Observation *observation,
                       FormatRule rule, double parameter);

/* The squared error of all values that were seen once they have a format, from the histogram:
 * values in the middle of their bins, or evenly spread where steps are finer than bins. */
double calibrator_squared_error(const Observation *observation, QuantParam format);

/* False when the method takes no parameter, or not this one. NAN: none given, always right. */
bool calibrator_accepts(const Calibrator *calibrator, double parameter);

/* The factor k of ACIQ (Banner et al. 2019): the clip that minimizes the expected squared error of
 * `bits` bits over -clip..clip is k*b for Laplace(0, b), and k*sigma for Gauss(0, sigma). */
double aciq_laplace_factor(int bits);
double aciq_gauss_factor(int bits);

#endif
