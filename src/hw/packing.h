/* packing.h: two products of a layer in each DSP block.
 *
 *     TRY(packing_apply(plan, device));   // then plan->stages[i].packed
 *
 * A block that multiplies wide factors takes two weights of different sums at once, beside each
 * other in one factor, and the sample that both are multiplied with in the other (AMD WP486, there
 * for 8 bits and a DSP48E1). packed_products_pkg.vhd lifts all of them to natural numbers first, so
 * that the products do not touch: with k bits for a product, weights of w bits take w+k in a
 * factor. It is the same arithmetic at the same clocks; the lift is taken away in logic.
 */
#ifndef HW_PACKING_H
#define HW_PACKING_H

#include "hw/device.h"
#include "hw/plan.h"

/* What two products need: bits of the factor with both weights, of the sample, and of one product;
 * and of the additions that take what the lifts added away from one. */
typedef struct PackedWidths {
    int weights, sample, product, adders;
} PackedWidths;

PackedWidths packing_widths(const Op *op);

/* Why the products of a stage cannot be packed on this device, in the arena; NULL: they can. */
const char *packing_obstacle(const Plan *plan, const Stage *stage, const Device *device,
                             Arena *arena);

/* Marks every stage that can be packed. ERR_REFUSED when there is none, with the reason of each
 * stage that multiplies. */
Status packing_apply(Plan *plan, const Device *device) MUST_CHECK;

#endif
