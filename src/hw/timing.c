#include "hw/timing.h"

#include "hw/buffers.h"

LayerTiming timing_of_stage(const Stage *stage)
{
    bool is_dense = op_traits(stage->op->kind)->is_dense;
    int64_t windows = is_dense ? stage->input.beats : stage->output.beats;
    return (LayerTiming){.busy_cycles = windows * stage->fold_steps,
                         .interval_cycles =
                             tokens_positions(stage) + windows * (stage->fold_steps - 1)};
}

static void time_layers(const Plan *plan, Timing *timing)
{
    for (int i = 0; i < plan->count; i++) {
        timing->layers[i] = timing_of_stage(&plan->stages[i]);
        if (timing->layers[i].interval_cycles > timing->layers[timing->bottleneck].interval_cycles)
            timing->bottleneck = i;
    }
}

static void time_images(const TokenRun *run, Timing *timing)
{
    timing->latency_cycles = run->image_ends[0] - run->first_input + 1;
    for (int i = 0; i + 1 < run->images; i++)
        timing->intervals[i] = run->image_ends[i + 1] - run->image_ends[i];
    timing->interval_cycles = run->images > 1 ? timing->intervals[run->images - 2]
                                              : timing->layers[timing->bottleneck].interval_cycles;
    timing->interval_min = timing->interval_max = timing->interval_cycles;
    for (int i = 0; i + 1 < run->images; i++) {
        if (timing->intervals[i] < timing->interval_min)
            timing->interval_min = timing->intervals[i];
        if (timing->intervals[i] > timing->interval_max)
            timing->interval_max = timing->intervals[i];
    }
}

static void time_spans(const Plan *plan, const TokenRun *run, Timing *timing)
{
    for (int i = 0; i < plan->count; i++) {
        timing->layers[i].first_cycle = run->spans[i].first - run->first_input + 1;
        timing->layers[i].last_cycle = run->spans[i].last - run->first_input + 1;
    }
}

Status timing_predict(const Plan *plan, int images, Timing *timing)
{
    images = images < 1 ? 1 : images > TIMING_IMAGES ? TIMING_IMAGES : images;
    *timing = (Timing){.images = images,
                       .layers = ARENA_ARRAY(plan->arena, LayerTiming, plan->count),
                       .peaks = ARENA_ARRAY(plan->arena, int64_t, plan->buffer_count + 1)};
    time_layers(plan, timing);
    TokenRun run = {.images = images,
                    .peaks = timing->peaks,
                    .held = ARENA_ARRAY(plan->arena, int64_t, plan->buffer_count + 1),
                    .spans = ARENA_ARRAY(plan->arena, TokenSpan, plan->count)};
    tokens_run(plan, &run);
    if (run.end == TOKENS_LOCKED)
        return buffers_locked(plan, run.held);
    time_images(&run, timing);
    time_spans(plan, &run, timing);
    return OK;
}

Status timing_unbuffered(const Plan *plan, int64_t *interval_cycles)
{
    int64_t *depths = ARENA_ARRAY(plan->arena, int64_t, plan->buffer_count + 1);
    int64_t *held = ARENA_ARRAY(plan->arena, int64_t, plan->buffer_count + 1);
    for (int i = 0; i < plan->buffer_count; i++)
        depths[i] = plan->buffers[i].is_float ? BUFFER_REGISTER_DEPTH : INT64_MAX;
    TokenRun run = {.images = TIMING_IMAGES, .depths = depths, .held = held};
    tokens_run(plan, &run);
    if (run.end != TOKENS_DONE)
        return buffers_locked(plan, held);
    *interval_cycles = run.image_ends[TIMING_IMAGES - 1] - run.image_ends[TIMING_IMAGES - 2];
    return OK;
}
