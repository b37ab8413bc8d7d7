/* emit_pins.h: NAME_top behind two streams of bytes, so that it fits a device with few pins, and the
 * bench for its netlist.
 *
 *     Pins pins;
 *     TRY(emit_pins(plan, arena, "run/synth", &pins));
 *
 * NAME_pins has 24 pins whatever the network is: clock, reset, and two AXI streams of 8 bits. A
 * design that loads its weights has 46 more for them and their checksum.
 * Samples are the fields of NAME_top's streams: one byte when -128..127 (without a sign 0..255) holds
 * them, else two, the low byte first; behind the samples of an image with scores comes the index of
 * the highest in two bytes.
 */
#ifndef HW_EMIT_PINS_H
#define HW_EMIT_PINS_H

#include "hw/plan.h"

enum { PINS_COUNT = 24, PINS_OF_WEIGHTS = 46 };

typedef struct Pins {
    const char *entity;     /* "mnist_cnn_pins" */
    const char *vhdl;       /* path; analysed behind the files of the design */
    const char *bench;      /* "mnist_cnn_netlist_bench": a Verilog module with the port clk */
    const char *bench_file; /* path */
    const char *instance;   /* of the design in `entity`: names of its cells begin with that */
    int sample_in_bytes, sample_out_bytes;
    bool samples_out_signed;
    int64_t in_bytes;   /* of an image: so many clocks at least */
    int64_t out_bytes;  /* of an image, the index of the highest included */
    int64_t out_clocks; /* of an image on the output side, at least */
} Pins;

/* Bytes of an image on the pins. */
int64_t pins_image_bytes(const Plan *plan);

/* Pins of NAME_pins. */
int pins_count(const Plan *plan);

/* Makes the folder when missing. Strings live in `arena`. */
Status emit_pins(const Plan *plan, Arena *arena, const char *folder, Pins *pins) MUST_CHECK;

#endif
