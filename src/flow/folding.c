#include "flow/folding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hw/folding.h"
#include "hw/resources.h"
#include "hw/timing.h"
#include "quant/description.h"

struct Folding {
    IntegerModel *model; /* owned; its foldings are what is tried */
    Plan *plan;
    Timing timing;
    struct Built {
        int pe, simd;
    } * built; /* one per stage, in the model's arena */
};

static Status plan_anew(Folding *folding)
{
    Plan *plan = NULL;
    Timing timing;
    TRY(plan_new(folding->model, &plan));
    Status status = timing_predict(plan, TIMING_IMAGES, &timing);
    if (status != OK) {
        plan_free(plan);
        return status;
    }
    plan_free(folding->plan);
    folding->plan = plan;
    folding->timing = timing;
    return OK;
}

static Status read_description(Folding *folding, const char *description)
{
    TRY(description_read(description, &folding->model));
    TRY(plan_anew(folding));
    folding->built = ARENA_ARRAY(folding->model->arena, struct Built, folding->plan->count);
    for (int i = 0; i < folding->plan->count; i++)
        folding->built[i] =
            (struct Built){folding->plan->stages[i].pe, folding->plan->stages[i].simd};
    return OK;
}

Status folding_open(const char *description, Folding **folding)
{
    Folding *made = calloc(1, sizeof *made);
    if (!made)
        abort(); /* as arenas do */
    Status status = read_description(made, description);
    if (status != OK)
        folding_free(made);
    else
        *folding = made;
    return status;
}

void folding_free(Folding *folding)
{
    if (!folding)
        return;
    plan_free(folding->plan);
    integer_model_free(folding->model);
    free(folding);
}

int folding_count(const Folding *folding)
{
    return folding->plan->count;
}

static int64_t multipliers_of(const Stage *stage)
{
    return stage->macs_per_cycle > 0 ? (int64_t)stage->pe * stage->simd : 0;
}

FoldingRow folding_row(const Folding *folding, int row)
{
    const Stage *stage = &folding->plan->stages[row];
    const FoldLimits limits = plan_fold_limits(stage);
    return (FoldingRow){.name = stage->op->name,
                        .entity = stage->entity,
                        .folds = limits.pe > 1 || limits.simd > 1,
                        .pe = stage->pe,
                        .simd = stage->simd,
                        .most_pe = limits.pe,
                        .most_simd = limits.simd,
                        .built_pe = folding->built[row].pe,
                        .built_simd = folding->built[row].simd,
                        .fold_steps = stage->fold_steps,
                        .multipliers = multipliers_of(stage),
                        .interval_cycles = folding->timing.layers[row].interval_cycles,
                        .busy_cycles = folding->timing.layers[row].busy_cycles,
                        .first_cycle = folding->timing.layers[row].first_cycle,
                        .last_cycle = folding->timing.layers[row].last_cycle,
                        .bottleneck = folding->timing.bottleneck == row};
}

FoldingTiming folding_timing(const Folding *folding)
{
    FoldingTiming timing = {.latency_cycles = folding->timing.latency_cycles,
                            .interval_cycles = folding->timing.interval_cycles};
    for (int i = 0; i < folding->plan->count; i++)
        timing.multipliers += multipliers_of(&folding->plan->stages[i]);
    return timing;
}

Status folding_set(Folding *folding, int row, int pe, int simd)
{
    Op *op = &folding->model->ops[folding->plan->stages[row].op_index];
    int before_pe = op->pe, before_simd = op->simd;
    op->pe = pe;
    op->simd = simd;
    Status status = plan_anew(folding);
    if (status != OK) {
        op->pe = before_pe;
        op->simd = before_simd;
    }
    return status;
}

/* The value `step` places on in the divisors of `most`. */
static int step_divisor(int value, int most, int step)
{
    int divisors[PLAN_MAX_DIVISORS];
    int count = plan_divisors(most, divisors), index = 0;
    while (index + 1 < count && divisors[index] < value)
        index++;
    index += step;
    index = index < 0 ? 0 : index >= count ? count - 1 : index;
    return divisors[index];
}

Status folding_step(Folding *folding, int row, FoldAxis axis, int step)
{
    const Stage *stage = &folding->plan->stages[row];
    const FoldLimits limits = plan_fold_limits(stage);
    int pe = axis == FOLD_PE ? step_divisor(stage->pe, limits.pe, step) : stage->pe;
    int simd = axis == FOLD_SIMD ? step_divisor(stage->simd, limits.simd, step) : stage->simd;
    return folding_set(folding, row, pe, simd);
}

/* ---- for a rate, for a device ---------------------------------------------------------------- */

struct BalanceTask {
    Arena *arena;
    IntegerModel model; /* the folding's, with operations of its own */
    FoldingGoal goal;
    const char *device;
    Status status;
    const char *message; /* of a failure: the last error belongs to a thread */
};

static Op *copy_ops(const IntegerModel *model, Arena *arena)
{
    Op *ops = ARENA_ARRAY(arena, Op, model->count);
    memcpy(ops, model->ops, (size_t)model->count * sizeof *ops);
    return ops;
}

BalanceTask *balance_task_new(const Folding *folding, double images_per_s, double clock_mhz,
                              const char *device)
{
    Arena *arena = arena_new();
    BalanceTask *task = ARENA_NEW(arena, BalanceTask);
    *task = (BalanceTask){.arena = arena,
                          .model = *folding->model,
                          .goal = {.target_fps = images_per_s, .clock_mhz = clock_mhz},
                          .device = device ? arena_strdup(arena, device) : NULL};
    task->model.ops = copy_ops(folding->model, arena);
    return task;
}

static Status choose_anew(BalanceTask *task)
{
    FoldingResult result;
    if (task->device)
        TRY(device_find(task->device, &task->goal.device));
    for (int i = 1; i < task->model.count; i++)
        task->model.ops[i].pe = task->model.ops[i].simd = 0;
    return folding_choose(&task->model, &task->goal, &result);
}

void balance_task_do(BalanceTask *task)
{
    task->status = choose_anew(task);
    task->message = task->status == OK ? "" : arena_strdup(task->arena, error_message());
}

void balance_task_free(BalanceTask *task)
{
    if (task)
        arena_free(task->arena);
}

static void take_folds(IntegerModel *model, const Op *ops)
{
    for (int i = 0; i < model->count; i++) {
        model->ops[i].pe = ops[i].pe;
        model->ops[i].simd = ops[i].simd;
    }
}

Status folding_take(Folding *folding, const BalanceTask *task)
{
    if (task->status != OK)
        return error_set(task->status, "%s", task->message);
    Arena *arena = arena_new();
    const Op *before = copy_ops(folding->model, arena);
    take_folds(folding->model, task->model.ops);
    Status status = plan_anew(folding);
    if (status != OK)
        take_folds(folding->model, before);
    arena_free(arena);
    return status;
}

Status folding_balance(Folding *folding, double images_per_s, double clock_mhz, const char *device)
{
    BalanceTask *task = balance_task_new(folding, images_per_s, clock_mhz, device);
    balance_task_do(task);
    Status status = folding_take(folding, task);
    balance_task_free(task);
    return status;
}

static double share(int64_t used, int there)
{
    if (there > 0)
        return (double)used / there;
    return used > 0 ? INFINITY : 0;
}

Status folding_shares(const Folding *folding, const char *device, FoldingShares *shares)
{
    const Device *found = NULL;
    ResourceEstimate estimate;
    TRY(device_find(device, &found));
    *shares = (FoldingShares){.known = resources_known(folding->plan, resources_target(found))};
    if (!shares->known)
        return OK;
    Arena *arena = arena_new();
    resources_estimate(folding->plan, found, arena, &estimate);
    shares->lut = share(estimate.total.lut, found->lut);
    shares->dsp = share(estimate.total.dsp, found->dsp);
    shares->bram = share(estimate.total.bram, found->bram);
    shares->lut_error = estimate.lut_error;
    arena_free(arena);
    return OK;
}

const char *folding_next_device(const char *device)
{
    const Device *list = device_list(), *at = list;
    while (device && at->name && strcmp(at->name, device) != 0)
        at++;
    return device && at->name ? at[1].name : list->name;
}
