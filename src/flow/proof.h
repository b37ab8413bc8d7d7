/* proof.h: hardware equals software, value by value, or where it first does not.
 *
 * The design is written as VHDL, with the quantized images and the golden model's outputs beside
 * it; GHDL simulates it over all images, in several processes at once, and its own bench compares
 * every output value. When one differs, the image is run again with every layer's output recorded,
 * and the first layer that differs is named. Finished pieces are kept (proof_shards.h): a proof
 * that was cut short, asked for again in the same folder, simulates only what is left.
 *
 * A design in which nothing moves any more is noticed by its bench after some times the clocks that
 * the plan needs; the image is run again, and the buffers that are full and empty are named. How
 * full the deep buffers get is counted, and compared with the plan.
 *
 * When a fast back end and mcode are both installed, the first few images also run in mcode, which
 * stops at any integer overflow (llvm does not notice one).
 *
 *     ProofResult result;
 *     TRY(proof_run(&setup, arena, &result));
 *     if (!result.bit_exact)
 *         ... result.first.layer ...
 *
 * In `folder`: hdl/ (the design), vectors/ (stimulus, expected, outputs), sim_BACKEND/ and taps/,
 * and what differs in the taps (differences.h).
 */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include "base/progress.h"
#include "hw/emit.h"
#include "hw/plan.h"
#include "hw/timing.h"
#include "hw/vectors.h"

enum { PROOF_CHECKED_IMAGES = 8 }; /* in mcode */

/* How far one of the simulations that run at once is. */
typedef struct ProofShard {
    int64_t images, done;
} ProofShard;

typedef struct ProofSetup {
    const Plan *plan;
    const Dataset *dataset;
    const char *folder;
    int64_t images;     /* the first ones of the dataset; more than it has: all */
    int jobs;           /* simulations at once, at least 1 */
    int stall_seed;     /* not 0: source and sink wait at random, and the sink at times until all
                           is full; timing is not compared then */
    int64_t beat_gap;   /* clocks that the source waits after each beat; not 0: as above */
    double deadline_s;  /* for each simulation; 0: none. A hang is noticed in any case */
    bool one_backend;   /* no overflow check in mcode */
    int64_t tap_images; /* compare every layer's stream of so many of the first images; 0: none */
    const char *wave;   /* absolute path for waveforms of the first image that differs; or NULL */
    const Progress *progress;
    /* Some simulation got further. NULL: silence. */
    void (*shards)(void *context, const ProofShard *shards, int count);
    void *context;
} ProofSetup;

typedef struct ProofResult {
    int64_t images, values_compared, mismatches;
    bool bit_exact;
    Difference first;       /* when not bit exact; strings of model and arena */
    const char *fault;      /* what the simulator said when it gave up; NULL: it did not */
    const char *standstill; /* "full: conv_1 to add (2 beats); empty: conv_3 to add", when nothing
                               moved any more; NULL: it did */

    int64_t tapped_images; /* whose every layer's stream was compared, when outputs were equal */

    int64_t taps_first, taps_count; /* images whose streams are in taps/; 0: none are */

    int64_t labelled;       /* images whose outputs are known */
    double label_agreement; /* of hardware and golden model, 0..1 */
    double accuracy;        /* hardware against the dataset's labels, 0..1 */

    Timing predicted;       /* its steady state */
    int64_t latency_cycles; /* simulated; the same for the first image of every process */
    int64_t interval_cycles, interval_min, interval_max; /* simulated; 0: only one image */
    bool timing_compared, timing_exact; /* every simulated figure equals its prediction */
    int64_t *peaks; /* most beats that each of the plan's buffers held in simulation; -1: not
                               counted, as in register stages */
    int64_t *planned_peaks; /* the same, as the plan has it for so many images */
    bool peaks_exact;       /* where both are known they are equal */

    int64_t kept_images; /* of these, from an earlier proof of the same design: proof_shards.h */
    double seconds;      /* the simulations alone */
    double simulated_images_per_s;         /* NAN: all were kept */
    const char *backend, *backend_version; /* "llvm", "2.0.0" */
    int64_t overflow_checked; /* images that also ran in mcode; 0: mcode is not installed */
} ProofResult;

/* OK: the proof was carried out, whatever it says (look at bit_exact). ERR_ENVIRONMENT: no GHDL, or
 * out of time. Strings live in `arena`. */
Status proof_run(const ProofSetup *setup, Arena *arena, ProofResult *result) MUST_CHECK;

/* One image of a design that is there already (and the one before it: what that left behind may be
 * the cause) with every layer's stream kept: what differs is in `setup->folder` (differences.h),
 * and the first of it in `first`. The other fields of `setup` mean what they mean above. */
Status proof_tap(const ProofSetup *setup, Arena *arena, const Design *design, int64_t image,
                 Difference *first) MUST_CHECK;

/* The two halves of proof_run(): all files are written, and all files are judged. Tests damage the
 * files in between. */
typedef struct ProofWork {
    Design design;
    VectorFiles *shards;
    int shard_count;
    int64_t images;
    int32_t *golden_labels; /* images */
} ProofWork;

Status proof_write(const ProofSetup *setup, Arena *arena, ProofWork *work) MUST_CHECK;
Status proof_judge(const ProofSetup *setup, Arena *arena, const ProofWork *work,
                   ProofResult *result) MUST_CHECK;

#endif
