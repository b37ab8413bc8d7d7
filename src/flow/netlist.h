/* netlist.h: the netlist that synthesis made equals the integer model, by a simulator that shares
 * nothing with the one that proved the VHDL.
 *
 *     NetlistProof proof;
 *     TRY(netlist_prove(&setup, arena, &proof));
 *     if (!proof.bit_exact) ... proof.first ...
 *
 * The design's byte streams (hw/emit_pins.h) get the first images, and every output value is
 * compared, and the class where there is one. In the second half of the images, source and sink
 * wait at random.
 */
#ifndef FLOW_NETLIST_H
#define FLOW_NETLIST_H

#include "base/progress.h"
#include "hw/emit_pins.h"
#include "hw/vectors.h"

typedef struct NetlistSetup {
    const Plan *plan;
    const Pins *pins;
    const char *verilog; /* the mended netlist of ghdl --synth; absolute path */
    const Dataset *dataset;
    const char *folder; /* absolute; made when missing */
    int64_t images;     /* more than the dataset has: all */
    double deadline_s;  /* for each program */
    const Progress *progress;
} NetlistSetup;

typedef struct NetlistProof {
    const char *simulator, *version; /* "Icarus Verilog", "11.0" */
    int64_t images, values_compared, mismatches;
    bool bit_exact;
    Difference first;       /* when not bit exact and it was told; of the output */
    bool refused_weights;   /* the memories do not hold what was loaded */
    bool hung;              /* no output came any more */
    int64_t latency_cycles; /* first byte in to last byte out, of the first image */
    double build_seconds, seconds;
    const char *log_path;
} NetlistProof;

/* OK: it was carried out, whatever it says. ERR_ENVIRONMENT: no simulator, failed or out of time.
 * Strings live in `arena`. */
Status netlist_prove(const NetlistSetup *setup, Arena *arena, NetlistProof *proof) MUST_CHECK;

#endif
