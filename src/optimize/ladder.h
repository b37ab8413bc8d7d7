/* ladder.h: Algorithm 1 and Fig. 4 of the paper as a table of states.
 *
 *     1 ptq-all      every layer is quantized after training
 *     2 ptq-partial  sensitive layers stay floating point: all convolutions (policy conv, the
 *                    paper's), or the fewest layers that reach the target (policy sensitivity), in
 *                    the order of what they gained when they were measured
 *     3 qat          training with the integers in the loop, same widths, same calibration, from
 *                    the very integers of a rung before: first those of rung 1, every layer on
 *                    integers; when that misses, those of rung 2, with its float layers
 *
 * Why rung 3 begins with rung 1's integers although rung 2 was tried last: float layers are there
 * to bring accuracy back, and so is training, which costs no hardware. On the sample CNN at 2 bits
 * (5 epochs) training takes 0.1198 to 0.9742 in 4,816 bytes; the float layers that rung 2 would
 * hand on take 74,872. Whoever can do without them should not have to ask for it. Both are tried,
 * and a rung says what it started from.
 *
 * Rung 2 is passed over where the policy finds nothing to keep in float (no convolution, say): it
 * would be rung 1 once more, and so would be its training.
 *
 * The first rung that reaches the target on the test images is chosen, and the climb ends; when
 * none does, the best is. Without a target there is only rung 1. With `train_at_once` rung 3, every
 * layer on integers, follows rung 1 whatever that reached, and the better of the two is chosen.
 * Ranking, search and training never look at the test images.
 *
 * With a folder, a climb that was cancelled or killed goes on where it was: rungs that were tried
 * are not evaluated again, a training goes on after its last finished epoch, and the result is the
 * same, bit for bit, as that of a climb that was left alone.
 *
 *     Ladder ladder;
 *     TRY(ladder_climb(&input, &options, &ladder));
 *     ladder.quantized.model ...      // of the chosen rung
 *     ladder_free(&ladder);
 */
#ifndef OPTIMIZE_LADDER_H
#define OPTIMIZE_LADDER_H

#include "optimize/qat.h"
#include "optimize/sensitivity.h"

typedef enum LadderStep { LADDER_PTQ_ALL, LADDER_PTQ_PARTIAL, LADDER_QAT, LADDER_STEPS } LadderStep;
typedef enum LadderPolicy { POLICY_CONV, POLICY_SENSITIVITY, POLICIES } LadderPolicy;

const char *ladder_step_word(LadderStep step); /* "ptq-all" */
bool ladder_policy_parse(const char *word, LadderPolicy *policy);

typedef struct LadderOptions {
    double target_accuracy; /* NAN: none; the fraction to reach */
    double max_drop;        /* NAN: none; the fraction that may be lost against `baseline` */
    LadderPolicy policy;
    QatOptions qat;     /* epochs 0: no training */
    bool train_at_once; /* rungs 1 and 3 in any case, no other */
    /* Where the climb keeps what it needs to be taken up again (climb_state.h); NULL: nowhere. */
    const char *folder;
    const char *identity; /* of what decides the result: another one's state is refused */
} LadderOptions;

enum { LADDER_MAX_RUNGS = LADDER_STEPS + 1 };

/* One rung, tried. Its texts and lists live in the ladder's arena. */
typedef struct LadderRung {
    LadderStep step;
    double accuracy; /* on the test images */
    int64_t bytes;
    bool accepted;   /* reaches the target, or there is none */
    bool remembered; /* evaluated before the climb was taken up again */
    const char **float_layers;
    int float_count;
    const TrainEpoch *epochs; /* qat */
    int epoch_count, best_epoch;
    int start; /* qat: the rung, an index, whose integers the training started from; else -1 */
    const char *note; /* why training ended early; NULL: nothing to say */
} LadderRung;

typedef struct Ladder Ladder;

typedef struct LadderInput {
    const Graph *simplified;
    const Scheme *scheme; /* of rung 1 */
    const Dataset *calibration, *test;
    double baseline; /* accuracy of the float network on the test images */
    /* The training images, asked for when a rung needs them; borrowed. */
    Status (*training)(void *context, const Dataset **training);
    /* A rung was tried: the last one of the ladder so far. May be NULL. */
    void (*tried)(void *context, const Ladder *ladder);
    /* A rung begins. May be NULL. */
    void (*begins)(void *context, LadderStep step);
    void *context;
    Pool *pool;
    const Progress *progress;
} LadderInput;

struct Ladder {
    Arena *arena;
    LadderRung rungs[LADDER_MAX_RUNGS];
    int count;
    int chosen; /* index of the rung that `quantized` and `graph` are of */
    bool met;
    bool stopped;    /* the user wanted no further rung (base/steer.h): the best so far is chosen */
    bool no_partial; /* rung 2 was passed over: the policy found nothing to keep in float */
    const char
        *skipped; /* why a model could not be trained; NULL: it could, or there was no need */
    Quantized quantized; /* owned by the ladder; set model to NULL to keep it */
    Graph *graph;        /* float weights it was made of; NULL: those of the input */
};

/* What the target comes down to: the least accuracy that is accepted; -1: there is none. */
double ladder_threshold(const LadderOptions *options, double baseline);

Status ladder_climb(const LadderInput *input, const LadderOptions *options,
                    Ladder *ladder) MUST_CHECK;
void ladder_free(Ladder *ladder);

#endif
