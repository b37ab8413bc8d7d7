/* resources_parts.h: inside of the estimates. What a part of a design has of each feature is
 * gathered here: products and what follows them in resources_products.c, the kinds of stages in
 * resources.c.
 */
#ifndef HW_RESOURCES_PARTS_H
#define HW_RESOURCES_PARTS_H

#include "hw/resources.h"
#include "hw/resources_memory.h"

/* A part of a design under way. */
typedef struct Part {
    const Plan *plan;
    const Stage *stage; /* NULL: what is no stage */
    ResourceTarget target;
    double features[FEATURES];
    double dsp, blocks;
    double more_luts; /* than the features say, of what no recorded run has */
} Part;

static inline void part_add(Part *part, ResourceFeature feature, double amount)
{
    part->features[feature] += amount;
}

void part_add_memory(Part *part, Memory memory);

/* Bits of samples, with the sign if there is one. */
int part_input_width(const Op *op);
int part_output_width(const Op *op);

/* Products with weights that change from step to step. */
void part_add_products(Part *part, double count);

/* Products with constants, `sharing` weights after each other with one operand: those with 0 and
 * with powers of two need nothing, equal ones are built once. */
void part_add_fixed_products(Part *part, const int32_t *weights, int64_t count, int sharing);

/* Trees that add products up (folded_mac.vhd). Where products have no registers of their own,
 * sums of four have one first. */
void part_add_trees(Part *part, bool sums_fours);

/* `units` requantizers that take turns at `groups` of channels. */
void part_add_requantizers(Part *part, int units, int64_t groups);

#endif
