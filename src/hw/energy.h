/* energy.h: what operations and memory accesses cost, and what an image takes of them.
 *
 *     EnergyTable table = energy_table_default();
 *     EnergyUse use = energy_of_plan(plan, &table);
 *     ... use.integer_pj, use.float_pj ...
 *
 * An estimate of arithmetic and memory alone, from the constants of the paper's Fig. 1 (energy.c).
 * Control, wires, clocks and leakage are not in it, and an FPGA takes more for the same operation
 * than the silicon these figures are of: compare, do not promise.
 *
 * A multiplication of two integers costs as the product of their widths, an addition as its width.
 */
#ifndef HW_ENERGY_H
#define HW_ENERGY_H

#include "hw/plan.h"

typedef enum EnergyOperation {
    ENERGY_ADD_INT8,
    ENERGY_ADD_INT32,
    ENERGY_ADD_FLOAT32,
    ENERGY_MULTIPLY_INT8,
    ENERGY_MULTIPLY_FLOAT32,
    ENERGY_ACCESS, /* 32 bits */
    ENERGY_OPERATIONS
} EnergyOperation;

typedef struct EnergyTable {
    double picojoules[ENERGY_OPERATIONS];
} EnergyTable;

const char *energy_operation_title(EnergyOperation operation); /* "8-bit integer addition" */

EnergyTable energy_table_default(void);

/* Lines "KEY PICOJOULES", and comments from # on; what is not in the file keeps its default.
 * ERR_REFUSED names file, line and the keys. */
Status energy_table_read(const char *path, EnergyTable *table) MUST_CHECK;

/* Widths of weights and of what they meet that there can be, and floating point. */
enum {
    ENERGY_INTEGER_WIDTHS = FIXED_MAX_BITS - FIXED_MIN_BITS + 1,
    ENERGY_MAX_WIDTHS = ENERGY_INTEGER_WIDTHS * ENERGY_INTEGER_WIDTHS + 1
};

/* Multiply-accumulates of two widths. */
typedef struct EnergyMacs {
    int weight_bits, input_bits; /* FLOAT_BITS: binary32 */
    int64_t count;
} EnergyMacs;

typedef struct EnergyUse { /* of one image */
    EnergyMacs macs[ENERGY_MAX_WIDTHS];
    int width_count;
    double weight_words; /* reads of 32 bits from weight memories; constants in logic need none */
    double value_words;  /* reads and writes of line memories and deep buffers */
    double integer_pj;   /* as planned */
    double float_pj;     /* the same network, folded in the same way, all in binary32 */
} EnergyUse;

EnergyUse energy_of_plan(const Plan *plan, const EnergyTable *table);

#endif
