/* emit_vendor.h: files for flows that are not ours: projects that list the generated files.
 *
 *     vivado    NAME_vivado.tcl and NAME.xdc:    vivado -mode batch -source NAME_vivado.tcl
 *     quartus   NAME_quartus.tcl and NAME.sdc:   quartus_sh -t NAME_quartus.tcl
 *     fusesoc   NAME.core, one folder up:        fusesoc run --target lint dnn2fpga:net:NAME
 *
 * They make NAME_pins (emit_pins.h) the top. FuseSoC 2.4 has run its target lint; Vivado
 * and Quartus do not run here: their files are untested with them, and say so.
 */
#ifndef HW_EMIT_VENDOR_H
#define HW_EMIT_VENDOR_H

#include "hw/device.h"
#include "hw/emit.h"
#include "hw/emit_pins.h"

typedef enum Vendor { VENDOR_VIVADO, VENDOR_QUARTUS, VENDOR_FUSESOC, VENDORS } Vendor;

/* ERR_USAGE lists them. */
Status vendor_parse(const char *word, Vendor *vendor) MUST_CHECK;

/* ERR_USAGE: the flow has no such part. Quartus has none of ours: its file says what to set. */
Status vendor_takes_device(Vendor vendor, const Device *device) MUST_CHECK;

enum { VENDOR_MAX_FILES = 2 };

typedef struct VendorSetup {
    const Plan *plan;
    const Design *design; /* its bench is left out */
    const Pins *pins;
    const Device *device;
    double clock_mhz;   /* that is asked for */
    const char *folder; /* where they go; the others are named relative to them when near */
} VendorSetup;

/* `files` gets the paths, NULL-terminated; strings live in `arena`. */
Status emit_vendor(const VendorSetup *setup, Vendor vendor, Arena *arena,
                   const char *files[VENDOR_MAX_FILES + 1]) MUST_CHECK;

#endif
