#include "hw/folding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "hw/packing.h"
#include "hw/timing.h"

/* One folding of a layer. */
typedef struct Choice {
    int pe, simd;
    int64_t interval;
    FitCells cells;
    double cost;
} Choice;

/* The foldings of a layer that are worth a look: each is cheaper than all faster ones. Fastest
 * first. A layer that is not free has one. */
typedef struct LayerChoices {
    Choice *list;
    int count, chosen;
    bool is_free;
} LayerChoices;

enum { RESOURCES = 4 }; /* LUTs, flip-flops, DSP blocks, block RAMs */

typedef struct Solver {
    Arena *arena;
    IntegerModel *model;
    const FoldingGoal *goal;
    const Device *device; /* that costs are measured with */
    const Device *limit;  /* that the plan must fit; NULL: any, or nothing is known of sizes */
    ResourceTarget target;
    Plan *sketch;
    LayerChoices *layers; /* one for each stage */
    FitCells rest;
    double fill;               /* of the device's LUTs and flip-flops */
    double weights[RESOURCES]; /* of each resource's share in the cost */
} Solver;

/* ---- what a layer may be --------------------------------------------------------------------- */

/* Shares of the device, one for each resource. */
static void shares_of(const Device *device, const FitCells *cells, double shares[RESOURCES])
{
    shares[0] = (double)cells->lut / device->lut;
    shares[1] = (double)cells->ff / device->ff;
    shares[2] = device->dsp > 0 ? (double)cells->dsp / device->dsp : 0;
    shares[3] = device->bram > 0 ? (double)cells->bram / device->bram : 0;
}

static double cost_of(const Solver *solver, const FitCells *cells)
{
    double shares[RESOURCES], cost = 0;
    shares_of(solver->device, cells, shares);
    for (int i = 0; i < RESOURCES; i++)
        cost += solver->weights[i] * shares[i];
    return cost;
}

/* With the folding that the stage has. */
static Choice choice_of(const Solver *solver, const Stage *stage)
{
    Choice choice = {
        .pe = stage->pe, .simd = stage->simd, .interval = timing_of_stage(stage).interval_cycles};
    Stage sized = *stage;
    sized.packed = solver->goal->pack_dsp && stage->macs_per_cycle > 0 &&
                   !packing_obstacle(solver->sketch, stage, solver->device, solver->arena);
    if (resources_known(solver->sketch, solver->target))
        choice.cells = resources_of_stage(solver->sketch, &sized, solver->target);
    else /* the order is the same: multipliers are what folding is about */
        choice.cells = (FitCells){.lut = stage->macs_per_cycle};
    choice.cost = cost_of(solver, &choice.cells);
    return choice;
}

static int compare_choices(const void *a, const void *b)
{
    const Choice *left = a, *right = b;
    if (left->interval != right->interval)
        return (left->interval > right->interval) - (left->interval < right->interval);
    if (left->cost != right->cost)
        return (left->cost > right->cost) - (left->cost < right->cost);
    return left->pe - right->pe;
}

/* Keeps those that are cheaper than every faster one. */
static void keep_worthwhile(LayerChoices *layer)
{
    int kept = 0;
    qsort(layer->list, (size_t)layer->count, sizeof *layer->list, compare_choices);
    for (int i = 0; i < layer->count; i++)
        if (kept == 0 || layer->list[i].cost < layer->list[kept - 1].cost)
            layer->list[kept++] = layer->list[i];
    layer->count = kept;
}

static void list_choices(Solver *solver, int index)
{
    LayerChoices *layer = &solver->layers[index];
    Stage stage = solver->sketch->stages[index];
    const Op *op = &solver->model->ops[stage.op_index];
    FoldLimits limits = plan_fold_limits(&stage);
    layer->count = 0;
    layer->is_free = op->pe == 0 && op->simd == 0 && (limits.pe > 1 || limits.simd > 1);
    if (!layer->is_free) {
        layer->list = ARENA_NEW(solver->arena, Choice);
        layer->list[layer->count++] = choice_of(solver, &stage);
        return;
    }
    int pes[PLAN_MAX_DIVISORS], simds[PLAN_MAX_DIVISORS];
    int pe_count = plan_divisors(limits.pe, pes), simd_count = plan_divisors(limits.simd, simds);
    layer->list = ARENA_ARRAY(solver->arena, Choice, pe_count * simd_count);
    for (int p = 0; p < pe_count; p++) {
        for (int s = 0; s < simd_count; s++) {
            plan_set_folding(&stage, pes[p], simds[s]);
            layer->list[layer->count++] = choice_of(solver, &stage);
        }
    }
    keep_worthwhile(layer);
}

static void list_all_choices(Solver *solver)
{
    for (int i = 0; i < solver->sketch->count; i++)
        list_choices(solver, i);
}

static Status solver_open(Solver *solver)
{
    solver->arena = arena_new();
    TRY(plan_sketch(solver->model, &solver->sketch));
    solver->layers = ARENA_ARRAY(solver->arena, LayerChoices, solver->sketch->count);
    if (resources_known(solver->sketch, solver->target))
        solver->limit = solver->goal->device;
    for (int i = 0; i < RESOURCES; i++)
        solver->weights[i] = 1;
    list_all_choices(solver);
    solver->rest = resources_of_rest(solver->sketch, solver->target);
    return OK;
}

static void solver_close(Solver *solver)
{
    plan_free(solver->sketch);
    arena_free(solver->arena);
}

/* ---- a plan below a bound -------------------------------------------------------------------- */

/* The longest interval of a layer with its fastest folding; `*slowest` is that stage. */
static int64_t fastest_bound(const Solver *solver, int *slowest)
{
    int64_t bound = 0;
    for (int i = 0; i < solver->sketch->count; i++) {
        if (solver->layers[i].list[0].interval <= bound)
            continue;
        bound = solver->layers[i].list[0].interval;
        *slowest = i;
    }
    return bound;
}

/* The cheapest plan with no layer above the bound, which is at least fastest_bound(). */
static void choose_below(Solver *solver, int64_t bound)
{
    for (int i = 0; i < solver->sketch->count; i++) {
        LayerChoices *layer = &solver->layers[i];
        layer->chosen = 0;
        while (layer->chosen + 1 < layer->count && layer->list[layer->chosen + 1].interval <= bound)
            layer->chosen++;
        const Choice *choice = &layer->list[layer->chosen];
        Stage *stage = &solver->sketch->stages[i];
        if (layer->is_free)
            plan_set_folding(stage, choice->pe, choice->simd);
    }
}

static FitCells total_of(const Solver *solver)
{
    FitCells total = solver->rest;
    for (int i = 0; i < solver->sketch->count; i++) {
        const FitCells *cells = &solver->layers[i].list[solver->layers[i].chosen].cells;
        total.lut += cells->lut;
        total.ff += cells->ff;
        total.dsp += cells->dsp;
        total.bram += cells->bram;
    }
    return total;
}

static bool total_fits(const Solver *solver)
{
    const Device *device = solver->limit;
    FitCells total = total_of(solver);
    return !device || ((double)total.lut <= solver->fill * device->lut &&
                       (double)total.ff <= solver->fill * device->ff && total.dsp <= device->dsp &&
                       total.bram <= device->bram);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static int compare_intervals(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Every interval that a layer may have, from the fastest bound on: between two of them nothing
 * changes. */
static int list_bounds(const Solver *solver, int64_t **bounds)
{
    int count = 0, kept = 0, slowest = 0;
    int64_t least = fastest_bound(solver, &slowest);
    for (int i = 0; i < solver->sketch->count; i++)
        count += solver->layers[i].count;
    *bounds = ARENA_ARRAY(solver->arena, int64_t, count + 1);
    count = 0;
    for (int i = 0; i < solver->sketch->count; i++)
        for (int k = 0; k < solver->layers[i].count; k++)
            (*bounds)[count++] = solver->layers[i].list[k].interval;
    qsort(*bounds, (size_t)count, sizeof **bounds, compare_intervals);
    for (int i = 0; i < count; i++)
        if ((*bounds)[i] >= least && (kept == 0 || (*bounds)[i] > (*bounds)[kept - 1]))
            (*bounds)[kept++] = (*bounds)[i];
    return kept;
}

/* The least bound with which the plan fits; -1: none. */
static int64_t least_bound_that_fits(Solver *solver)
{
    int64_t *bounds = NULL;
    int low = 0, high = list_bounds(solver, &bounds) - 1;
    choose_below(solver, bounds[high]);
    if (!total_fits(solver))
        return -1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        choose_below(solver, bounds[middle]);
        if (total_fits(solver))
            high = middle;
        else
            low = middle + 1;
    }
    choose_below(solver, bounds[low]);
    return bounds[low];
}

/* ---- what is scarce -------------------------------------------------------------------------- */

enum { REWEIGHINGS = 4, MORE_WEIGHT = 8 };

/* What the plan has too much of costs more from now on. False when it fits. */
static bool reweigh(Solver *solver)
{
    double shares[RESOURCES];
    FitCells total = total_of(solver);
    bool scarce = false;
    shares_of(solver->device, &total, shares);
    for (int i = 0; i < RESOURCES; i++) {
        if (shares[i] <= (i < 2 ? solver->fill : 1))
            continue;
        solver->weights[i] *= MORE_WEIGHT;
        scarce = true;
    }
    if (scarce)
        list_all_choices(solver);
    return scarce;
}

/* ---- what cannot be -------------------------------------------------------------------------- */

static const char *name_of(const Solver *solver, int stage)
{
    return plan_stage_name(solver->sketch, stage);
}

static double rate_of(const Solver *solver, int64_t interval)
{
    return solver->goal->clock_mhz * 1e6 / (double)interval;
}

/* Not even the most parallel plan, which the sketch has now, is fast enough. */
static Status refuse_rate(const Solver *solver, int64_t interval)
{
    const FoldingGoal *goal = solver->goal;
    int slowest = 0;
    fastest_bound(solver, &slowest);
    const Stage *stage = &solver->sketch->stages[slowest];
    const char *asked = "";
    if (!solver->layers[slowest].is_free && stage->fold_steps > 1)
        asked = arena_printf(solver->arena, "leave out --fold %s, ", name_of(solver, slowest));
    return error_set(
        ERR_REFUSED,
        "%s: no folding reaches %.10g images/s at %.6g MHz: layer %s takes %lld clocks "
        "an image%s, and the most parallel plan reaches %.6g images/s; %sask for a "
        "clock of %.10g MHz (--clock), or for fewer images (--target-fps)",
        solver->model->name, goal->target_fps, goal->clock_mhz, name_of(solver, slowest),
        (long long)solver->layers[slowest].list[0].interval,
        stage->fold_steps > 1 ? "" : ", one for each pixel that it takes",
        rate_of(solver, interval), asked,
        ceil(10 * goal->target_fps * (double)interval / 1e6) / 10);
}

/* The sketch has the plan that comes closest; `unlike`: what would fit, or "". */
static Status refuse_device(const Solver *solver, const char *what, const char *unlike)
{
    const Device *device = solver->goal->device;
    const Plan *plan = solver->sketch;
    FitCells *stages = ARENA_ARRAY(solver->arena, FitCells, plan->count);
    for (int i = 0; i < plan->count; i++)
        stages[i] = solver->layers[i].list[solver->layers[i].chosen].cells;
    const FitNeed need = {total_of(solver), stages};
    const char *ways[FIT_WAYS];
    const char *excess = fit_excess(device, &need.total, solver->arena);
    int count = fit_ways(plan, device, &need, solver->arena, ways);
    Buffer text = {0};
    for (int i = 0; i < count; i++)
        buffer_printf(&text, "\n  %d. %s", i + 1, ways[i]);
    Status status = error_set(ERR_REFUSED, "%s: %s %s%s: about %s%s%s", solver->model->name, what,
                              device->name, unlike, excess ? excess : "all of it",
                              count > 0 ? "; the cheapest ways to make it fit:" : "",
                              text.length ? text.data : "");
    buffer_free(&text);
    return status;
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Lowers the bound until the chain is fast enough: joins and rate changes may cost a little. */
static Status tighten(Solver *solver, int64_t wanted, int64_t *interval)
{
    int slowest = 0;
    int64_t least = fastest_bound(solver, &slowest);
    for (int64_t bound = wanted > least ? wanted : least;;) {
        choose_below(solver, bound);
        TRY(timing_unbuffered(solver->sketch, interval));
        if (*interval <= wanted)
            return OK;
        if (bound == least)
            return refuse_rate(solver, *interval);
        int64_t next = (int64_t)((double)bound * (double)wanted / (double)*interval);
        bound = next < bound - 1 ? next : bound - 1;
        bound = bound > least ? bound : least;
    }
}

/* ", 3590 would (--target-fps)": the rate that does fit; "" when none does. What was chosen stays. */
static const char *rate_that_fits(Solver *solver, int64_t wanted)
{
    const char *words = "";
    int64_t interval = 0;
    if (least_bound_that_fits(solver) >= 0 && timing_unbuffered(solver->sketch, &interval) == OK)
        words = arena_printf(solver->arena, ", %.6g would (--target-fps)",
                             floor(100 * rate_of(solver, interval)) / 100);
    return tighten(solver, wanted, &interval) == OK ? words : "";
}

static Status solve_rate(Solver *solver, int64_t wanted, int64_t *interval)
{
    solver->fill = 1;
    for (int i = 0; i <= REWEIGHINGS; i++) {
        TRY(tighten(solver, wanted, interval));
        if (total_fits(solver))
            return OK;
        if (i < REWEIGHINGS && !reweigh(solver))
            break;
    }
    const char *what = arena_printf(solver->arena, "%.10g images/s at %.6g MHz do not fit",
                                    solver->goal->target_fps, solver->goal->clock_mhz);
    return refuse_device(solver, what, rate_that_fits(solver, wanted));
}

static bool has_choice(const Solver *solver)
{
    for (int i = 0; i < solver->sketch->count; i++)
        if (solver->layers[i].is_free)
            return true;
    return false;
}

static Status solve_device(Solver *solver, int64_t *interval)
{
    if (!solver->limit || !has_choice(solver)) /* synthesis has the last word */
        return timing_unbuffered(solver->sketch, interval);
    static const double fills[] = {FOLDING_FILL, 1};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        solver->fill = fills[i];
        for (int k = 0; k < REWEIGHINGS; k++) {
            if (least_bound_that_fits(solver) >= 0)
                return timing_unbuffered(solver->sketch, interval);
            if (!reweigh(solver))
                break;
        }
    }
    (void)least_bound_that_fits(solver);
    return refuse_device(solver, "no folding fits", "");
}

static void write_choices(Solver *solver, FoldingResult *result)
{
    const Plan *plan = solver->sketch;
    int bottleneck = 0;
    result->size_unknown = solver->goal->device && !solver->limit;
    for (int i = 0; i < plan->count; i++) {
        const Choice *choice = &solver->layers[i].list[solver->layers[i].chosen];
        const LayerChoices *longest = &solver->layers[bottleneck];
        if (choice->interval > longest->list[longest->chosen].interval)
            bottleneck = i;
        if (!solver->layers[i].is_free || (!solver->limit && !result->wanted_cycles))
            continue;
        Op *op = &solver->model->ops[plan->stages[i].op_index];
        op->pe = choice->pe;
        op->simd = choice->simd;
        result->chosen++;
    }
    result->bottleneck = name_of(solver, bottleneck);
    result->limited_by_stream = plan->stages[bottleneck].fold_steps == 1;
}

Status folding_choose(IntegerModel *model, const FoldingGoal *goal, FoldingResult *result)
{
    const Device *device = goal->device;
    if (!device)
        TRY(device_find("ecp5-25", &device));
    Solver solver = {
        .model = model, .goal = goal, .device = device, .target = resources_target(device)};
    *result = (FoldingResult){.wanted_cycles = 0};
    Status status = solver_open(&solver);
    if (status == OK && goal->target_fps > 0) {
        double wanted = floor(goal->clock_mhz * 1e6 / goal->target_fps);
        result->wanted_cycles = wanted < 1 ? 1 : wanted > 1e15 ? (int64_t)1e15 : (int64_t)wanted;
        status = solve_rate(&solver, result->wanted_cycles, &result->interval_cycles);
    } else if (status == OK) {
        status = solve_device(&solver, &result->interval_cycles);
    }
    if (status == OK)
        write_choices(&solver, result);
    solver_close(&solver);
    return status;
}
