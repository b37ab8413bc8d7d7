/* synth_runs.h: the recorded runs of Yosys, tests/fixtures/synth/runs.csv. Header only.
 *
 *     SynthRuns runs = synth_runs_read("tests/fixtures/synth/runs.csv", RESOURCES_ECP5);
 */
#ifndef TESTS_SYNTH_RUNS_H
#define TESTS_SYNTH_RUNS_H

#include "hw/resources.h"
#include "tests/unit/hw/synth_nets.h"

enum { SYNTH_MAX_RUNS = 256 };

typedef struct SynthRun {
    bool held; /* out of the fit */
    FitCells cells;
    char network[SYNTH_NET_BYTES];
    IntegerModel *model;
    Plan *plan;
    double features[FEATURES];
} SynthRun;

typedef struct SynthRuns {
    ResourceTarget target;
    SynthRun *runs;
    int count;
} SynthRuns;

static inline void synth_run_read(SynthRuns *runs, const char *line)
{
    char target[16], use[8];
    long long lut, ff, dsp, bram;
    SynthRun *run = &runs->runs[runs->count];
    if (line[0] == '#')
        return;
    if (runs->count == SYNTH_MAX_RUNS ||
        sscanf(line, "%15[^,],%7[^,],%lld,%lld,%lld,%lld,%511[^\n]", target, use, &lut, &ff, &dsp,
               &bram, run->network) != 7)
        abort();
    if (strcmp(target, resources_target_word(runs->target)) != 0)
        return;
    run->held = strcmp(use, "held") == 0;
    run->cells = (FitCells){lut, ff, dsp, bram};
    run->model = synth_net(run->network);
    if (plan_new(run->model, &run->plan) != OK)
        abort();
    memset(run->features, 0, sizeof run->features);
    for (int i = 0; i <= run->plan->count; i++)
        resources_add_features(run->plan, i < run->plan->count ? &run->plan->stages[i] : NULL,
                               runs->target, run->features);
    runs->count++;
}

/* Those of one target. The test that calls it fails when the file is not there or not in order. */
static inline SynthRuns synth_runs_read(const char *path, ResourceTarget target)
{
    SynthRuns runs = {.target = target, .runs = malloc(SYNTH_MAX_RUNS * sizeof(SynthRun))};
    char line[SYNTH_NET_BYTES + 128];
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
