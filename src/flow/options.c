#include "flow/options.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/blockers.h"
#include "flow/scheme_of_run.h"
#include "hw/device.h"
#include "hw/emit_vendor.h"
#include "optimize/ladder.h"
#include "quant/fixed.h"
#include "quant/integer_model.h"

/* ---- stages ---------------------------------------------------------------------------------- */

typedef struct StageRow {
    const char *word, *help;
} StageRow;

static const StageRow STAGE_ROWS[STAGES] = {
    [STAGE_IMPORT] = {"import", "read and check the model and the data"},
    [STAGE_BASELINE] = {"baseline", "evaluate the floating-point model"},
    [STAGE_QUANTIZE] = {"quantize", "calibrate, build the integer model, evaluate it"},
    [STAGE_DESCRIBE] = {"describe", "write the model description"},
    [STAGE_PLAN] = {"plan", "fold the layers, predict the cycles"},
    [STAGE_EMIT] = {"emit", "write the VHDL"},
    [STAGE_SIMULATE] = {"simulate", "run the VHDL in GHDL and compare every value"},
    [STAGE_SYNTH] = {"synth", "synthesize for a device: size, clock, bitstream"},
};

const char *stage_word(RunStage stage)
{
    return STAGE_ROWS[stage].word;
}

const char *stage_help(RunStage stage)
{
    return STAGE_ROWS[stage].help;
}

bool stage_parse(const char *word, RunStage *stage)
{
    for (int i = 0; i < STAGES; i++) {
        if (strcmp(STAGE_ROWS[i].word, word) == 0) {
            *stage = (RunStage)i;
            return true;
        }
    }
    return false;
}

/* ---- the table of plain options -------------------------------------------------------------- */

typedef enum FieldType { FIELD_TEXT, FIELD_INT, FIELD_INT64, FIELD_REAL, FIELD_FLAG } FieldType;

typedef struct Field {
    const char *key;    /* in JSON */
    const char *option; /* on the command line, for messages */
    FieldType type;
    size_t offset;
    double low, high; /* numbers; a REAL may also be NAN where the default is */
} Field;

#define MAX_IMAGES 1e9

static const Field FIELDS[] = {
    {"model", "the model", FIELD_TEXT, offsetof(RunOptions, model), 0, 0},
    {"description", "the description", FIELD_TEXT, offsetof(RunOptions, description), 0, 0},
    {"data", "--data", FIELD_TEXT, offsetof(RunOptions, data), 0, 0},
    {"calib_images", "--calib-images", FIELD_INT64, offsetof(RunOptions, calib_images), 0,
     MAX_IMAGES},
    {"test_images", "--test-images", FIELD_INT64, offsetof(RunOptions, test_images), 0, MAX_IMAGES},
    {"weight_bits", "--weight-bits", FIELD_INT, offsetof(RunOptions, weight_bits), FIXED_MIN_BITS,
     FIXED_MAX_BITS},
    {"activation_bits", "--activation-bits", FIELD_INT, offsetof(RunOptions, activation_bits),
     FIXED_MIN_BITS, FIXED_MAX_BITS},
    {"calibration", "--calibration", FIELD_TEXT, offsetof(RunOptions, calibration), 0, 0},
    {"calibration_parameter", "--calibration", FIELD_REAL,
     offsetof(RunOptions, calibration_parameter), -1e9, 1e9},
    {"weight_calibration", "--weight-calibration", FIELD_TEXT,
     offsetof(RunOptions, weight_calibration), 0, 0},
    {"calibration_average", "--calibration-average", FIELD_FLAG,
     offsetof(RunOptions, calibration_average), 0, 1},
    {"dynamic", "--dynamic", FIELD_FLAG, offsetof(RunOptions, dynamic), 0, 1},
    {"keep_batch_norm", "--keep-batch-norm", FIELD_FLAG, offsetof(RunOptions, keep_batch_norm), 0,
     1},
    {"equalize", "--equalize", FIELD_FLAG, offsetof(RunOptions, equalize), 0, 1},
    {"bias_correct", "--bias-correct", FIELD_FLAG, offsetof(RunOptions, bias_correct), 0, 1},
    {"activation_range", "--activation-range", FIELD_TEXT, offsetof(RunOptions, activation_range),
     0, 0},
    {"range", "--range", FIELD_TEXT, offsetof(RunOptions, range), 0, 0},
    {"scheme", "--scheme", FIELD_TEXT, offsetof(RunOptions, scheme), 0, 0},
    {"write_scheme", "--write-scheme", FIELD_TEXT, offsetof(RunOptions, write_scheme), 0, 0},
    {"per_channel", "--per-channel", FIELD_FLAG, offsetof(RunOptions, per_channel), 0, 1},
    {"images", "--images", FIELD_INT64, offsetof(RunOptions, images), 0, MAX_IMAGES},
    {"seed", "--seed", FIELD_INT64, offsetof(RunOptions, seed), 0, 9.2e18},
    {"parent", "--parent", FIELD_INT64, offsetof(RunOptions, parent), 0, 9.2e18},
    {"jobs", "--jobs", FIELD_INT, offsetof(RunOptions, jobs), 0, 256},
    {"weights", "--weights", FIELD_TEXT, offsetof(RunOptions, weights), 0, 0},
    {"pack_dsp", "--pack-dsp", FIELD_FLAG, offsetof(RunOptions, pack_dsp), 0, 1},
    {"clock_mhz", "--clock", FIELD_REAL, offsetof(RunOptions, clock_mhz), 1e-3, 1e5},
    {"target_fps", "--target-fps", FIELD_REAL, offsetof(RunOptions, target_fps), 1e-6, 1e12},
    {"energy_table", "--energy-table", FIELD_TEXT, offsetof(RunOptions, energy_table), 0, 0},
    {"device", "--device", FIELD_TEXT, offsetof(RunOptions, device), 0, 0},
    {"tap_images", "--taps", FIELD_INT64, offsetof(RunOptions, tap_images), 0, 1e6},
    {"wave", "--wave", FIELD_TEXT, offsetof(RunOptions, wave), 0, 0},
    {"mutants", "--mutate", FIELD_INT, offsetof(RunOptions, mutants), 0, 1e6},
    {"netlist_images", "--netlist-images", FIELD_INT64, offsetof(RunOptions, netlist_images), 0,
     MAX_IMAGES},
    {"vendor", "--vendor", FIELD_TEXT, offsetof(RunOptions, vendor), 0, 0},
    {"tool_timeout_s", "--tool-timeout", FIELD_REAL, offsetof(RunOptions, tool_timeout_s), 1, 1e6},
    {"workdir", "--workdir", FIELD_TEXT, offsetof(RunOptions, workdir), 0, 0},
    {"database", "--db", FIELD_TEXT, offsetof(RunOptions, database), 0, 0},
    {"target_accuracy", "--target-accuracy", FIELD_REAL, offsetof(RunOptions, target_accuracy), 0,
     1},
    {"max_drop", "--max-drop", FIELD_REAL, offsetof(RunOptions, max_drop), 0, 1},
    {"policy", "--policy", FIELD_TEXT, offsetof(RunOptions, policy), 0, 0},
    {"qat_epochs", "--qat-epochs", FIELD_INT, offsetof(RunOptions, qat_epochs), 0, 10000},
    {"qat", "--qat", FIELD_FLAG, offsetof(RunOptions, qat), 0, 1},
    {"qat_fixed_steps", "--qat-fixed-steps", FIELD_FLAG, offsetof(RunOptions, qat_fixed_steps), 0,
     1},
    {"labels", "--labels", FIELD_TEXT, offsetof(RunOptions, labels), 0, 0},
    {"optimized_model", "--optimized-model", FIELD_TEXT, offsetof(RunOptions, optimized_model), 0,
     0},
};

enum { FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS, MAX_FOLDS = 1024, MAX_FLOATS = 1024 };

static const void *field_at(const RunOptions *options, const Field *field)
{
    return (const char *)options + field->offset;
}

static void *field_in(RunOptions *options, const Field *field)
{
    return (char *)options + field->offset;
}

static const char *field_text(const RunOptions *options, const Field *field)
{
    return *(const char *const *)field_at(options, field);
}

/* The value of a number or flag. */
static double field_number(const RunOptions *options, const Field *field)
{
    const void *at = field_at(options, field);
    switch (field->type) {
    case FIELD_INT:
        return *(const int *)at;
    case FIELD_INT64:
        return (double)*(const int64_t *)at;
    case FIELD_FLAG:
        return *(const bool *)at;
    case FIELD_REAL:
        return *(const double *)at;
    case FIELD_TEXT:
        break;
    }
    return 0;
}

RunOptions run_options_default(void)
{
    return (RunOptions){.calib_images = 1000,
                        .weight_bits = 8,
                        .activation_bits = 8,
                        .calibration = "minmax",
                        .calibration_parameter = NAN,
                        .activation_range = "symmetric",
                        .weights = "rom",
                        .range = "narrow",
                        .images = 100,
                        .seed = 1,
                        .clock_mhz = 100,
                        .target_fps = NAN,
                        .tool_timeout_s = 3600,
                        .stop_after = STAGE_SIMULATE,
                        .target_accuracy = NAN,
                        .max_drop = NAN,
                        .policy = "conv",
                        .qat_epochs = 8};
}

/* ---- checks ---------------------------------------------------------------------------------- */

static bool valid_utf8(const char *text)
{
    json_t *string = json_string(text);
    json_decref(string);
    return string != NULL;
}

static void check_field(const RunOptions *options, const RunOptions *defaults, const Field *field,
                        Blockers *faults)
{
    if (field->type == FIELD_TEXT) {
        const char *text = field_text(options, field);
        if (text && !valid_utf8(text))
            blockers_add(faults, "%s: the text is not UTF-8: rename the file", field->option);
        if (text && text[0] == '\0')
            blockers_add(faults, "%s: the text is empty", field->option);
        return;
    }
    double value = field_number(options, field);
    bool absent = isnan(value) && isnan(field_number(defaults, field));
    if (!absent && !(value >= field->low && value <= field->high))
        blockers_add(faults, "%s is %.10g, expected %.10g to %.10g", field->option, value,
                     field->low, field->high);
}

static void check_folds(const RunOptions *options, Blockers *faults)
{
    for (int i = 0; i < options->fold_count; i++) {
        const FoldChoice *fold = &options->folds[i];
        if (fold->pe < 0 || fold->simd < 0)
            blockers_add(faults, "--fold %s: pe %d and simd %d must be 1 or more", fold->layer,
                         fold->pe, fold->simd);
        for (int j = 0; j < i; j++)
            if (strcmp(options->folds[j].layer, fold->layer) == 0)
                blockers_add(faults, "--fold %s is given twice", fold->layer);
    }
}

static void check_float_layers(const RunOptions *options, Blockers *faults)
{
    for (int i = 0; i < options->float_layer_count; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(options->float_layers[j], options->float_layers[i]) == 0)
                blockers_add(faults, "--float %s is given twice", options->float_layers[i]);
}

bool run_options_load_weights(const RunOptions *options)
{
    return options->weights && strcmp(options->weights, "ram") == 0;
}

static void check_weights(const RunOptions *options, Blockers *faults)
{
    bool constant = options->weights && strcmp(options->weights, "rom") == 0;
    if (!constant && !run_options_load_weights(options))
        blockers_add(faults, "--weights is %s, expected rom or ram",
                     options->weights ? options->weights : "missing");
}

static void check_device(const RunOptions *options, Blockers *faults)
{
    const Device *device = NULL;
    Vendor vendor;
    if (options->device && device_find(options->device, &device) != OK)
        blockers_add(faults, "--device: %s", error_message());
    if (!options->device && options->pack_dsp)
        blockers_add(faults, "--pack-dsp: DSP blocks differ; say which with --device NAME: %s",
                     device_names());
    if (!options->device && options->stop_after == STAGE_SYNTH)
        blockers_add(faults, "synthesis needs --device NAME: %s", device_names());
    if (!options->vendor)
        return;
    if (vendor_parse(options->vendor, &vendor) != OK ||
        (device && vendor_takes_device(vendor, device) != OK))
        blockers_add(faults, "--vendor: %s", error_message());
}

Status run_options_check(const RunOptions *options)
{
    RunOptions defaults = run_options_default();
    Blockers faults = {0};
    for (size_t i = 0; i < FIELD_COUNT; i++)
        check_field(options, &defaults, &FIELDS[i], &faults);
    if (options->has_scale && !(isfinite(options->scale) && options->scale > 0))
        blockers_add(&faults, "--scale is %g, expected a number above 0", options->scale);
    if ((int)options->stop_after < 0 || options->stop_after >= STAGES)
        blockers_add(&faults, "--stop-after names no stage");
    scheme_options_check(options, &faults);
    check_device(options, &faults);
    LadderPolicy policy;
    if (!options->policy || !ladder_policy_parse(options->policy, &policy))
        blockers_add(&faults, "--policy is %s, expected conv or sensitivity",
                     options->policy ? options->policy : "missing");
    check_weights(options, &faults);
    check_folds(options, &faults);
    check_float_layers(options, &faults);
    Status status = blockers_refuse(&faults, "options");
    blockers_free(&faults);
    return status == OK ? OK : ERR_USAGE;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *field_to_json(const RunOptions *options, const Field *field)
{
    switch (field->type) {
    case FIELD_TEXT:
        return field_text(options, field) ? json_string(field_text(options, field)) : json_null();
    case FIELD_FLAG:
        return json_boolean(field_number(options, field) != 0);
    case FIELD_INT:
        return json_integer(*(const int *)field_at(options, field));
    case FIELD_INT64:
        return json_integer(*(const int64_t *)field_at(options, field));
    case FIELD_REAL:
        break;
    }
    double value = field_number(options, field);
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *run_options_to_json(const RunOptions *options)
{
    json_t *json = json_object();
    for (size_t i = 0; i < FIELD_COUNT; i++)
        json_object_set_new(json, FIELDS[i].key, field_to_json(options, &FIELDS[i]));
    json_object_set_new(json, "scale",
                        options->has_scale ? json_real(options->scale) : json_null());
    json_object_set_new(json, "stop_after", json_string(stage_word(options->stop_after)));
    json_t *folds = json_array();
    for (int i = 0; i < options->fold_count; i++) {
        const FoldChoice *fold = &options->folds[i];
        json_array_append_new(folds, json_pack("{s:s, s:i, s:i}", "layer", fold->layer, "pe",
                                               fold->pe, "simd", fold->simd));
    }
    json_object_set_new(json, "folds", folds);
    json_t *floats = json_array();
    for (int i = 0; i < options->float_layer_count; i++)
        json_array_append_new(floats, json_string(options->float_layers[i]));
    json_object_set_new(json, "float_layers", floats);
    json_t *choices = json_array();
    for (int i = 0; i < options->layer_choice_count; i++)
        json_array_append_new(choices, json_string(options->layer_choices[i]));
    json_object_set_new(json, "layers", choices);
    return json;
}

static Status wrong_type(const char *key, const char *expected)
{
    return error_set(ERR_REFUSED, "options: \"%s\" is not %s", key, expected);
}

static Status read_integer(const json_t *value, const Field *field, void *into)
{
    if (!json_is_integer(value))
        return wrong_type(field->key, "an integer");
    json_int_t number = json_integer_value(value);
    if (field->type == FIELD_INT64)
        *(int64_t *)into = number;
    else if (number >= INT_MIN && number <= INT_MAX)
        *(int *)into = (int)number;
    else
        return wrong_type(field->key, "a small integer");
    return OK;
}

static Status read_field(const json_t *value, const Field *field, Arena *arena, void *into)
{
    switch (field->type) {
    case FIELD_TEXT:
        if (!json_is_string(value))
            return wrong_type(field->key, "a text");
        *(const char **)into = arena_strdup(arena, json_string_value(value));
        return OK;
    case FIELD_FLAG:
        if (!json_is_boolean(value))
            return wrong_type(field->key, "true or false");
        *(bool *)into = json_is_true(value);
        return OK;
    case FIELD_REAL:
        if (!json_is_number(value))
            return wrong_type(field->key, "a number");
        *(double *)into = json_number_value(value);
        return OK;
    case FIELD_INT:
    case FIELD_INT64:
        return read_integer(value, field, into);
    }
    return OK;
}

static Status read_folds(const json_t *value, Arena *arena, RunOptions *options)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > MAX_FOLDS)
        return wrong_type("folds", "a list of at most 1,024 foldings");
    FoldChoice *folds = ARENA_ARRAY(arena, FoldChoice, count);
    for (size_t i = 0; i < count; i++) {
        const char *layer;
        json_t *item = json_array_get(value, i);
        if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:i, s:i}", "layer", &layer, "pe",
                           &folds[i].pe, "simd", &folds[i].simd) != 0)
            return wrong_type("folds", "a list of {layer, pe, simd}");
        folds[i].layer = arena_strdup(arena, layer);
    }
    options->folds = folds;
    options->fold_count = (int)count;
    return OK;
}

static Status read_texts(const char *key, const json_t *value, Arena *arena,
                         const char *const **texts, int *text_count)
{
    size_t count = json_array_size(value);
    if (json_is_null(value))
        return OK;
    if (!json_is_array(value) || count > MAX_FLOATS)
        return wrong_type(key, "a list of at most 1,024 texts");
    const char **copies = ARENA_ARRAY(arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(value, i));
        if (!text)
            return wrong_type(key, "a list of texts");
        copies[i] = arena_strdup(arena, text);
    }
    *texts = copies;
    *text_count = (int)count;
    return OK;
}

/* The five options that are no plain field. `*known` tells whether the key is one of them. */
static Status read_special(const char *key, const json_t *value, Arena *arena, RunOptions *options,
                           bool *known)
{
    *known = true;
    if (strcmp(key, "folds") == 0)
        return json_is_null(value) ? OK : read_folds(value, arena, options);
    if (strcmp(key, "float_layers") == 0)
        return read_texts(key, value, arena, &options->float_layers, &options->float_layer_count);
    if (strcmp(key, "layers") == 0)
        return read_texts(key, value, arena, &options->layer_choices, &options->layer_choice_count);
    if (strcmp(key, "scale") == 0) {
        if (!json_is_null(value) && !json_is_number(value))
            return wrong_type(key, "a number");
        options->has_scale = json_is_number(value);
        options->scale = json_number_value(value);
        return OK;
    }
    if (strcmp(key, "stop_after") == 0) {
        const char *word = json_string_value(value);
        if (!json_is_null(value) && !(word && stage_parse(word, &options->stop_after)))
            return wrong_type(key, "the name of a stage");
        return OK;
    }
    *known = false;
    return OK;
}

static const Field *find_field(const char *key)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strcmp(FIELDS[i].key, key) == 0)
            return &FIELDS[i];
    return NULL;
}

Status run_options_from_json(const json_t *json, Arena *arena, RunOptions *options)
{
    if (!json_is_object(json))
        return error_set(ERR_REFUSED, "options: not a JSON object");
    *options = run_options_default();
    /* The iterator wants a mutable object, and does not change it. */
    union {
        const json_t *given;
        json_t *walked;
    } object = {.given = json};
    const char *key;
    json_t *value;
    json_object_foreach (object.walked, key, value) {
        bool special;
        TRY(read_special(key, value, arena, options, &special));
        const Field *field = special ? NULL : find_field(key);
        if (!special && !field)
            return error_set(ERR_REFUSED, "options: unknown key \"%.100s\"", key);
        if (field && !json_is_null(value))
            TRY(read_field(value, field, arena, field_in(options, field)));
    }
    return OK;
}
