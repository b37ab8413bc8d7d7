/* synth_runs.h: the recorded runs of Yosys, tests/fixtures/synth/runs.csv. Header only.
 *
 *     SynthRuns runs = synth_runs_read("tests/fixtures/synth/runs.csv", RESOURCES_ECP5);
 */
#ifndef TESTS_SYNTH_RUNS_H
#define TESTS_SYNTH_RUNS_H

#include "hw/resources.h"
#include "tests/unit/hw/synth_nets.h"

enum { SYNTH_MAX_RUNS = 512 };

enum { SYNTH_MAX_PARTS = TINY_MAX_OPS };

/* A stage, or what is no stage. */
typedef struct SynthPart {
    FitCells cells; /* LUTs and flip-flops of it */
    double features[FEATURES];
} SynthPart;

typedef struct SynthRun {
    bool held; /* out of the fit */
    FitCells cells;
    char network[SYNTH_NET_BYTES];
    IntegerModel *model;
    Plan *plan;
    bool knows_parts; /* their cells were recorded */
    SynthPart parts[SYNTH_MAX_PARTS];
    int part_count;
    double features[FEATURES]; /* of them all */
} SynthRun;

typedef struct SynthRuns {
    ResourceTarget target;
    SynthRun *runs;
    int count;
} SynthRuns;

static inline void synth_run_add_features(SynthRun *run, ResourceTarget target)
{
    const Plan *plan = run->plan;
    memset(run->features, 0, sizeof run->features);
    run->part_count = plan->count + 1;
    for (int i = 0; i < run->part_count; i++) {
        SynthPart *part = &run->parts[i];
        memset(part->features, 0, sizeof part->features);
        resources_add_features(plan, i < plan->count ? &plan->stages[i] : NULL, target,
                               part->features);
        for (int f = 0; f < FEATURES; f++)
            run->features[f] += part->features[f];
    }
}

/* "LUT:FF LUT:FF ..." of the stages; "-" where they were not recorded. */
static inline void synth_run_read_parts(SynthRun *run, char *text)
{
    char *rest = NULL, *word = strtok_r(text, " ", &rest);
    FitCells left = run->cells;
    run->knows_parts = strcmp(word, "-") != 0;
    for (int i = 0; run->knows_parts && i + 1 < run->part_count; i++) {
        long long lut, ff;
        if (!word || sscanf(word, "%lld:%lld", &lut, &ff) != 2)
            abort();
        run->parts[i].cells = (FitCells){.lut = lut, .ff = ff};
        left.lut -= lut;
        left.ff -= ff;
        word = strtok_r(NULL, " ", &rest);
    }
    run->parts[run->part_count - 1].cells = left;
}

static inline void synth_run_read(SynthRuns *runs, const char *line)
{
    char target[16], use[8], parts[SYNTH_NET_BYTES];
    long long lut, ff, dsp, bram;
    SynthRun *run = &runs->runs[runs->count];
    if (line[0] == '#')
        return;
    if (runs->count == SYNTH_MAX_RUNS ||
        sscanf(line, "%15[^,],%7[^,],%lld,%lld,%lld,%lld,%511[^,],%511[^\n]", target, use, &lut,
               &ff, &dsp, &bram, parts, run->network) != 8)
        abort();
    if (strcmp(target, resources_target_word(runs->target)) != 0)
        return;
    run->held = strcmp(use, "held") == 0;
    run->cells = (FitCells){lut, ff, dsp, bram};
    run->model = synth_net(run->network);
    if (synth_net_plan(run->model, run->network, &run->plan) != OK)
        abort();
    synth_run_add_features(run, runs->target);
    synth_run_read_parts(run, parts);
    runs->count++;
}

/* Those of one target. The test that calls it fails when the file is not there or not in order. */
static inline SynthRuns synth_runs_read(const char *path, ResourceTarget target)
{
    SynthRuns runs = {.target = target, .runs = malloc(SYNTH_MAX_RUNS * sizeof(SynthRun))};
    char line[2 * SYNTH_NET_BYTES + 128];
    FILE *file = fopen(path, "re");
    if (!file || !runs.runs)
        abort();
    while (fgets(line, sizeof line, file))
        synth_run_read(&runs, line);
    fclose(file);
    return runs;
}

static inline void synth_runs_free(SynthRuns *runs)
{
    for (int i = 0; i < runs->count; i++) {
        plan_free(runs->runs[i].plan);
        integer_model_free(runs->runs[i].model);
    }
    free(runs->runs);
}

#endif
