/* plan.h: an integer model laid out as a chain of hardware layers.
 *
 *     image --> [stage 0] --> [register] --> [stage 1] --> ... --> scores (--> arg_max)
 *
 * One stage per operation after the input. A stream carries one beat per clock edge at most; a beat
 * is one pixel with all its channels as lanes. A vector is one beat of all its values, except the
 * one that a dense layer reads straight from the input: that is a beat of one lane for each value.
 * Flattening changes nothing on a stream: a dense layer reads the beats in the order they come.
 *
 * Floating-point layers are stages like the others, and so are the bridges where integers become
 * floating point and back; samples of such a stream are 32 bits wide (op_traits: writes_float).
 *
 * Folding: a layer with `pe` units, each multiplying `simd` values per clock edge, needs
 *     fold_steps = (filters / pe) * (values / simd)
 * edges for each window (conv2d) or beat (dense). 0 for both, the default, is fully parallel: one.
 * A floating-point layer adds its products up one by one, so that its sums have one order: its
 * `simd` is 1, and with the default pe it takes as many edges as a window (or beat) has values. A
 * floating-point average pool takes an edge for each pixel of the window.
 *
 *     Plan *plan = NULL;
 *     TRY(plan_new(model, &plan));
 *     ... plan->stages[0].fold_steps ...
 *     plan_free(plan);
 */
#ifndef HW_PLAN_H
#define HW_PLAN_H

#include "quant/integer_model.h"

typedef struct StreamLayout {
    int64_t beats; /* per image */
    int lanes;     /* samples per beat */
} StreamLayout;

typedef struct Stage {
    int op_index; /* in the model: integer_forward_op() gives its integers */
    const Op *op;
    const char *entity; /* of the VHDL library: "conv2d_stream" */
    const char *label;  /* instance name: legal VHDL, lower case, unique */
    StreamLayout input, output;
    int pe, simd;           /* as built; 1 for layers that do not fold */
    int64_t fold_steps;     /* edges per window or beat */
    int64_t rows;           /* of the weight memory, PE*SIMD values each; 0: none */
    int64_t macs_per_cycle; /* multiplications per clock edge while computing; 0: none */
} Stage;

typedef struct Plan {
    Arena *arena;
    const IntegerModel *model;
    const char *name; /* the model's, as a VHDL name: prefix of files and units */
    Stage *stages;
    int count;
    StreamLayout input, output;
    bool has_class; /* the output is one beat of scores: arg_max follows */
} Plan;

/* What may be chosen for a stage: every divisor of these. 1 and 1: it does not fold. */
typedef struct FoldLimits {
    int pe;   /* filters, or outputs */
    int simd; /* values of a window, or lanes of a beat */
} FoldLimits;

/* The model must outlive the plan. ERR_USAGE: a folding that does not divide, with the values that
 * do; ERR_REFUSED: a model that is no chain of supported operations. */
Status plan_new(const IntegerModel *model, Plan **plan) MUST_CHECK;
void plan_free(Plan *plan);

FoldLimits plan_fold_limits(const Stage *stage);

/* Products of a sum that a window (conv2d) or a beat (dense) brings. */
int plan_values(const Stage *stage);

/* True when a stage's output is floating point. */
bool plan_has_floats(const Plan *plan);

/* Divisors of `value`, ascending; returns how many. `divisors` holds at least PLAN_MAX_DIVISORS. */
enum { PLAN_MAX_DIVISORS = 1536 }; /* no int has more */
int plan_divisors(int value, int divisors[PLAN_MAX_DIVISORS]);

#endif
