/* climb_state.h: what a climb of the ladder leaves in a folder, so that it can be taken up again:
 *
 *     ladder.json          the rungs tried, in their order, and the ranking of the layers
 *     rung-N.training      the training of rung N, counted from 0 (qat_state.h)
 *
 * ladder.json is replaced as a whole after each rung:
 *
 *     {"version": 1, "identity": "...",
 *      "ranking": {"float_accuracy": 0.98, "layers": ["conv_1", ...]} or null,
 *      "rungs": [{"step": "ptq-all", "accuracy": 0.91, "float_layers": []}, ...]}
 *
 * Models are not in it: quantizing again gives the same integers, and a trained rung has its
 * weights in its training.
 */
#ifndef OPTIMIZE_CLIMB_STATE_H
#define OPTIMIZE_CLIMB_STATE_H

#include "optimize/ladder.h"

typedef struct RungMemory {
    LadderStep step;
    double accuracy; /* on the test images */
    const char *const *float_layers;
    int float_count;
} RungMemory;

typedef struct ClimbState {
    const char *folder;   /* NULL: nothing is kept */
    const char *identity; /* text without quotes: of model, images and options */
    RungMemory rungs[LADDER_MAX_RUNGS];
    int count;
    const char *const *ranking; /* names of layers; NULL: not measured */
    int ranking_count;
    double float_accuracy; /* of the ranking's images */
} ClimbState;

/* What `folder` has, with its texts in the arena; no rungs when it has nothing. ERR_REFUSED: of
 * another climb; ERR_ENVIRONMENT: damaged. */
Status climb_state_read(const char *folder, const char *identity, Arena *arena,
                        ClimbState *state) MUST_CHECK;

/* Makes the folder when it is missing. No effect without one. */
Status climb_state_write(const ClimbState *state) MUST_CHECK;

#endif
