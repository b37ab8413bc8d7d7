#include "optimize/losses.h"

#include <math.h>

#include "base/cancel.h"
#include "nn/forward.h"
#include "optimize/rebuild.h"
#include "quant/integer_forward.h"

enum { SHARD = 25 };

/* Signal and noise of many values. */
typedef struct Noise {
    double signal, noise;
} Noise;

/* Signal to noise in dB, within +-SQNR_MAX_DB. */
static double decibels_of(Noise noise)
{
    if (noise.noise == 0)
        return SQNR_MAX_DB;
    double ratio = noise.signal > 0 ? 10 * log10(noise.signal / noise.noise) : -SQNR_MAX_DB;
    return fmax(-SQNR_MAX_DB, fmin(SQNR_MAX_DB, ratio));
}

/* What an operation should give. */
typedef struct Wanted {
    int layer;
    bool before_activation; /* a table or a softmax that is not built stands behind it */
    bool feeds_table;
} Wanted;

typedef struct Sums {
    Noise noise;
    int64_t clipped, count;
    int64_t channels;
    double *errors; /* of each channel */
} Sums;

/* An operation gives its layer's output, but "x.to_float" what the layer before gives, and one with
 * a table behind it the values that the table reads. */
static void find_wanted(const Graph *graph, const IntegerModel *model, Wanted *wanted)
{
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        int layer = i ? layer_of_op(graph, op->name) : 0, before = op->inputs[0];
        if (op->kind == OP_TO_FLOAT) {
            wanted[i] = wanted[before];
            continue;
        }
        bool dropped = graph->layers[layer].activation == ACTIVATION_SOFTMAX;
        wanted[i] = (Wanted){.layer = layer, .before_activation = dropped};
        if (op->kind == OP_TABLE && wanted[before].layer == layer)
            wanted[before].before_activation = wanted[before].feeds_table = true;
    }
    for (int i = model->count - 1; i > 0; i--) { /* a bridge between layer and table */
        int before = model->ops[i].inputs[0];
        if (model->ops[i].kind != OP_TO_INTEGER || wanted[before].layer != wanted[i].layer)
            continue;
        wanted[before] = wanted[i];
        if (graph->layers[wanted[i].layer].activation_limit > 0) /* the bridge cuts off */
            wanted[before].before_activation = true;
    }
}

static void add(const Op *op, bool feeds_table, const float *real, const int32_t *integers,
                Sums *sums)
{
    for (int64_t i = 0; i < sums->count; i++) {
        double value = (double)real[i];
        sums->clipped += fabs(value) > op->clip * (1 + 1e-6);
        if (feeds_table) /* beyond the clip the table gives the same */
            value = fmax(-op->clip, fmin(op->clip, value));
        double error = op_real(op, integers[i]) - value;
        sums->noise.signal += value * value;
        sums->noise.noise += error * error;
        sums->errors[i % sums->channels] += error;
    }
}

typedef struct Pass {
    const Graph *graph;
    const IntegerModel *model;
    const Dataset *images;
    Arena *scratch;
    Wanted *wanted;
    Sums *sums;
    Forward *forward;
    IntegerForward *integer;
    int64_t count;
} Pass;

static Status run(Pass *pass)
{
    int64_t pixels = shape_elements(pass->images->shape);
    float *images = ARENA_ARRAY(pass->scratch, float, SHARD *pixels);
    for (int64_t first = 0; first < pass->count; first += SHARD) {
        TRY(cancel_check());
        int batch = pass->count - first < SHARD ? (int)(pass->count - first) : SHARD;
        dataset_read(pass->images, first, batch, images);
        forward_run(pass->forward, images, batch);
        integer_forward_run(pass->integer, images, batch);
        for (int i = 0; i < pass->model->count; i++) {
            const Op *op = &pass->model->ops[i];
            const Wanted *wanted = &pass->wanted[i];
            pass->sums[i].count = batch * shape_elements(op->output_shape);
            add(op, wanted->feeds_table,
                wanted->before_activation ? forward_preactivation(pass->forward, wanted->layer)
                                          : forward_layer(pass->forward, wanted->layer),
                integer_forward_op(pass->integer, i), &pass->sums[i]);
        }
    }
    return OK;
}

static void open_pass(Pass *pass)
{
    const IntegerModel *model = pass->model;
    pass->scratch = arena_new();
    pass->wanted = ARENA_ARRAY(pass->scratch, Wanted, model->count);
    pass->sums = ARENA_ARRAY(pass->scratch, Sums, model->count);
    for (int i = 0; i < model->count; i++) {
        pass->sums[i].channels = shape_channels(model->ops[i].output_shape);
        pass->sums[i].errors = ARENA_ARRAY(pass->scratch, double, pass->sums[i].channels);
    }
    pass->count = pass->images->count < LOSS_IMAGES ? pass->images->count : LOSS_IMAGES;
    find_wanted(pass->graph, model, pass->wanted);
    pass->forward = forward_new(pass->graph, SHARD);
    pass->integer = integer_forward_new(model, SHARD);
}

static void close_pass(Pass *pass)
{
    integer_forward_free(pass->integer);
    forward_free(pass->forward);
    arena_free(pass->scratch);
}

/* Values that each channel of operation `index` gave. */
static double values_of_channel(const Pass *pass, int index)
{
    int64_t elements = shape_elements(pass->model->ops[index].output_shape);
    return (double)(pass->count * elements) / (double)pass->sums[index].channels;
}

Status losses_measure(const Graph *graph, const IntegerModel *model, const Dataset *images,
                      LayerLoss **losses)
{
    Pass pass = {.graph = graph, .model = model, .images = images};
    open_pass(&pass);
    Status status = run(&pass);
    *losses = ARENA_ARRAY(model->arena, LayerLoss, model->count);
    for (int i = 0; i < model->count; i++)
        (*losses)[i] = (LayerLoss){
            .sqnr_db = decibels_of(pass.sums[i].noise),
            .clipped_fraction = (double)pass.sums[i].clipped /
                                (double)(pass.count * shape_elements(model->ops[i].output_shape)),
        };
    close_pass(&pass);
    return status;
}

Status losses_mean_errors(const Graph *graph, const IntegerModel *model, const Dataset *images,
                          double *errors)
{
    Pass pass = {.graph = graph, .model = model, .images = images};
    open_pass(&pass);
    Status status = run(&pass);
    for (int i = 0; i < model->count; i++) {
        const Sums *sums = &pass.sums[i];
        errors[i] = 0;
        for (int64_t c = 0; c < sums->channels; c++)
            errors[i] += fabs(sums->errors[c]) / values_of_channel(&pass, i);
        errors[i] /= (double)sums->channels;
    }
    close_pass(&pass);
    return status;
}
