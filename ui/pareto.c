#include "ui/pareto.h"

#include <math.h>
#include <stdlib.h>

static double or_worst(double cost)
{
    return isnan(cost) ? INFINITY : cost;
}

/* Best accuracy first, then the smaller, then the faster: so a run is beaten by earlier ones only. */
static int compare_points(const void *first, const void *second, void *context)
{
    const RunPoint *points = context, *a = &points[*(const int *)first],
                   *b = &points[*(const int *)second];
    double pairs[3][2] = {{-a->accuracy, -b->accuracy},
                          {or_worst(a->bytes), or_worst(b->bytes)},
                          {or_worst(a->latency), or_worst(b->latency)}};
    for (int i = 0; i < 3; i++)
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
    return 0;
}

static bool beats(const RunPoint *a, const RunPoint *b)
{
    double size[2] = {or_worst(a->bytes), or_worst(b->bytes)};
    double latency[2] = {or_worst(a->latency), or_worst(b->latency)};
    bool as_good = a->accuracy >= b->accuracy && size[0] <= size[1] && latency[0] <= latency[1];
    return as_good && (a->accuracy > b->accuracy || size[0] < size[1] || latency[0] < latency[1]);
}

int pareto_mark(const RunPoint *points, int count, bool *best)
{
    int *order = calloc((size_t)count + 1, sizeof *order),
        *front = calloc((size_t)count + 1, sizeof *front);
    int known = 0, found = 0, marked = 0;
    if (!order || !front)
        abort();
    for (int i = 0; i < count; i++) {
        best[i] = false;
        if (!isnan(points[i].accuracy))
            order[known++] = i;
    }
    RunPoint *context = (RunPoint *)(uintptr_t)points;
    qsort_r(order, (size_t)known, sizeof *order, compare_points, context);
    for (int i = 0; i < known; i++) {
        bool beaten = false;
        if (i > 0 && compare_points(&order[i - 1], &order[i], context) == 0) {
            best[order[i]] = best[order[i - 1]]; /* the same figures: neither beats the other */
            marked += best[order[i]];
            continue;
        }
        for (int k = 0; k < found && !beaten; k++)
            beaten = beats(&points[front[k]], &points[order[i]]);
        best[order[i]] = !beaten;
        marked += !beaten;
        if (!beaten)
            front[found++] = order[i];
    }
    free(order);
    free(front);
    return marked;
}
