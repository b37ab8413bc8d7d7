/* simulated_board.h: GHDL in the place of a board: its serial line is the other end of a
 * pseudo-terminal.
 *
 *     SimulatedBoard *board = NULL;
 *     Serial serial;
 *     TRY(simulated_board_start(&setup, &serial, &board));
 *     ... host_loop(...) ...
 *     serial_close(&serial);                       // an unfinished simulation ends with it
 *     TRY(simulated_board_join(board));
 */
#ifndef FLOW_SIMULATED_BOARD_H
#define FLOW_SIMULATED_BOARD_H

#include "hw/emit_board.h"
#include "tools/serial.h"

typedef struct SimulatedBoard SimulatedBoard;

typedef struct SimulatedBoardSetup {
    const BoardDesign *design;
    const char *folder; /* work folder of the simulator */
    int64_t images;
    double deadline_s;
} SimulatedBoardSetup;

/* Builds the design, opens the line, and starts the simulation on a thread. */
Status simulated_board_start(const SimulatedBoardSetup *setup, Serial *serial,
                             SimulatedBoard **board) MUST_CHECK;

/* True once the simulator has ended. */
bool simulated_board_ended(void *board);

/* Waits for the simulator and frees. ERR_ENVIRONMENT when it did not end as it should. */
Status simulated_board_join(SimulatedBoard *board) MUST_CHECK;

#endif
