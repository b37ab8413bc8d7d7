#include "quant/quantizer.h"

#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "nn/forward.h"
#include "quant/build_op.h"
#include "quant/integer_forward.h"

enum { SHARD = CALIBRATION_BATCH };

/* What one quantization works with. */
typedef struct Session {
    const Graph *graph;
    const Dataset *calibration;
    const Scheme *scheme;
    const Progress *progress;
    Arena *scratch;
    Lowering lowering;
    Observation *observations; /* one per operation */
    Observation *batch;        /* of one operation in the latest batch */
    double **means;            /* one per operation: of each value; NULL: nobody asks for them */
    double *clips;             /* one per operation: mean of the clips of its batches */
    float *images;             /* a shard */
    IntegerModel *model;
} Session;

void quantizer_blockers(const Graph *simplified, Blockers *blockers)
{
    Arena *scratch = arena_new();
    Lowering lowering;
    lower_graph(simplified, scratch, blockers, &lowering);
    arena_free(scratch);
}

/* ---- before: is the request possible? -------------------------------------------------------- */

static Status check_float(const Layer *layer, const LayerScheme *row)
{
    bool possible = layer->kind == LAYER_CONV2D || layer->kind == LAYER_DENSE;
    if (!row->is_float || possible)
        return OK;
    return error_set(ERR_REFUSED,
                     "layer %s: only convolutions and dense layers can stay floating point; pools "
                     "between two of them do so by themselves",
                     layer->name);
}

static Status check_scheme(const Session *session)
{
    const Scheme *scheme = session->scheme;
    if (scheme->count != session->graph->count)
        return error_set(ERR_INTERNAL, "the scheme has %d rows for %d layers", scheme->count,
                         session->graph->count);
    for (int i = 0; i < scheme->count; i++) {
        const LayerScheme *row = &scheme->layers[i];
        if (row->weight_bits < FIXED_MIN_BITS || row->weight_bits > FIXED_MAX_BITS ||
            row->activation_bits < FIXED_MIN_BITS || row->activation_bits > FIXED_MAX_BITS)
            return error_set(ERR_REFUSED,
                             "layer %s: %d bits for weights and %d for activations, possible are "
                             "%d to %d",
                             session->graph->layers[i].name, row->weight_bits, row->activation_bits,
                             FIXED_MIN_BITS, FIXED_MAX_BITS);
        assert(row->calibrator);
        TRY(check_float(&session->graph->layers[i], row));
    }
    return OK;
}

static Status check_calibration(const Session *session)
{
    const Dataset *calibration = session->calibration;
    int64_t wanted = shape_elements(graph_input_shape(session->graph));
    int64_t found = shape_elements(calibration->shape);
    if (calibration->count < 1)
        return error_set(ERR_REFUSED, "%s: holds no images to calibrate on", calibration->path);
    if (found != wanted)
        return error_set(ERR_REFUSED, "%s: images have %lld values, the model reads %lld",
                         calibration->path, (long long)found, (long long)wanted);
    return OK;
}

static Status lower(Session *session)
{
    Blockers blockers = {0};
    lower_graph(session->graph, session->scratch, &blockers, &session->lowering);
    Status status = blockers_refuse(&blockers, session->graph->name);
    blockers_free(&blockers);
    return status;
}

/* ---- observing ------------------------------------------------------------------------------- */

/* What operation `index` should have computed in the latest run: (batch, elements). */
static const float *real_values(const Session *session, const Forward *forward, int index)
{
    const LoweredOp *lowered = &session->lowering.ops[index];
    return lowered->before_activation ? forward_preactivation(forward, lowered->layer)
                                      : forward_layer(forward, lowered->layer);
}

static int64_t op_elements(const Session *session, int index)
{
    return shape_elements(session->lowering.ops[index].op.output_shape);
}

static int read_shard(Session *session, int64_t first, int64_t count)
{
    int batch = count - first < SHARD ? (int)(count - first) : SHARD;
    dataset_read(session->calibration, first, batch, session->images);
    return batch;
}

static Builder builder_of(const Session *session, Blockers *blockers)
{
    return (Builder){.graph = session->graph,
                     .scheme = session->scheme,
                     .lowering = &session->lowering,
                     .observations = session->observations,
                     .clips = session->clips,
                     .means = (const double *const *)session->means,
                     .model = session->model,
                     .blockers = blockers};
}

/* Batch number `number`, from 1, moves the mean of the clips of operation `index`. */
static void average_clip(Session *session, int index, const float *values, int64_t count,
                         int64_t number)
{
    if (!session->scheme->layers[session->lowering.ops[index].layer].mean_of_clips)
        return;
    const Builder builder = builder_of(session, NULL);
    Observation *batch = session->batch;
    *batch = (Observation){0};
    observation_add(batch, values, count);
    if (observation_is_finite(batch))
        session->clips[index] +=
            (build_op_clip(&builder, index, batch) - session->clips[index]) / (double)number;
}

static void add_means(Session *session, int index, const float *values, int batch)
{
    int64_t elements = op_elements(session, index);
    double share = 1 / (double)session->calibration->count;
    for (int64_t i = 0; session->means && i < batch * elements; i++)
        session->means[index][i % elements] += (double)values[i] * share;
}

static Status observe(Session *session, Forward *forward)
{
    int64_t count = session->calibration->count;
    for (int64_t first = 0; first < count; first += SHARD) {
        TRY(cancel_check());
        int batch = read_shard(session, first, count);
        forward_run(forward, session->images, batch);
        for (int i = 0; i < session->lowering.count; i++) {
            const float *values = real_values(session, forward, i);
            observation_add(&session->observations[i], values, batch * op_elements(session, i));
            add_means(session, i, values, batch);
            average_clip(session, i, values, batch * op_elements(session, i), first / SHARD + 1);
        }
        int64_t done = first + batch;
        char detail[64];
        snprintf(detail, sizeof detail, "%lld of %lld calibration images", (long long)done,
                 (long long)count);
        progress_report(session->progress, (double)done / (double)count, detail);
    }
    return OK;
}

static Status check_observations(const Session *session)
{
    Blockers blockers = {0};
    for (int i = 0; i < session->lowering.count; i++)
        if (!observation_is_finite(&session->observations[i]))
            blockers_add(&blockers,
                         "layer %s: gives values that are not finite on the calibration images",
                         session->lowering.ops[i].op.name);
    Status status = blockers_refuse(&blockers, session->graph->name);
    blockers_free(&blockers);
    return status;
}

/* ---- building -------------------------------------------------------------------------------- */

static Status build_ops(Session *session)
{
    Blockers blockers = {0};
    Builder builder = builder_of(session, &blockers);
    for (int i = 0; i < session->lowering.count; i++)
        build_op(&builder, i);
    Status status = blockers_refuse(&blockers, session->graph->name);
    blockers_free(&blockers);
    return status;
}

static Status build_model(Session *session)
{
    Arena *arena = arena_new();
    IntegerModel *model = ARENA_NEW(arena, IntegerModel);
    *model = (IntegerModel){.arena = arena,
                            .name = arena_strdup(arena, session->graph->name),
                            .ops = ARENA_ARRAY(arena, Op, session->lowering.count),
                            .count = session->lowering.count,
                            .input_scale = session->calibration->scale};
    session->model = model;
    TRY(build_ops(session));
    model->classes = (int)shape_elements(model->ops[model->count - 1].output_shape);
    TRY(integer_model_prove(model));
    TRY(integer_model_check_structure(model));
    return integer_model_check_values(model);
}

/* ---- losses ---------------------------------------------------------------------------------- */

/* Sums over the values of one operation. */
typedef struct LossSums {
    const Op *op;
    bool feeds_table;
    double signal, noise;
    int64_t clipped;
} LossSums;

static void add_losses(LossSums *sums, const float *real, const int32_t *integers, int64_t count)
{
    const Op *op = sums->op;
    bool is_float = op_traits(op->kind)->writes_float;
    double low = is_float ? -op->clip : fixed_dequantize(op->output.low, op->output);
    double high = is_float ? op->clip : fixed_dequantize(op->output.high, op->output);
    const double margin = 0.5000005 * op->output.scale; /* nearer values are rounded, not cut off */
    for (int64_t i = 0; i < count; i++) {
        double value = (double)real[i];
        sums->clipped += value > high + margin || value < low - margin;
        if (sums->feeds_table) /* beyond the clip the table gives the same */
            value = fmax(low, fmin(high, value));
        double error = op_real(op, integers[i]) - value;
        sums->signal += value * value;
        sums->noise += error * error;
    }
}

static double decibels(double signal, double noise)
{
    if (noise == 0)
        return SQNR_MAX_DB;
    double ratio = signal > 0 ? 10 * log10(signal / noise) : -SQNR_MAX_DB;
    return fmax(-SQNR_MAX_DB, fmin(SQNR_MAX_DB, ratio));
}

static Status sum_losses(Session *session, Forward *forward, IntegerForward *integer,
                         LossSums *sums, int64_t images)
{
    for (int64_t first = 0; first < images; first += SHARD) {
        TRY(cancel_check());
        int batch = read_shard(session, first, images);
        forward_run(forward, session->images, batch);
        integer_forward_run(integer, session->images, batch);
        for (int i = 0; i < session->lowering.count; i++) {
            sums[i].op = &session->model->ops[i];
            sums[i].feeds_table = session->lowering.ops[i].feeds_table;
            add_losses(&sums[i], real_values(session, forward, i), integer_forward_op(integer, i),
                       batch * op_elements(session, i));
        }
    }
    return OK;
}

static Status measure_losses(Session *session, Forward *forward, LayerLoss **losses)
{
    int64_t images =
        session->calibration->count < LOSS_IMAGES ? session->calibration->count : LOSS_IMAGES;
    int count = session->lowering.count;
    LossSums *sums = ARENA_ARRAY(session->scratch, LossSums, count);
    IntegerForward *integer = integer_forward_new(session->model, SHARD);
    Status status = sum_losses(session, forward, integer, sums, images);
    integer_forward_free(integer);
    *losses = ARENA_ARRAY(session->model->arena, LayerLoss, count);
    for (int i = 0; i < count; i++)
        (*losses)[i] = (LayerLoss){
            .sqnr_db = decibels(sums[i].signal, sums[i].noise),
            .clipped_fraction =
                (double)sums[i].clipped / (double)(images * op_elements(session, i)),
        };
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void open_means(Session *session)
{
    bool wanted = false;
    for (int i = 0; i < session->scheme->count; i++)
        wanted |= session->scheme->layers[i].correct_bias;
    if (!wanted)
        return;
    session->means = ARENA_ARRAY(session->scratch, double *, session->lowering.count);
    for (int i = 0; i < session->lowering.count; i++)
        session->means[i] = ARENA_ARRAY(session->scratch, double, op_elements(session, i));
}

/* What was seen, for the one who wants to look at it (histograms.h). */
static void keep_observations(const Session *session, Quantized *quantized)
{
    int count = session->lowering.count;
    Arena *arena = session->model->arena;
    quantized->outputs = ARENA_ARRAY(arena, Observation, count);
    quantized->weights = ARENA_ARRAY(arena, Observation, count);
    memcpy(quantized->outputs, session->observations, (size_t)count * sizeof(Observation));
    for (int i = 0; i < count; i++) {
        const LoweredOp *lowered = &session->lowering.ops[i];
        const Tensor kernel = session->graph->layers[lowered->layer].kernel;
        if (kernel.data && op_traits(lowered->op.kind)->has_weights)
            observation_add(&quantized->weights[i], kernel.data, shape_elements(kernel.shape));
    }
}

static Status quantize(Session *session, Quantized *quantized)
{
    TRY(lower(session));
    TRY(check_scheme(session));
    lower_floats(session->scheme, session->scratch, &session->lowering);
    TRY(check_calibration(session));
    int64_t elements = shape_elements(graph_input_shape(session->graph));
    session->images = ARENA_ARRAY(session->scratch, float, SHARD *elements);
    session->observations = ARENA_ARRAY(session->scratch, Observation, session->lowering.count);
    session->batch = ARENA_NEW(session->scratch, Observation);
    session->clips = ARENA_ARRAY(session->scratch, double, session->lowering.count);
    open_means(session);
    Forward *forward = forward_new(session->graph, SHARD);
    Status status = observe(session, forward);
    if (status == OK)
        status = check_observations(session);
    if (status == OK)
        status = build_model(session);
    if (status == OK)
        status = measure_losses(session, forward, &quantized->losses);
    if (status == OK)
        keep_observations(session, quantized);
    forward_free(forward);
    return status;
}

Status quantize_graph(const Graph *simplified, const Dataset *calibration, const Scheme *scheme,
                      const Progress *progress, Quantized *quantized)
{
    Session session = {.graph = simplified,
                       .calibration = calibration,
                       .scheme = scheme,
                       .progress = progress,
                       .scratch = arena_new()};
    Status status = quantize(&session, quantized);
    arena_free(session.scratch);
    if (status != OK)
        integer_model_free(session.model);
    else
        quantized->model = session.model;
    return status;
}
