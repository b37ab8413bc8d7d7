#include "flow/simulated_board.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ghdl.h"

#define SENTINEL "BOARD"

struct SimulatedBoard {
    Arena *arena;
    GhdlTools tools;
    GhdlDesign design;
    GhdlRun run;
    int64_t images;
    pthread_t thread;
    atomic_bool ended;
    Status status;
    const char *message; /* why, when status is not OK */
    char fault[256];     /* the simulator's first error */
};

static void note_fault(void *context, const char *line)
{
    SimulatedBoard *board = context;
    GhdlMessage message;
    if (!board->fault[0] && ghdl_parse_message(line, &message) &&
        (strcmp(message.severity, "error") == 0 || strcmp(message.severity, "failure") == 0))
        strncat(board->fault, message.text, sizeof board->fault - 1);
}

static Status check_end(const SimulatedBoard *board)
{
    int64_t images = 0;
    if (ghdl_run_passed(&board->run) &&
        ghdl_sentinel_value(board->run.sentinel_line, "images", &images) && images == board->images)
        return OK;
    return error_set(ERR_ENVIRONMENT, "the simulated board stopped before its last answer: %s",
                     board->fault[0] ? board->fault : board->run.result.tail);
}

static void *simulate(void *context)
{
    SimulatedBoard *board = context;
    board->status = ghdl_run_many(board->arena, &board->design, &board->run, 1, 1);
    if (board->status == OK)
        board->status = check_end(board);
    if (board->status != OK)
        board->message = arena_strdup(board->arena, error_message()); /* of this thread */
    atomic_store(&board->ended, true);
    return NULL;
}

static Status build(const SimulatedBoardSetup *setup, SimulatedBoard *board)
{
    TRY(ghdl_find(board->arena, &board->tools));
    board->design = (GhdlDesign){.backend = board->tools.fast,
                                 .folder = setup->folder,
                                 .files = setup->design->sim_files,
                                 .top = setup->design->bench,
                                 .deadline_s = setup->deadline_s};
    return ghdl_build(board->arena, &board->design);
}

static Status start(const SimulatedBoardSetup *setup, Serial *serial, SimulatedBoard *board)
{
    TRY(build(setup, board));
    TRY(serial_open_pair(serial));
    const char **generics = ARENA_ARRAY(board->arena, const char *, 3);
    generics[0] = arena_printf(board->arena, "PORT_PATH=%s", serial->path);
    generics[1] = arena_printf(board->arena, "IMAGES=%lld", (long long)setup->images);
    board->images = setup->images;
    board->run = (GhdlRun){
        .generics = generics, .sentinel = SENTINEL, .on_line = note_fault, .context = board};
    if (pthread_create(&board->thread, NULL, simulate, board) == 0)
        return OK;
    serial_close(serial);
    return error_set(ERR_ENVIRONMENT, "no thread for the simulated board");
}

static void board_free(SimulatedBoard *board)
{
    arena_free(board->arena);
    free(board);
}

Status simulated_board_start(const SimulatedBoardSetup *setup, Serial *serial,
                             SimulatedBoard **started)
{
    SimulatedBoard *board = calloc(1, sizeof *board);
    if (!board)
        return error_set(ERR_ENVIRONMENT, "out of memory");
    board->arena = arena_new();
    Status status = start(setup, serial, board);
    if (status == OK)
        *started = board;
    else
        board_free(board);
    return status;
}

bool simulated_board_ended(void *board)
{
    return atomic_load(&((SimulatedBoard *)board)->ended);
}

Status simulated_board_join(SimulatedBoard *board)
{
    pthread_join(board->thread, NULL);
    Status status = board->status;
    if (status != OK)
        error_set(status, "%s", board->message);
    board_free(board);
    return status;
}
