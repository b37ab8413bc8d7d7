#include "flow/tuning_parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "flow/scheme_of_run.h"
#include "graph/passes.h"
#include "import/importer.h"
#include "quant/equalize.h"
#include "quant/scheme_text.h"

/* ---- states of the scheme -------------------------------------------------------------------- */

static LayerScheme *copy_state(const Tuning *tuning, const LayerScheme *state)
{
    LayerScheme *copy = malloc(tuning_state_bytes(tuning));
    if (!copy)
        abort(); /* as arenas do */
    memcpy(copy, state, tuning_state_bytes(tuning));
    return copy;
}

/* How many keys of a layer differ; each as a line of `text`, which may be NULL. */
static int layer_differences(const char *layer, const LayerScheme *before, const LayerScheme *after,
                             Buffer *text)
{
    int count = 0;
    for (int key = 0; key < scheme_key_count(); key++) {
        char old[SCHEME_VALUE_BYTES], fresh[SCHEME_VALUE_BYTES];
        if (!scheme_key_name(key) ||
            strcmp(scheme_key_value(before, key, old), scheme_key_value(after, key, fresh)) == 0)
            continue;
        if (text)
            buffer_printf(text, "%s: %s %s -> %s\n", layer, scheme_key_name(key), old, fresh);
        count++;
    }
    return count;
}

static int differences(const Tuning *tuning, const LayerScheme *before, const LayerScheme *after,
                       Buffer *text)
{
    int count = 0;
    for (int i = 0; i < tuning->simplified->count; i++)
        count += layer_differences(tuning->simplified->layers[i].name, &before[i], &after[i], text);
    return count;
}

static LayerScheme *committed(const Tuning *tuning)
{
    return tuning->steps[tuning->step];
}

/* ---- opening --------------------------------------------------------------------------------- */

static void list_rows(Tuning *tuning)
{
    const Graph *graph = tuning->simplified;
    tuning->layers = ARENA_ARRAY(graph->arena, int, graph->count);
    for (int i = 0; i < graph->count; i++) {
        if (layer_sets_format(&graph->layers[i]))
            tuning->layers[tuning->count++] = tuning->last_format = i;
    }
}

static void identify(Tuning *tuning)
{
    Hash *hash = hash_new();
    hash_update(hash, tuning->sha256, strlen(tuning->sha256));
    for (int i = 0; i < tuning->simplified->count; i++)
        for (int key = 0; key < scheme_key_count(); key++) {
            char text[SCHEME_VALUE_BYTES];
            if (scheme_key_name(key)) /* the NUL keeps values apart */
                hash_update(hash, text,
                            strlen(scheme_key_value(&tuning->options[i], key, text)) + 1);
        }
    hash_finish(hash, tuning->identity);
}

static Status read_model(Tuning *tuning, const RunOptions *options)
{
    if (!options->model)
        return error_set(ERR_USAGE, "no model was given: name a Keras file");
    TRY(import_model(options->model, &tuning->graph));
    TRY((options->keep_batch_norm ? graph_simplify_unfolded : graph_simplify)(tuning->graph,
                                                                              &tuning->simplified));
    if (options->equalize)
        equalize_layers(tuning->simplified);
    TRY(hash_file(options->model, tuning->sha256));
    TRY(preview_model_new(tuning->simplified, &tuning->preview));
    Scheme scheme;
    TRY(scheme_of_run(options, tuning->simplified, &scheme));
    list_rows(tuning);
    tuning->options = copy_state(tuning, scheme.layers);
    tuning->draft = copy_state(tuning, scheme.layers);
    tuning->steps[0] = copy_state(tuning, scheme.layers);
    tuning->step_count = 1;
    identify(tuning);
    return OK;
}

Status tuning_open(const RunOptions *options, Tuning **tuning)
{
    Tuning *made = calloc(1, sizeof *made);
    if (!made)
        abort(); /* as arenas do */
    Status status = read_model(made, options);
    if (status != OK)
        tuning_free(made);
    else
        *tuning = made;
    return status;
}

void tuning_free(Tuning *tuning)
{
    if (!tuning)
        return;
    for (int i = 0; i < tuning->step_count; i++)
        free(tuning->steps[i]);
    free(tuning->draft);
    free(tuning->options);
    preview_model_free(tuning->preview);
    graph_free(tuning->simplified);
    graph_free(tuning->graph);
    free(tuning);
}

Status tuning_observe(Tuning *tuning, const char *path)
{
    Status status = preview_model_take(tuning->preview, path);
    tuning->observed = status == OK;
    return status;
}

bool tuning_is_observed(const Tuning *tuning)
{
    return tuning->observed;
}

int tuning_count(const Tuning *tuning)
{
    return tuning->count;
}

TuningRow tuning_row(const Tuning *tuning, int row)
{
    const Layer *layer = &tuning->simplified->layers[tuning->layers[row]];
    return (TuningRow){.name = layer->name,
                       .kind = layer_info(layer->kind)->word,
                       .has_weights = layer->kernel.data != NULL,
                       .may_float = layer->kind == LAYER_CONV2D || layer->kind == LAYER_DENSE};
}

const char *tuning_sha256(const Tuning *tuning)
{
    return tuning->sha256;
}

const char *tuning_identity(const Tuning *tuning)
{
    return tuning->identity;
}

const LayerScheme *tuning_choice(const Tuning *tuning, int row)
{
    return &tuning->draft[tuning->layers[row]];
}

const LayerScheme *tuning_committed(const Tuning *tuning, int row)
{
    return &committed(tuning)[tuning->layers[row]];
}

void tuning_calibration(const Tuning *tuning, int row, PreviewTensor tensor, char *text,
                        size_t size)
{
    const LayerScheme *choice = tuning_choice(tuning, row);
    bool own = tensor == TENSOR_WEIGHTS && choice->weight_calibrator;
    const Calibrator *calibrator = own ? choice->weight_calibrator : choice->calibrator;
    double parameter = own ? choice->weight_parameter : choice->calibrator_parameter;
    if (choice->is_float)
        snprintf(text, size, "float");
    else if (tuning_clip_by_hand(tuning, row, tensor) > 0)
        snprintf(text, size, "by hand");
    else if (calibrator->parameter && parameter > 0)
        snprintf(text, size, "%s:%g", calibrator->name, parameter);
    else
        snprintf(text, size, "%s", calibrator->name);
}

bool tuning_same(const LayerScheme *one, const LayerScheme *other)
{
    return layer_differences("", one, other, NULL) == 0;
}

bool tuning_row_is_edited(const Tuning *tuning, int row)
{
    int layer = tuning->layers[row];
    return !tuning_same(&tuning->options[layer], &committed(tuning)[layer]);
}

/* ---- edits ----------------------------------------------------------------------------------- */

static Status apply(Scheme *scheme, const Graph *graph, int layer, char *choice)
{
    char *rest = NULL;
    for (char *part = strtok_r(choice, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        if (equals)
            *equals = '\0';
        TRY_IN(scheme_set(scheme, graph, layer, part, equals ? equals + 1 : "yes"), "layer %s",
               graph->layers[layer].name);
    }
    return OK;
}

Status tuning_edit(Tuning *tuning, int row, const char *choice)
{
    LayerScheme *trial = copy_state(tuning, tuning->draft);
    Scheme scheme = tuning_scheme_on(tuning, trial);
    char *text = strdup(choice);
    if (!text)
        abort(); /* as arenas do */
    Status status = apply(&scheme, tuning->simplified, tuning->layers[row], text);
    if (status == OK)
        memcpy(tuning->draft, trial, tuning_state_bytes(tuning));
    free(text);
    free(trial);
    return status;
}

static LayerScheme *draft_of(Tuning *tuning, int row)
{
    return &tuning->draft[tuning->layers[row]];
}

static int calibrator_index(const Calibrator *calibrator)
{
    int index = 0;
    while (calibrator_at(index) != calibrator)
        index++;
    return index;
}

static int calibrator_count(void)
{
    int count = 0;
    while (calibrator_at(count))
        count++;
    assert(count > 0);
    return count;
}

static int wrap(int index, int count)
{
    return (index % count + count) % count;
}

void tuning_cycle(Tuning *tuning, int row, PreviewTensor tensor, int step)
{
    LayerScheme *draft = draft_of(tuning, row);
    int count = calibrator_count();
    if (tensor == TENSOR_OUTPUTS) {
        int from = calibrator_index(draft->calibrator);
        bool by_hand = draft->clip > 0; /* the one that it hides comes first */
        draft->calibrator = calibrator_at(wrap(from + (by_hand ? 0 : step), count));
        draft->calibrator_parameter = by_hand ? draft->calibrator_parameter : 0;
        draft->clip = 0;
        return;
    }
    int from = draft->weight_calibrator ? calibrator_index(draft->weight_calibrator) : count;
    bool by_hand = draft->weight_clip > 0;
    draft->weight_clip = 0;
    if (by_hand)
        return;
    int next = wrap(from + step, count + 1);
    draft->weight_calibrator = next < count ? calibrator_at(next) : NULL;
    draft->weight_parameter = 0;
}

void tuning_add_bits(Tuning *tuning, int row, PreviewTensor tensor, int more)
{
    LayerScheme *draft = draft_of(tuning, row);
    int *bits = tensor == TENSOR_WEIGHTS ? &draft->weight_bits : &draft->activation_bits;
    int wanted = *bits + more;
    *bits = wanted < FIXED_MIN_BITS   ? FIXED_MIN_BITS
            : wanted > FIXED_MAX_BITS ? FIXED_MAX_BITS
                                      : wanted;
}

bool tuning_set_clip(Tuning *tuning, int row, PreviewTensor tensor, double clip)
{
    const Observation *seen = tuning_seen(tuning, row, tensor);
    LayerScheme *draft = draft_of(tuning, row);
    if (!seen || draft->is_float || !(observation_largest(seen) > 0) || !(clip > 0))
        return false;
    char text[64]; /* as it will be in a file: what is seen is what is written */
    snprintf(text, sizeof text, "%.6g", fmin(clip, observation_largest(seen)));
    *(tensor == TENSOR_WEIGHTS ? &draft->weight_clip : &draft->clip) = strtod(text, NULL);
    return true;
}

double tuning_clip_by_hand(const Tuning *tuning, int row, PreviewTensor tensor)
{
    const LayerScheme *draft = tuning_choice(tuning, row);
    return tensor == TENSOR_WEIGHTS ? draft->weight_clip : draft->clip;
}

static const TuningPreset PRESETS[] = {
    {"8 bit minmax", "nothing is clipped: the paper's", 8, "minmax", false},
    {"8 bit mse per channel", "the usual best of 8 bits", 8, "mse", true},
    {"8 bit entropy", "as TensorRT", 8, "entropy", false},
    {"6 bit mse per channel", "smaller, mostly without loss", 6, "mse", true},
    {"5 bit mse per channel", "smaller still", 5, "mse", true},
    {"4 bit mse per channel", "half of 8 bits; training gets accuracy back", 4, "mse", true},
    {"4 bit aciq-laplace", "clips at what a Laplace distribution asks for", 4, "aciq-laplace",
     false},
    {"3 bit mse per channel", "with training only", 3, "mse", true},
};

const TuningPreset *tuning_preset(int index)
{
    int count = sizeof PRESETS / sizeof *PRESETS;
    return index >= 0 && index < count ? &PRESETS[index] : NULL;
}

/* Logits keep their width: nothing multiplies them further. */
void tuning_apply_preset(Tuning *tuning, int row, const TuningPreset *preset)
{
    LayerScheme *draft = draft_of(tuning, row);
    draft->weight_bits = preset->bits;
    if (tuning->layers[row] != tuning->last_format)
        draft->activation_bits = preset->bits;
    draft->calibrator = calibrator_find(preset->calibration);
    draft->calibrator_parameter = 0;
    draft->weight_calibrator = NULL;
    draft->weight_parameter = 0;
    draft->clip = draft->weight_clip = 0;
    draft->is_float = false;
    draft->granularity = preset->per_channel ? PER_CHANNEL : PER_TENSOR;
}

bool tuning_has_draft(const Tuning *tuning)
{
    return differences(tuning, committed(tuning), tuning->draft, NULL) > 0;
}

static void forget_steps(Tuning *tuning, int from)
{
    for (int i = from; i < tuning->step_count; i++)
        free(tuning->steps[i]);
    tuning->step_count = from < tuning->step_count ? from : tuning->step_count;
}

bool tuning_commit(Tuning *tuning)
{
    if (!tuning_has_draft(tuning))
        return false;
    forget_steps(tuning, tuning->step + 1);
    if (tuning->step_count == UNDO_MOST) { /* the oldest one goes */
        free(tuning->steps[0]);
        memmove(tuning->steps, tuning->steps + 1, (UNDO_MOST - 1) * sizeof *tuning->steps);
        tuning->step_count--;
    }
    tuning->steps[tuning->step_count] = copy_state(tuning, tuning->draft);
    tuning->step = tuning->step_count++;
    return true;
}

static void drop_draft(Tuning *tuning)
{
    memcpy(tuning->draft, committed(tuning), tuning_state_bytes(tuning));
}

static bool go_to_step(Tuning *tuning, int step, Buffer *text)
{
    if (step < 0 || step >= tuning->step_count)
        return false;
    differences(tuning, committed(tuning), tuning->steps[step], text);
    tuning->step = step;
    drop_draft(tuning);
    return true;
}

bool tuning_undo(Tuning *tuning, Buffer *text)
{
    if (tuning_has_draft(tuning)) {
        differences(tuning, tuning->draft, committed(tuning), text);
        drop_draft(tuning);
        return true;
    }
    return go_to_step(tuning, tuning->step - 1, text);
}

bool tuning_redo(Tuning *tuning, Buffer *text)
{
    return !tuning_has_draft(tuning) && go_to_step(tuning, tuning->step + 1, text);
}

bool tuning_can_undo(const Tuning *tuning)
{
    return tuning->step > 0 || tuning_has_draft(tuning);
}

bool tuning_can_redo(const Tuning *tuning)
{
    return tuning->step + 1 < tuning->step_count && !tuning_has_draft(tuning);
}

void tuning_reset(Tuning *tuning)
{
    memcpy(tuning->draft, tuning->options, tuning_state_bytes(tuning));
}

int tuning_differences(const Tuning *tuning, Buffer *text)
{
    return differences(tuning, tuning->options, committed(tuning), text);
}

/* ---- files ----------------------------------------------------------------------------------- */

Status tuning_write(const Tuning *tuning, const char *path)
{
    const Scheme scheme = tuning_scheme_on(tuning, committed(tuning));
    return scheme_write(&scheme, tuning->simplified, tuning->sha256, path);
}

Status tuning_read(Tuning *tuning, const char *path)
{
    LayerScheme *trial = copy_state(tuning, tuning->draft);
    Scheme scheme = tuning_scheme_on(tuning, trial);
    Status status = scheme_read(path, tuning->simplified, tuning->sha256, &scheme);
    if (status == OK)
        memcpy(tuning->draft, trial, tuning_state_bytes(tuning));
    free(trial);
    return status;
}
