#include "flow/differences.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/differences_json.h"
#include "quant/float32.h"

enum { RECORD_BYTES = 16, RECORD_MISSING = 1 };

static const char VALUES_FILE[] = "differences.bin";

/* ---- places ---------------------------------------------------------------------------------- */

int64_t differences_beat(const LayerDifferences *layer, int64_t element)
{
    return element / layer->lanes;
}

double differences_real(const LayerDifferences *layer, int32_t value)
{
    return layer->is_float ? (double)float32_of_word(value)
                           : layer->scale * ((double)value - layer->zero_point);
}

void differences_text(const LayerDifferences *layer, int32_t value, char *text, size_t size)
{
    if (layer->is_float)
        snprintf(text, size, "%.9g", (double)float32_of_word(value));
    else
        snprintf(text, size, "%d", value);
}

static ValueDifference place_of(const LayerDifferences *layer, int64_t element)
{
    int64_t pixel = element / layer->channels;
    return (ValueDifference){.row = pixel / layer->columns,
                             .column = pixel % layer->columns,
                             .channel = element % layer->channels,
                             .element = element};
}

/* ---- writing --------------------------------------------------------------------------------- */

static void pack_word(unsigned char *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(word >> (8 * i) & 0xff);
}

static uint32_t unpack_word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* What is being written while the taps go by. */
typedef struct Collector {
    Differences found;
    const Dataset *dataset;
    int room;           /* layers that fit into `found` */
    int stages;         /* of the plan */
    int at;             /* stage within the image that goes by */
    bool image_differs; /* one of its stages so far */
    FILE *values;
    int64_t written;
} Collector;

static LayerDifferences describe(const Collector *collector, const TapOutput *output)
{
    const Stage *stage = output->stage;
    Shape shape = shape_as_image(stage->op->output_shape);
    bool is_float = op_traits(stage->op->kind)->writes_float;
    return (LayerDifferences){.layer = stage->op->name,
                              .entity = stage->entity,
                              .image = output->image,
                              .label = collector->dataset->labels[output->image],
                              .rows = shape.dim[0],
                              .columns = shape.dim[1],
                              .channels = shape_channels(shape),
                              .lanes = stage->output.lanes,
                              .is_float = is_float,
                              .scale = is_float ? 1 : stage->op->output.scale,
                              .zero_point = is_float ? 0 : stage->op->output.zero_point,
                              .first = -1};
}

static bool differs(const TapOutput *output, int64_t element)
{
    return element >= output->there || output->got[element] != output->expected[element];
}

static void count(const TapOutput *output, Arena *arena, LayerDifferences *layer)
{
    int64_t *counts = ARENA_ARRAY(arena, int64_t, layer->channels);
    for (int64_t i = 0; i < output->elements; i++) {
        if (!differs(output, i))
            continue;
        if (layer->first < 0)
            layer->first = i;
        layer->wrong += i < output->there;
        layer->missing += i >= output->there;
        counts[i % layer->channels]++;
    }
    layer->per_channel = counts;
}

static void write_value(Collector *collector, const TapOutput *output, int64_t element)
{
    unsigned char record[RECORD_BYTES];
    bool missing = element >= output->there;
    pack_word(record, (uint32_t)element);
    pack_word(record + 4, missing ? RECORD_MISSING : 0);
    pack_word(record + 8, missing ? 0 : (uint32_t)output->got[element]);
    pack_word(record + 12, (uint32_t)output->expected[element]);
    fwrite(record, sizeof record, 1, collector->values);
    collector->written++;
}

/* Channel by channel: so one channel is one piece of the file. */
static void write_values(Collector *collector, const TapOutput *output, LayerDifferences *layer)
{
    layer->place = collector->written;
    for (int64_t channel = 0; channel < layer->channels; channel++)
        for (int64_t i = channel; layer->per_channel[channel] && i < output->elements;
             i += layer->channels)
            if (differs(output, i))
                write_value(collector, output, i);
}

/* An image's layers stay in `found` when one of them differs. */
static void end_image(Collector *collector)
{
    if (collector->image_differs)
        collector->found.differing_images++;
    else
        collector->found.layer_count -= collector->at;
    collector->at = 0;
    collector->image_differs = false;
}

static Status take_output(void *context, const TapOutput *output)
{
    Collector *collector = context;
    Differences *found = &collector->found;
    LayerDifferences layer = describe(collector, output);
    count(output, found->arena, &layer);
    bool kept = found->differing_images < DIFFERENCES_MOST_IMAGES;
    if (kept && layer.first >= 0)
        write_values(collector, output, &layer);
    if (kept)
        found->layers[found->layer_count++] = layer;
    collector->image_differs = collector->image_differs || layer.first >= 0;
    if (kept)
        collector->at++;
    if (output->stage->op_index == collector->stages)
        end_image(collector);
    return ferror(collector->values) ? error_set(ERR_ENVIRONMENT, "%s/%s: cannot be written: %s",
                                                 found->folder, VALUES_FILE, strerror(errno))
                                     : OK;
}

Status differences_forget(const char *folder)
{
    Arena *arena = arena_new();
    Status status = fs_remove_tree(fs_join(arena, folder, DIFFERENCES_INDEX));
    Status values = fs_remove_tree(fs_join(arena, folder, VALUES_FILE));
    arena_free(arena);
    return status == OK ? values : status;
}

bool differences_kept(const char *folder)
{
    Arena *arena = arena_new();
    bool kept = fs_exists(fs_join(arena, folder, DIFFERENCES_INDEX));
    arena_free(arena);
    return kept;
}

static Status collect(Collector *collector, IntegerForward *forward, const Plan *plan,
                      const TapRun *run)
{
    const char *path = fs_join(collector->found.arena, collector->found.folder, VALUES_FILE);
    collector->values = fopen(path, "wbe");
    if (!collector->values)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be made: %s", path, strerror(errno));
    Status status = vectors_visit_taps(forward, plan, collector->dataset, run,
                                       (TapVisitor){take_output, collector});
    if (fclose(collector->values) != 0 && status == OK)
        status = error_set(ERR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno));
    return status;
}

Status differences_write(const char *folder, IntegerForward *forward, const Plan *plan,
                         const Dataset *dataset, const TapRun *run)
{
    TRY(differences_forget(folder));
    Arena *arena = arena_new();
    Collector collector = {
        .found = {.arena = arena,
                  .folder = folder,
                  .first_image = run->first,
                  .images = run->count,
                  .layers = ARENA_ARRAY(arena, LayerDifferences,
                                        (DIFFERENCES_MOST_IMAGES + 1) * plan->count)},
        .dataset = dataset,
        .stages = plan->stages[plan->count - 1].op_index};
    Status status = collect(&collector, forward, plan, run);
    if (status == OK && collector.found.differing_images > 0)
        status = differences_write_index(&collector.found);
    else if (status == OK)
        status = differences_forget(folder);
    arena_free(arena);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

void differences_free(Differences *differences)
{
    if (differences)
        arena_free(differences->arena);
}

/* Whether the file of values is as long as the index wants it. */
static Status check_length(const Differences *differences)
{
    int64_t values = 0;
    const char *path = fs_join(differences->arena, differences->folder, VALUES_FILE);
    for (int i = 0; i < differences->layer_count; i++)
        values += differences->layers[i].wrong + differences->layers[i].missing;
    const int64_t expected = values * RECORD_BYTES;
    if (fs_size(path) == expected)
        return OK;
    return error_set(ERR_REFUSED, "%s: has %lld bytes, expected %lld: look for differences again",
                     path, (long long)fs_size(path), (long long)expected);
}

Status differences_open(const char *folder, Differences **differences)
{
    Arena *arena = arena_new();
    Differences *opened = ARENA_NEW(arena, Differences);
    *opened = (Differences){.arena = arena, .folder = arena_strdup(arena, folder)};
    Status status = differences_read_index(opened);
    if (status == OK)
        status = check_length(opened);
    *differences = status == OK ? opened : NULL;
    if (status != OK)
        arena_free(arena);
    return status;
}

static Status unpack_value(const LayerDifferences *layer, int64_t channel,
                           const unsigned char record[RECORD_BYTES], ValueDifference *value)
{
    int64_t element = unpack_word(record);
    *value = place_of(layer, element);
    value->missing = unpack_word(record + 4) == RECORD_MISSING;
    value->got = (int32_t)unpack_word(record + 8);
    value->expected = (int32_t)unpack_word(record + 12);
    return value->row < layer->rows && value->channel == channel
               ? OK
               : error_set(ERR_REFUSED, "layer %s: element %lld is not of channel %lld",
                           layer->layer, (long long)element, (long long)channel);
}

static Status read_channel(FILE *file, const LayerDifferences *layer, int64_t channel,
                           ValueDifference *values)
{
    unsigned char record[RECORD_BYTES];
    for (int64_t i = 0; i < layer->per_channel[channel]; i++) {
        if (fread(record, sizeof record, 1, file) != 1)
            return error_set(ERR_ENVIRONMENT, "%s: ends too soon", VALUES_FILE);
        TRY(unpack_value(layer, channel, record, &values[i]));
    }
    return OK;
}

static Status read_values(FILE *file, const LayerDifferences *layer, int64_t channel,
                          ValueDifference *values)
{
    int64_t first = channel == DIFFERENCES_ALL ? 0 : channel;
    int64_t end = channel == DIFFERENCES_ALL ? layer->channels : channel + 1;
    int64_t before = layer->place;
    for (int64_t i = 0; i < first; i++)
        before += layer->per_channel[i];
    if (fseeko(file, before * RECORD_BYTES, SEEK_SET) != 0)
        return error_set(ERR_ENVIRONMENT, "%s: %s", VALUES_FILE, strerror(errno));
    for (int64_t i = first; i < end; i++) {
        TRY(read_channel(file, layer, i, values));
        values += layer->per_channel[i];
    }
    return OK;
}

Status differences_read(const Differences *differences, int layer, int64_t channel,
                        ValueDifference *values)
{
    Arena *arena = arena_new();
    const char *path = fs_join(arena, differences->folder, VALUES_FILE);
    FILE *file = fopen(path, "rbe");
    Status status = file ? read_values(file, &differences->layers[layer], channel, values)
                         : error_set(ERR_ENVIRONMENT, "%s: %s", path, strerror(errno));
    if (file)
        fclose(file);
    arena_free(arena);
    return status;
}
