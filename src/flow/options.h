/* options.h: everything that a run depends on, beside the files it reads.
 *
 * The same struct comes from the command line, from the workbench through the engine's pipe, and
 * out of the history to do a run again: hence the two JSON functions.
 *
 *     RunOptions options = run_options_default();
 *     options.model = "samples/mnist_cnn.h5";
 *     options.data = "samples/mnist";
 *     TRY(run_options_check(&options));
 *
 * The struct owns nothing: strings and lists must outlive it.
 */
#ifndef FLOW_OPTIONS_H
#define FLOW_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* The stages of a run, in order. (A Stage without more is a stage of the hardware: hw/plan.h.) */
typedef enum RunStage {
    STAGE_IMPORT,   /* model and data read, checked, simplified */
    STAGE_BASELINE, /* the float model on the test images */
    STAGE_QUANTIZE, /* calibration, integer model, the test images again */
    STAGE_DESCRIBE, /* the model description is written */
    STAGE_PLAN,     /* folding, buffers, predicted cycles */
    STAGE_EMIT,     /* VHDL */
    STAGE_SIMULATE, /* GHDL: hardware against the integer model, bit for bit */
    STAGE_SYNTH, /* Yosys, nextpnr: size, clock, bitstream; the netlist's proof. Only on demand */
    STAGES
} RunStage;

const char *stage_word(RunStage stage); /* "import" */
const char *stage_help(RunStage stage); /* one line, for menus */
bool stage_parse(const char *word, RunStage *stage);

/* Parallelism asked for one layer. */
typedef struct FoldChoice {
    const char *layer;
    int pe, simd; /* output channels, input values at a time; 0: as parallel as can be */
} FoldChoice;

typedef struct RunOptions {
    const char *model;       /* file; for run, inspect, evaluate, quantize */
    const char *description; /* folder; for emit and simulate */
    const char *data;        /* folder or file; NULL where no images are needed */
    bool has_scale;
    double scale;         /* preprocessing: pixel * scale; the dataset's default without it */
    int64_t calib_images; /* drawn from the training split by the seed; 0: all */
    int64_t test_images;  /* 0: all */
    int weight_bits, activation_bits;
    const char *calibration;        /* name of a calibrator: "minmax" */
    double calibration_parameter;   /* NAN: the method's default */
    const char *weight_calibration; /* "NAME[:P]" for weights alone; NULL: the same */
    bool dynamic;                 /* evaluation only: ranges of activations from each image, too */
    bool keep_batch_norm;         /* none is folded: each is an operation of its own */
    bool equalize;                /* channels of consecutive layers: quant/equalize.h */
    bool bias_correct;            /* biases take back the mean error of rounded weights */
    bool calibration_average;     /* the mean of the clips of the batches */
    const char *activation_range; /* "symmetric", "unsigned" or "affine" */
    const char *range;            /* "narrow" or "full": quant/format.h */
    const char *scheme;           /* file to read choices for layers from; NULL: none */
    const char *write_scheme;     /* file to write them to; NULL: none */
    const char *const *layer_choices; /* "NAME:key=value,...": quant/scheme_text.h */
    int layer_choice_count;
    bool per_channel;
    const char *const *float_layers; /* names of layers that stay floating point */
    int float_layer_count;
    int64_t images;     /* simulated in hardware; 0: all test images */
    int64_t tap_images; /* whose every layer is compared, though their outputs are equal */
    const char *wave;   /* file for waveforms of the first difference; NULL: none */
    int mutants;        /* faults planted one by one to see whether the proof fails; 0: none */
    const FoldChoice *folds;
    int fold_count;
    int64_t seed;             /* >= 0 */
    int64_t parent;           /* run of the history that this one repeats or varies; 0: none */
    int jobs;                 /* threads and simulations at a time; 0: number of processors */
    bool pack_dsp;            /* two products in each DSP block, where the device takes them */
    const char *weights;      /* "rom": constants; "ram": memories that are loaded */
    double clock_mhz;         /* turns cycles into time */
    double target_fps;        /* NAN: none; images a second that foldings are chosen for */
    const char *device;       /* of hw/device.h; NULL: none */
    const char *energy_table; /* file of hw/energy.h; NULL: the constants of the paper */
    int64_t netlist_images;   /* simulated on the netlist that synthesis made; 0: none */
    const char *vendor;       /* files for this vendor's flow too: hw/emit_vendor.h; NULL: none */
    double tool_timeout_s;    /* for each program of synthesis */
    const char *workdir;      /* where files go; NULL: the run's folder in the history */
    const char *database;     /* NULL: the user's history */
    RunStage stop_after;
    double target_accuracy; /* NAN: none; a fraction that the integer model must reach */
    double max_drop;        /* NAN: none; a fraction that it may lose against the float model */
    const char *policy;     /* which layers stay float when integers alone miss the target */
    int qat_epochs;         /* of training when that misses, too; 0: no training */
    bool qat;               /* training on integers in any case, right after rung 1 of the ladder */
    bool qat_fixed_steps;   /* training leaves the calibrated scales as they are */
    const char *labels;     /* evaluate: file for the labels of each image; NULL: none */
    const char *optimized_model; /* .h5 to write: the weights as the integers have them; or NULL */
} RunOptions;

RunOptions run_options_default(void);

/* ERR_USAGE when a value is out of range, with all faults in one message. Looks at no file. */
Status run_options_check(const RunOptions *options) MUST_CHECK;

/* True for weights in memories that are loaded. */
bool run_options_load_weights(const RunOptions *options);

/* Owned by the caller. Absent values are null. */
json_t *run_options_to_json(const RunOptions *options);

/* Strict: an unknown key or a wrong type is ERR_REFUSED (ranges are for run_options_check()). Keys
 * that are absent or null keep their default. Strings go to the arena. */
Status run_options_from_json(const json_t *json, Arena *arena, RunOptions *options) MUST_CHECK;

#endif
