/* energy.h: the paper's Fig. 1 applied to a network: energy of one image, float32 against int8.
 *
 *     EnergyCount count;
 *     TRY(energy_count(report, &count));              // what one image takes
 *     EnergyShare share = energy_of(&count, ENERGY_INT8);
 *     energy_total(&share);                           // in pJ
 *
 * An estimate of arithmetic and memory alone, from the constants of hw/energy.h: each
 * multiply-accumulate is a multiplication and an addition; each weight is read once, each value of
 * the input or of a layer is written once and read once, in words of 32 bits of a memory of 8 KB.
 * Control, wires, clocks and leakage are not in it.
 */
#ifndef CLI_ENERGY_H
#define CLI_ENERGY_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

typedef enum EnergyFormat { ENERGY_FLOAT32, ENERGY_INT8, ENERGY_FORMATS } EnergyFormat;

/* What one image takes, whatever the format. */
typedef struct EnergyCount {
    int64_t macs;    /* multiplications with an addition each */
    int64_t weights; /* read once */
    int64_t values;  /* of input and layers: written once, read once */
} EnergyCount;

/* In picojoules for one image. */
typedef struct EnergyShare {
    double multiplications, additions, memory;
} EnergyShare;

/* From "model.layers" of a report; refused when they are not there. */
Status energy_count(const json_t *report, EnergyCount *count) MUST_CHECK;

/* Accesses of 32-bit words for one image: four bytes share one. */
double energy_words(const EnergyCount *count, EnergyFormat format);
EnergyShare energy_of(const EnergyCount *count, EnergyFormat format);
/* How many 8-bit integer additions a 32-bit float addition costs: the paper's example, 30. */
double energy_addition_ratio(void);
double energy_total(const EnergyShare *share);

#endif
