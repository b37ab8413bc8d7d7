/* emit.h: writes a plan as VHDL.
 *
 *     Design design;
 *     TRY(emit_design(plan, arena, "run/hdl", &design));
 *
 * Into one folder go the library files that the design uses, copied as they are, and
 *     NAME_constants.vhd   weights, biases, requantizers, tables
 *     NAME_core.vhd        the layers, forks and buffers between them, arg_max behind
 *     NAME_loaded.vhd      the core and what loads its weights, when they are loaded
 *     weights.bin          ... and those: weights_file.h
 *     NAME_top.vhd         the core behind AXI4-Streams
 *     NAME_bench.vhd       feeds images, compares every output value, measures clocks
 *     compile_order.txt    all file names, in the order that a compiler wants
 * The same plan gives the same bytes. The files need no tool of ours.
 */
#ifndef HW_EMIT_H
#define HW_EMIT_H

#include "base/hash.h"
#include "hw/plan.h"

typedef struct Design {
    const char *folder;
    const char *const *files; /* paths, in compile order, NULL-terminated; the bench is the last */
    int file_count;
    const char *top; /* entity names */
    const char *bench;
    const char *weights; /* the file to load; NULL: the weights are constants */
} Design;

/* Makes the folder when missing. Strings live in `arena`. */
Status emit_design(const Plan *plan, Arena *arena, const char *folder, Design *design) MUST_CHECK;

/* The design of that plan that an earlier emit_design() left in a folder, whatever was done to its
 * files since: `compile_order.txt` names them. ERR_ENVIRONMENT: one is missing. */
Status emit_find_design(const Plan *plan, Arena *arena, const char *folder,
                        Design *design) MUST_CHECK;

/* SHA-256 over names, lengths and bytes of the files, in compile order; weights.bin is the last. */
Status emit_hash(const Design *design, char hex[HASH_HEX_BYTES]) MUST_CHECK;

/* File that the bench writes a layer's output to, with TAPS true: "tap_conv_1.bin". */
const char *emit_tap_name(Arena *arena, const Stage *stage);

#endif
