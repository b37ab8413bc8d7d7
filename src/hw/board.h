/* board.h: boards that a design is loaded onto, and how a serial line reaches it there.
 *
 *     const Board *board = NULL;
 *     TRY(board_find("icebreaker", &board));   // ERR_USAGE lists the names
 */
#ifndef HW_BOARD_H
#define HW_BOARD_H

#include "base/buffer.h"
#include "base/error.h"

typedef struct Board {
    const char *name;
    const char *title;
    const char *device;                      /* device.h */
    int clock_hz;                            /* of the oscillator, which runs the design */
    const char *clock_pin, *rx_pin, *tx_pin; /* rx: into the device */
    const char *openfpgaloader;              /* its name there; NULL: iceprog loads it */
} Board;

/* ERR_USAGE, with the nearest name and all of them, when there is none of that name. */
Status board_find(const char *name, const Board **board) MUST_CHECK;

/* Appends the pins of a board's top level as nextpnr-ice40 reads them (PCF). */
void board_write_pins(const Board *board, Buffer *into);

#endif
