#include "nn/optimizer.h"

#include <math.h>
#include <string.h>

/* One tensor: its values and their gradient, and its moments. */
typedef struct Place {
    int64_t count;
    const float *g;
    float *w, *m, *v;
} Place;

typedef void Update(const Optimizer *optimizer, double rate, const Place *place);

static void adam(const Optimizer *optimizer, double rate, const Place *p)
{
    const OptimizerOptions *o = &optimizer->options;
    double t = (double)optimizer->steps;
    float alpha = (float)(rate * sqrt(1 - pow(o->beta2, t)) / (1 - pow(o->beta1, t)));
    float new1 = (float)(1 - o->beta1), new2 = (float)(1 - o->beta2);
    float epsilon = (float)o->epsilon;
    for (int64_t i = 0; i < p->count; i++) {
        p->m[i] += (p->g[i] - p->m[i]) * new1;
        p->v[i] += (p->g[i] * p->g[i] - p->v[i]) * new2;
        p->w[i] -= p->m[i] * alpha / (sqrtf(p->v[i]) + epsilon);
    }
}

static void sgd(const Optimizer *optimizer, double rate, const Place *p)
{
    float momentum = (float)optimizer->options.momentum, step = (float)rate;
    for (int64_t i = 0; i < p->count; i++) {
        p->m[i] = momentum * p->m[i] - step * p->g[i];
        p->w[i] += p->m[i];
    }
}

static const struct {
    const char *word;
    Update *update;
} KINDS[OPTIMIZERS] = {
    [OPTIMIZER_ADAM] = {"adam", adam},
    [OPTIMIZER_SGD] = {"sgd", sgd},
};

const char *optimizer_word(OptimizerKind kind)
{
    return KINDS[kind].word;
}

bool optimizer_parse(const char *word, OptimizerKind *kind)
{
    for (int i = 0; i < OPTIMIZERS; i++)
        if (strcmp(KINDS[i].word, word) == 0) {
            *kind = (OptimizerKind)i;
            return true;
        }
    return false;
}

Optimizer optimizer_new(Arena *arena, const OptimizerOptions *options, int64_t total)
{
    return (Optimizer){.options = *options,
                       .total = total,
                       .first = ARENA_ARRAY(arena, float, total),
                       .second = ARENA_ARRAY(arena, float, total)};
}

void optimizer_step(Optimizer *optimizer, const Parameters *parameters, const float *gradient,
                    double rate)
{
    optimizer->steps++;
    Update *update = KINDS[optimizer->options.kind].update;
    for (int i = 0; i < parameters->count; i++) {
        const Parameter *p = &parameters->items[i];
        if (!parameter_is_trained(p))
            continue;
        Place place = {.count = p->count,
                       .g = gradient + p->offset,
                       .w = p->values,
                       .m = optimizer->first + p->offset,
                       .v = optimizer->second + p->offset};
        update(optimizer, rate, &place);
    }
}
