/* proof_watch.h: the simulations of a proof, and what their benches say while they run. For proof.c
 * alone.
 *
 *     bench->runs[i] = (GhdlRun){.sentinel = PROOF_RESULT_WORD, .on_line = proof_listen,
 *                                .context = &bench->watches[i]};
 */
#ifndef FLOW_PROOF_WATCH_H
#define FLOW_PROOF_WATCH_H

#include "flow/proof.h"
#include "tools/ghdl.h"

#define PROOF_RESULT_WORD "DNN2FPGA-RESULT" /* begins the last line of a bench */

/* What one simulation says while it runs. */
typedef struct Watch {
    struct Bench *bench;
    int64_t images_done;
    bool failed; /* a mismatch or a hang */
    Difference first;
    char fault[512]; /* the simulator's first error */
    bool in_design;  /* ... and it came from the VHDL, not from the simulator itself */
    int suspect;     /* stage that it blamed; -1: none */
    int64_t *peaks;  /* of the plan's buffers; -1: nothing heard */
    int64_t *held;   /* ... at a standstill; -1: nothing heard */
    int64_t *room;
} Watch;

/* Several simulations of one built design. */
typedef struct Bench {
    const ProofSetup *setup;
    Arena *arena;
    GhdlDesign design;
    GhdlRun *runs;
    Watch *watches;
    const VectorFiles *files;           /* one per run */
    const char *weights;                /* file that each run loads; NULL: they are constants */
    char (*identities)[HASH_HEX_BYTES]; /* one per run, of shards that may be kept */
    int count;
    int64_t images;   /* of all runs */
    const char *wave; /* of the runs with taps; NULL: none */
} Bench;

/* One line of a simulation, whose Watch is `context`: a first failure, a fault, progress, or how full
 * a buffer is. */
void proof_listen(void *context, const char *line);

#endif
