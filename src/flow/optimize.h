/* optimize.h: the verbs around training: `train`, which has a row in the history and can be taken
 * up again (flow_resume() in run.h), and `sensitivity`, which has none.
 *
 *     TrainRequest request = train_request_default();
 *     request.output = "trained.h5";
 *     json_t *report = NULL;
 *     Status status = flow_train(&options, &request, &events, &report);
 *
 * The report's "training":
 *     {"output", "from_scratch", "loss", "optimizer", "batch", "epochs": [{"epoch", "rate", "loss",
 *      "accuracy", "validation_loss", "validation_accuracy", "seconds"}], "best_epoch",
 *      "kept_epoch", "stopped_early", "sha256" (of the weights), "output_sha256" (of the file),
 *      "accuracy_before", "accuracy", "images"}
 * and "sensitivity":
 *     {"float_accuracy", "all_quantized_accuracy", "images", "explanation", "layers": [{"name",
 *      "parameters", "only_quantized_accuracy", "only_quantized_sqnr_db", "only_float_accuracy",
 *      "only_float_sqnr_db", "gain", "rank", "sqnr_db", "clipped_fraction", "saturated_fraction",
 *      "channels", "dead_channels"}]}
 */
#ifndef FLOW_OPTIMIZE_H
#define FLOW_OPTIMIZE_H

#include "flow/run.h"

typedef struct TrainRequest {
    const char *output;    /* .h5 to write */
    const char *optimizer; /* "adam", "sgd" */
    const char *schedule;  /* "constant", "step", "cosine" */
    int epochs, batch;
    double learning_rate;
    double validation; /* fraction of the training images, from the end, 0: none */
    int early_stop;    /* epochs without a better loss; 0: no limit. Then the best epoch is kept */
    bool from_scratch; /* first weights from the seed, not from the file */
} TrainRequest;

/* The paper's Table 1: Adam at 0.001, batches of 500, 10 epochs. A tenth held out. */
TrainRequest train_request_default(void);

/* options->model trained on the training split of options->data; the result is evaluated on the
 * test split, and written as a Keras file of the same architecture. Cancelled or killed, and taken
 * up again, it ends with the same bits. ERR_USAGE: options out of range. Refused: a loss that is not
 * a number (the last good epoch is written even so). */
Status flow_train(const RunOptions *options, const TrainRequest *request, const RunEvents *events,
                  json_t **report) MUST_CHECK;

/* What each layer of options->model costs, measured on the test images. */
Status flow_sensitivity(const RunOptions *options, const RunEvents *events,
                        json_t **report) MUST_CHECK;

#endif
