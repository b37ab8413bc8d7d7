#include "nn/initialize.h"

#include <math.h>

#include "base/rng.h"

static void fill(Tensor tensor, float value)
{
    for (int64_t i = 0; tensor.data && i < shape_elements(tensor.shape); i++)
        tensor.data[i] = value;
}

static void glorot_uniform(const Layer *layer, Rng *rng)
{
    int64_t count = shape_elements(layer->kernel.shape);
    const int64_t *dim = layer->kernel.shape.dim + layer->kernel.shape.rank - 2;
    int64_t fan_in = count / dim[1], fan_out = count / dim[0];
    double limit = sqrt(6.0 / (double)(fan_in + fan_out));
    for (int64_t i = 0; i < count; i++)
        layer->kernel.data[i] = (float)((2 * rng_uniform(rng) - 1) * limit);
}

void initialize_weights(Graph *graph, uint64_t seed)
{
    Rng rng = rng_seed(seed);
    for (int i = 0; i < graph->count; i++) {
        const Layer *layer = &graph->layers[i];
        if (layer->kernel.data)
            glorot_uniform(layer, &rng);
        fill(layer->bias, 0);
        fill(layer->gamma, 1);
        fill(layer->beta, 0);
        fill(layer->mean, 0);
        fill(layer->variance, 1);
    }
}
