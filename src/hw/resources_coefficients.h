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
        .lut = {0, 0, 2.4909, 0, 10.043, 0.32659, 0, 1.3876,
                0, 0.067748, 0, 1.7273, 0, 0, 0, 7.1257,
                2.4266, 4.2905, 0, 0, 0, 3.0349, 0, 7.5793},
        .lut_error = 0.170,
        .ff = {11.529, 0.4752, 1.742, 13.455, 1.6554, 0.71095, 0.0010556, 0,
                0, 0.043432, 0.39046, 0.88816, 2.3294, 0, 0, 0,
                0, 3.3835, 0.91099, 0, 0, 0, 1.6859, 1.6223},
        .ff_error = 0.158,
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
