/* device.h: the parts that designs are made for, and what is in them.
 *
 *     const Device *device = NULL;
 *     TRY(device_find("up5k", &device));       // ERR_USAGE lists the names
 *     if (multipliers > device->dsp) ...
 *
 * Figures are meant to be the vendors' (device.c names the documents) and count what a design may
 * use: LUTs as the data sheet counts them (LUT4 on iCE40 and ECP5, LUT6 on 7 series), block RAMs in
 * units of `bram_bits`.
 */
#ifndef HW_DEVICE_H
#define HW_DEVICE_H

#include "base/error.h"

typedef enum DeviceFamily { FAMILY_ICE40, FAMILY_ECP5, FAMILY_XILINX7, FAMILIES } DeviceFamily;

typedef struct Device {
    const char *name; /* as --device takes it: "hx8k" */
    const char *part; /* what to order, and vendor tools want: "iCE40HX8K-CT256" */
    DeviceFamily family;
    int lut_inputs; /* of one LUT */
    int lut, ff;
    int dsp; /* SB_MAC16, MULT18X18D, DSP48E1 */
    int bram;
    int bram_bits;               /* of one block RAM, parity included */
    int io;                      /* pins that a design may use, in this package */
    const char *nextpnr;         /* option that selects it; NULL: no nextpnr for it */
    const char *nextpnr_package; /* "ct256" */
    const char *nextpnr_grade;   /* speed grade, as in `part`; NULL: nextpnr knows one only */
} Device;

/* Bits of the natural numbers that one DSP block multiplies. */
typedef struct DspFactors {
    int wide, narrow;
} DspFactors;

DspFactors device_dsp_factors(DeviceFamily family);

const char *device_family_word(DeviceFamily family); /* "ice40", "ecp5", "xilinx7" */

/* Every device, in the order of families and size; the last one has the name NULL. */
const Device *device_list(void);

/* "up5k, hx8k, ...", for messages. */
const char *device_names(void);

/* Upper and lower case are the same. ERR_USAGE, with the nearest name and all of them, when there
 * is none of that name. */
Status device_find(const char *name, const Device **device) MUST_CHECK;

#endif
