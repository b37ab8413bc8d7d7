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
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .lut_error = 0.000, /* of 0; the median is 0.000 */
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .ff_error = 0.000, /* of 0; the median is 0.000 */
    },
    { /* ice40-dsp */
        .lut = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .lut_error = 0.000, /* of 0; the median is 0.000 */
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .ff_error = 0.000, /* of 0; the median is 0.000 */
    },
    { /* ecp5 */
        .lut = {0, 0, 3.361, 0, 9.7486, 0, 0.053282, 0,
                0, 0.069886, 0, 0, 0.55322, 0, 0, 0,
                5.6312, 2.7144, 0, 3.3819, 0, 0, 0, 2.1648,
                0, 6.9126},
        .lut_error = 0.168, /* of 12; the median is 0.028 */
        .ff = {13.151, 0.49346, 1.7861, 15.025, 1.8667, 1.0719, 0, 0,
                0, 0.034776, 0.40111, 0.87033, 0, 2.2539, 0, 0,
                0, 0, 0, 3.3831, 0.85849, 0, 0, 0.1156,
                1.6778, 1.61},
        .ff_error = 0.157, /* of 12; the median is 0.037 */
    },
    { /* xilinx7 */
        .lut = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .lut_error = 0.000, /* of 0; the median is 0.000 */
        .ff = {0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0,
                0, 0},
        .ff_error = 0.000, /* of 0; the median is 0.000 */
    },
};
/* clang-format on */

#endif
