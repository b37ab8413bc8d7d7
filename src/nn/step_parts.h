/* step_parts.h: what step.c and step_layers.c share. */
#ifndef NN_STEP_PARTS_H
#define NN_STEP_PARTS_H

#include "nn/kernels.h"
#include "nn/step.h"

/* The statistics of one batch norm layer; (channels) each. */
typedef struct Norm {
    double *mean, *inverse;          /* of the batch or moving: (x - mean) * inverse */
    double *gradient, *gradient_hat; /* sums of dy and of dy * x_hat over the batch, as means */
    double *shard_sums;              /* (shards, 2 * channels) */
} Norm;

typedef struct StepStage StepStage;

/* Some images of one shard at one stage. */
typedef struct StageRun {
    const Step *step;
    const StepStage *stage;
    PackedLayer *packed, *back;            /* of this thread */
    const float *input;                    /* the first of: */
    const float *inputs[LAYER_MAX_INPUTS]; /* what the stage reads */
    float *output;                         /* before the activation */
    float *gradient;                       /* of `output` */
    int from;                              /* backward: the input whose gradient is wanted */
    float *input_gradient;                 /* where to write it; NULL: not wanted */
    float *mask;                           /* dropout: (images, elements) */
    WeightSums sums;                       /* of the shard */
    int images;
    int shard, first; /* the shard's number, and the first image in it */
    bool training;
} StageRun;

typedef void StageFunction(const StageRun *run);

/* What is done for a kind of layer; all NULL: it hands its input on. */
typedef struct StageKind {
    StageFunction *forward, *backward;
    bool whole;      /* takes all images of a shard at once */
    bool has_kernel; /* packed forward and backward */
} StageKind;

extern const StageKind STAGE_KINDS[LAYER_KINDS];

/* A layer on a path from the images to the loss. */
struct StepStage {
    int layer; /* index in the graph */
    const Layer *of;
    const StageKind *kind;
    ActivationFunction activation; /* linear for the soft-max that the loss has */
    int64_t elements, channels;
    int inputs[LAYER_MAX_INPUTS]; /* stages */
    bool adds[LAYER_MAX_INPUTS];  /* backward: a later stage has written to the input's gradient */
    const Parameter *kernel, *bias;
    float *used_kernel, *used_bias; /* what the hooks make of them; else the parameters' values */
    PackedLayer packed, back;
    int64_t taps_at, bias_at; /* place in a shard's sums */
    Norm norm;
    bool own_output; /* its output is not its input's memory */
    bool own_after;  /* its activated output is not its output's memory */
    bool shares;     /* its gradient is its input's memory: it hands it on, to nobody else */
    bool learns;     /* it or a stage before it has something to learn */
};

/* Buffers of one stage in one slot: (STEP_SHARD, elements) each. */
typedef struct StageBuffers {
    float *output, *after, *gradient, *mask;
    PackedLayer packed, back;
} StageBuffers;

/* What one shard is computed in. */
typedef struct StepSlot {
    StageBuffers *buffers; /* one per stage */
    float *addend;         /* a gradient on its way to one that is there; NULL: never needed */
    int32_t labels[STEP_SHARD];
} StepSlot;

struct Step {
    Arena *arena;
    const Graph *graph;
    const Parameters *parameters;
    StepOptions options;
    Pool *pool;
    const Kernels *kernels;
    StepStage *stages;
    int stage_count;
    int *cuts; /* first stages of the phases: batch norms begin one */
    int phase_count;
    int shards; /* most of a batch */
    StepSlot *slots;
    int slot_count;
    float *shard_sums; /* (shards, sum_count): gradients of kernels and biases */
    int64_t sum_count;
    float *gradient; /* (parameters->total) */
    Loss *losses;    /* (shards) */
    /* the batch under way */
    const StepBatch *batch;
    bool training;
    int phase;
};

/* Adds up the sums of batch norm's input, and later of its gradient, over one shard. */
void norm_collect_input(const StageRun *run);
void norm_collect_gradient(const StageRun *run);

/* From the shards' sums to the batch's statistics; moves the layer's own. */
void norm_reduce_input(const StepStage *stage, int shards, int64_t images, double momentum);
/* The same for the gradient; writes those of gamma and beta where they are not NULL. */
void norm_reduce_gradient(const StepStage *stage, int shards, int64_t images, float *gamma,
                          float *beta);
/* The moving statistics, for use. */
void norm_use_moving(const StepStage *stage);
void norm_backward(const StageRun *run);

#endif
