#include "flow/mutation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "hw/timing.h"
#include "hw/weights_file.h"
#include "tools/ghdl.h"

#define RESULT_WORD   "DNN2FPGA-RESULT"
#define CONSTANTS_END "_constants.vhd"
#define NO_MUTATION   "NONE 0 0\n"

enum { MAX_FILE_BYTES = 1 << 28 };

typedef struct Mutation {
    const MutationSetup *setup;
    Arena *arena;
    const char *folder; /* absolute */
    GhdlTools tools;
    Design design;
    GhdlDesign opened; /* built: its constants can be changed */
    IntegerForward *golden;
    int32_t *wanted; /* outputs of all images */
    int64_t elements;
    Timing timing; /* of MUTATION_LINE_IMAGES images, or as many as there are */
} Mutation;

static const char *const FATE_WORDS[FATES] = {
    [FATE_CAUGHT] = "caught", [FATE_EQUIVALENT] = "equivalent", [FATE_SURVIVED] = "survived"};

const char *mutant_fate_word(MutantFate fate)
{
    return FATE_WORDS[fate];
}

/* ---- one simulation -------------------------------------------------------------------------- */

typedef struct Trial {
    const GhdlDesign *design;
    const char *folder; /* with the vectors; the simulation runs here */
    VectorFiles files;
    const char *sum; /* generic: checksum of the weights that are loaded; NULL: none are */
    bool stalls, compare_time;
} Trial;

static bool sentinel_is(const GhdlRun *run, const char *name, int64_t wanted)
{
    int64_t value = 0;
    return ghdl_sentinel_value(run->sentinel_line, name, &value) && value == wanted;
}

static bool time_is_right(const Mutation *mutation, const GhdlRun *run, int64_t images)
{
    const Timing *timing = &mutation->timing;
    return sentinel_is(run, "latency_cycles", timing->latency_cycles) &&
           (images < 2 || (sentinel_is(run, "interval_min", timing->interval_min) &&
                           sentinel_is(run, "interval_max", timing->interval_max)));
}

/* True when the bench found nothing wrong. */
static Status try_out(const Mutation *mutation, const Trial *trial, bool *passed)
{
    Arena *arena = mutation->arena;
    const char *const generics[] = {
        arena_printf(arena, "STIMULUS=%s", trial->files.stimulus),
        arena_printf(arena, "EXPECTED=%s", trial->files.expected),
        arena_printf(arena, "IMAGES=%lld", (long long)trial->files.count),
        trial->stalls ? "STALL_SEED=1" : "STALL_SEED=0",
        trial->sum,
        NULL};
    GhdlRun run = {.generics = generics, .folder = trial->folder, .sentinel = RESULT_WORD};
    TRY(ghdl_run_many(arena, trial->design, &run, 1, 1));
    *passed = ghdl_run_passed(&run) && sentinel_is(&run, "images", trial->files.count) &&
              (!trial->compare_time || time_is_right(mutation, &run, trial->files.count));
    return OK;
}

static VectorFiles vector_files(Arena *arena, const char *folder, int64_t first, int64_t count)
{
    return (VectorFiles){.stimulus = fs_join(arena, folder, "stimulus.bin"),
                         .expected = fs_join(arena, folder, "expected.bin"),
                         .first = first,
                         .count = count};
}

/* Loaded weights are changed in their file. */
static bool is_loaded(const Plan *plan, const Mutant *mutant)
{
    return mutant->kind == MUTANT_WEIGHT && weights_are_loaded(plan, &plan->stages[mutant->stage]);
}

/* weights.bin for a trial. The bench is told the checksum of what is in it: the images alone are to
 * tell a wrong weight. `mutant` may be NULL. */
static Status write_weights(const Mutation *mutation, const Mutant *mutant, Trial *trial)
{
    const Plan *plan = mutation->setup->plan;
    if (!plan->loads_weights)
        return OK;
    Arena *arena = mutation->arena;
    Buffer bytes = {0};
    weights_file_write(plan, &bytes);
    if (mutant && is_loaded(plan, mutant))
        weights_file_change(plan, mutant->stage, mutant->index, mutant->value, &bytes);
    trial->sum = arena_printf(arena, "EXPECTED_SUM=%08X",
                              (unsigned)weights_checksum(bytes.data, bytes.length));
    Status status =
        fs_write_atomic(fs_join(arena, trial->folder, WEIGHTS_FILE_NAME), bytes.data, bytes.length);
    buffer_free(&bytes);
    return status;
}

/* ---- the design whose constants can be changed ----------------------------------------------- */

static const EmbeddedFile *mutation_package(void)
{
    const EmbeddedFile *file = hdl_library;
    while (strcmp(file->name, "mutation_pkg.vhd.tmpl") != 0)
        file++;
    return file;
}

static bool holds_constants(const char *path)
{
    size_t length = strlen(path), end = strlen(CONSTANTS_END);
    return length > end && strcmp(path + length - end, CONSTANTS_END) == 0;
}

static Status open_constants(const char *from, const char *to)
{
    Buffer text = {0}, opened = {0};
    Status status = fs_read_file(from, MAX_FILE_BYTES, &text);
    if (status == OK) {
        mutants_open_constants(text.data, &opened);
        status = fs_write_atomic(to, opened.data, opened.length);
    }
    buffer_free(&text);
    buffer_free(&opened);
    return status;
}

/* The files of the design, its constants replaced, mutation_pkg before them. */
static Status build_opened(Mutation *mutation)
{
    Arena *arena = mutation->arena;
    const Design *design = &mutation->design;
    const char *folder = fs_join(arena, mutation->folder, "opened");
    const char *package = fs_join(arena, folder, "mutation_pkg.vhd");
    const char **files = ARENA_ARRAY(arena, const char *, design->file_count + 2);
    int count = 0;
    TRY(fs_make_folders(folder));
    TRY(fs_write_atomic(package, mutation_package()->bytes, mutation_package()->size));
    for (int i = 0; i < design->file_count; i++) {
        if (!holds_constants(design->files[i])) {
            files[count++] = design->files[i];
            continue;
        }
        files[count++] = package;
        files[count] = fs_join(arena, folder, strrchr(design->files[i], '/') + 1);
        TRY(open_constants(design->files[i], files[count++]));
    }
    mutation->opened = (GhdlDesign){.backend = mutation->tools.fast,
                                    .folder = fs_join(arena, mutation->folder, "sim_opened"),
                                    .files = files,
                                    .top = design->bench,
                                    .deadline_s = mutation->setup->deadline_s,
                                    .log_path = fs_join(arena, mutation->folder, "mutation.log")};
    return ghdl_build(arena, &mutation->opened);
}

static Status write_mutation(const char *folder, Arena *arena, const char *text)
{
    return fs_write_atomic(fs_join(arena, folder, "mutation.txt"), text, strlen(text));
}

/* The line of mutation.txt. */
static const char *line_of(const Mutation *mutation, const Mutant *mutant)
{
    if (!mutant || is_loaded(mutation->setup->plan, mutant))
        return NO_MUTATION;
    return arena_printf(mutation->arena, "%s %lld %d\n", mutant->constant, (long long)mutant->index,
                        mutant->value);
}

/* Image `image` through the opened design, with a constant changed; NULL: none. */
static Status try_constant(const Mutation *mutation, const Mutant *mutant, int64_t image,
                           bool *passed)
{
    Arena *arena = mutation->arena;
    const char *folder = fs_join(arena, mutation->folder, "trial");
    Trial trial = {.design = &mutation->opened,
                   .folder = folder,
                   .files = vector_files(arena, folder, image, 1)};
    TRY(fs_make_folders(folder));
    TRY(write_mutation(folder, arena, line_of(mutation, mutant)));
    TRY(write_weights(mutation, mutant, &trial));
    TRY(vectors_write(mutation->golden, mutation->setup->plan, mutation->setup->dataset,
                      &trial.files, NULL));
    return try_out(mutation, &trial, passed);
}

/* Without a fault it must pass, or everything below says nothing. */
static Status check_opened(const Mutation *mutation)
{
    bool passed = false;
    TRY(try_constant(mutation, NULL, 0, &passed));
    return passed ? OK
                  : error_set(ERR_INTERNAL,
                              "the design fails without a fault in it: see %s, and prove it first",
                              mutation->opened.log_path);
}

/* ---- the golden model ------------------------------------------------------------------------ */

/* Runs images `first`.. of one batch; their outputs. */
static const int32_t *run_batch(const Mutation *mutation, IntegerForward *forward, float *images,
                                int64_t first, int count)
{
    dataset_read(mutation->setup->dataset, first, count, images);
    return integer_forward_run(forward, images, count);
}

static int batch_at(const Mutation *mutation, int64_t first)
{
    int64_t left = mutation->setup->dataset->count - first;
    return left < VECTORS_BATCH ? (int)left : VECTORS_BATCH;
}

static float *batch_images(const Mutation *mutation)
{
    int64_t pixels = shape_elements(mutation->setup->plan->model->ops[0].output_shape);
    return ARENA_ARRAY(mutation->arena, float, pixels *VECTORS_BATCH);
}

static void run_golden(Mutation *mutation)
{
    int64_t images = mutation->setup->dataset->count;
    mutation->wanted = ARENA_ARRAY(mutation->arena, int32_t, images * mutation->elements);
    float *batch = batch_images(mutation);
    for (int64_t first = 0; first < images; first += VECTORS_BATCH) {
        int count = batch_at(mutation, first);
        memcpy(mutation->wanted + first * mutation->elements,
               run_batch(mutation, mutation->golden, batch, first, count),
               (size_t)(count * mutation->elements) * sizeof(int32_t));
    }
}

/* The first image whose output the mutant changes, in software; -1: none. */
static int64_t find_image(const Mutation *mutation, const Mutant *mutant)
{
    Arena *arena = arena_new();
    IntegerForward *forward =
        integer_forward_new(mutant_model(mutation->setup->plan, mutant, arena), VECTORS_BATCH);
    int64_t pixels = shape_elements(mutation->setup->plan->model->ops[0].output_shape);
    float *batch = ARENA_ARRAY(arena, float, pixels *VECTORS_BATCH);
    int64_t found = -1, elements = mutation->elements;
    for (int64_t first = 0; first < mutation->setup->dataset->count && found < 0;
         first += VECTORS_BATCH) {
        int count = batch_at(mutation, first);
        const int32_t *got = run_batch(mutation, forward, batch, first, count);
        const int32_t *wanted = mutation->wanted + first * elements;
        for (int64_t i = 0; i < count * elements && found < 0; i++)
            if (got[i] != wanted[i])
                found = first + i / elements;
    }
    integer_forward_free(forward);
    arena_free(arena);
    return found;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static Status judge_constant(const Mutation *mutation, const Mutant *mutant, MutantVerdict *verdict)
{
    *verdict = (MutantVerdict){.fate = FATE_EQUIVALENT, .image = find_image(mutation, mutant)};
    if (verdict->image < 0)
        return OK;
    bool passed = false;
    TRY(try_constant(mutation, mutant, verdict->image, &passed));
    verdict->fate = passed ? FATE_SURVIVED : FATE_CAUGHT;
    return OK;
}

static Status write_line(const Mutation *mutation, const Mutant *mutant, const char *path)
{
    Buffer text = {0}, changed = {0};
    Status status = fs_read_file(mutation->design.files[mutant->file], MAX_FILE_BYTES, &text);
    if (status == OK) {
        mutant_text(mutant, text.data, &changed);
        status = fs_write_atomic(path, changed.data, changed.length);
    }
    buffer_free(&text);
    buffer_free(&changed);
    return status;
}

/* mcode compiles in a moment; what takes long with a line is the building. */
static Status build_line(const Mutation *mutation, const Mutant *mutant, GhdlDesign *built)
{
    Arena *arena = mutation->arena;
    const char *folder = fs_join(arena, mutation->folder, "line");
    TRY(fs_remove_tree(folder));
    TRY(fs_make_folders(folder));
    const char **files = ARENA_ARRAY(arena, const char *, mutation->design.file_count + 1);
    memcpy(files, mutation->design.files, (size_t)mutation->design.file_count * sizeof *files);
    files[mutant->file] = fs_join(arena, folder, "mutant.vhd");
    TRY(write_line(mutation, mutant, files[mutant->file]));
    *built = mutation->opened;
    built->backend = mutation->tools.checker ? mutation->tools.checker : mutation->tools.fast;
    built->folder = fs_join(arena, folder, "sim");
    built->files = files;
    return ghdl_build(arena, built);
}

static Status judge_line(const Mutation *mutation, const Mutant *mutant, MutantVerdict *verdict)
{
    GhdlDesign built;
    *verdict = (MutantVerdict){.fate = FATE_CAUGHT, .image = -1};
    Status status = build_line(mutation, mutant, &built);
    if (status == ERR_INTERNAL)
        return OK; /* the compiler caught it */
    TRY(status);
    int64_t images = mutation->setup->dataset->count;
    const char *folder = fs_join(mutation->arena, mutation->folder, "line");
    Trial trial = {.design = &built,
                   .folder = folder,
                   .files =
                       vector_files(mutation->arena, folder, 0,
                                    images < MUTATION_LINE_IMAGES ? images : MUTATION_LINE_IMAGES),
                   .compare_time = true};
    bool passed = false;
    TRY(write_weights(mutation, NULL, &trial));
    TRY(vectors_write(mutation->golden, mutation->setup->plan, mutation->setup->dataset,
                      &trial.files, NULL));
    TRY(try_out(mutation, &trial, &passed));
    trial.stalls = true;
    trial.compare_time = false;
    if (passed)
        TRY(try_out(mutation, &trial, &passed));
    verdict->fate = passed ? FATE_SURVIVED : FATE_CAUGHT;
    return OK;
}

static Status judge_all(const Mutation *mutation, MutationScore *score)
{
    for (int i = 0; i < score->mutants.count; i++) {
        const Mutant *mutant = &score->mutants.items[i];
        char detail[64];
        TRY(cancel_check());
        TRY_IN(mutant->stage < 0 ? judge_line(mutation, mutant, &score->verdicts[i])
                                 : judge_constant(mutation, mutant, &score->verdicts[i]),
               "%s", mutant->what);
        score->fates[score->verdicts[i].fate]++;
        snprintf(detail, sizeof detail, "%d of %d mutants, %d caught", i + 1, score->mutants.count,
                 score->fates[FATE_CAUGHT]);
        progress_report(mutation->setup->progress, (i + 1.0) / score->mutants.count, detail);
    }
    return OK;
}

/* ---- the run --------------------------------------------------------------------------------- */

static Status prepare(Mutation *mutation)
{
    const MutationSetup *setup = mutation->setup;
    int64_t images = setup->dataset->count;
    TRY(fs_remove_tree(setup->folder)); /* nothing of an earlier one may be taken for this one's */
    TRY(fs_make_folders(setup->folder));
    mutation->folder = fs_resolve(mutation->arena, setup->folder);
    TRY(ghdl_find(mutation->arena, &mutation->tools));
    TRY(emit_design(setup->plan, mutation->arena, fs_join(mutation->arena, mutation->folder, "hdl"),
                    &mutation->design));
    TRY(timing_predict(setup->plan,
                       images < MUTATION_LINE_IMAGES ? (int)images : MUTATION_LINE_IMAGES,
                       &mutation->timing));
    mutation->elements = setup->plan->output.beats * setup->plan->output.lanes;
    mutation->golden = integer_forward_new(setup->plan->model, VECTORS_BATCH);
    run_golden(mutation);
    TRY(build_opened(mutation));
    return check_opened(mutation);
}

Status mutation_run(const MutationSetup *setup, Arena *arena, MutationScore *score)
{
    Mutation mutation = {.setup = setup, .arena = arena};
    int64_t start = clock_monotonic_ns();
    *score = (MutationScore){0};
    Status status = prepare(&mutation);
    if (status == OK)
        status = mutants_choose(
            &(MutantsRequest){setup->plan, &mutation.design, setup->count, setup->seed}, arena,
            &score->mutants);
    if (status == OK) {
        score->verdicts = ARENA_ARRAY(arena, MutantVerdict, score->mutants.count);
        status = judge_all(&mutation, score);
    }
    integer_forward_free(mutation.golden);
    int judged = score->fates[FATE_CAUGHT] + score->fates[FATE_SURVIVED];
    score->score = judged ? (double)score->fates[FATE_CAUGHT] / judged : 1;
    score->seconds = clock_seconds_since(start);
    if (status == OK)
        score->backend = ghdl_code_word(mutation.tools.fast->code);
    return status;
}
