/* plan.h: an integer model laid out as hardware: layers, and the streams between them.
 *
 *     image --> [stage 0] --> [buffer] --> [stage 1] --> ... --> scores (--> arg_max)
 *                         \-> [buffer] -----------> [add]
 *
 * One stage per operation after the input: stage i is operation i + 1. A stream carries one beat
 * per clock edge at most; a beat is one pixel with all its channels as lanes. A vector is one beat
 * of all its values, except the one that dense layers read straight from the input: that is a beat
 * of one lane for each value. Flattening changes nothing on a stream: a dense layer reads the beats
 * in the order they come.
 *
 * Behind each stage there is one buffer for each reader; a stage with several readers gives a beat
 * to each of them at that reader's own time, and goes on when all have it. A stage with several
 * inputs (add, concatenate) takes a beat of each at once. The last stage has no buffer behind it;
 * the plan's input has one for each reader, when there are several.
 *
 * A buffer holds two beats (a register stage), or more where that saves time: `depth` is the
 * smallest one for which the latency and every interval are those of buffers without end, and the
 * layers never lock each other up (buffers.h). Without it, a branch that is read late would stop
 * the one that is read early.
 *
 * Floating-point layers are stages like the others, and so are the bridges where integers become
 * floating point and back; samples of such a stream are 32 bits wide (op_traits: writes_float).
 *
 * Folding: a layer with `pe` units, each multiplying `simd` values per clock edge, needs
 *     fold_steps = (filters / pe) * (values / simd)
 * edges for each window (conv2d) or beat (dense). 0 for both, the default, is fully parallel: one.
 * A floating-point layer adds its products up one by one, so that its sums have one order: its
 * `simd` is 1, and with the default pe it takes as many edges as a window (or beat) has values. A
 * floating-point average pool takes an edge for each pixel of the window.
 *
 *     Plan *plan = NULL;
 *     TRY(plan_new(model, &plan));
 *     ... plan->stages[0].fold_steps ...
 *     plan_free(plan);
 */
#ifndef HW_PLAN_H
#define HW_PLAN_H

#include "quant/integer_model.h"

typedef struct StreamLayout {
    int64_t beats; /* per image */
    int lanes;     /* samples per beat */
} StreamLayout;

enum {
    PLAN_INPUT = -1,    /* in the place of a stage: the plan's input */
    PLAN_NO_BUFFER = -1 /* in the place of a buffer: read straight from the plan's input */
};

enum { BUFFER_REGISTER_DEPTH = 2 }; /* a register stage; all that floating-point streams have */

/* From a stage to one of its readers. */
typedef struct StreamBuffer {
    int from; /* stage, or PLAN_INPUT */
    int to;   /* stage */
    int port; /* which of its inputs */
    bool is_float;
    StreamLayout layout;
    int64_t depth; /* beats that it holds, at least BUFFER_REGISTER_DEPTH */
    int64_t peak;  /* most places ever taken in it, with a source and a sink that never wait: a beat
                      that enters as another leaves needs a place of its own */
} StreamBuffer;

typedef struct Stage {
    int op_index; /* in the model: integer_forward_op() gives its integers */
    const Op *op;
    const char *entity;         /* of the VHDL library: "conv2d_stream" */
    const char *label;          /* instance name: legal VHDL, lower case, unique */
    StreamLayout input, output; /* of a stage with several inputs: the first one's */

    int input_count;
    int inputs[OP_MAX_INPUTS];     /* stages, or PLAN_INPUT */
    int in_buffers[OP_MAX_INPUTS]; /* in the plan, or PLAN_NO_BUFFER */
    int first_reader;              /* its readers' buffers follow each other in the plan */
    int reader_count;              /* 0: the last stage */

    int pe, simd;           /* as built; 1 for layers that do not fold */
    int64_t fold_steps;     /* edges per window or beat */
    int pipeline;           /* edges between the last fold step and the result, beyond the one that
                               every layer has; at most PLAN_MAX_PIPELINE */
    int64_t rows;           /* of the weight memory, PE*SIMD values each; 0: none */
    bool packed;            /* two products in each DSP block: packing.h */
    int64_t macs_per_cycle; /* multiplications per clock edge while computing; 0: none */
} Stage;

enum { PLAN_MAX_PIPELINE = 60 };

typedef struct Plan {
    Arena *arena;
    const IntegerModel *model;
    const char *name; /* the model's, as a VHDL name: prefix of files and units */
    Stage *stages;
    int count;
    StreamBuffer *buffers; /* those of the input first, then by stage */
    int buffer_count;
    int input_readers; /* buffers behind the input; 0: it has one reader, and no buffer */
    StreamLayout input, output;
    bool loads_weights; /* they sit in memories, not in constants: plan_load_weights() */
    bool has_class;     /* the output is one beat of scores: arg_max follows */
} Plan;

/* What may be chosen for a stage: every divisor of these. 1 and 1: it does not fold. */
typedef struct FoldLimits {
    int pe;   /* filters, or outputs */
    int simd; /* values of a window (depthwise: of one channel's), or lanes of a beat */
} FoldLimits;

/* The model must outlive the plan. ERR_USAGE: a folding that does not divide, with the values that
 * do; ERR_REFUSED: what has no hardware. */
Status plan_new(const IntegerModel *model, Plan **plan) MUST_CHECK;
void plan_free(Plan *plan);

/* The same, but every buffer is a register stage: most of the time goes into their depths. For those
 * who try foldings; timing_unbuffered() tells what the depths would make of it. */
Status plan_sketch(const IntegerModel *model, Plan **plan) MUST_CHECK;
/* Weights of convolutions and dense layers sit in memories that are loaded, from now on: the same
 * clocks, other VHDL. ERR_REFUSED for a plan with floating-point layers, whose weights are constants,
 * and for one that has no weights. */
Status plan_load_weights(Plan *plan) MUST_CHECK;

FoldLimits plan_fold_limits(const Stage *stage);

/* Another folding of a stage that folds, with all that follows from it in the stage itself; the
 * values must be possible. What the plan has around the stage stays as it was. */
void plan_set_folding(Stage *stage, int pe, int simd);

/* Clocks of the tree of adders behind `products` >= 1 multipliers of one sum: tree_clocks() of the
 * VHDL library. A register behind every sum of PLAN_TREE_ARITY, so none for one product, 1 clock up
 * to 12, 2 up to 144. They are part of Stage.pipeline. */
enum { PLAN_TREE_ARITY = 12 };
int plan_tree_clocks(int products);

/* Bits of a register that counts to `values`, or of a natural number of that many values. */
int plan_bits_for(int64_t values);

/* True for a pool whose window is the whole image: it has an entity of its own. */
bool plan_is_global_pool(const Op *op);

/* Products of a sum that a window (convolutions) or a beat (dense) brings. 1 for additions,
 * concatenations and global pools: their fold steps are groups of `pe` channels, all inputs at once.
 */
int plan_values(const Stage *stage);

/* True when a stage's output is floating point. */
bool plan_has_floats(const Plan *plan);

/* Name of a stage's layer, or of the input (PLAN_INPUT): for messages. */
const char *plan_stage_name(const Plan *plan, int stage);

/* Divisors of `value`, ascending; returns how many. `divisors` holds at least PLAN_MAX_DIVISORS. */
enum { PLAN_MAX_DIVISORS = 1536 }; /* no int has more */
int plan_divisors(int value, int divisors[PLAN_MAX_DIVISORS]);

#endif
