/* resources_coefficients.h: written by `make fit` from tests/fixtures/synth/runs.csv, with
 * Yosys 0.23; in the order of ResourceFeature. The errors are the largest on the runs that
 * were held out. */
#ifndef HW_RESOURCES_COEFFICIENTS_H
#define HW_RESOURCES_COEFFICIENTS_H

#include "hw/resources.h"

typedef struct ResourceCoefficients {
    double lut[FEATURES], ff[FEATURES];
    double lut_error, ff_error;
} ResourceCoefficients;

/* clang-format off */
static const ResourceCoefficients RESOURCE_COEFFICIENTS[RESOURCE_TARGETS] = {
    { /* ice40 */
        .lut = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .lut_error = 0.000,
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .ff_error = 0.000,
    },
    { /* ice40-dsp */
        .lut = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .lut_error = 0.000,
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .ff_error = 0.000,
    },
    { /* ecp5 */
        .lut = {0, 0, 2.7072, 0, 11.155, 0, 0, 6.7425,
                0, 0.084085, 0, 1.3422, 0, 0, 0, 8.5849,
                2.2077, 4.2505, 0, 0, 0, 2.6026, 0, 6.0958},
        .lut_error = 0.183,
        .ff = {13.028, 0.48111, 1.7689, 14.764, 1.862, 1.0153, 0, 0,
                0, 0.034701, 0.39584, 0.87535, 2.2572, 0, 0, 0,
                0, 3.3895, 0.86258, 0, 0, 0.11569, 1.7103, 1.616},
        .ff_error = 0.157,
    },
    { /* xilinx7 */
        .lut = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .lut_error = 0.000,
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0},
        .ff_error = 0.000,
    },
};
/* clang-format on */

#endif
