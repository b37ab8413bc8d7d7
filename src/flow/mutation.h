/* mutation.h: how good the proof is: designs with one planted fault each, and how many it catches.
 *
 *     MutationScore score;
 *     TRY(mutation_run(&setup, arena, &score));
 *     if (score.survived) ... score.verdicts[i] ...
 *
 * A changed constant is first changed in the integer model: when no image of the dataset shows it
 * there, the mutant is equivalent as far as the images go, and is listed as such; else the first
 * image that shows it goes through the simulated mutant, which must differ from the golden model.
 * These share one build: the constants are changed when a simulation starts. Weights that are
 * loaded are changed in their file, with its checksum, so that only the images can tell.
 *
 * A changed line of the VHDL has a build of its own, and runs over the first images, without and
 * with random stalls; it is caught by a value, by a cycle, by a hang, or by the simulator.
 */
#ifndef FLOW_MUTATION_H
#define FLOW_MUTATION_H

#include "base/progress.h"
#include "hw/mutants.h"
#include "hw/vectors.h"

enum { MUTATION_LINE_IMAGES = 20 };

typedef struct MutationSetup {
    const Plan *plan;
    const Dataset *dataset; /* all its images are looked at */
    const char *folder;     /* made anew */
    int count;              /* mutants, at least 1 */
    uint64_t seed;
    double deadline_s; /* for each program; 0: none */
    const Progress *progress;
} MutationSetup;

typedef enum MutantFate {
    FATE_CAUGHT,
    FATE_EQUIVALENT, /* no image of the dataset shows it, in software */
    FATE_SURVIVED,
    FATES
} MutantFate;

const char *mutant_fate_word(MutantFate fate); /* "caught" */

typedef struct MutantVerdict {
    MutantFate fate;
    int64_t image; /* the first that shows it, in software; -1: none, or a line of the VHDL */
} MutantVerdict;

typedef struct MutationScore {
    Mutants mutants;
    MutantVerdict *verdicts; /* mutants.count */
    int fates[FATES];
    double score; /* caught / (caught + survived) */
    double seconds;
    const char *backend;
} MutationScore;

/* OK: every mutant has its verdict. ERR_ENVIRONMENT: GHDL is missing, failed or out of time.
 * ERR_INTERNAL: the design fails without a fault. Strings live in `arena`. */
Status mutation_run(const MutationSetup *setup, Arena *arena, MutationScore *score) MUST_CHECK;

#endif
