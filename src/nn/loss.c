#include "nn/loss.h"

#include <math.h>

#include "nn/evaluate.h"

/* In float64 and relative to the highest score: no exponential overflows, and a probability that
 * rounds to 0 in float32 still has its logarithm. */
static double image_loss(const LossBatch *batch, int image)
{
    const float *scores = batch->scores + (int64_t)image * batch->classes;
    int32_t label = batch->labels[image];
    double highest = (double)scores[0], sum = 0;
    for (int c = 1; c < batch->classes; c++)
        highest = fmax(highest, (double)scores[c]);
    for (int c = 0; c < batch->classes; c++)
        sum += exp((double)scores[c] - highest);
    if (batch->gradient) {
        float *gradient = batch->gradient + (int64_t)image * batch->classes;
        for (int c = 0; c < batch->classes; c++) {
            double p = exp((double)scores[c] - highest) / sum;
            gradient[c] = (float)((p - (c == label)) * batch->scale);
        }
    }
    return log(sum) - ((double)scores[label] - highest);
}

Loss loss_cross_entropy(const LossBatch *batch)
{
    Loss loss = {0};
    for (int i = 0; i < batch->images; i++) {
        loss.sum += image_loss(batch, i);
        const float *scores = batch->scores + (int64_t)i * batch->classes;
        loss.correct += arg_max(scores, batch->classes) == batch->labels[i];
    }
    return loss;
}
