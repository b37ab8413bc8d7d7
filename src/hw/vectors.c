#include "hw/vectors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "base/fs.h"
#include "hw/emit.h"

enum { SAMPLE_BYTES = 2, WORD_BYTES = 4 };

/* ---- files ----------------------------------------------------------------------------------- */

static void pack(const int32_t *samples, int64_t count, unsigned char *bytes)
{
    for (int64_t i = 0; i < count; i++) {
        bytes[2 * i] = (unsigned char)(samples[i] & 0xff);
        bytes[2 * i + 1] = (unsigned char)((samples[i] >> 8) & 0xff);
    }
}

static int32_t unpack(const unsigned char *bytes)
{
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static int32_t unpack_word(const unsigned char *bytes)
{
    return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                     (uint32_t)bytes[3] << 24);
}

/* `count` values of `bytes` bytes, 2 or 4. */
static Status read_values(const char *path, size_t bytes, int64_t count, int32_t *values,
                          int64_t *got)
{
    *got = 0;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be opened: %s", path, strerror(errno));
    unsigned char value[WORD_BYTES];
    while (*got < count && fread(value, bytes, 1, file) == 1)
        values[(*got)++] = bytes == WORD_BYTES ? unpack_word(value) : unpack(value);
    fclose(file);
    return OK;
}

Status vectors_read(const char *path, int64_t count, int32_t *samples, int64_t *got)
{
    return read_values(path, SAMPLE_BYTES, count, samples, got);
}

/* A file that is being written, and what it takes to make its samples bytes. */
typedef struct Writer {
    const char *path;
    FILE *file;
    unsigned char *bytes;
} Writer;

static Status writer_open(Writer *writer, Arena *arena, const char *path, int64_t samples)
{
    *writer = (Writer){.path = path,
                       .file = fopen(path, "wbe"),
                       .bytes = ARENA_ARRAY(arena, unsigned char, samples *SAMPLE_BYTES)};
    if (!writer->file)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be made: %s", path, strerror(errno));
    return OK;
}

static void writer_add(Writer *writer, const int32_t *samples, int64_t count)
{
    pack(samples, count, writer->bytes);
    fwrite(writer->bytes, SAMPLE_BYTES, (size_t)count, writer->file);
}

static Status writer_close(Writer *writer)
{
    if (!writer->file)
        return OK;
    bool bad = ferror(writer->file) != 0;
    bad = fclose(writer->file) != 0 || bad;
    return bad ? error_set(ERR_ENVIRONMENT, "%s: cannot be written: %s", writer->path,
                           strerror(errno))
               : OK;
}

/* ---- stimulus and expected values ------------------------------------------------------------ */

static int64_t elements_of(StreamLayout layout)
{
    return layout.beats * layout.lanes;
}

/* Images on their way into the two files. */
typedef struct Batches {
    IntegerForward *forward;
    const Dataset *dataset;
    const VectorFiles *files;
    int64_t in, out;   /* elements of an image */
    Writer writers[2]; /* of stimulus and expected */
    float *images;     /* VECTORS_BATCH */
    int32_t *labels;   /* or NULL */
} Batches;

static Status write_batches(Batches *batches)
{
    const VectorFiles *files = batches->files;
    int64_t in = batches->in, out = batches->out;
    for (int64_t done = 0; done < files->count;) {
        TRY(cancel_check());
        int64_t left = files->count - done;
        int batch = left < VECTORS_BATCH ? (int)left : VECTORS_BATCH;
        dataset_read(batches->dataset, files->first + done, batch, batches->images);
        const int32_t *scores = integer_forward_run(batches->forward, batches->images, batch);
        writer_add(&batches->writers[0], integer_forward_op(batches->forward, 0), batch * in);
        writer_add(&batches->writers[1], scores, batch * out);
        for (int i = 0; batches->labels && i < batch; i++)
            batches->labels[done + i] = integer_arg_max(scores + i * out, (int)out);
        done += batch;
    }
    return OK;
}

Status vectors_write(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                     const VectorFiles *files, int32_t *labels)
{
    Arena *arena = arena_new();
    Batches batches = {.forward = forward,
                       .dataset = dataset,
                       .files = files,
                       .in = elements_of(plan->input),
                       .out = elements_of(plan->output),
                       .labels = labels};
    batches.images = ARENA_ARRAY(arena, float, VECTORS_BATCH *batches.in);
    Writer *writers = batches.writers;
    Status status = writer_open(&writers[0], arena, files->stimulus, VECTORS_BATCH * batches.in);
    if (status == OK)
        status = writer_open(&writers[1], arena, files->expected, VECTORS_BATCH * batches.out);
    if (status == OK)
        status = write_batches(&batches);
    for (int i = 0; i < 2; i++) {
        Status closed = writer_close(&writers[i]);
        status = status == OK ? closed : status;
    }
    arena_free(arena);
    return status;
}

/* ---- taps ------------------------------------------------------------------------------------ */

/* What the hardware's layers put out, over all the images of a run. */
typedef struct Tap {
    int32_t *samples;
    int64_t got;
    int64_t elements; /* per image */
} Tap;

static Status read_taps(const Plan *plan, Arena *arena, const char *folder, int64_t count,
                        Tap *taps)
{
    for (int i = 0; i < plan->count; i++) {
        const Stage *stage = &plan->stages[i];
        Tap *tap = &taps[i];
        tap->elements = elements_of(stage->output);
        tap->samples = ARENA_ARRAY(arena, int32_t, count * tap->elements);
        const char *path = fs_join(arena, folder, emit_tap_name(arena, stage));
        if (!fs_exists(path))
            continue; /* the simulation gave up before it began: all is missing */
        size_t bytes = op_traits(stage->op->kind)->writes_float ? WORD_BYTES : SAMPLE_BYTES;
        TRY_IN(read_values(path, bytes, count * tap->elements, tap->samples, &tap->got), "layer %s",
               stage->op->name);
    }
    return OK;
}

/* Compares one image's output of one layer with `golden`; `offset` is where it starts in the tap.
 * Returns whether there is a wrong value, or with `missing` one that never came. */
static bool compare_image(const Tap *tap, int64_t offset, const int32_t *golden, bool missing,
                          Difference *difference)
{
    int64_t there = tap->got < offset ? 0 : tap->got - offset;
    int64_t element = 0;
    while (element < tap->elements && element < there &&
           tap->samples[offset + element] == golden[element])
        element++;
    if (element == tap->elements || (element < there) == missing)
        return false;
    difference->found = true;
    difference->element = element;
    difference->missing = missing;
    difference->got = missing ? 0 : tap->samples[offset + element];
    difference->expected = golden[element];
    return true;
}

typedef struct Comparison {
    IntegerForward *forward; /* has run the image */
    const Plan *plan;
    const Tap *taps;
    int64_t index; /* of the image in the run */
} Comparison;

static bool compare_stage(const Comparison *comparison, int i, bool missing, Difference *difference)
{
    const Stage *stage = &comparison->plan->stages[i];
    const Tap *tap = &comparison->taps[i];
    const int32_t *golden = integer_forward_op(comparison->forward, stage->op_index);
    if (!compare_image(tap, comparison->index * tap->elements, golden, missing, difference))
        return false;
    difference->layer = stage->op->name;
    difference->is_float = op_traits(stage->op->kind)->writes_float;
    return true;
}

static void compare_stages(const Comparison *comparison, int suspect, Difference *difference)
{
    int count = comparison->plan->count;
    for (int i = 0; i < count; i++)
        if (compare_stage(comparison, i, false, difference))
            return;
    if (suspect >= 0 && compare_stage(comparison, suspect, true, difference))
        return;
    for (int i = 0; i < count; i++)
        if (compare_stage(comparison, i, true, difference))
            return;
}

/* All taps of a run, and one image of it after the other. */
typedef struct TapReader {
    IntegerForward *forward;
    const Dataset *dataset;
    const TapRun *run;
    Comparison comparison;
    Tap *taps;
    float *image;
} TapReader;

static Status open_taps(TapReader *reader, const Plan *plan, Arena *arena)
{
    reader->taps = ARENA_ARRAY(arena, Tap, plan->count);
    reader->image = ARENA_ARRAY(arena, float, elements_of(plan->input));
    reader->comparison =
        (Comparison){.forward = reader->forward, .plan = plan, .taps = reader->taps};
    return read_taps(plan, arena, reader->run->folder, reader->run->count, reader->taps);
}

/* The golden model has run that image of the run. */
static void take_image(TapReader *reader, int64_t index)
{
    dataset_read(reader->dataset, reader->run->first + index, 1, reader->image);
    integer_forward_run(reader->forward, reader->image, 1);
    reader->comparison.index = index;
}

Status vectors_compare_taps(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                            const TapRun *run, Difference *difference)
{
    *difference = (Difference){.layer = ""};
    Arena *arena = arena_new();
    TapReader reader = {.forward = forward, .dataset = dataset, .run = run};
    Status status = open_taps(&reader, plan, arena);
    for (int64_t i = 0; status == OK && i < run->count && !difference->found; i++) {
        take_image(&reader, i);
        difference->image = run->first + i;
        compare_stages(&reader.comparison, run->suspect, difference);
    }
    arena_free(arena);
    return status;
}

static Status visit_image(const TapReader *reader, TapVisitor visitor)
{
    const Plan *plan = reader->comparison.plan;
    for (int i = 0; i < plan->count; i++) {
        const Stage *stage = &plan->stages[i];
        const Tap *tap = &reader->taps[i];
        int64_t offset = reader->comparison.index * tap->elements;
        int64_t there = tap->got < offset ? 0 : tap->got - offset;
        const TapOutput output = {.stage = stage,
                                  .image = reader->run->first + reader->comparison.index,
                                  .elements = tap->elements,
                                  .there = there < tap->elements ? there : tap->elements,
                                  .got = tap->samples + offset,
                                  .expected = integer_forward_op(reader->forward, stage->op_index)};
        TRY(visitor.visit(visitor.context, &output));
    }
    return OK;
}

Status vectors_visit_taps(IntegerForward *forward, const Plan *plan, const Dataset *dataset,
                          const TapRun *run, TapVisitor visitor)
{
    Arena *arena = arena_new();
    TapReader reader = {.forward = forward, .dataset = dataset, .run = run};
    Status status = open_taps(&reader, plan, arena);
    for (int64_t i = 0; status == OK && i < run->count; i++) {
        take_image(&reader, i);
        status = visit_image(&reader, visitor);
    }
    arena_free(arena);
    return status;
}
