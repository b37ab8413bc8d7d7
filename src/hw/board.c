#include "hw/board.h"

#include <string.h>

#include "base/nearest.h"

/* Sources
 *   iCEBreaker          iCEBreaker V1.0e schematic: 12 MHz on pin 35; FTDI channel B: the device
 *                       hears on pin 6 and speaks on pin 9
 *   iCE40HX-8K B-EVN    Lattice EB85 (iCE40HX-8K Breakout Board User's Guide): 12 MHz on J3; FTDI
 *                       channel B: the device hears on B10 and speaks on B12
 */
static const Board BOARDS[] = {
    {"icebreaker", "the iCEBreaker board", "up5k", 12000000, "35", "6", "9", "ice40_generic"},
    {"hx8k-evn", "the iCE40HX-8K breakout board", "hx8k", 12000000, "J3", "B10", "B12", NULL},
    {.name = NULL},
};

enum { BOARD_ROWS = sizeof BOARDS / sizeof *BOARDS };

Status board_find(const char *name, const Board **board)
{
    const char *names[BOARD_ROWS];
    for (int i = 0; i < BOARD_ROWS; i++) {
        names[i] = BOARDS[i].name;
        if (names[i] && strcmp(names[i], name) == 0) {
            *board = &BOARDS[i];
            return OK;
        }
    }
    Buffer list = {0};
    for (const Board *known = BOARDS; known->name; known++)
        buffer_printf(&list, " %s", known->name);
    const char *nearest = nearest_word(name, names);
    Status status = nearest ? error_set(ERR_USAGE, "no board '%s'; did you mean '%s'? There are:%s",
                                        name, nearest, list.data)
                            : error_set(ERR_USAGE, "no board '%s'; there are:%s", name, list.data);
    buffer_free(&list);
    return status;
}

void board_write_pins(const Board *board, Buffer *into)
{
    buffer_printf(into, "set_io clk %s\nset_io rx %s\nset_io tx %s\n", board->clock_pin,
                  board->rx_pin, board->tx_pin);
}
