#include "flow/proof.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "flow/differences.h"
#include "flow/proof_shards.h"
#include "flow/proof_watch.h"
#include "hw/buffers.h"

enum { PROGRESS_STEPS = 50 };

static int64_t output_elements(const Plan *plan)
{
    return plan->output.beats * plan->output.lanes;
}

/* ---- writing --------------------------------------------------------------------------------- */

static VectorFiles name_shard(Arena *arena, const char *folder, const char *tag, int64_t first,
                              int64_t count)
{
    return (VectorFiles){.stimulus = arena_printf(arena, "%s/stimulus_%s.bin", folder, tag),
                         .expected = arena_printf(arena, "%s/expected_%s.bin", folder, tag),
                         .first = first,
                         .count = count};
}

static void cut_into_shards(const ProofSetup *setup, Arena *arena, const char *folder,
                            ProofWork *work)
{
    work->shard_count = shards_needed(work->images, setup->jobs);
    work->shards = ARENA_ARRAY(arena, VectorFiles, work->shard_count);
    for (int i = 0; i < work->shard_count; i++) {
        int64_t first = work->images * i / work->shard_count;
        int64_t end = work->images * (i + 1) / work->shard_count;
        work->shards[i] =
            name_shard(arena, folder, arena_printf(arena, "%02d", i), first, end - first);
    }
}

Status proof_write(const ProofSetup *setup, Arena *arena, ProofWork *work)
{
    *work = (ProofWork){.images = setup->images < setup->dataset->count ? setup->images
                                                                        : setup->dataset->count};
    if (work->images < 1)
        return error_set(ERR_USAGE, "a proof needs at least one image");
    TRY(emit_design(setup->plan, arena, fs_join(arena, setup->folder, "hdl"), &work->design));
    const char *vectors = fs_join(arena, setup->folder, "vectors");
    TRY(differences_forget(setup->folder));
    TRY(fs_make_folders(vectors)); /* what is there of an earlier proof counts by its hash alone */
    cut_into_shards(setup, arena, vectors, work);
    work->golden_labels = ARENA_ARRAY(arena, int32_t, work->images);
    IntegerForward *forward = integer_forward_new(setup->plan->model, VECTORS_BATCH);
    Status status = OK;
    for (int i = 0; status == OK && i < work->shard_count; i++) {
        const VectorFiles *shard = &work->shards[i];
        status = vectors_write(forward, setup->plan, setup->dataset, shard,
                               work->golden_labels + shard->first);
    }
    integer_forward_free(forward);
    return status;
}

/* ---- running --------------------------------------------------------------------------------- */

static const char *const *bench_generics(const Bench *bench, const VectorFiles *files,
                                         const char *outputs, bool taps)
{
    enum { GENERICS = 11 };
    Arena *arena = bench->arena;
    int64_t step = bench->images / PROGRESS_STEPS;
    const char **list = ARENA_ARRAY(arena, const char *, GENERICS);
    int used = 0;
    list[used++] = arena_printf(arena, "STIMULUS=%s", fs_absolute(arena, files->stimulus));
    list[used++] = arena_printf(arena, "EXPECTED=%s", fs_absolute(arena, files->expected));
    if (outputs) /* GHDL 2.0 dies of an empty string as a generic */
        list[used++] = arena_printf(arena, "OUTPUTS=%s", outputs);
    list[used++] = arena_printf(arena, "IMAGES=%lld", (long long)files->count);
    list[used++] = arena_printf(arena, "FIRST_IMAGE=%lld", (long long)files->first);
    list[used++] = arena_printf(arena, "STALL_SEED=%d", bench->setup->stall_seed);
    list[used++] = arena_printf(arena, "BEAT_GAP=%lld", (long long)bench->setup->beat_gap);
    list[used++] = arena_printf(arena, "PROGRESS=%lld", (long long)(step > 1 ? step : 1));
    if (bench->weights)
        list[used++] = arena_printf(arena, "WEIGHTS=%s", fs_absolute(arena, bench->weights));
    if (taps)
        list[used++] = "TAPS=true";
    return list;
}

static const char *outputs_of(const ProofSetup *setup, Arena *arena, int shard)
{
    const char *folder = fs_absolute(arena, setup->folder);
    return arena_printf(arena, "%s/vectors/outputs_%02d.bin", folder, shard);
}

/* Analyses and elaborates for a back end; the runs are filled in by the caller. */
static Status bench_build(const ProofSetup *setup, Arena *arena, const ProofWork *work,
                          const GhdlBackend *backend, Bench *bench)
{
    const char **files = ARENA_ARRAY(arena, const char *, work->design.file_count + 1);
    for (int i = 0; i < work->design.file_count; i++)
        files[i] = fs_absolute(arena, work->design.files[i]);
    const char *folder =
        arena_printf(arena, "%s/sim_%s", setup->folder, ghdl_code_word(backend->code));
    TRY(fs_make_folders(folder));
    *bench = (Bench){.setup = setup,
                     .arena = arena,
                     .weights = work->design.weights,
                     .design = {.backend = backend,
                                .folder = fs_absolute(arena, folder),
                                .files = files,
                                .top = work->design.bench,
                                .deadline_s = setup->deadline_s,
                                .log_path = fs_join(arena, fs_absolute(arena, setup->folder),
                                                    "simulation.log")}};
    return ghdl_build(arena, &bench->design);
}

static int64_t *unheard(const Bench *bench)
{
    int count = bench->setup->plan->buffer_count;
    int64_t *values = ARENA_ARRAY(bench->arena, int64_t, count + 1);
    for (int i = 0; i < count; i++)
        values[i] = -1;
    return values;
}

static void bench_runs(Bench *bench, const VectorFiles *files, int count)
{
    bench->files = files;
    bench->count = count;
    bench->runs = ARENA_ARRAY(bench->arena, GhdlRun, count);
    bench->watches = ARENA_ARRAY(bench->arena, Watch, count);
    bench->images = 0;
    for (int i = 0; i < count; i++) {
        bench->images += files[i].count;
        bench->watches[i] = (Watch){.bench = bench,
                                    .suspect = -1,
                                    .peaks = unheard(bench),
                                    .held = unheard(bench),
                                    .room = unheard(bench)};
        bench->runs[i] = (GhdlRun){
            .sentinel = PROOF_RESULT_WORD, .on_line = proof_listen, .context = &bench->watches[i]};
    }
}

/* ---- judging one run ------------------------------------------------------------------------- */

typedef struct Counts {
    int64_t images, values, mismatches, latency, interval, interval_min, interval_max;
} Counts;

static bool read_counts(const GhdlRun *run, Counts *counts)
{
    const char *line = run->sentinel_line;
    *counts = (Counts){0};
    return line && ghdl_sentinel_value(line, "images", &counts->images) &&
           ghdl_sentinel_value(line, "values", &counts->values) &&
           ghdl_sentinel_value(line, "mismatches", &counts->mismatches) &&
           ghdl_sentinel_value(line, "latency_cycles", &counts->latency) &&
           ghdl_sentinel_value(line, "interval_cycles", &counts->interval) &&
           ghdl_sentinel_value(line, "interval_min", &counts->interval_min) &&
           ghdl_sentinel_value(line, "interval_max", &counts->interval_max);
}

/* Exit status, sentinel, and the right counts in it. */
static bool run_is_exact(const Bench *bench, int index)
{
    Counts counts;
    const VectorFiles *files = &bench->files[index];
    return ghdl_run_passed(&bench->runs[index]) && read_counts(&bench->runs[index], &counts) &&
           counts.images == files->count && counts.mismatches == 0 &&
           counts.values == files->count * output_elements(bench->setup->plan);
}

/* The failed run whose failure comes first in the dataset, of the first `count`; -1: none
 * failed. */
static int first_failure(const Bench *bench, int count)
{
    int best = -1;
    for (int i = 0; i < count; i++) {
        bool stopped = bench->runs[i].result.end == PROCESS_CANCELLED ||
                       bench->runs[i].result.end == PROCESS_NOT_STARTED;
        bool failed = bench->watches[i].failed || (!stopped && !run_is_exact(bench, i));
        if (failed && (best < 0 || (bench->watches[i].failed && !bench->watches[best].failed)))
            best = i;
    }
    return best;
}

/* ---- the buffers ----------------------------------------------------------------------------- */

/* The highest of all runs. */
static void count_peaks(const Bench *bench, ProofResult *result)
{
    const Plan *plan = bench->setup->plan;
    result->peaks = unheard(bench);
    for (int i = 0; i < bench->count; i++)
        for (int k = 0; k < plan->buffer_count; k++)
            if (bench->watches[i].peaks[k] > result->peaks[k])
                result->peaks[k] = bench->watches[i].peaks[k];
}

/* A deep buffer that the plan made too deep, or that fills up where it must not, shows here. */
static Status compare_peaks(const Bench *bench, ProofResult *result)
{
    const Plan *plan = bench->setup->plan;
    int64_t images = 1;
    for (int i = 0; i < bench->count; i++)
        images = bench->files[i].count > images ? bench->files[i].count : images;
    Timing planned;
    TRY(timing_predict(plan, images < TIMING_IMAGES ? (int)images : TIMING_IMAGES, &planned));
    count_peaks(bench, result);
    result->planned_peaks = planned.peaks;
    result->peaks_exact = true;
    for (int i = 0; i < plan->buffer_count; i++)
        if (plan->buffers[i].depth > BUFFER_REGISTER_DEPTH && result->peaks[i] != planned.peaks[i])
            result->peaks_exact = false;
    return OK;
}

/* NULL unless every buffer said that nothing moves in it. */
static const char *explain_standstill(const Bench *bench, const Watch *watch)
{
    const Plan *plan = bench->setup->plan;
    BufferUse *uses = ARENA_ARRAY(bench->arena, BufferUse, plan->buffer_count + 1);
    for (int i = 0; i < plan->buffer_count; i++) {
        if (watch->held[i] < 0)
            return NULL;
        uses[i] = (BufferUse){.held = watch->held[i], .full = watch->room[i] == 0};
    }
    return plan->buffer_count ? buffers_explain(plan, bench->arena, uses) : NULL;
}

/* ---- the layer that differs ------------------------------------------------------------------ */

static Status write_and_tap(Bench *bench, const VectorFiles *files, IntegerForward *forward,
                            ProofResult *result, Difference *difference)
{
    const ProofSetup *setup = bench->setup;
    Arena *arena = bench->arena;
    const char *folder = fs_join(arena, setup->folder, "taps");
    TRY(fs_remove_tree(folder));
    TRY(fs_make_folders(folder));
    TRY(vectors_write(forward, setup->plan, setup->dataset, files, NULL));
    bench_runs(bench, files, 1);
    bench->runs[0].folder = fs_absolute(arena, folder);
    bench->runs[0].generics = bench_generics(bench, files, NULL, true);
    bench->runs[0].wave = bench->wave;
    TRY(ghdl_run_many(arena, &bench->design, bench->runs, 1, 1));
    if (bench->watches[0].failed && bench->watches[0].first.missing)
        result->standstill = explain_standstill(bench, &bench->watches[0]);
    TapRun run = {.folder = folder,
                  .first = files->first,
                  .count = files->count,
                  .suspect = bench->watches[0].suspect};
    TRY(vectors_compare_taps(forward, setup->plan, setup->dataset, &run, difference));
    return differences_write(setup->folder, forward, setup->plan, setup->dataset, &run);
}

static Status tap(Bench *bench, int64_t first, int64_t count, ProofResult *result,
                  Difference *difference)
{
    VectorFiles *files = ARENA_NEW(bench->arena, VectorFiles);
    *files = name_shard(bench->arena, fs_join(bench->arena, bench->setup->folder, "vectors"),
                        "taps", first, count);
    result->taps_first = first;
    result->taps_count = count;
    IntegerForward *forward = integer_forward_new(bench->setup->plan->model, VECTORS_BATCH);
    Status status = write_and_tap(bench, files, forward, result, difference);
    integer_forward_free(forward);
    return status;
}

/* Runs an image that differs again, with the one before it (what that left behind may be the
 * cause), and keeps every layer's output, and waveforms. */
static Status tap_image(Bench *bench, int64_t first, int64_t image, ProofResult *result,
                        Difference *difference)
{
    int64_t start = image > first ? image - 1 : first;
    bench->wave = bench->setup->wave;
    return tap(bench, start, image - start + 1, result, difference);
}

static Status tap_failure(Bench *bench, int failed, ProofResult *result, Difference *difference)
{
    const Watch *watch = &bench->watches[failed];
    int64_t first = bench->files[failed].first;
    return tap_image(bench, first, watch->failed ? watch->first.image : first, result, difference);
}

/* Every layer of the first images, though their outputs are right: two faults may hide each
 * other. */
static Status tap_asked(Bench *bench, int64_t images, ProofResult *result)
{
    Difference difference, again;
    int64_t asked = bench->setup->tap_images;
    result->tapped_images = asked < images ? asked : images;
    if (result->tapped_images < 1)
        return OK;
    TRY(tap(bench, 0, result->tapped_images, result, &difference));
    if (!difference.found)
        return OK;
    result->bit_exact = false;
    result->first = difference;
    return bench->setup->wave ? tap_image(bench, 0, difference.image, result, &again) : OK;
}

static Status diagnose(Bench *bench, int failed, ProofResult *result)
{
    const Watch *watch = &bench->watches[failed];
    if (!watch->failed && watch->fault[0] && !watch->in_design)
        return error_set(ERR_ENVIRONMENT, "the simulator gave up: %s", watch->fault);
    result->bit_exact = false;
    result->fault = watch->fault[0] ? watch->fault : NULL; /* lives in the arena */
    result->first = watch->first;
    result->first.found = true;
    result->first.layer = "";
    Difference difference;
    TRY(tap_failure(bench, failed, result, &difference));
    if (difference.found)
        result->first = difference;
    return OK;
}

Status proof_tap(const ProofSetup *setup, Arena *arena, const Design *design, int64_t image,
                 Difference *first)
{
    GhdlTools tools;
    Bench bench;
    ProofResult result = {0};
    const ProofWork work = {.design = *design};
    TRY(ghdl_find(arena, &tools));
    TRY(fs_make_folders(fs_join(arena, setup->folder, "vectors")));
    TRY(bench_build(setup, arena, &work, tools.fast, &bench));
    return tap_image(&bench, 0, image, &result, first);
}

/* ---- the sum --------------------------------------------------------------------------------- */

static Status add_timing(const ProofSetup *setup, const Counts *counts, int64_t images,
                         ProofResult *result)
{
    Timing predicted;
    TRY(timing_predict(setup->plan, images < TIMING_IMAGES ? (int)images : TIMING_IMAGES,
                       &predicted));
    bool exact = counts->latency == predicted.latency_cycles;
    if (images > 1) {
        exact = exact && counts->interval == predicted.interval_cycles &&
                counts->interval_min == predicted.interval_min &&
                counts->interval_max == predicted.interval_max;
        bool first = result->interval_cycles == 0;
        result->interval_cycles = counts->interval;
        if (first || counts->interval_min < result->interval_min)
            result->interval_min = counts->interval_min;
        if (first || counts->interval_max > result->interval_max)
            result->interval_max = counts->interval_max;
    }
    result->latency_cycles = counts->latency;
    result->timing_exact = result->timing_exact && exact;
    return OK;
}

static Status sum_up(const Bench *bench, ProofResult *result)
{
    result->timing_compared = bench->setup->stall_seed == 0 && bench->setup->beat_gap == 0;
    result->timing_exact = result->timing_compared;
    for (int i = 0; i < bench->count; i++) {
        Counts counts;
        if (!read_counts(&bench->runs[i], &counts)) {
            result->timing_exact = false;
            continue;
        }
        result->images += counts.images;
        result->values_compared += counts.values;
        result->mismatches += counts.mismatches;
        TRY(add_timing(bench->setup, &counts, bench->files[i].count, result));
    }
    return compare_peaks(bench, result);
}

/* Labels from what the hardware put out. */
static Status count_labels(const Bench *bench, const ProofWork *work, ProofResult *result)
{
    int64_t elements = output_elements(bench->setup->plan), agree = 0, correct = 0;
    for (int i = 0; i < bench->count; i++) {
        const VectorFiles *shard = &bench->files[i];
        const char *path = outputs_of(bench->setup, bench->arena, i);
        if (fs_size(path) < 0)
            continue; /* was stopped before it began */
        int32_t *scores = ARENA_ARRAY(bench->arena, int32_t, shard->count * elements);
        int64_t got;
        TRY(vectors_read(path, shard->count * elements, scores, &got));
        for (int64_t image = 0; image < got / elements; image++) {
            int64_t index = shard->first + image;
            int32_t label = integer_arg_max(scores + image * elements, (int)elements);
            agree += label == work->golden_labels[index];
            correct += label == bench->setup->dataset->labels[index];
            result->labelled++;
        }
    }
    if (result->labelled) {
        result->label_agreement = (double)agree / (double)result->labelled;
        result->accuracy = (double)correct / (double)result->labelled;
    }
    return OK;
}

/* ---- the two simulations --------------------------------------------------------------------- */

/* A few images in the back end that stops at an overflow. */
static Status check_overflow(const ProofSetup *setup, Arena *arena, const ProofWork *work,
                             const GhdlBackend *checker, ProofResult *result)
{
    Bench bench;
    TRY(bench_build(setup, arena, work, checker, &bench));
    VectorFiles *files = ARENA_NEW(arena, VectorFiles);
    assert(work->shards);
    *files = work->shards[0];
    files->count = files->count < PROOF_CHECKED_IMAGES ? files->count : PROOF_CHECKED_IMAGES;
    bench_runs(&bench, files, 1);
    bench.runs[0].generics = bench_generics(&bench, files, NULL, false);
    TRY(ghdl_run_many(arena, &bench.design, bench.runs, 1, 1));
    result->overflow_checked = files->count;
    if (run_is_exact(&bench, 0))
        return OK;
    return diagnose(&bench, 0, result);
}

/* ---- shards that are kept -------------------------------------------------------------------- */

static const char *done_path(const Bench *bench, int shard)
{
    return arena_printf(bench->arena, "%s/vectors/shard_%02d.done", bench->setup->folder, shard);
}

/* Before anything is simulated: what is kept stands for the files that GHDL was given. */
static Status identify_shards(Bench *bench, const ProofWork *work)
{
    char design[HASH_HEX_BYTES];
    const GhdlBackend *backend = bench->design.backend;
    ShardInput input = {.design = design,
                        .simulator = arena_printf(
                            bench->arena, "%s %s seed %d gap %lld", backend->path, backend->version,
                            bench->setup->stall_seed, (long long)bench->setup->beat_gap)};
    TRY(emit_hash(&work->design, design));
    bench->identities = arena_alloc_array(bench->arena, (size_t)bench->count, HASH_HEX_BYTES);
    for (int i = 0; i < bench->count; i++) {
        input.files = &work->shards[i];
        TRY(shard_identity(&input, bench->identities[i]));
    }
    return OK;
}

/* Takes a shard from an earlier proof in place of a simulation, if it is the same. */
static bool take_kept(Bench *bench, const ProofWork *work, int shard)
{
    GhdlRun *run = &bench->runs[shard];
    ShardDone done = {.outputs = outputs_of(bench->setup, bench->arena, shard),
                      .peak_count = bench->setup->plan->buffer_count};
    if (!shard_load(done_path(bench, shard), bench->identities[shard], bench->arena, &done))
        return false;
    run->result = (ProcessResult){.end = PROCESS_EXITED};
    run->sentinel_line = arena_strdup(bench->arena, done.sentinel);
    bench->watches[shard].peaks = done.peaks;
    bench->watches[shard].images_done = work->shards[shard].count;
    return run_is_exact(bench, shard);
}

static Status keep(const Bench *bench, int shard)
{
    if (!run_is_exact(bench, shard))
        return OK;
    return shard_save(done_path(bench, shard), bench->identities[shard],
                      &(ShardDone){.outputs = outputs_of(bench->setup, bench->arena, shard),
                                   .sentinel = bench->runs[shard].sentinel_line,
                                   .peaks = bench->watches[shard].peaks,
                                   .peak_count = bench->setup->plan->buffer_count});
}

/* Simulates shards `first`.., as many as run at once, and keeps those that are exact. */
static Status simulate_round(Bench *bench, const ProofWork *work, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        const char *outputs = outputs_of(bench->setup, bench->arena, i);
        TRY(fs_remove_tree(done_path(bench, i)));
        TRY(fs_remove_tree(outputs)); /* of an earlier run: must not count */
        bench->runs[i].generics = bench_generics(bench, &work->shards[i], outputs, false);
    }
    TRY(ghdl_run_many(bench->arena, &bench->design, &bench->runs[first], count, count));
    for (int i = first; i < first + count; i++)
        TRY(keep(bench, i));
    return OK;
}

/* Round by round, so that a proof that is cut short has kept all but the last. The shards that are
 * kept come first: they were done in this order. */
static Status simulate_shards(Bench *bench, const ProofWork *work, ProofResult *result)
{
    int kept = 0;
    TRY(identify_shards(bench, work));
    while (kept < bench->count && take_kept(bench, work, kept))
        result->kept_images += work->shards[kept++].count;
    if (kept < bench->count) { /* what did not count of the next one */
        bench->runs[kept].sentinel_line = NULL;
        bench->runs[kept].result = (ProcessResult){.end = PROCESS_NOT_STARTED};
        bench->watches[kept].peaks = unheard(bench);
        bench->watches[kept].images_done = 0;
    }
    int64_t start = clock_monotonic_ns();
    for (int first = kept; first < bench->count && first_failure(bench, first) < 0;) {
        int left = bench->count - first;
        int count = left < bench->setup->jobs ? left : bench->setup->jobs;
        TRY(simulate_round(bench, work, first, count > 0 ? count : 1));
        first += count > 0 ? count : 1;
    }
    result->seconds = clock_seconds_since(start);
    return OK;
}

static Status simulate_all(const ProofSetup *setup, Arena *arena, const ProofWork *work,
                           const GhdlBackend *backend, ProofResult *result)
{
    Bench bench;
    TRY(bench_build(setup, arena, work, backend, &bench));
    bench_runs(&bench, work->shards, work->shard_count);
    TRY(simulate_shards(&bench, work, result));
    TRY(sum_up(&bench, result));
    int64_t simulated = result->images - result->kept_images;
    result->simulated_images_per_s =
        simulated > 0 && result->seconds > 0 ? (double)simulated / result->seconds : NAN;
    TRY(count_labels(&bench, work, result));
    int failed = first_failure(&bench, bench.count);
    if (failed < 0)
        return tap_asked(&bench, work->images, result);
    return diagnose(&bench, failed, result);
}

Status proof_judge(const ProofSetup *setup, Arena *arena, const ProofWork *work,
                   ProofResult *result)
{
    *result = (ProofResult){.bit_exact = true};
    TRY(timing_predict(setup->plan, TIMING_IMAGES, &result->predicted));
    GhdlTools tools;
    TRY(ghdl_find(arena, &tools));
    result->backend = ghdl_code_word(tools.fast->code);
    result->backend_version = tools.fast->version;
    if (tools.checker && !setup->one_backend)
        TRY(check_overflow(setup, arena, work, tools.checker, result));
    if (!result->bit_exact)
        return OK; /* the many images can only say it again */
    return simulate_all(setup, arena, work, tools.fast, result);
}

Status proof_run(const ProofSetup *setup, Arena *arena, ProofResult *result)
{
    ProofWork work;
    TRY(proof_write(setup, arena, &work));
    return proof_judge(setup, arena, &work, result);
}
