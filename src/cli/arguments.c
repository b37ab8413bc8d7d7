#include "cli/arguments.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "db/store.h"
#include "hw/device.h"
#include "quant/calibrator.h"

typedef struct Parse {
    Arguments *arguments;
    Arena *arena;
} Parse;

typedef Status Setter(Parse *parse, const char *value);

typedef enum OptionKind { FLAG, TEXT, WHOLE, WHOLE32, REAL, SPECIAL } OptionKind;

typedef struct Option {
    const char *name;
    const char *value; /* NULL: takes none */
    unsigned group;
    OptionKind kind;
    size_t offset; /* into Arguments */
    Setter *set;   /* SPECIAL */
    const char *help;
} Option;

/* ---- values that need more than a conversion ---------------------------------------------------
 */

static Status parse_whole(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE)
        return error_set(ERR_USAGE, "'%s' is not a whole number", text);
    *value = parsed;
    return OK;
}

static Status parse_real(const char *text, double *value)
{
    char *end;
    double parsed = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(parsed))
        return error_set(ERR_USAGE, "'%s' is not a number", text);
    *value = parsed;
    return OK;
}

static Status set_bits(Parse *parse, const char *value)
{
    int64_t bits = 0;
    TRY(parse_whole(value, &bits));
    if (bits < 0 || bits > 99)
        return error_set(ERR_USAGE, "'%s' is not a width in bits", value);
    parse->arguments->run.weight_bits = parse->arguments->run.activation_bits = (int)bits;
    return OK;
}

static Status set_scale(Parse *parse, const char *value)
{
    parse->arguments->run.has_scale = true;
    return parse_real(value, &parse->arguments->run.scale);
}

static Status set_calibration(Parse *parse, const char *value)
{
    char *name = arena_strdup(parse->arena, value);
    char *colon = strchr(name, ':');
    if (colon) {
        *colon = '\0';
        TRY(parse_real(colon + 1, &parse->arguments->run.calibration_parameter));
    }
    parse->arguments->run.calibration = name;
    return OK;
}

static Status set_stop_after(Parse *parse, const char *value)
{
    if (stage_parse(value, &parse->arguments->run.stop_after))
        return OK;
    Buffer stages = {0};
    for (int i = 0; i < STAGES; i++)
        buffer_printf(&stages, " %s", stage_word((RunStage)i));
    Status status = error_set(ERR_USAGE, "'%s' is no stage; the stages are:%s", value, stages.data);
    buffer_free(&stages);
    return status;
}

static Status set_synth(Parse *parse, const char *value)
{
    (void)value;
    parse->arguments->run.stop_after = STAGE_SYNTH;
    return OK;
}

/* NAME:pe=P,simd=S; layer names may contain anything but the last colon. */
static Status set_fold(Parse *parse, const char *value)
{
    Arguments *a = parse->arguments;
    static const char usage[] = "'%s' is no folding; write LAYER:pe=P,simd=S (or one of the two)";
    if (a->run.fold_count == ARGUMENTS_MAX_FOLDS)
        return error_set(ERR_USAGE, "more than %d layers are folded", ARGUMENTS_MAX_FOLDS);
    char *text = arena_strdup(parse->arena, value);
    char *colon = strrchr(text, ':');
    if (!colon || colon == text || colon[1] == '\0')
        return error_set(ERR_USAGE, usage, value);
    *colon = '\0';
    FoldChoice fold = {.layer = text};
    char *rest = NULL;
    for (char *part = strtok_r(colon + 1, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        int64_t number = 0;
        if (!equals || parse_whole(equals + 1, &number) != OK || number < 1 || number > 1 << 20)
            return error_set(ERR_USAGE, usage, value);
        *equals = '\0';
        int *place = strcmp(part, "pe") == 0     ? &fold.pe
                     : strcmp(part, "simd") == 0 ? &fold.simd
                                                 : NULL;
        if (!place)
            return error_set(ERR_USAGE, usage, value);
        *place = (int)number;
    }
    a->folds[a->run.fold_count++] = fold;
    return OK;
}

static Status set_float(Parse *parse, const char *value)
{
    Arguments *a = parse->arguments;
    if (a->run.float_layer_count == ARGUMENTS_MAX_FLOATS)
        return error_set(ERR_USAGE, "more than %d layers stay floating point",
                         ARGUMENTS_MAX_FLOATS);
    a->float_layers[a->run.float_layer_count++] = value;
    return OK;
}

/* Below 0 it would stand for any. */
static Status set_image(Parse *parse, const char *value)
{
    TRY(parse_whole(value, &parse->arguments->image));
    if (parse->arguments->image < 0)
        return error_set(ERR_USAGE, "'%s' is no image: the first is 0", value);
    return OK;
}

static Status set_layer(Parse *parse, const char *value)
{
    Arguments *a = parse->arguments;
    if (a->run.layer_choice_count == ARGUMENTS_MAX_LAYERS)
        return error_set(ERR_USAGE, "more than %d choices for layers", ARGUMENTS_MAX_LAYERS);
    a->layer_choices[a->run.layer_choice_count++] = value;
    return OK;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static const char *device_word_at(int nth)
{
    return device_list()[nth].name;
}

static const char *calibration_word_at(int nth)
{
    const Calibrator *calibrator = calibrator_at(nth);
    return calibrator ? calibrator->name : NULL;
}

static const char *stage_word_at(int nth)
{
    return nth < STAGES ? stage_word((RunStage)nth) : NULL;
}

static const char *order_word_at(int nth)
{
    return nth < RUN_ORDERS ? run_order_word((RunOrder)nth) : NULL;
}

/* Options whose words are in a table that their parser reads, too. */
static const struct {
    const char *option;
    WordAt *table;
} TABLES[] = {
    {"device", device_word_at},
    {"calibration", calibration_word_at},
    {"weight-calibration", calibration_word_at},
    {"stop-after", stage_word_at},
    {"sort", order_word_at},
};

static WordAt *table_of(const char *option)
{
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        if (strcmp(TABLES[i].option, option) == 0)
            return TABLES[i].table;
    return NULL;
}

#define AT(member) offsetof(Arguments, member)

static const Option OPTIONS[] = {
    {"data", "PATH", GROUP_DATA, TEXT, AT(run.data), NULL,
     "test and training images: a folder of IDX files, or an HDF5 file"},
    {"scale", "S", GROUP_DATA, SPECIAL, 0, set_scale,
     "preprocessing: value * S (default 1/255 for 8-bit images, else 1)"},
    {"test-images", "N", GROUP_DATA, WHOLE, AT(run.test_images), NULL,
     "how many test images to evaluate (default 0: all)"},
    {"calib-images", "N", GROUP_QUANTIZE, WHOLE, AT(run.calib_images), NULL,
     "how many images to calibrate on (default 1000; 0: all)"},
    {"bits", "B", GROUP_QUANTIZE, SPECIAL, 0, set_bits,
     "width of weights and activations, 2 to 16 (default 8)"},
    {"weight-bits", "B", GROUP_QUANTIZE, WHOLE32, AT(run.weight_bits), NULL, "width of weights"},
    {"activation-bits", "B", GROUP_QUANTIZE, WHOLE32, AT(run.activation_bits), NULL,
     "width of activations"},
    {"calibration", "NAME[:P]", GROUP_QUANTIZE, SPECIAL, 0, set_calibration,
     "how clip ranges are chosen: minmax (default) percentile mse entropy aciq-laplace aciq-gauss "
     "mean-sigma; P: percent that is kept"},
    {"weight-calibration", "NAME[:P]", GROUP_QUANTIZE, TEXT, AT(run.weight_calibration), NULL,
     "the same for weights alone (default: as --calibration)"},
    {"calibration-average", NULL, GROUP_QUANTIZE, FLAG, AT(run.calibration_average), NULL,
     "calibrate each batch of images, take the mean of the clips"},
    {"dynamic", NULL, GROUP_QUANTIZE, FLAG, AT(run.dynamic), NULL,
     "evaluate: also with activation ranges from each image (no hardware can)"},
    {"keep-batch-norm", NULL, GROUP_QUANTIZE, FLAG, AT(run.keep_batch_norm), NULL,
     "do not fold batch norms into their neighbours: each becomes hardware of its own"},
    {"equalize", NULL, GROUP_QUANTIZE, FLAG, AT(run.equalize), NULL,
     "even out the channels of consecutive layers before; the function stays"},
    {"bias-correct", NULL, GROUP_QUANTIZE, FLAG, AT(run.bias_correct), NULL,
     "biases take back the mean error of rounded weights"},
    {"activation-range", "symmetric|unsigned|affine", GROUP_QUANTIZE, TEXT,
     AT(run.activation_range), NULL,
     "symmetric (default), unsigned (after a ReLU), affine (zero points)"},
    {"range", "narrow|full", GROUP_QUANTIZE, TEXT, AT(run.range), NULL,
     "narrow: S = b/(2^(B-1)-1) (default); full: the paper's S = 2b/(2^B-1)"},
    {"layer", "NAME:key=value,...", GROUP_QUANTIZE, SPECIAL, 0, set_layer,
     "choices for one layer: bits weight-bits activation-bits calibration ...; repeatable"},
    {"scheme", "FILE", GROUP_QUANTIZE, TEXT, AT(run.scheme), NULL,
     "choices for layers from a scheme file of this model"},
    {"write-scheme", "FILE", GROUP_QUANTIZE, TEXT, AT(run.write_scheme), NULL,
     "write what was chosen for each layer to a scheme file"},
    {"per-channel", NULL, GROUP_QUANTIZE, FLAG, AT(run.per_channel), NULL,
     "one weight scale for each output channel"},
    {"float", "LAYER", GROUP_QUANTIZE, SPECIAL, 0, set_float,
     "a convolution or dense layer stays floating point (binary32), in hardware too; repeatable"},
    {"target-accuracy", "A", GROUP_QUANTIZE, REAL, AT(run.target_accuracy), NULL,
     "the integer model must reach this fraction, else exit status 1"},
    {"max-drop", "D", GROUP_QUANTIZE, REAL, AT(run.max_drop), NULL,
     "the integer model may lose this fraction, else exit status 1"},
    {"policy", "conv|sensitivity", GROUP_QUANTIZE, TEXT, AT(run.policy), NULL,
     "what stays float if integers miss the target: conv (default) or sensitivity"},
    {"qat", NULL, GROUP_QUANTIZE, FLAG, AT(run.qat), NULL,
     "train on integers in any case, and keep the better of before and after"},
    {"qat-epochs", "N", GROUP_QUANTIZE, WHOLE32, AT(run.qat_epochs), NULL,
     "epochs of training on integers if that misses, too (default 8; 0: none)"},
    {"qat-fixed-steps", NULL, GROUP_QUANTIZE, FLAG, AT(run.qat_fixed_steps), NULL,
     "training on integers leaves the calibrated scales as they are"},
    {"labels", "FILE.csv", GROUP_EVALUATE, TEXT, AT(run.labels), NULL,
     "write the label of each image: true, in float, on integers"},
    {"optimized-model", "FILE.h5", GROUP_OPTIMIZED, TEXT, AT(run.optimized_model), NULL,
     "write the weights as the integers have them, for Keras"},
    {"output", "FILE.h5", GROUP_TRAIN, TEXT, AT(train.output), NULL,
     "where the trained model is written; Keras loads it"},
    {"epochs", "N", GROUP_TRAIN, WHOLE32, AT(train.epochs), NULL, "epochs (default 10)"},
    {"batch", "N", GROUP_TRAIN, WHOLE32, AT(train.batch), NULL, "images per step (default 500)"},
    {"learning-rate", "R", GROUP_TRAIN, REAL, AT(train.learning_rate), NULL,
     "learning rate (default 0.001)"},
    {"optimizer", "adam|sgd", GROUP_TRAIN, TEXT, AT(train.optimizer), NULL,
     "adam (default) or sgd"},
    {"schedule", "constant|step|cosine", GROUP_TRAIN, TEXT, AT(train.schedule), NULL,
     "learning rate over time: constant (default), step or cosine"},
    {"validation", "F", GROUP_TRAIN, REAL, AT(train.validation), NULL,
     "fraction of the training images that is held out (default 0.1)"},
    {"early-stop", "N", GROUP_TRAIN, WHOLE32, AT(train.early_stop), NULL,
     "end after N epochs without a better loss, keep the best (default 0: never)"},
    {"from-scratch", NULL, GROUP_TRAIN, FLAG, AT(train.from_scratch), NULL,
     "start from random weights, not from those of the file; JSON has none"},
    {"images", "N", GROUP_PROOF | GROUP_DEPLOY, WHOLE, AT(run.images), NULL,
     "how many images to simulate in hardware (default 100; 0: all)"},
    {"fold", "LAYER:pe=P,simd=S", GROUP_HARDWARE | GROUP_PLAN, SPECIAL, 0, set_fold,
     "outputs and inputs of a layer computed per cycle (default: all); repeatable"},
    {"target-fps", "F", GROUP_PLAN, REAL, AT(run.target_fps), NULL,
     "fold the layers so that F images a second are reached at --clock, at the least cost"},
    {"energy-table", "FILE", GROUP_PLAN, TEXT, AT(run.energy_table), NULL,
     "energy of operations, lines such as 'add_int8 0.03' in pJ (default: the paper's)"},
    {"clock", "MHZ", GROUP_HARDWARE | GROUP_PLAN, REAL, AT(run.clock_mhz), NULL,
     "clock that turns cycles into time (default 100)"},
    {"weights", "rom|ram", GROUP_HARDWARE | GROUP_DEVICE, TEXT, AT(run.weights), NULL,
     "rom (default): weights are constants; ram: memories, loaded through a port of the design"},
    {"pack-dsp", NULL, GROUP_HARDWARE | GROUP_PLAN | GROUP_DEVICE, FLAG, AT(run.pack_dsp), NULL,
     "two products in each DSP block, in layers where the widths and --device allow it"},
    {"board", "icebreaker|hx8k-evn", GROUP_DEPLOY, TEXT, AT(deploy.board), NULL,
     "icebreaker (default) or hx8k-evn"},
    {"port", "PATH", GROUP_DEPLOY, TEXT, AT(deploy.port), NULL,
     "the board's serial port, such as /dev/ttyUSB1"},
    {"baud", "N", GROUP_DEPLOY, WHOLE32, AT(deploy.baud), NULL,
     "rate of the serial line (default 115200; simulated: as fast as the network is)"},
    {"simulate", NULL, GROUP_DEPLOY, FLAG, AT(deploy.simulate), NULL,
     "no board: GHDL simulates it, at the other end of a pseudo-terminal"},
    {"build", NULL, GROUP_DEPLOY, FLAG, AT(deploy.build), NULL,
     "no board: only make the bitstream"},
    {"loaded", NULL, GROUP_DEPLOY, FLAG, AT(deploy.loaded), NULL,
     "the board has the design already: do not build, do not load"},
    {"device", "NAME", GROUP_DEVICE | GROUP_PLAN, TEXT, AT(run.device), NULL,
     "part to fit into: up5k hx8k ecp5-25 ecp5-45 ecp5-85 artix7-35t artix7-100t zynq-7010 "
     "zynq-7020; without --target-fps the fastest foldings that do"},
    {"synth", NULL, GROUP_SYNTH, SPECIAL, 0, set_synth,
     "synthesize for --device at the end: size, clock, bitstream"},
    {"taps", "N", GROUP_PROOF, WHOLE, AT(run.tap_images), NULL,
     "compare every layer's stream of the first N images, not the outputs alone"},
    {"wave", "FILE.ghw", GROUP_PROOF, TEXT, AT(run.wave), NULL,
     "when hardware and software differ: waveforms of the first image that does"},
    {"mutate", "N", GROUP_PROOF, WHOLE32, AT(run.mutants), NULL,
     "plant N faults, one by one, and count those that the proof catches"},
    {"netlist-images", "N", GROUP_DEVICE, WHOLE, AT(run.netlist_images), NULL,
     "simulate the netlist of synthesis on N images, too (default 0)"},
    {"vendor", "vivado|quartus|fusesoc", GROUP_DEVICE, TEXT, AT(run.vendor), NULL,
     "write files for another flow, too: vivado, quartus or fusesoc"},
    {"tool-timeout", "SECONDS", GROUP_DEVICE, REAL, AT(run.tool_timeout_s), NULL,
     "for each program of synthesis (default 3600)"},
    {"stop-after", "STAGE", GROUP_RUN, SPECIAL, 0, set_stop_after, "end after this stage"},
    {"paper", NULL, GROUP_RUN, FLAG, AT(paper), NULL,
     "print the paper's Table 2 beside the result"},
    {"parent", "ID", GROUP_RUN, WHOLE, AT(run.parent), NULL,
     "the run of the history that this one varies: 'runs show' then tells what was changed"},
    {"queue", NULL, GROUP_RUN, FLAG, AT(queue), NULL,
     "put the run into the queue: 'runs queue start' or a workbench begins it"},
    {"seed", "N", GROUP_RUN | GROUP_TRAIN | GROUP_DEVICE, WHOLE, AT(run.seed), NULL,
     "seed of everything random, such as training, and placing for a device (default 1)"},
    {"limit", "N", GROUP_LIST, WHOLE, AT(limit), NULL,
     "how many runs to list (default 20; 0: all)"},
    {"status", "running|ok|unmet|failed|cancelled|interrupted", GROUP_LIST, TEXT, AT(status), NULL,
     "list: only runs that are"},
    {"filter", "TEXT", GROUP_LIST, TEXT, AT(filter), NULL,
     "list: only runs with this in model, status, tags or note"},
    {"sort", "COLUMN", GROUP_LIST, TEXT, AT(sort), NULL,
     "list: by id (default), created_ms, quantized_accuracy, latency_cycles, ..."},
    {"ascending", NULL, GROUP_LIST, FLAG, AT(ascending), NULL, "list: the lowest first"},
    {"deleted", NULL, GROUP_LIST, FLAG, AT(deleted), NULL, "list: what is in the bin"},
    {"format", "json|csv|html", GROUP_LIST, TEXT, AT(format), NULL,
     "export: json (default), csv or html"},
    {"output", "FILE", GROUP_LIST, TEXT, AT(output), NULL,
     "export: where to write (default: standard output)"},
    {"image", "N", GROUP_LIST, SPECIAL, 0, set_image,
     "differences: of this test image (default: the ones that are kept)"},
    {"again", NULL, GROUP_LIST, FLAG, AT(again), NULL,
     "differences: simulate the image again first, on the VHDL in the run's folder"},
    {"readonly", NULL, GROUP_SCREEN, FLAG, AT(readonly), NULL, "start nothing, change nothing"},
    {"ascii", NULL, GROUP_SCREEN | GROUP_DRAW, FLAG, AT(ascii), NULL,
     "draw with ASCII characters only"},
    {"no-color", NULL, GROUP_SCREEN, FLAG, AT(no_color), NULL, "draw without colours"},
    {"no-mouse", NULL, GROUP_SCREEN, FLAG, AT(no_mouse), NULL, "leave the mouse to the terminal"},
    {"theme", "default|light|dark|high-contrast|mono", GROUP_SCREEN, TEXT, AT(theme), NULL,
     "colours (default: as the configuration file says)"},
    {"script", "FILE", GROUP_SCREEN, TEXT, AT(script), NULL,
     "do the steps of a recorded walk; without a terminal, on a screen in memory"},
    {"record", "FILE", GROUP_SCREEN, TEXT, AT(record), NULL,
     "write what is done as steps for --script"},
    {"size", "COLUMNSxROWS", GROUP_SCREEN, TEXT, AT(size), NULL,
     "--script: on a screen of this size in memory"},
    {"db", "FILE", GROUP_HISTORY, TEXT, AT(run.database), NULL,
     "the history (default: the user's, see 'dnn2fpga paths')"},
    {"workdir", "DIR", GROUP_WORKDIR, TEXT, AT(run.workdir), NULL,
     "where files are written (default: the run's folder in the history)"},
    {"jobs", "N", GROUP_WORK, WHOLE32, AT(run.jobs), NULL,
     "threads, and simulations at a time (default: processors)"},
    {"json", NULL, GROUP_JSON, FLAG, AT(json), NULL, "one JSON object on standard output"},
    {"quiet", NULL, GROUP_WORK, FLAG, AT(quiet), NULL, "no progress on standard error"},
    {"help", NULL, GROUP_COMMON, FLAG, AT(help), NULL, "this text"},
};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof *OPTIONS };

static const Option *find_option(const char *name, size_t length, unsigned groups)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((OPTIONS[i].group & groups) && strlen(OPTIONS[i].name) == length &&
            strncmp(OPTIONS[i].name, name, length) == 0)
            return &OPTIONS[i];
    return NULL;
}

static Status unknown_option(const char *argument, unsigned groups)
{
    const char *names[OPTION_COUNT + 1];
    int count = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].group & groups)
            names[count++] = OPTIONS[i].name;
    names[count] = NULL;
    const char *nearest = nearest_word(argument + 2, names);
    if (nearest)
        return error_set(ERR_USAGE, "unknown option %s; did you mean --%s?", argument, nearest);
    return error_set(ERR_USAGE, "unknown option %s; --help lists them", argument);
}

static Status set_option(Parse *parse, const Option *option, const char *value)
{
    void *place = (char *)parse->arguments + option->offset;
    int64_t whole = 0;
    assert(value || option->kind == FLAG || option->kind == SPECIAL);
    switch (option->kind) {
    case FLAG:
        *(bool *)place = true;
        return OK;
    case TEXT:
        *(const char **)place = value;
        return OK;
    case WHOLE:
        return parse_whole(value, place);
    case WHOLE32:
        TRY(parse_whole(value, &whole));
        if (whole < INT32_MIN || whole > INT32_MAX)
            return error_set(ERR_USAGE, "'%s' is out of range", value);
        *(int *)place = (int)whole;
        return OK;
    case REAL:
        return parse_real(value, place);
    case SPECIAL:
        return option->set(parse, value);
    }
    return OK;
}

/* One "--name", "--name=value" or "--name value"; `*argv` moves to the last one that was used. */
static Status parse_option(Parse *parse, char ***argv, unsigned groups)
{
    const char *argument = **argv;
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) - 2 : strlen(argument + 2);
    const Option *option = find_option(argument + 2, length, groups);
    if (!option)
        return unknown_option(argument, groups);
    const char *value = equals ? equals + 1 : NULL;
    if (!option->value && value)
        return error_set(ERR_USAGE, "--%s takes no value", option->name);
    if (option->value && !value) {
        if (!(*argv)[1])
            return error_set(ERR_USAGE, "--%s needs a value: %s", option->name, option->value);
        value = *++*argv;
    }
    TRY_IN(set_option(parse, option, value), "--%s", option->name);
    return OK;
}

Status arguments_parse(char **argv, unsigned groups, Arena *arena, Arguments *arguments)
{
    *arguments = (Arguments){.run = run_options_default(),
                             .train = train_request_default(),
                             .deploy = deploy_request_default(),
                             .limit = 20,
                             .image = -1};
    Parse parse = {arguments, arena};
    for (; *argv; argv++) {
        const char *argument = *argv;
        if (strcmp(argument, "-h") == 0) {
            arguments->help = true;
        } else if (strncmp(argument, "--", 2) == 0 && argument[2]) {
            TRY(parse_option(&parse, &argv, groups));
        } else if (argument[0] == '-' && argument[1]) {
            return error_set(ERR_USAGE, "unknown option %s; --help lists them", argument);
        } else if (arguments->word_count == ARGUMENTS_MAX_WORDS) {
            return error_set(ERR_USAGE, "'%s' is one argument too many", argument);
        } else {
            arguments->words[arguments->word_count++] = argument;
        }
    }
    arguments->run.folds = arguments->folds;
    arguments->run.float_layers = arguments->float_layers;
    arguments->run.layer_choices = arguments->layer_choices;
    return OK;
}

bool arguments_option(int index, OptionInfo *info)
{
    if (index < 0 || index >= OPTION_COUNT)
        return false;
    const Option *option = &OPTIONS[index];
    *info = (OptionInfo){option->name, option->value, option->group, option->help,
                         table_of(option->name)};
    return true;
}

bool arguments_choice(const OptionInfo *option, int nth, char word[ARGUMENTS_CHOICE_BYTES])
{
    const char *at = option->value ? option->value : "";
    if (option->table) {
        at = option->table(nth);
        return at && snprintf(word, ARGUMENTS_CHOICE_BYTES, "%s", at) < ARGUMENTS_CHOICE_BYTES;
    }
    if (!strchr(at, '|') || strpbrk(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        return false;
    for (; nth > 0 && *at; nth--) {
        at += strcspn(at, "|");
        at += *at == '|';
    }
    int length = (int)strcspn(at, "|");
    return length > 0 &&
           snprintf(word, ARGUMENTS_CHOICE_BYTES, "%.*s", length, at) < ARGUMENTS_CHOICE_BYTES;
}

enum { HELP_COLUMN = 29, HELP_WIDTH = 80 };

void arguments_print_wrapped(const char *text, int column, int indent, FILE *stream)
{
    const char *blank = "";
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (*blank && column + 1 + length > HELP_WIDTH) {
            column = fprintf(stream, "\n%*s", indent, "") - 1;
            blank = "";
        }
        column += fprintf(stream, "%s%.*s", blank, length, text);
        blank = " ";
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', stream);
}

void arguments_print_help(unsigned groups, FILE *stream)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const Option *option = &OPTIONS[i];
        if (!(option->group & groups))
            continue;
        int column = fprintf(stream, "  --%s%s%s", option->name, option->value ? " " : "",
                             option->value ? option->value : "");
        if (column >= HELP_COLUMN) {
            fputc('\n', stream);
            column = 0;
        }
        fprintf(stream, "%*s", HELP_COLUMN - column, "");
        arguments_print_wrapped(option->help, HELP_COLUMN, HELP_COLUMN, stream);
    }
}
