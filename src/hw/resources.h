/* resources.h: what a plan takes of a device, before synthesis.
 *
 *     ResourceEstimate estimate;
 *     if (resources_known(plan, resources_target(device)))
 *         resources_estimate(plan, device, arena, &estimate);
 *     ... estimate.total.lut, give or take estimate.lut_error of it ...
 *
 * DSP blocks and block RAMs are counted as Yosys gives them out: which products are wide enough for
 * a DSP block of the family, and which memories pay for a block RAM (resources_memory.c).
 *
 * LUTs and flip-flops are sums of features with a meaning (bits of adders, of multiplexers, of
 * windows, ...) times coefficients, one table for each target (resources_coefficients.h). `make fit`
 * fits them on recorded runs of Yosys, tests/fixtures/synth/runs.csv, and measures the error on
 * runs that were held out.
 *
 * All of a design is meant as `synth` builds it: behind its streams of bytes (emit_pins.h).
 */
#ifndef HW_RESOURCES_H
#define HW_RESOURCES_H

#include "hw/fit.h"

/* What Yosys is asked to build with. */
typedef enum ResourceTarget {
    RESOURCES_ICE40,     /* without DSP blocks */
    RESOURCES_ICE40_DSP, /* UltraPlus */
    RESOURCES_ECP5,
    RESOURCES_XILINX7,
    RESOURCE_TARGETS
} ResourceTarget;

const char *resources_target_word(ResourceTarget target); /* "ice40-dsp" */
ResourceTarget resources_target(const Device *device);

typedef struct ResourceEstimate {
    FitCells total;
    FitCells *stages;           /* each with the buffers behind it; in the arena */
    FitCells rest;              /* pins, arg_max, buffers of the input */
    double lut_error, ff_error; /* largest error on the runs that were held out, as a fraction */
} ResourceEstimate;

/* False when a layer is floating point, when weights are loaded, or when there are no recorded runs
 * for the target: nothing is known of those. */
bool resources_known(const Plan *plan, ResourceTarget target);

void resources_estimate(const Plan *plan, const Device *device, Arena *arena,
                        ResourceEstimate *estimate);

/* One stage with the buffers behind it, as its folding stands. */
FitCells resources_of_stage(const Plan *plan, const Stage *stage, ResourceTarget target);
/* Everything that is no stage. */
FitCells resources_of_rest(const Plan *plan, ResourceTarget target);

/* ---- for the fit ----------------------------------------------------------------------------- */

typedef enum ResourceFeature {
    FEATURE_DESIGN,         /* 1 for the whole */
    FEATURE_PIN_BITS,       /* of the registers that bytes shift through */
    FEATURE_CLASS_BITS,     /* of the scores that arg_max compares */
    FEATURE_LAYERS,         /* stages: control */
    FEATURE_COUNTER_BITS,   /* of positions, steps and groups */
    FEATURE_BUFFER_BITS,    /* of a beat in a register stage */
    FEATURE_FIFO_BITS,      /* of a beat in a deeper buffer */
    FEATURE_RAM_CELLS,      /* cells of distributed RAM */
    FEATURE_RAM_BITS,       /* of memories that become flip-flops */
    FEATURE_ROM_BITS,       /* of read-only memories that become logic */
    FEATURE_WINDOW_BITS,    /* of the pixels that a window holds */
    FEATURE_BEAT_BITS,      /* of the beat that a dense layer holds */
    FEATURE_INDEX_CHOICE,   /* bits that it chooses the operand of a step from */
    FEATURE_OPERAND_CHOICE, /* the same, from a window */
    FEATURE_OPERAND_SELECT, /* the same, for each bit of the number that chooses */
    FEATURE_OPERAND_BITS,   /* of the operand and the row of weights */
    FEATURE_PRODUCT_BITS,   /* of products in DSP blocks */
    FEATURE_SOFT_PRODUCT,   /* width times width of products in logic */
    FEATURE_FIXED_PRODUCT,  /* the same with constant weights: digits that are not 0 */
    FEATURE_ADDER_BITS,     /* of the trees that add products up */
    FEATURE_TREE_BITS,      /* of the registers in those trees */
    FEATURE_SUM_BITS,       /* of running sums */
    FEATURE_SUM_CHOICE, /* that start from a bias, or go on; and of those that others wait behind */
    FEATURE_HELD_SUM_BITS, /* of sums that wait for their turn */
    FEATURE_SCALE_BITS,    /* of requantizers with one scale */
    FEATURE_CLAMP_BITS,    /* of their results */
    FEATURE_LIFTED_BITS,   /* of sums that are too small for their shift */
    FEATURE_SOFT_SCALE,    /* width times digits of their products in logic */
    FEATURE_CHOSEN_SCALE,  /* bits of requantizers with a scale for each channel */
    FEATURE_RESULT_BITS,   /* of the output pixel */
    FEATURE_POOL_BITS,     /* that a pool compares or adds */
    FEATURES
} ResourceFeature;

/* Adds what the stage, or everything else (NULL), has of each feature. */
void resources_add_features(const Plan *plan, const Stage *stage, ResourceTarget target,
                            double features[FEATURES]);

#endif
