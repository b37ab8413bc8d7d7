/* emit_board.h: a design behind a serial line: what is loaded onto a board, and its other end for
 * simulation.
 *
 *     BoardDesign wrapped;
 *     TRY(emit_board(&(BoardRequest){plan, &design, board, 104}, arena, &wrapped));
 *
 * Into the design's folder go the files of the serial line, NAME_board.vhd, NAME_board_bench.vhd
 * and NAME_board.pcf (the pins).
 */
#ifndef HW_EMIT_BOARD_H
#define HW_EMIT_BOARD_H

#include "hw/board.h"
#include "hw/emit.h"
#include "hw/emit_pins.h"

typedef struct BoardRequest {
    const Plan *plan;
    const Design *design; /* written by emit_design() */
    const Board *board;
    int clocks_per_bit; /* of the serial line, BOARD_MIN_CLOCKS_PER_BIT or more */
} BoardRequest;

enum {
    BOARD_MIN_CLOCKS_PER_BIT = 4,
    BOARD_FRAME_EXTRA = 3, /* mark and two sums */
    BOARD_SUM_BYTES = 4    /* payload that answers weights: the checksum of weights_file.h */
};

typedef struct BoardDesign {
    const char *const *files;     /* for synthesis, in compile order, NULL-terminated */
    const char *const *sim_files; /* the same and the bench */
    const char *top, *bench;      /* entity names */
    const char *pin_file;         /* path of the PCF */
    Pins pins;                    /* bytes of images and answers on the line */
} BoardDesign;

/* Strings live in `arena`. */
Status emit_board(const BoardRequest *request, Arena *arena, BoardDesign *wrapped) MUST_CHECK;

#endif
