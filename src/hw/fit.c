#include "hw/fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "hw/timing.h"

/* The share of a layer's LUTs that goes with its multipliers: requantizers, ROM addressing and
 * handshakes stay. A guess, not fitted to synthesis runs. */
static const double PARALLEL_SHARE = 0.7;

enum { WEIGHT_BITS_LEAST = 4, BITS_FEWER = 2 };

const char *fit_excess(const Device *device, const FitCells *cells, Arena *arena)
{
    const struct {
        const char *what;
        int64_t need, have;
    } rows[] = {{"LUTs", cells->lut, device->lut},
                {"flip-flops", cells->ff, device->ff},
                {"DSP blocks", cells->dsp, device->dsp},
                {"block RAMs", cells->bram, device->bram}};
    Buffer text = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].need > rows[i].have)
            buffer_printf(&text, "%s%lld %s of %lld", text.length ? ", " : "",
                          (long long)rows[i].need, rows[i].what, (long long)rows[i].have);
    const char *excess = text.length ? arena_strdup(arena, text.data) : NULL;
    buffer_free(&text);
    return excess;
}

/* ---- folding --------------------------------------------------------------------------------- */

typedef struct Way {
    int stage, pe, simd;
    int64_t interval; /* clocks an image, in the whole design */
    double saved;     /* LUTs, estimated */
    bool enough;
} Way;

static double share_that_goes(const Stage *stage, int pe, int simd)
{
    double before = (double)stage->pe * stage->simd;
    return 1 - (double)pe * simd / before;
}

static bool is_enough(const FitCells *layer, double share, const FitCells *total,
                      const Device *device)
{
    return total->bram <= device->bram && /* folding saves none */
           PARALLEL_SHARE * share * (double)layer->lut >= (double)(total->lut - device->lut) &&
           PARALLEL_SHARE * share * (double)layer->ff >= (double)(total->ff - device->ff) &&
           share * (double)layer->dsp >= (double)(total->dsp - device->dsp);
}

/* Clocks an image when one stage has another folding; -1: there is no such plan. */
static int64_t interval_with(const Plan *plan, const Way *way)
{
    IntegerModel model = *plan->model;
    Arena *arena = arena_new();
    model.ops = ARENA_ARRAY(arena, Op, model.count);
    memcpy(model.ops, plan->model->ops, (size_t)model.count * sizeof *model.ops);
    for (int i = 0; i < plan->count; i++) { /* the others stay as they are */
        Op *op = &model.ops[plan->stages[i].op_index];
        FoldLimits limits = plan_fold_limits(&plan->stages[i]);
        if (limits.pe == 1 && limits.simd == 1)
            continue;
        op->pe = i == way->stage ? way->pe : plan->stages[i].pe;
        op->simd = i == way->stage ? way->simd : plan->stages[i].simd;
    }
    Plan *other = NULL;
    int64_t interval = -1;
    if (plan_sketch(&model, &other) != OK || timing_unbuffered(other, &interval) != OK)
        interval = -1;
    plan_free(other);
    arena_free(arena);
    return interval;
}

/* The most parallel folding of a stage that saves enough; without one, the least parallel. */
static Way best_of_stage(const Plan *plan, const Device *device, const FitNeed *need, int index)
{
    const Stage *stage = &plan->stages[index];
    FoldLimits limits = plan_fold_limits(stage);
    int pes[PLAN_MAX_DIVISORS], simds[PLAN_MAX_DIVISORS];
    int pe_count = plan_divisors(limits.pe, pes), simd_count = plan_divisors(limits.simd, simds);
    Way best = {.stage = -1};
    for (int p = 0; p < pe_count && pes[p] <= stage->pe; p++) {
        for (int s = 0; s < simd_count && simds[s] <= stage->simd; s++) {
            double share = share_that_goes(stage, pes[p], simds[s]);
            bool enough = is_enough(&need->stages[index], share, &need->total, device);
            bool larger = pes[p] * simds[s] > best.pe * best.simd;
            bool wanted = enough ? !best.enough || larger : best.stage < 0;
            if (share > 0 && wanted)
                best = (Way){.stage = index,
                             .pe = pes[p],
                             .simd = simds[s],
                             .enough = enough,
                             .saved = PARALLEL_SHARE * share * (double)need->stages[index].lut};
        }
    }
    return best;
}

/* Those that suffice first, the faster ones first; then by what they save. */
static int compare_ways(const void *a, const void *b)
{
    const Way *left = a, *right = b;
    if (left->enough != right->enough)
        return right->enough - left->enough;
    if (left->enough)
        return (left->interval > right->interval) - (left->interval < right->interval);
    return (left->saved < right->saved) - (left->saved > right->saved);
}

static int fold_ways(const Plan *plan, const Device *device, const FitNeed *need, Way *ways)
{
    int count = 0;
    for (int i = 0; i < plan->count; i++) {
        Way way = plan->stages[i].macs_per_cycle > 1 ? best_of_stage(plan, device, need, i)
                                                     : (Way){.stage = -1};
        if (way.stage >= 0 && (way.interval = interval_with(plan, &way)) > 0)
            ways[count++] = way;
    }
    qsort(ways, (size_t)count, sizeof *ways, compare_ways);
    return count;
}

static const char *fold_sentence(const Plan *plan, const Way *way, Arena *arena)
{
    return arena_printf(arena,
                        "fold %s more: --fold %s:pe=%d,simd=%d (about %lld LUTs fewer%s; an image "
                        "every %lld clocks)",
                        plan->stages[way->stage].op->name, plan->stages[way->stage].op->name,
                        way->pe, way->simd, (long long)way->saved,
                        way->enough ? "" : ", which is not enough alone", (long long)way->interval);
}

/* ---- other ways ------------------------------------------------------------------------------ */

/* The smallest device of a family that has enough of everything; NULL: there is none. */
static const Device *enough_of_family(const Device *device, DeviceFamily family,
                                      const FitCells *total, Arena *arena)
{
    for (const Device *other = device_list(); other->name; other++) {
        FitCells need = *total; /* its block RAMs may be larger */
        need.bram = (total->bram * device->bram_bits + other->bram_bits - 1) / other->bram_bits;
        if (other->family == family && other->lut > device->lut &&
            other->lut_inputs >= device->lut_inputs && !fit_excess(other, &need, arena))
            return other;
    }
    return NULL;
}

/* The first is of the same family if it can be. */
static void device_sentences(const Device *device, const FitCells *total, Arena *arena,
                             const char *sentences[2])
{
    int count = 0;
    for (int i = 0; i < FAMILIES && count < 2; i++) {
        DeviceFamily family = (DeviceFamily)(((int)device->family + i) % FAMILIES);
        const Device *other = enough_of_family(device, family, total, arena);
        if (other)
            sentences[count++] = arena_printf(arena, "take a bigger device: --device %s (%s)",
                                              other->name, other->part);
    }
}

static const char *bits_sentence(const Plan *plan, Arena *arena)
{
    int widest = 0;
    for (int i = 0; i < plan->count; i++)
        if (plan->stages[i].rows > 0 && plan->stages[i].op->weight_bits > widest)
            widest = plan->stages[i].op->weight_bits;
    int fewer = widest - BITS_FEWER;
    if (fewer < WEIGHT_BITS_LEAST)
        return NULL;
    double left = (double)(fewer * fewer) / (double)(widest * widest);
    return arena_printf(arena,
                        "use fewer bits: --bits %d (multipliers of about %.0f %% of the size, "
                        "weight memories of %.0f %%; the accuracy changes)",
                        fewer, 100 * left, 100.0 * fewer / widest);
}

int fit_ways(const Plan *plan, const Device *device, const FitNeed *need, Arena *arena,
             const char *ways[FIT_WAYS])
{
    Way *folds = ARENA_ARRAY(arena, Way, plan->count);
    int fold_count = fold_ways(plan, device, need, folds), count = 0;
    const char *devices[2] = {NULL};
    device_sentences(device, &need->total, arena, devices);
    const char *others[] = {devices[0], bits_sentence(plan, arena), devices[1]};
    int enough = 0;
    while (enough < fold_count && folds[enough].enough)
        enough++;
    /* one place at least is for another kind of way */
    for (int i = 0; i < enough && count < FIT_WAYS - 1; i++)
        ways[count++] = fold_sentence(plan, &folds[i], arena);
    for (size_t i = 0; i < sizeof others / sizeof *others && count < FIT_WAYS; i++)
        if (others[i])
            ways[count++] = others[i];
    for (int i = count < enough ? count : enough; i < fold_count && count < FIT_WAYS; i++)
        ways[count++] = fold_sentence(plan, &folds[i], arena);
    return count;
}
