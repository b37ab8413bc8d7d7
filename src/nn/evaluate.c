#include "nn/evaluate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "nn/forward.h"

enum {
    SHARD = 25,            /* images a worker takes at a time */
    SHARDS_PER_SLICE = 16, /* for each thread, between two looks at the outside */
    LATENCY_SINGLES = 200,
    LATENCY_BATCHED = 2000
};

int32_t arg_max(const float *scores, int count)
{
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* ---- a graph as a classifier ----------------------------------------------------------------- */

typedef struct GraphWorker {
    Forward *forward;
    int classes;
} GraphWorker;

static int graph_classes(const Graph *graph)
{
    return (int)shape_elements(graph_output(graph)->output_shape);
}

static void *graph_open(const void *model, int max_batch)
{
    GraphWorker *worker = malloc(sizeof *worker);
    if (!worker)
        abort();
    *worker = (GraphWorker){forward_new(model, max_batch), graph_classes(model)};
    return worker;
}

static void graph_classify(void *state, const float *images, int batch, int32_t *labels)
{
    GraphWorker *worker = state;
    const float *scores = forward_run(worker->forward, images, batch);
    for (int b = 0; b < batch; b++)
        labels[b] = arg_max(scores + (int64_t)b * worker->classes, worker->classes);
}

static void graph_close(void *state)
{
    GraphWorker *worker = state;
    forward_free(worker->forward);
    free(worker);
}

Classifier classifier_of_graph(const Graph *graph)
{
    return (Classifier){.model = graph,
                        .input_elements = shape_elements(graph_input_shape(graph)),
                        .classes = graph_classes(graph),
                        .open = graph_open,
                        .classify = graph_classify,
                        .close = graph_close};
}

/* ---- labels of a whole dataset --------------------------------------------------------------- */

typedef struct Labelling {
    const Classifier *classifier;
    const Dataset *dataset;
    int64_t count;       /* images to label */
    int64_t first_shard; /* of the slice under way */
    int threads;
    void **workers;  /* one per thread */
    float **images;  /* SHARD images per thread */
    int32_t *labels; /* (count) */
    Arena *arena;
} Labelling;

static Labelling labelling_open(const Classifier *classifier, const Dataset *dataset, int64_t count,
                                int threads)
{
    Arena *arena = arena_new();
    Labelling labelling = {.classifier = classifier,
                           .dataset = dataset,
                           .count = count,
                           .threads = threads,
                           .workers = ARENA_ARRAY(arena, void *, threads),
                           .images = ARENA_ARRAY(arena, float *, threads),
                           .labels = ARENA_ARRAY(arena, int32_t, count),
                           .arena = arena};
    for (int i = 0; i < threads; i++) {
        labelling.workers[i] = classifier->open(classifier->model, SHARD);
        labelling.images[i] = ARENA_ARRAY(arena, float, SHARD * classifier->input_elements);
    }
    return labelling;
}

static void labelling_close(Labelling *labelling)
{
    for (int i = 0; i < labelling->threads; i++)
        labelling->classifier->close(labelling->workers[i]);
    arena_free(labelling->arena);
}

static void label_shard(void *context, int64_t index, int worker)
{
    const Labelling *labelling = context;
    int64_t first = (labelling->first_shard + index) * SHARD;
    int64_t left = labelling->count - first;
    int batch = left < SHARD ? (int)left : SHARD;
    float *images = labelling->images[worker];
    dataset_read(labelling->dataset, first, batch, images);
    labelling->classifier->classify(labelling->workers[worker], images, batch,
                                    labelling->labels + first);
}

/* Slice by slice, so that the user is told and may stop. */
static Status label_all(Labelling *labelling, Pool *pool, const Progress *progress)
{
    int64_t shards = (labelling->count + SHARD - 1) / SHARD;
    int64_t slice = (int64_t)SHARDS_PER_SLICE * labelling->threads;
    for (int64_t done = 0; done < shards; done += slice) {
        TRY(cancel_check());
        labelling->first_shard = done;
        int64_t count = shards - done < slice ? shards - done : slice;
        pool_run(pool, count, label_shard, labelling);
        int64_t images = (done + count) * SHARD;
        images = images < labelling->count ? images : labelling->count;
        char detail[64];
        snprintf(detail, sizeof detail, "%lld of %lld images", (long long)images,
                 (long long)labelling->count);
        progress_report(progress, (double)images / (double)labelling->count, detail);
    }
    return OK;
}

static Status check_fit(const Classifier *classifier, const Dataset *dataset)
{
    if (dataset->count < 1)
        return error_set(ERR_REFUSED, "%s: holds no images", dataset->path);
    int64_t elements = shape_elements(dataset->shape);
    if (elements != classifier->input_elements)
        return error_set(ERR_REFUSED, "%s: images have %lld values, the model reads %lld",
                         dataset->path, (long long)elements, (long long)classifier->input_elements);
    return OK;
}

static Labelling open_input(const EvaluateInput *input)
{
    return labelling_open(input->classifier, input->dataset, input->dataset->count,
                          pool_threads(input->pool));
}

static void count_labels(const Labelling *labelling, Evaluation *evaluation)
{
    for (int64_t i = 0; i < labelling->count; i++) {
        int32_t truth = labelling->dataset->labels[i], label = labelling->labels[i];
        evaluation->correct += truth == label;
        evaluation->confusion[(int64_t)truth * evaluation->classes + label]++;
    }
    evaluation->accuracy = (double)evaluation->correct / (double)evaluation->images;
}

Status evaluate(const EvaluateInput *input, Arena *arena, Evaluation *evaluation)
{
    const Dataset *dataset = input->dataset;
    int classes = input->classifier->classes;
    TRY(check_fit(input->classifier, dataset));
    if (classes > EVALUATE_MAX_CLASSES)
        return error_set(ERR_REFUSED, "the model has %d outputs, a classifier at most %d", classes,
                         EVALUATE_MAX_CLASSES);
    for (int64_t i = 0; i < dataset->count; i++)
        if (dataset->labels[i] < 0 || dataset->labels[i] >= classes)
            return error_set(ERR_REFUSED, "%s: label %d of image %lld, the model has %d classes",
                             dataset->path, dataset->labels[i], (long long)i, classes);
    *evaluation =
        (Evaluation){.images = dataset->count,
                     .classes = classes,
                     .confusion = ARENA_ARRAY(arena, int64_t, (int64_t)classes * classes)};
    Labelling labelling = open_input(input);
    Status status = label_all(&labelling, input->pool, input->progress);
    if (status == OK)
        count_labels(&labelling, evaluation);
    labelling_close(&labelling);
    return status;
}

Status evaluate_labels(const EvaluateInput *input, int32_t *labels)
{
    TRY(check_fit(input->classifier, input->dataset));
    Labelling labelling = open_input(input);
    Status status = label_all(&labelling, input->pool, input->progress);
    if (status == OK)
        memcpy(labels, labelling.labels, (size_t)input->dataset->count * sizeof *labels);
    labelling_close(&labelling);
    return status;
}

/* ---- latency --------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Reading the image is not part of the time: it stands in memory, as it would before hardware. */
static double median_single(const Classifier *classifier, const Dataset *dataset)
{
    int count = dataset->count < LATENCY_SINGLES ? (int)dataset->count : LATENCY_SINGLES;
    int64_t times[LATENCY_SINGLES];
    Arena *arena = arena_new();
    float *image = ARENA_ARRAY(arena, float, classifier->input_elements);
    void *worker = classifier->open(classifier->model, 1);
    for (int i = 0; i < count; i++) {
        int32_t label;
        dataset_read(dataset, i, 1, image);
        int64_t start = clock_monotonic_ns();
        classifier->classify(worker, image, 1, &label);
        times[i] = clock_monotonic_ns() - start;
    }
    classifier->close(worker);
    arena_free(arena);
    qsort(times, (size_t)count, sizeof *times, compare_times);
    int middle = count / 2;
    return (double)times[middle] / 1000;
}

Status measure_latency(const Classifier *classifier, const Dataset *dataset, Pool *pool,
                       Latency *latency)
{
    TRY(check_fit(classifier, dataset));
    latency->microseconds_batch1 = median_single(classifier, dataset);
    int64_t count = dataset->count < LATENCY_BATCHED ? dataset->count : LATENCY_BATCHED;
    Labelling labelling = labelling_open(classifier, dataset, count, pool_threads(pool));
    int64_t start = clock_monotonic_ns();
    Status status = label_all(&labelling, pool, NULL);
    latency->images_per_s = (double)count / clock_seconds_since(start);
    labelling_close(&labelling);
    return status;
}
