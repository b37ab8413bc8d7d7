/* evaluate.h: how good and how fast a classifier is on a dataset, whatever computes it.
 *
 * A Classifier is anything that turns images into labels; float and integer models each provide
 * one. Ties of the arg-max go to the lowest index, as in NumPy, and as in the hardware.
 */
#ifndef NN_EVALUATE_H
#define NN_EVALUATE_H

#include "base/pool.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "graph/graph.h"

typedef struct Classifier {
    const void *model;
    int64_t input_elements;
    int classes;
    /* One worker's state for up to `max_batch` images. */
    void *(*open)(const void *model, int max_batch);
    /* `images` (batch, input_elements) float32, preprocessed; writes `batch` labels. */
    void (*classify)(void *worker, const float *images, int batch, int32_t *labels);
    void (*close)(void *worker);
} Classifier;

/* The confusion matrix has a row and a column for each class. */
enum { EVALUATE_MAX_CLASSES = 4096 };

typedef struct Evaluation {
    int64_t images;
    int64_t correct;
    double accuracy; /* correct / images */
    int classes;
    int64_t *confusion; /* (classes, classes): [true label][predicted label]; in the arena */
} Evaluation;

typedef struct Latency {
    double microseconds_batch1; /* median of single images, one thread */
    double images_per_s;        /* in shards, all threads of the pool */
} Latency;

/* Its classes are the graph's output elements. The graph must outlive the classifier. */
Classifier classifier_of_graph(const Graph *graph);

int32_t arg_max(const float *scores, int count);

/* Whom to ask about which images. */
typedef struct EvaluateInput {
    const Classifier *classifier;
    const Dataset *dataset;
    Pool *pool;
    const Progress *progress; /* NULL: silence */
} EvaluateInput;

/* Shards of 25 images over the pool, labels counted in order: the same result for any number of
 * threads. Refuses images or labels that do not fit the classifier. `evaluation` is in `arena`. */
Status evaluate(const EvaluateInput *input, Arena *arena, Evaluation *evaluation) MUST_CHECK;

/* The label that each image gets: dataset->count of them. Refuses images that do not fit. */
Status evaluate_labels(const EvaluateInput *input, int32_t *labels) MUST_CHECK;

/* Times the classifier on up to 200 single images, and on up to 2,000 in shards of 25, which
 * includes reading them from the dataset. */
Status measure_latency(const Classifier *classifier, const Dataset *dataset, Pool *pool,
                       Latency *latency) MUST_CHECK;

#endif
