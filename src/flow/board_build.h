/* board_build.h: a board's design becomes a bitstream, and the bitstream goes into the board.
 *
 *     BoardBuild build = {.design = &wrapped, .board = board, .folder = folder, ...};
 *     TRY(board_build_check(&build, arena));      // all programs are there
 *     TRY(board_build(&build, arena));            // minutes
 *     TRY(board_load(&build, arena));
 */
#ifndef FLOW_BOARD_BUILD_H
#define FLOW_BOARD_BUILD_H

#include "base/progress.h"
#include "hw/emit_board.h"

typedef struct BoardBuild {
    const BoardDesign *design; /* absolute paths */
    const Board *board;
    const char *folder; /* absolute; made anew */
    double timeout_s;   /* for each program */
    const Progress *progress;

    const char *bitstream; /* filled in by board_build() */
    double fmax_mhz;
} BoardBuild;

/* ERR_ENVIRONMENT: a program that building or loading needs is missing. */
Status board_build_check(const BoardBuild *build, Arena *arena) MUST_CHECK;

/* ERR_UNMET: it does not fit, or is too slow for the board's clock. ERR_ENVIRONMENT: a program
 * failed. Strings live in `arena`. */
Status board_build(BoardBuild *build, Arena *arena) MUST_CHECK;

/* Into the board's memory, through USB. ERR_ENVIRONMENT: no board, or no permission: the loader's
 * own words. */
Status board_load(const BoardBuild *build, Arena *arena) MUST_CHECK;

#endif
